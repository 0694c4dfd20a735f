package caddymodule

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/clearance"
)

// newChallengingHandler is a handler with easy challenges and its gate.
func newChallengingHandler(t *testing.T, mode config.Mode) (*Handler, *clearance.Gate) {
	t.Helper()
	h, _ := newTestHandler(t, config.Site{Mode: mode, Challenge: config.Challenge{Bits: 8}})
	site := h.policy.Site()
	var err error
	if h.challenge, err = newChallenger(&site, ""); err != nil {
		t.Fatal(err)
	}
	gate := h.gateOf()
	if gate == nil {
		t.Fatal("no gate")
	}
	return h, gate
}

var visits = netip.MustParseAddr("192.0.2.1") // where visitor comes from

// pageVisitor asks for a page as a browser does; clearance is its cookie, "" for none.
func pageVisitor(target, clearance string) *http.Request {
	r := visitor(http.MethodGet, target, "")
	r.Header.Set("Accept", "text/html,*/*;q=0.8")
	r.Header.Set("User-Agent", "Browser/1")
	if clearance != "" {
		r.Header.Set("Cookie", "doorward_clearance="+clearance)
	}
	return r
}

// solved solves a challenge by the endpoint and returns the cookie.
func solved(t *testing.T, h *Handler, gate *clearance.Gate, class config.Class) string {
	t.Helper()
	token, c := gate.Issue(time.Now(), clearance.Ask{Source: visits, Class: class, Return: "/login"})
	proof, _ := clearance.Solve(token, c.Bits)
	r := visitor(http.MethodPost, "/.doorward/challenge", url.Values{"token": {token}, "proof": {proof.String()}}.Encode())
	r.Header.Set("User-Agent", "Browser/1")
	w := httptest.NewRecorder()
	if err := h.ServeHTTP(w, r, nil); err != nil || w.Code != http.StatusSeeOther {
		t.Fatalf("solving: status %d, %v", w.Code, err)
	}
	return w.Result().Cookies()[0].Value
}

// isAsked reports whether a suspicious browser that opens a page is challenged.
func isAsked(h *Handler, gate *clearance.Gate, r *http.Request, needed config.Class) bool {
	h.takeClearance(r)
	return !h.cleared(time.Now(), r, gate, &detector.Source{Addr: visits}, needed)
}

func TestAPageOpensForEveryClearance(t *testing.T) {
	t.Parallel()
	h, gate := newChallengingHandler(t, config.ModeEnforce)
	login := solved(t, h, gate, config.ClassLogin)
	for name, row := range map[string]struct {
		cookie string
		needed config.Class
		want   bool
	}{
		"the page, with a clearance for its form":     {login, config.ClassNone, false},
		"the page, with one for another form on it":   {solved(t, h, gate, config.ClassSignup), config.ClassNone, false},
		"a script that was refused, with another one": {login, config.ClassSignup, true},
		"a script that was refused, with its own":     {login, config.ClassLogin, false},
		"the page, with one that is none":             {"forged", config.ClassNone, true},
	} {
		if got := isAsked(h, gate, pageVisitor("/account", row.cookie), row.needed); got != row.want {
			t.Errorf("%s: asked %t, want %t", name, got, row.want)
		}
	}
}

// A browser that keeps no cookies solves, comes back without a clearance, and
// would solve by itself for ever.
func TestABrowserWithoutCookiesIsNotSentInCircles(t *testing.T) {
	t.Parallel()
	h, gate := newChallengingHandler(t, config.ModeEnforce)
	cookie := solved(t, h, gate, config.ClassLogin)
	if isAsked(h, gate, pageVisitor("/login", ""), config.ClassNone) {
		t.Error("who solved and came back without a cookie is asked again at once")
	}
	if !isAsked(h, gate, pageVisitor("/login", ""), config.ClassNone) {
		t.Error("who asks for the page once more is not asked")
	}
	if isAsked(h, gate, pageVisitor("/login", cookie), config.ClassNone) {
		t.Error("who brings the clearance is asked")
	}
	cookie = solved(t, h, gate, config.ClassLogin)
	isAsked(h, gate, pageVisitor("/login", cookie), config.ClassNone)
	if !isAsked(h, gate, pageVisitor("/login", ""), config.ClassNone) {
		t.Error("somebody else profits from a browser that came back with its cookie")
	}
}

func TestNobodyIsAskedInModeObserve(t *testing.T) {
	t.Parallel()
	for mode, want := range map[config.Mode]int{config.ModeEnforce: http.StatusTooManyRequests, config.ModeObserve: http.StatusOK} {
		h, gate := newChallengingHandler(t, mode)
		gate.Book().Expect(time.Now(), gate.Place(visits), "Browser/1", config.ClassLogin)
		w := httptest.NewRecorder()
		app := caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { return nil })
		if err := h.ServeHTTP(w, pageVisitor("/", ""), app); err != nil || w.Code != want {
			t.Errorf("%s: after a script was refused the next page gets %d, %v, want %d", mode, w.Code, err, want)
		}
	}
}

// Logins by GET bear the password in their address.
func TestWhatWasSubmittedByGETIsNotRepeated(t *testing.T) {
	t.Parallel()
	h, gate := newChallengingHandler(t, config.ModeEnforce)
	for name, accept := range map[string]string{"a browser": "text/html", "a script": "application/json"} {
		r := visitor(http.MethodGet, "/login?user=alice&password=hunter2", "")
		r.Header.Set("Accept", accept)
		r.Header.Set("Referer", "http://example.com/login?user=alice&password=hunter2")
		w := httptest.NewRecorder()
		v := &visit{h: h, r: r, attempt: detector.Attempt{Kind: config.KindLogin, Source: detector.Source{Addr: visits}}}
		if err := v.refuseChallenge(w, gate, "id"); err != nil {
			t.Fatal(err)
		}
		link, _ := caddyhttp.GetVar(r.Context(), "doorward_challenge").(string)
		if text := link + w.Body.String(); strings.Contains(text, "hunter2") || !strings.Contains(text, "login") {
			t.Errorf("%s: the challenge repeats what was submitted, or knows no way back: %s", name, text)
		}
		if accept == "text/html" && !strings.Contains(w.Body.String(), `data-retype="yes"`) {
			t.Errorf("%s: is not told that it must be typed again", name)
		}
	}
}

func TestAFrameShowsNoPageOfAChallenge(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		mode, dest string
		want       bool
	}{
		"a window":                   {"navigate", "document", true},
		"a frame":                    {"navigate", "iframe", false},
		"fetch":                      {"cors", "empty", false},
		"a browser without metadata": {"", "", true},
	} {
		h := http.Header{"Accept": {"text/html"}}
		if row.mode != "" {
			h.Set("Sec-Fetch-Mode", row.mode)
			h.Set("Sec-Fetch-Dest", row.dest)
		}
		if got := asksForPage(h); got != row.want {
			t.Errorf("%s: %t, want %t", name, got, row.want)
		}
	}
}

func TestAPreflightPassesWhereEverythingIsChallenged(t *testing.T) {
	t.Parallel()
	h, _ := newChallengingHandler(t, config.ModeEnforce)
	challenge := detector.Verdict{Answer: config.AnswerChallenge}
	r := visitor(http.MethodOptions, "/api", "")
	if h.challengedByGuard(r, challenge, visits) {
		t.Error("OPTIONS that is no preflight goes on")
	}
	r.Header.Set("Access-Control-Request-Method", "POST")
	if !h.challengedByGuard(r, challenge, visits) {
		t.Error("a preflight, which can bring no cookie, is challenged")
	}
	if h.challengedByGuard(r, detector.Verdict{Answer: config.AnswerBlock}, visits) {
		t.Error("a preflight of who is blocked goes on")
	}
}
