package recognize

import (
	"strings"
	"testing"
)

func classifyName(name string) meaning { return classify(appendName(nil, []byte(name))) }

func TestPasswordNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]role{
		"password": rolePassword, "Password": rolePassword, "PASSWORD": rolePassword, "pass": rolePassword,
		"passwd": rolePassword, "pwd": rolePassword, "passwort": rolePassword, "passphrase": rolePassword,
		"contraseña": rolePassword, "mot_de_passe": rolePassword, "senha": rolePassword, "wachtwoord": rolePassword,
		"heslo": rolePassword, "пароль": rolePassword, "Пароль": rolePassword, "密码": rolePassword,
		"user[password]": rolePassword, "Input.Password": rolePassword, "j_password": rolePassword,
		"pma_password": rolePassword, "_pass": rolePassword, "auth[password]": rolePassword,
		"user.password": rolePassword, "userPassword": rolePassword, "userpassword": rolePassword,
		"loginpwd": rolePassword, "password[]": rolePassword, "md5password": rolePassword, "txtPwd": rolePassword,
		"form:passwordInput": rolePassword, "password.value": rolePassword,

		"new_password": roleNewPassword, "newPassword": roleNewPassword, "newpass": roleNewPassword,
		"old_password": roleOldPassword, "current-password": roleOldPassword, "oldpasswd": roleOldPassword,
		"password_confirmation": roleConfirm, "confirmPassword": roleConfirm, "passwordconfirm": roleConfirm,
		"password2": roleConfirm, "repassword": roleConfirm, "pass_again": roleConfirm, "plainPassword[second]": roleConfirm,

		"smtp_password": roleNone, "wifiPassword": roleNone, "post_password": roleNone, "bindPassword": roleNone,
		"must_change_passwd": roleNone, "password.algorithm": roleNone, "password.digest": rolePassword,
		"retype": roleConfirm, "current": roleBareOld, "new": roleBareNew, "accessKey": roleKeyUser, "secret_key": roleKeyPassword,
		"logout_token": roleLogout, "login_type": roleOperation, "_method": roleMethod, "commit": roleButton,
		"warnBeforePasswordExpired": roleNone,

		"secretary": roleNone, "passport_number": roleNone, "passport": roleNone, "bypass": roleNone,
		"compass": roleNone, "pass_number": roleNone, "pass_through": roleNone, "passwordless": roleNone,
		"password_hint": roleNone, "passwordPolicy": roleNone, "remember_password": roleNone, "forgotpassword": roleForgot,
		"secret": roleNone, "client_secret": roleNone, "csrf_token": roleNone, "authenticity_token": roleNone, "reset_password_token": roleToken,
		"token": roleToken, "pin": roleCode, "code": roleCode, "otp": roleOTP, "mfa_code": roleOTP,
		"p": roleLetterPassword, "u": roleLetterUser, "q": roleNone, "": roleNone, "123": roleNone,
		strings.Repeat("x", maxName) + "password": roleNone,
	} {
		if got := classifyName(name).role; got != want {
			t.Errorf("%q: role %d, want %d", name, got, want)
		}
	}
}

func TestIdentifierNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"email": "email", "Email": "email", "e-mail": "email", "mail": "email", "user[email]": "email",
		"emailAddress": "email", "user_email": "email", "Input.Email": "email", "usernameOrEmail": "email",
		"username": "username", "user_name": "username", "userName": "username", "user": "username", "uname": "username",
		"account": "username", "userid": "username", "user_id": "username", "identifier": "username", "identity": "username",
		"_username": "username", "j_username": "username", "pma_username": "username", "auth[username]": "username",
		"benutzername": "username", "identifiant": "username", "логин": "username", "用户名": "username",
		"login": "login", "log": "login", "user_login": "login", "loginName": "login", "emailOrLdapLoginId": "login",
		"phone": "phone", "phone_number": "phone", "mobile": "phone",
		"name": "username", "id": "username", "_id": "username",

		"wpName": "username", "lgname": "username", "usernamefld": "username", "regemail": "email", "txt_name": "username",
		"kullanici_adi": "username", "setlogin": "login",
		"emailverified": "", "newemail": "", "friendemail": "", "fname": "", "dname": "", "formUID": "", "deviceIdentifier": "",
		"submitted_login": "", "btnLogin": "", "isemail": "",

		"first_name": "", "device_name": "", "client_id": "", "session_id": "", "user_agent": "", "user_type": "",
		"change_log": "", "last_login": "", "remember_user": "", "friend_email": "", "invite[email]": "email",
		"email_confirmation": "", "email2": "", "new_email": "", "login_hint": "", "auto_login": "", "page": "",
	} {
		if got := classifyName(name).key; got != want {
			t.Errorf("%q: key %q, want %q", name, got, want)
		}
	}
}

func TestEveryLexiconWordIsReachable(t *testing.T) {
	t.Parallel()
	for word := range lexicon {
		s := splitter[string]{text: word, camel: true}
		var buf [maxName]byte
		first := string(s.next(buf[:0]))
		if rest := s.next(buf[:0]); rest != nil || (first != word && !strings.ContainsAny(word, "0123456789")) {
			t.Errorf("%q is split into %q and more: it will never be found", word, first)
		}
	}
	for word := range pathWords {
		s := splitter[string]{text: word, camel: true}
		var buf [maxName]byte
		if first := string(s.next(buf[:0])); first != word && !strings.ContainsAny(word, "0123456789") {
			t.Errorf("%q reads as %q: it will never be found", word, first)
		}
	}
}

func TestNormalNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"user[email]": "user.email", "user.email": "user.email", "a[]": "a", "a[0][b]": "a.0.b",
		"ctl00$Main$Name": "ctl00.Main.Name", "f:g": "f.g", "password[$ne]": "password.$ne", "[]": "",
		"pwd\x00x": "pwd", strings.Repeat("x", maxHolder+1): "~",
	} {
		if got := string(appendName(nil, []byte(name))); got != want {
			t.Errorf("%.40q: %q, want %q", name, got, want)
		}
	}
}
