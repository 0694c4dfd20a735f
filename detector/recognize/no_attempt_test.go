package recognize

import (
	"testing"

	"github.com/doorward/doorward/config"
)

// Words of an account in paths of things that are registered, subscribed or
// bought without one.
func TestRegistrationsOfThings(t *testing.T) {
	t.Parallel()
	const no = config.KindNone
	checkWorld(t, []worldRow{
		{"newsletter", "/newsletter/register", "email=a%40x.test", no, ""},
		{"newsletter signup", "/newsletter/signup", "email=a%40x.test&name=Bob", no, ""},
		{"signup of a newsletter", "/signup/newsletter", "email=a%40x.test", no, ""},
		{"mailing list", "/mailing-list/join", "email=a%40x.test", no, ""},
		{"waiting list", "/waitlist/signup", "email=a%40x.test", no, ""},
		{"event", "/events/123/register", "name=Bob&email=a%40x.test", no, ""},
		{"webinar", "/webinar/registration", `{"firstName":"B","email":"a@x.test"}`, no, ""},
		{"course", "/courses/go-101/enroll", `{"email":"a@x.test"}`, no, ""},
		{"workshop", "/workshops/7/registrations", "email=a%40x.test&seats=2", no, ""},
		{"device with a mail address", "/device/register", `{"device_id":"d","email":"a@x.test"}`, no, ""},
		{"push", "/push/register", `{"token":"t","user_id":"7","platform":"ios"}`, no, ""},
		{"push of a user", "/api/v1/notifications/register", `{"username":"bob","token":"t"}`, no, ""},
		{"webhook", "/webhooks/register", `{"url":"https://x.test","email":"a@x.test"}`, no, ""},
		{"domain", "/domain/register", `{"domain":"x.test","email":"a@x.test"}`, no, ""},
		{"warranty", "/warranty/register", "email=a%40x.test&serial=1", no, ""},
		{"product", "/product/registration", "email=a%40x.test&serial=1", no, ""},
		{"client of OAuth", "/oauth/clients/register", `{"client_name":"c","redirect_uris":["https://x.test"],"contacts":["a@x.test"]}`, no, ""},
		{"checkout address", "/checkout/address", "email=a%40x.test&name=Bob&street=s", no, ""},
		{"checkout as a guest", "/checkout/register", "email=a%40x.test&firstname=B&street=s&city=c", no, ""},
		{"game room", "/rooms/5/join", `{"nickname":"bob"}`, no, ""},
		{"meeting", "/meetings/5/join", "username=bob&passcode=123456", no, ""},
		{"team", "/teams/3/join", `{"email":"a@x.test"}`, no, ""},
		{"group", "/groups/3/members/join", `{"user_id":"7"}`, no, ""},
		{"review", "/reviews", "name=Bob&email=a%40x.test&rating=5&review=good", no, ""},
		{"contact about an account", "/contact/account", "name=Bob&email=a%40x.test&message=x", no, ""},
		{"ticket", "/support/login-problems", "email=a%40x.test&message=x", no, ""},
		{"mail address checked", "/account/email/verify", `{"email":"a@x.test"}`, no, ""},
	})
}

// Settings of things that have a user and a password of their own.
func TestPasswordsOfThings(t *testing.T) {
	t.Parallel()
	const no = config.KindNone
	checkWorld(t, []worldRow{
		{"mail server by its fields", "/preferences/save", `{"imapHost":"h","imapUser":"bob","imapPassword":"x1"}`, no, ""},
		{"mail server of an account", "/api/accounts", `{"accountName":"work","emailAddress":"a@x.test","imapHost":"h","imapPort":993,"imapUser":"bob","imapPassword":"x1","smtpHost":"h"}`, no, ""},
		{"mail server with bare names", "/settings", `{"host":"h","port":"587","username":"bob","password":"x1","from":"a@x.test"}`, no, ""},
		{"directory", "/plugins/ldap", `{"url":"ldap://h","baseDn":"dc=x","bindDn":"cn=a","username":"bob","password":"x1"}`, no, ""},
		{"database", "/wizard/step2", "db_host=h&db_name=n&db_user=bob&db_password=x1", no, ""},
		{"database of an installation", "/install/database", "dbhost=h&dbname=n&dbuser=bob&dbpass=x1", no, ""},
		{"file server", "/api/ftp", `{"host":"h","user":"bob","password":"x1"}`, no, ""},
		{"storage", "/api/storages", `{"type":"webdav","url":"https://x.test/","username":"bob","password":"x1"}`, no, ""},
		{"backup", "/api/backup/targets", `{"url":"s3://b","user":"bob","passphrase":"x1"}`, no, ""},
		{"share of a network", "/api/share", `{"path":"/a","user":"bob","password":"x1"}`, no, ""},
		{"link that is shared", "/api/links", `{"path":"/a","password":"x1"}`, no, ""},
		{"wireless network", "/cgi-bin/wireless", "ssid=home&username=bob&password=x1&security=wpa2", no, ""},
		{"proxy", "/api/network", `{"proxy_host":"h","proxy_user":"bob","proxy_password":"x1"}`, no, ""},
		{"router", "/wan/pppoe", "username=bob&password=x1&mtu=1492", no, ""},
		{"name service", "/api/ddns", `{"provider":"p","hostname":"h.test","username":"bob","password":"x1"}`, no, ""},
		{"camera", "/api/cameras", `{"name":"door","url":"rtsp://h","username":"bob","password":"x1"}`, no, ""},
		{"message broker", "/api/mqtt", `{"broker":"h","username":"bob","password":"x1"}`, no, ""},
		{"printer", "/api/printers", `{"uri":"ipp://h","username":"bob","password":"x1"}`, no, ""},
		{"registry of images", "/api/registries", `{"name":"r","url":"https://x.test","username":"bob","password":"x1"}`, no, ""},
		{"feed with credentials", "/api/feeds", `{"feed_url":"https://x.test","username":"bob","password":"x1"}`, no, ""},
		{"download with credentials", "/api/downloads", `{"urls":"https://x.test","username":"bob","password":"x1"}`, no, ""},
		{"repository cloned", "/api/repos/clone", `{"url":"https://x.test/a.git","username":"bob","password":"x1"}`, no, ""},
		{"document unlocked", "/documents/5/unlock", `{"password":"x1"}`, no, ""},
		{"archive opened", "/files/archive", `{"file":"a.zip","password":"x1"}`, no, ""},
		{"certificate", "/api/certificates", "cert=c&key=k&passphrase=x1", no, ""},
		{"wallet", "/api/wallet/unlock", `{"password":"x1"}`, no, ""},
		{"key encrypted", "/api/keys/export", `{"passphrase":"x1"}`, no, ""},
		{"vault item", "/api/ciphers", `{"name":"n","login":{"username":"bob","password":"x1","uris":[]}}`, no, ""},
		{"password entry", "/entries", `{"title":"bank","username":"bob","password":"x1","url":"https://x.test","notes":""}`, no, ""},
		{"account deleted", "/account/delete", "password=x1", no, ""},
		{"account deleted by name", "/users/close-account", "username=bob&password=x1", no, ""},
		{"account deactivated", "/api/account/deactivate", `{"email":"a@x.test","password":"x1"}`, no, ""},
		{"account taken back", "/unregister", "username=bob&password=x1", no, ""},
		{"subscription ended", "/unsubscribe", "email=a%40x.test&password=x1", no, ""},
		{"password confirmed", "/user/confirm-password", "password=x1", no, ""},
		{"password confirmed in a dialog", "/sudo", "password=x1", no, ""},
		{"password confirmed below a login", "/login/confirm", "password=x1", no, ""},
		{"session confirmed", "/u/confirm-session", "password=x1", no, ""},
		{"session confirmed again", "/sessions/sudo", "_method=post&sudo_password=x1", no, ""},
		{"share opened", "/share/abc/authenticate/showShare", "password=x1", no, ""},
		{"password confirmed by an app", "/api/me/verify-password", `{"password":"x1"}`, no, ""},
		{"second factor turned on", "/api/2fa/enable", `{"password":"x1"}`, no, ""},
		{"second factor turned off", "/two-factor/disable", `{"username":"bob","password":"x1"}`, no, ""},
		{"backup codes", "/api/recovery-codes", `{"password":"x1"}`, no, ""},
		{"users imported", "/users/import", `{"username":"bob","password":"x1"}`, no, ""},
		{"users in bulk", "/api/users/bulk", `{"users":[{"username":"bob","password":"x1"}]}`, no, ""},
	})
}

// What stands beside the rules above, and is an attempt.
func TestAttemptsBesidePasswordsOfThings(t *testing.T) {
	t.Parallel()
	checkWorld(t, []worldRow{
		{"login named confirm", "/login/confirm", "username=bob&password=x1", config.KindLogin, "username=bob"},
		{"reset confirmed", "/auth/reset/confirm", `{"token":"t","password":"x2"}`, config.KindReset, ""},
		{"signup confirmed", "/signup/confirm", `{"email":"a@x.test","password":"x1"}`, config.KindSignup, "email=a@x.test"},
		{"login at a proxy", "/proxy/login", "password=x1", config.KindLogin, ""},
		{"login at a share", "/share/login", "username=bob&password=x1", config.KindLogin, "username=bob"},
		{"login at an event", "/events/login", "username=bob&password=x1", config.KindLogin, "username=bob"},
		{"signup at an event", "/events/123/register", "email=a%40x.test&password=x1", config.KindSignup, "email=a@x.test"},
		{"signup of a device's owner", "/device/register", `{"email":"a@x.test","password":"x1"}`, config.KindSignup, "email=a@x.test"},
		{"login where something is deleted", "/delete/login", "username=bob&password=x1", config.KindLogin, "username=bob"},
		{"login below something deleted", "/login/delete", "username=bob&password=x1", config.KindLogin, "username=bob"},
		{"password alone at auth", "/api/auth", `{"password":"x1"}`, config.KindLogin, ""},
		{"password alone below auth", "/api/auth/keys", `{"password":"x1"}`, config.KindNone, ""},
		{"first account", "/api/users/admin/init", `{"Username":"bob","Password":"x1"}`, config.KindSignup, "username=bob"},
		{"first account by turning it on", "/server/enableSecurity", `{"userId":"bob","password":"x1"}`, config.KindSignup, "username=bob"},
		{"second factor in one word", "/api/secondfactor/totp", `{"otp":"123456"}`, config.KindMFA, ""},
	})
}

// Apps let one confirm a change of the mail address by the password, in the form
// that changes the password too, which stays as it is when its fields are empty.
func TestProfilesConfirmedByThePassword(t *testing.T) {
	t.Parallel()
	const (
		no     = config.KindNone
		change = config.KindPasswordChange
	)
	checkWorld(t, []worldRow{
		{"of the user's resource", "/users", "_method=put&user[email]=b%40x.test&user[password]=&user[password_confirmation]=&user[current_password]=x1", no, ""},
		{"of the own settings", "/account/settings", "email=b%40x.test&current_password=x1&new_password=&confirm_password=", no, ""},
		{"by JSON", "/api/profile", `{"email":"b@x.test","currentPassword":"x1","newPassword":""}`, no, ""},
		{"with a new password as well", "/account/settings", "email=b%40x.test&current_password=x1&new_password=x2&confirm_password=x2", change, ""},
		{"a new password that is only repeated", "/account/settings", "email=b%40x.test&current_password=x1&new_password=&confirm_password=x2", change, ""},
		{"a change that lacks the new password", "/account/password", "username=bob&current_password=x1&new_password=&confirm_password=", change, ""},
		{"a button that says so", "/account/settings", "email=b%40x.test&current_password=x1&new_password=&confirm_password=&submit=Change+password", change, ""},
		{"a login by such a field", "/login", "email=a%40x.test&current_password=x1&new_password=", config.KindLogin, "email=a@x.test"},
	})
}

func TestProfileFormThatChangesThePasswordToo(t *testing.T) {
	t.Parallel()
	form := formAt(config.KindPasswordChange, "", "user[email]", "user[password] user[password_confirmation] user[current_password]")
	r := served(formPost("/users", "_method=put&user[email]=b@x.test&user[password]=&user[password_confirmation]=&user[current_password]=x1&commit=Update"), form)
	if c, ok := Automatic(r); ok {
		t.Errorf("saved with the new password left empty: %s (%q), want no attempt", c.Kind, c.Evidence)
	}
}
