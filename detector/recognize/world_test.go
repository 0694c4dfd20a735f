package recognize

import (
	"testing"

	"github.com/doorward/doorward/config"
)

// worldRow is a request as applications of a habit send it.
type worldRow struct {
	name   string
	target string
	body   string // a form, or JSON when it begins with a brace or bracket
	kind   config.Kind
	user   string
}

func (w worldRow) request() *Request {
	if w.body != "" && (w.body[0] == '{' || w.body[0] == '[') {
		return jsonPost(w.target, w.body)
	}
	return formPost(w.target, w.body)
}

func (w worldRow) check(t *testing.T) {
	t.Helper()
	c, ok := Automatic(w.request())
	if !ok {
		c.Kind = config.KindNone
	}
	if c.Kind != w.kind {
		t.Fatalf("kind = %q, want %q (%q)", c.Kind, w.kind, c.Evidence)
	}
	if w.user == "" {
		return
	}
	if c.Ambiguous || len(c.Identities) != 1 {
		t.Fatalf("ambiguous %t, identities %q, want one: %s", c.Ambiguous, identityTexts(c), w.user)
	}
	if got := identityTexts(c)[0]; got != w.user {
		t.Errorf("identity %q, want %q", got, w.user)
	}
}

func checkWorld(t *testing.T, rows []worldRow) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			row.check(t)
		})
	}
}

func TestLoginsOfTheWorld(t *testing.T) {
	t.Parallel()
	const in = config.KindLogin
	checkWorld(t, []worldRow{
		{"prefix of two letters", "/index.php?title=Special:UserLogin", "wpName=Bob&wpPassword=x1&wpRemember=1&wpLoginToken=t%2B%5C&authAction=login", in, "username=Bob"},
		{"prefix glued on", "/api.php", "action=login&lgname=Bob&lgpassword=x1&lgtoken=t&format=json", in, "username=Bob"},
		{"login with a back link", "/login", "utf8=%E2%9C%93&authenticity_token=t&back_url=%2F&username=bob&password=x1&login=Login", in, "username=bob"},
		{"login_username", "/index.php", "__csrf_magic=sid&action=login&login_username=bob&login_password=x1&realm=local", in, "username=bob"},
		{"a bare login", "/public.php", "op=login&login=bob&password=x1&profile=0&bw_limit=0", in, "login=bob"},
		{"distinguished name", "/cmd.php", "cmd=login&server_id=1&login=cn%3Dadmin&login_pass=x1&submit=Authenticate", in, "login=cn=admin"},
		{"one value in two fields", "/", `{"username":"a@x.test","email":"a@x.test","password":"x1"}`, in, "email=a@x.test"},
		{"user and pass", "/NoAuth/Login.html", "user=bob&pass=x1&next=abc", in, "username=bob"},
		{"form with uid and redirect", "/authentication/login", "username=bob&password=x1&rememberme=0&redirect=&formUID=form_login&CSRFToken=1%7C2&btn_submit=Login", in, "username=bob"},
		{"remember and timezone", "/index.php/login", "user=bob&password=x1&timezone=Europe%2FBerlin&timezone_offset=1&requesttoken=t", in, "username=bob"},
		{"JSON user", "/login", `{"user":"bob","password":"x1"}`, in, "username=bob"},
		{"j_username", "/j_spring_security_check", "j_username=bob&j_password=x1&from=%2F&Submit=Sign+in", in, "username=bob"},
		{"login_id with empty second factor", "/api/v4/users/login", `{"device_id":"","login_id":"bob","password":"x1","token":""}`, in, "login=bob"},
		{"hashed password object", "/api/v1/login", `{"user":"bob","password":{"digest":"e3b0","algorithm":"sha-256"}}`, in, "username=bob"},
		{"user object", "/api/v1/method.call/login", `{"user":{"username":"bob"},"password":{"digest":"e3b0","algorithm":"sha-256"}}`, in, "username=bob"},
		{"session with second factor method", "/session", "login=bob&password=x1&second_factor_method=1&timezone=UTC", in, "login=bob"},
		{"login token", "/login/index.php", "anchor=&logintoken=abc&username=bob&password=x1", in, "username=bob"},
		{"form key", "/customer/account/loginPost/", "form_key=k&login%5Busername%5D=a%40x.test&login%5Bpassword%5D=x1&send=", in, "username=a@x.test"},
		{"submit button with a text", "/index.php?controller=authentication", "email=a%40x.test&passwd=x1&back=my-account&SubmitLogin=Se+connecter", in, "email=a@x.test"},
		{"route in the query", "/index.php?route=account/login", "email=a%40x.test&password=x1&redirect=", in, "email=a@x.test"},
		{"form_id", "/user/login", "name=bob&pass=x1&form_build_id=f&form_id=user_login_form&op=Log+in", in, "username=bob"},
		{"option and task", "/index.php?option=com_users&task=user.login", "username=bob&password=x1&remember=yes&return=aW5k&0123456789abcdef0123456789abcdef=1", in, "username=bob"},
		{"passwd and task", "/administrator/index.php", "username=bob&passwd=x1&option=com_login&task=login&return=aW5k", in, "username=bob"},
		{"MD5 beside an empty password", "/login.php?do=login", "vb_login_username=bob&vb_login_password=&vb_login_md5password=5f4d&vb_login_md5password_utf=5f4d&do=login", in, "username=bob"},
		{"mode and autologin", "/ucp.php?mode=login", "username=bob&password=x1&autologin=on&sid=s&redirect=index.php&login=Login&creation_time=1&form_token=t", in, "username=bob"},
		{"passwrd and its hash", "/index.php?action=login2", "user=bob&passwrd=x1&cookielength=60&hash_passwrd=&a0b1c2=d3", in, "username=bob"},
		{"web forms", "/Account/Login.aspx", "__VIEWSTATE=v&__EVENTVALIDATION=e&ctl00%24Main%24LoginUser%24UserName=bob&ctl00%24Main%24LoginUser%24Password=x1&ctl00%24Main%24LoginUser%24LoginButton=Log+In", in, "username=bob"},
		{"identity pages", "/Identity/Account/Login", "Input.Email=a%40x.test&Input.Password=x1&Input.RememberMe=false&__RequestVerificationToken=t", in, "email=a@x.test"},
		{"component ids", "/faces/login.xhtml", "form=form&form%3Ausername=bob&form%3Apassword=x1&form%3Aj_idt12=&javax.faces.ViewState=v", in, "username=bob"},
		{"items of a page", "/ords/wwv_flow.accept", "p_flow_id=4550&P101_USERNAME=bob&P101_PASSWORD=x1", in, "username=bob"},
		{"hyphens", "/sap/bc/gui", "sap-user=bob&sap-password=x1&sap-client=100&sap-language=EN", in, "username=bob"},
		{"names of a mail database", "/names.nsf?Login", "Username=bob&Password=x1&RedirectTo=%2Fmail", in, "username=bob"},
		{"destination and flags", "/owa/auth.owa", "destination=https%3A%2F%2Fm.test%2Fowa&flags=4&forcedownlevel=0&username=D%5Cbob&password=x1&passwordText=&isUtf8=1", in, "username=D\\bob"},
		{"login and passwd", "/vpn/cgi/login", "login=bob&passwd=x1", in, "login=bob"},
		{"zoomed client", "/", "loginOp=login&login_csrf=t&username=bob&password=x1&client=preferred", in, "username=bob"},
		{"horde", "/login.php", "app=&login_post=1&url=&anchor_string=&horde_user=bob&horde_pass=x1&horde_select_view=auto", in, "username=bob"},
		{"account and passwd", "/webapi/entry.cgi?api=Auth&method=login", "account=bob&passwd=x1&session=web&format=sid&otp_code=", in, "username=bob"},
		{"suffix of a field", "/index.php", "__csrf_magic=sid&usernamefld=bob&passwordfld=x1&login=Sign+In", in, "username=bob"},
		{"luci", "/cgi-bin/luci", "luci_username=bob&luci_password=x1", in, "username=bob"},
		{"strict", "/api/auth/login", `{"username":"bob","password":"x1","token":"","rememberMe":false,"strict":true}`, in, "username=bob"},
		{"a step of a flow", "/auth/login_flow/0123456789abcdef", `{"username":"bob","password":"x1","client_id":"https://h.test/"}`, in, "username=bob"},
		{"Pw", "/Users/AuthenticateByName", `{"Username":"bob","Pw":"x1"}`, in, "username=bob"},
		{"master password hash", "/identity/connect/token", "scope=api&client_id=web&deviceType=10&deviceName=chrome&deviceIdentifier=0b1f&grant_type=password&username=a%40x.test&password=aGFzaA%3D%3D", in, "username=a@x.test"},
		{"return secure token", "/v1/accounts:signInWithPassword", `{"returnSecureToken":true,"email":"a@x.test","password":"x1","clientType":"CLIENT_TYPE_WEB"}`, in, "email=a@x.test"},
		{"grant in the query", "/auth/v1/token?grant_type=password", `{"email":"a@x.test","password":"x1","gotrue_meta_security":{}}`, in, "email=a@x.test"},
		{"realm", "/realms/shop/login-actions/authenticate?session_code=s&execution=e", "username=bob&password=x1&credentialId=", in, "username=bob"},
		{"state", "/u/login?state=s", "state=s&username=a%40x.test&password=x1&action=default", in, "username=a@x.test"},
		{"authn", "/api/v1/authn", `{"password":"x1","username":"bob","options":{"warnBeforePasswordExpired":true,"multiOptionalFactorEnroll":true}}`, in, "username=bob"},
		{"auth parameters", "/", `{"AuthFlow":"USER_PASSWORD_AUTH","ClientId":"c","AuthParameters":{"USERNAME":"bob","PASSWORD":"x1"},"ClientMetadata":{}}`, in, "username=bob"},
		{"user[login]", "/users/sign_in", "authenticity_token=t&user%5Blogin%5D=bob&user%5Bpassword%5D=x1&user%5Bremember_me%5D=0", in, "login=bob"},
		{"tracker", "/index.cgi", "Bugzilla_login=a%40x.test&Bugzilla_password=x1&Bugzilla_login_token=&GoAheadAndLogIn=Log+in", in, "login=a@x.test"},
		{"capitals", "/index.pl", "Action=Login&RequestedURL=&Lang=en&TimeZoneOffset=-60&User=bob&Password=x1", in, "username=bob"},
		{"database", "/web/login", "csrf_token=t&login=bob&password=x1&redirect=", in, "login=bob"},
		{"usr and pwd", "/api/method/login", "cmd=login&usr=bob&pwd=x1&device=desktop", in, "username=bob"},
		{"fingerprint", "/api/v1/signin", `{"username":"bob","password":"x1","fingerprint":"123","rememberMe":false}`, in, "username=bob"},
		{"password alone", "/login", "password=x1&next=%2F", in, ""},
		{"a pin alone", "/login", "pin=1234", in, ""},
		{"user and passcode", "/login", `{"username":"bob","passcode":"123456"}`, in, "username=bob"},
		{"access and secret key", "/api/v1/login", `{"accessKey":"bob","secretKey":"x1y2z3w4"}`, in, "username=bob"},
		{"German", "/anmelden", "benutzername=bob&kennwort=x1&angemeldet_bleiben=1", in, "username=bob"},
		{"Spanish", "/iniciar-sesion", "correo=a%40x.test&contrasena=x1", in, "email=a@x.test"},
		{"French", "/connexion", "identifiant=bob&mot_de_passe=x1", in, "username=bob"},
		{"Portuguese", "/entrar", "usuario=bob&senha=x1", in, "username=bob"},
		{"Polish", "/logowanie", "uzytkownik=bob&haslo=x1", in, "username=bob"},
		{"Russian", "/вход", "логин=bob&пароль=x1", in, "username=bob"},
		{"Chinese", "/登录", "用户名=bob&密码=x1", in, "username=bob"},
		{"Turkish", "/giris", "kullanici_adi=bob&sifre=x1", in, "username=bob"},
		{"Dutch", "/inloggen", "gebruikersnaam=bob&wachtwoord=x1", in, "username=bob"},
		{"Italian", "/accedi", "utente=bob&parola=x1", in, "username=bob"},
		{"Czech", "/prihlaseni", "uzivatel=bob&heslo=x1", in, "username=bob"},
	})
}

func TestSignupsOfTheWorld(t *testing.T) {
	t.Parallel()
	const up = config.KindSignup
	checkWorld(t, []worldRow{
		{"create account", "/index.php?title=Special:CreateAccount", "wpName=Bob&wpPassword=x1&retype=x1&email=a%40x.test&realname=&wpCreateaccountToken=t&authAction=create", up, "email=a@x.test,username=Bob"},
		{"create post", "/customer/account/createpost/", "form_key=k&firstname=B&lastname=B&email=a%40x.test&password=x1&password_confirmation=x1", up, "email=a@x.test"},
		{"pass pair", "/user/register", "name=bob&mail=a%40x.test&pass%5Bpass1%5D=x1&pass%5Bpass2%5D=x1&form_id=user_register_form&op=Create+new+account", up, "email=a@x.test,username=bob"},
		{"mode", "/ucp.php?mode=register", "username=bob&email=a%40x.test&new_password=x1&password_confirm=x1&lang=en&tz=UTC&agreed=true&submit=Submit&form_token=t", up, "email=a@x.test,username=bob"},
		{"name and mail address", "/u", `{"name":"Bob B","username":"bob","email":"a@x.test","password":"x1"}`, up, "email=a@x.test,username=bob"},
		{"join", "/join", `{"name":"Bob","email":"a@x.test","password":"x1"}`, up, "email=a@x.test,username=Bob"},
		{"installation", "/install", "setlogin=bob&setpassword=x1&title=t", up, "login=bob"},
		{"bootstrap", "/account/bootstrap", `{"password":"x1"}`, up, ""},
		{"realm registration", "/realms/shop/login-actions/registration?session_code=s", "firstName=B&lastName=B&email=a%40x.test&username=bob&password=x1&password-confirm=x1", up, "email=a@x.test,username=bob"},
		{"German", "/registrieren", "benutzername=bob&email=a%40x.test&passwort=x1&passwort_wiederholen=x1", up, "email=a@x.test,username=bob"},
		{"reset beside it", "/accounts:signUp", `{"returnSecureToken":true,"email":"a@x.test","password":"x1"}`, up, "email=a@x.test"},
	})
}

// What has a password and is no login: every row here is a false alarm that an
// operator would see.
func TestPasswordsThatAreNoLogin(t *testing.T) {
	t.Parallel()
	const no = config.KindNone
	checkWorld(t, []worldRow{
		{"admin creates a user", "/admin/users/create", "username=bob&email=a%40x.test&password=x1&password_confirmation=x1", no, ""},
		{"admin adds a user", "/admin/auth/user/add/", "username=bob&password1=x1&password2=x1", no, ""},
		{"admin saves a user", "/admin/user/save/", "username=bob&email=a%40x.test&password=x1&current_password=y", no, ""},
		{"admin creates a user with groups", "/ocs/v2.php/cloud/users", `{"userid":"bob","password":"x1","displayName":"B","groups":["g"],"quota":"default"}`, no, ""},
		{"admin creates a user with a flag", "/users", "user%5Blogin%5D=bob&user%5Bmail%5D=a%40x.test&user%5Badmin%5D=0&user%5Bpassword%5D=x1&user%5Bpassword_confirmation%5D=x1&user%5Bmust_change_passwd%5D=0", no, ""},
		{"admin writes to a user", "/security/users/bob", `{"userId":"bob","type":"admin","password":"x1"}`, no, ""},
		{"edit form with empty password", "/edit.php?table=mailbox&edit=bob", "value%5Bpassword%5D=&value%5Bpassword2%5D=&value%5Bname%5D=Bob&submit=Save", no, ""},
		{"edit form with a password", "/templates/account/edit.php", "username=bob&newPassword1=x1&newPassword2=x1", no, ""},
		{"profile with empty passwords", "/wp-admin/profile.php", "first_name=B&nickname=bob&email=a%40x.test&pass1=&pass2=&action=update", no, ""},
		{"profile with a filled password", "/profile", "email=a%40x.test&password=x1", no, ""},
		{"mail server", "/admin/settings/mail", `{"smtp_host":"h","smtp_port":587,"smtp_user":"bob","smtp_password":"x1"}`, no, ""},
		{"mail server elsewhere", "/api/smtp", `{"host":"h","username":"bob","password":"x1"}`, no, ""},
		{"data source", "/api/datasources", `{"name":"db","type":"mysql","url":"h:3306","user":"bob","password":"x1"}`, no, ""},
		{"directory", "/admin/auths/new", "name=ldap&host=h&bind_dn=cn%3Dx&bind_password=x1", no, ""},
		{"migration", "/repo/migrate", "clone_addr=https%3A%2F%2Fg.test%2Fa&auth_username=bob&auth_password=x1&repo_name=a", no, ""},
		{"integration", "/api/integrations/5", `{"url":"https://x.test","username":"bob","password":"x1"}`, no, ""},
		{"webhook", "/api/webhooks", `{"url":"https://x.test","username":"bob","password":"x1"}`, no, ""},
		{"share link", "/api/shares", `{"path":"/a","share_password":"x1","email":"a@x.test"}`, no, ""},
		{"wireless network", "/api/wifi", `{"ssid":"home","wifi_password":"x1"}`, no, ""},
		{"wireless network with a user", "/network/save", "ssid=home&identity=bob&wpa_password=x1", no, ""},
		{"meeting", "/api/meetings", `{"topic":"a","email":"a@x.test","meeting_password":"x1"}`, no, ""},
		{"a post with a password", "/wp-login.php?action=postpass", "post_password=abc&Submit=Enter", no, ""},
		{"a page with a password", "/posts/7/unlockpost", "post_password=x1", no, ""},
		{"API key", "/api/keys", `{"name":"ci","key":"k","secret":"s","expires":30}`, no, ""},
		{"API token", "/user/settings/applications", "name=ci&scope=read", no, ""},
		{"comment", "/comments", "name=bob&email=a%40x.test&comment=my+password", no, ""},
		{"contact form", "/contact", "name=bob&email=a%40x.test&title=Login+and+register&message=x", no, ""},
		{"newsletter", "/newsletter/subscribe", "email=a%40x.test", no, ""},
		{"search", "/search", "q=password&user=bob", no, ""},
		{"is the name free", "/register/check", `{"username":"bob"}`, no, ""},
		{"is the form right", "/signup/validate", `{"email":"a@x.test","password":"x1","confirmPassword":"x1"}`, no, ""},
		{"form looked at while it is filled in", "/register/email", "email=a%40x.test&password=&confirm=", no, ""},
		{"how strong is it", "/api/password-strength", `{"password":"x1","username":"bob"}`, no, ""},
		{"an invitation is sent", "/api/invitations", `{"email":"a@x.test","role":"member"}`, no, ""},
		{"a listener is registered", "/json", `{"method":"web.register_event_listener","params":["TorrentAdded"],"id":35}`, no, ""},
		{"a device is registered", "/api/devices/register", `{"device_name":"phone","token":"t"}`, no, ""},
		{"an account is deleted", "/register/delete/", "username=bob&password=x1", no, ""},
		{"identifier first", "/u/login/identifier", "state=s&username=bob&js-available=true&action=default", no, ""},
		{"client credentials", "/oauth/token", "grant_type=client_credentials&client_id=c&client_secret=s", no, ""},
		{"refresh", "/oauth/token", "grant_type=refresh_token&refresh_token=r&client_id=c", no, ""},
		{"admin creates a user under the path of logins", "/api/auth/admin/create-user", `{"email":"a@x.test","password":"x1","name":"E","role":"user"}`, no, ""},
		{"admin creates a user who is enabled", "/api/user/", `{"username":"bob","email":"a@x.test","password":"x1","enabled":true,"scope":["g"]}`, no, ""},
		{"a second factor is registered", "/api/profile/scheme/register/", `{"username":"bob","scheme_type":"otp"}`, no, ""},
		{"the button of another form", "/app.cgi", "do=signin&name=&password=&_submit=Register", no, ""},
		{"import", "/api/import", `{"users":[{"email":"a@x.test","name":"A"}]}`, no, ""},
		{"telemetry", "/track", `{"event":"login","user":"bob","properties":{"method":"password"}}`, no, ""},
	})
}

func TestOperationsOfAScriptThatServesMany(t *testing.T) {
	t.Parallel()
	checkWorld(t, []worldRow{
		{"reset on a login script", "/wp-login.php?action=resetpass", "pass1=x1&pass2=x1&rp_key=k&wp-submit=Save", config.KindReset, ""},
		{"reset request on a login script", "/wp-login.php?action=lostpassword", "user_login=bob&redirect_to=", config.KindResetRequest, "login=bob"},
		{"signup on a login script", "/wp-login.php?action=register", "user_login=bob&user_email=a%40x.test", config.KindSignup, "email=a@x.test,login=bob"},
		{"signup with a password on a login script", "/login.php?do=register", "user=bob&email=a%40x.test&password=x1&password2=x1", config.KindSignup, "email=a@x.test,username=bob"},
		{"login on a script without a name", "/index.php", "do=login&password=x1", config.KindLogin, ""},
		{"reset by task", "/index.php?option=com_users&task=reset.request", "jform%5Bemail%5D=a%40x.test", config.KindResetRequest, "email=a@x.test"},
		{"logout by task", "/index.php?option=com_users&task=user.logout", "return=aW5k", config.KindLogout, ""},
		{"editing by operation", "/backend.php", "op=pref-users&method=editsave&id=2&login=bob&password=x1", config.KindPasswordChange, ""},
		{"an entry with a password", "/cmd.php", "cmd=update_confirm&dn=uid%3Dbob&new_values%5Bmail%5D%5B0%5D=a%40x.test&new_values%5Buserpassword%5D%5B0%5D=x1", config.KindPasswordChange, ""},
		{"changed by operation", "/auth_changepassword.php", "action=changepassword&name=bob&current_password=x1&password=x2&password_confirm=x2", config.KindPasswordChange, ""},
		{"changed under a long path", "/index.php/Special:ChangeCredentials/PasswordAuthenticationRequest", "password=x2&retype=x2&wpusername=&authAction=change", config.KindPasswordChange, ""},
		{"changed by administrators", "/v3/auth/user/changepw", `{"name":"bob","password":"x2"}`, config.KindPasswordChange, ""},
		{"required action", "/realms/shop/login-actions/required-action?execution=UPDATE_PASSWORD", "password-new=x2&password-confirm=x2", config.KindPasswordChange, ""},
		{"old and new", "/user/me/changepass", "current=x1&new=x2&confirm=x2", config.KindPasswordChange, ""},
		{"reset that logs in", "/entrance/update-password-and-login", `{"password":"x2","token":"t"}`, config.KindReset, ""},
		{"login by a button", "/app.cgi", "_submitted_signin=1&do=signin&name=bob&password=x1&_submit=Login", config.KindLogin, "username=bob"},
		{"signup by a button", "/app.cgi", "do=signin&name=bob&password=x1&confirm_password=x1&_submit=Create+Account", config.KindSignup, "username=bob"},
		{"login by a button beside the fields of a signup", "/app.cgi", "do=signin&email=a%40x.test&password=x1&confirm_password=x1&_submit=Login", config.KindLogin, "email=a@x.test"},
		{"reset request by a button", "/app.cgi", "do=signin&name=bob&password=&_submit=Reset+Password", config.KindResetRequest, "username=bob"},
		{"reset request by a button of its own name", "/index.php", "username=bob&password=&lostpass=Help", config.KindResetRequest, "username=bob"},
		{"a flag that nothing was forgotten", "/index.php", "username=bob&password=x1&forgot=0", config.KindLogin, "username=bob"},
		{"one-time password called a token", "/api/2fa/verify", `{"token":"123456"}`, config.KindMFA, ""},
		{"token of a mail at a second factor", "/api/2fa/verify", `{"token":"0f9a8b7c6d"}`, config.KindNone, ""},
		{"logout by a field named out", "/account", "out=Logout", config.KindLogout, ""},
		{"logout by a button", "/app.cgi", "do=prefs&name=bob&password=&confirm_password=&_submit=Logout", config.KindLogout, ""},
		{"another button on the path of a login", "/login", "user=bob&password=&submit=Reset+password", config.KindResetRequest, "username=bob"},
		{"another button beside a guess", "/login", "user=bob&password=x1&submit=Reset+password", config.KindLogin, "username=bob"},
		{"the button of a signup beside a guess", "/login", "user=bob&password=x1&submit=Register", config.KindLogin, "username=bob"},
		{"an empty login", "/login", "user=bob&password=&submit=Log+in", config.KindLogin, "username=bob"},
		{"an empty signup", "/", "user=bob&password=&submit=Register", config.KindSignup, "username=bob"},
		{"changed among the preferences", "/app.cgi", "do=prefs&name=bob&password=x2&confirm_password=x2&_submit=Save+Preferences", config.KindPasswordChange, ""},
		{"token revoked", "/oauth/revoke", "token=t", config.KindLogout, ""},

		// A client may name any operation: a guess stays seen.
		{"reset named beside a login", "/login.php?action=resetpass", "user=bob&password=x1", config.KindLogin, "username=bob"},
		{"reset named beside a login and a decoy", "/login.php?action=resetpass", "user=bob&password=x1&password2=x1", config.KindLogin, "username=bob"},
		{"editing named beside a login", "/?action=edituser", "user=bob&password=x1", config.KindPasswordChange, "username=bob"},
		{"profile named beside a login", "/index.php?do=profile", "user=bob&password=x1", config.KindPasswordChange, "username=bob"},
	})
}
