package integration

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// The device cookie with and without TLS.
const (
	deviceOverTLS = "__Host-doorward_device"
	deviceInClear = "doorward_device"
)

// pageVisitor is a visitor that asks for pages, as people do.
func (e *edge) pageVisitor(t *testing.T, host, from string) *visitor {
	t.Helper()
	v := e.visitor(t, host, from)
	if strings.HasPrefix(v.base, "https:") {
		v = e.visitorHTTP2(t, host, from)
	}
	v.headers.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	return v
}

// cookie is the value of a cookie that the visitor would send, "" if none.
func (v *visitor) cookie(t *testing.T, name string) string {
	t.Helper()
	for _, c := range v.client.Jar.Cookies(v.address(t)) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

func (v *visitor) setCookie(t *testing.T, name, value string) {
	t.Helper()
	v.client.Jar.SetCookies(v.address(t), []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: strings.HasPrefix(v.base, "https:")}})
}

func (v *visitor) address(t *testing.T) *url.URL {
	t.Helper()
	u, err := url.Parse(v.base)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// besieged is an edge with a site whose accounts were guessed at, Alice's from a
// hundred addresses, until they were closed to strangers. Before that Alice
// logged in from home, once, with a browser.
func besieged(t *testing.T, tls bool, doorward string) (*apps, *edge, *visitor) {
	t.Helper()
	apps := startApps(t, "redirect")
	edge := startEdge(t, edgeConfig{sites: []site{{
		host: "shop.test", tls: tls, doorward: "mode enforce\nlogin POST /login\n" + doorward, app: apps.address("redirect"),
		accessLog: true, extra: varsInLog + "\nlog_append device {vars.doorward_device}",
	}}})
	owner := edge.pageVisitor(t, "shop.test", aliceAtHome)
	if got := owner.login(t, alice, alicePassword); got.header.Get("Location") != "/" {
		t.Fatalf("Alice at home: %v", got)
	}
	for name, addresses := range map[string]int{alice: 100, bob: 40} {
		refused := 0
		for i := range addresses {
			guesser := edge.pageVisitor(t, "shop.test", fmt.Sprintf("127.0.6.%d", i+1))
			if guesser.post(t, "/login", "username", name, "password", fmt.Sprint("guess ", i)).status == 429 {
				refused++
			}
		}
		if reached := apps.counts(t, "redirect").Tries[name]; refused == 0 || reached > 27 {
			t.Fatalf("%s: %d of %d guesses were refused, %d tries reached the app; want the account closed", name, refused, addresses, reached)
		}
	}
	return apps, edge, owner
}

const aliceAtHome = "127.0.0.3"

// TestOwnerOfABesiegedAccountGetsInWithTheCookie: a hundred addresses guess at
// one account, which is closed to strangers. Its owner gets in from anywhere, even
// from an address of the guessers, with the cookie, and at home without.
func TestOwnerOfABesiegedAccountGetsInWithTheCookie(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, cookie string
		tls          bool
	}{{"over TLS", deviceOverTLS, true}, {"in clear", deviceInClear, false}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			apps, edge, owner := besieged(t, c.tls, "")
			device := owner.cookie(t, c.cookie)
			if len(device) != 60 {
				t.Fatalf("the cookie of Alice's browser: %q", device)
			}
			login := func(from, cookie, name, password string) answer {
				v := edge.pageVisitor(t, "shop.test", from)
				if cookie != "" {
					v.setCookie(t, c.cookie, cookie)
				}
				return v.login(t, name, password)
			}
			const inside, refused = 302, 429
			for _, row := range []struct {
				what, from, cookie, name, password string
				want                               int
			}{
				{"Alice elsewhere without the cookie", "127.0.7.1", "", alice, alicePassword, refused},
				{"Alice elsewhere with a forged one", "127.0.7.2", strings.Repeat("A", 60), alice, alicePassword, refused},
				{"Alice elsewhere with a changed one", "127.0.7.3", swapLast(device), alice, alicePassword, refused},
				{"Alice elsewhere with half of it", "127.0.7.4", device[:30], alice, alicePassword, refused},
				{"Bob with Alice's cookie", "127.0.7.5", device, bob, bobPassword, refused},
				{"Alice elsewhere with the cookie", "127.0.7.6", device, alice, alicePassword, inside},
				{"Alice at an address of the guessers, with the cookie", "127.0.6.50", device, alice, alicePassword, inside},
				{"Alice at home without the cookie", aliceAtHome, "", alice, alicePassword, inside},
			} {
				if got := login(row.from, row.cookie, row.name, row.password); got.status != row.want {
					t.Errorf("%s: %v; want %d", row.what, got, row.want)
				}
			}
			if tries := apps.counts(t, "redirect").Tries[bob]; tries > 26 {
				t.Errorf("%d tries at Bob reached the app", tries)
			}
			edge.stop(t)
			edge.checkNowhere(t, []string{device})
		})
	}
}

// swapLast changes a letter that matters.
func swapLast(device string) string {
	letter := "A"
	if device[40] == 'A' {
		letter = "B"
	}
	return device[:40] + letter + device[41:]
}

// TestWithoutTheCookieOnlyTheAddressIsKnown: `device_cookie off` sets none, reads
// none, and shows the app none that is left over.
func TestWithoutTheCookieOnlyTheAddressIsKnown(t *testing.T) {
	t.Parallel()
	_, edge, owner := besieged(t, false, "device_cookie off")
	if got := owner.cookie(t, deviceInClear); got != "" {
		t.Fatalf("a cookie although it is off: %q", got)
	}
	owner.setCookie(t, deviceInClear, strings.Repeat("A", 60))
	if got := owner.cookiesAtTheApp(t, "/hash"); strings.Contains(got, deviceInClear) {
		t.Errorf("the app saw %q", got)
	}
	if got := edge.pageVisitor(t, "shop.test", aliceAtHome).login(t, alice, alicePassword); got.status != 302 {
		t.Errorf("Alice at home: %v", got)
	}
}

// cookiesAtTheApp is the Cookie header as the app received it.
func (v *visitor) cookiesAtTheApp(t *testing.T, path string) string {
	t.Helper()
	got := v.do(t, v.request(t, "POST", path, "text/plain", "hello"))
	var seen struct {
		Headers map[string]string `json:"headers"`
	}
	if err := json.Unmarshal([]byte(got.body), &seen); err != nil {
		t.Fatalf("%v: %v", got, err)
	}
	return seen.Headers["cookie"]
}

// TestAppNeverSeesADeviceCookie: real, forged and doubled ones are taken out of
// every request, and not a byte of the app's own changes.
func TestAppNeverSeesADeviceCookie(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "redirect")
	edge := startEdge(t, edgeConfig{sites: []site{
		{host: "shop.test", doorward: "login POST /login", app: apps.address("redirect")},
		{host: "named.test", doorward: "login POST /login\ndevice_cookie known", app: apps.address("redirect")},
	}})
	for _, c := range []struct{ host, sent, want string }{
		{"shop.test", "a=1; b=2", "a=1; b=2"},
		{"shop.test", `a="x;y";;b = 2 ; c`, `a="x;y";;b = 2 ; c`},
		{"shop.test", "a=1; doorward_device=x; b=2", "a=1; b=2"},
		{"shop.test", "__Host-doorward_device=x; a=1; doorward_device=y; __Host-doorward_device=" + strings.Repeat("z", 5000), "a=1"},
		{"shop.test", "doorward_device=x", ""},
		{"shop.test", "my_doorward_device=x; known=1", "my_doorward_device=x; known=1"},
		{"named.test", "doorward_device=x; known=1; __Host-known=2; unknown=3", "doorward_device=x; unknown=3"},
	} {
		v := edge.visitor(t, c.host, "127.0.0.9")
		v.headers.Set("Cookie", c.sent)
		if got := v.cookiesAtTheApp(t, "/hash"); got != c.want {
			t.Errorf("%s was sent %.100q and showed the app %q, want %q", c.host, c.sent, got, c.want)
		}
	}
	v := edge.pageVisitor(t, "named.test", "127.0.0.9")
	v.login(t, alice, alicePassword)
	v.get(t, "/profile")
	if v.cookie(t, "known") == "" {
		t.Error("no cookie of the name that the operator wrote")
	}
	if got := v.cookiesAtTheApp(t, "/hash"); !strings.HasPrefix(got, "connect.sid=") || strings.Contains(got, "known") {
		t.Errorf("the app saw %q, want its own session alone", got)
	}
}

// TestCookieOfOneSiteIsForeignToAnother: a cookie of one site opens nothing
// on its neighbour in the same process.
func TestCookieOfOneSiteIsForeignToAnother(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "redirect", "default401")
	edge := startEdge(t, edgeConfig{sites: []site{
		{host: "shop.test", doorward: "mode enforce\nlogin POST /login", app: apps.address("redirect")},
		{host: "forum.test", doorward: "mode enforce\nlogin POST /login\nthreshold account 3/1h", app: apps.address("default401")},
	}})
	owner := edge.pageVisitor(t, "shop.test", aliceAtHome)
	owner.login(t, alice, alicePassword)
	device := owner.cookie(t, deviceInClear)
	if device == "" {
		t.Fatal("no cookie of the shop")
	}
	for i := range 10 {
		edge.visitor(t, "forum.test", fmt.Sprintf("127.0.6.%d", i+1)).login(t, alice, fmt.Sprint("guess ", i))
	}
	v := edge.pageVisitor(t, "forum.test", "127.0.7.1")
	v.setCookie(t, deviceInClear, device)
	if got := v.login(t, alice, alicePassword); got.status != 429 {
		t.Errorf("at the forum with the cookie of the shop: %v; want 429", got)
	}
}
