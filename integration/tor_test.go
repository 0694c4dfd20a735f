package integration

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// exit is the address of the tests' Tor exit.
const exit = "127.0.0.66"

// exitList is a list of n invented exits and the tests' own.
func exitList(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "198.18.%d.%d\n", i/250, i%250+1)
	}
	return b.String() + exit + "\n2001:db8:66::1\n203.0.113.66\n"
}

func writeList(t *testing.T, dir, text string) string {
	t.Helper()
	file := dir + "/exits.txt"
	if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
	return file
}

func torBlock(source string) string {
	return fmt.Sprintf("{\n\t\tsource %s\n\t\trefresh 1s\n\t}", source)
}

// waitListed waits until a login from an address is, or is not, known to come
// through Tor.
func (e *edge) waitListed(t *testing.T, host, address string, want bool) {
	t.Helper()
	v := e.visitor(t, host, address)
	if !eventually(20*time.Second, func() bool {
		before := len(e.matching(t, fromAddress(address)))
		v.login(t, "someone@x.test", "the same")
		return e.waitEvents(t, before+1, "a login", fromAddress(address))[before].tor() == want
	}) {
		t.Fatalf("%s: listed is not %v after 20 s", address, want)
	}
}

// TestTorExitsAreKnown: IPv4, IPv6 and IPv4 written as IPv6; others are not.
func TestTorExitsAreKnown(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401")
	edge := startEdge(t, edgeConfig{
		tor: torBlock(writeList(t, newDir(t), exitList(20))), servers: trustedProxy,
		sites: []site{{host: "shop.test", doorward: "mode enforce\non tor login tighten", app: apps.address("default401")}},
	})
	edge.waitListed(t, "shop.test", exit, true)
	proxy := edge.visitor(t, "shop.test", "127.0.0.2")
	for _, c := range []struct {
		name, forwarded, shown string
		listed                 bool
	}{
		{"a listed IPv4 address", "203.0.113.66", "203.0.113.66", true},
		{"the same, written as IPv6", "::ffff:203.0.113.66", "203.0.113.66", true},
		{"a listed IPv6 address", "2001:db8:66::1", "2001:db8:66::1", true},
		{"its neighbour", "2001:db8:66::2", "2001:db8:66::2", false},
		{"an address on no list", "203.0.113.67", "203.0.113.67", false},
	} {
		before := len(edge.matching(t, fromAddress(c.shown)))
		proxy.headers.Set("X-Forwarded-For", c.forwarded)
		if got := proxy.login(t, alice, alicePassword); got.status != 200 {
			t.Errorf("%s: %v; want to be let in, only marked", c.name, got)
		}
		ev := edge.waitEvents(t, before+1, c.name, fromAddress(c.shown))[before]
		if ev.tor() != c.listed {
			t.Errorf("%s: lists %v; want tor: %v", c.name, ev.Lists, c.listed)
		}
		if want := map[bool]string{true: "tag", false: "allow"}[c.listed]; ev.Verdict != want {
			t.Errorf("%s: verdict %q; want %q", c.name, ev.Verdict, want)
		}
	}
}

// TestTorTightensThresholds: a listed source gets half of the guesses.
func TestTorTightensThresholds(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401", "redirect")
	edge := startEdge(t, edgeConfig{
		tor: torBlock(writeList(t, newDir(t), exitList(20))),
		sites: []site{
			{host: "warm.test", doorward: "mode enforce\non tor login tighten", app: apps.address("redirect")},
			{host: "shop.test", doorward: "mode enforce\non tor login tighten", app: apps.address("default401")},
		},
	})
	edge.waitListed(t, "warm.test", exit, true)
	if got := edge.visitor(t, "shop.test", exit).guess(t, alice, "guess", 20); got[401] != 5 || got[429] != 15 {
		t.Errorf("20 guesses through Tor: %v; want 5 let through", got)
	}
}

// TestTorPolicies: blocking logins leaves the pages open; blocking everything
// leaves nothing; others are not concerned.
func TestTorPolicies(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401")
	app := apps.address("default401")
	edge := startEdge(t, edgeConfig{
		tor: torBlock(writeList(t, newDir(t), exitList(20))),
		sites: []site{
			{host: "warm.test", doorward: "mode enforce", app: app},
			{host: "login.test", doorward: "mode enforce\non tor login block", app: app},
			{host: "all.test", doorward: "mode enforce\non tor all block", app: app},
		},
	})
	edge.waitListed(t, "warm.test", exit, true)
	for _, c := range []struct {
		host, from         string
		login, page, reset int
	}{
		{"login.test", exit, 403, 200, 200},
		{"all.test", exit, 403, 403, 403},
		{"login.test", "127.0.0.67", 200, 200, 200},
		{"all.test", "127.0.0.67", 200, 200, 200},
	} {
		v := edge.visitor(t, c.host, c.from)
		login, page := v.login(t, alice, alicePassword), v.get(t, "/")
		reset := v.post(t, "/password/reset", "email", alice)
		if login.status != c.login || page.status != c.page || reset.status != c.reset {
			t.Errorf("%s from %s: login %d, page %d, reset %d; want %d, %d, %d",
				c.host, c.from, login.status, page.status, reset.status, c.login, c.page, c.reset)
		}
	}
}

// TestTorListIsReadAgain: a changed file is used without a restart; what cannot
// be a list is refused and the old one kept.
func TestTorListIsReadAgain(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401")
	dir := newDir(t)
	edge := startEdge(t, edgeConfig{
		tor:   torBlock(writeList(t, dir, exitList(200))),
		sites: []site{{host: "shop.test", doorward: "mode enforce\nthreshold source 500/10m\nthreshold pair 500/1h", app: apps.address("default401")}},
	})
	edge.waitListed(t, "shop.test", exit, true)
	edge.waitListed(t, "shop.test", "127.0.0.70", false)
	writeList(t, dir, exitList(200)+"127.0.0.70\n")
	edge.waitListed(t, "shop.test", "127.0.0.70", true)

	for name, bad := range badLists() {
		refused := edge.metric(t, `caddy_doorward_list_refused_total{list="tor"}`)
		writeList(t, dir, bad)
		edge.waitRefused(t, name, refused)
		if !edge.listed(t, "shop.test", exit) {
			t.Errorf("after a list that is %s: the exit is forgotten; want the old list kept", name)
		}
	}
	if age := edge.metric(t, `caddy_doorward_list_age_seconds{list="tor"}`); age < 1 || age > 600 {
		t.Errorf("the age of the list after six refused ones: %v s; want it to have grown", age)
	}
}

// waitRefused waits until one more copy of the list has been refused.
func (e *edge) waitRefused(t *testing.T, what string, before float64) {
	t.Helper()
	if !eventually(30*time.Second, func() bool {
		return e.metric(t, `caddy_doorward_list_refused_total{list="tor"}`) > before
	}) {
		t.Fatalf("a list that is %s was not refused within 30 s", what)
	}
}

// badLists are answers that must not replace a list of 200.
func badLists() map[string]string {
	return map[string]string{
		"empty":            "",
		"cut in a line":    "198.18.0.1\n198.18.0.2\n198.1",
		"a web page":       "<!DOCTYPE html>\n<html><body>Please log in</body></html>\n",
		"suddenly shrunk":  "198.18.0.1\n198.18.0.2\n198.18.0.3\n",
		"the whole world":  "0.0.0.0/0\n",
		"something binary": "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
	}
}

// listed asks once whether an address is known as a Tor exit.
func (e *edge) listed(t *testing.T, host, address string) bool {
	t.Helper()
	before := len(e.matching(t, fromAddress(address)))
	e.visitor(t, host, address).login(t, "someone@x.test", "the same")
	return e.waitEvents(t, before+1, "a login", fromAddress(address))[before].tor()
}

// metric reads one value as Prometheus would; 0 when it is not there.
func (e *edge) metric(t *testing.T, name string) float64 {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DialContext: dialUnix(e.path("admin.sock"))}, Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	res, err := client.Get("http://127.0.0.1/metrics")
	if err != nil {
		t.Fatalf("reading the metrics: %v", err)
	}
	defer res.Body.Close()
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if text, found := strings.CutPrefix(lines.Text(), name+" "); found {
			value, err := strconv.ParseFloat(text, 64)
			if err != nil {
				t.Fatalf("reading the metric %s: %v", name, err)
			}
			return value
		}
	}
	return 0
}

// listServer serves a list that tests change.
type listServer struct{ text atomic.Value }

func (s *listServer) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	_, _ = io.WriteString(w, s.text.Load().(string))
}

// TestTorListFromAServer: the same from a URL, and the last good copy is used
// at the next start when the server is away.
func TestTorListFromAServer(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401")
	list := &listServer{}
	list.text.Store(exitList(200))
	server := httptest.NewServer(list)
	defer server.Close()
	edge := startEdge(t, edgeConfig{
		tor:   torBlock(server.URL + "/exits?token=listtoken7731\n\t\tallow_private"),
		sites: []site{{host: "shop.test", doorward: "mode enforce\nthreshold source 500/10m\nthreshold pair 500/1h", app: apps.address("default401")}},
	})
	edge.waitListed(t, "shop.test", exit, true)
	list.text.Store(exitList(200) + "127.0.0.70\n")
	edge.waitListed(t, "shop.test", "127.0.0.70", true)
	for name, bad := range badLists() {
		refused := edge.metric(t, `caddy_doorward_list_refused_total{list="tor"}`)
		list.text.Store(bad)
		edge.waitRefused(t, name, refused)
		if !edge.listed(t, "shop.test", exit) {
			t.Errorf("after an answer that is %s: the exit is forgotten; want the old list kept", name)
		}
	}
	edge.stop(t)
	server.Close()
	edge.start(t)
	edge.waitListed(t, "shop.test", exit, true)
	edge.waitListed(t, "shop.test", "127.0.0.70", true)
	edge.checkNowhereBut(t, "listtoken7731", "Caddyfile")
}
