package caddymodule

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/event"
	"github.com/doorward/doorward/detector/follow"
)

// newTestHandler is a handler with a state of its own, without a Caddy
// configuration around it. Its events are kept in the queue.
func newTestHandler(t testing.TB, site config.Site) (*Handler, *state) {
	t.Helper()
	value, err := newState()
	if err != nil {
		t.Fatal(err)
	}
	s := value.(*state)
	if err := s.detector.Open(4096, bytes.Repeat([]byte{7}, 32), time.Now); err != nil {
		t.Fatal(err)
	}
	s.queue.Store(event.NewQueue(1024))
	site.Name = "shop.test"
	policy, err := detector.NewPolicy(site, []string{config.ListTor})
	if err != nil {
		t.Fatal(err)
	}
	h := &Handler{
		Site: site, app: &App{state: s, log: zap.NewNop()}, log: zap.NewNop(), policy: policy,
		automatic: *policy.Site().Automatic, denied: policy.RefusesEverybody(),
		watch: s.watches.of(site.Name),
	}
	site = policy.Site()
	h.device = newDeviceJar(&site, "")
	for _, r := range site.Routes {
		h.Routes = append(h.Routes, Route{Route: r})
	}
	return h, s
}

var strict = config.Site{Mode: config.ModeEnforce}

// visitor makes a request as Caddy's server prepares it.
func visitor(method, target, body string) *http.Request {
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, target, reader)
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	repl := caddy.NewReplacer()
	r = caddyhttp.PrepareRequest(r, repl, nil, &caddyhttp.Server{})
	caddyhttp.SetVar(r.Context(), caddyhttp.ClientIPVarKey, "192.0.2.1")
	return r
}

func wrongPassword(w http.ResponseWriter, _ *http.Request) error {
	w.WriteHeader(http.StatusUnauthorized)
	_, err := io.WriteString(w, "Unauthorized")
	return err
}

func TestThatIsNoAttemptCostsNothing(t *testing.T) {
	h, _ := newTestHandler(t, strict)
	somebody := follow.ClientOf(netip.MustParseAddr("198.51.100.1"), "browser")
	h.watch.pending.Add(time.Now(), somebody, &follow.Wait[*visit]{})
	next := caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { return nil })
	w := httptest.NewRecorder()
	for name, r := range map[string]*http.Request{
		"page":             visitor(http.MethodGet, "/", ""),
		"page for people":  withHeader(visitor(http.MethodGet, "/news", ""), "Accept", "text/html,*/*"),
		"page with query":  visitor(http.MethodGet, "/search?q=shoes&page=2", ""),
		"asset":            visitor(http.MethodGet, "/assets/app.9f8a7c.js", ""),
		"bearer token":     withHeader(visitor(http.MethodGet, "/api/items", ""), "Authorization", "Bearer abc"),
		"preflight":        visitor(http.MethodOptions, "/login", ""),
		"head of the form": visitor(http.MethodHead, "/login", ""),
	} {
		allocs := testing.AllocsPerRun(200, func() {
			if err := h.ServeHTTP(w, r, next); err != nil {
				t.Fatal(err)
			}
		})
		if allocs != 0 {
			t.Errorf("%s: %.0f allocations, want 0", name, allocs)
		}
	}
}

func withHeader(r *http.Request, name, value string) *http.Request {
	r.Header.Set(name, value)
	return r
}

func TestGuesserIsRefusedBeforeTheApp(t *testing.T) {
	t.Parallel()
	h, _ := newTestHandler(t, strict)
	reached := 0
	app := caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		reached++
		return wrongPassword(w, r)
	})
	var last *httptest.ResponseRecorder
	for i := range 30 {
		last = httptest.NewRecorder()
		r := visitor(http.MethodPost, "/login", "username=alice&password=guess"+strings.Repeat("x", i))
		if err := h.ServeHTTP(last, r, app); err != nil {
			t.Fatal(err)
		}
	}
	if reached != 10 {
		t.Errorf("%d guesses reached the app, want 10", reached)
	}
	if last.Code != http.StatusTooManyRequests || last.Header().Get("Retry-After") == "" || last.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("refusal: status %d, headers %v", last.Code, last.Header())
	}
}

func TestRefusalAsErrorIsLeftToHandleErrors(t *testing.T) {
	t.Parallel()
	site := strict
	site.Refusal = config.RefusalError
	h, _ := newTestHandler(t, site)
	var err error
	w := httptest.NewRecorder()
	for i := range 12 {
		w = httptest.NewRecorder()
		err = h.ServeHTTP(w, visitor(http.MethodPost, "/login", "username=a&password="+strings.Repeat("x", i+1)), caddyhttp.HandlerFunc(wrongPassword))
	}
	var he caddyhttp.HandlerError
	if !errors.As(err, &he) || he.StatusCode != http.StatusTooManyRequests || w.Body.Len() != 0 || w.Header().Get("Retry-After") == "" {
		t.Errorf("error %v, body %q, headers %v", err, w.Body, w.Header())
	}
}

func TestBodyReachesTheAppByteForByte(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"short":                        "username=a&password=b",
		"exactly the limit":            "username=a&password=" + strings.Repeat("b", 1024-20),
		"longer than the limit":        "username=a&password=" + strings.Repeat("b", 5000),
		"not what it claims":           "\xff\xfe\x00{{{",
		"credentials behind the limit": strings.Repeat("x=1&", 1000) + "username=a&password=b",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := strict
			site.BodyLimit = 1024
			h, _ := newTestHandler(t, site)
			var got []byte
			app := caddyhttp.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) error {
				var err error
				got, err = io.ReadAll(r.Body)
				return err
			})
			if err := h.ServeHTTP(httptest.NewRecorder(), visitor(http.MethodPost, "/login", body), app); err != nil {
				t.Fatal(err)
			}
			if string(got) != body {
				t.Errorf("the app received %d bytes, %d were sent", len(got), len(body))
			}
		})
	}
}

func TestClientThatHangsUpIsCharged(t *testing.T) {
	t.Parallel()
	h, _ := newTestHandler(t, strict)
	reached := 0
	for i := range 30 {
		ctx, hangUp := context.WithCancel(context.Background())
		r := visitor(http.MethodPost, "/login", "username=alice&password=g"+strings.Repeat("x", i))
		r = r.WithContext(mergeValues(ctx, r.Context()))
		app := caddyhttp.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
			reached++
			hangUp()
			w.WriteHeader(499) // as reverse_proxy does
			return nil
		})
		if err := h.ServeHTTP(httptest.NewRecorder(), r, app); err != nil {
			t.Fatal(err)
		}
	}
	if reached != 10 {
		t.Errorf("%d guesses of a client that hangs up reached the app, want 10", reached)
	}
}

// valuesOf has the values of one context and the end of another.
type valuesOf struct {
	context.Context
	values context.Context
}

func (v valuesOf) Value(key any) any { return v.values.Value(key) }

func mergeValues(ctx, values context.Context) context.Context { return valuesOf{ctx, values} }

func TestBrokenAnswerIsSettledAndThePanicGoesOn(t *testing.T) {
	t.Parallel()
	h, s := newTestHandler(t, strict)
	defer func() {
		if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // the very value is what Caddy compares
			t.Errorf("recovered %v, want the app's own panic", p)
		}
		x := s.detector.Status(time.Now())
		if len(x) != 1 || x[0].Attempts != 1 {
			t.Errorf("status %+v, want the attempt", x)
		}
	}()
	app := caddyhttp.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
		w.WriteHeader(http.StatusOK)
		panic(http.ErrAbortHandler)
	})
	_ = h.ServeHTTP(httptest.NewRecorder(), visitor(http.MethodPost, "/login", "username=a&password=b"), app)
	t.Error("the panic was swallowed")
}

func TestAttemptBeforeTheHandshakeEndsIsTooEarly(t *testing.T) {
	t.Parallel()
	h, _ := newTestHandler(t, strict)
	for target, early := range map[string]bool{"/login": true, "/": false} {
		body := ""
		if early {
			body = "username=a&password=b"
		}
		method := map[bool]string{true: http.MethodPost, false: http.MethodGet}[early]
		r := visitor(method, target, body)
		r.TLS = &tls.ConnectionState{HandshakeComplete: false}
		err := h.ServeHTTP(httptest.NewRecorder(), r, caddyhttp.HandlerFunc(wrongPassword))
		var he caddyhttp.HandlerError
		if got := errors.As(err, &he) && he.StatusCode == http.StatusTooEarly; got != early {
			t.Errorf("%s: too early %t, want %t", target, got, early)
		}
	}
}

func TestModeOffTouchesNothing(t *testing.T) {
	t.Parallel()
	h, s := newTestHandler(t, config.Site{Mode: config.ModeOff})
	for range 50 {
		w := httptest.NewRecorder()
		if err := h.ServeHTTP(w, visitor(http.MethodPost, "/login", "username=a&password=b"), caddyhttp.HandlerFunc(wrongPassword)); err != nil || w.Code != 401 {
			t.Fatalf("status %d, error %v", w.Code, err)
		}
	}
	if s.queue.Load().Len() != 0 {
		t.Error("mode off told of attempts")
	}
}

func TestNoSecretInEvents(t *testing.T) {
	t.Parallel()
	h, s := newTestHandler(t, strict)
	for _, body := range []string{
		"username=hunter2@corp.example.com&password=correcthorse",
		"username=correcthorse&password=correcthorse",
		"correcthorse=1&username=a&password=correcthorse",
	} {
		r := visitor(http.MethodPost, "/login?password=correcthorse", body)
		r.Header.Set("Cookie", "sid=correcthorse")
		if err := h.ServeHTTP(httptest.NewRecorder(), r, caddyhttp.HandlerFunc(wrongPassword)); err != nil {
			t.Fatal(err)
		}
	}
	worker := event.NewWorker(s.queue.Load(), event.Options{})
	worker.Bind(s.recent)
	if err := worker.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	told := s.recent.Last(100, nil)
	if len(told) != 3 {
		t.Fatalf("%d events, want 3", len(told))
	}
	for _, e := range told {
		text := string(e.AppendJSON(nil))
		for _, secret := range []string{"correcthorse", "hunter2", "corp.example"} {
			if strings.Contains(text, secret) {
				t.Errorf("event holds %q: %s", secret, text)
			}
		}
	}
}

// A full queue must change no verdict and lose nothing that is reserved.
func TestFullQueueChangesNoVerdict(t *testing.T) {
	t.Parallel()
	h, s := newTestHandler(t, strict)
	queue := event.NewQueue(64)
	s.queue.Store(queue)
	for range 500 {
		queue.Offer(event.Event{Type: event.TypeAttempt, Kind: "login", Outcome: "failure", Verdict: "allow"})
	}
	reached := 0
	app := caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		reached++
		return wrongPassword(w, r)
	})
	for i := range 50 {
		if err := h.ServeHTTP(httptest.NewRecorder(), visitor(http.MethodPost, "/login", "username=alice&password=g"+strings.Repeat("x", i)), app); err != nil {
			t.Fatal(err)
		}
	}
	if reached != 10 {
		t.Errorf("%d guesses reached the app while the queue was full, want 10", reached)
	}
	if !s.offer(event.Event{Type: event.TypeAttempt, Kind: "login", Outcome: "success", Detection: "takeover"}) {
		t.Error("a takeover was dropped by a full queue")
	}
	if queue.Dropped(event.Reserved) != 0 || queue.Dropped(event.Normal) == 0 {
		t.Errorf("dropped %d reserved and %d normal events, want none and some", queue.Dropped(event.Reserved), queue.Dropped(event.Normal))
	}
}
