package integration

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestConformanceAppDiesWithinItsAnswer: the client must see that the answer
// is broken, whatever was promised of its length; Caddy goes on, and the attempt
// has its event. The half page that arrived says that nothing failed, which
// proves nothing.
func TestConformanceAppDiesWithinItsAnswer(t *testing.T) {
	t.Parallel()
	up := startUpstream(t)
	dying := func(announce bool, first string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			if announce {
				w.Header().Set("Content-Length", "300000")
			}
			_, _ = io.WriteString(w, first)
			flush(w)
			panic(http.ErrAbortHandler)
		}
	}
	welcome := "<html><body><h1>Welcome</h1>" + strings.Repeat("<p>Nice to see you.</p>", 100)
	up.on("with-length", dying(true, welcome))
	up.on("without-length", dying(false, welcome))
	up.on("long", dying(false, strings.Repeat(welcome, 100)))
	up.on("head-only", dying(true, ""))
	up.on("alive", status(200))
	edge := startPairs(t, up.address, shape{name: "site", lines: patient})
	n := 0
	for _, proto := range protocols {
		for _, w := range ways[:5] {
			guarded := edge.client(t, proto, "guarded", "site", newSource())
			plain := edge.client(t, proto, "plain", "site", newSource())
			names := []string{"with-length", "without-length", "long", "head-only"}
			for _, name := range names {
				n++
				t.Run(proto+"/"+w.name+"/"+name, func(t *testing.T) {
					with, without := guarded.isCut(w.request(t, guarded, name, n)), plain.isCut(w.request(t, plain, name, n))
					if !with || !without {
						t.Errorf("cut with the directive: %t; without: %t; want both", with, without)
					}
					if got := guarded.get(t, "/shop/alive"); got.status != 200 {
						t.Errorf("afterwards: %v; want 200", got)
					}
				})
			}
			checkObserved(t, edge.edge, w, guarded, len(names))
		}
	}
	// Of Basic credentials the status alone tells.
	if got := edge.matching(t, func(ev event) bool {
		return ev.Type == "attempt" && ev.Outcome != "unknown" && !strings.HasPrefix(ev.Route, "/members/")
	}); len(got) != 0 {
		t.Errorf("events %+v; want unknown outcomes only", got)
	}
}

// isCut reports whether a client of a request sees that its answer is not
// whole. Over HTTP/3 the news of the end may overtake the head.
func (v *visitor) isCut(req *http.Request) bool {
	got, err := v.hear(req)
	return err != nil || got.broken
}

// TestConformanceClientHangsUp: the app learns of it as it does without the
// directive, and every guess is charged: ten pass, the eleventh is refused
// without the app.
func TestConformanceClientHangsUp(t *testing.T) {
	t.Parallel()
	up := startUpstream(t)
	up.on("page", status(401))
	edge := startPairs(t, up.address, shape{name: "site"})
	for i, proto := range protocols {
		for _, head := range []bool{false, true} {
			for _, side := range sides {
				if t.Failed() {
					return // each of the others would wait as long
				}
				t.Run(fmt.Sprintf("%s/%s/after the head %v", proto, side, head), func(t *testing.T) {
					v := edge.client(t, proto, side, "site", newSource())
					user := fmt.Sprintf("victim-%d-%v@x.test", i, head)
					guess := func(n int, page string) *http.Request {
						body := form("username", user, "password", fmt.Sprint("guess ", n))
						return v.request(t, http.MethodPost, "/login/"+page, formType, body)
					}
					for n := range 10 {
						name := fmt.Sprintf("slow-%d-%v-%s-%d", i, head, side, n)
						hangUp(t, up, v, guess(n, name), name, head)
					}
					want := map[string]int{"plain": 401, "guarded": 429}[side]
					if got := v.mustHear(t, guess(10, "page")); got.status != want {
						t.Errorf("after ten answers nobody waited for: %v; want %d", got, want)
					}
					if side == "guarded" {
						edge.waitEvents(t, 11, "the guesses", fromAddress(v.from))
					}
				})
			}
		}
	}
}

// hangUp sends a request and gives up on it once the app has it, or once the
// client has the head of the answer.
func hangUp(t *testing.T, up *upstream, v *visitor, req *http.Request, name string, head bool) {
	t.Helper()
	reached, left := make(chan struct{}), make(chan struct{})
	up.on(name, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if head {
			_, _ = io.WriteString(w, "<html>")
			flush(w)
		}
		close(reached)
		<-r.Context().Done()
		close(left)
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if !head {
		go func() {
			select {
			case <-reached:
			case <-time.After(patience):
			}
			cancel()
		}()
	}
	res, err := v.client.Do(req.WithContext(ctx))
	if err == nil {
		cancel()
		res.Body.Close()
	}
	if head && err != nil {
		t.Fatalf("no head: %v", err)
	}
	within(t, "the request at the app", reached)
	within(t, "the app learns that the client has left", left)
}

// TestConformanceDrippingBodyIsBounded: who sends one byte after the other
// holds a request for the time that a body is looked at, and not for as long
// as bytes come.
func TestConformanceDrippingBodyIsBounded(t *testing.T) {
	t.Parallel()
	up := startUpstream(t)
	up.on("page", status(401))
	edge := startPairs(t, up.address, shape{name: "site"})
	for _, proto := range protocols {
		for _, path := range []string{"/login/page", "/session/page"} {
			t.Run(proto+path, func(t *testing.T) {
				t.Parallel()
				v := edge.client(t, proto, "guarded", "site", newSource())
				got, took := drip(t, v, path)
				if got.status != http.StatusRequestTimeout {
					t.Errorf("%v; want 408", got)
				}
				if took < 18*time.Second || took > 60*time.Second {
					t.Errorf("answered after %v; want about 20 s", took)
				}
				// The connection, or a new one, still serves.
				if got := v.get(t, "/shop/page"); got.status != 401 {
					t.Errorf("afterwards: %v; want the app's 401", got)
				}
			})
		}
	}
}

// drip sends a form slowly until it is answered.
func drip(t *testing.T, v *visitor, path string) (heard, time.Duration) {
	t.Helper()
	body, out := io.Pipe()
	answered := make(chan struct{})
	go func() {
		_, _ = io.WriteString(out, "username=a&password=")
		for {
			select {
			case <-answered:
				out.Close()
				return
			case <-time.After(200 * time.Millisecond):
				if _, err := io.WriteString(out, "x"); err != nil {
					return
				}
			}
		}
	}()
	req, err := http.NewRequest(http.MethodPost, v.base+path, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", formType)
	began := time.Now()
	got, err := v.hear(req)
	close(answered)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	return got, time.Since(began)
}
