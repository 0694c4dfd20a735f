package caddymodule

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// discard is a response writer without a memory.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

// SetReadDeadline is there because the writers of net/http have it.
func (d *discard) SetReadDeadline(time.Time) error { return nil }

// again is a body that can be read again.
type again struct{ strings.Reader }

func (*again) Close() error { return nil }

// BenchmarkNoAttempt is what a request costs that is no attempt: without a
// body, and with one that turns out to hold no credentials.
func BenchmarkNoAttempt(b *testing.B) {
	h, _ := newTestHandler(b, strict)
	next := caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { return nil })
	w := &discard{header: http.Header{}}
	b.Run("without body", func(b *testing.B) {
		r := visitor(http.MethodGet, "/products/42?page=3", "")
		b.ReportAllocs()
		for b.Loop() {
			_ = h.ServeHTTP(w, r, next)
		}
	})
	b.Run("with body", func(b *testing.B) {
		const text = `{"items":[{"id":1,"name":"shoe","count":2},{"id":2,"name":"hat","count":1}],"note":"please ring twice"}`
		r := visitor(http.MethodPost, "/cart", text)
		r.Header.Set("Content-Type", "application/json")
		body := new(again)
		b.ReportAllocs()
		for b.Loop() {
			body.Reset(text)
			r.Body = body
			_ = h.ServeHTTP(w, r, next)
		}
	})
}

// BenchmarkAttempt is a whole login through the handler, event included.
func BenchmarkAttempt(b *testing.B) {
	h, _ := newTestHandler(b, strict)
	next := caddyhttp.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Location", "/home")
		w.Header().Set("Set-Cookie", "sid=1; HttpOnly")
		w.WriteHeader(http.StatusFound)
		return nil
	})
	const text = "username=alice&password=correct+horse"
	r := visitor(http.MethodPost, "/login", text)
	body := new(again)
	b.ReportAllocs()
	for b.Loop() {
		body.Reset(text)
		r.Body = body
		caddyhttp.SetVar(r.Context(), "doorward_outcome", nil) // a request of its own
		_ = h.ServeHTTP(httptest.NewRecorder(), r, next)
	}
}
