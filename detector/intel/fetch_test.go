package intel

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func serve(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv
}

// TestBadAnswersKeepTheList is row A51: whatever a server answers, a good list
// stays in use, ages, and is replaced by the next good one.
func TestBadAnswersKeepTheList(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		answer  http.HandlerFunc
		refused Reason // empty: no answer that could be refused
	}{
		{"empty", text(""), ReasonEmpty},
		{"only comments", text("# sorry\n"), ReasonEmpty},
		{"HTML with status 200", text("<!doctype html><title>Maintenance</title>"), ReasonHTML},
		{"shorter than announced", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "5000")
			fmt.Fprint(w, hosts(200))
		}, ReasonTruncated},
		{"cut in a chunk", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, hosts(200))
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, ReasonTruncated},
		{"cut gzip", func(w http.ResponseWriter, _ *http.Request) {
			var b strings.Builder
			z := gzip.NewWriter(&b)
			_, _ = io.WriteString(z, hosts(200))
			_ = z.Close()
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, b.String()[:b.Len()/2])
		}, ReasonTruncated},
		{"ends in the middle of a line", text(hosts(200) + "192.0."), ReasonTruncated},
		{"shrunken", text(hosts(49)), ReasonShrunken},
		{"500", func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, hosts(200), http.StatusInternalServerError)
		}, ReasonStatus},
		{"404 with a list", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, hosts(200))
		}, ReasonStatus},
		{"206", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusPartialContent)
			fmt.Fprint(w, hosts(200))
		}, ReasonStatus},
		{"304 that nobody asked for", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) }, ReasonStatus},
		{"everybody", text(hosts(200) + "0.0.0.0/0\n"), ReasonTooBroad},
		{"compressed file", text("\x1f\x8b\x08\x00\x00\x00"), ReasonTruncated},
		{"hangs up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, ""},
		{"redirects for ever", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/again", http.StatusFound) }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := new(swappable)
			h.set(text(hosts(100)))
			clk := newClock()
			l := mustList(t, serve(t, h).URL, Deps{Now: clk.now, StateDir: t.TempDir()})
			mustCheck(t, l)
			loaded := clk.now()

			h.set(tt.answer)
			clk.advance(time.Hour)
			for range 2 {
				err := l.check(t.Context())
				if err == nil {
					t.Fatal("the answer was used")
				}
				refused, ok := errors.AsType[*RefusedError](err)
				if ok != (tt.refused != "") || ok && refused.Reason != tt.refused {
					t.Fatalf("error %v, want refusal %q", err, tt.refused)
				}
			}
			s := l.Status()
			if s.Entries != 100 || !contains(l, "192.0.2.100") || !s.LoadedAt.Equal(loaded) || s.FromCopy {
				t.Errorf("the old list is not in use: %+v", s)
			}
			if age := s.Age(clk.now()); age != time.Hour {
				t.Errorf("age %v", age)
			}
			want := uint64(2)
			if tt.refused == "" {
				want = 0
			}
			if s.Refused != want || s.Failures != 2 || s.LastError == "" || !s.CheckedAt.Equal(clk.now()) {
				t.Errorf("refused %d times, want %d; status %+v", s.Refused, want, s)
			}

			h.set(text(hosts(101)))
			mustCheck(t, l)
			s = l.Status()
			if s.Entries != 101 || s.Age(clk.now()) != 0 || s.LastError != "" || s.Failures != 0 || s.Refused != want {
				t.Errorf("after the next good answer: %+v", s)
			}
		})
	}
}

// TestGzipBomb: the bound counts what comes out of the decompression.
func TestGzipBomb(t *testing.T) {
	t.Parallel()
	line := "#" + strings.Repeat("x", 1022) + "\n"
	var mebibyte strings.Builder
	z := gzip.NewWriter(&mebibyte)
	_, _ = io.WriteString(z, strings.Repeat(line, 1024))
	_ = z.Close()
	srv := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		for range MaxBytes>>20 + 1 {
			_, _ = io.WriteString(w, mebibyte.String())
		}
	}))
	l := mustList(t, srv.URL, Deps{})
	l.timeout = 10 * time.Minute // the size is to end it, not a busy machine
	err := l.check(t.Context())
	if refused, _ := errors.AsType[*RefusedError](err); refused == nil || refused.Reason != ReasonTooLarge {
		t.Errorf("error %v", err)
	}
}

func TestUnchangedListIsNotSentAgain(t *testing.T) {
	t.Parallel()
	const etag, modified = `"v1"`, "Wed, 01 Jan 2031 00:00:00 GMT"
	var sent, confirmed atomic.Int64
	srv := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", etag)
		w.Header().Set("Last-Modified", modified)
		if r.Header.Get("If-None-Match") == etag && r.Header.Get("If-Modified-Since") == modified {
			confirmed.Add(1)
			w.WriteHeader(http.StatusNotModified)
			return
		}
		sent.Add(1)
		if agent := r.Header.Get("User-Agent"); agent != "doorward" {
			t.Errorf("User-Agent %q", agent)
		}
		fmt.Fprint(w, hosts(10))
	}))
	clk, dir := newClock(), t.TempDir()
	deps := Deps{Now: clk.now, StateDir: dir}
	l := mustList(t, srv.URL, deps)
	mustCheck(t, l)
	clk.advance(time.Hour)
	mustCheck(t, l)
	if sent.Load() != 1 || confirmed.Load() != 1 {
		t.Errorf("sent %d times, confirmed %d times", sent.Load(), confirmed.Load())
	}
	s := l.Status()
	if s.Age(clk.now()) != 0 || s.Entries != 10 || s.Refused != 0 {
		t.Errorf("status %+v", s)
	}
	if got := s.PublishedAt.UTC().Format(http.TimeFormat); got != modified {
		t.Errorf("published %s", got)
	}

	// The validators survive a restart with the copy.
	again := mustList(t, srv.URL, deps)
	again.loadCopy()
	if s := again.Status(); !s.FromCopy || s.Entries != 10 || s.Age(clk.now()) != time.Hour {
		t.Errorf("from the copy: %+v", s)
	}
	mustCheck(t, again)
	if sent.Load() != 1 || confirmed.Load() != 2 || again.Status().FromCopy {
		t.Errorf("sent %d times, confirmed %d times, status %+v", sent.Load(), confirmed.Load(), again.Status())
	}
}

func TestNewValidatorOfTheSameListIsKept(t *testing.T) {
	t.Parallel()
	etag, dir := `"v1"`, t.TempDir()
	h := direct{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", etag)
		fmt.Fprint(w, hosts(3))
	})}
	l := mustList(t, "https://lists.test/tor", Deps{Transport: h, StateDir: dir})
	mustCheck(t, l)
	etag = `"v2"`
	mustCheck(t, l)
	if _, head, err := l.copy.load(); err != nil || head.ETag != etag {
		t.Errorf("the copy has the validator %s, error %v", head.ETag, err)
	}
}

func TestRefusedAnswerLeavesNoValidator(t *testing.T) {
	t.Parallel()
	h := new(swappable)
	answer := func(etag, body string) {
		h.set(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("If-None-Match") == etag {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			w.Header().Set("ETag", etag)
			fmt.Fprint(w, body)
		})
	}
	l := mustList(t, serve(t, h).URL, Deps{})
	answer(`"good"`, hosts(10))
	mustCheck(t, l)
	answer(`"bad"`, "<html>")
	for range 2 {
		if err := l.check(t.Context()); err == nil {
			t.Fatal("a 304 about a refused page counts as a confirmation")
		}
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	hops := func(w http.ResponseWriter, r *http.Request) {
		var n int
		if _, err := fmt.Sscanf(r.URL.Path, "/%d", &n); err != nil || n == 0 {
			if ref := r.Referer(); ref != "" {
				t.Errorf("the next server is told %q", ref)
			}
			fmt.Fprint(w, hosts(3))
			return
		}
		http.Redirect(w, r, fmt.Sprintf("/%d", n-1), http.StatusFound)
	}
	plain := serve(t, http.HandlerFunc(hops))
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/down" {
			http.Redirect(w, r, plain.URL+"/0", http.StatusFound)
			return
		}
		hops(w, r)
	}))
	t.Cleanup(secure.Close)
	tests := []struct{ name, url, want string }{
		{"three", plain.URL + "/3?token=t0ken", ""},
		{"four", plain.URL + "/4?token=t0ken", "more than 3 redirects"},
		{"three with TLS", secure.URL + "/3", ""},
		{"from https to http", secure.URL + "/down?token=t0ken", "from https to plain http"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := mustList(t, tt.url, Deps{Transport: secure.Client().Transport})
			err := l.check(t.Context())
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want %q", err, tt.want)
			}
			if strings.Contains(err.Error(), "t0ken") {
				t.Errorf("error shows the token: %v", err)
			}
		})
	}
}

func TestCertificatesAreVerified(t *testing.T) {
	t.Parallel()
	srv := httptest.NewUnstartedServer(text(hosts(3)))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	l := mustList(t, srv.URL, Deps{})
	if err := l.check(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("error %v", err)
	}
}

func TestCredentialsInTheURLAreUsedAndNeverShown(t *testing.T) {
	t.Parallel()
	srv := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pass, _ := r.BasicAuth(); pass != "s3cret" || r.URL.Query().Get("key") != "t0ken" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, hosts(3))
	}))
	u, err := url.Parse(srv.URL + "/list?key=t0ken")
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("joe", "s3cret")
	out, dir := new(logged), t.TempDir()
	l := mustList(t, u.String(), Deps{StateDir: dir, Log: out.logger()})
	mustCheck(t, l)
	srv.Close()
	if err := l.check(t.Context()); err == nil {
		t.Fatal("a closed server answered")
	}
	shown := fmt.Sprintf("%+v\n%s\n%s", l.Status(), out, readCopyText(t, dir))
	for _, secret := range []string{"s3cret", "t0ken", "joe"} {
		if strings.Contains(shown, secret) {
			t.Errorf("%q is shown in\n%s", secret, shown)
		}
	}
	if got, want := l.Status().Source, srv.URL+"/list?…"; got != want {
		t.Errorf("source %q, want %q", got, want)
	}
}

func TestDrippingServerIsGivenUp(t *testing.T) {
	t.Parallel()
	srv := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "192.0.2.1\n192.")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	l := mustList(t, srv.URL, Deps{})
	l.timeout = 40 * time.Millisecond
	if err := l.check(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

func TestSilentServerIsGivenUpAfterThirtySeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		silent := direct{http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })}
		l := mustList(t, "https://lists.test/tor", Deps{Transport: silent})
		begin := time.Now()
		if err := l.check(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		if took := time.Since(begin); took != 30*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	clk := newClock()
	tests := []struct {
		name, value string
		want        time.Duration
	}{
		{"seconds", "120", 2 * time.Minute},
		{"date", clk.now().Add(time.Hour).Format(http.TimeFormat), time.Hour},
		{"past date", clk.now().Add(-time.Hour).Format(http.TimeFormat), 0},
		{"a year", "31536000", maxRetryAfter},
		{"negative", "-5", 0},
		{"nonsense", "soon", 0},
		{"absent", "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			busy := direct{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", tt.value)
				w.WriteHeader(http.StatusTooManyRequests)
			})}
			l := mustList(t, "https://lists.test/tor", Deps{Transport: busy, Now: clk.now})
			err := l.check(t.Context())
			var got time.Duration
			if retry, ok := errors.AsType[*retryError](err); ok {
				got = retry.after
			}
			if got != tt.want {
				t.Errorf("waits %v, want %v", got, tt.want)
			}
			if l.pause(err) < tt.want {
				t.Errorf("the pause is shorter than %v", tt.want)
			}
			if l.Status().Refused != 1 {
				t.Error("the answer does not count as refused")
			}
		})
	}
}
