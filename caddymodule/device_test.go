package caddymodule

import (
	"bytes"
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
	"github.com/prometheus/client_golang/prometheus"

	"github.com/doorward/doorward/caddymodule/devicecookie"
	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/identity"
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
			b.from = fmt.Sprintf("198.51.100.%d", i+1) // a stranger's address each time
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
		guesser := newBrowser(t, h, fmt.Sprintf("198.51.100.%d", i+1))
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
	alice.from = "198.51.100.7" // one of the guessers'
	if got := alice.login("alice", "right-alice").Code; got != http.StatusSeeOther {
		t.Errorf("the owner with the cookie: %d, want 303", got)
	}
	home := newBrowser(t, h, "192.0.2.1")
	if got := home.login("alice", "right-alice").Code; got != http.StatusSeeOther {
		t.Errorf("the owner at home without the cookie: %d, want 303", got)
	}
}

func TestCookiesThatDoNotHoldAreCounted(t *testing.T) {
	h, _ := newTestHandler(t, declared())
	h.device.site = "counted.test"
	other := newDeviceJar(&config.Site{Name: "other.test", DeviceCookie: config.DeviceCookie{Name: config.DefaultDeviceCookie}}, "")
	const host = "__Host-" + config.DefaultDeviceCookie
	ours := h.device.sealOf(h.siteKeys())
	now := time.Now()
	theirs := other.sealOf(h.app.state.detector.Site("other.test").Keys())
	for result, line := range map[devicecookie.Result]string{
		devicecookie.Known:     host + "=" + ours.Make(now, 7, true),
		devicecookie.Expired:   host + "=" + ours.Make(now.Add(-devicecookie.Life), 7, true),
		devicecookie.Forged:    host + "=" + ours.Make(now, 7, false),
		devicecookie.Foreign:   host + "=" + theirs.Make(now, 7, true),
		devicecookie.Malformed: host + "=" + strings.Repeat("x", 100_000),
		devicecookie.Repeated:  host + "=a; " + host + "=b",
		devicecookie.Insecure:  config.DefaultDeviceCookie + "=" + ours.Make(now, 7, false),
	} {
		r := visitor(http.MethodPost, "/login", "username=alice&password=wrong")
		r.TLS = &tls.ConnectionState{HandshakeComplete: true}
		r.Header.Set("Cookie", "sid=1; "+line)
		before := cookieCount(t, result)
		app := caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
			if got := r.Header["Cookie"]; len(got) != 1 || got[0] != "sid=1" {
				t.Errorf("%s: the app saw %.80q", result, got)
			}
			if v := caddyhttp.GetVar(r.Context(), deviceVar); fmt.Sprint(v) != "REDACTED" || fmt.Sprintf("%+v %#v", v, v) != "REDACTED REDACTED" {
				t.Errorf("%s: the variable shows %v", result, v)
			}
			return wrongPassword(w, r)
		})
		if err := h.ServeHTTP(httptest.NewRecorder(), r, app); err != nil {
			t.Fatal(err)
		}
		if got := cookieCount(t, result) - before; got != 1 {
			t.Errorf("%s: counted %.0f, want 1", result, got)
		}
	}
}

// cookieCount is how many cookies of the site counted.test had this result.
func cookieCount(t *testing.T, result devicecookie.Result) (n float64) {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(deviceCookies)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			var labels []string
			for _, label := range metric.GetLabel() {
				labels = append(labels, label.GetValue())
			}
			if slices.Equal(labels, []string{string(result), "counted.test"}) {
				n += metric.GetCounter().GetValue()
			}
		}
	}
	return n
}

func TestCookieOutlivesAChangeOfTheSecret(t *testing.T) {
	t.Parallel()
	old, fresh := bytes.Repeat([]byte{7}, 32), bytes.Repeat([]byte{8}, 32)
	keys := func(secret []byte) *identity.Keys {
		k, err := identity.DeriveKeys(secret, "shop.test")
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	site := config.Site{Name: "shop.test"}.WithDefaults()
	now := time.Now()
	value := newDeviceJar(&site, "").sealOf(keys(old)).Make(now, 7, true)
	jar := newDeviceJar(&site, config.Secret(old))
	if cookie, got := jar.sealOf(keys(fresh)).Open(now, value, true); got != devicecookie.Known || cookie.Client != 7 || !cookie.Renew {
		t.Errorf("with the old secret as previous_secret: %s, renew %t", got, cookie.Renew)
	}
	if _, got := newDeviceJar(&site, "").sealOf(keys(fresh)).Open(now, value, true); got != devicecookie.Foreign {
		t.Errorf("without it: %s, want %s", got, devicecookie.Foreign)
	}
	same := keys(fresh)
	if seal := jar.sealOf(same); jar.sealOf(same) != seal || jar.sealOf(nil) != nil {
		t.Error("the seal is made anew for every cookie, or without keys")
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

func TestRequestsWithoutADeviceCookieCostNothing(t *testing.T) {
	h, _ := newTestHandler(t, strict)
	answered := http.Header{"Set-Cookie": {"sid=9f8a7c6e5d4b3a29"}}
	h.watch.devices.Add(time.Now(), 1, 2, false, nil, answered) // somebody else waits
	next := caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { return nil })
	w := httptest.NewRecorder()
	r := withHeader(visitor(http.MethodGet, "/news.js", ""), "Cookie", "sid=0123456789abcdef; theme=dark; my_doorward_device=1")
	r.Header.Set("Accept", "text/html")
	for range looksPerPath + 1 {
		_ = h.ServeHTTP(w, r, next)
	}
	if allocs := testing.AllocsPerRun(200, func() { _ = h.ServeHTTP(w, r, next) }); allocs != 0 {
		t.Errorf("%.0f allocations, want 0", allocs)
	}
}

// BenchmarkDeviceCookie is what a request that is no attempt costs by the cookies
// that it bears.
func BenchmarkDeviceCookie(b *testing.B) {
	h, _ := newTestHandler(b, strict)
	next := caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { return nil })
	const app = "sid=s%3A9f8a7c6e5d4b3a291807f6e5d4c3; theme=dark; _ga=GA1.2.345678901.1700000000"
	device := "; " + config.DefaultDeviceCookie + "=" + h.device.sealOf(h.siteKeys()).Make(time.Now(), 7, false)
	for name, line := range map[string]string{"none": "", "of the app": app, "and ours": app + device} {
		b.Run(name, func(b *testing.B) {
			r, lines := visitor(http.MethodGet, "/products/42.js", ""), []string{line}
			b.ReportAllocs()
			for b.Loop() {
				if line != "" {
					lines[0] = line
					r.Header["Cookie"] = lines
				}
				_ = h.ServeHTTP(&discard{}, r, next)
			}
		})
	}
}
