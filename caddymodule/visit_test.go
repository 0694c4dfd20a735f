package caddymodule

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
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
		{"only what cannot be read", []string{"br"}, "identity"},
		{"gzip refused", []string{"gzip;q=0, br"}, "identity"},
		{"gzip refused in three digits", []string{"br, gzip; q=0.000"}, "identity"},
		{"a name that holds another", []string{"x-gzip-not"}, "identity"},
		{"identity", []string{"identity"}, "identity"},
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

// What a handler returns as an error is answered outside of this one, but the
// event bears the status that the error stands for.
func TestEventBearsTheStatusOfAReturnedError(t *testing.T) {
	t.Parallel()
	h, s := newTestHandler(t, strict)
	app := caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error {
		return caddyhttp.Error(http.StatusUnauthorized, errors.New("not authenticated"))
	})
	r := visitor(http.MethodGet, "/members", "")
	r.SetBasicAuth("member", "wrong")
	if err := h.ServeHTTP(httptest.NewRecorder(), r, app); err == nil {
		t.Fatal("the error is lost")
	}
	if told := toldEvents(t, s); len(told) != 1 || told[0].Status != http.StatusUnauthorized || told[0].Outcome != "failure" {
		t.Errorf("events %+v, want one failure with status 401", told)
	}
}

// around is what `header` and `encode` around this handler do: they change the
// common header map when the head and the first bytes come.
type around struct{ http.ResponseWriter }

func (c around) WriteHeader(code int) {
	c.Header().Del("Location")
	c.ResponseWriter.WriteHeader(code)
}

func (c around) Write(p []byte) (int, error) {
	c.Header().Set("Content-Encoding", "zstd")
	return c.ResponseWriter.Write(p)
}

// What counts is the encoding of what passed the handler, not the one that the
// client receives.
func TestAnswerThatIsCompressedLaterIsReadAsItPassed(t *testing.T) {
	t.Parallel()
	const page = `<form method="post"><input name="username"><input name="password" type="password"></form>`
	for name, body := range map[string]string{"": page, "gzip": zipped(t, page)} {
		h, s := newTestHandler(t, strict)
		app := caddyhttp.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Content-Type", "text/html")
			if name != "" {
				w.Header().Set("Content-Encoding", name)
			}
			_, err := io.WriteString(w, body)
			return err
		})
		w := around{httptest.NewRecorder()}
		if err := h.ServeHTTP(w, visitor(http.MethodPost, "/login", "username=a&password=b"), app); err != nil {
			t.Fatal(err)
		}
		if got := w.Header().Get("Content-Encoding"); got != "zstd" {
			t.Errorf("%q: the client's header says %q", name, got)
		}
		if told := toldEvents(t, s); len(told) != 1 || told[0].Outcome != "failure" {
			t.Errorf("%q: events %+v, want one failure", name, told)
		}
	}
}

func TestAnswerWhoseHeaderIsChangedLaterIsReadAsItPassed(t *testing.T) {
	t.Parallel()
	h, s := newTestHandler(t, strict)
	app := caddyhttp.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Location", "/login?error=1")
		w.WriteHeader(http.StatusFound)
		return nil
	})
	if err := h.ServeHTTP(around{httptest.NewRecorder()}, visitor(http.MethodPost, "/login", "username=a&password=b"), app); err != nil {
		t.Fatal(err)
	}
	if told := toldEvents(t, s); len(told) != 1 || told[0].Outcome != "failure" {
		t.Errorf("events %+v, want one failure, read from the location", told)
	}
}

// The event is of the kind that the answer shows, and there is none where the
// answer shows that nobody was to log in.
func TestEventBearsTheKindThatTheAnswerShows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		want   []string
	}{
		"an account that exists":     {http.StatusConflict, `{"message":"user already exists"}`, []string{"signup"}},
		"an address without a route": {http.StatusNotFound, `{"message":"Cannot POST /login: route not found"}`, nil},
		"wrong credentials":          {http.StatusUnauthorized, `{"message":"wrong password"}`, []string{"login"}},
	} {
		h, s := newTestHandler(t, strict)
		app := caddyhttp.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(c.status)
			_, err := io.WriteString(w, c.body)
			return err
		})
		if err := h.ServeHTTP(httptest.NewRecorder(), visitor(http.MethodPost, "/login", "username=a&password=b"), app); err != nil {
			t.Fatal(err)
		}
		var kinds []string
		for _, e := range toldEvents(t, s) {
			kinds = append(kinds, e.Kind)
		}
		if !slices.Equal(kinds, c.want) {
			t.Errorf("%s: events of kinds %v; want %v", name, kinds, c.want)
		}
	}
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
