package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const railsHost = "notes.test"

// debianPuma is the server that sees Debian's gems.
const debianPuma = "/usr/bin/puma"

// railsApp is a running app of testdata/rails-devise.
type railsApp struct {
	address string
	// dir takes the database and the mails.
	dir string
}

// startRails serves testdata/rails-devise by Puma, with a database of its own.
func startRails(t *testing.T) railsApp {
	t.Helper()
	needFile(t, debianPuma, "puma")
	for _, gem := range []string{"devise", "activerecord", "actionmailer", "sqlite3"} {
		needGem(t, gem)
	}
	app := railsApp{address: fmt.Sprintf("127.0.0.1:%d", freePort(t)), dir: newDir(t)}
	cmd := exec.Command(debianPuma, "--environment", "production", "--bind", "tcp://"+app.address, "config.ru")
	cmd.Dir = "testdata/rails-devise"
	cmd.Env = append(os.Environ(), "NOTES_DIR="+app.dir)
	startServer(t, cmd, "tcp", app.address)
	return app
}

// needGem is need for what Debian packages of a Ruby library.
func needGem(t *testing.T, gem string) {
	t.Helper()
	pattern := "/usr/share/rubygems-integration/*/specifications/" + gem + "-[0-9]*.gemspec"
	if found, err := filepath.Glob(pattern); err != nil || len(found) == 0 {
		needFile(t, pattern, "ruby-"+gem)
	}
}

// mailed returns the token of the reset mail to an address.
func (app railsApp) mailed(t *testing.T, to string) string {
	t.Helper()
	mail, err := os.ReadFile(filepath.Join(app.dir, "mails", to))
	if err != nil {
		t.Fatal(err)
	}
	return between(t, string(mail), "reset_password_token=", `"`)
}

// notes is a visitor of the app.
type notes struct{ *visitor }

// send submits the form of a page that goes to a path and has a text, with the
// token it holds.
func (v notes) send(t *testing.T, page, path, has string, pairs ...string) answer {
	t.Helper()
	shown := v.follow(t, v.get(t, page)).body
	for text := range strings.SplitSeq(shown, "<form ") {
		form, _, _ := strings.Cut(text, "</form>")
		if strings.Contains(form, `action="`+path+`"`) && strings.Contains(form, has) {
			token := between(t, form, `name="authenticity_token" value="`, `"`)
			return v.post(t, path, append([]string{"authenticity_token", token}, pairs...)...)
		}
	}
	t.Fatalf("no form to %s with %q in\n%.3000s", path, has, shown)
	return answer{}
}

func (v notes) login(t *testing.T, email, password string) answer {
	t.Helper()
	return v.send(t, "/users/sign_in", "/users/sign_in", "Log in", "user[email]", email, "user[password]", password,
		"user[remember_me]", "0", "commit", "Log in")
}

func (v notes) logout(t *testing.T) answer {
	t.Helper()
	return v.send(t, "/", "/users/sign_out", "Log out", "_method", "delete")
}

func (v notes) join(t *testing.T, email, password string) answer {
	t.Helper()
	return v.send(t, "/users/sign_up", "/users", "Sign up", "user[email]", email, "user[password]", password,
		"user[password_confirmation]", password, "commit", "Sign up")
}

// save submits the form of the account. Without a password the app keeps the one
// there is.
func (v notes) save(t *testing.T, email, password, current string) answer {
	t.Helper()
	return v.send(t, "/users/edit", "/users", "Update", "_method", "put", "user[email]", email, "user[password]", password,
		"user[password_confirmation]", password, "user[current_password]", current, "commit", "Update")
}

func (v notes) forget(t *testing.T, email string) answer {
	t.Helper()
	return v.send(t, "/users/password/new", "/users/password", "reset", "user[email]", email,
		"commit", "Send me reset password instructions")
}

func (v notes) reset(t *testing.T, token, password string) answer {
	t.Helper()
	return v.send(t, "/users/password/edit?reset_password_token="+token, "/users/password", "Change my password",
		"_method", "put", "user[reset_password_token]", token, "user[password]", password,
		"user[password_confirmation]", password, "commit", "Change my password")
}

// TestRailsDevise goes through the pages that Devise brings, whose wording the
// app left alone: as guarded does, and with the preset, which must tell the same
// and needs no mode to enforce from the first request. Each then guards its app
// against somebody who guesses.
func TestRailsDevise(t *testing.T) {
	t.Parallel()
	for name, lines := range map[string]string{"automatic": "mode enforce", "preset": "preset rails-devise"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := startRails(t)
			edge := startEdge(t, edgeConfig{sites: []site{{host: railsHost, doorward: lines, app: app.address, accessLog: true, extra: varsInLog}}})
			testRailsAccount(t, edge, app)
			if name == "preset" {
				checkDeclared(t, edge)
			}
			testRailsBruteForce(t, edge)
			edge.stop(t)
			edge.checkNowhere(t, []string{
				alice, alicePassword, bob, bobPassword, railsCarol, railsNext, "nobody@x.test", "alice-new@x.test",
				"wrong horse", "any horse", "left horse", "green kettle", "guess number", "drawer",
			})
		})
	}
}

// railsOwner is where the account of alice is used from, railsNext its password
// after testRailsAccount.
const railsOwner, railsNext = "127.0.0.3", "third horse"

const railsCarol = "carol@x.test"

func testRailsAccount(t *testing.T, edge *edge, app railsApp) {
	t.Helper()
	v := notes{edge.browser(t, railsHost, railsOwner)}
	shows := func(what string, got answer, text string) {
		t.Helper()
		if page := v.follow(t, got); page.status != 200 || !strings.Contains(page.body, text) {
			t.Fatalf("%s: %v, then %v; want a page with %q", what, got, page, text)
		}
	}
	refuses := func(what string, got answer) {
		t.Helper()
		if got.status != 422 || !strings.Contains(got.body, "out of date") {
			t.Fatalf("%s: %v; want 422", what, got)
		}
	}
	shows("a page for members", v.get(t, "/notes"), "You need to sign in")
	shows("a wrong password", v.login(t, alice, "wrong horse"), "Invalid Email or password")
	shows("an unknown name", v.login(t, "nobody@x.test", "any horse"), "Invalid Email or password")
	shows("no password", v.login(t, alice, ""), "Invalid Email or password")
	refuses("a form without a token", v.post(t, "/users/sign_in", "user[email]", alice, "user[password]", alicePassword))
	refuses("a form with another's token", v.post(t, "/users/sign_in", "authenticity_token", strings.Repeat("x", 86),
		"user[email]", alice, "user[password]", alicePassword))
	shows("an account that is locked", v.login(t, bob, bobPassword), "Your account is locked")
	shows("asking to unlock it", v.send(t, "/users/unlock/new", "/users/unlock", "Resend", "user[email]", bob,
		"commit", "Resend unlock instructions"), "how to unlock")
	shows("the right password", v.login(t, alice, alicePassword), "Notes of "+alice)
	shows("a note", v.send(t, "/notes", "/notes", "Note", "note[text]", "my password is in the drawer", "commit", "Note"), "in the drawer")
	shows("another address, not confirmed", v.save(t, "alice-new@x.test", "", "any horse"), "Current password is invalid")
	shows("another address", v.save(t, "alice-new@x.test", "", alicePassword), "updated successfully")
	shows("the address of before", v.save(t, alice, "", alicePassword), "updated successfully")
	shows("a wrong old password", v.save(t, alice, "left horse", "any horse"), "Current password is invalid")
	shows("a new password", v.save(t, alice, "left horse", alicePassword), "updated successfully")
	shows("logging out", v.logout(t), "Signed out")
	shows("an address that is taken", v.join(t, alice, "green kettle"), "has already been taken")
	shows("a short password", v.join(t, railsCarol, "green"), "too short")
	shows("a new account", v.join(t, railsCarol, "green kettle"), "You have signed up")
	shows("closing it", v.send(t, "/users/edit", "/users", "Cancel my account", "_method", "delete"), "successfully cancelled")
	shows("an account that is closed", v.login(t, railsCarol, "green kettle"), "Invalid Email or password")
	shows("forgetting an unknown name", v.forget(t, "nobody@x.test"), "not found")
	shows("forgetting a password", v.forget(t, alice), "You will receive an email")
	token := app.mailed(t, alice)
	shows("a reset", v.reset(t, token, railsNext), "changed successfully")
	shows("logging out again", v.logout(t), "Signed out")
	shows("the same mail again", v.reset(t, token, railsNext), "token is invalid")
	shows("the last password", v.login(t, alice, railsNext), "Signed in")
	edge.checkTold(t, railsOwner, railsTold)
}

// railsTold is what is told of testRailsAccount. Notes, a saved address, a
// closed account and an account to be unlocked are no attempts.
var railsTold = []told{
	{"a wrong password", "login", "failure", "email", alice},
	{"an unknown name", "login", "failure", "email", "nobody@x.test"},
	{"no password", "login", "malformed", "email", alice},
	{"a form without a token", "login", "rejected", "email", alice},
	{"a form with another's token", "login", "rejected", "email", alice},
	{"an account that is locked", "login", "throttled", "email", bob},
	{"the right password", "login", "success", "email", alice},
	{"a wrong old password", "password_change", "failure", "email", alice},
	{"a new password", "password_change", "success", "email", alice},
	{"logging out", "logout", "success", "", ""},
	{"an address that is taken", "signup", "failure", "email", alice},
	{"a short password", "signup", "failure", "email", railsCarol},
	{"a new account", "signup", "success", "email", railsCarol},
	{"an account that is closed", "login", "failure", "email", railsCarol},
	{"forgetting an unknown name", "password_reset_request", "failure", "email", "nobody@x.test"},
	{"forgetting a password", "password_reset_request", "success", "email", alice},
	{"a reset", "password_reset", "success", "", ""},
	{"logging out again", "logout", "success", "", ""},
	{"the same mail again", "password_reset", "failure", "", ""},
	{"the last password", "login", "success", "email", alice},
}

// checkDeclared proves that the preset told them, not the automatic mode.
func checkDeclared(t *testing.T, edge *edge) {
	t.Helper()
	for _, ev := range edge.matching(t, fromAddress(railsOwner)) {
		if want := "declared " + ev.Kind + " route"; !slices.Contains(ev.Evidence, want) {
			t.Errorf("a %s of %s by the evidence %q; want %q", ev.Kind, ev.Route, ev.Evidence, want)
		}
	}
}

// testRailsBruteForce: the app would lock the account at the twentieth guess, of
// which it sees ten.
func testRailsBruteForce(t *testing.T, edge *edge) {
	t.Helper()
	guesser := notes{edge.browser(t, railsHost, "127.0.0.4")}
	edge.checkBruteForce(t, "127.0.0.4", func(i int) answer {
		return guesser.login(t, alice, guessAt(i))
	}, func() bool {
		owner := notes{edge.browser(t, railsHost, railsOwner)}
		return strings.Contains(owner.follow(t, owner.login(t, alice, railsNext)).body, "Signed in")
	})
}
