package recognize

import (
	"net/http"
	"strings"
	"testing"
)

func TestMayCarry(t *testing.T) {
	t.Parallel()
	auth := func(v string) http.Header { return http.Header{"Authorization": {v}} }
	for _, row := range []struct {
		name          string
		method        string
		path, query   string
		header        http.Header
		contentLength int64
		want          Need
	}{
		{"page", "GET", "/products/checkout-about", "", nil, 0, NeedHeaders}, // "out" may end logout
		{"plain page", "GET", "/products/7", "page=2&sort=price", nil, 0, NeedNothing},
		{"search for a password", "GET", "/search", "q=password", nil, 0, NeedNothing},
		{"password in the query", "GET", "/", "user=a&passwd=b", nil, 0, NeedHeaders},
		{"escaped password in the query", "GET", "/", "p%61ssword=b", nil, 0, NeedHeaders},
		{"u and p", "GET", "/query", "u=a&p=b", nil, 0, NeedHeaders},
		{"u alone", "GET", "/query", "u=a", nil, 0, NeedNothing},
		{"JSON in the query", "GET", "/trpc/login", "input=%7B%22password%22%3A1%7D", nil, 0, NeedHeaders},
		{"long key", "GET", "/", strings.Repeat("a", maxQueryKey+1) + "=1", nil, 0, NeedHeaders},
		{"very many keys", "GET", "/", strings.Repeat("a&", maxPairs+1), nil, 0, NeedHeaders},
		{"form", "POST", "/login", "", nil, 20, NeedBody},
		{"chunked", "POST", "/login", "", nil, -1, NeedBody},
		{"GET with a body", "GET", "/login", "", nil, 20, NeedBody},
		{"image, or so it says", "PUT", "/a.png", "", http.Header{"Content-Type": {"image/png"}}, 20, NeedBody},
		{"two content types", "PUT", "/a.png", "", http.Header{"Content-Type": {"image/png", "application/json"}}, 20, NeedBody},
		{"empty POST", "POST", "/like", "", nil, 0, NeedNothing},
		{"Basic", "GET", "/", "", auth("Basic eDp5"), 0, NeedHeaders},
		{"Digest", "HEAD", "/", "", auth("digest x"), 0, NeedHeaders},
		{"unanchored", "GET", "/", "", auth("XbAsIcY eDp5"), 0, NeedHeaders},
		{"Bearer", "GET", "/", "", auth("Bearer basic"), 0, NeedNothing},
		{"logout", "GET", "/users/sign_out", "", nil, 0, NeedHeaders},
		{"logout operation", "POST", "/account", "/logout", nil, 0, NeedHeaders},
		{"logout action", "GET", "/index.php", "action=logout", nil, 0, NeedHeaders},
		{"DELETE session", "DELETE", "/api/session", "", nil, 0, NeedHeaders},
		{"preflight", "OPTIONS", "/logout", "", nil, 0, NeedNothing},
		{"WebSocket over HTTP/3 with Basic", "CONNECT", "/", "", auth("Basic eDp5"), -1, NeedHeaders},
		{"WebSocket over HTTP/3", "CONNECT", "/", "", nil, -1, NeedNothing},
		{"TRACE", "TRACE", "/", "", auth("Basic eDp5"), 0, NeedNothing},
	} {
		if got := MayCarry(row.method, row.path, row.query, row.header, row.contentLength); got != row.want {
			t.Errorf("%s: %d, want %d", row.name, got, row.want)
		}
	}
}

func TestGlanceAllocatesNothing(t *testing.T) {
	h := http.Header{"Accept": {"text/html"}, "Cookie": {"a=b"}}
	bearer := http.Header{"Authorization": {"Bearer abc"}}
	for name, f := range map[string]func(){
		"page":   func() { MayCarry("GET", "/products/7", "", h, 0) },
		"query":  func() { MayCarry("GET", "/list", "page=2&sort=price&utm_source=%20x", h, 0) },
		"bearer": func() { MayCarry("GET", "/api/items", "", bearer, 0) },
		"route":  func() { RouteMatches(&Request{Method: "GET", Path: "/login", Header: h}, &loginRoute) },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations, want 0", name, n)
		}
	}
}

// design.md §2.1: a body that turns out to be no attempt costs few allocations.
func TestBodiesWithoutAttemptAllocateLittle(t *testing.T) {
	for name, r := range map[string]*Request{
		"form": formPost("/comments", "post=7&comment=a+long+comment&author_url=http%3A%2F%2Fx.test&_wpnonce=0a1b2c"),
		"JSON": jsonPost("/api/items", `{"items":[{"sku":"A1","count":2,"notes":"gift wrap"},{"sku":"B2","count":1}],"currency":"EUR"}`),
	} {
		if n := testing.AllocsPerRun(100, func() { Automatic(r) }); n > 6 {
			t.Errorf("%s: %v allocations, want at most 6", name, n)
		}
	}
}

func BenchmarkMayCarry(b *testing.B) {
	h := http.Header{"Accept": {"text/html"}, "Cookie": {"a=b"}}
	for name, query := range map[string]string{"page": "", "query": "page=2&sort=price"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				MayCarry("GET", "/products/shoes/1234", query, h, 0)
			}
		})
	}
}
