package caddymodule

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/event"
)

func TestReadableAsksForWhatCanBeRead(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name     string
		accepted []string
		want     string // "" means no header
	}{
		{"nothing", nil, ""},
		{"gzip", []string{"gzip"}, "gzip"},
		{"what browsers send", []string{"gzip, deflate, br, zstd"}, "gzip"},
		{"in capitals, with a weight", []string{"br, GZIP;q=0.5"}, "gzip"},
		{"in two lines", []string{"br", "gzip"}, "gzip"},
		{"only what cannot be read", []string{"br"}, ""},
		{"gzip refused", []string{"gzip;q=0, br"}, ""},
		{"gzip refused in three digits", []string{"br, gzip; q=0.000"}, ""},
		{"a name that holds another", []string{"x-gzip-not"}, ""},
		{"identity", []string{"identity"}, ""},
	} {
		header := http.Header{}
		if row.accepted != nil {
			header["Accept-Encoding"] = row.accepted
		}
		readable(header)
		if got := strings.Join(header.Values("Accept-Encoding"), "|"); got != row.want {
			t.Errorf("%s: Accept-Encoding %q, want %q", row.name, got, row.want)
		}
	}
}

// A response_limit above the size of a pooled buffer is kept, and one below is
// too.
func TestAnswerIsReadUpToTheLimit(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		limit   config.Size
		pad     int
		outcome string
	}{
		{"within a large limit", 256 << 10, 200 << 10, "failure"},
		{"within the largest limit", 1 << 20, 1<<20 - 100, "failure"},
		{"beyond a large limit", 256 << 10, 256 << 10, "unknown"},
		{"beyond the default", 0, 64 << 10, "unknown"},
		{"beyond a small limit", 1 << 10, 1 << 10, "unknown"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			site := strict
			site.ResponseLimit = row.limit
			site.Routes = []config.Route{{
				Kind: config.KindLogin, Method: http.MethodPost, Path: "/login",
				Failure: []config.Condition{{{Of: config.PartBody, Values: []string{"wrong password"}}}},
			}}
			h, s := newTestHandler(t, site)
			app := caddyhttp.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
				w.Header().Set("Content-Type", "application/x-page")
				_, err := io.WriteString(w, strings.Repeat("p", row.pad)+"wrong password")
				return err
			})
			w := httptest.NewRecorder()
			if err := h.ServeHTTP(w, visitor(http.MethodPost, "/login", "username=a&password=b"), app); err != nil {
				t.Fatal(err)
			}
			if w.Body.Len() != row.pad+len("wrong password") {
				t.Errorf("the client received %d bytes", w.Body.Len())
			}
			told := toldEvents(t, s)
			if len(told) != 1 || told[0].Outcome != row.outcome {
				t.Errorf("events %+v, want one %s", told, row.outcome)
			}
		})
	}
}

// toldEvents delivers what waits in the queue.
func toldEvents(t *testing.T, s *state) []*event.Event {
	t.Helper()
	worker := event.NewWorker(s.queue.Load(), event.Options{})
	worker.Bind(s.recent)
	if err := worker.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s.recent.Last(100, nil)
}
