package caddymodule

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorward/doorward/detector/follow"
)

// An app that takes logins at any address below its script: each address is a
// route that is not known to take any, and an own login opens a session anew.
func TestOwnSessionsHideFewGuesses(t *testing.T) {
	t.Parallel()
	h, _ := newTestHandler(t, strict)
	guesses, opened := 0, 0
	a := app(func(w http.ResponseWriter, r *http.Request) {
		if r.PostFormValue("password") != "right" {
			guesses++
			answerWith(w, http.StatusUnauthorized, "application/json", `{"error":"invalid credentials"}`)
			return
		}
		opened++
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: fmt.Sprint("member-of-the-attacker-", opened), Path: "/"})
		answerWith(w, http.StatusOK, "application/json", `{"token":"0123456789abcdef0123456789"}`)
	})
	for i := range 500 {
		if i%20 == 0 {
			send(t, h, a, post("/index.php", "own", "right", ""))
		}
		cookie := fmt.Sprint("sid=member-of-the-attacker-", opened)
		send(t, h, a, post(fmt.Sprint("/index.php/", i/20), "victim", fmt.Sprint("guess", i), cookie))
	}
	if guesses > 40 {
		t.Errorf("%d guesses reached the app, want at most 40", guesses)
	}
}

// A page that repeats a message of the request beside its own error says
// whatever the client wants.
func TestRepeatedWordsBuyNoGuesses(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ query, body string }{
		"in the address":              {"?msg=too+many+attempts", ""},
		"escaped":                     {"?msg=too%20man%79%20attem%70ts", ""},
		"behind padding":              {"?x=" + strings.Repeat("a", 600) + "&msg=too+many+attempts", ""},
		"behind more padding":         {"?x=" + strings.Repeat("a", 6000) + "&msg=too+many+attempts", ""},
		"beside a broken escape":      {"?x=%zz&msg=too+many+attempts", ""},
		"in the body":                 {"", "&msg=too+many+attempts"},
		"in the body, about a lock":   {"", "&msg=your+account+is+locked"},
		"in the body, as a form long": {"", "&msg=too+many+attempts" + strings.Repeat("+", 600)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, _ := newTestHandler(t, strict)
			reached := 0
			a := app(func(w http.ResponseWriter, r *http.Request) {
				reached++
				_ = r.ParseForm()
				msg := r.Form.Get("msg")
				if _, after, ok := strings.Cut(r.URL.RawQuery, "msg="); ok && msg == "" {
					msg = after
				}
				answerWith(w, http.StatusOK, "text/html", fmt.Sprintf(refusedPage, msg))
			})
			for i := range 300 {
				r := visitor(http.MethodPost, "/login"+row.query, fmt.Sprint("username=victim&password=guess", i, row.body))
				send(t, h, a, from(r, fmt.Sprintf("198.51.%d.7", i/15)))
			}
			if reached > 210 {
				t.Errorf("%d of 300 guesses from 20 sources reached the app, want at most 10 of each", reached)
			}
		})
	}
}

// Who has guessed right takes his time over the page that tells.
func TestAPageThatIsHeldHidesNoAttempt(t *testing.T) {
	t.Parallel()
	h, s := newTestHandler(t, strict)
	begun, release, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	send(t, h, tables, post("/login", "victim", "right", "sid=member-of-somebody"))
	go func() {
		defer close(done)
		send(t, h, func(w http.ResponseWriter, r *http.Request) {
			close(begun)
			<-release
			tables(w, r)
		}, browse("/home", "sid=member-of-somebody"))
	}()
	<-begun
	s.watches.settleOverdue(time.Now().Add(follow.MaxAge))
	close(release)
	<-done
	// Told once, when it was overdue: the page came too late to say more.
	if got := attemptsOf(t, s); len(got) != 1 || got[0].Outcome == "success" {
		t.Errorf("told %+v, want one attempt that waited no longer for its page", got)
	}
}

// An attacker bears, with his own login, a cookie that all visitors have.
func TestACommonCookieMakesNobodyLoggedIn(t *testing.T) {
	t.Parallel()
	h, _ := newTestHandler(t, strict)
	login := func(user, session, addr string) int {
		cookie := "sid=member-" + session + "; experiment=variant-b"
		res := send(t, h, tables, from(post("/login", user, "right", cookie), addr))
		send(t, h, tables, from(browse("/home", cookie), addr))
		return res.StatusCode
	}
	login("own", "own", "192.0.2.1")
	for i := range 60 {
		if got := login(fmt.Sprint("customer", i), fmt.Sprint(i), "198.51.100.7"); got != http.StatusFound {
			t.Fatalf("login %d of an office: status %d", i, got)
		}
	}
}

// An app that keeps its session over the login. An attacker logs in to his own
// account in the session of his guess, before it or after.
func TestAnOwnLoginInTheSessionOfAGuessProvesNothing(t *testing.T) {
	t.Parallel()
	for name, order := range map[string][]string{
		"after the guess":  {"guess", "right"},
		"before the guess": {"right", "guess"},
		"followed first":   {"guess", "right followed by another browser"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, s := newTestHandler(t, strict)
			reached, sessions := 0, map[string]bool{}
			a := app(func(w http.ResponseWriter, r *http.Request) {
				session := r.Header.Get("Cookie")
				switch {
				case r.Method == http.MethodPost:
					if right := r.PostFormValue("password") == "right"; right {
						sessions[session] = true
					} else {
						reached++
					}
					http.Redirect(w, r, "/tool/", http.StatusFound)
				case sessions[session]:
					answerWith(w, http.StatusOK, "text/html", membersPage)
				default:
					answerWith(w, http.StatusOK, "text/html", refusedPage)
				}
			})
			for i := range 100 {
				session := fmt.Sprintf("sid=visitor0123456789abcdef%d", i)
				for _, step := range order {
					switch step {
					case "guess":
						send(t, h, a, post("/tool/", "victim", fmt.Sprint("guess", i), session))
					case "right":
						send(t, h, a, post("/tool/", "own", "right", session))
					default:
						send(t, h, a, withHeader(post("/tool/", "own", "right", session), "User-Agent", "another"))
						send(t, h, a, withHeader(browse("/tool/", session), "User-Agent", "another"))
					}
				}
				send(t, h, a, browse("/tool/", session))
				s.watches.settleOverdue(time.Now().Add(follow.MaxAge))
			}
			if reached > 10 {
				t.Errorf("%d guesses reached the app, want at most 10", reached)
			}
		})
	}
}

// An app that leads wrong passwords back to the page with the form, with a
// message in a new session. Who says he came from elsewhere was led away from
// where one logs in, as it seems.
func TestAChosenRefererMakesNoSuccess(t *testing.T) {
	t.Parallel()
	h, s := newTestHandler(t, strict)
	reached := 0
	a := app(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			reached++
			http.SetCookie(w, &http.Cookie{Name: "sid", Value: fmt.Sprint("visitor0123456789", reached), Path: "/"})
			http.Redirect(w, r, "/welcome", http.StatusFound)
			return
		}
		answerWith(w, http.StatusOK, "text/html", refusedPage)
	})
	r := from(withHeader(post("/login", "maria", "mistyped", ""), "Referer", "http://example.com/welcome"), "198.51.100.1")
	send(t, h, a, r)
	send(t, h, a, from(browse("/welcome", "sid=visitor01234567891"), "198.51.100.1"))
	reached = 0
	for i := range 100 {
		send(t, h, a, withHeader(post("/login", "victim", fmt.Sprint("guess", i), ""), "Referer", "http://example.com/elsewhere"))
		s.watches.settleOverdue(time.Now().Add(follow.MaxAge))
	}
	if reached > 10 {
		t.Errorf("%d guesses reached the app, want at most 10", reached)
	}
}

// Attempts are parked, followed, given up and told by different goroutines.
func TestLoginsInParallelWithTheirPagesAndTheWorker(t *testing.T) {
	t.Parallel()
	h, s := newTestHandler(t, strict)
	a := app(func(w http.ResponseWriter, r *http.Request) { _ = taciturn(w, r) })
	var clients, worker sync.WaitGroup
	stop := make(chan struct{})
	worker.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				s.watches.settleOverdue(time.Now().Add(follow.MaxAge))
				_ = s.detector.Status(time.Now())
			}
		}
	})
	for g := range 4 {
		clients.Go(func() {
			addr := fmt.Sprint("198.51.100.", g/2)
			for i := range 50 {
				user := fmt.Sprintf("user%d-%d", g, i)
				password := []string{"wrong", "right"}[i%2]
				send(t, h, a, from(post("/tool/", user, password, ""), addr))
				cookie := "sid=" + []string{"visitor", "member"}[i%2] + "-0123456789"
				send(t, h, a, from(browse("/tool/?user="+user, cookie), addr))
				send(t, h, a, from(withHeader(visitor(http.MethodPost, "/logout", ""), "Cookie", cookie), addr))
			}
		})
	}
	clients.Wait()
	close(stop)
	worker.Wait()
	s.watches.settleOverdue(time.Now().Add(follow.MaxAge))
	if n := h.watch.pending.Len(); n != 0 || len(h.watch.held.until) != 0 {
		t.Errorf("%d attempts wait and %d are held, want none", n, len(h.watch.held.until))
	}
}
