package integration

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The conformance suite for what is looked at beside attempts: pages that may
// hold a form, and the page that tells how a login ended.

// randomPage is an HTML page of up to 200 KiB: readable text, tags that are left
// open, bytes that are no text, a login form every third time. It is sent in one
// piece or many, with or without a length, as gzip when n says so and the request
// allows it.
func randomPage(n int) (page string, serve http.HandlerFunc) {
	r := rand.New(rand.NewPCG(7, uint64(n)))
	var b bytes.Buffer
	b.WriteString("<!DOCTYPE html><html><head><title>Page " + strconv.Itoa(n) + "</title></head><body>")
	if n%3 == 0 {
		fmt.Fprintf(&b, `<form method="post" action="/odd/page-%d"><input type="email" name="who%d"><input type="password" name="how%[1]d"></form>`, n, n)
	}
	for size := r.IntN(3) * r.IntN(100<<10); b.Len() < size; {
		switch r.IntN(4) {
		case 0:
			b.WriteString("<p class='x>" + strings.Repeat("open on every day ", r.IntN(50)))
		case 1:
			at := r.IntN(piece - 4096)
			b.Write(bulkPiece()[at : at+r.IntN(4096)])
		default:
			fmt.Fprintf(&b, "<a href=\"/products/%d\">%d</a>\n", r.IntN(1000), r.Int())
		}
	}
	page = b.String()
	pieces, compress, sized := 1+r.IntN(9), r.IntN(2) == 0, r.IntN(2) == 0
	return page, func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		body := []byte(page)
		if compress && strings.Contains(req.Header.Get("Accept-Encoding"), "gzip") {
			w.Header().Set("Content-Encoding", "gzip")
			body = compressed(body)
		}
		if sized {
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		}
		for part := range slices.Chunk(body, len(body)/pieces+1) {
			_, _ = w.Write(part)
			if !sized {
				flush(w)
			}
		}
	}
}

func compressed(body []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(body)
	_ = w.Close()
	return b.Bytes()
}

// asPage makes a request that of a browser for a page, n-th of several kinds.
func asPage(req *http.Request, n int) *http.Request {
	req.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	if encoding := []string{"gzip", "gzip, deflate", "identity", ""}[n%4]; encoding != "" {
		req.Header.Set("Accept-Encoding", encoding)
	}
	return req
}

// TestConformancePages: pages of any content that are looked at for forms reach
// the client byte for byte, in the same framing and encoding.
func TestConformancePages(t *testing.T) {
	t.Parallel()
	up := startUpstream(t)
	edge := startPairs(t, up.address, shape{name: "site", lines: patient})
	n := 0
	for _, proto := range protocols {
		plain := edge.client(t, proto, "plain", "site", newSource())
		guarded := edge.client(t, proto, "guarded", "site", newSource())
		for range 40 {
			n++
			name := fmt.Sprintf("page-%d", n)
			page, serve := randomPage(n)
			up.on(name, serve)
			get := func(v *visitor) heard {
				return v.mustHear(t, asPage(v.request(t, http.MethodGet, "/shop/"+name, "", ""), n))
			}
			got := get(guarded)
			if got.header.Get("Content-Encoding") == "" && got.body != page {
				t.Errorf("%s, page %d: %d bytes of %d", proto, n, len(got.body), len(page))
			}
			same(t, get(plain), got)
		}
	}
	// That they were looked at shows by what was learned: fields of these names
	// say nothing by themselves.
	v := edge.client(t, protocols[0], "guarded", "site", newSource())
	v.post(t, "/odd/page-3", "who3", alice, "how3", "guess")
	ev := edge.waitEvent(t, "a login by the form that page 3 serves", fromAddress(v.from))
	if ev.Kind != "login" || !slices.Contains(ev.Evidence, "the app served a login form for this address") {
		t.Errorf("event %+v; want a login by the form that was served", ev)
	}
}

// TestConformancePageRequests: a request for a page that is looked at arrives as
// it was sent, but that the app is asked for gzip at most: the one difference
// there is, because nothing else can be read here.
func TestConformancePageRequests(t *testing.T) {
	t.Parallel()
	up := startUpstream(t)
	edge := startPairs(t, up.address, shape{name: "site", lines: patient})
	narrowed := map[string]string{"gzip": "gzip", "gzip, deflate, br, zstd": "gzip", "br, gzip;q=0.5": "gzip", "br": "identity", "identity": "identity"}
	n := 0
	for _, proto := range protocols {
		plain := edge.client(t, proto, "plain", "site", newSource())
		guarded := edge.client(t, proto, "guarded", "site", newSource())
		for _, sent := range slices.Sorted(maps.Keys(narrowed)) {
			n++
			name := fmt.Sprintf("arrival-%d", n)
			up.on(name, tellArrival)
			arrival := func(v *visitor) (a arrived) {
				req := asPage(v.request(t, http.MethodGet, "/shop/"+name+"?q=%C3%A4&q=b;c", "", ""), n)
				req.Header.Set("Accept-Encoding", sent)
				req.Header.Set("Cookie", "sid=1; theme=dark")
				req.Header.Set("If-None-Match", `"v1"`)
				if err := json.Unmarshal([]byte(v.mustHear(t, req).body), &a); err != nil {
					t.Fatal(err)
				}
				return a
			}
			want, got := arrival(plain), arrival(guarded)
			if encoding := got.Header.Get("Accept-Encoding"); encoding != narrowed[sent] {
				t.Errorf("%s: Accept-Encoding %q arrived as %q; want %q", proto, sent, encoding, narrowed[sent])
			}
			want.Header.Del("Accept-Encoding")
			got.Header.Del("Accept-Encoding")
			if a, b := fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", got); a != b {
				t.Errorf("%s, Accept-Encoding %q: the app received\n%s\nwithout the directive, with it\n%s", proto, sent, a, b)
			}
		}
	}
}

// TestConformancePending: while an attempt waits for the page that tells, neither
// its answer nor that page differ, whatever is on it.
func TestConformancePending(t *testing.T) {
	t.Parallel()
	up := startUpstream(t)
	edge := startPairs(t, up.address, shape{name: "site", lines: patient})
	const session = "sid=visitor-0123456789"
	const logins = 12
	n, sources := 0, map[string]string{}
	for _, proto := range protocols {
		plain := edge.client(t, proto, "plain", "site", newSource())
		guarded := edge.client(t, proto, "guarded", "site", newSource())
		sources[proto] = guarded.from
		for range logins {
			n++
			name := fmt.Sprintf("desk-%d", n)
			_, serve := randomPage(n)
			up.on(name, serve)
			up.on("to-"+name, status(http.StatusFound, "Location", "/shop/"+name))
			ask := func(v *visitor) [2]heard {
				contentType, content := nthForm(n)
				login := asPage(v.request(t, http.MethodPost, "/login/to-"+name, contentType, content), n)
				page := asPage(v.request(t, http.MethodGet, "/shop/"+name, "", ""), n)
				login.Header.Set("Cookie", session)
				page.Header.Set("Cookie", session)
				return [2]heard{v.mustHear(t, login), v.mustHear(t, page)}
			}
			want, got := ask(plain), ask(guarded)
			same(t, want[0], got[0])
			same(t, want[1], got[1])
		}
	}
	for proto, source := range sources {
		told := 0
		for _, ev := range edge.waitEvents(t, logins, proto+" logins", fromAddress(source)) {
			if slices.ContainsFunc(ev.Evidence, func(why string) bool { return strings.HasPrefix(why, "deferred") }) {
				told++
			}
		}
		if told < logins/3 {
			t.Errorf("%s: %d of %d logins were told by the next page; want a third at least, whose page has the form", proto, told, logins)
		}
	}
}
