package intel

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// clock is a clock that a test sets.
type clock struct{ unix atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.unix.Store(time.Date(2031, 1, 2, 3, 4, 5, 0, time.UTC).Unix())
	return c
}

func (c *clock) now() time.Time          { return time.Unix(c.unix.Load(), 0).UTC() }
func (c *clock) advance(d time.Duration) { c.unix.Add(int64(d / time.Second)) }

// logged is a log that can be read while it is written.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logged) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// direct is a transport that asks a handler without a network, so that a test
// with a fake clock can use it.
type direct struct{ http.Handler }

func (d direct) RoundTrip(req *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	d.ServeHTTP(w, req)
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	resp := w.Result()
	resp.Request = req
	return resp, nil
}

// swappable is a handler that a test replaces.
type swappable struct{ atomic.Value }

func (s *swappable) set(h http.HandlerFunc) { s.Store(h) }
func (s *swappable) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Load().(http.HandlerFunc)(w, r)
}

func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }
}

// hosts is a list of n addresses from 192.0.2.1 on.
func hosts(n int) string {
	var b strings.Builder
	addr := netip.MustParseAddr("192.0.2.1")
	for range n {
		fmt.Fprintln(&b, addr)
		addr = addr.Next()
	}
	return b.String()
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func mustList(t *testing.T, source string, deps Deps) *List {
	t.Helper()
	l, err := NewList(Spec{Name: "tor", Source: source, AllowPrivate: !strings.HasPrefix(source, "/")}, deps)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func mustCheck(t *testing.T, l *List) {
	t.Helper()
	if err := l.check(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func contains(l *List, addr string) bool { return l.Contains(netip.MustParseAddr(addr)) }

func mustClose(t *testing.T, c interface {
	Close(ctx context.Context) error
},
) {
	t.Helper()
	if err := c.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
