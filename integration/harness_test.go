package integration

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// The tests of this file prove the harness itself, on a Caddy without the
// directive.

func bareEdge(t *testing.T, app string, tls bool) *edge {
	t.Helper()
	return startEdge(t, edgeConfig{bare: true, sites: []site{{host: "shop.test", app: app, tls: tls, accessLog: true}}})
}

func TestHarnessCarriesTheVisitorsAddressAndCookies(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "redirect")
	edge := bareEdge(t, apps.address("redirect"), false)
	visitor := edge.visitor(t, "shop.test", "127.0.0.7")

	if got := visitor.get(t, "/profile"); got.status != 302 || got.header.Get("Location") != "/login" {
		t.Errorf("a page for members, not logged in: %v; want 302 to /login", got)
	}
	if got := visitor.login(t, alice, alicePassword); got.status != 302 || got.header.Get("Location") != "/" {
		t.Fatalf("logging in: %v; want 302 to /", got)
	}
	if got := visitor.get(t, "/profile"); got.status != 200 || !strings.Contains(got.body, alice) {
		t.Errorf("a page for members, logged in: %v; want 200 and the name", got)
	}
	if !eventually(5*time.Second, func() bool { return strings.Contains(edge.read(accessFile), `"client_ip":"127.0.0.7"`) }) {
		t.Errorf("the access log does not name 127.0.0.7:\n%s", edge.read(accessFile))
	}
	counts := apps.counts(t, "redirect")
	if counts.Requests["POST /login"] != 1 || counts.Tries[alice] != 1 {
		t.Errorf("the app counted %+v; want one login of alice", counts)
	}
}

func TestHarnessSpeaksEveryHTTPVersion(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "redirect")
	edge := bareEdge(t, apps.address("redirect"), true)
	for _, c := range []struct {
		proto   string
		visitor *visitor
	}{
		{"HTTP/2.0", edge.visitorHTTP2(t, "shop.test", "127.0.0.8")},
		{"HTTP/3.0", edge.visitorHTTP3(t, "shop.test", "127.0.0.9")},
	} {
		got := c.visitor.login(t, alice, alicePassword)
		if got.proto != c.proto || got.status != 302 || got.header.Get("Location") != "/" {
			t.Errorf("logging in over %s: %v; want 302 to /", c.proto, got)
		}
		if !eventually(5*time.Second, func() bool { return strings.Contains(edge.read(accessFile), c.visitor.from) }) {
			t.Errorf("the access log does not name %s", c.visitor.from)
		}
	}
}

func TestHarnessStopsKillsStartsAndReloads(t *testing.T) {
	t.Parallel()
	edge := startEdge(t, edgeConfig{bare: true, sites: []site{{host: "shop.test", extra: `respond "one"`}}})
	visitor := edge.visitor(t, "shop.test", "127.0.0.1")
	body := func() string { return visitor.get(t, "/").body }
	if got := body(); got != "one" {
		t.Fatalf("at first: %q, want one", got)
	}
	edge.config.sites[0].extra = `respond "two"`
	edge.reload(t)
	if got := body(); got != "two" {
		t.Errorf("after the reload: %q, want two", got)
	}
	edge.config.sites[0].extra = `respnod "three"`
	if r := edge.tryReload(t); r.code == 0 || !strings.Contains(r.stderr, "respnod") {
		t.Errorf("a reload with a misspelt directive ended with %d: %s; want an error that names it", r.code, r.stderr)
	}
	if got := body(); got != "two" {
		t.Errorf("after the refused reload: %q, want two", got)
	}
	edge.config.sites[0].extra = `respond "four"`
	edge.kill(t)
	edge.start(t)
	if got := body(); got != "four" {
		t.Errorf("after kill -9 and start: %q, want four", got)
	}
	edge.stop(t)
	edge.start(t)
	if got := body(); got != "four" {
		t.Errorf("after SIGTERM and start: %q, want four", got)
	}
}

func TestHarnessNoticesRacesAndPanics(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, log string
		trouble   bool
	}{
		{"an ordinary log", `{"level":"info","msg":"serving initial configuration"}`, false},
		{"a race", "{}\n==================\nWARNING: DATA RACE\nWrite at 0x00c000", true},
		{"a panic that ends the process", "{}\npanic: runtime error: index out of range\n\ngoroutine 7 [running]:", true},
		{"a panic that a request survived", `{"level":"error","msg":"detector panicked; the request goes on"}`, true},
		{"a panic in a handler", `{"level":"error","logger":"http.stdlib","msg":"http: panic serving 127.0.0.1:5: boom"}`, true},
	} {
		if got := trouble(c.log) != ""; got != c.trouble {
			t.Errorf("%s: trouble = %v, want %v", c.name, got, c.trouble)
		}
	}
}

func TestHarnessBuildsWithTheRaceDetector(t *testing.T) {
	t.Parallel()
	binary, err := caddyBinary()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "version", "-m", binary).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "-race=true") {
		t.Errorf("go version -m: %v, no -race=true in\n%s", err, out)
	}
}

func TestHarnessPortsAreFreeAndDiffer(t *testing.T) {
	t.Parallel()
	seen := map[int]bool{}
	for range 50 {
		port := freePort(t)
		if seen[port] {
			t.Fatalf("port %d twice", port)
		}
		seen[port] = true
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if port := taken.Addr().(*net.TCPAddr).Port; isFree(port) {
		t.Errorf("port %d counts as free while something listens", port)
	}
}

func TestHarnessReadsEventsWhileTheyAreWritten(t *testing.T) {
	t.Parallel()
	edge := &edge{dir: newDir(t)}
	if got := edge.events(t); len(got) != 0 {
		t.Errorf("without a file: %d events", len(got))
	}
	lines := `{"type":"attempt","kind":"login","outcome":"failure","source_ip":"127.0.0.4","lists":["tor"]}` + "\n" + `{"kind":"login","outc`
	if err := os.WriteFile(edge.path(eventsFile), []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	got := edge.waitEvents(t, 1, "a failure", fromAddress("127.0.0.4"))
	if len(got) != 1 || !got[0].attempt("login", "failure") || !got[0].tor() {
		t.Errorf("events %+v; want one failed login through tor", got)
	}
}

// TestLockFileNamesNoRegistry: the lock file must work behind any registry.
func TestLockFileNamesNoRegistry(t *testing.T) {
	t.Parallel()
	lock, err := os.ReadFile(expressDir + "/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(lock), `"resolved"`) {
		t.Error("package-lock.json holds resolved URLs; write it with `npm install --package-lock-only --omit-lockfile-registry-resolved=true`")
	}
}

// TestAppsAnswerAsTheirLibraries pins down the real answers of the app, without
// any edge: what the acceptance tests expect Doorward to tell apart.
func TestAppsAnswerAsTheirLibraries(t *testing.T) {
	t.Parallel()
	apps := startApps(t, styleNames()...)
	for _, s := range styles {
		t.Run(s.name, func(t *testing.T) {
			v := directVisitor(t, "http://"+apps.address(s.name), s.field)
			for _, step := range s.steps() {
				got := s.submit(t, v, step.user, step.password)
				if got.status != step.status {
					t.Errorf("%s: %v; want status %d", step.what, got, step.status)
				}
				if hasCookie := got.header.Get("Set-Cookie") != ""; hasCookie != step.cookie {
					t.Errorf("%s: Set-Cookie %q; want one: %v", step.what, got.header.Get("Set-Cookie"), step.cookie)
				}
			}
		})
	}
}

// directVisitor is a client of the app itself. It keeps no cookies, so that
// every answer is the one to a first request.
func directVisitor(t *testing.T, base, field string) *visitor {
	t.Helper()
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &visitor{base: base, from: "127.0.0.1", headers: http.Header{}, field: field, client: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}
