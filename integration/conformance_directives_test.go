package integration

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// negotiating is an app that negotiates as RFC 9110 §12.5.3 asks: it never sends what the client
// refuses, and prefers br, then gzip.
func negotiating(t *testing.T, page string) http.HandlerFunc {
	packed := zipped(t, page)
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Add("Vary", "Accept-Encoding")
		switch accepted := accepted(r.Header); {
		case slices.Contains(accepted, "br"):
			w.Header().Set("Content-Encoding", "br")
			_, _ = io.WriteString(w, "as if this were brotli")
		case slices.Contains(accepted, "gzip"):
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, packed)
		default:
			_, _ = io.WriteString(w, page)
		}
	}
}

// accepted lists the encodings that a header accepts by name.
func accepted(h http.Header) (names []string) {
	for item := range strings.SplitSeq(strings.Join(h.Values("Accept-Encoding"), ","), ",") {
		name, weight, _ := strings.Cut(item, ";")
		if weight = strings.ReplaceAll(weight, " ", ""); weight != "q=0" && strings.Trim(weight, "q=0.") != "" || weight == "" {
			names = append(names, strings.TrimSpace(name))
		}
	}
	return names
}

// readable undoes the encoding of an answer. What cannot be undone is an error.
func (h heard) readable() (string, error) {
	var r io.Reader
	var err error
	switch encoding := h.header.Get("Content-Encoding"); encoding {
	case "":
		return h.body, nil
	case "gzip":
		r, err = gzip.NewReader(strings.NewReader(h.body))
	case "zstd":
		r, err = zstd.NewReader(strings.NewReader(h.body))
	default:
		return h.body, fmt.Errorf("encoding %q", encoding)
	}
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(r)
	return string(text), err
}

// TestConformanceEncodings: whoever compresses the answer to a login (the app,
// `encode` around the directive or within), the client receives an encoding
// that it accepts and can undo, and the outcome is read from what was sent.
func TestConformanceEncodings(t *testing.T) {
	t.Parallel()
	up := startUpstream(t)
	up.on("plain-app", labelled("", longLoginPage))
	up.on("compressing-app", negotiating(t, longLoginPage))
	edge := startPairs(t, up.address,
		shape{name: "none", lines: patient},
		shape{name: "outside", outer: "encode", lines: patient},
		shape{name: "within", inner: "encode\nreverse_proxy " + up.address, lines: patient},
		shape{name: "both", outer: "encode gzip", inner: "encode zstd gzip\nreverse_proxy " + up.address, lines: patient})
	n := 0
	for _, site := range []string{"none", "outside", "within", "both"} {
		for _, app := range []string{"plain-app", "compressing-app"} {
			for _, accept := range []string{
				"", "gzip", "gzip, deflate, br, zstd", "br", "zstd", "zstd, br", "identity",
				"gzip;q=0, br", "br;q=1.0, gzip;q=0.8, *;q=0.1", "gzip;q=0.000", "GZIP", "*",
			} {
				n++
				t.Run(site+"/"+app+"/"+accept, func(t *testing.T) {
					v := edge.client(t, "HTTP/1.1", "guarded", site, newSource())
					req := ways[2].request(t, v, app, n)
					if accept != "" {
						req.Header.Set("Accept-Encoding", accept)
					}
					got := v.mustHear(t, req)
					text, err := got.readable()
					if err != nil || text != longLoginPage {
						t.Errorf("cannot read the answer: %v\n%v", err, got)
					}
					encoding := got.header.Get("Content-Encoding")
					if encoding != "" && !slices.Contains(accepted(http.Header{"Accept-Encoding": {strings.ToLower(accept)}}), encoding) {
						t.Errorf("encoded by %s to a client that accepts %q", encoding, accept)
					}
					if ev := edge.waitEvent(t, "the login", fromAddress(v.from)); !ev.attempt("login", "failure") {
						t.Errorf("event %+v; want a failure, read from the form that is shown again", ev)
					}
				})
			}
		}
	}
}

// hashOfRightHorse is the bcrypt hash of "right horse", of the lowest cost.
const hashOfRightHorse = "$2a$04$9eP6Jhq1n2pGyL.2lQtx9uAkB.bngFr6I.m9BMGDrWyvdxIWCV/WK"

// TestConformanceBasicAuthOfCaddy: Caddy's own basic_auth answers 401 by an
// error that no writer sees. It counts as a failure; a request without
// credentials is no attempt.
func TestConformanceBasicAuthOfCaddy(t *testing.T) {
	t.Parallel()
	up := startUpstream(t)
	up.on("page", status(200))
	protected := "basic_auth {\nmember " + hashOfRightHorse + "\n}\nreverse_proxy " + up.address
	edge := startPairs(t, up.address,
		shape{name: "site", lines: patient, inner: protected},
		shape{name: "page", lines: patient, inner: protected, rest: "handle_errors {\nrespond \"Who are you? {err.status_code}\"\n}"})
	for _, site := range []string{"site", "page"} {
		for _, proto := range protocols {
			for _, c := range []struct{ name, authorization, outcome string }{
				{"no credentials", "", ""},
				{"wrong password", basic("member", "wrong"), "failure"},
				{"right password", basic("member", "right horse"), "success"},
			} {
				t.Run(site+"/"+proto+"/"+c.name, func(t *testing.T) {
					from := newSource()
					ask := func(side string) heard {
						v := edge.client(t, proto, side, site, from)
						req := v.request(t, http.MethodGet, "/members/page", "", "")
						if c.authorization != "" {
							req.Header.Set("Authorization", c.authorization)
						}
						return v.mustHear(t, req)
					}
					got := ask("guarded")
					if want := map[string]int{"success": 200}[c.outcome]; want != 0 && got.status != want {
						t.Errorf("status %d; want %d", got.status, want)
					}
					same(t, ask("plain"), got)
					if c.outcome == "" {
						edge.lastWords(t, site)
						checkObserved(t, edge.edge, way{name: c.name}, &visitor{from: from}, 0)
						return
					}
					ev := edge.waitEvent(t, c.name, fromAddress(from))
					if !ev.attempt("login", c.outcome) || ev.Status != got.status {
						t.Errorf("event %+v; want a %s with status %d", ev, c.outcome, got.status)
					}
				})
			}
		}
	}
}

// lastWords makes an attempt at a guarded site and waits for its event, so that
// every event of before has been written.
func (p *pairs) lastWords(t *testing.T, site string) {
	t.Helper()
	v := p.client(t, "HTTP/1.1", "guarded", site, newSource())
	req := v.request(t, http.MethodGet, "/", "", "")
	req.Header.Set("Authorization", basic("member", fmt.Sprint("last word from ", v.from)))
	v.mustHear(t, req)
	p.waitEvent(t, "the last word", fromAddress(v.from))
}

// TestConformanceErrorsOfCaddy: errors that handlers return, and the pages that
// handle_errors makes of them, are the same: a body over request_body max_size
// within what is looked at and beyond, an app that is down, an `error`.
func TestConformanceErrorsOfCaddy(t *testing.T) {
	t.Parallel()
	up := startUpstream(t)
	up.on("arrival", tellArrival)
	nobody := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	pages := "handle_errors {\nheader X-Handled yes\nrespond \"Sorry: {err.status_code} {err.status_text}\"\n}"
	small, large := "request_body {\nmax_size 1KB\n}", "request_body {\nmax_size 100KB\n}"
	shapes := []shape{
		{name: "small", outer: small},
		{name: "large", outer: large},
		{name: "inner-small", inner: small + "\nreverse_proxy " + up.address},
		{name: "down", inner: "reverse_proxy " + nobody},
		{name: "error", inner: "error \"Closed\" 503"},
		{name: "respond", inner: "respond \"Teapot\" 418"},
		{name: "abort", inner: "abort"},
		{name: "empty", inner: "header X-Site empty"},
	}
	for _, s := range shapes {
		s.name, s.rest = s.name+"-pages", pages
		shapes = append(shapes, s)
	}
	for i := range shapes {
		shapes[i].lines = patient
	}
	edge := startPairs(t, up.address, shapes...)
	n := 0
	for _, s := range shapes {
		for _, proto := range protocols {
			plain := edge.client(t, proto, "plain", s.name, newSource())
			guarded := edge.client(t, proto, "guarded", s.name, newSource())
			for _, pad := range []int{0, 2 << 10, 200 << 10} {
				for _, unsized := range []bool{false, true} {
					n++
					t.Run(fmt.Sprintf("%s/%s/%d bytes more/without a length %v", s.name, proto, pad, unsized), func(t *testing.T) {
						send := func(v *visitor) string {
							_, content := nthForm(n)
							req := v.request(t, http.MethodPost, "/login/arrival", formType, content+"&pad="+strings.Repeat("p", pad))
							if unsized {
								req.ContentLength, req.GetBody = -1, nil
							}
							got, err := v.hear(req)
							if err != nil {
								return "no answer"
							}
							return got.String()
						}
						if with, without := send(guarded), send(plain); with != without {
							t.Errorf("the answers differ.\nWithout the directive:\n%s\nWith it:\n%s", without, with)
						}
					})
				}
			}
		}
	}
}
