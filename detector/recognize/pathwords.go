package recognize

import (
	"bytes"
	"strings"
)

// pathSense is what the words of a path (or of a named operation) say, as a
// set of bits.
type pathSense uint32

const (
	saysLogin    pathSense = 1 << iota // login, sign_in, session
	saysAuth                           // auth, token: weaker
	saysToken                          // where OAuth clients authenticate
	saysSignup                         // register, sign-up
	saysLogout                         // logout, sign_off
	saysSession                        // session: DELETE ends it
	saysReset                          // reset, recover
	saysForgot                         // forgot, lost
	saysPassword                       // password
	saysChange                         // change, update, set
	saysMFA                            // otp, 2fa
	saysSelf                           // profile, settings, me
	saysManage                         // add, edit, delete
	saysUsers                          // users, members
	saysAdmin                          // admin
	saysEnable                         // enable, disable
	saysSetup                          // the first account of an installation
	saysInvite                         // accepting an invitation
	saysGraphQL
	saysEdit   // changing what is there
	saysConfig // settings of a thing that has a password of its own
	saysDelete // taking back what is there
	saysThing  // what one registers, subscribes to or joins without an account
	saysCheck  // looking whether something may be had
	saysSudo   // who is logged in confirms it by his password
	lastAuth   // the last segment is auth
	lastUsers  // the last segment is a collection of users
	lastLogin  // the last segment says login
	lastSignup // the last segment says signup
	// lastUserList: the segment before the last is a collection of users
	lastUserList
)

// saysAccount is all that an attempt or its relatives may be called.
const saysAccount = saysLogin | saysAuth | saysToken | saysSignup | saysLogout | saysSession | saysReset | saysForgot | saysPassword

// pathWords are whole words. Two neighbours are also looked up joined, so that
// sign_in, sign-in, signIn and signin are one.
var pathWords = buildPathWords(map[pathSense]string{
	saysLogin: `login signin logon authenticate authentication authn securitycheck anmelden anmeldung
		einloggen connexion entrar iniciarsesion inicio acceder accedi inloggen wejdz logowanie
		prihlaseni giris oturum вход войти 登录`,
	saysLogin | saysSession: `session sessions`,
	saysAuth:                `auth connect credentials sso idp account accounts oauth unlock access`,
	saysAuth | saysToken:    `token tokens oauth2 openid accesstoken`,
	saysSignup: `signup register registration registrations registrieren registrierung join
		createaccount createuser newuser newaccount enroll enrol onboarding inscription inscribirse
		registro registo cadastro rejestracja registrace kayit регистрация 注册 firstregister`,
	saysLogout: `logout logoff signout signoff abmelden abmeldung deconnexion cerrarsesion sair uitloggen
		выход 退出`,
	saysReset:  `reset recover recovery resetpassword passwordreset resetpass rp resetpwd zuruecksetzen`,
	saysForgot: `forgot forgotten lost forgotpassword lostpassword lostpass forgotpass lostpwd forgotpwd resendpwd vergessen oublie`,
	saysPassword | saysChange: `changepassword changepasswd changepass changepwd changepw updatepassword
		passwordchange changecredentials editpassword`,
	saysPassword | saysCheck: `validatepassword passwordstrength passwordpolicy`,
	saysPassword:             `password passwd passwords passwort kennwort setpassword`,
	saysChange:               `change set`,
	saysMFA:                  `mfa otp totp tfa twofactor twofa factor challenge factors secondfactor`,
	saysSelf:                 `profile settings preferences prefs me myaccount self userprofile`,
	saysManage:               `add create new manage import insert bulk batch`,
	saysManage | saysEdit:    `edit update save modify editsave updated`,
	saysManage | saysEdit | saysDelete: `delete remove destroy unregister deregister deactivate terminate
		deleteaccount closeaccount removeaccount loeschen supprimer eliminar apagar usun удалить 删除`,
	saysDelete: `unsubscribe`,
	saysThing: `newsletter newsletters mailinglist mailinglists waitlist waitinglist subscribe subscription subscriptions event events webinar webinars
		workshop workshops conference conferences course courses lesson seminar training
		device devices push notification notifications fcm apns listener listeners hook hooks domain domains
		warranty product products serial license licence extension extensions
		checkout cart order orders room rooms meeting meetings game games lobby team teams group groups
		channel channels queue topic topics agent agents
		tournament contest competition competitions beta scheme schemes`,
	saysManage | saysUsers:            `adduser useradd`,
	saysManage | saysUsers | saysEdit: `edituser updateuser saveuser deleteuser`,
	saysConfig: `config configuration smtp mailer datasource datasources integration integrations
		wifi wlan wireless proxy ldap backup backups mirror mirrors connections migrate migrations share shares
		mailboxes mailserver imap ftp sftp ssh rsync webdav samba smb nfs storage storages mqtt broker ddns
		dyndns pppoe wan snmp vpn wireguard camera cameras printer printers registry registries feed feeds
		download downloads clone repositories remotes certificate certificates keystore wallet cipher ciphers vaultitems entries`,
	saysConfig | saysThing:           `webhook webhooks`,
	saysLogout | saysToken:           `revoke revocation`,
	saysAuth | saysToken | saysCheck: `introspect introspection tokeninfo`,
	saysCheck:                        `check validate validation available availability exists verify strength suggest`,
	saysUsers:                        `users user members member customers customer people employees records`,
	saysAdmin:                        `admin administration administrator backend dashboard`,
	saysEnable:                       `enable disable enabled disabled activate generate configure`,
	saysMFA | saysEnable:             `recoverycodes backupcodes`,
	saysEnable | saysSetup:           `init initialize firstuser firstadmin enablesecurity setup install installation installer firstrun`,
	saysSudo:                         `sudo confirm reauth reauthenticate reauthentication elevate`,
	saysInvite:                       `invitation invitations invite invites`,
	saysInvite | saysSetup:           `bootstrap`,
	saysGraphQL:                      `graphql gql`,
})

// pathTable is pathWords for [senseOfWords].
var pathTable = makeWordTable(pathWords)

func buildPathWords(words map[pathSense]string) map[string]pathSense {
	m := make(map[string]pathSense, 200)
	for s, list := range words {
		for w := range strings.FieldsSeq(list) {
			m[w] |= s
		}
	}
	return m
}

// pathStems are found inside longer words: dologin, userregister. The first one
// counts. All have their one g in third place, by which they are looked for.
var pathStems = [...]struct {
	text  string
	sense pathSense
}{
	{"login", saysLogin},
	{"signin", saysLogin},
	{"logon", saysLogin},
	{"signup", saysSignup},
	{"register", saysSignup},
	{"logout", saysLogout},
	{"signout", saysLogout},
}

// maxPath is how much of a path is looked at for words.
const maxPath = 1024

// senseOfPath says what the words of a request path mean. Matrix parameters
// are left out, and so is what follows a script that says what it does: the
// rest of /login.php/logout is chosen by the client, not by the app.
func senseOfPath(path string) pathSense {
	path = path[:min(len(path), maxPath)]
	var all, last pathSense
	var before, current string // segments
	for len(path) > 0 {
		var segment string
		if i := strings.IndexByte(path, '/'); i >= 0 {
			segment, path = path[:i], path[i+1:]
		} else {
			segment, path = path, ""
		}
		if i := strings.IndexByte(segment, ';'); i >= 0 {
			segment = segment[:i]
		}
		if segment == "" {
			continue
		}
		last = senseOfWords(segment)
		all |= last
		before, current = current, segment
		if isScript(segment) && last&(saysLogin|saysSignup|saysLogout|saysReset|saysForgot) != 0 {
			break
		}
	}
	if last&saysUsers != 0 && last&^saysUsers == 0 {
		all |= lastUsers
	}
	if before == "users" || before == "_users" {
		all |= lastUserList
	}
	if last&saysLogin != 0 {
		all |= lastLogin
	}
	if strings.EqualFold(current, "auth") {
		all |= lastAuth
	}
	if last&saysSignup != 0 {
		all |= lastSignup
	}
	return all
}

var scriptEndings = []string{".php", ".asp", ".aspx", ".jsp", ".cgi", ".pl", ".do", ".cfm"}

func isScript(segment string) bool {
	for _, ending := range scriptEndings {
		if len(segment) > len(ending) && strings.EqualFold(segment[len(segment)-len(ending):], ending) {
			return true
		}
	}
	return false
}

// senseOfWords says what the words of one segment or operation mean.
func senseOfWords[T ~string | ~[]byte](text T) pathSense {
	var buf, joined [2 * maxName]byte
	var all pathSense
	s := splitter[T]{text: text, camel: true}
	before := joined[:0]
	for word := s.next(buf[:0]); word != nil; word = s.next(buf[:0]) {
		all |= senseOfWord(word)
		if n := len(before); n > 0 {
			before = append(before, word...)
			both, _ := pathTable.lookup(before)
			all |= both
			before = append(before[:0], word...)
			continue
		}
		before = append(before, word...)
	}
	if all&saysMFA == 0 && holdsTwoFA(text) {
		all |= saysMFA
	}
	return all
}

func senseOfWord(word []byte) pathSense {
	if s, ok := pathTable.lookup(word); ok {
		return s
	}
	if len(word) < len("login") {
		return 0
	}
	first := len(pathStems)
	for i := 2; i+2 < len(word) && first > 0; i++ {
		if word[i] == 'g' {
			first = min(first, stemAround(word, i))
		}
	}
	if first == len(pathStems) {
		return 0
	}
	return pathStems[first].sense
}

// stemAround returns the index of the stem whose g stands at i, the number of
// stems if there is none.
func stemAround(word []byte, i int) int {
	for n, stem := range pathStems {
		if bytes.HasPrefix(word[i-2:], []byte(stem.text)) {
			return n
		}
	}
	return len(pathStems)
}

// holdsTwoFA finds 2fa, whose digit separates words everywhere else.
func holdsTwoFA[T ~string | ~[]byte](text T) bool {
	for i := 0; i+2 < len(text); i++ {
		if text[i] == '2' && text[i+1]|0x20 == 'f' && text[i+2]|0x20 == 'a' {
			return true
		}
	}
	return false
}

// SaysAccount reports whether the words of a path speak of logins, signups or
// passwords: where a form is worth looking for.
func SaysAccount(path string) bool {
	return senseOfPath(path)&(saysLogin|saysAuth|saysSignup|saysReset|saysForgot|saysPassword) != 0
}

// ScriptOf returns the path up to its first script and whether more follows it.
// What follows is PATH_INFO (RFC 3875, section 4.1.5): many apps never look at
// it, so who sends a login to /index.php/users/edit has sent it to /index.php.
func ScriptOf(path string) (script string, more bool) {
	path = path[:min(len(path), maxPath)]
	for start := 0; start < len(path); {
		end := len(path)
		if i := strings.IndexByte(path[start+1:], '/'); i >= 0 {
			end = start + 1 + i
		}
		if isScript(path[start:end]) {
			return path[:end], end < len(path)
		}
		start = end
	}
	return path, false
}
