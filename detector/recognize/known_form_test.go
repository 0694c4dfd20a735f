package recognize

import (
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward/config"
)

// served puts the forms of a page in front of a request, as a FormBook does.
func served(r *Request, forms ...Form) *Request {
	var b FormBook
	for i := range forms {
		forms[i].Method, forms[i].Path = r.Method, r.Path
		b.Learn(forms[i : i+1])
	}
	r.Form = b.Lookup(r.Method, r.Path)
	return r
}

func TestFieldsOfServedForms(t *testing.T) {
	t.Parallel()
	odd := formAt(config.KindLogin, "POST /", "x1", "x2")
	nested := formAt(config.KindLogin, "POST /", "f[a]", "f[b]")
	mail := formAt(config.KindLogin, "POST /", "email", "secret_word")
	bob := login("username=bob", "s3cret")
	twoUsers := wantAttempt{kind: config.KindLogin, ids: []string{"username=bob", "email=a@x.test"}, secrets: []string{"s3cret"}, ambiguous: true}
	twoSecrets := wantAttempt{kind: config.KindLogin, ids: []string{"username=bob"}, secrets: []string{"decoy", "s3cret"}, ambiguous: true}
	empty := wantAttempt{kind: config.KindLogin, ids: []string{"username=bob"}, missing: true}
	nobody := wantAttempt{kind: config.KindLogin, secrets: []string{"s3cret"}, missing: true}
	alone := wantAttempt{kind: config.KindLogin, secrets: []string{"s3cret"}}
	query := bob
	query.inQuery = true
	checkForms(t, []attemptRow{
		{"names that say nothing", served(formPost("/", "x1=bob&x2=s3cret"), odd), bob},
		{"in another letter case", served(formPost("/", "X1=bob&X2=s3cret"), odd), bob},
		{"nested", served(formPost("/", "f%5Ba%5D=bob&f.b=s3cret"), nested), bob},
		{"JSON", served(jsonPost("/", `{"f":{"a":"bob","b":"s3cret"}}`), nested), bob},
		{"in the query", served(asked("GET /?x1=bob&x2=s3cret", "", ""), odd), query},
		{"a user beside that of the form", served(formPost("/", "email=a@x.test&x1=bob&x2=s3cret"), odd), twoUsers},
		{"a password beside that of the form", served(formPost("/", "password=decoy&x1=bob&x2=s3cret"), odd), twoSecrets},
		{"a repetition beside that of the form", served(formPost("/login", "password2=decoy&x1=bob&x2=s3cret"), odd), twoSecrets},
		{"empty password", served(formPost("/", "x1=bob&x2="), odd), empty},
		{"empty user", served(formPost("/", "x1=&x2=s3cret"), odd), nobody},
		{"password alone", served(formPost("/", "x2=s3cret"), odd), alone},
		{"none of its fields", served(formPost("/", "x3=bob&x4=s3cret"), odd), wantAttempt{}},
		{"user alone", served(formPost("/", "x1=bob"), odd), wantAttempt{}},
		{"no form", formPost("/", "x1=bob&x2=s3cret"), wantAttempt{}},
		{"one odd name", served(formPost("/", "email=a@x.test&secret_word=s3cret"), mail), login("email=a@x.test", "s3cret")},
		{"an operator", served(formPost("/", "x1=bob&x2[$ne]=s3cret"), odd), wantAttempt{}},
	})
}

func TestTheButtonTellsFormsOfTheSameFieldsApart(t *testing.T) {
	t.Parallel()
	signup := formAt(config.KindSignup, "POST /app", "name email", "password password2")
	login := formAt(config.KindLogin, "POST /app", "name", "password")
	const fields = "name=bob&email=a%40x.test&password=x1&password2=x1"
	for _, row := range []struct {
		name   string
		target string
		body   string
		want   config.Kind
	}{
		{"of a signup", "/app", fields + "&submit=Register", config.KindSignup},
		{"of no name", "/app", fields, config.KindSignup},
		{"of a login", "/app", fields + "&submit=Log+in", config.KindLogin},
		{"of the preferences", "/app", fields + "&submit=Save+Preferences", config.KindPasswordChange},
		{"of a login where one signs up", "/register", fields + "&submit=Log+in", config.KindSignup},
		{"of the preferences where one signs up", "/register", fields + "&submit=Save+Preferences", config.KindSignup},
		{"of the preferences beside a guess", "/app", "name=bob&password=x1&submit=Save+Preferences", config.KindLogin},
		{"of a signup beside nothing", "/app", "name=&password=&submit=Register", config.KindNone},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, ok := Automatic(served(formPost(row.target, row.body), signup, login))
			if !ok {
				c.Kind = config.KindNone
			}
			if c.Kind != row.want {
				t.Errorf("kind %s, want %s (%v)", c.Kind, row.want, c.Evidence)
			}
		})
	}
}

func TestAFormMayLetOneChooseToSignUp(t *testing.T) {
	t.Parallel()
	const page = `<form method=post action=/login><input type=radio name=loginType value=login checked>
		<input type=radio name=loginType value=register><input name=username><input type=password name=password><button>Login</button></form>`
	chosen := FormsIn([]byte(page), "/login", "", "app.test")
	plain := formAt(config.KindLogin, "POST /login", "username", "password")
	const fields = "username=bob&password=x1&loginType="
	for _, row := range []struct {
		name  string
		body  string
		forms []Form
		want  config.Kind
	}{
		{"signup", fields + "register", chosen, config.KindSignup},
		{"login", fields + "login", chosen, config.KindLogin},
		{"both", fields + "register&loginType=login", chosen, config.KindLogin},
		{"a form without the choice", fields + "register", []Form{plain}, config.KindLogin},
	} {
		c, _ := Automatic(served(formPost("/login", row.body), row.forms...))
		if c.Kind != row.want {
			t.Errorf("%s: %s, want %s", row.name, c.Kind, row.want)
		}
	}
}

// checkForms is checkRows without MayCarry, which cannot know forms.
func checkForms(t *testing.T, rows []attemptRow) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, ok := Automatic(row.req)
			row.want.check(t, c, ok)
		})
	}
}

func TestKindOfServedForms(t *testing.T) {
	t.Parallel()
	var (
		in     = formAt(config.KindLogin, "", "email", "password")
		signup = formAt(config.KindSignup, "", "email", "password password2")
		short  = formAt(config.KindSignup, "", "email", "password")
		reset  = formAt(config.KindReset, "", "", "p1 p2")
		alone  = formAt(config.KindLogin, "", "", "password")
		renew  = formAt(config.KindPasswordChange, "", "", "password n1 n2")
		change = formAt(config.KindPasswordChange, "", "email", "old_password password password2")
	)
	const (
		one   = "email=a@x.test&password=x1"
		two   = one + "&password2=x1"
		three = two + "&old_password=x0"
	)
	for _, row := range []struct {
		name, target, body string
		forms              []Form
		want               config.Kind
	}{
		{"login where the path says signup", "/register", one, []Form{in}, config.KindLogin},
		{"login where the path says settings", "/settings", one, []Form{in}, config.KindLogin},
		{"signup where the path says nothing", "/", one, []Form{short}, config.KindSignup},
		{"signup where the path says settings", "/settings", two, []Form{signup}, config.KindSignup},
		{"signup at a login", "/login", two, []Form{signup}, config.KindSignup},
		{"signup with one password at a login", "/login", one, []Form{short}, config.KindLogin},
		{"half of a signup", "/", one, []Form{signup}, config.KindLogin},
		{"login of two forms", "/", one, []Form{in, signup}, config.KindLogin},
		{"signup of two forms", "/", two, []Form{in, signup}, config.KindSignup},
		{"signup around a guess at a login", "/login", two, []Form{in, signup}, config.KindLogin},
		{"two forms with the same fields", "/", one, []Form{short, in}, config.KindLogin},
		{"a field that names the operation", "/", one + "&action=register", []Form{short, in}, config.KindSignup},
		{"reset at a login", "/login", "p1=x1&p2=x1", []Form{in, reset}, config.KindReset},
		{"reset around a guess at a login", "/login", "password=x1&p1=x1&p2=x1", []Form{in, reset}, config.KindLogin},
		{"reset with another password", "/login", "pwd=x1&p1=x1&p2=x1", []Form{reset}, config.KindLogin},
		{"change at a login, with a field of it", "/login", "password=x0&n1=x1&n2=x1", []Form{in, renew}, config.KindPasswordChange},
		{"change around a guess at a login", "/login", "email=a@x.test&password=x0&n1=x1&n2=x1", []Form{in, renew}, config.KindLogin},
		{"change around a guess at a login without a user", "/login", "password=x0&n1=x1&n2=x1", []Form{alone, renew}, config.KindLogin},
		{"signup where only a login is known", "/", two, []Form{in}, config.KindSignup},
		{"change without the old password", "/users", two + "&old_password=", []Form{change, signup}, config.KindPasswordChange},
		{"change", "/users", three, []Form{change, signup}, config.KindPasswordChange},
		{"signup beside a change", "/users", two, []Form{change, signup}, config.KindSignup},
		{"a new password left out", "/", "old_password=x0&password=&password2=", []Form{formAt(config.KindPasswordChange, "", "", "old_password password password2")}, config.KindPasswordChange},
		{"a profile with a new password", "/", "email=a@x.test&old_password=x0&password=x1&password2=x1", []Form{change}, config.KindPasswordChange},
	} {
		c, ok := Automatic(served(formPost(row.target, row.body), slices.Clone(row.forms)...))
		if !ok || c.Kind != row.want {
			t.Errorf("%s: %t, %s (%q), want %s", row.name, ok, c.Kind, c.Evidence, row.want)
		}
	}
}

// Where forms of one address differ in its query, the app goes by that, not by
// the fields that happen to come.
func TestFormsToldApartByTheQuery(t *testing.T) {
	t.Parallel()
	page := `<form method=post action="/index.php?do=login"><input name=user1><input type=password name=pw></form>
		<form method=post action="/index.php?do=register"><input name=user1><input type=password name=pw><input type=password name=again></form>`
	var b FormBook
	b.Learn(FormsIn([]byte(page), "/", "", "app.test"))
	for _, row := range []struct {
		target string
		want   config.Kind
	}{
		{"/index.php?do=login", config.KindLogin},
		{"/index.php", config.KindLogin},
		{"/index.php?do=register", config.KindSignup},
	} {
		r := formPost(row.target, "user1=bob&pw=x1&again=x1")
		r.Form = b.Lookup(r.Method, r.Path)
		if c, ok := Automatic(r); !ok || c.Kind != row.want {
			t.Errorf("%s: %t, %s (%q), want %s", row.target, ok, c.Kind, c.Evidence, row.want)
		}
	}
}

func TestServedFormsRaiseConfidence(t *testing.T) {
	t.Parallel()
	form := formAt(config.KindLogin, "", "x1", "x2")
	for _, row := range []struct {
		name, body string
		want       float32
	}{
		{"user and password", "x1=bob&x2=s3cret", sureLoginPath},
		{"password alone", "x2=s3cret", sureAuthPath},
	} {
		c, _ := Automatic(served(formPost("/", row.body), form))
		if c.Confidence != row.want || !slices.Contains(c.Evidence, "the app served a login form for this address") {
			t.Errorf("%s: %.2f (%q), want %.2f and the form as evidence", row.name, c.Confidence, c.Evidence, row.want)
		}
		for _, e := range c.Evidence {
			if strings.Contains(e, "x1") || strings.Contains(e, "x2") {
				t.Errorf("%s: %q has the name of a field", row.name, e)
			}
		}
	}
}

// A form that was not made by FormsIn serves as well.
func TestFormMadeByHand(t *testing.T) {
	t.Parallel()
	r := formPost("/", "x1=bob&x2=s3cret")
	form := formAt(config.KindLogin, "POST /", "x1", "x2")
	r.Form = &form
	c, ok := Automatic(r)
	login("username=bob", "s3cret").check(t, c, ok)
}

// Not parallel: it counts allocations.
func TestServedFormCostsNothingElsewhere(t *testing.T) {
	r := formPost("/", "post=7&comment=a+long+comment&_wpnonce=0a1b2c")
	without := testing.AllocsPerRun(100, func() { Automatic(r) })
	served(r, formAt(config.KindLogin, "", "x1", "x2"))
	if with := testing.AllocsPerRun(100, func() { Automatic(r) }); with > without {
		t.Errorf("%.0f allocations for a request that is no attempt, %.0f without a form", with, without)
	}
}
