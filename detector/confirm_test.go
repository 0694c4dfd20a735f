package detector

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
)

// evidenceOf is everything that is counted for a name and a source.
func (w *world) evidenceOf(name, ip string) string {
	a := login(ip, name, 0)
	known := w.d.ExplainIdentity(w.now, name)
	source := w.d.ExplainSource(w.now, a.Source.Addr)
	return fmt.Sprintf("%+v %+v %d", known, source, w.d.Sanctions(w.now))
}

// An attacker makes the app "succeed" for a victim whose password he does not
// know (hostile reading, H1).
func TestDecoySuccessesEarnNothing(t *testing.T) {
	t.Parallel()
	for name, decoy := range map[string]func(i int) *Attempt{
		"a cart that takes any field": func(int) *Attempt {
			a := login("198.51.100.1", "victim@x.test", 7)
			a.Route, a.Served = "/cart/add", false
			return a
		},
		"paths that are invented": func(i int) *Attempt {
			a := login("198.51.100.1", "victim@x.test", uint64(i+1))
			a.Route, a.Served = fmt.Sprintf("/invented/%d", i), false
			return a
		},
		"Basic to a page that asks for none": func(i int) *Attempt {
			a := login("198.51.100.1", "victim@x.test", uint64(i+1))
			a.Route, a.Path, a.Basic, a.Served = "/", "/", true, false
			return a
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, strictly)
			// Somewhere else on the site Basic works, and another route of the
			// attacker's failed as well as succeeded.
			w.site.spaces.See("/admin/x", &recognize.Response{Status: 401, Header: http.Header{"Www-Authenticate": {"Basic"}}})
			for _, o := range []recognize.Outcome{failed, succeeded} {
				a := decoy(0)
				a.Identities = user("attacker@x.test")
				w.try(a, o)
			}
			w.guess("203.0.113.1", "victim@x.test", 3)
			before := w.evidenceOf("victim@x.test", "203.0.113.1")
			for i := range 1000 {
				if s := w.settleAs(decoy(i), succeeded); s.Seen || s.Detection != "" {
					t.Fatalf("decoy %d earned something: %+v", i, s)
				}
			}
			if after := w.evidenceOf("victim@x.test", "203.0.113.1"); after != before {
				t.Errorf("evidence changed\nfrom %s\nto   %s", before, after)
			}
			probe := login("198.51.100.1", "victim@x.test", 9)
			w.d.Admit(w.now, w.policy, w.site, probe)
			if probe.reserved.familiar || w.d.Seen(probe) {
				t.Error("the decoys made their source familiar to the account")
			}
		})
	}
}

// settleAs is try for tests of the settlement.
func (w *world) settleAs(a *Attempt, o recognize.Outcome) Settlement {
	w.t.Helper()
	a.Time = w.now
	if v := w.d.Admit(w.now, w.policy, w.site, a); !v.LetsThrough() {
		w.t.Fatalf("refused: %s", v.Reason)
	}
	return w.d.Settle(w.now, w.policy, w.site, a, o)
}

func TestASuccessEarnsOnARouteThatProvedItself(t *testing.T) {
	t.Parallel()
	session := recognize.Exchange{Response: &recognize.Response{Status: 302, Header: http.Header{"Location": {"/home"}}}}
	body := recognize.Exchange{Response: &recognize.Response{Status: 200, Header: http.Header{}}}
	for name, c := range map[string]struct {
		prove func(w *world, a *Attempt)
		want  bool
	}{
		"never": {func(*world, *Attempt) {}, false},
		"the app served its form": {func(w *world, a *Attempt) {
			form := *a
			form.Served = true
			w.settleAs(&form, failed)
		}, true},
		"a session opened what was closed": {func(w *world, a *Attempt) { w.site.Proved(a, session) }, true},
		"the app handed over a token": {func(w *world, a *Attempt) {
			w.site.Learn(a, body, recognize.Outcome{Result: recognize.Success, Confidence: 0.97, Token: true})
		}, true},
		"that something succeeded proves nothing": {func(w *world, a *Attempt) { w.site.Learn(a, body, succeeded) }, false},
		"a page that may be anybody's": {func(w *world, a *Attempt) {
			w.site.Learn(a, session, recognize.Outcome{Result: recognize.Success, Confidence: 0.75, Deferred: true})
		}, false},
		"the page it led to told": {func(w *world, a *Attempt) {
			w.site.Learn(a, session, recognize.Outcome{Result: recognize.Success, Confidence: 0.9, Deferred: true})
		}, true},
		"it asked for Basic credentials": {func(w *world, a *Attempt) {
			basic := *a
			basic.Basic = true
			asks := &recognize.Response{Status: 401, Header: http.Header{"Www-Authenticate": {"Basic"}}}
			w.site.Learn(&basic, recognize.Exchange{Response: asks}, failed)
		}, true},
		"it took Basic credentials without asking": {func(w *world, a *Attempt) {
			w.site.spaces.See(a.Path, &recognize.Response{Status: 401, Header: http.Header{"Www-Authenticate": {"Basic"}}})
			basic := *a
			basic.Basic = true
			w.site.Learn(&basic, body, succeeded)
		}, false},
		"a redirect proves nothing": {func(w *world, a *Attempt) { w.site.Learn(a, session, succeeded) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, strictly)
			plain := func(password uint64) *Attempt {
				a := login("198.51.100.1", "ann@x.test", password)
				a.Served = false
				return a
			}
			w.settleAs(plain(1), failed)
			first := plain(2)
			w.settleAs(first, succeeded)
			c.prove(w, first)
			if got := w.settleAs(plain(2), succeeded).Seen; got != c.want {
				t.Errorf("the next success earns: %t, want %t", got, c.want)
			}
		})
	}
}

func TestForgetDropsWhatRoutesHaveLearned(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.guess("198.51.100.1", "ann@x.test", 1)
	w.try(login("198.51.100.1", "ann@x.test", 2), succeeded)
	if n := w.site.Forget(); n != 1 {
		t.Errorf("%d routes forgotten, want 1", n)
	}
	if routes := w.d.Status(w.now)[0].Routes; len(routes) != 0 {
		t.Errorf("routes %+v are left", routes)
	}
}

// One body of a batch format tries many passwords.
func TestABatchIsChargedForAllItsGuesses(t *testing.T) {
	t.Parallel()
	batch := func(n int) *Attempt {
		a := login("203.0.113.9", "ann@x.test", uint64(n))
		a.Guesses = n
		return a
	}
	w := newWorld(t, strictly)
	if v := w.try(batch(6), failed); !v.LetsThrough() {
		t.Fatalf("six guesses were refused: %s", v.Reason)
	}
	if n := w.guesses("203.0.113.9", "ann@x.test", 100, 10); n != 4 {
		t.Errorf("%d single guesses after a batch of six, want 4", n)
	}
	w = newWorld(t, strictly)
	if v := w.try(batch(1000), failed); v.LetsThrough() {
		t.Error("a batch of a thousand guesses reached the app")
	}
	w = newWorld(t, strictly)
	w.try(batch(6), succeeded)
	if n := w.guesses("203.0.113.9", "ann@x.test", 100, 20); n != 10 {
		t.Errorf("%d single guesses after a batch that succeeded, want 10: all of it is given back", n)
	}
}

// One body names three thousand accounts (hostile reading, H13).
func TestACrowdCountsForItsSourceOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	crowd := func(ip string) *Attempt {
		a := login(ip, "ann@x.test", 5)
		a.Crowd, a.Guesses = true, 3000
		a.Identities = append(a.Identities, user("bob@x.test")...)
		return a
	}
	before := fmt.Sprintf("%+v", w.d.ExplainIdentity(w.now, "ann@x.test"))
	v := w.try(crowd("203.0.113.9"), failed)
	if v.LetsThrough() || !v.Malformed || v.Rule != "crowd" {
		t.Errorf("verdict %+v, want it refused as malformed", v)
	}
	if after := fmt.Sprintf("%+v", w.d.ExplainIdentity(w.now, "ann@x.test")); after != before {
		t.Errorf("the account was charged: %s", after)
	}
	if w.guess("203.0.113.9", "carl@x.test", 1) {
		t.Error("the source may guess on")
	}
	w.guess("198.51.100.1", "dora@x.test", 1)
	w.try(login("198.51.100.1", "dora@x.test", 2), succeeded)
	few := crowd("198.51.100.1")
	few.Guesses = 4
	if v := w.try(few, recognize.Outcome{Result: recognize.Success, Confidence: 1}); !v.LetsThrough() {
		t.Errorf("a source that logs in was refused: %s", v.Reason)
	}
}

// The answer shows that the request was something else.
func TestARevisedKindIsNoLogin(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		o                recognize.Outcome
		signups, failure float64
	}{
		"nobody looked at the credentials": {recognize.Outcome{Result: recognize.Failure, Confidence: 0.95, Kind: config.KindNone}, 0, 0.25},
		"a token was used":                 {recognize.Outcome{Result: recognize.Success, Confidence: 0.9, Kind: config.KindNone}, 0, 0},
		"the account was created":          {recognize.Outcome{Result: recognize.Success, Confidence: 0.95, Kind: config.KindSignup}, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, strictly)
			a := login("203.0.113.9", "ann@x.test", 5)
			if s := w.settleAs(a, c.o); s.Seen {
				t.Error("it earned a login")
			}
			for _, count := range w.d.ExplainSource(w.now, a.Source.Addr)[0].Counts {
				want := c.failure
				switch count.What {
				case "accounts created":
					want = c.signups
				case "accounts failed at first contact":
					want = 0 // nobody met an account
				}
				if count.Count != want {
					t.Errorf("%s: %g, want %g", count.What, count.Count, want)
				}
			}
			if n := w.guesses("203.0.113.9", "ann@x.test", 100, 20); n < 9 || n > 10 {
				t.Errorf("%d guesses let through, want 9 or 10: of the attempt at most a quarter is left", n)
			}
		})
	}
}

// A wrong password may get an answer like that of a route that is not there.
func TestAnswersThatShowNoGuessAreNotWithoutEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	through := 0
	for i := range 200 {
		none := recognize.Outcome{Result: recognize.Failure, Confidence: 0.95, Kind: config.KindNone}
		if w.try(login("203.0.113.9", "ann@x.test", uint64(i+1)), none).LetsThrough() {
			through++
		}
	}
	if through > 40 {
		t.Errorf("%d of 200 let through, want at most 40: a quarter each", through)
	}
}
