package integration

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

// visitor is a client with an address and cookies of its own. It follows no
// redirects but those of its logins, and keeps its connections.
type visitor struct {
	base   string // http://shop.test:20001
	from   string
	client *http.Client
	// headers are sent with every request.
	headers http.Header
	// field is the name of the user field in login forms. Default: username.
	field string
}

// answer is a response that has been read whole.
type answer struct {
	status int
	header http.Header
	body   string
	proto  string
}

func (a answer) String() string {
	return fmt.Sprintf("%s %d %v %.300q", a.proto, a.status, a.header, a.body)
}

// visitor returns a client of the site host whose connections come from an
// address such as 127.0.0.9: all of 127.0.0.0/8 belongs to the machine itself.
func (e *edge) visitor(t *testing.T, host, from string) *visitor {
	t.Helper()
	transport := &http.Transport{DialContext: dialFrom(from), DisableCompression: true, MaxIdleConnsPerHost: 600}
	return e.newVisitor(t, host, from, transport, transport.CloseIdleConnections)
}

// visitorHTTP2 returns a client that speaks HTTP/2 over TLS.
func (e *edge) visitorHTTP2(t *testing.T, host, from string) *visitor {
	t.Helper()
	transport := &http.Transport{
		DialContext: dialFrom(from), DisableCompression: true, ForceAttemptHTTP2: true,
		TLSClientConfig: e.tlsFor(t, host),
	}
	return e.newVisitor(t, host, from, transport, transport.CloseIdleConnections)
}

// visitorHTTP3 returns a client that speaks HTTP/3.
func (e *edge) visitorHTTP3(t *testing.T, host, from string) *visitor {
	t.Helper()
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(from)})
	if err != nil {
		t.Fatalf("opening a UDP socket on %s: %v", from, err)
	}
	wire := &quic.Transport{Conn: socket}
	transport := &http3.Transport{
		DisableCompression: true,
		TLSClientConfig:    e.tlsFor(t, host, http3.NextProtoH3),
		Dial: func(ctx context.Context, _ string, c *tls.Config, q *quic.Config) (*quic.Conn, error) {
			return wire.Dial(ctx, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: e.httpsPort}, c, q)
		},
	}
	return e.newVisitor(t, host, from, transport, func() {
		_ = transport.Close()
		_ = wire.Close()
		_ = socket.Close()
	})
}

func (e *edge) newVisitor(t *testing.T, host, from string, transport http.RoundTripper, closeAll func()) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatalf("making a cookie jar: %v", err)
	}
	t.Cleanup(closeAll)
	return &visitor{
		base: e.url(host), from: from, headers: http.Header{}, field: "username",
		client: &http.Client{
			Transport: transport, Jar: jar, Timeout: 60 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// dialFrom connects to the port asked for on this machine, whatever the host
// name, from the given address.
func dialFrom(from string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		return dialer.DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
	}
}

// try sends a request and reads the whole answer.
func (v *visitor) try(req *http.Request) (answer, error) {
	for name, values := range v.headers {
		if req.Header.Get(name) == "" {
			req.Header[name] = values
		}
	}
	res, err := v.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(body), res.Proto}, err
}

// do is try for requests that must be answered.
func (v *visitor) do(t *testing.T, req *http.Request) answer {
	t.Helper()
	a, err := v.try(req)
	if err != nil {
		t.Fatalf("%s %s from %s: %v", req.Method, req.URL, v.from, err)
	}
	return a
}

// request makes a request of the visitor's site.
func (v *visitor) request(t *testing.T, method, path, contentType, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequest(method, v.base+path, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatalf("making the request %s %s: %v", method, path, err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	return req
}

func (v *visitor) get(t *testing.T, path string) answer {
	t.Helper()
	return v.do(t, v.request(t, http.MethodGet, path, "", ""))
}

const formType = "application/x-www-form-urlencoded"

// post submits a form given as alternating names and values.
func (v *visitor) post(t *testing.T, path string, pairs ...string) answer {
	t.Helper()
	return v.do(t, v.request(t, http.MethodPost, path, formType, form(pairs...)))
}

// postJSON submits a value as JSON.
func (v *visitor) postJSON(t *testing.T, path string, value any) answer {
	t.Helper()
	body, err := json.Marshal(value)
	if err != nil {
		t.Fatalf("encoding %v: %v", value, err)
	}
	return v.do(t, v.request(t, http.MethodPost, path, "application/json", string(body)))
}

// login submits the login form and follows its answer, as a browser does: where
// a redirect alone tells nothing the page it leads to does.
func (v *visitor) login(t *testing.T, name, password string) answer {
	t.Helper()
	v.headers.Set("Referer", v.base+"/login")
	return v.followed(t, v.post(t, "/login", v.field, name, "password", password))
}

// followed asks for the page that a redirect leads to, and returns the redirect.
func (v *visitor) followed(t *testing.T, a answer) answer {
	t.Helper()
	if target := a.header.Get("Location"); a.status/100 == 3 && strings.HasPrefix(target, "/") {
		req := v.request(t, http.MethodGet, target, "", "")
		req.Header.Set("Accept", "text/html")
		v.do(t, req)
	}
	return a
}

// guess tries n different wrong passwords of one name and returns how often
// each status was answered. The passwords of different calls differ when their
// stems do.
func (v *visitor) guess(t *testing.T, name, stem string, n int) map[int]int {
	t.Helper()
	statuses := map[int]int{}
	for i := range n {
		statuses[v.login(t, name, fmt.Sprintf("%s-%d", stem, i)).status]++
	}
	return statuses
}

// form encodes alternating names and values in the order given.
func form(pairs ...string) string {
	parts := make([]string, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		parts = append(parts, url.QueryEscape(pairs[i])+"="+url.QueryEscape(pairs[i+1]))
	}
	return strings.Join(parts, "&")
}

// dialUnix connects to a socket whatever the address asked for.
func dialUnix(socket string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, "unix", socket)
	}
}

// guessRequest is a login with the i-th wrong password, for use off the test's
// own goroutine.
func (v *visitor) guessRequest(name string, i int) *http.Request {
	body := form(v.field, name, "password", fmt.Sprint("guess ", i))
	req, err := http.NewRequest(http.MethodPost, v.base+"/login", strings.NewReader(body))
	if err != nil {
		panic(err) // the base is the harness's own
	}
	req.Header.Set("Content-Type", formType)
	return req
}
