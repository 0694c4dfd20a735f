package integration

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// djangoHost is a name that a fresh Django project answers to.
const djangoHost = "django.localhost"

const djangoAdmin, djangoPassword = "alice-the-admin", "right horse 4711"

// debianPython is the interpreter that sees Debian's packages.
const debianPython = "/usr/bin/python3"

// startDjango makes a project as the tutorial does, with one superuser, and
// returns where it listens.
func startDjango(t *testing.T) string {
	t.Helper()
	needFile(t, "/usr/lib/python3/dist-packages/django/__init__.py", "python3-django")
	dir := newDir(t)
	env := append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "DJANGO_SUPERUSER_USERNAME="+djangoAdmin,
		"DJANGO_SUPERUSER_PASSWORD="+djangoPassword, "DJANGO_SUPERUSER_EMAIL="+alice)
	python := func(args ...string) *exec.Cmd {
		cmd := exec.Command(debianPython, args...)
		cmd.Dir, cmd.Env = dir, env
		return cmd
	}
	mustRun(t, python("-m", "django", "startproject", "shop", "."))
	manage := filepath.Join(dir, "manage.py")
	mustRun(t, python(manage, "migrate", "--verbosity", "0"))
	mustRun(t, python(manage, "createsuperuser", "--noinput"))
	address := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	startServer(t, python(manage, "runserver", "--noreload", address), "tcp", address)
	return address
}

// djangoForm submits a form of Django with the token of the page that shows it.
func (v *visitor) djangoForm(t *testing.T, path string, pairs ...string) answer {
	t.Helper()
	token := between(t, v.get(t, path).body, `name="csrfmiddlewaretoken" value="`, `"`)
	return v.post(t, path, append([]string{"csrfmiddlewaretoken", token}, pairs...)...)
}

const djangoLogin = "/admin/login/?next=/admin/"

func (v *visitor) djangoLogin(t *testing.T, name, password string) answer {
	t.Helper()
	return v.djangoForm(t, djangoLogin, "username", name, "password", password, "next", "/admin/")
}

// TestDjango goes through the admin site of a stock project, and then guesses at
// the admin's password by way of its form.
func TestDjango(t *testing.T) {
	t.Parallel()
	app := startDjango(t)
	t.Run("life of an account", func(t *testing.T) { testDjangoAccount(t, app) })
	t.Run("brute force", func(t *testing.T) { testDjangoBruteForce(t, app) })
}

// djangoNext is the admin's password after testDjangoAccount.
const djangoNext = "left horse 0815"

func testDjangoAccount(t *testing.T, app string) {
	edge := guarded(t, djangoHost, app)
	const from, next = "127.0.0.3", djangoNext
	v := edge.browser(t, djangoHost, from)
	expect := func(what string, got answer, status int) {
		t.Helper()
		if got.status != status {
			t.Fatalf("%s: %v; want %d", what, got, status)
		}
	}
	expect("the login page", v.follow(t, v.get(t, "/admin/")), 200)
	expect("a wrong password", v.djangoLogin(t, djangoAdmin, "wrong horse"), 200)
	expect("an unknown name", v.djangoLogin(t, "nobody-known", "any horse"), 200)
	expect("a stale page", v.post(t, djangoLogin, "csrfmiddlewaretoken", strings.Repeat("x", 64),
		"username", djangoAdmin, "password", djangoPassword), http.StatusForbidden)
	got := v.djangoLogin(t, djangoAdmin, djangoPassword)
	expect("the right password", got, 302)
	if page := v.follow(t, got); !strings.Contains(page.body, djangoAdmin) {
		t.Fatalf("after the login: %v; want the name", page)
	}
	expect("making a user", v.djangoForm(t, "/admin/auth/user/add/", "username", "carol-the-editor",
		"password1", "green kettle 99", "password2", "green kettle 99", "_save", "Save"), 302)
	change := func(old string) answer {
		return v.djangoForm(t, "/admin/password_change/", "old_password", old, "new_password1", next, "new_password2", next)
	}
	expect("a wrong old password", change("wrong old horse"), 200)
	expect("the right old password", change(djangoPassword), 302)
	expect("logging out", v.get(t, "/admin/logout/"), 200)
	expect("the old password", v.djangoLogin(t, djangoAdmin, djangoPassword), 200)
	expect("the new password", v.djangoLogin(t, djangoAdmin, next), 302)

	edge.checkTold(t, from, []told{
		{"a wrong password", "login", "failure", "username", djangoAdmin},
		{"an unknown name", "login", "failure", "username", "nobody-known"},
		{"a stale page", "login", "rejected", "username", djangoAdmin},
		{"the right password", "login", "success", "username", djangoAdmin},
		{"a wrong old password", "password_change", "failure", "", ""},
		{"the right old password", "password_change", "success", "", ""},
		{"logging out", "logout", "success", "", ""},
		{"the old password", "login", "failure", "username", djangoAdmin},
		{"the new password", "login", "success", "username", djangoAdmin},
	})
	edge.stop(t)
	edge.checkNowhere(t, []string{
		djangoAdmin, djangoPassword, next, "wrong horse", "any horse", "wrong old horse", "carol-the-editor", "green kettle 99",
	})
}

func testDjangoBruteForce(t *testing.T, app string) {
	edge := guarded(t, djangoHost, app)
	v := edge.browser(t, djangoHost, "127.0.0.4")
	edge.checkBruteForce(t, "127.0.0.4",
		func(i int) answer { return v.djangoLogin(t, djangoAdmin, guessAt(i)) },
		func() bool {
			owner := edge.browser(t, djangoHost, "127.0.0.5")
			return owner.djangoLogin(t, djangoAdmin, djangoNext).status == 302
		})
}
