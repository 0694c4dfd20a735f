package integration

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestConformanceArrival: what the app receives is what it receives without
// the directive: method, path, headers, framing, body, trailers. Only the
// encodings that can be read are left in Accept-Encoding, which these requests
// do not bear.
func TestConformanceArrival(t *testing.T) {
	t.Parallel()
	up := startUpstream(t)
	up.on("arrival", tellArrival)
	edge := startPairs(t, up.address, shape{name: "site", lines: patient})
	n := 0
	for _, proto := range protocols {
		plain := edge.client(t, proto, "plain", "site", newSource())
		guarded := edge.client(t, proto, "guarded", "site", newSource())
		for _, w := range ways {
			for _, sending := range sendings {
				n++
				t.Run(proto+"/"+w.name+"/"+sending.name, func(t *testing.T) {
					heardFrom := func(v *visitor) heard {
						req := w.request(t, v, "arrival?next=%2Fa%20b&x=1", n)
						sending.change(req)
						return v.mustHear(t, req)
					}
					same(t, heardFrom(plain), heardFrom(guarded))
				})
			}
		}
	}
}

// sendings are how a request with a body is sent.
var sendings = []struct {
	name   string
	change func(*http.Request)
}{
	{"with a length", func(*http.Request) {}},
	{"without a length", func(r *http.Request) {
		if r.ContentLength > 0 {
			r.ContentLength, r.GetBody = -1, nil
		}
	}},
	{"expecting 100 Continue", func(r *http.Request) {
		if r.ContentLength > 0 {
			r.Header.Set("Expect", "100-continue")
		}
	}},
	{"with odd headers", func(r *http.Request) {
		r.Header["X-Twice"] = []string{"a", "b"}
		r.Header.Set("X-Empty", "")
		r.Header.Set("X-Latin", "caf\xe9")
		r.Header.Set("Cookie", "sid=1; theme=dark; sid=2")
	}},
}

// TestConformanceRequestTrailers: trailers that reach the app without the
// directive reach it with the directive too. For a body that was read to its
// end beforehand the proxy passes on more of them, never fewer.
func TestConformanceRequestTrailers(t *testing.T) {
	t.Parallel()
	up := startUpstream(t)
	up.on("arrival", tellArrival)
	edge := startPairs(t, up.address, shape{name: "site", lines: patient})
	for _, proto := range protocols {
		for _, size := range []int{0, 200 << 10} {
			t.Run(fmt.Sprintf("%s/%d bytes", proto, size), func(t *testing.T) {
				arrivedAt := func(side string) string {
					v := edge.client(t, proto, side, "site", newSource())
					_, content := nthForm(size)
					req := v.request(t, http.MethodPost, "/login/arrival", formType, content+"&pad="+strings.Repeat("p", size))
					req.ContentLength, req.GetBody = -1, nil
					req.Trailer = http.Header{"X-Checksum": {"5d41402a"}}
					got := v.mustHear(t, req)
					if got.status != 200 {
						t.Fatalf("%s: %v; want 200", side, got)
					}
					return got.body
				}
				const trailer = `"X-Checksum":["5d41402a"]`
				plain, guarded := arrivedAt("plain"), arrivedAt("guarded")
				if strings.Contains(plain, trailer) && !strings.Contains(guarded, trailer) {
					t.Errorf("the trailer is lost.\nWithout the directive: %s\nWith it: %s", plain, guarded)
				}
				if got, want := strings.Count(guarded, "X-Checksum"), 1; got < want {
					t.Errorf("the trailer is not even announced: %s", guarded)
				}
			})
		}
	}
}
