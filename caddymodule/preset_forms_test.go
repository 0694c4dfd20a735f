package caddymodule

import (
	"net/http"
	"strings"
	"testing"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
)

// TestPresetsReadTheFormsOfTheirApps sends each preset what the browser or
// client of its app sends, and what must not be taken for it.
func TestPresetsReadTheFormsOfTheirApps(t *testing.T) {
	t.Parallel()
	const none = ""
	tests := []struct {
		preset, request, body string
		kind                  config.Kind
		who                   string
	}{
		{"wordpress", "POST /wp-login.php", "log=ann&pwd=x&wp-submit=Log+In", config.KindLogin, "ann"},
		{"wordpress", "POST /wp-login.php?action=anything", "log=ann&pwd=x", config.KindLogin, "ann"},
		{"wordpress", "POST /wp-login.php?action=register", "user_login=ann&user_email=a@x.test", config.KindSignup, "a@x.test"},
		{"wordpress", "POST /wp-login.php?action=lostpassword", "user_login=ann", config.KindResetRequest, "ann"},
		{"wordpress", "POST /wp-login.php?action=resetpass", "pass1=x&pass2=x&rp_key=k", config.KindReset, none},
		{"wordpress", "GET /wp-login.php?action=logout&_wpnonce=1", "", config.KindLogout, none},
		{"wordpress", "POST /wp-login.php?action=postpass", "post_password=x", config.KindNone, none},
		{"wordpress", "GET /wp-login.php", "", config.KindNone, none},
		{"django", "POST /admin/login/?next=/admin/", "username=ann&password=x", config.KindLogin, "ann"},
		{"django", "POST /accounts/login/", "login=ann&password=x", config.KindNone, none},
		{"django", "POST /accounts/reset/MQ/set-password/", "new_password1=x&new_password2=x", config.KindReset, none},
		{"django", "POST /admin/auth/user/add/", "username=ann&password1=x&password2=x", config.KindNone, none},
		{"rails-devise", "POST /users/sign_in", "user[email]=a@x.test&user[password]=x", config.KindLogin, "a@x.test"},
		{"rails-devise", "POST /users/sign_in.json", `{"user":{"email":"a@x.test","password":"x"}}`, config.KindLogin, "a@x.test"},
		{"rails-devise", "POST /users", "user[email]=a@x.test&user[password]=x", config.KindSignup, "a@x.test"},
		{"rails-devise", "POST /users", "_method=put&user[email]=a@x.test&user[password]=x&user[current_password]=y", config.KindPasswordChange, "a@x.test"},
		{"rails-devise", "POST /users", "_method=put&user[email]=a@x.test&user[password]=&user[current_password]=y", config.KindNone, none},
		{"rails-devise", "POST /users", "_method=delete", config.KindNone, none},
		{"rails-devise", "POST /users/sign_out", "_method=delete", config.KindLogout, none},
		{"rails-devise", "POST /users/password", "user[email]=a@x.test", config.KindResetRequest, "a@x.test"},
		{"rails-devise", "POST /users/password", "_method=put&user[password]=x", config.KindReset, none},
		{"laravel", "POST /login", "email=a@x.test&password=x", config.KindLogin, "a@x.test"},
		{"laravel", "PUT /password", "current_password=x&password=y&password_confirmation=y", config.KindPasswordChange, none},
		{"spring-security", "POST /login", "username=ann&password=x", config.KindLogin, "ann"},
		{"aspnet-identity", "POST /Identity/Account/Login", "Input.Email=a@x.test&Input.Password=x", config.KindLogin, "a@x.test"},
		{"aspnet-identity", "POST /register", `{"email":"a@x.test","password":"x"}`, config.KindSignup, "a@x.test"},
		{"express-passport", "POST /login/password", "username=ann&password=x", config.KindLogin, "ann"},
		{"nextauth", "POST /api/auth/callback/credentials", "csrfToken=t&username=ann&password=x", config.KindLogin, "ann"},
		{"keycloak", "POST /realms/shop/login-actions/authenticate", "username=ann&password=x&credentialId=", config.KindLogin, "ann"},
		{"keycloak", "POST /realms/shop/protocol/openid-connect/token", "grant_type=password&username=ann&password=x&client_id=c", config.KindLogin, "ann"},
		{"keycloak", "POST /realms/shop/protocol/openid-connect/token", "grant_type=refresh_token&refresh_token=t", config.KindNone, none},
		{"keycloak", "POST /realms/shop/login-actions/registration", "username=ann&email=a@x.test&password=x&password-confirm=x", config.KindSignup, "a@x.test"},
		{"keycloak", "POST /realms/shop/login-actions/authenticate", "otp=123456", config.KindMFA, none},
		{"nextcloud", "POST /index.php/login", "user=ann&password=x&requesttoken=t", config.KindLogin, "ann"},
		{"nextcloud", "POST /login/challenge/totp", "challenge=123456", config.KindMFA, none},
		{"nextcloud", "POST /login/v2/poll", "token=t", config.KindNone, none},
		{"gitea", "POST /user/login", "user_name=ann&password=x", config.KindLogin, "ann"},
		{"forgejo", "POST /user/two_factor", "passcode=123456", config.KindMFA, none},
		{"grafana", "POST /login", `{"user":"ann","password":"x"}`, config.KindLogin, "ann"},
		{"grafana", "POST /api/user/password/send-reset-email", `{"userOrEmail":"ann"}`, config.KindResetRequest, "ann"},
		{"jenkins", "POST /j_spring_security_check", "j_username=ann&j_password=x&from=/", config.KindLogin, "ann"},
		{"phpmyadmin", "POST /index.php?route=/", "pma_username=ann&pma_password=x", config.KindLogin, "ann"},
		{"phpmyadmin", "POST /index.php?route=/sql", "sql_query=select", config.KindNone, none},
		{"mediawiki", "POST /index.php?title=Special:UserLogin", "wpName=Ann&wpPassword=x&wpLoginToken=t", config.KindLogin, "Ann"},
		{"mediawiki", "POST /index.php/Special:UserLogin", "wpName=Ann&wpPassword=x", config.KindLogin, "Ann"},
		{"mediawiki", "POST /index.php?title=Special:CreateAccount", "wpName=Ann&wpPassword=x&retype=x&wpCreateaccountToken=t", config.KindSignup, "Ann"},
		{"mediawiki", "POST /api.php", "action=clientlogin&username=Ann&password=x&logintoken=t", config.KindLogin, "Ann"},
		{"mediawiki", "POST /api.php", "action=edit&title=x", config.KindNone, none},
		{"jellyfin", "POST /Users/authenticatebyname", `{"Username":"ann","Pw":"x"}`, config.KindLogin, "ann"},
		{"vaultwarden", "POST /identity/connect/token", "grant_type=password&username=a@x.test&password=hash", config.KindLogin, "a@x.test"},
		{"vaultwarden", "POST /identity/connect/token", "grant_type=refresh_token&refresh_token=t", config.KindNone, none},
		{"vaultwarden", "POST /identity/accounts/prelogin", `{"email":"a@x.test"}`, config.KindNone, none},
		{"home-assistant", "POST /auth/login_flow/abc", `{"username":"ann","password":"x","client_id":"c"}`, config.KindLogin, "ann"},
		{"home-assistant", "POST /auth/login_flow/abc", `{"code":"123456","client_id":"c"}`, config.KindMFA, none},
		{"home-assistant", "POST /auth/login_flow", `{"client_id":"c","handler":["homeassistant",null]}`, config.KindNone, none},
		{"roundcube", "POST /?_task=login", "_task=login&_action=login&_user=ann&_pass=x", config.KindLogin, "ann"},
		{"roundcube", "POST /?_task=mail&_action=send", "_subject=x", config.KindNone, none},
		{"roundcube", "GET /?_task=mail", "", config.KindNone, none},
		{"drupal", "POST /node/1?destination=node/1", "name=ann&pass=x&form_id=user_login_form", config.KindLogin, "ann"},
		{"drupal", "POST /user/login?_format=json", `{"name":"ann","pass":"x"}`, config.KindLogin, "ann"},
		{"drupal", "POST /node/add/article", "title=x&form_id=node_article_form", config.KindNone, none},
		{"joomla", "POST /index.php", "option=com_users&task=user.login&username=ann&password=x", config.KindLogin, "ann"},
		{"joomla", "POST /administrator/index.php", "option=com_login&task=login&username=ann&passwd=x", config.KindLogin, "ann"},
		{"joomla", "POST /registration", "task=registration.register&jform[username]=ann&jform[email1]=a@x.test&jform[password1]=x", config.KindSignup, "a@x.test"},
		{"magento", "POST /customer/account/loginPost/referer/abc/", "login[username]=a@x.test&login[password]=x", config.KindLogin, "a@x.test"},
		{"magento", "POST /rest/V1/integration/customer/token", `{"username":"a@x.test","password":"x"}`, config.KindLogin, "a@x.test"},
		{"magento", "POST /admin/admin/index/index/key/abc/", "login[username]=ann&login[password]=x", config.KindLogin, "ann"},
		{"jupyter", "POST /login?next=/tree", "_xsrf=t&password=x", config.KindLogin, none},
		{"jupyter", "GET /lab?token=x", "", config.KindLogin, none},
		{"jupyter", "GET /lab/tree/a.ipynb?reset", "", config.KindNone, none},
		{"jupyterhub", "POST /hub/login?next=", "username=ann&password=x", config.KindLogin, "ann"},
		{"jupyterhub", "POST /hub/signup", "username=ann&signup_password=x&signup_password_confirmation=x", config.KindSignup, "ann"},
		{"jupyterhub", "GET /hub/api/user", "", config.KindNone, none},
		{"verdaccio", "POST /-/verdaccio/sec/login", `{"username":"ann","password":"x"}`, config.KindLogin, "ann"},
		{"verdaccio", "GET /-/whoami", "", config.KindNone, none},
		{"directus", "POST /auth/login", `{"email":"a@x.test","password":"x","mode":"session"}`, config.KindLogin, "a@x.test"},
		{"directus", "POST /users/register", `{"email":"a@x.test","password":"x"}`, config.KindSignup, "a@x.test"},
		{"directus", "PATCH /users/me", `{"first_name":"Ann"}`, config.KindNone, none},
		{"ghost", "POST /ghost/api/admin/session/", `{"username":"a@x.test","password":"x"}`, config.KindLogin, "a@x.test"},
		{"ghost", "POST /ghost/api/admin/authentication/invitation/", `{"invitation":[{"name":"Ann","email":"a@x.test","password":"x","token":"t"}]}`, config.KindSignup, "a@x.test"},
		{"lemonldap", "POST /", "user=ann&password=x&token=t", config.KindLogin, "ann"},
		{"lemonldap", "POST /", "skin=bootstrap", config.KindNone, none},
		{"lemonldap", "GET /register?register_token=t", "", config.KindSignup, none},
		{"lemonldap", "POST /register", "mail=a%40x.test", config.KindNone, none},
	}
	covered := map[string]bool{}
	for _, test := range tests {
		covered[test.preset] = true
		t.Run(test.preset+" "+test.request+" "+string(test.kind), func(t *testing.T) {
			t.Parallel()
			kind, who := readByPreset(t, test.preset, test.request, test.body)
			if kind != test.kind || who != test.who {
				t.Errorf("%s of %q, want %s of %q", kind, who, test.kind, test.who)
			}
		})
	}
	for _, name := range config.PresetNames() {
		if !covered[name] {
			t.Errorf("%s is not tried", name)
		}
	}
}

// readByPreset returns the kind and the primary identifier by the routes of a
// preset alone.
func readByPreset(t *testing.T, name, request, body string) (config.Kind, string) {
	t.Helper()
	routes, err := presetRoutes(config.Preset{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	method, target, _ := strings.Cut(request, " ")
	path, query, _ := strings.Cut(target, "?")
	r := recognize.Request{Method: method, Host: "app.test", Path: path, RawQuery: query, Body: []byte(body), Complete: true, Header: http.Header{}}
	switch {
	case strings.HasPrefix(body, "{"):
		r.Header.Set("Content-Type", "application/json")
	case body != "":
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := range routes {
		if !recognize.RouteMatches(&r, &routes[i].Route) {
			continue
		}
		if found, ok := recognize.Declared(&r, &routes[i].Route); ok {
			who := ""
			if len(found.Identities) > 0 {
				_, who, _ = found.Identities[0].PrimaryKey()
			}
			return found.Kind, who
		}
	}
	return config.KindNone, ""
}
