package integration

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// refusalSites are two sites on one server of which one has handle_errors, and
// a third that leaves its refusals to it.
func refusalSites(app string) []site {
	const errors = "handle_errors {\n\trespond \"our own page: {err.status_code} {vars.doorward_verdict}\"\n}"
	return []site{
		{host: "page.test", doorward: "mode enforce\ncontact \"Call 020 555 0100\"\non tor all block", app: app},
		{host: "both.test", doorward: "mode enforce", app: app, extra: errors},
		{host: "error.test", doorward: "mode enforce\nrefusal error", app: app, extra: errors},
		{host: "block.test", doorward: "mode enforce\non brute_force login block 10m", app: app},
	}
}

// refuse makes a visitor that has used up its guesses at alice's account.
func refuse(t *testing.T, edge *edge, host, from string) *visitor {
	t.Helper()
	v := edge.visitor(t, host, from)
	v.guess(t, alice, "guess", 10)
	return v
}

// refusedAs makes one more guess and asks for a type of answer.
func (v *visitor) refusedAs(t *testing.T, accept string) answer {
	t.Helper()
	req := v.request(t, http.MethodPost, "/login", formType, form("username", alice, "password", fmt.Sprint("more ", time.Now().UnixNano())))
	req.Header.Set("Accept", accept)
	return v.do(t, req)
}

// browser is what Firefox says it accepts.
const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

func TestRefusals(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401")
	edge := startEdge(t, edgeConfig{
		tor: torBlock(writeList(t, newDir(t), exitList(20))), sites: refusalSites(apps.address("default401")),
	})
	for _, c := range refusalChecks {
		t.Run(c.name, func(t *testing.T) { c.check(t, edge) })
	}
}

// refusalChecks each use sources of their own.
var refusalChecks = []struct {
	name  string
	check func(*testing.T, *edge)
}{
	{"a page for browsers", checkPage},
	{"problem+json for programs", checkProblem},
	{"a block is a 403", checkBlock},
	{"handle_errors of the site leaves the page alone", checkPageBesideErrors},
	{"refusal error hands over to handle_errors", checkErrors},
	{"HEAD has no body", checkHead},
}

// checkPage: the page says what happened without a script and without what was
// submitted.
func checkPage(t *testing.T, edge *edge) {
	got := refuse(t, edge, "page.test", "127.0.0.3").refusedAs(t, browser)
	checkRefusal(t, got, 429, "text/html")
	for _, want := range []string{"<html lang=", "Call 020 555 0100", "<h1"} {
		if !strings.Contains(got.body, want) {
			t.Errorf("the page lacks %q:\n%s", want, got.body)
		}
	}
	if strings.Contains(got.body, "<script") || strings.Contains(got.body, "alice") || strings.Contains(got.body, "more ") {
		t.Errorf("the page holds a script or what was submitted:\n%s", got.body)
	}
	edge.checkExplained(t, got.body)
}

func checkProblem(t *testing.T, edge *edge) {
	v := refuse(t, edge, "page.test", "127.0.0.4")
	for _, accept := range []string{"application/json", "application/problem+json", "application/json, text/plain, */*"} {
		got := v.refusedAs(t, accept)
		checkRefusal(t, got, 429, "application/problem+json")
		var problem map[string]any
		if err := json.Unmarshal([]byte(got.body), &problem); err != nil {
			t.Fatalf("Accept %s: no JSON: %v\n%s", accept, err, got.body)
		}
		if problem["status"] != 429.0 || problem["title"] == nil {
			t.Errorf("Accept %s: %v; want a status and a title, as RFC 9457 says", accept, problem)
		}
		edge.checkExplained(t, got.body)
	}
}

func checkBlock(t *testing.T, edge *edge) {
	checkRefusal(t, refuse(t, edge, "block.test", "127.0.0.5").refusedAs(t, browser), 403, "text/html")
}

func checkPageBesideErrors(t *testing.T, edge *edge) {
	got := refuse(t, edge, "both.test", "127.0.0.6").refusedAs(t, browser)
	checkRefusal(t, got, 429, "text/html")
	if got.body == "" || strings.Contains(got.body, "our own page") {
		t.Errorf("body %q; want Doorward's page", got.body)
	}
}

func checkErrors(t *testing.T, edge *edge) {
	got := refuse(t, edge, "error.test", "127.0.0.7").refusedAs(t, browser)
	checkRefusal(t, got, 429, "")
	if got.body != "our own page: 429 limit" {
		t.Errorf("body %q; want the site's own page, with the verdict", got.body)
	}
}

// checkHead reads the connection itself: a client library would hide a body.
func checkHead(t *testing.T, edge *edge) {
	edge.waitListed(t, "both.test", exit, true)
	head := edge.raw(t, exit, "HEAD / HTTP/1.1\r\nHost: page.test\r\nConnection: close\r\n\r\n")
	text, err := io.ReadAll(head)
	if err != nil {
		t.Fatal(err)
	}
	headers, body, whole := strings.Cut(string(text), "\r\n\r\n")
	if !strings.HasPrefix(headers, "HTTP/1.1 403") || !whole || body != "" {
		t.Errorf("HEAD: %q; want 403 and no body", text)
	}
	if got := edge.visitor(t, "page.test", exit).get(t, "/"); got.status != 403 || got.body == "" {
		t.Errorf("GET: %v; want 403 and a page", got)
	}
}

// checkRefusal looks at what every refusal has: it is not stored, says when to
// come back, and is of the type asked for.
func checkRefusal(t *testing.T, got answer, status int, mediaType string) {
	t.Helper()
	if got.status != status {
		t.Fatalf("%v; want %d", got, status)
	}
	if !strings.Contains(got.header.Get("Cache-Control"), "no-store") {
		t.Errorf("Cache-Control %q; want no-store", got.header.Get("Cache-Control"))
	}
	if status == 429 && got.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if mediaType == "" {
		return
	}
	if found, _, _ := mime.ParseMediaType(got.header.Get("Content-Type")); found != mediaType {
		t.Errorf("Content-Type %q; want %s", got.header.Get("Content-Type"), mediaType)
	}
	if mediaType == "text/html" && !strings.Contains(got.header.Get("Vary"), "Accept") {
		t.Errorf("Vary %q; want Accept", got.header.Get("Vary"))
	}
}

// checkExplained finds the id on a refusal: it names an event or a sanction,
// and `caddy doorward explain` knows it.
func (e *edge) checkExplained(t *testing.T, body string) {
	t.Helper()
	var id string
	if !eventually(10*time.Second, func() bool {
		for _, ev := range e.events(t) {
			for _, candidate := range []string{ev.ID, ev.SanctionID, ev.RequestID} {
				if candidate != "" && strings.Contains(body, candidate) {
					id = candidate
					return true
				}
			}
		}
		return false
	}) {
		t.Fatalf("no id of an event, a sanction or a request on the refusal:\n%s", body)
	}
	if out := e.doorward(t, "explain", id); !strings.Contains(out, id) {
		t.Errorf("`explain %s` does not know it:\n%s", id, out)
	}
}

// raw sends bytes over a connection of its own and returns it for reading.
func (e *edge) raw(t *testing.T, from, request string) net.Conn {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: 10 * time.Second}
	conn, err := dialer.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", e.httpPort))
	if err != nil {
		t.Fatalf("connecting from %s: %v", from, err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatalf("sending from %s: %v", from, err)
	}
	return conn
}
