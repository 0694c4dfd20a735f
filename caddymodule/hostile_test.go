package caddymodule

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/doorward/doorward/detector/follow"
)

// app is an app that returns no errors.
type app func(w http.ResponseWriter, r *http.Request)

func (a app) ServeHTTP(w http.ResponseWriter, r *http.Request) error {
	a(w, r)
	return nil
}

func send(t *testing.T, h *Handler, a app, r *http.Request) *http.Response {
	t.Helper()
	w := httptest.NewRecorder()
	if err := h.ServeHTTP(w, r, a); err != nil {
		t.Fatal(err)
	}
	return w.Result()
}

// post is a login with a cookie, "" for none.
func post(target, user, password, cookie string) *http.Request {
	r := visitor(http.MethodPost, target, "username="+user+"&password="+password)
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	return r
}

// browse asks for a page as a browser does.
func browse(target, cookie string) *http.Request {
	r := withHeader(visitor(http.MethodGet, target, ""), "Accept", "text/html")
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	return r
}

func from(r *http.Request, addr string) *http.Request {
	caddyhttp.SetVar(r.Context(), caddyhttp.ClientIPVarKey, addr)
	return r
}

func answerWith(w http.ResponseWriter, status int, kind, body string) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

var membersPage = "<html><h1>Tables</h1>" + strings.Repeat("<p>a row of a table</p>", 20) + `<a href="/logout">Log out</a></html>`

const refusedPage = `<html><p class="error">wrong password %s</p><form method="post"><input name="username">` +
	`<input type="password" name="password"></form></html>`

// tables is an app that answers every login by the same redirect and sets no
// cookie; its page is for whoever sends sid=member…, however it is spelled.
func tables(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodPost:
		http.Redirect(w, r, "/home", http.StatusFound)
	case strings.Contains(r.Header.Get("Cookie"), "sid=member"):
		answerWith(w, http.StatusOK, "text/html", membersPage)
	default:
		http.Redirect(w, r, "/login", http.StatusFound)
	}
}

// Who looks at the page in a session of his own learns nothing about his guess,
// and neither does the handler: also where net/http reads other cookies than the
// app does, and where the request asks for a part of the page only.
func TestPageInAnotherSessionTellsNothing(t *testing.T) {
	t.Parallel()
	const visit = "visit=abcdefgh12345"
	for name, look := range map[string]func() *http.Request{
		"instead of the guess's":      func() *http.Request { return browse("/home", "sid=member-own") },
		"behind thousands of cookies": func() *http.Request { return browse("/home", visit+"; sid=member-own;"+strings.Repeat("a=b;", 3001)) },
		"with a space in its name":    func() *http.Request { return browse("/home", visit+"; my sid=member-own") },
		"with a backslash in it":      func() *http.Request { return browse("/home", visit+`; sid=member-own\`) },
		"in a second header":          func() *http.Request { r := browse("/home", visit); r.Header.Add("Cookie", "sid=member-own"); return r },
		"as a part without the form":  func() *http.Request { return withHeader(browse("/home", visit), "Range", "bytes=0-400") },
		"as if it had not changed":    func() *http.Request { return withHeader(browse("/home", visit), "If-None-Match", `"a"`) },
		"by a second authorization": func() *http.Request {
			r := browse("/home", visit)
			r.Header["Authorization"] = []string{"", "Bearer own"}
			return r
		},
		"with another host's identity": func() *http.Request { return withHeader(browse("/home", visit), "Authorization", "Bearer own") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, s := newTestHandler(t, strict)
			reached := 0
			a := app(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method == http.MethodPost:
					reached++
				case r.Header.Get("Range") != "":
					page := "<html><h1>Welcome</h1>" + strings.Repeat("<p>news of the house</p>", 20) + refusedPage
					w.Header().Set("Content-Type", "text/html")
					http.ServeContent(w, r, "", time.Time{}, strings.NewReader(page))
					return
				case r.Header.Get("If-None-Match") != "":
					w.WriteHeader(http.StatusNotModified)
					return
				case len(r.Header["Authorization"]) > 0:
					answerWith(w, http.StatusOK, "text/html", membersPage)
					return
				}
				tables(w, r)
			})
			for i := range 200 {
				send(t, h, a, post("/login", "victim", fmt.Sprint("guess", i), visit))
				send(t, h, a, look())
				s.watches.settleOverdue(time.Now().Add(follow.MaxAge))
			}
			if reached > 50 {
				t.Errorf("%d guesses reached the app, want at most 50", reached)
			}
			for _, e := range attemptsOf(t, s) {
				if e.Outcome == "success" {
					t.Fatalf("a guess was told as a success: %v", e.Evidence)
				}
			}
		})
	}
}

// A client chooses what an answer looks like, by a field that comes back in the
// redirect. Three logins with an account of his own must not decide what comes
// after them.
func TestOwnLoginsTeachNoShapeThatGuessesHave(t *testing.T) {
	t.Parallel()
	h, _ := newTestHandler(t, strict)
	reached := 0
	a := app(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			_ = taciturn(w, r)
			return
		}
		reached++
		session := "visitor-0123456789"
		if r.PostFormValue("password") == "right" {
			session = "member-0123456789"
		}
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: session, Path: "/"})
		http.Redirect(w, r, "/tool/?chosen=x&user="+r.PostFormValue("username"), http.StatusFound)
	})
	for range 3 {
		send(t, h, a, post("/tool/", "own", "right", ""))
		send(t, h, a, browse("/tool/?chosen=x&user=own", "sid=member-0123456789"))
	}
	reached = 0
	for i := range 100 {
		send(t, h, a, post("/tool/", "victim", fmt.Sprint("guess", i), ""))
	}
	if reached > 10 {
		t.Errorf("%d guesses reached the app, want at most 10", reached)
	}
}

// An attacker logs in to his own account and ends the session before he follows
// the redirect: a proved failure that looks like everybody's success.
func TestOwnLogoutsTeachNoShapeThatLoginsHave(t *testing.T) {
	t.Parallel()
	h, _ := newTestHandler(t, strict)
	a := app(tables)
	for range 5 {
		send(t, h, a, post("/login", "own", "right", "visit=abcdefgh12345"))
		send(t, h, a, browse("/home", "visit=abcdefgh12345"))
	}
	for i := range 40 {
		cookie := fmt.Sprint("sid=member-0123456-", i)
		res := send(t, h, a, from(post("/login", fmt.Sprint("customer", i), "right", cookie), "198.51.100.7"))
		if res.StatusCode != http.StatusFound {
			t.Fatalf("login %d of an office: status %d", i, res.StatusCode)
		}
		send(t, h, a, from(browse("/home", cookie), "198.51.100.7"))
	}
}

// Behind one address there are others with the same browser. What they ask for
// does not use up the answers that a login waits for.
func TestNeighboursDoNotEndAWait(t *testing.T) {
	t.Parallel()
	h, s := newTestHandler(t, strict)
	a := app(tables)
	send(t, h, a, post("/login", "maria", "right", "sid=member-of-maria"))
	for range 3 * follow.MaxAnswers {
		send(t, h, a, browse("/news", "sid=member-of-a-neighbour"))
		send(t, h, a, browse("/home", "sid=member-of-a-neighbour"))
	}
	send(t, h, a, browse("/home", "sid=member-of-maria"))
	got := attemptsOf(t, s)
	if len(got) != 1 || got[0].Outcome != "success" {
		t.Errorf("told %+v, want one success", got)
	}
}

// A newsletter that answers success and failure in JSON takes any field, a
// password too (hostile reading, H1).
func TestFlagsOfANewsletterConfirmNoLogin(t *testing.T) {
	t.Parallel()
	h, s := newTestHandler(t, strict)
	a := app(func(w http.ResponseWriter, r *http.Request) {
		answerWith(w, http.StatusOK, "application/json", fmt.Sprintf(`{"success":%t}`, strings.Contains(r.PostFormValue("email"), "@")))
	})
	for i := range 5 {
		for _, email := range []string{"own%d", "own%d@x.test", "victim%d@x.test"} {
			send(t, h, a, visitor(http.MethodPost, "/newsletter", fmt.Sprintf("password=x&email="+email, i)))
		}
	}
	for _, r := range s.detector.Status(time.Now())[0].Routes {
		if r.Successes == 0 || r.Failures == 0 || r.Confirmed {
			t.Errorf("route %+v, want plain successes and failures and yet unconfirmed", r)
		}
	}
}

// Apps with all their pages at one path refuse some of them.
func TestAQueryClosesNoOtherPage(t *testing.T) {
	t.Parallel()
	h, _ := newTestHandler(t, strict)
	h.watch.wanted.Store(true)
	a := app(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("page") == "admin" {
			w.WriteHeader(http.StatusForbidden)
		}
	})
	send(t, h, a, browse("/index.php?page=admin", ""))
	if !h.watch.closed.has("/index.php?page=admin") || h.watch.closed.has(page(browse("/index.php?page=thanks", ""))) {
		t.Error("what visitors were refused is not known by its query")
	}
}

// What waits keeps neither headers nor bodies. Not parallel: it reads the heap.
func TestWhatWaitsIsSmall(t *testing.T) {
	h, _ := newTestHandler(t, strict)
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for i := range 100 {
		r := from(post("/tool/", fmt.Sprint("user", i), "x", ""), fmt.Sprintf("198.51.%d.7", i))
		r.Header.Set("X-Padding", strings.Repeat("x", 500_000))
		send(t, h, func(w http.ResponseWriter, r *http.Request) { _ = taciturn(w, r) }, r)
	}
	grown := int64(heap()) - int64(before)
	if n := h.watch.pending.Len(); n != 100 || grown > 10<<20 {
		t.Errorf("%d attempts wait and keep %d bytes, want 100 and at most 10 MiB", n, grown)
	}
	runtime.KeepAlive(h)
}
