package recognize

import (
	"bytes"
	"slices"
	"strings"

	"github.com/doorward/doorward/config"
)

// submitWords are what buttons that log in, sign up or save say, beside the
// words of paths.
var submitWords = buildPathWords(map[pathSense]string{
	saysLogin: `connecter identifier ingresar sesion sesión autenticar acessar zaloguj zalogovat logga kirjaudu
		prihlasit přihlásit přihlaste prijava prijavi belépés bejelentkezés autentificare conectare увійти войти
		авторизоваться ログイン サインイン 로그인 登錄 登录 登入 đăng nhập login`,
	saysSignup: `inscrire registrarse regístrate registrarte cadastrar registrera zarejestruj registrovat
		rekisteröidy зарегистрироваться зареєструватися 登録 新規登録 註冊 注册 회원가입 가입`,
	saysManage: `apply store speichern anwenden hinzufügen ändern übernehmen enregistrer ajouter modifier
		guardar agregar salvar adicionar salva aggiungi opslaan toevoegen zapisz dodaj spara lagre gem tallenna
		uložit сохранить добавить зберегти kaydet ekle 保存 添加 追加 저장 추가`,
})

// buttonSense is what the text of a button says.
func buttonSense(text string) pathSense {
	text = strings.TrimSpace(text)
	text = text[:min(len(text), maxButtonText)]
	says := senseOfWords(text)
	var buf [maxName + 4]byte
	s := splitter[string]{text: text, camel: true}
	for word := s.next(buf[:0]); word != nil; word = s.next(buf[:0]) {
		says |= submitWords[string(word)]
	}
	return says
}

// labelSense is what id, class and name of a form say. new_user is what Rails
// calls the form of any new object of that name, a session included.
func labelSense(tag formTag) pathSense {
	says := senseOfWords(tag.id) | senseOfWords(tag.class) | senseOfWords(tag.name) | senseOfWords(tag.label)
	if says&saysManage != 0 {
		says &^= saysSignup
	}
	return says
}

// pageKeys are names of query parameters by which scripts choose a page, beside
// those that name an operation.
var pageKeys = wordSet(`page p view title module mod controller screen section tab step option a m act func function q path`)

// senseOfQuery is what a query names as the thing to do or the page to show:
// action=register, title=Special:UserLogin, ?login, ?/login.
func senseOfQuery(query string) (says pathSense) {
	query = query[:min(len(query), maxPath)]
	for pair := range strings.SplitSeq(query, "&") {
		key, value, valued := strings.Cut(pair, "=")
		switch {
		case !valued || strings.HasPrefix(key, "/"):
			says |= senseOfWords(key[:min(len(key), maxName)])
		case len(key) > maxName:
		case glance(key).role == roleOperation, pageKeys[key]:
			says |= senseOfWords(value[:min(len(value), maxName)])
		}
	}
	return says
}

// places are what the parts of a page say about a form, the nearest first:
// button, what the query names as the thing to do, action, page, and the
// labels of the form.
type places [5]pathSense

const (
	tellsKind = saysLogin | saysSignup | saysReset | saysForgot
	tellsNone = saysManage | saysSelf | saysEnable | saysChange | saysMFA | saysInvite | saysUsers
)

// first returns what the nearest place says that says one thing, 0 for nothing.
// With halt it is also 0 when a nearer place says that something else than a
// login or signup is done.
func (p *places) first(halt bool) pathSense {
	for _, says := range p {
		switch k := says & tellsKind; {
		case k == saysLogin, k == saysSignup:
			return k
		case k != 0 && k&^(saysReset|saysForgot) == 0:
			return saysReset
		case k == 0 && halt && says&tellsNone != 0:
			return tellsNone
		}
	}
	return 0
}

func (p *places) union() (all pathSense) {
	for _, says := range p {
		all |= says
	}
	return all
}

// kind tells what a form is for; KindNone when that is not clear. Forms with a
// password are for a lot besides logins: settings of mail servers, accounts an
// admin creates, profiles. So some word or autocomplete attribute must say what
// it is, or the form be nothing but a user name and a password.
func (t *formTally) kind(p *places) config.Kind {
	switch n := len(t.passwords); {
	case n == 0, n > 3:
		return config.KindNone
	case n > 1 && (t.old > 0 || t.current > 0 && t.fresh > 0):
		return config.KindPasswordChange
	case n > 1:
		return t.kindOfTwo(p)
	}
	return t.kindOfOne(p)
}

// kindOfOne is for forms with one password.
func (t *formTally) kindOfOne(p *places) config.Kind {
	named := len(t.users) > 0
	switch says := p.first(true); {
	case says == saysLogin:
		return config.KindLogin
	case says == saysSignup && named && t.current == 0:
		return config.KindSignup
	case says == saysReset && t.current == 0 && (t.fresh > 0 || t.proof):
		return config.KindReset
	case says != 0 || !named || t.fresh > 0:
	case t.current > 0, t.known && t.typed == 1 && p.union()&saysAdmin == 0:
		return config.KindLogin
	}
	return config.KindNone
}

// kindOfTwo is for forms with two passwords, none of them old.
func (t *formTally) kindOfTwo(p *places) config.Kind {
	says := p.first(false)
	switch {
	case says == saysReset:
		return config.KindReset
	case len(t.users) == 0:
		return t.kindOfRenewal(p, says)
	case says == saysSignup && (p.union()&saysAdmin == 0 || p.union()&saysSetup != 0):
		return config.KindSignup
	}
	return config.KindNone
}

// kindOfRenewal is for forms with two passwords and no user.
func (t *formTally) kindOfRenewal(p *places, says pathSense) config.Kind {
	all := p.union()
	switch {
	case all&saysAdmin != 0:
	case t.proof && says == 0 && all&saysPassword != 0:
		return config.KindReset
	case !t.proof && ((p[0]|p[1])&saysChange != 0 || says == 0 && all&saysChange != 0):
		return config.KindPasswordChange
	}
	return config.KindNone
}

// finish makes what is told of a form: one Form for the address it is sent to,
// and one for each button that sends it elsewhere.
func (f *rawForm) finish(page *pageAddress) []Form {
	if f.dialog {
		return nil
	}
	t := f.tally()
	if len(t.passwords) == 0 {
		return nil
	}
	var forms []Form
	for _, target := range f.targets() {
		path, query, ok := page.resolve(target.action)
		if !ok {
			continue
		}
		p := places{target.says, senseOfQuery(query), senseOfPath(path), senseOfPath(page.path) | senseOfQuery(page.query), f.label}
		t := t
		t.proof = t.proof || holdsProof(query) || holdsProof(page.query)
		if k := t.kind(&p); k != config.KindNone {
			made := t.form(k, f.method(), path)
			made.operation, made.choices = p[1], t.choices
			forms = append(forms, made)
		}
	}
	return forms
}

func (f *rawForm) method() string {
	if f.post {
		return "POST"
	}
	return "GET"
}

// targets are the addresses a form can be sent to, each with what its buttons
// say.
func (f *rawForm) targets() []formButton {
	own := formButton{action: f.action}
	var list []formButton
	sent := len(f.buttons) == 0
	for _, b := range f.buttons {
		if b.action == "" || b.action == f.action {
			own.says, sent = own.says|b.says, true
			continue
		}
		if i := slices.IndexFunc(list, func(o formButton) bool { return o.action == b.action }); i >= 0 {
			list[i].says |= b.says
		} else {
			list = append(list, b)
		}
	}
	if !sent {
		return list
	}
	return append([]formButton{own}, list...)
}

// isProof reports whether a field's name may be that of the token that a reset
// mail brings, and not of one against forgery.
func isProof(name []byte) bool {
	for _, guard := range forgeryGuards {
		if holdsFold(string(name), guard) {
			return false
		}
	}
	return nameOf(lastOfName(string(name[:min(len(name), maxHolder)]))).role == roleToken
}

var forgeryGuards = []string{"csrf", "xsrf", "authenticity", "nonce", "verificationtoken", "form"}

func holdsProof(query string) bool {
	for pair := range bytes.SplitSeq([]byte(query[:min(len(query), maxPath)]), []byte("&")) {
		if key, _, _ := bytes.Cut(pair, []byte("=")); isProof(key) {
			return true
		}
	}
	return false
}
