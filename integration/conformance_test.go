package integration

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// The conformance suite: what passes a site with the directive is what passes
// the same site without it, also when the request is an attempt whose body and
// answer are looked at. Every test asks both sites of a pair, which one Caddy
// process serves, the same thing and compares all that a client can tell.

// shape is a site written twice, with and without the directive, over http and
// over https.
type shape struct {
	name string
	// outer are directives around Doorward, inner those it is around of. Empty
	// inner: the proxy to the upstream.
	outer, inner string
	// lines are lines of the directive besides the mode and the login route.
	lines string
	// rest stands outside of the route, such as handle_errors.
	rest string
}

// patient are lines that let any number of failures through.
const patient = "threshold source 1000/10m\nthreshold source_slow 1000/24h\n" +
	"threshold pair 1000/24h\nthreshold account 1000/1h"

// pairs is a Caddy process that serves shapes twice.
type pairs struct {
	*edge
	text string // the Caddyfile
}

// sides are the two sites of a pair.
var sides = []string{"plain", "guarded"}

// host is the name of one site of a pair. Names of sites with TLS differ from
// the others, so that the harness knows their port.
func host(side, shape string, tls bool) string {
	if tls {
		return side + "." + shape + ".tls.test"
	}
	return side + "." + shape + ".test"
}

// startPairs starts Caddy with shapes in front of the upstream at the address
// app. As with startEdge, a race or a panic in its log fails the test.
func startPairs(t *testing.T, app string, shapes ...shape) *pairs {
	t.Helper()
	binary, err := caddyBinary()
	if err != nil {
		t.Fatal(err)
	}
	p := &pairs{edge: &edge{
		dir: newDir(t), binary: binary, log: &output{}, httpPort: freePort(t), httpsPort: freePort(t),
	}}
	for _, s := range shapes {
		for _, side := range sides {
			p.config.sites = append(p.config.sites,
				site{host: host(side, s.name, false)}, site{host: host(side, s.name, true), tls: true})
		}
	}
	p.text = p.global()
	for _, s := range shapes {
		p.text += p.blocks(s, app)
	}
	if err := os.WriteFile(p.path("Caddyfile"), []byte(p.text), 0o600); err != nil {
		t.Fatalf("writing the Caddyfile: %v", err)
	}
	t.Cleanup(func() { p.finish(t) })
	p.process = startProcess(t, p.caddy(context.Background(), "run", "--config", p.path("Caddyfile"), "--adapter", "caddyfile"), p.log)
	t.Cleanup(func() { p.stop(t) })
	serving := func() bool {
		return !p.process.running() || strings.Contains(p.log.String(), "serving initial configuration")
	}
	if !eventually(60*time.Second, serving) || !p.process.running() {
		t.Fatalf("Caddy does not serve:\n%s", tail(p.log.String(), 4000))
	}
	return p
}

// finish looks at what the process left behind, when it has ended.
func (p *pairs) finish(t *testing.T) {
	log := p.log.String()
	if text := trouble(log); text != "" {
		t.Errorf("Caddy reports a data race or a panic:\n%s", text)
	}
	if t.Failed() {
		t.Logf("Caddyfile:\n%s\nlog:\n%s\nevents:\n%s", p.text, tail(log, 6000), tail(p.read(eventsFile), 4000))
	}
}

// global has a grace period because the farewell of a client of HTTP/3 may be
// lost, and Caddy would wait for it.
func (p *pairs) global() string {
	return fmt.Sprintf(`{
	admin unix/%s
	persist_config off
	skip_install_trust
	local_certs
	auto_https disable_redirects
	grace_period 5s
	storage file_system %s
	doorward {
		tor off
		file %s
	}
}
`, p.path("admin.sock"), p.path("storage"), p.path(eventsFile))
}

// blocks writes the four sites of a shape.
func (p *pairs) blocks(s shape, app string) string {
	inner := s.inner
	if inner == "" {
		inner = "reverse_proxy " + app
	}
	var b strings.Builder
	for _, side := range sides {
		directive := ""
		if side == "guarded" {
			directive = "doorward {\nthreshold contacts 1000/24h\nmode enforce\nplaintext_identities\nlogin POST /login/*\n" + s.lines + "\n}\n"
		}
		body := "route {\n" + s.outer + "\n" + directive + inner + "\n}\n" + s.rest + "\n"
		fmt.Fprintf(&b, "\n%s {\n%s}\n", p.url(host(side, s.name, false)), body)
		fmt.Fprintf(&b, "\n%s {\ntls internal\n%s}\n", p.url(host(side, s.name, true)), body)
	}
	return b.String()
}

// protocols are the versions of HTTP that Caddy speaks with clients.
var protocols = []string{"HTTP/1.1", "HTTP/2.0", "HTTP/3.0"}

// client returns a client of one site of a pair that speaks one version of
// HTTP. A large limit replaces that of the harness: some answers are long.
func (p *pairs) client(t *testing.T, proto, side, shape, from string) *visitor {
	t.Helper()
	var v *visitor
	switch proto {
	case "HTTP/2.0":
		v = p.visitorHTTP2(t, host(side, shape, true), from)
	case "HTTP/3.0":
		v = p.visitorHTTP3(t, host(side, shape, true), from)
	default:
		v = p.visitor(t, host(side, shape, false), from)
	}
	v.client.Timeout = 5 * time.Minute
	return v
}

// lastSource counts the sources of this suite, so that no test is refused for
// what another one did.
var lastSource atomic.Int32

// newSource returns an address that no other call has returned.
func newSource() string {
	n := lastSource.Add(1)
	return fmt.Sprintf("127.9.%d.%d", n/250, n%250+1)
}

// heard is all that a client can tell of an answer.
type heard struct {
	early   []string // informational answers with their headers
	status  int
	proto   string
	header  http.Header
	framing string
	body    string
	trailer http.Header
	broken  bool // the body ended with an error
}

// String is what two answers are compared by. Left out is what differs between
// two equal requests by itself: the date; how much arrived of an answer that
// broke; whether the end of an empty body was known when the head was sent.
func (h heard) String() string {
	var b strings.Builder
	if h.broken {
		return "a broken answer"
	}
	if h.body == "" {
		h.framing, h.header = "no body", h.header.Clone()
		if h.header.Get("Content-Length") == "0" {
			h.header.Del("Content-Length")
		}
	}
	for _, e := range h.early {
		fmt.Fprintf(&b, "early %s\n", e)
	}
	fmt.Fprintf(&b, "%s %d, %s\n%s", h.proto, h.status, h.framing, headerText(h.header))
	fmt.Fprintf(&b, "body of %d bytes, broken %v: %.200q … %q\n", len(h.body), h.broken, h.body, sumOf([]byte(h.body)))
	fmt.Fprintf(&b, "trailers:\n%s", headerText(h.trailer))
	return b.String()
}

func headerText(h http.Header) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if name != "Date" {
			fmt.Fprintf(&b, "  %s: %q\n", name, h[name])
		}
	}
	return b.String()
}

// hear sends a request and reads the whole answer. An error before the answer's
// head is returned with a broken answer; one within the body makes it broken.
func (v *visitor) hear(req *http.Request) (heard, error) {
	var h heard
	trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
		if code != http.StatusContinue { // one hop's own business
			h.early = append(h.early, fmt.Sprintf("%d %s", code, headerText(http.Header(header))))
		}
		return nil
	}}
	res, err := v.client.Do(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	if err != nil {
		return heard{broken: true}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	h.status, h.proto, h.header, h.body, h.broken = res.StatusCode, res.Proto, res.Header, string(body), err != nil
	h.framing = fmt.Sprintf("length %d, encoded %v", res.ContentLength, res.TransferEncoding)
	h.trailer = res.Trailer
	return h, nil
}

// mustHear is hear for requests that must be answered.
func (v *visitor) mustHear(t *testing.T, req *http.Request) heard {
	t.Helper()
	h, err := v.hear(req)
	if err != nil {
		t.Fatalf("%s %s from %s: %v", req.Method, req.URL, v.from, err)
	}
	return h
}

// same fails the test unless both sites were heard to answer the same.
func same(t *testing.T, plain, guarded fmt.Stringer) {
	t.Helper()
	if plain.String() != guarded.String() {
		t.Errorf("the answers differ.\nWithout the directive:\n%s\nWith it:\n%s", plain, guarded)
	}
}
