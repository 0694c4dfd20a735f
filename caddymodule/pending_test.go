package caddymodule

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/doorward/doorward/detector/event"
	"github.com/doorward/doorward/detector/follow"
)

// taciturn is an app that answers every login alike; the next page tells. The
// password is right.
func taciturn(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "text/html")
	if r.Method == http.MethodPost {
		if err := r.ParseForm(); err != nil {
			return err
		}
		session := "visitor-0123456789"
		if r.PostForm.Get("password") == "right" {
			session = "member-0123456789"
		}
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: session, Path: "/"})
		http.Redirect(w, r, "/tool/?user="+r.PostForm.Get("username"), http.StatusFound)
		return nil
	}
	if c, err := r.Cookie("sid"); err == nil && strings.HasPrefix(c.Value, "member") {
		_, err := io.WriteString(w, "<html><h1>Tables</h1>"+strings.Repeat("<p>a row of a table</p>", 20)+`<a href="/logout">Log out</a></html>`)
		return err
	}
	w.WriteHeader(http.StatusForbidden)
	_, err := io.WriteString(w, `<html><p class="error">Access denied</p><form method="post" action="/tool/">`+
		`<input name="username"><input type="password" name="password"></form></html>`)
	return err
}

// guess posts a login and follows its redirect as a browser does, with the
// cookie given instead of the one that was set unless it is "".
func guess(t *testing.T, h *Handler, user, password, cookie string) {
	t.Helper()
	w := httptest.NewRecorder()
	if err := h.ServeHTTP(w, visitor(http.MethodPost, "/tool/", "username="+user+"&password="+password), caddyhttp.HandlerFunc(taciturn)); err != nil {
		t.Fatal(err)
	}
	answer := w.Result()
	r := visitor(http.MethodGet, answer.Header.Get("Location"), "")
	r.Header.Set("Accept", "text/html")
	for _, c := range answer.Cookies() {
		r.AddCookie(c)
	}
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	if err := h.ServeHTTP(httptest.NewRecorder(), r, caddyhttp.HandlerFunc(taciturn)); err != nil {
		t.Fatal(err)
	}
}

// attemptsOf are the attempts among the events that were told so far.
func attemptsOf(t *testing.T, s *state) []*event.Event {
	t.Helper()
	var list []*event.Event
	for _, e := range toldEvents(t, s) {
		if e.Type == event.TypeAttempt {
			list = append(list, e)
		}
	}
	return list
}

func TestTheNextPageTellsHowALoginEnded(t *testing.T) {
	t.Parallel()
	for password, want := range map[string]string{"right": "success", "wrong": "failure"} {
		h, s := newTestHandler(t, strict)
		guess(t, h, "maria", password, "")
		got := attemptsOf(t, s)
		if len(got) != 1 || got[0].Outcome != want {
			t.Fatalf("%s: %d attempts told, want one %s", password, len(got), want)
		}
		if !strings.Contains(strings.Join(got[0].Evidence, ";"), "deferred") {
			t.Errorf("%s: evidence %q does not say that the outcome is deferred", password, got[0].Evidence)
		}
		if !h.watch.pending.Idle() {
			t.Errorf("%s: the attempt still waits", password)
		}
	}
}

// A guesser shows the page of a session he opened elsewhere with his own
// account, so that his guess looks right.
func TestAnotherSessionProvesNoGuess(t *testing.T) {
	t.Parallel()
	for name, cookie := range map[string]string{
		"instead of the one that was set": "sid=member-of-the-attacker",
		"beside it":                       "sid=visitor-0123456789; sid=member-of-the-attacker",
		"under another name":              "sid=visitor-0123456789; sid2=member-of-the-attacker",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, s := newTestHandler(t, strict)
			guess(t, h, "victim", "wrong", cookie)
			if h.watch.pending.Idle() {
				t.Error("the page of another session settled the guess")
			}
			s.watches.settleOverdue(time.Now().Add(follow.MaxAge))
			got := attemptsOf(t, s)
			if len(got) != 1 || got[0].Outcome == "success" {
				t.Errorf("told %+v, want one attempt that is no success", got)
			}
		})
	}
}

// Who never asks for the next page leaves his guesses open. They stay counted
// until they are overdue, and weigh for the source even then.
func TestGuessesLeftOpenAreLimited(t *testing.T) {
	t.Parallel()
	h, s := newTestHandler(t, strict)
	reached := 0
	app := caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		reached++
		return taciturn(w, r)
	})
	for i := range 100 {
		if err := h.ServeHTTP(httptest.NewRecorder(), visitor(http.MethodPost, "/tool/", fmt.Sprintf("username=maria&password=guess%d", i)), app); err != nil {
			t.Fatal(err)
		}
	}
	if reached != 10 {
		t.Errorf("%d guesses reached the app, want 10", reached)
	}
	if n := h.watch.pending.Len(); n > follow.MaxPerClient {
		t.Errorf("%d wait for one client, want at most %d", n, follow.MaxPerClient)
	}
	s.watches.settleOverdue(time.Now().Add(follow.MaxAge))
	if !h.watch.pending.Idle() {
		t.Error("guesses wait longer than MaxAge")
	}
}

// Whether a request might be an attempt itself does not keep its answer from
// telling: of a GET over HTTP/3 it is not known before whether it has a body.
func TestThePageThatTellsMayLookLikeAnAttempt(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]string{"a body of unknown length": "/desk", "a query that speaks of a password": "/desk?password_expired=no"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, s := newTestHandler(t, strict)
			app := caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
				if r.Method == http.MethodPost {
					http.Redirect(w, r, address, http.StatusFound)
					return nil
				}
				w.Header().Set("Content-Type", "text/html")
				_, err := io.WriteString(w, `<html><form method="post" action="/login"><input name="username"><input type="password" name="password"></form></html>`)
				return err
			})
			login := visitor(http.MethodPost, "/login", "username=maria&password=wrong")
			desk := visitor(http.MethodGet, address, "")
			desk.Body, desk.ContentLength = io.NopCloser(strings.NewReader("")), -1
			for _, r := range []*http.Request{login, desk} {
				r.Header.Set("Cookie", "sid=visitor-0123456789")
				if err := h.ServeHTTP(httptest.NewRecorder(), r, app); err != nil {
					t.Fatal(err)
				}
			}
			if got := attemptsOf(t, s); len(got) != 1 || got[0].Outcome != "failure" {
				t.Errorf("told %+v; want one failure", got)
			}
		})
	}
}

// A redirect away from a login page that brings no cookie along may be a success
// or not; only the next page tells. A guesser who looks at no page, or at that of
// a session of his own, must not have his guesses taken for successes.
func TestASuccessThatNoPageShowedIsNone(t *testing.T) {
	t.Parallel()
	for name, look := range map[string]bool{"no page": false, "the page of another session": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, s := newTestHandler(t, strict)
			app := caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
				if r.Method == http.MethodPost {
					http.Redirect(w, r, "/desk", http.StatusFound)
					return nil
				}
				w.Header().Set("Content-Type", "text/html")
				_, err := io.WriteString(w, `<html><p>Hello, attacker.</p><a href="/logout">Log out</a></html>`)
				return err
			})
			for i := range 100 {
				login := visitor(http.MethodPost, "/login", fmt.Sprintf("username=maria&password=guess%d", i))
				login.Header.Set("Cookie", "sid=visitor-0123456789")
				desk := visitor(http.MethodGet, "/desk", "")
				desk.Header.Set("Cookie", "sid=member-of-the-attacker")
				if err := h.ServeHTTP(httptest.NewRecorder(), login, app); err != nil {
					t.Fatal(err)
				}
				if !look {
					continue
				}
				if err := h.ServeHTTP(httptest.NewRecorder(), desk, app); err != nil {
					t.Fatal(err)
				}
			}
			s.watches.settleOverdue(time.Now().Add(follow.MaxAge))
			reached := 0
			for _, e := range attemptsOf(t, s) {
				if e.Outcome == "success" {
					t.Errorf("a guess is told as a success, because of %q", e.Evidence)
				}
				if e.Verdict == "allow" {
					reached++
				}
			}
			if reached > 50 {
				t.Errorf("%d of 100 guesses reached the app; want a quarter of the weight of a failure each, at least", reached)
			}
		})
	}
}

// The bytes that pass are those of the app, watched or not.
func TestAPageThatIsLookedAtPassesAsItIs(t *testing.T) {
	t.Parallel()
	h, _ := newTestHandler(t, strict)
	page := "<html>" + strings.Repeat("<p>news</p>", 20_000) + "</html>"
	app := caddyhttp.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", "text/html")
		_, err := io.Copy(w, strings.NewReader(page))
		return err
	})
	for view := range looksPerPath + 1 {
		r := visitor(http.MethodGet, "/login", "")
		r.Header.Set("Accept", "text/html")
		w := httptest.NewRecorder()
		if err := h.ServeHTTP(w, r, app); err != nil {
			t.Fatal(err)
		}
		if w.Body.String() != page {
			t.Errorf("view %d: %d bytes of %d", view, w.Body.Len(), len(page))
		}
	}
}

func TestLooksAreBounded(t *testing.T) {
	t.Parallel()
	var b lookBudget
	now := time.Now()
	looks := 0
	for range 10 {
		if b.take(now, "/news") {
			looks++
		}
	}
	if looks != looksPerPath {
		t.Errorf("%d looks at one path, want %d", looks, looksPerPath)
	}
	for i := range 2 * looksPerSite {
		if b.take(now, fmt.Sprintf("/%d", i)) {
			looks++
		}
	}
	if looks != looksPerSite-looksReserved {
		t.Errorf("%d looks, want %d", looks, looksPerSite-looksReserved)
	}
	if !b.take(now, "/login") {
		t.Error("no reserve for the login page")
	}
	for i := range 2 * looksPerSite {
		b.take(now, fmt.Sprintf("/login/%d", i))
	}
	if b.spent != looksPerSite || len(b.byPath) > looksPerSite {
		t.Errorf("%d looks at %d paths, want at most %d", b.spent, len(b.byPath), looksPerSite)
	}
	if !b.take(now.Add(looksWindow), "/news") {
		t.Error("nothing is looked at after the hour")
	}
}

func TestClosedPagesAreBounded(t *testing.T) {
	t.Parallel()
	var c closedPaths
	for i := range 2 * maxClosed {
		c.see(fmt.Sprintf("/%d", i), true)
	}
	if len(c.hash) != maxClosed || !c.has("/0") {
		t.Errorf("%d closed pages, want %d", len(c.hash), maxClosed)
	}
	if c.see("/0", false); c.has("/0") {
		t.Error("a page that was shown to a visitor is still closed")
	}
}

// A form with names that mean nothing, and the login page that tells what they
// are for.
func TestTheServedFormTellsWhatOddFieldsAreFor(t *testing.T) {
	t.Parallel()
	h, s := newTestHandler(t, strict)
	app := caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Content-Type", "text/html")
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusUnauthorized)
		}
		_, err := io.WriteString(w, `<html><h1>Sign in</h1><form method="post" action="/enter">`+
			`<input type="text" name="f_1"><input type="password" name="f_2"><button>Sign in</button></form></html>`)
		return err
	})
	send := func() {
		if err := h.ServeHTTP(httptest.NewRecorder(), visitor(http.MethodPost, "/enter", "f_1=maria&f_2=wrong"), app); err != nil {
			t.Fatal(err)
		}
	}
	send()
	if n := len(attemptsOf(t, s)); n != 0 {
		t.Fatalf("%d attempts told before the page was seen", n)
	}
	s.queue.Store(event.NewQueue(1024))
	page := withHeader(visitor(http.MethodGet, "/door", ""), "Accept", "text/html")
	if err := h.ServeHTTP(httptest.NewRecorder(), page, app); err != nil {
		t.Fatal(err)
	}
	send()
	got := attemptsOf(t, s)
	if len(got) != 1 || got[0].Kind != "login" || got[0].Outcome != "failure" || got[0].Pseudonym == "" {
		t.Errorf("told %+v, want one failed login of somebody", got)
	}
}
