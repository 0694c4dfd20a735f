package integration

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// What the tests of whole apps have in common: apps that nobody wrote for these
// tests, behind a Caddy that knows of them only where they listen.

// guarded is an edge in front of one app, with the directive and nothing else:
// no routes, no identifiers, no words.
func guarded(t *testing.T, host, app string) *edge {
	t.Helper()
	return startEdge(t, edgeConfig{sites: []site{{
		host: host, doorward: "mode enforce", app: app, accessLog: true, extra: varsInLog,
	}}})
}

// need fails the test unless there is a program, and returns where. hint is the
// package that has it.
func need(t testing.TB, program, hint string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatalf("%s is missing: install %s (Debian: apt-get install %s), or run .ci/test, which does", program, hint, hint)
	}
	return path
}

// needFile is need for files of packages that have no program.
func needFile(t *testing.T, path, hint string) {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%s is missing: install %s (Debian: apt-get install %s), or run .ci/test, which does", path, hint, hint)
	}
}

// startServer starts a server and waits until it accepts connections.
func startServer(t *testing.T, cmd *exec.Cmd, network, address string) *process {
	t.Helper()
	p := startProcess(t, cmd, &output{})
	accepts := func() bool {
		conn, err := net.Dial(network, address)
		return !p.running() || err == nil && conn.Close() == nil
	}
	if !eventually(60*time.Second, accepts) || !p.running() {
		t.Fatalf("%s does not serve on %s:\n%s", cmd.Path, address, tail(p.log.String(), 4000))
	}
	return p
}

// mustRun runs a program to its end.
func mustRun(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, tail(string(out), 4000))
	}
}

// browser is a visitor that asks for pages and names itself as browsers do.
func (e *edge) browser(t *testing.T, host, from string) *visitor {
	t.Helper()
	v := e.visitor(t, host, from)
	v.headers.Set("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
	v.headers.Set("Accept-Language", "en")
	v.headers.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	return v
}

// follow goes where answers lead, as browsers do, and returns the last one.
func (v *visitor) follow(t *testing.T, a answer) answer {
	t.Helper()
	for range 10 {
		location := a.header.Get("Location")
		if location == "" {
			return a
		}
		a = v.get(t, strings.TrimPrefix(location, v.base))
	}
	t.Fatal("ten redirects in a row")
	return a
}

// between returns what stands in text behind the first before and in front of
// the next after.
func between(t *testing.T, text, before, after string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, before)
	value, _, ended := strings.Cut(rest, after)
	if !found || !ended {
		t.Fatalf("no %q … %q in\n%.3000s", before, after, text)
	}
	return value
}

// told is what must be told of one attempt.
type told struct {
	what, kind, outcome string
	// key is the primary key, name the name submitted; both empty where the
	// request names nobody.
	key, name string
}

// checkTold waits for the attempts of a source and compares them one by one with
// what was done, in order. More events than that are an error as well: end the
// list with an attempt.
func (e *edge) checkTold(t *testing.T, from string, want []told) {
	t.Helper()
	got := e.waitEvents(t, len(want), "the attempts of "+from, fromAddress(from))
	for i, ev := range got {
		if i >= len(want) {
			t.Errorf("an event too many: %+v", ev)
			continue
		}
		w := want[i]
		if !ev.attempt(w.kind, w.outcome) || ev.PrimaryKey != w.key {
			t.Errorf("%s: told as %s, %s, by %q (%q), %+v; want %s, %s, by %q",
				w.what, ev.Kind, ev.Outcome, ev.PrimaryKey, ev.Evidence, ev, w.kind, w.outcome, w.key)
		}
		if (ev.Pseudonym != "") != (w.name != "") {
			t.Errorf("%s: pseudonym %q; want one: %v", w.what, ev.Pseudonym, w.name != "")
		}
	}
	checkPseudonyms(t, got, want)
}

// checkPseudonyms: one name has one pseudonym, whatever the outcome, and no event
// shows it in full.
func checkPseudonyms(t *testing.T, got []event, want []told) {
	t.Helper()
	of := map[string]string{}
	for i, ev := range got[:min(len(got), len(want))] {
		name := want[i].name
		if name == "" {
			continue
		}
		if strings.Contains(ev.Identity, name) || ev.Identity == "" {
			t.Errorf("%s: identity %q; want %s masked", want[i].what, ev.Identity, name)
		}
		if first, known := of[name]; known && first != ev.Pseudonym {
			t.Errorf("%s: pseudonym %s; %s was %s before", want[i].what, ev.Pseudonym, name, first)
		}
		of[name] = ev.Pseudonym
	}
	distinct := map[string]bool{}
	for _, pseudonym := range of {
		distinct[pseudonym] = true
	}
	if len(distinct) != len(of) {
		t.Errorf("pseudonyms by name: %v; want as many as names", of)
	}
}

// checkBruteForce guesses twenty times. guess makes the i-th wrong guess at one
// account. Ten reach the app, the rest are refused, and the owner, whose login
// from elsewhere must succeed, is not.
func (e *edge) checkBruteForce(t *testing.T, from string, guess func(i int) answer, owner func() bool) {
	t.Helper()
	let, refused := 0, 0
	for i := range 20 {
		switch got := guess(i); {
		case got.status != http.StatusTooManyRequests:
			let++
		case got.header.Get("Retry-After") == "":
			t.Errorf("guess %d refused without Retry-After: %v", i, got)
		default:
			refused++
		}
	}
	if let != 10 || refused != 10 {
		t.Errorf("of 20 guesses %d reached the app and %d were refused; want 10 and 10", let, refused)
	}
	if !owner() {
		t.Error("the owner does not get in from elsewhere while the guesser is refused")
	}
	e.waitEvent(t, "a detected brute force", func(ev event) bool {
		return ev.Detection == "brute_force" && ev.SourceIP == from
	})
}

// guessAt is the i-th wrong password.
func guessAt(i int) string { return fmt.Sprintf("guess number %d", i) }
