package caddymodule

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// The transport of reverse_proxy may go on reading a body after an early
// answer has ended the handler; see the comment at outreq.Body.Close in
// net/http/httputil. By then the buffer belongs to another request.
func TestBodyReadAfterTheHandlerYieldsNothing(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{"attempt": "/login", "no attempt": "/comments"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, _ := newTestHandler(t, strict)
			content := "text=" + strings.Repeat("x", 4000)
			if name == "attempt" {
				content = "username=a&password=" + strings.Repeat("x", 4000)
			}
			var body io.Reader
			var late sync.WaitGroup
			app := caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
				body = r.Body
				begun := make(chan struct{})
				late.Go(func() {
					// The race detector watches this reader and the handler's end.
					var one [1]byte
					_, _ = r.Body.Read(one[:])
					close(begun)
					for range 1000 {
						_, _ = r.Body.Read(one[:])
					}
				})
				<-begun
				return wrongPassword(w, r)
			})
			if err := h.ServeHTTP(httptest.NewRecorder(), visitor(http.MethodPost, path, content), app); err != nil {
				t.Fatal(err)
			}
			late.Wait()
			rest, err := io.ReadAll(body)
			if len(rest) != 0 || !errors.Is(err, http.ErrBodyReadAfterClose) {
				t.Errorf("read %d bytes, %v after the handler; want none and http.ErrBodyReadAfterClose", len(rest), err)
			}
		})
	}
}

// A gRPC call may wait for an answer to its first message before it sends the
// next one, so a body that begins like one is not waited for. Whatever else
// claims to be gRPC is read as always.
func TestStreamOfMessagesIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, contentType, encoding, body string
		looked                            int
		complete                          bool
	}{
		{"gRPC", "application/grpc", "", "\x00\x00\x00\x00\x02ab", 1, false},
		{"gRPC with a codec", "application/grpc+proto", "", "\x01\x00\x00\x00\x02ab", 1, false},
		{"gRPC in capitals", "Application/GRPC-Web", "", "\x00\x00\x00\x00\x02ab", 1, false},
		{"no message", "application/grpc", "", "", 0, true},
		{"JSON that claims to be gRPC", "application/grpc", "", `{"a":1}`, 7, true},
		{"a packed body that claims to be gRPC", "application/grpc", "deflate", "\x01\x07\x00\xf8\xff{}", 7, true},
		{"a form that begins so", formType, "", "\x00a=b", 4, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(row.body))
			r.Header.Set("Content-Type", row.contentType)
			if row.encoding != "" {
				r.Header.Set("Content-Encoding", row.encoding)
			}
			p, err := peek(httptest.NewRecorder(), r, 100)
			if err != nil {
				t.Fatal(err)
			}
			defer p.release()
			if len(p.prefix) != row.looked || p.complete != row.complete {
				t.Errorf("looked at %d bytes, complete %t; want %d, %t", len(p.prefix), p.complete, row.looked, row.complete)
			}
			if all, err := io.ReadAll(r.Body); string(all) != row.body || err != nil {
				t.Errorf("the app reads %q, %v; want %q", all, err, row.body)
			}
		})
	}
}

const formType = "application/x-www-form-urlencoded"
