package integration

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"
)

// way is how a request is made, and so what is looked at.
type way struct {
	name    string
	method  string
	path    string // in front of the name of the answer
	attempt bool   // it is one, so its answer is observed
	header  map[string]string
	body    func(n int) (contentType, content string)
}

// nthForm and nthJSON are credentials that differ by n.
func nthForm(n int) (contentType, content string) {
	return formType, form("username", fmt.Sprintf("user-%d@x.test", n), "password", fmt.Sprint("guess ", n))
}

func nthJSON(n int) (contentType, content string) {
	return "application/json", fmt.Sprintf(`{"email":"user-%d@x.test","password":"guess %d"}`, n, n)
}

var ways = []way{
	{name: "a page", method: http.MethodGet, path: "/shop/"},
	{name: "a form that is no attempt", method: http.MethodPost, path: "/comments/", body: func(int) (string, string) {
		return formType, form("text", "Thank you!")
	}},
	{name: "a declared login", method: http.MethodPost, path: "/login/", attempt: true, body: nthForm},
	{
		name: "a login found automatically", method: http.MethodPost, path: "/session/", attempt: true, body: nthJSON,
		header: map[string]string{"Accept-Encoding": "gzip"},
	},
	{name: "Basic credentials", method: http.MethodGet, path: "/members/", attempt: true},
	{name: "HEAD with Basic credentials", method: http.MethodHead, path: "/members/", attempt: true},
	{
		name: "a range with Basic credentials", method: http.MethodGet, path: "/members/", attempt: true,
		header: map[string]string{"Range": "bytes=100-299"},
	},
	{
		name: "two ranges with Basic credentials", method: http.MethodGet, path: "/members/", attempt: true,
		header: map[string]string{"Range": "bytes=0-9,20-29"},
	},
	{
		name: "a conditional request with Basic credentials", method: http.MethodGet, path: "/members/", attempt: true,
		header: map[string]string{"If-None-Match": `"v1"`},
	},
}

// request makes the n-th request of a way.
func (w way) request(t *testing.T, v *visitor, answer string, n int) *http.Request {
	t.Helper()
	contentType, content := "", ""
	if w.body != nil {
		contentType, content = w.body(n)
	}
	req := v.request(t, w.method, w.path+answer, contentType, content)
	if w.body == nil {
		req.Body, req.ContentLength = http.NoBody, 0
	}
	if w.attempt && w.body == nil {
		req.Header.Set("Authorization", basic(fmt.Sprintf("user-%d@x.test", n), fmt.Sprint("guess ", n)))
	}
	for name, value := range w.header {
		req.Header.Set(name, value)
	}
	return req
}

// bodyOf answers with n bytes that say nothing.
func bodyOf(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write(bytes.Repeat([]byte("0123456789abcde\n"), n/16+1)[:n])
	}
}

// labelled answers with a body that bears an encoding.
func labelled(encoding, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Encoding", encoding)
		_, _ = io.WriteString(w, body)
	}
}

// status answers with a status and a short text.
func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Add(header[i], header[i+1])
		}
		w.WriteHeader(code)
		if code != http.StatusNoContent && code != http.StatusNotModified {
			_, _ = io.WriteString(w, http.StatusText(code))
		}
	}
}

// answers are the answers of the upstream, by the names they are asked by.
func answers(t *testing.T) map[string]http.HandlerFunc {
	t.Helper()
	list := map[string]http.HandlerFunc{
		"nothing":          func(http.ResponseWriter, *http.Request) {},
		"no-content":       status(204),
		"not-modified":     status(304, "Etag", `"v1"`),
		"unauthorized":     status(401, "Www-Authenticate", `Basic realm="members"`),
		"teapot":           status(418, "Content-Type", "application/json"),
		"throttled":        status(429, "Retry-After", "3"),
		"failure":          status(500),
		"redirect":         status(302, "Location", "/home", "Set-Cookie", "sid=1; HttpOnly", "Set-Cookie", "seen=2; Path=/"),
		"odd-headers":      status(200, "X-Empty", "", "X-Twice", "a", "X-Twice", "b", "X-Latin", "caf\xe9", "Content-Type", "x"),
		"login-page":       labelled("", loginPage),
		"gzip":             labelled("gzip", zipped(t, longLoginPage)),
		"brotli":           labelled("br", "\x8b\x02\x80login\x03"),
		"gzip-by-name":     labelled("gzip", "this is no gzip"),
		"64KiB":            bodyOf(64 << 10),
		"64KiB-and-a-byte": bodyOf(64<<10 + 1),
		"1MiB":             bodyOf(1 << 20),
		"file": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Etag", `"v1"`)
			http.ServeContent(w, r, "a.txt", time.Unix(1e9, 0), strings.NewReader(strings.Repeat("0123456789", 100)))
		},
		"header-then-nothing": func(w http.ResponseWriter, _ *http.Request) { flush(w) },
		"no-length": func(w http.ResponseWriter, _ *http.Request) {
			for i := range 5 {
				fmt.Fprintf(w, "piece %d\n", i)
				flush(w)
			}
		},
		"hangs-up": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	}
	maps.Copy(list, answersInParts())
	return list
}

// answersInParts are those with something before the head or behind the body.
func answersInParts() map[string]http.HandlerFunc {
	hint := func(w http.ResponseWriter, code int, link string) {
		w.Header().Set("Link", link)
		w.WriteHeader(code)
	}
	return map[string]http.HandlerFunc{
		"early-hints-then-redirect": func(w http.ResponseWriter, _ *http.Request) {
			hint(w, http.StatusEarlyHints, "</style.css>; rel=preload")
			w.Header().Del("Link")
			w.Header().Set("Location", "/home")
			w.WriteHeader(http.StatusFound)
		},
		"processing-and-hints": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusProcessing)
			hint(w, http.StatusEarlyHints, "</a.css>; rel=preload")
			hint(w, http.StatusEarlyHints, "</b.css>; rel=preload")
			_, _ = io.WriteString(w, loginPage)
		},
		"trailers": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "X-Checksum, X-Rows")
			_, _ = io.WriteString(w, "rows\n")
			flush(w)
			w.Header().Set("X-Checksum", "5d41402a")
			w.Header().Set("X-Rows", "1")
		},
		"unannounced-trailers": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "rows\n")
			flush(w)
			w.Header().Set(http.TrailerPrefix+"X-Checksum", "5d41402a")
		},
		"trailers-without-body": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "Grpc-Status")
			flush(w)
			w.Header().Set("Grpc-Status", "16")
		},
	}
}

// TestConformanceAnswers: every kind of answer to every kind of request over
// every version of HTTP.
func TestConformanceAnswers(t *testing.T) {
	t.Parallel()
	up := startUpstream(t)
	list := answers(t)
	for name, answer := range list {
		up.on(name, answer)
	}
	edge := startPairs(t, up.address, shape{name: "site", lines: patient})
	n := 0
	var observed []func() // at the end: an attempt that leads to a page nobody asks for is told late
	for _, proto := range protocols {
		for _, w := range ways {
			plain := edge.client(t, proto, "plain", "site", newSource())
			guarded := edge.client(t, proto, "guarded", "site", newSource())
			for name := range list {
				n++
				t.Run(proto+"/"+w.name+"/"+name, func(t *testing.T) {
					got, _ := guarded.hear(w.request(t, guarded, name, n))
					want, _ := plain.hear(w.request(t, plain, name, n))
					if got.proto != proto && !got.broken {
						t.Errorf("answered over %s", got.proto)
					}
					if got.broken && name != "gzip-by-name" { // which the proxy unpacks
						t.Error("a broken answer")
					}
					same(t, withoutBoundary(want), withoutBoundary(got))
				})
			}
			observed = append(observed, func() { checkObserved(t, edge.edge, w, guarded, len(list)) })
		}
	}
	for _, check := range observed {
		check()
	}
}

// checkObserved proves that what was compared was looked at: every attempt has
// its event, and nothing else has.
func checkObserved(t *testing.T, e *edge, w way, v *visitor, requests int) {
	t.Helper()
	if !w.attempt {
		if got := e.matching(t, fromAddress(v.from)); len(got) != 0 {
			t.Errorf("%s: events %+v; want none", w.name, got)
		}
		return
	}
	if got := e.waitEvents(t, requests, w.name, fromAddress(v.from)); len(got) != requests {
		t.Errorf("%s: %d events for %d attempts", w.name, len(got), requests)
	}
}
