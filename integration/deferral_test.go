package integration

import (
	"slices"
	"strings"
	"testing"
)

// desk logs in to the style whose every login has the same answer, and looks at
// the page that tells.
func (v *visitor) desk(t *testing.T, name, password string) (login, page answer) {
	t.Helper()
	login = v.login(t, name, password)
	if login.status != 302 {
		return login, answer{}
	}
	return login, v.follow(t, login)
}

// desks is an edge in front of that style, which knows of it what it learned
// from a first failure.
func desks(t *testing.T) (*apps, *edge) {
	t.Helper()
	apps := startApps(t, "sameredirect")
	return apps, guarded(t, "desk.test", apps.address("sameredirect"))
}

// TestNextPageTells: an app answers every login by the same redirect and the same
// cookies. The page it leads to tells success from failure.
func TestNextPageTells(t *testing.T) {
	t.Parallel()
	_, edge := desks(t)
	v := edge.browser(t, "desk.test", "127.0.0.3")
	v.get(t, "/login") // whoever logs in has a session already
	wrong, form := v.desk(t, alice, "wrong horse")
	right, desk := v.desk(t, alice, alicePassword)
	for _, a := range []answer{wrong, right} {
		if a.status != 302 || a.header.Get("Location") != "/desk" || a.header.Get("Set-Cookie") != "" {
			t.Fatalf("a login: %v; want the same redirect without a cookie", a)
		}
	}
	if !strings.Contains(form.body, "Wrong name") || !strings.Contains(desk.body, "Hello "+alice) {
		t.Fatalf("the pages behind the logins: %v and %v", form, desk)
	}
	edge.checkTold(t, "127.0.0.3", []told{
		{"a wrong password", "login", "failure", "username", alice},
		{"the right password", "login", "success", "username", alice},
	})
	for _, ev := range edge.matching(t, fromAddress("127.0.0.3")) {
		if !slices.ContainsFunc(ev.Evidence, func(why string) bool { return strings.HasPrefix(why, "deferred") }) {
			t.Errorf("event %+v; want evidence that the next page told", ev)
		}
	}
}

// TestNextPageBruteForce: the guesser looks at every page, as a script with a
// cookie jar does.
func TestNextPageBruteForce(t *testing.T) {
	t.Parallel()
	apps, edge := desks(t)
	v := edge.browser(t, "desk.test", "127.0.0.4")
	v.get(t, "/login")
	edge.checkBruteForce(t, "127.0.0.4", func(i int) answer {
		login, _ := v.desk(t, alice, guessAt(i))
		return login
	}, ownerOfDesk(t, edge))
	if tried := apps.counts(t, "sameredirect").Tries[alice]; tried != 11 {
		t.Errorf("the app checked %d passwords; want ten guesses and the owner's", tried)
	}
}

func ownerOfDesk(t *testing.T, edge *edge) func() bool {
	return func() bool {
		owner := edge.browser(t, "desk.test", "127.0.0.5")
		owner.get(t, "/login")
		_, page := owner.desk(t, alice, alicePassword)
		return strings.Contains(page.body, "Hello "+alice)
	}
}

// TestNextPageOfAnotherSession: an attacker with an account of his own follows
// each guess by a view of his own desk, from the same address and with the same
// browser. That is no proof that the guess was right: a guess whose page was not
// seen is told as unknown, and weighs a quarter at least. Who looks at no page, or
// at another one, has his guesses counted in full.
func TestNextPageOfAnotherSession(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		most int // guesses that may reach the app
		look func(t *testing.T, own, guesser *visitor)
	}{
		{"his own desk", 50, func(t *testing.T, own, _ *visitor) {
			if page := own.get(t, "/desk"); !strings.Contains(page.body, "Hello "+bob) {
				t.Fatalf("the attacker's own desk: %v", page)
			}
		}},
		{"no page", 10, func(*testing.T, *visitor, *visitor) {}},
		{"another page", 10, func(t *testing.T, _, guesser *visitor) { guesser.get(t, "/products/7") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, edge := desks(t)
			const from = "127.0.0.6"
			own := edge.browser(t, "desk.test", from)
			own.get(t, "/login")
			own.desk(t, bob, bobPassword)
			guesser := edge.browser(t, "desk.test", from)
			guesser.get(t, "/login")
			statuses := map[int]int{}
			for i := range 80 {
				statuses[guesser.login(t, alice, guessAt(i)).status]++
				c.look(t, own, guesser)
			}
			if statuses[302] > c.most || statuses[302]+statuses[429] != 80 {
				t.Errorf("80 guesses: %v; want at most %d to reach the app and the rest refused", statuses, c.most)
			}
			if !ownerOfDesk(t, edge)() {
				t.Error("the owner does not get in from elsewhere")
			}
			edge.stop(t)
			for _, ev := range edge.matching(t, fromAddress(from))[1:] {
				if ev.Outcome == "success" {
					t.Errorf("a guess is told as a success: %+v", ev)
				}
			}
		})
	}
}
