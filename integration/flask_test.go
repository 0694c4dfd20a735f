package integration

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

const flaskHost = "notes.test"

// startFlask serves testdata/flask by Flask's own server and returns where it
// listens.
func startFlask(t *testing.T) string {
	t.Helper()
	needFile(t, "/usr/lib/python3/dist-packages/flask_login/__init__.py", "python3-flask-login")
	port := freePort(t)
	cmd := exec.Command(debianPython, "-m", "flask", "run", "--host", "127.0.0.1", "--port", fmt.Sprint(port))
	cmd.Dir = "testdata/flask"
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "FLASK_APP=app.py")
	address := fmt.Sprintf("127.0.0.1:%d", port)
	startServer(t, cmd, "tcp", address)
	return address
}

// TestFlaskLogin goes through an app whose whole session is in the cookie: a
// failed login sets it as well, for the message that the page then shows.
func TestFlaskLogin(t *testing.T) {
	t.Parallel()
	edge := guarded(t, flaskHost, startFlask(t))
	const from, carol = "127.0.0.3", "carol@x.test"
	v := edge.browser(t, flaskHost, from)
	login := func(v *visitor, email, password string) answer {
		return v.follow(t, v.post(t, "/enter?next=%2Fnotes", "email", email, "password", password, "remember", "on"))
	}
	shows := func(what string, got answer, text string) {
		t.Helper()
		if got.status != 200 || !strings.Contains(got.body, text) {
			t.Fatalf("%s: %v; want a page with %q", what, got, text)
		}
	}
	shows("a page for members", v.follow(t, v.get(t, "/notes")), "Please log in")
	shows("a wrong password", login(v, alice, "wrong horse"), "Invalid credentials")
	shows("an unknown name", login(v, "nobody@x.test", "any horse"), "Invalid credentials")
	shows("the right password", login(v, alice, alicePassword), "Notes of "+alice)
	shows("a note", v.follow(t, v.post(t, "/notes", "text", "my password is in the drawer")), "in the drawer")
	shows("logging out", v.follow(t, v.get(t, "/logout")), "Welcome")
	join := func(email string) answer {
		return v.follow(t, v.post(t, "/join", "email", email, "password", "green kettle"))
	}
	shows("a name that is taken", join(alice), "already registered")
	shows("a new account", join(carol), "Notes of "+carol)

	edge.checkTold(t, from, []told{
		{"a wrong password", "login", "failure", "email", alice},
		{"an unknown name", "login", "failure", "email", "nobody@x.test"},
		{"the right password", "login", "success", "email", alice},
		{"logging out", "logout", "success", "", ""},
		{"a name that is taken", "signup", "failure", "email", alice},
		{"a new account", "signup", "success", "email", carol},
	})
	guesser := edge.browser(t, flaskHost, "127.0.0.4")
	edge.checkBruteForce(t, "127.0.0.4", func(i int) answer {
		return guesser.post(t, "/enter", "email", alice, "password", guessAt(i))
	}, func() bool {
		return strings.Contains(login(edge.browser(t, flaskHost, "127.0.0.5"), alice, alicePassword).body, "Notes of "+alice)
	})
	edge.stop(t)
	edge.checkNowhere(t, []string{alice, carol, alicePassword, "wrong horse", "any horse", "green kettle", "guess number", "drawer"})
}
