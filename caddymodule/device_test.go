package caddymodule

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/doorward/doorward/caddymodule/devicecookie"
	"github.com/doorward/doorward/config"
)

// declared is a site whose login route is declared, so that its successes earn
// something at once.
func declared() config.Site {
	return config.Site{Mode: config.ModeEnforce, Routes: []config.Route{{Kind: config.KindLogin, Method: "POST", Path: "/login"}}}
}

// browser is a client that keeps cookies.
type browser struct {
	t       *testing.T
	h       *Handler
	from    string
	plain   bool // without TLS
	accept  string
	cookies map[string]string
	seen    string // the Cookie header that reached the app
}

func newBrowser(t *testing.T, h *Handler, from string) *browser {
	return &browser{t: t, h: h, from: from, accept: "text/html,*/*", cookies: map[string]string{}}
}

func (b *browser) send(method, path, body string, app caddyhttp.HandlerFunc) *httptest.ResponseRecorder {
	b.t.Helper()
	r := visitor(method, path, body)
	caddyhttp.SetVar(r.Context(), caddyhttp.ClientIPVarKey, b.from)
	r.Header.Set("Accept", b.accept)
	r.Header.Set("User-Agent", "browser")
	if !b.plain {
		r.TLS = &tls.ConnectionState{HandshakeComplete: true}
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	watched := caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		b.seen = r.Header.Get("Cookie")
		return app(w, r)
	})
	if err := b.h.ServeHTTP(w, r, watched); err != nil {
		b.t.Fatal(err)
	}
	for _, c := range w.Result().Cookies() {
		b.cookies[c.Name] = c.Value
	}
	return w
}

func (b *browser) login(name, password string) *httptest.ResponseRecorder {
	b.t.Helper()
	return b.send(http.MethodPost, "/login", "username="+name+"&password="+password, shopLogin)
}

func (b *browser) page() *httptest.ResponseRecorder { return b.send(http.MethodGet, "/", "", shopPage) }

// device is the cookie as the browser holds it, "" if it has none.
func (b *browser) device() string {
	if b.plain {
		return b.cookies[config.DefaultDeviceCookie]
	}
	return b.cookies["__Host-"+config.DefaultDeviceCookie]
}

func shopLogin(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	name := r.PostForm.Get("username")
	if r.PostForm.Get("password") != "right-"+name {
		return wrongPassword(w, r)
	}
	http.SetCookie(w, &http.Cookie{Name: "sid", Value: fmt.Sprintf("s-9f8a7c6e5d4b-%s-%d", name, time.Now().UnixNano())})
	w.Header().Set("Location", "/")
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

func shopPage(w http.ResponseWriter, _ *http.Request) error {
	_, err := io.WriteString(w, "<p>Welcome</p>")
	return err
}

func TestBrowserGetsItsCookieWithThePageAfterTheLogin(t *testing.T) {
	t.Parallel()
	for _, plain := range []bool{false, true} {
		h, _ := newTestHandler(t, declared())
		b := newBrowser(t, h, "192.0.2.1")
		b.plain = plain
		if b.page(); b.device() != "" {
			t.Fatal("a visitor has a device cookie")
		}
		if b.login("alice", "wrong"); b.device() != "" {
			t.Fatal("a wrong password brought a device cookie")
		}
		if b.page(); b.device() != "" {
			t.Fatal("the page after a wrong password brought a device cookie")
		}
		if b.login("alice", "right-alice"); b.device() != "" {
			t.Error("the answer to the login itself carries the cookie: its outcome was not known")
		}
		page := b.page()
		first := b.device()
		if len(first) != devicecookie.Length || page.Header().Get("Cache-Control") != "private" {
			t.Fatalf("TLS %t: the page after the login: %v", !plain, page.Header())
		}
		if again := b.page(); len(again.Header()["Set-Cookie"]) != 0 || again.Header().Get("Cache-Control") != "" {
			t.Errorf("the next page: %v; want it as the app wrote it", again.Header())
		}
		if b.seen == "" || strings.Contains(b.seen, "device") {
			t.Errorf("the app saw the cookies %q", b.seen)
		}
		delete(b.cookies, "sid") // logged out, or the browser was closed
		b.login("alice", "right-alice")
		if b.page(); b.device() != first {
			t.Error("a new cookie on the same day")
		}
	}
}

func TestWhoGetsNoCookie(t *testing.T) {
	t.Parallel()
	off := declared()
	off.DeviceCookie.Off = true
	observed := declared()
	observed.Mode = config.ModeOff
	for name, c := range map[string]struct {
		site   config.Site
		accept string
		page   caddyhttp.HandlerFunc
		other  func(b *browser) *browser
	}{
		"program":                    {declared(), "application/json", shopPage, nil},
		"switched off":               {off, "text/html", shopPage, nil},
		"mode off":                   {observed, "text/html", shopPage, nil},
		"route that proved nothing":  {strict, "text/html", shopPage, nil},
		"page that is cached":        {declared(), "text/html", withCache("public, max-age=60"), nil},
		"neighbour without session":  {declared(), "text/html", shopPage, func(b *browser) *browser { return newBrowser(b.t, b.h, b.from) }},
		"session from elsewhere":     {declared(), "text/html", shopPage, func(b *browser) *browser { b.from = "192.0.2.9"; return b }},
		"page that is a refusal":     {declared(), "text/html", func(w http.ResponseWriter, _ *http.Request) error { w.WriteHeader(403); return nil }, nil},
		"page that handle_errors is": {declared(), "text/html", func(http.ResponseWriter, *http.Request) error { return nil }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, _ := newTestHandler(t, c.site)
			b := newBrowser(t, h, "192.0.2.1")
			b.accept = c.accept
			b.login("alice", "right-alice")
			if c.other != nil {
				b = c.other(b)
			}
			w := b.send(http.MethodGet, "/", "", c.page)
			if b.device() != "" || strings.Contains(w.Header().Get("Cache-Control"), "private") {
				t.Errorf("the page after the login: %v", w.Header())
			}
		})
	}
}

func withCache(control string) caddyhttp.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Cache-Control", control)
		return shopPage(w, r)
	}
}

// Who logs in by a program and looks at the site beside it, behind one address
// and with one session, was no browser when it counted.
func TestLoginOfAProgramBringsNoCookie(t *testing.T) {
	t.Parallel()
	h, _ := newTestHandler(t, declared())
	b := newBrowser(t, h, "192.0.2.1")
	b.accept = "application/json"
	b.login("alice", "right-alice")
	b.accept = "text/html"
	if b.page(); b.device() != "" || !h.watch.devices.Idle() {
		t.Errorf("cookie %q, %d wait; want none", b.device(), h.watch.devices.Len())
	}
}

// Two logins at once, in two windows: the cookie of the first stays.
func TestBrowserKeepsTheCookieItHas(t *testing.T) {
	t.Parallel()
	h, _ := newTestHandler(t, declared())
	b := newBrowser(t, h, "192.0.2.1")
	b.login("alice", "right-alice")
	other := h.device.sealOf(h.siteKeys()).Make(time.Now(), 7, true)
	b.cookies["__Host-"+config.DefaultDeviceCookie] = other
	if b.page(); b.device() != other || !h.watch.devices.Idle() {
		t.Errorf("the cookie was changed: %t; %d wait", b.device() != other, h.watch.devices.Len())
	}
}

func TestCookieWaitsForAnAnswerThatMayCarryIt(t *testing.T) {
	t.Parallel()
	h, _ := newTestHandler(t, declared())
	b := newBrowser(t, h, "192.0.2.1")
	b.login("alice", "right-alice")
	b.send(http.MethodGet, "/logo", "", withCache("public, max-age=60"))
	func() {
		defer func() { _ = recover() }() // as the proxy ends an answer that broke off
		b.send(http.MethodGet, "/broken", "", func(http.ResponseWriter, *http.Request) error { panic(http.ErrAbortHandler) })
	}()
	if b.device() != "" || h.watch.devices.Len() != 1 {
		t.Fatalf("cookie %q, %d wait; want none and 1", b.device(), h.watch.devices.Len())
	}
	if b.page(); b.device() == "" || !h.watch.devices.Idle() {
		t.Error("the first page that may carry it brought no cookie")
	}
}

// The pair of client and account is what is known, and nothing else: H17.
func TestCookieOfOneAccountProvesNothingForAnother(t *testing.T) {
	t.Parallel()
	h, _ := newTestHandler(t, declared())
	alice := newBrowser(t, h, "192.0.2.1")
	alice.login("alice", "right-alice")
	alice.page()
	reached := func(b *browser, name string) int {
		n := 0
		for i := range 40 {
			b.from = fmt.Sprintf("198.51.%d.7", i+1) // a stranger's address each time
			if b.login(name, fmt.Sprint("guess-", i)).Code == http.StatusUnauthorized {
				n++
			}
		}
		return n
	}
	stolen := newBrowser(t, h, "")
	stolen.cookies["__Host-"+config.DefaultDeviceCookie] = alice.device()
	withA, stranger := reached(stolen, "bob"), reached(newBrowser(t, h, ""), "carol")
	if withA != stranger || withA == 0 || withA == 40 {
		t.Errorf("with the cookie of alice %d guesses at bob reached the app, without one %d at carol; want the same", withA, stranger)
	}
}

func TestOwnerGetsInWithTheCookieWhereStrangersAreRefused(t *testing.T) {
	t.Parallel()
	h, _ := newTestHandler(t, declared())
	alice := newBrowser(t, h, "192.0.2.1")
	alice.login("alice", "right-alice")
	alice.page()
	last := 0
	for i := range 100 {
		guesser := newBrowser(t, h, fmt.Sprintf("198.51.%d.7", i+1))
		last = guesser.login("alice", fmt.Sprint("guess-", i)).Code
	}
	if last != http.StatusTooManyRequests {
		t.Fatalf("the hundredth address: %d; the account is open to strangers", last)
	}
	for from, forged := range map[string]string{"203.0.113.1": "", "203.0.113.2": strings.Repeat("A", devicecookie.Length)} {
		stranger := newBrowser(t, h, from)
		stranger.cookies["__Host-"+config.DefaultDeviceCookie] = forged
		if got := stranger.login("alice", "right-alice").Code; got != http.StatusTooManyRequests {
			t.Errorf("with the cookie %q from elsewhere: %d, want 429", forged, got)
		}
	}
	alice.from = "198.51.7.7" // one of the guessers'
	if got := alice.login("alice", "right-alice").Code; got != http.StatusSeeOther {
		t.Errorf("the owner with the cookie: %d, want 303", got)
	}
	home := newBrowser(t, h, "192.0.2.1")
	if got := home.login("alice", "right-alice").Code; got != http.StatusSeeOther {
		t.Errorf("the owner at home without the cookie: %d, want 303", got)
	}
}

func TestCookieIsMadeAnewAfterADay(t *testing.T) {
	t.Parallel()
	h, _ := newTestHandler(t, declared())
	b := newBrowser(t, h, "192.0.2.1")
	seal := h.device.sealOf(h.siteKeys())
	old := seal.Make(time.Now().Add(-48*time.Hour), 7, true)
	b.cookies["__Host-"+config.DefaultDeviceCookie] = old
	b.login("alice", "right-alice")
	b.page()
	cookie, result := seal.Open(time.Now(), b.device(), true)
	if b.device() == old || result != devicecookie.Known || cookie.Client != 7 || cookie.Renew {
		t.Errorf("after a login with a cookie of two days: %s, the same client: %t", result, cookie.Client == 7)
	}
}

// Recognition must not take the cookie for a session that the app opened.
func TestCookieIsNoEvidence(t *testing.T) {
	t.Parallel()
	h, s := newTestHandler(t, declared())
	b := newBrowser(t, h, "192.0.2.1")
	b.login("alice", "right-alice")
	// The answer that carries the cookie is one to a login with a wrong password,
	// by an app that answers it with its form.
	w := b.send(http.MethodPost, "/login", "username=alice&password=wrong", func(w http.ResponseWriter, _ *http.Request) error {
		_, err := io.WriteString(w, `<form method=post><p class=error>Wrong password</p><input name=username><input type=password name=password></form>`)
		return err
	})
	if b.device() == "" || w.Code != http.StatusOK {
		t.Fatalf("the answer carries no cookie: %v", w.Header())
	}
	var outcomes []string
	for _, e := range attemptsOf(t, s) {
		outcomes = append(outcomes, e.Outcome)
		for _, word := range e.Evidence {
			if strings.Contains(word, "device") {
				t.Errorf("evidence %q", word)
			}
		}
		if strings.Contains(fmt.Sprintf("%+v", e), b.device()) {
			t.Error("an event shows the cookie")
		}
	}
	if slices.Sort(outcomes); strings.Join(outcomes, " ") != "failure success" {
		t.Errorf("outcomes %q, want a failure and a success", outcomes)
	}
}
