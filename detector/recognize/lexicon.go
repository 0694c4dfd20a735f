package recognize

import (
	"bytes"
	"strings"
)

// sense is what a single word in a field name may mean, as a set of bits.
type sense uint32

const (
	isPassword sense = 1 << iota // means a password wherever it stands
	isPass                       // means one at the end: pass, pwd
	isNew
	isOld
	isConfirm
	isNot // the field is about a password or user, but holds none
	isForeign
	isFiller
	isEmail
	isUser
	isLogin
	isPhone
	isNameWord
	isIDWord
	isNumber
	isOTP
	isCode
	isToken
	isForm
	isKeyWord
	isShort // an unknown prefix of one or two letters, as some apps put before all names
	isThing // something other than a user that has a password
)

// term is a known word. text is a constant of this file.
type term struct {
	text  string
	sense sense
	sole  bool // it is among soleNames
}

// lexicon holds the words field names are made of, in the languages of the
// login forms most often met. Words written without separator (userpassword)
// are found by [lookup].
var lexicon = build(map[sense]string{
	isPassword: `password passwd passwort passphrase passwrd passwords kennwort psword
		contraseña contrasena contrasenya senha wachtwoord heslo hasło haslo lösenord losenord
		adgangskode passord salasana parola parole jelszó jelszo şifre sifre motdepasse mdp
		пароль parol 密码 密碼 口令 パスワード 비밀번호 รหัสผ่าน matkhau katasandi סיסמה`,
	isPass: `pass pwd pw psw pswd passw clave passe userpass userpwd loginpass loginpwd
		upass upwd mypass adminpass adminpwd txtpass txtpwd webpass`,
	isPass | isNew:     `newpass newpwd`,
	isPass | isOld:     `oldpass oldpwd curpass curpwd`,
	isPass | isConfirm: `repass repwd passconf passconfirm pwdconfirm cpass`,
	isNew:              `new neu neues nuevo nueva nouveau nouvelle nova novo`,
	isOld:              `old current existing present previous actual ancien alt altes cur orig original`,
	isConfirm: `confirm confirmation confirmed repeat repeated again verify verification retype
		retyped re reenter conf second match check wiederholen wiederholung bestaetigen confirmar repeater`,
	isNot: `hint strength policy reset remember show forgot forgotten lost expires expiry expiration
		expired length min max type option options method protected required enabled disabled format
		question answer age date changed updated visible toggle manager visibility redirect return next
		url uri auto keep last count agent lang language group status level mode stay saved save is has
		allow allowed message error label placeholder help state score rule rules change less manager
		port host server database db version time created modified submit submitted btn button must generate generated`,
	isForeign: `device browser friend invite invitee invited recipient recipients to from cc bcc contact billing
		shipping notify notification reply sender support referrer referral ref subscribe newsletter`,
	isFiller: `address addr field fld input value txt text tb box hash md5 sha256 hashed encrypted enc
		plain form ctl control real`,
	isEmail: `email mail emails emailaddress useremail mailaddress correo courriel`,
	isUser: `user username uname usr account acct userid uid identifier identity identification
		member memberid nick nickname handle screenname accountname benutzer benutzername usuario usuário
		utilisateur identifiant utente gebruiker gebruikersnaam kullanici kullaniciadi uzivatel uživatel
		jmeno jméno uzytkownik användarnamn brukernavn brugernavn käyttäjätunnus felhasználónév
		пользователь логин 用户名 用户 账号 帐号 帳號 ユーザー名 아이디 userlogin customer principal`,
	isLogin:    `login loginname loginid logon signin setlogin`,
	isPhone:    `phone mobile telephone tel cell cellphone msisdn phonenumber mobilenumber handynummer`,
	isNameWord: `name adi`,
	isIDWord:   `id`,
	isNumber:   `number no nr num`,
	isOTP: `otp totp hotp mfa twofactor twofa tfa onetime authcode otpcode totpcode mfacode
		authenticator onetimecode onetimepassword backupcode`,
	isCode:  `code pin passcode digits`,
	isToken: `token key nonce signature`,
	// What protects a form from being sent by another site tells nothing.
	isToken | isForm: `csrf xsrf authenticity antiforgery requestverification logintoken formtoken`,
	isKeyWord:        `access secret`,
	isThing: `smtp imap proxy wifi wlan wpa psk post share sharing link room meeting zip archive pdf
		keystore truststore cert certificate snmp rcon bind bucket`,
})

// soleNames are names that mean something only when they are the whole name.
var soleNames = map[string]meaning{
	"name":           {role: roleName, key: "username", word: "name"},
	"id":             {role: roleID, key: "username", word: "id"},
	"log":            {role: roleIdentifier, key: "login", word: "log"},
	"current":        {role: roleBareOld, word: "current"},
	"old":            {role: roleBareOld, word: "old"},
	"new":            {role: roleBareNew, word: "new"},
	"confirm":        {role: roleBareConfirm, word: "confirm"},
	"intent":         {role: roleOperation, word: "action"},
	"forgot":         {role: roleForgot, word: "forgot"},
	"lostpass":       {role: roleForgot, word: "forgot"},
	"lostpassword":   {role: roleForgot, word: "forgot"},
	"forgotpassword": {role: roleForgot, word: "forgot"},
	"submit":         {role: roleButton, word: "button"},
	"commit":         {role: roleButton, word: "button"},
	"button":         {role: roleButton, word: "button"},
	"out":            {role: roleButton, word: "button"},
	"enabled":        {role: roleGroups, word: "groups"},
	"scope":          {role: roleGroups, word: "groups"},
	"scopes":         {role: roleGroups, word: "groups"},
	"active":         {role: roleGroups, word: "groups"},
	"verified":       {role: roleGroups, word: "groups"},
	"retype":         {role: roleConfirm, word: "retype"},
	"logout":         {role: roleLogout, word: "logout"},
	"signout":        {role: roleLogout, word: "logout"},
	"logoff":         {role: roleLogout, word: "logout"},
	"terms":          {role: roleTerms, word: "terms"},
	"tos":            {role: roleTerms, word: "terms"},
	"agree":          {role: roleTerms, word: "terms"},
	"agreement":      {role: roleTerms, word: "terms"},
	"firstname":      {role: rolePerson, word: "name"},
	"lastname":       {role: rolePerson, word: "name"},
	"fullname":       {role: rolePerson, word: "name"},
	"action":         {role: roleOperation, word: "action"},
	"do":             {role: roleOperation, word: "action"},
	"op":             {role: roleOperation, word: "action"},
	"cmd":            {role: roleOperation, word: "action"},
	"task":           {role: roleOperation, word: "action"},
	"mode":           {role: roleOperation, word: "action"},
	"route":          {role: roleOperation, word: "action"},
	"view":           {role: roleOperation, word: "action"},
	"act":            {role: roleOperation, word: "action"},
	"title":          {role: roleOperation, word: "title"},
	"section":        {role: roleOperation, word: "action"},
	"controller":     {role: roleOperation, word: "action"},
	"groups":         {role: roleGroups, word: "groups"},
	"permissions":    {role: roleGroups, word: "groups"},
	"quota":          {role: roleGroups, word: "groups"},
	"admin":          {role: roleGroups, word: "groups"},
	"isadmin":        {role: roleGroups, word: "groups"},
	"method":         {role: roleOperation, word: "method"},
	"jsonrpc":        {role: roleRPC, word: "jsonrpc"},
	"query":          {role: roleDocument, word: "query"},
}

// lexiconTable is the lexicon for [lookup].
var lexiconTable = makeWordTable(lexicon)

func build(words map[sense]string) map[string]term {
	m := make(map[string]term, 400)
	for s, list := range words {
		for w := range strings.FieldsSeq(list) {
			m[w] = term{text: w, sense: m[w].sense | s}
		}
	}
	for w := range soleNames {
		m[w] = term{text: w, sense: m[w].sense, sole: true}
	}
	return m
}

// stems are long enough to be believed anywhere in a word written without
// separators. The rest of the word may modify them.
var stems = []string{"password", "passwd", "passwort", "passphrase"}

// stemStart is how all of them begin.
var stemStart = []byte("pass")

// stemModifiers are looked for around a stem.
var stemModifiers = []struct {
	text  string
	sense sense
}{
	{"confirm", isConfirm},
	{"repeat", isConfirm},
	{"again", isConfirm},
	{"verify", isConfirm},
	{"retype", isConfirm},
	{"old", isOld},
	{"current", isOld},
	{"new", isNew},
	{"hint", isNot},
	{"strength", isNot},
	{"less", isNot},
	{"forgot", isNot},
	{"reset", isNot},
	{"remember", isNot},
	{"show", isNot},
	{"policy", isNot},
	{"token", isNot},
}

// modifierLetters are the letters of each, by which most are ruled out.
var modifierLetters = func() (sets []uint32) {
	for _, m := range stemModifiers {
		sets = append(sets, lettersOf([]byte(m.text)))
	}
	return sets
}()

// lettersOf is the set of the small letters of ASCII in a word.
func lettersOf(word []byte) (set uint32) {
	for _, c := range word {
		if isLower(c) {
			set |= 1 << (c - 'a')
		}
	}
	return set
}

// lookup returns the entry of a lower-case word; the zero term for unknown
// words. It does not allocate.
func lookup(word []byte) term {
	if t, ok := lexiconTable.lookup(word); ok {
		return t
	}
	if len(word) <= 2 {
		return term{sense: isShort}
	}
	if len(word) <= len("passwd") || !bytes.Contains(word, stemStart) {
		return lookupUser(word)
	}
	for _, stem := range stems {
		i := bytes.Index(word, []byte(stem))
		if i < 0 {
			continue
		}
		t := term{text: stem, sense: isPassword}
		before, after := word[:i], word[i+len(stem):]
		if string(before) == "re" {
			t.sense |= isConfirm
		}
		around := lettersOf(before) | lettersOf(after)
		for i, m := range stemModifiers {
			if modifierLetters[i]&^around != 0 {
				continue
			}
			if bytes.Contains(before, []byte(m.text)) || bytes.Contains(after, []byte(m.text)) {
				t.sense |= m.sense
			}
		}
		return t
	}
	return term{}
}

// userStems are believed at the end of a word written without separators, or
// before a filler.
var userStems = []string{"username", "email", "userid"}

// lookupUser finds usernames in longer words: usernamefld, regemail. What stands
// around the stem may modify it.
func lookupUser(word []byte) term {
	for _, stem := range userStems {
		var around term
		switch {
		case len(word) <= len(stem):
			continue
		case string(word[len(word)-len(stem):]) == stem:
			around = lexicon[string(word[:len(word)-len(stem)])]
		case string(word[:len(stem)]) == stem:
			if around = lexicon[string(word[len(stem):])]; around.sense == 0 {
				continue
			}
		default:
			continue
		}
		t := lexicon[stem]
		t.sense |= around.sense &^ (isUser | isEmail | isLogin | isPassword | isPass)
		return t
	}
	// lgname: a prefix of one or two letters
	if n := len(word) - len("name"); n > 0 && n <= 2 && string(word[n:]) == "name" && (n == 2 || !personal(word[0])) {
		return lexicon["username"]
	}
	return term{}
}

// personal tells the first letter of fname, lname, sname and mname.
func personal(c byte) bool { return c == 'f' || c == 'l' || c == 's' || c == 'm' || c == 'd' }
