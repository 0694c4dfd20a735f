package refusal

import (
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

var now = time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)

func limited() Notice {
	return Notice{
		Status: 429, ID: "01JGK9XQ2R0000000000000000", Until: now.Add(10 * time.Minute),
		Class: config.ClassLogin, Contact: "help@shop.example", Now: now,
	}
}

// ask returns the answer to a request with the given headers, as pairs.
func ask(method string, n Notice, headers ...string) *http.Response {
	r := httptest.NewRequest(method, "/login", nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	Write(w, r, n)
	return w.Result()
}

func bodyOf(t *testing.T, resp *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestGolden(t *testing.T) {
	t.Parallel()
	blocked := Notice{Status: 403, ID: "s-17", Class: config.ClassAll, Now: now}
	tests := []struct {
		file, accept, language string
		n                      Notice
	}{
		{"limited.en.html", "text/html", "en", limited()},
		{"limited.ar.html", "text/html", "ar", limited()},
		{"blocked.de.html", "text/html", "de", blocked},
		{"limited.en.json", "application/json", "en", limited()},
		{"blocked.en.json", "application/json", "en", blocked},
		{"limited.en.txt", "text/plain", "en", limited()},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			got := bodyOf(t, ask("GET", tt.n, "Accept", tt.accept, "Accept-Language", tt.language))
			path := filepath.Join("testdata", tt.file)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("differs from %s; look at it and run with -update:\n%s", path, got)
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	resp := ask("POST", limited(), "Accept", "text/html", "Accept-Language", "fr")
	want := map[string]string{
		"Cache-Control": "no-store", "Retry-After": "600", "Doorward-Id": "01JGK9XQ2R0000000000000000",
		"Content-Type": "text/html; charset=utf-8", "Content-Language": "fr", "X-Content-Type-Options": "nosniff",
		"Vary": "Accept, Accept-Language", "Content-Security-Policy": contentSecurityPolicy,
	}
	for name, value := range want {
		if got := resp.Header.Get(name); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	if resp.StatusCode != 429 {
		t.Errorf("status %d", resp.StatusCode)
	}
	if resp := ask("POST", limited(), "Accept", "application/json"); resp.Header.Get("Content-Security-Policy") != "" {
		t.Error("problem details have a policy for pages")
	}
}

func TestHeadersOfTheAnswerThatIsNotSentAreGone(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	for _, name := range []string{"Content-Encoding", "ETag", "Last-Modified", "Content-Length"} {
		w.Header().Set(name, "1")
	}
	w.Header().Set("Vary", "Accept-Encoding")
	Write(w, httptest.NewRequest("GET", "/", nil), limited())
	h := w.Result().Header
	if h.Get("Content-Encoding")+h.Get("ETag")+h.Get("Last-Modified") != "" || h.Get("Content-Length") == "1" {
		t.Errorf("headers %v", h)
	}
	if got := strings.Join(h.Values("Vary"), ", "); got != "Accept-Encoding, Accept, Accept-Language" {
		t.Errorf("Vary: %s", got)
	}
}

func TestHeadHasTheHeadersOfGetAndNoBody(t *testing.T) {
	t.Parallel()
	for _, accept := range []string{"text/html", "application/json", "text/plain"} {
		get, head := ask("GET", limited(), "Accept", accept), ask("HEAD", limited(), "Accept", accept)
		for name := range get.Header {
			if g, h := get.Header.Get(name), head.Header.Get(name); g != h {
				t.Errorf("%s: %s is %q for GET and %q for HEAD", accept, name, g, h)
			}
		}
		if n, body := head.ContentLength, bodyOf(t, head); n <= 0 || body != "" {
			t.Errorf("%s: HEAD has a length of %d and the body %q", accept, n, body)
		}
	}
}

func TestSetHeadersLeavesTheBodyToOthers(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	SetHeaders(w, httptest.NewRequest("GET", "/", nil), limited())
	want := http.Header{"Cache-Control": {"no-store"}, "Doorward-Id": {"01JGK9XQ2R0000000000000000"}, "Retry-After": {"600"}}
	got := w.Header()
	if len(got) != len(want) {
		t.Errorf("headers %v, want %v", got, want)
	}
	for name := range want {
		if got.Get(name) != want.Get(name) {
			t.Errorf("%s: %q, want %q", name, got.Get(name), want.Get(name))
		}
	}
	if w.Body.Len() > 0 {
		t.Error("a body was written")
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		until time.Time
		want  string
	}{
		{"whole seconds", now.Add(30 * time.Second), "30"},
		{"rounded up", now.Add(30*time.Second + 1), "31"},
		{"less than a second", now.Add(time.Millisecond), "1"},
		{"just over", now, "1"},
		{"long over", now.Add(-time.Hour), "1"},
		{"not known", time.Time{}, ""},
		{"centuries", now.AddDate(2000, 0, 0), "2147483647"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n := limited()
			n.Until = tt.until
			if got := ask("GET", n).Header.Get("Retry-After"); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestUntil(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		until  time.Duration
		status int
		want   string
	}{
		{"ten minutes, to the next full minute", 10 * time.Minute, 429, "You can try again from 2026-01-02 15:15 UTC (in 10 min)."},
		{"a second", time.Second, 429, "You can try again from 2026-01-02 15:05 UTC (in 1 min)."},
		{"a full minute stays", 55 * time.Second, 429, "You can try again from 2026-01-02 15:05 UTC (in 1 min)."},
		{"three hours are still minutes", 3 * time.Hour, 429, "You can try again from 2026-01-02 18:05 UTC (in 180 min)."},
		{"a day", 24 * time.Hour, 403, "You can try again from 2026-01-03 15:05 UTC (in 24 h)."},
		{"no end of a limit", 0, 429, "Please try again later."},
		{"no end of a block", 0, 403, "No end has been set for this."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n := Notice{Status: tt.status, Now: now}
			if tt.until != 0 {
				n.Until = now.Add(tt.until).In(time.FixedZone("", 7200))
			}
			if got := n.speak(inLanguage("en")).Until; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestProblemDetails(t *testing.T) {
	t.Parallel()
	var p struct {
		Type, Title, Detail, Instance, ID, Until, Contact string
		Status                                            int
		RetryAfter                                        int `json:"retry_after"`
	}
	resp := ask("POST", limited(), "Accept", "application/json", "Accept-Language", "de-AT")
	if err := json.Unmarshal([]byte(bodyOf(t, resp)), &p); err != nil {
		t.Fatal(err)
	}
	if p.Type != typeLimited || p.Status != 429 || p.Title != "Zu viele Versuche" || p.RetryAfter != 600 ||
		p.Instance != "urn:doorward:"+p.ID || p.ID != limited().ID || p.Until != "2026-01-02T15:14:05Z" || p.Contact == "" {
		t.Errorf("got %+v", p)
	}
	if !strings.Contains(p.Detail, "nicht geprüft") {
		t.Errorf("the detail does not say that the password was not judged: %s", p.Detail)
	}
}

func TestStatusThatRefusesNothingBecomes429(t *testing.T) {
	t.Parallel()
	for _, status := range []int{0, 200, 302, 500, 99999} {
		n := limited()
		n.Status = status
		if got := ask("GET", n).StatusCode; got != 429 {
			t.Errorf("status %d became %d", status, got)
		}
	}
}

// Whatever an id or a contact line holds, it is text.
func TestValuesCannotBecomeMarkupOrHeaders(t *testing.T) {
	t.Parallel()
	n := limited()
	n.ID, n.Contact = "\"><script>alert(1)</script>\r\nX: y", "<img src=x onerror=alert(1)> {id} {contact}"
	page := ask("GET", n, "Accept", "text/html")
	body := bodyOf(t, page)
	if strings.Contains(body, "<script") || strings.Contains(body, "<img") {
		t.Errorf("markup in the page:\n%s", body)
	}
	if !strings.Contains(body, "&lt;img src=x") || !strings.Contains(body, "{id} {contact}") {
		t.Errorf("the contact line is not shown as it is:\n%s", body)
	}
	if id, ok := page.Header["Doorward-Id"]; ok {
		t.Errorf("header %q", id)
	}
	var p struct{ ID, Contact string }
	if err := json.Unmarshal([]byte(bodyOf(t, ask("GET", n))), &p); err != nil || p.ID != n.ID || p.Contact != n.Contact {
		t.Errorf("problem details %+v, %v", p, err)
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, accept := range []string{"text/html", "application/json"} {
		b.Run(accept, func(b *testing.B) {
			r := httptest.NewRequest("POST", "/login", nil)
			r.Header.Set("Accept", accept)
			r.Header.Set("Accept-Language", "de-DE,de;q=0.9,en;q=0.8")
			n := limited()
			b.ReportAllocs()
			for b.Loop() {
				Write(discard{http.Header{}}, r, n)
			}
		})
	}
}

type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}
