package caddymodule

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/event"
)

// configured is a test handler with the lines of a block doorward.
func configured(t *testing.T, mode config.Mode, lines string) (*Handler, *state) {
	t.Helper()
	_, read, err := ReadConfig([]byte(lines), "test", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := read.provisionRoutes(caddy.Context{}); err != nil {
		t.Fatal(err)
	}
	site := read.site()
	site.Mode = mode
	h, s := newTestHandler(t, site)
	h.Routes, h.Events = read.Routes, read.Events
	return h, s
}

// recipes are the lines by which an operator gets every verb.
const recipes = `
login POST /session
mfa POST /2fa
logout POST /logout
reset_request POST /forgot
reset POST /reset
password_change POST /account/password
event authentication-challenge GET /2fa
event email-update POST /account/email {
	identifier email form new_email
}
event two-factor-disable DELETE /account/2fa
event desktop-login-success POST /oauth/token {
	when form grant_type password
	identifier username form username
	success {
		json access_token
	}
}
event access GET /admin/*
event page-view GET /reports/*
event transfer POST /transfer {
	property amount form amount
	property to form to
}
`

// fixtureApp answers as apps do.
func fixtureApp(w http.ResponseWriter, r *http.Request) error {
	wrong := strings.Contains(r.FormValue("password")+r.FormValue("code"), "wrong")
	to := map[string]string{
		"/session": "/home", "/2fa": "/home", "/logout": "/login", "/forgot": "/forgot/sent",
		"/reset": "/login", "/account/password": "/account", "/account/email": "/account",
	}[r.URL.Path]
	switch {
	case wrong:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = io.WriteString(w, `<p class="error">Wrong</p><form method="post"><input type="password" name="password"></form>`)
	case r.FormValue("email") == "second@x.test" && r.URL.Path == "/session":
		http.Redirect(w, r, "/2fa", http.StatusSeeOther)
	case r.URL.Path == "/oauth/token":
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"access_token":"t","token_type":"bearer"}`)
	case to != "" && r.Method == http.MethodPost:
		http.SetCookie(w, &http.Cookie{Name: "auth_token", Value: "0123456789abcdef"})
		http.Redirect(w, r, to, http.StatusSeeOther)
	default:
		_, _ = io.WriteString(w, "page")
	}
	return nil
}

// TestEveryVerbHasARecipe is row A83: each word of ThisData's vocabulary comes
// out of a line of the Caddyfile and an app that knows nothing of it.
func TestEveryVerbHasARecipe(t *testing.T) {
	t.Parallel()
	h, s := configured(t, config.ModeEnforce, recipes)
	steps := []struct{ verb, method, target, body string }{
		{"log-in", "POST", "/session", "email=a@x.test&password=right"},
		{"log-in-denied", "POST", "/session", "email=a@x.test&password=wrong"},
		{"log-in-challenge", "POST", "/session", "email=second@x.test&password=right"},
		{"authentication-challenge", "GET", "/2fa", ""},
		{"authentication-challenge-fail", "POST", "/2fa", "code=wrong"},
		{"authentication-challenge-pass", "POST", "/2fa", "code=123456"},
		{"log-out", "POST", "/logout", "x=y"},
		{"password-reset-request", "POST", "/forgot", "email=a@x.test"},
		{"password-reset-fail", "POST", "/reset", "token=t&password=wrong1"},
		{"password-reset", "POST", "/reset", "token=t&password=right1"},
		{"password-update", "POST", "/account/password", "old_password=right&new_password=right2"},
		{"email-update", "POST", "/account/email", "new_email=b@x.test"},
		{"two-factor-disable", "DELETE", "/account/2fa", ""},
		{"access", "GET", "/admin/users", ""},
		{"page-view", "GET", "/reports/2026?secret=1", ""},
		{"transfer", "POST", "/transfer", "amount=10&to=c"},
	}
	for _, step := range steps {
		ask(t, h, visitor(step.method, step.target, step.body))
	}
	got := verbs(t, s)
	for i, step := range steps {
		if i >= len(got) || got[i] != step.verb {
			t.Fatalf("%s %s: got %q, want %s", step.method, step.target, got, step.verb)
		}
	}
	if len(got) != len(steps) {
		t.Errorf("%d events of %d requests: %q", len(got), len(steps), got)
	}
}

// TestTokenOfADesktopClientIsAnAttemptAndAnEvent proves that one does not hide
// the other.
func TestTokenOfADesktopClientIsAnAttemptAndAnEvent(t *testing.T) {
	t.Parallel()
	h, s := configured(t, config.ModeEnforce, recipes)
	ask(t, h, visitor("POST", "/oauth/token", "grant_type=password&username=ann&password=right"))
	ask(t, h, visitor("POST", "/oauth/token", "grant_type=refresh_token&refresh_token=t"))
	if got, want := verbs(t, s), []string{"log-in", "desktop-login-success"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// verbs drains the queue: nothing can be asked afterwards.
func verbs(t *testing.T, s *state) []string {
	t.Helper()
	var list []string
	for _, e := range slices.Backward(toldEvents(t, s)) {
		list = append(list, e.Verb())
	}
	return list
}

func ask(t *testing.T, h *Handler, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	if err := h.ServeHTTP(w, r, caddyhttp.HandlerFunc(fixtureApp)); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestDeclaredEventTellsWhatWasDeclared(t *testing.T) {
	t.Parallel()
	h, s := configured(t, config.ModeEnforce, recipes)
	ask(t, h, visitor("POST", "/account/email?x=1", "new_email=b@x.test&password=right"))
	var e *event.Event
	for _, told := range toldEvents(t, s) {
		if told.Type == event.TypeCustom {
			e = told
		}
	}
	if e == nil {
		t.Fatal("no event")
	}
	if e.Name != "email-update" || e.Outcome != "success" || e.Status != 303 || e.Path != "/account/email" || e.Site != "shop.test" {
		t.Errorf("%+v", e)
	}
	text := string(e.AppendJSON(nil))
	if e.Pseudonym == "" || e.PrimaryKey != "email" || strings.Contains(text, "b@x.test") || strings.Contains(text, "right") {
		t.Errorf("identity is not shown as that of attempts: %s", text)
	}
}

func TestDeclaredEventBearsItsProperties(t *testing.T) {
	t.Parallel()
	h, s := configured(t, config.ModeEnforce, recipes)
	ask(t, h, visitor("POST", "/transfer", "amount=10&to=c"))
	if w := ask(t, h, visitor("POST", "/other", "amount=10")); w.Body.String() != "page" {
		t.Errorf("the app answered %q", w.Body)
	}
	if told := toldEvents(t, s); len(told) != 1 || fmt.Sprint(told[0].Properties) != "[{amount 10} {to c}]" {
		t.Errorf("%+v", told)
	}
}

// TestEventIsNoWayPastTheDetector declares an event on every request.
func TestEventIsNoWayPastTheDetector(t *testing.T) {
	t.Parallel()
	h, s := configured(t, config.ModeEnforce, "event access /* {\n\tproperty user form username\n}\n")
	app := caddyhttp.HandlerFunc(wrongPassword)
	refused := 0
	for i := range 15 {
		w := httptest.NewRecorder()
		body := fmt.Sprintf("username=ann&password=guess%d", i)
		if err := h.ServeHTTP(w, visitor("POST", "/login", body), app); err != nil {
			t.Fatal(err)
		}
		if w.Code == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused != 5 {
		t.Errorf("%d of 15 guesses were refused, want 5", refused)
	}
	custom := 0
	for _, e := range toldEvents(t, s) {
		if e.Type == event.TypeCustom {
			custom++
		}
	}
	if custom != 10 {
		t.Errorf("%d events, want those of the 10 requests that the app saw", custom)
	}
}

func TestEventLeavesRequestAndAnswerAlone(t *testing.T) {
	t.Parallel()
	h, _ := configured(t, config.ModeEnforce, "event import POST /import {\n\tproperty kind form kind\n\tsuccess {\n\t\tbody done\n\t}\n}\n")
	long := "kind=x&data=" + strings.Repeat("d", 200<<10)
	w := httptest.NewRecorder()
	err := h.ServeHTTP(w, visitor("POST", "/import", long), caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		got, err := io.ReadAll(r.Body)
		if string(got) != long {
			t.Errorf("the app got %d bytes of %d", len(got), len(long))
		}
		_, werr := io.WriteString(w, strings.Repeat("done ", 50<<10))
		return errors.Join(err, werr)
	}))
	if err != nil || w.Body.Len() != 5*50<<10 {
		t.Errorf("the client got %d bytes, error %v", w.Body.Len(), err)
	}
}

func TestNoEventInModeOff(t *testing.T) {
	t.Parallel()
	h, s := configured(t, config.ModeOff, "event access /*\n")
	ask(t, h, visitor("POST", "/x", "a=b"))
	if got := toldEvents(t, s); len(got) != 0 {
		t.Errorf("%d events", len(got))
	}
}
