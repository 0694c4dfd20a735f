package integration

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// headerApp answers logins with 401 and keeps the headers of each request.
type headerApp struct {
	mu   sync.Mutex
	seen []http.Header
}

func (a *headerApp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.seen = append(a.seen, r.Header.Clone())
	a.mu.Unlock()
	w.WriteHeader(http.StatusUnauthorized)
}

// last returns Doorward's headers of the last request, and how many came.
func (a *headerApp) last() (found map[string]string, n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	found = map[string]string{}
	if len(a.seen) == 0 {
		return found, 0
	}
	for name, values := range a.seen[len(a.seen)-1] {
		if strings.HasPrefix(strings.ToLower(strings.ReplaceAll(name, "_", "-")), "doorward-") {
			found[name] = values[0]
		}
	}
	return found, len(a.seen)
}

// TestTagHeadersAreDoorwardsAlone: what a client sends under their names is
// removed on every site of the server, with and without the directive, also in
// the spelling that CGI takes for the same.
func TestTagHeadersAreDoorwardsAlone(t *testing.T) {
	t.Parallel()
	app := new(headerApp)
	server := httptest.NewServer(app)
	t.Cleanup(server.Close)
	address := strings.TrimPrefix(server.URL, "http://")
	edge := startEdge(t, edgeConfig{sites: []site{
		{host: "a.test", doorward: "mode off", app: address},
		{host: "shop.test", doorward: "mode enforce\non brute_force tag", app: address},
		{host: "z.test", extra: "@x path /*\nreverse_proxy @x " + address, bare: true},
	}})
	for _, host := range []string{"a.test", "shop.test", "z.test"} {
		v := edge.visitor(t, host, "127.0.0.9")
		v.headers.Set("Doorward-Verdict", "allow")
		v.headers["doorward_risk"] = []string{"0"}
		_, before := app.last()
		v.get(t, "/")
		v.login(t, alice, "wrong")
		if got, n := app.last(); len(got) != 0 || n != before+2 {
			t.Errorf("at %s the app sees %v in %d requests; want none in 2", host, got, n-before)
		}
	}
	v := edge.visitor(t, "shop.test", "127.0.0.9")
	v.headers.Set("Doorward-Detection", "none")
	v.guess(t, alice, "guess", 12)
	got, _ := app.last()
	if got["Doorward-Verdict"] != "tag" || got["Doorward-Detection"] != "brute_force" || got["Doorward-Risk"] == "" || len(got) != 3 {
		t.Errorf("after twelve guesses the app sees %v; want the tag", got)
	}
}

// TestDrop: the connection ends without a byte of an answer, over every version
// of HTTP; on HTTP/2 and 3 the stream alone.
func TestDrop(t *testing.T) {
	t.Parallel()
	for _, proto := range []string{"HTTP/1.1", "HTTP/2.0", "HTTP/3.0"} {
		t.Run(proto, func(t *testing.T) {
			t.Parallel()
			apps := startApps(t, "default401")
			edge := startEdge(t, edgeConfig{sites: []site{{
				host: "shop.test", doorward: "mode enforce\non brute_force drop", app: apps.address("default401"), tls: true,
			}}})
			v := edge.visitorOf(t, proto)
			for i := range 10 {
				if got := v.do(t, v.guessRequest(alice, i)); got.status != 401 || got.proto != proto {
					t.Fatalf("guess %d: %v; want 401", i, got)
				}
			}
			if got, err := v.try(v.guessRequest(alice, 10)); err == nil {
				t.Errorf("the eleventh guess is answered: %v; want the connection dropped", got)
			}
			if got := v.get(t, "/"); got.status == 0 || got.status == 403 {
				t.Errorf("a page afterwards: %v", got)
			}
			edge.waitEvent(t, "the drop", func(ev event) bool { return ev.Verdict == "drop" && ev.SourceIP == v.from })
			if proto == "HTTP/3.0" {
				edge.kill(t) // the client forgets the connection of a reset stream, and a server that ends waits for it
			}
		})
	}
}

func (e *edge) visitorOf(t *testing.T, proto string) *visitor {
	t.Helper()
	switch proto {
	case "HTTP/2.0":
		return e.visitorHTTP2(t, "shop.test", "127.0.0.8")
	case "HTTP/3.0":
		return e.visitorHTTP3(t, "shop.test", "127.0.0.9")
	}
	plain := &http.Transport{DialContext: dialFrom("127.0.0.7"), TLSClientConfig: e.tlsFor(t, "shop.test", "http/1.1")}
	return e.newVisitor(t, "shop.test", "127.0.0.7", plain, plain.CloseIdleConnections)
}

// TestDelay: guesses beyond the threshold wait, twice as long each time, and
// reach the app; one who hangs up meanwhile is let go and never reached it.
func TestDelay(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401")
	edge := startEdge(t, edgeConfig{sites: []site{{
		host: "shop.test", doorward: "mode enforce\non brute_force delay\ndelay 100ms 30s 1", app: apps.address("default401"),
	}}})
	v := edge.visitor(t, "shop.test", "127.0.0.9")
	v.guess(t, alice, "guess", 10)
	began := time.Now()
	if got := v.guess(t, alice, "late", 3); got[401] != 3 || time.Since(began) < 700*time.Millisecond {
		t.Errorf("three guesses too many: %v within %s; want them answered by the app after 100, 200 and 400 ms", got, time.Since(began))
	}
	v.guess(t, alice, "later", 3) // 800 ms, 1.6 s, 3.2 s, and then 6.4 s
	held := v.guessRequest(alice, 100)
	conn, err := dialFrom("127.0.0.9")(t.Context(), "tcp", strings.TrimPrefix(v.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	if err := held.Write(conn); err != nil {
		t.Fatal(err)
	}
	if !eventually(5*time.Second, func() bool { return strings.Contains(edge.doorward(t, "status"), "held by the answer delay: 1") }) {
		t.Fatal("status does not tell of the held request")
	}
	if got := v.login(t, alice, "one too many"); got.status != 429 {
		t.Errorf("beside the one that may be held: %v; want 429", got)
	}
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
	edge.waitEvent(t, "the overflow", func(ev event) bool { return ev.Verdict == "limit" && ev.Detection == "brute_force" })
	if reached := apps.counts(t, "default401").Tries[alice]; reached != 16 {
		t.Errorf("%d guesses reached the app, want 16: neither the one that hung up nor those beyond", reached)
	}
}
