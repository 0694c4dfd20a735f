package detector

import (
	"fmt"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
)

// Each test here is an attacker who has read the source.

// confirm lets the site's login route be seen to fail and to succeed.
func (w *world) confirm() {
	w.t.Helper()
	w.try(login("198.51.100.1", "z@x.test", 1), failed)
	w.try(login("198.51.100.1", "z@x.test", 2), succeeded)
}

// The app logs in the user named second; the victim is named first.
func TestOwnLoginBesideTheVictimsNameEarnsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.confirm()
	through := 0
	for i := range 200 {
		if w.guess("203.0.113.9", "victim@x.test", uint64(100+i)) {
			through++
		}
		if i%5 == 4 {
			own := login("203.0.113.9", "victim@x.test", 7)
			own.Identities = append(own.Identities, user("own@x.test")...)
			own.Ambiguous = true
			w.try(own, succeeded)
		}
	}
	if through != 10 {
		t.Errorf("%d guesses at the victim reached the app, want 10", through)
	}
}

// The first name that can be read is the attacker's own, which is known at his
// address; the app takes the one behind the padding.
func TestOwnNameInFrontOfAHiddenOneVouchesForNothing(t *testing.T) {
	t.Parallel()
	for name, hide := range map[string]func(*Attempt){
		"ambiguous":     func(a *Attempt) { a.Ambiguous = true },
		"uninspectable": func(a *Attempt) { a.Uninspectable = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, strictly)
			w.confirm()
			through := 0
			for i := range 300 {
				if i%5 == 0 {
					w.try(login("203.0.113.9", "own@x.test", 7), succeeded)
				}
				a := login("203.0.113.9", "own@x.test", uint64(100+i))
				hide(a)
				if w.try(a, failed).LetsThrough() {
					through++
				}
			}
			if through > 20 {
				t.Errorf("%d hidden guesses reached the app, want no more than the source may fail", through)
			}
		})
	}
}

func TestAskingForAResetOpensNoClosedPair(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		kind     config.Kind
		outcome  recognize.Outcome
		declared bool
		opens    bool
	}{
		"asked for":                          {config.KindResetRequest, succeeded, false, false},
		"asked for on a declared route":      {config.KindResetRequest, succeeded, true, false},
		"changed by somebody logged in":      {config.KindPasswordChange, succeeded, true, false},
		"completed where nothing is known":   {config.KindReset, succeeded, false, false},
		"perhaps completed, declared":        {config.KindReset, recognize.Outcome{Result: recognize.Failure, Confidence: 1}, true, false},
		"completed, as the operator told us": {config.KindReset, succeeded, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, strictly)
			w.guesses("192.0.2.1", "a@x.test", 100, 10)
			w.now = w.now.Add(3 * time.Hour)
			w.guess("192.0.2.1", "a@x.test", 300)
			w.now = w.now.Add(time.Hour)
			if w.guess("192.0.2.1", "a@x.test", 301) {
				t.Fatal("the pair is not closed")
			}
			reset := login("203.0.113.77", "a@x.test", 0)
			reset.Kind, reset.Route, reset.Declared = row.kind, "/reset", row.declared
			w.now = w.now.Add(time.Minute)
			w.try(reset, row.outcome)
			w.now = w.now.Add(time.Second)
			if got := w.guess("192.0.2.1", "a@x.test", 302); got != row.opens {
				t.Errorf("the pair is open %t, want %t", got, row.opens)
			}
		})
	}
}

// Express answers /Login/ as it answers /login.
func TestOtherSpellingsOfARouteAreNoNewRoute(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config.Site{}) // gentle until graduation
	for i := range 250 {
		o := succeeded
		if i%5 == 0 {
			o = failed
		}
		w.try(login(address(i), fmt.Sprintf("u%d@x.test", i), 1), o)
		w.now = w.now.Add(6 * time.Minute)
	}
	through := 0
	for i := range 100 {
		a := login("192.0.2.9", "a@x.test", uint64(i+1))
		a.Route = []string{"/Login", "/login/", "/LOGIN", "//login", "/login#x"}[i%5]
		if w.try(a, failed).LetsThrough() {
			through++
		}
	}
	if through != 10 {
		t.Errorf("%d guesses reached the app, want 10 as at /login", through)
	}
}

// Leaving out what the operator's matcher asks for makes the same path one that
// was found automatically.
func TestUndeclaredTwinDoesNotResetADeclaredRoute(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config.Site{})
	for i := range 250 {
		o := succeeded
		if i%5 == 0 {
			o = failed
		}
		a := login(address(i), fmt.Sprintf("u%d@x.test", i), 1)
		a.Declared = true
		w.try(a, o)
		w.now = w.now.Add(6 * time.Minute)
	}
	w.try(login("192.0.2.9", "b@x.test", 1), failed)
	known := uint32(0)
	for _, r := range w.site.routes.statuses(0) {
		if r.Declared {
			known = r.Attempts
		}
	}
	if known != 250 {
		t.Errorf("the declared route knows %d attempts, want 250", known)
	}
}

func TestRefusedUnreadableBodiesDoNotSwitchTheirRuleOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.confirm()
	for i := range 1200 {
		w.try(login(address(i%150), fmt.Sprintf("u%d@x.test", i), 7), succeeded)
	}
	for i := range 50 {
		a := login(address(300+i), "", 0)
		a.Uninspectable = true
		if v := w.try(a, failed); v.LetsThrough() {
			t.Fatalf("unreadable login %d was let through", i)
		}
	}
}

func TestClientsThatGetInWithUnreadableBodiesAreNotRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.confirm()
	for i := range 1500 {
		a := login(address(i%150), fmt.Sprintf("u%d@x.test", i), 7)
		if i%100 == 0 {
			a.Identities, a.Credential, a.Uninspectable = nil, 0, true
		}
		if v := w.try(a, succeeded); !v.LetsThrough() {
			t.Fatalf("login %d was refused: %s", i, v.Reason)
		}
	}
}

// A sanctioned source goes on with a decoy that makes its logins look like
// password changes, which sanctions leave alone.
func TestDecoyKindEscapesNoSanction(t *testing.T) {
	t.Parallel()
	for _, kind := range []config.Kind{config.KindPasswordChange, config.KindReset, config.KindMFA} {
		w := newWorld(t, strictly)
		w.confirm()
		w.guesses("203.0.113.9", "", 0, 11)
		w.now = w.try(login("203.0.113.9", "", 0), failed).Until.Add(time.Second)
		w.guess("203.0.113.9", "", 0)       // a longer sanction
		w.now = w.now.Add(19 * time.Minute) // the failures have faded, it still runs
		a := login("203.0.113.9", "a@x.test", 1)
		a.Kind = kind
		if w.try(a, failed).LetsThrough() {
			t.Errorf("%s: a guess got past the sanction", kind)
		}
		if !a.CountedAsLogin() {
			t.Errorf("%s: its answer is not read as that of a login", kind)
		}
		reset := login("203.0.113.9", "a@x.test", 0)
		reset.Kind = config.KindResetRequest
		if !w.try(reset, succeeded).LetsThrough() {
			t.Error("somebody who has forgotten his password was refused")
		}
	}
}

func TestDecoyNameDoesNotEscapeAnAccountLimit(t *testing.T) {
	t.Parallel()
	for _, axis := range []config.Axis{config.AxisAccount, config.AxisPair} {
		limit := config.Limit{Class: config.ClassLogin, Rate: config.Rate{N: 5, Window: config.Duration(time.Hour)}, Per: axis}
		w := newWorld(t, config.Site{Mode: config.ModeEnforce, Limits: []config.Limit{limit}})
		through := 0
		for i := range 20 {
			a := login("192.0.2.1", fmt.Sprintf("decoy%d@x.test", i), 1)
			a.Identities, a.Ambiguous = append(a.Identities, user("victim@x.test")...), true
			if w.try(a, recognize.Outcome{Result: recognize.Challenge, Confidence: 1}).LetsThrough() {
				through++
			}
		}
		if through != 5 {
			t.Errorf("per %s: %d attempts let through, want 5", axis, through)
		}
	}
}

func TestPathLimitCountsOtherSpellings(t *testing.T) {
	t.Parallel()
	for _, axis := range []config.Axis{config.AxisSource, config.AxisRoute} {
		limit := config.Limit{Path: "/login", Rate: config.Rate{N: 5, Window: config.Duration(time.Hour)}, Per: axis}
		w := newWorld(t, config.Site{Mode: config.ModeEnforce, Limits: []config.Limit{limit}})
		through := 0
		for i := range 20 {
			a := login("192.0.2.1", fmt.Sprintf("u%d@x.test", i), 1)
			a.Route = []string{"/login", "/Login", "/login/"}[i%3]
			if w.try(a, succeeded).LetsThrough() {
				through++
			}
		}
		if through != 5 {
			t.Errorf("per %s: %d attempts let through, want 5", axis, through)
		}
	}
}

// An attacker with accounts of his own invents the forwarding header on a site
// whose customers come directly.
func TestSomeOwnAccountsMakeNoProxy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.confirm()
	for i := range 40 {
		w.try(login(address(i), fmt.Sprintf("u%d@x.test", i), 1), succeeded)
	}
	forged := func(name string) *Attempt {
		a := login("203.0.113.250", name, 1)
		a.Source.Forwarded = true
		return a
	}
	for i := range 5 {
		w.try(forged(fmt.Sprintf("own%d@x.test", i)), succeeded)
	}
	through := 0
	for i := range 500 {
		if w.try(forged(fmt.Sprintf("v%d@x.test", i)), failed).LetsThrough() {
			through++
		}
		w.now = w.now.Add(time.Second)
	}
	if through > 30 {
		t.Errorf("%d guesses reached the app, want no more than a source may fail", through)
	}
	if _, hidden := w.site.peers.hiding(); hidden {
		t.Error("the attacker was taken for a proxy")
	}
}

func TestUnreadableAnswersMakeProbationNoFreePass(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.guesses("192.0.2.1", "", 0, 11)
	w.now = w.try(login("192.0.2.1", "", 0), failed).Until.Add(time.Second)
	through := 0
	for i := range 300 {
		a := login("192.0.2.1", fmt.Sprintf("u%d@x.test", i), 1)
		if w.try(a, recognize.Outcome{Result: recognize.Unknown}).LetsThrough() {
			through++
		}
		w.now = w.now.Add(time.Second)
	}
	if through > 5 {
		t.Errorf("%d attempts in 5 minutes of probation, want one a minute", through)
	}
}

// On a gentle route a closed pair is a short sanction; refusals after it must
// not each be told as a new one.
func TestOneSanctionIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config.Site{})
	imposed, last := 0, time.Time{}
	for i := range 2000 {
		v := w.try(login("192.0.2.1", "a@x.test", uint64(i+1)), failed)
		if !v.LetsThrough() && !v.Until.IsZero() && v.Until.Before(w.now) {
			t.Fatalf("attempt %d was refused until %s, %s ago", i, v.Until, w.now.Sub(v.Until))
		}
		if v.Imposed {
			imposed++
			if !last.IsZero() && w.now.Sub(last) < 9*time.Minute {
				t.Fatalf("sanction %d was imposed %s after the one before", imposed, w.now.Sub(last))
			}
			last = w.now
		}
		w.now = w.now.Add(2 * time.Second)
	}
	if imposed == 0 {
		t.Error("nothing was imposed")
	}
}

func TestDetectionToldButNotRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config.Site{
		Mode: config.ModeEnforce, Policies: []config.Policy{{On: string(config.BruteForce), Answer: config.AnswerTag}},
	})
	var v Verdict
	for i := range 15 {
		v = w.try(login("192.0.2.1", "a@x.test", uint64(i+1)), failed)
	}
	if v.Answer != config.AnswerTag || v.Would != "" || v.Detection != config.BruteForce {
		t.Errorf("verdict %+v, want it tagged as brute_force, and nothing that would have been refused", v)
	}
}
