package recognize

import (
	"fmt"
	"strings"
	"testing"

	"github.com/doorward/doorward/config"
)

// formAt is a form as tests write it.
func formAt(kind config.Kind, address, users, passwords string) Form {
	method, path, _ := strings.Cut(address, " ")
	return Form{Kind: kind, Method: method, Path: path, Identifiers: strings.Fields(users), Passwords: strings.Fields(passwords)}
}

// formTexts is forms as errors show them, one in a line.
func formTexts(forms []Form) string {
	var b strings.Builder
	for _, f := range forms {
		fmt.Fprintf(&b, "%s %s %s user %q password %q\n", f.Kind, f.Method, f.Path, f.Identifiers, f.Passwords)
	}
	return b.String()
}

type pageRow struct {
	name string
	url  string // path and query, "" for /welcome
	page string
	want []Form
}

func checkPages(t *testing.T, rows []pageRow) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			path, query, _ := strings.Cut(row.url, "?")
			if path == "" {
				path = "/welcome"
			}
			got := FormsIn([]byte(row.page), path, query, "app.test")
			if got, want := formTexts(got), formTexts(row.want); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

// userAndPassword are the fields of the forms below.
const userAndPassword = `<input name=who autocomplete=username><input type=password name=secret_word>`

func TestWhereFormsLead(t *testing.T) {
	t.Parallel()
	form := func(attributes string) string {
		return `<form ` + attributes + `>` + userAndPassword + `<button>Log in</button></form>`
	}
	to := func(address string) []Form { return []Form{formAt(config.KindLogin, address, "who", "secret_word")} }
	checkPages(t, []pageRow{
		{"no action and no method", "/a/b?x=1", form(``), to("GET /a/b")},
		{"empty action", "/a/b", form(`method=post action=""`), to("POST /a/b")},
		{"fragment", "/a/b", form(`method=post action="#"`), to("POST /a/b")},
		{"query only", "/a/b", form(`method=post action="?/login"`), to("POST /a/b")},
		{"absolute path", "", form(`METHOD=POST ACTION=/session/start`), to("POST /session/start")},
		{"relative path", "/a/b", form(`method=post action=c`), to("POST /a/c")},
		{"path upwards", "/a/b/c", form(`method=post action="../../d/./e"`), to("POST /d/e")},
		{"escapes and references", "", form(`method=post action="/a%20b?x=1&amp;y=2"`), to("POST /a b")},
		{"this host with a port", "", form(`method=post action="https://APP.test:8443/in"`), to("POST /in")},
		{"this host without a path", "", form(`method=post action="//app.test"`), to("POST /")},
		{"another host", "", form(`method=post action="https://sso.test/in"`), nil},
		{"another host without a scheme", "", form(`method=post action="//sso.test/in"`), nil},
		{"script", "", form(`method=post action="javascript:go()"`), nil},
		{"mail", "", form(`method=post action="mailto:a@app.test"`), nil},
		{"no address", "", form(`method=post action="http://[::1"`), nil},
		{"dialog", "", form(`method=dialog`), nil},
		{"unknown method", "/in", form(`method=put`), to("GET /in")},
		{"sent by htmx", "/in", form(`hx-post="/session"`), to("POST /session")},
		{"base", "/a", `<base target=_top><base href="/app/"><base href="/no/">` + form(`method=post action=in`), to("POST /app/in")},
		{"base and an empty action", "/a", `<base href="/app/">` + form(`method=post`), to("POST /a")},
		{"base of another host", "/a", `<base href="//cdn.test/">` + form(`method=post action=in`), nil},
		{"base of another host and an own address", "/a", `<base href="//cdn.test/">` + form(`method=post action="//app.test/in"`), to("POST /in")},
		{"unreadable base", "/a", `<base href="http://[x">` + form(`method=post action=in`), nil},
		{"long query", "", form(`method=post action="/in?x=` + strings.Repeat("a", maxPath) + `"`), to("POST /in")},
		{"long path", "", form(`method=post action="/` + strings.Repeat("a", maxPath) + `"`), nil},
	})
}

func TestButtonsThatLeadElsewhere(t *testing.T) {
	t.Parallel()
	page := func(buttons string) string {
		return `<form method=post action=/in id=f><input type=email name=e><input type=password name=x>` + buttons + `</form>`
	}
	login, signup := formAt(config.KindLogin, "POST /in", "e", "x"), formAt(config.KindSignup, "POST /new", "e", "x")
	checkPages(t, []pageRow{
		{"one more", "", page(`<button>Log in</button><button formaction="/new">Sign up</button>`), []Form{login, signup}},
		{"all", "", page(`<button formaction="/in">Log in</button><input type=submit formaction="/new" value="Sign up">`), []Form{login, signup}},
		{"none is sent to the form's own", "", page(`<button formaction="/new">Sign up</button>`), []Form{signup}},
		{"a button outside", "", page(``) + `<button form=f>Log in</button>`, []Form{login}},
		{"a button that sends nothing", "", page(`<button type=button formaction="/new">Sign up</button><button type=reset>x</button>`), []Form{login}},
		{"a disabled button", "", page(`<button>Log in</button><button disabled formaction="/new">Sign up</button>`), []Form{login}},
	})
}

func TestWhatFormsAreFor(t *testing.T) {
	t.Parallel()
	form := func(attributes, fields, button string) string {
		return `<form method=post ` + attributes + `>` + fields + `<button>` + button + `</button></form>`
	}
	const (
		one    = `<input name=a1><input type=password name=b1>`
		two    = `<input name=a1><input type=password name=b1><input type=password name=b2>`
		alone  = `<input type=password name=b1>`
		couple = `<input type=password name=b1><input type=password name=b2>`
	)
	is := func(kind config.Kind, address, users, passwords string) []Form {
		return []Form{formAt(kind, "POST "+address, users, passwords)}
	}
	checkPages(t, []pageRow{
		{"button", "", form(``, one, `Sign in`), is(config.KindLogin, "/welcome", "a1", "b1")},
		{"button in another language", "", form(``, one, `Se connecter`), is(config.KindLogin, "/welcome", "a1", "b1")},
		{"old submit button", "", form(``, one+`<input type=submit value="Log on">`, ``), is(config.KindLogin, "/welcome", "a1", "b1")},
		{"action", "", form(`action=/users/sign_in id=new_user class=new_user`, one, `Go`), is(config.KindLogin, "/users/sign_in", "a1", "b1")},
		{"query of the action", "", form(`action="/index.php?do=login"`, one, `OK`), is(config.KindLogin, "/index.php", "a1", "b1")},
		{"page", "/login", form(`action=/check`, one, `Continue`), is(config.KindLogin, "/check", "a1", "b1")},
		{"page by its query", "/index.php?title=Special:UserLogin", form(``, one, `Continue`), is(config.KindLogin, "/index.php", "a1", "b1")},
		{"label", "", form(`id=loginForm`, one, `Go`), is(config.KindLogin, "/welcome", "a1", "b1")},
		{"current password", "", form(``, `<input name=a1><input type=password name=b1 autocomplete="section-x current-password webauthn">`, `Go`), is(config.KindLogin, "/welcome", "a1", "b1")},
		{"nothing but user and password", "", form(``, `<input name=userid><input type=password name=b1><input type=checkbox name=c>`, `Go`), nil},
		{"only user and password", "", form(``, `<input name=userid><input type=password name=b1>`, `Go`), is(config.KindLogin, "/welcome", "userid", "b1")},
		{"unknown user and password", "", form(``, one, `Go`), nil},
		{"password alone", "", form(``, alone, `Log in`), is(config.KindLogin, "/welcome", "", "b1")},
		{"password alone elsewhere", "", form(``, alone, `Open`), nil},
		{"login that refuses the password manager", "", form(``, `<input name=name><input type=password name=b1 autocomplete=new-password>`, `Sign in`), is(config.KindLogin, "/welcome", "name", "b1")},
		{"signup", "", form(``, two, `Create account`), is(config.KindSignup, "/welcome", "a1", "b1 b2")},
		{"signup with one password", "/register", form(``, one, `Go`), is(config.KindSignup, "/register", "a1", "b1")},
		{"signup beside words of a login", "/login", form(``, two, `Sign up`), is(config.KindSignup, "/login", "a1", "b1 b2")},
		{"two passwords and no word", "", form(``, two, `Go`), nil},
		{"reset", "/reset", form(``, couple, `Go`), is(config.KindReset, "/reset", "", "b1 b2")},
		{"reset by a button that says change", "/reset/NQ/set-password", form(``, couple, `Change my password`), is(config.KindReset, "/reset/NQ/set-password", "", "b1 b2")},
		{"reset with the mail address", "", form(`action=/password/reset`, two, `Go`), is(config.KindReset, "/password/reset", "a1", "b1 b2")},
		{"reset by its token", "/users/password/edit?reset_token=x", form(`action=/users/password`, couple, `Change my password`), is(config.KindReset, "/users/password", "", "b1 b2")},
		{"reset with one password", "/reset", form(``, `<input type=password name=b1 autocomplete=new-password>`, `Go`), is(config.KindReset, "/reset", "", "b1")},
		{"change by names", "", form(``, `<input type=password name=old_password><input type=password name=b1><input type=password name=b2>`, `Go`), is(config.KindPasswordChange, "/welcome", "", "old_password b1 b2")},
		{"change by autocomplete", "", form(``, `<input type=password name=b1 autocomplete=current-password><input type=password name=b2 autocomplete=new-password>`, `Go`), is(config.KindPasswordChange, "/welcome", "", "b1 b2")},
		{"change at a login", "/login", form(``, alone+`<input type=password name=n1><input type=password name=n2>`, `Change password`), is(config.KindPasswordChange, "/login", "", "b1 n1 n2")},
		{"change by its button", "/account/password", form(``, couple, `Change`), is(config.KindPasswordChange, "/account/password", "", "b1 b2")},
	})
}

func TestFormsThatTeachNothing(t *testing.T) {
	t.Parallel()
	form := func(attributes, fields, button string) string {
		return `<form method=post ` + attributes + `>` + fields + `<button>` + button + `</button></form>`
	}
	const one = `<input name=username><input type=password name=b1>`
	const two = one + `<input type=password name=b2>`
	checkPages(t, []pageRow{
		{"an admin adds a user", "/admin/users/add", form(``, two, `Save`), nil},
		{"an admin registers a user", "/admin/register", form(``, two, `Register`), nil},
		{"an admin adds a user with one password", "/users/new", form(``, one, `Create`), nil},
		{"a new user by the words of a page", "", form(`id=new_user`, two, `Go`), nil},
		{"an account of a mail server", "/settings/mail", form(``, `<input name=smtp_host>`+one, `Save`), nil},
		{"an account of a mail server, without words", "/mail", form(``, `<input name=host>`+one, `OK`), nil},
		{"a profile", "/profile", form(``, one, `OK`), nil},
		{"a profile in another language", "", form(``, one, `Speichern`), nil},
		{"saving a profile", "", form(``, `<input name=username><input type=password name=b1 autocomplete=current-password>`, `Save`), nil},
		{"deleting an account", "", form(``, `<input type=password name=b1>`, `Delete`), nil},
		{"second factor", "/login", form(``, `<input type=password name=x autocomplete=one-time-code>`, `Log in`), nil},
		{"second factor by name", "/login", form(``, `<input type=password name=otp>`, `Log in`), nil},
		{"no password", "/login", form(``, `<input name=username><p>no password yet`, `Log in`), nil},
		{"a hidden password", "/login", form(``, `<input name=username><input type=password name=b1 style="display: none">`, `Log in`), nil},
		{"a disabled password", "/login", form(``, `<input name=username><input type=password name=b1 disabled>`, `Log in`), nil},
		{"more passwords than anyone fills in", "/reset", form(``, strings.Repeat(`<input type=password name=b>`, 4), `Go`), nil},
		{"an account on the page of an admin", "/admin/feeds", form(``, one, `Go`), nil},
		{"a token against forgery is none of a reset", "/users/password", form(``, `<input type=hidden name=authenticity_token><input type=password name=b1><input type=password name=b2>`, `Go`), nil},
		{"fields of a script", "/login", one + `<button>Log in</button>`, nil},
		{"a script", "/login", `<script>'` + form(``, one, `Log in`) + `'</script>`, nil},
		{"a comment", "/login", `<!--` + form(``, one, `Log in`) + `-->`, nil},
		{"a template", "/login", `<template><template></template>` + form(``, one, `Log in`) + `</template>`, nil},
		{"a text", "/login", `<textarea>` + form(``, one, `Log in`) + `</textarea>`, nil},
	})
}

func TestFieldsOfForms(t *testing.T) {
	t.Parallel()
	form := func(fields string) string {
		return `<form method=post action=/in>` + fields + `<button>Log in</button></form>`
	}
	is := func(users, passwords string) []Form {
		return []Form{formAt(config.KindLogin, "POST /in", users, passwords)}
	}
	const secret = `<input type=PASSWORD name=s1>`
	checkPages(t, []pageRow{
		{"by autocomplete", "", form(`<input name=q1><input name=q2 autocomplete=username><input name=q3>` + secret), is("q2", "s1")},
		{"by name", "", form(`<input name="auth[server]"><input name="auth[username]"><input name="auth[db]">` + secret), is("auth[username]", "s1")},
		{"the last text before the password", "", form(`<input name=q1><input type=text name=q2>` + secret + `<input name=q3>`), is("q2", "s1")},
		{"of an unknown type", "", form(`<input type=name name=q1>` + secret), is("q1", "s1")},
		{"a choice", "", form(`<select name=q1><option>a</select>` + secret), is("q1", "s1")},
		{"a person's name is none", "", form(`<input name=q1><input name=q2 autocomplete=given-name>` + secret), is("q1", "s1")},
		{"traps", "", form(`<input name=q1><input name=email style="display:none"><input name=user aria-hidden=true><input name=login tabindex=-1><input name=phone hidden>` + secret), is("q1", "s1")},
		{"a reachable password in any case", "", form(`<input name=q1><input type=password name=s1 tabindex=-1>`), is("q1", "s1")},
		{"shown in clear", "", form(`<input name=q1><input type=text name=s1 autocomplete=current-password>`), is("q1", "s1")},
		{"second step of a login", "", form(`<input type=hidden name=token value=x><input type=hidden name=email value=a@x.test>` + secret), is("email", "s1")},
		{"a hidden flag is no user", "", form(`<input type=hidden name=login value=1>` + secret), is("", "s1")},
		{"a hidden user beside two passwords", "", `<form method=post action=/reset><input type=hidden name=email value=a@x.test><input type=password name=s1><input type=password name=s2></form>`, []Form{formAt(config.KindReset, "POST /reset", "", "s1 s2")}},
		{"a user beside a hidden one", "", form(`<input type=hidden name=email value=a@x.test><input name=userid>` + secret), is("userid", "s1")},
		{"without a name", "", form(`<input name=q1><input id=x>` + secret + `<input type=password>`), is("q1", "s1")},
		{"outside of the form", "", `<form id=f method=post action=/in></form><input form=f name=q1><input form=f type=password name=s1><input form=g name=user>`, nil},
		{"outside of the form, with a word", "", `<input form=login name=q1><input form=login type=password name=s1><form id=login method=post action=/in></form>`, is("q1", "s1")},
		{"a form in a form", "", form(`<input name=q1><form action=/other>` + secret), is("q1", "s1")},
		{"not closed", "", `<form method=post action=/in id=login><input name=q1>` + secret, is("q1", "s1")},
		{"a name beyond the bound", "", form(`<input name=` + strings.Repeat("u", maxHolder+1) + `><input name=q1>` + secret), is("q1", "s1")},
	})
}

func TestFormsOfAPageAreBounded(t *testing.T) {
	t.Parallel()
	login := `<form method=post action=/login%d>` + userAndPassword + `</form>`
	var page strings.Builder
	for i := range 3 * maxForms {
		fmt.Fprintf(&page, login, i)
	}
	if n := len(FormsIn([]byte(page.String()), "/", "", "app.test")); n != maxForms {
		t.Errorf("%d forms, want %d", n, maxForms)
	}
	rows := strings.Repeat(`<form method=post action=/rows/delete><button>Delete</button></form>`, 3*maxOpenForms)
	if n := len(FormsIn([]byte(rows+fmt.Sprintf(login, 1)), "/", "", "app.test")); n != 1 {
		t.Errorf("%d forms behind many without a password, want 1", n)
	}
	held := strings.Repeat(`<form><input type=password name=x></form>`, maxOpenForms)
	if n := len(FormsIn([]byte(held+fmt.Sprintf(login, 1)), "/", "", "app.test")); n != 0 {
		t.Errorf("%d forms behind more than are kept, want none", n)
	}
	var users strings.Builder
	for i := range 3 * maxFormFields {
		fmt.Fprintf(&users, `<input name="%c_email">`, 'a'+i)
	}
	forms := FormsIn([]byte(`<form id=login>`+users.String()+`<input type=password name=x></form>`), "/", "", "app.test")
	if len(forms) != 1 || len(forms[0].Identifiers) != maxFormFields {
		t.Errorf("%+v, want %d identifiers", forms, maxFormFields)
	}
	many := strings.Repeat(`<input type=checkbox name=x>`, maxFormInputs)
	if forms := FormsIn([]byte(`<form id=login>`+many+userAndPassword+`</form>`), "/", "", "app.test"); forms != nil {
		t.Errorf("%+v, want nothing from fields behind the bound", forms)
	}
	buttons := strings.Repeat(`<button formaction=/x>Go</button>`, maxFormButtons)
	if forms := FormsIn([]byte(`<form><input name=a><input type=password name=x>`+buttons+`<button>Log in</button></form>`), "/", "", "app.test"); forms != nil {
		t.Errorf("%+v, want nothing from a button behind the bound", forms)
	}
	long := `<button>` + strings.Repeat("x ", maxButtonText) + `Log in</button>`
	if forms := FormsIn([]byte(`<form><input name=a><input type=password name=x>`+long+`</form>`), "/", "", "app.test"); forms != nil {
		t.Errorf("%+v, want nothing from a text behind the bound", forms)
	}
}
