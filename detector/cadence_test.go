package detector

import (
	"fmt"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/rules"
)

// roomy is a site that judges sources by little else than how fast they fail.
func roomy() config.Site {
	s := patient()
	s.Thresholds.Source = config.Rate{N: 200, Window: config.Duration(10 * time.Minute)}
	s.Thresholds.Cadence = config.DefaultThresholds.Cadence
	return s
}

// hurry fails for n names from one address, so far apart, and returns the first
// refusal and how many came before it.
func (w *world) hurry(n int, apart time.Duration) (v Verdict, through int) {
	for i := range n {
		if v = w.try(login("192.0.2.1", fmt.Sprintf("u%d@x.test", i), uint64(i+1)), failed); !v.LetsThrough() {
			return v, i
		}
		w.now = w.now.Add(apart)
	}
	return v, n
}

func TestFailuresFasterThanPeopleType(t *testing.T) {
	t.Parallel()
	w := newWorld(t, roomy())
	v, through := w.hurry(60, time.Second)
	if through != 10 || v.Rule != rules.CadenceRule || v.Detection != config.CredentialStuffing || v.Sanction == 0 {
		t.Errorf("%d failures a second apart let through, then %+v; want 10, then the cadence", through, v)
	}
	if v, through := newWorld(t, roomy()).hurry(60, 5*time.Second); through != 60 {
		t.Errorf("refused after %d failures five seconds apart: %+v", through, v)
	}
}

func TestALoginBetweenHidesNoCadence(t *testing.T) {
	t.Parallel()
	w := newWorld(t, roomy())
	through := 0
	for i := range uint64(40) {
		w.try(login("192.0.2.1", "own@x.test", 1), succeeded)
		if w.guess("192.0.2.1", fmt.Sprintf("u%d@x.test", i), i+1) {
			through++
		}
		w.now = w.now.Add(time.Second)
	}
	if through != 10 {
		t.Errorf("%d guesses let through beside logins of one's own, want 10", through)
	}
}

func TestAClassThatLogsInAtOnceIsNoRobot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, roomy())
	var under []*Attempt
	for i := range 30 {
		a := login("192.0.2.1", fmt.Sprintf("pupil%d@x.test", i), uint64(i+1))
		if v := w.d.Admit(w.now, w.policy, w.site, a); !v.LetsThrough() {
			t.Fatalf("pupil %d: %+v", i, v)
		}
		under = append(under, a)
	}
	for _, a := range under {
		w.d.Settle(w.now, w.policy, w.site, a, succeeded)
	}
}

func TestWhomTheCadenceDoesNotConcern(t *testing.T) {
	t.Parallel()
	for name, attempt := range map[string]func(w *world) *Attempt{
		"the same wrong password again": func(*world) *Attempt { return login("192.0.2.1", "stale@x.test", 7) },
		"a browser the account knows": func(w *world) *Attempt {
			a := login("192.0.2.1", "bob@x.test", 7)
			a.Client = 99
			return a
		},
	} {
		w := newWorld(t, roomy())
		w.confirm()
		a := login("192.0.2.1", "bob@x.test", 1)
		a.Client = 99
		w.try(a, succeeded)
		if _, through := w.hurry(9, time.Second); through != 9 {
			t.Fatalf("%s: %d failures let through, want 9", name, through)
		}
		for i := range 9 {
			if v := w.try(attempt(w), failed); !v.LetsThrough() {
				t.Errorf("%s, attempt %d: %+v", name, i, v)
			}
		}
	}
}

// Every further failure, and every earlier one, makes a refusal more likely.
func TestCadenceIsMonotone(t *testing.T) {
	t.Parallel()
	for failures := range 100 {
		for _, factor := range []int{1, 10} {
			rate := config.DefaultThresholds.Cadence
			now, next := rules.Cadence(failures, 3, factor, rate), rules.Cadence(failures+1, 3, factor, rate)
			if now.Fired() && !next.Fired() || now.Fired() && factor == 10 && !rules.Cadence(failures, 3, 1, rate).Fired() {
				t.Errorf("%d quarters, factor %d: fires, and not with more", failures, factor)
			}
		}
	}
}

func TestAnOfficeHasMoreErrorsAndNoFasterOnes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, patient())
	w.confirm()
	for i := range 30 {
		w.try(login("192.0.2.1", fmt.Sprintf("clerk%d@x.test", i), uint64(i+1)), succeeded)
	}
	v, through := w.hurry(60, time.Second)
	if through != 10 || v.Rule != rules.CadenceRule {
		t.Errorf("%d failures a second apart let through, then %+v; want 10, then the cadence", through, v)
	}
	w.now = w.now.Add(24 * time.Hour)
	if v, through := w.hurry(25, 10*time.Second); through != 25 {
		t.Errorf("refused after %d failures ten seconds apart: %+v", through, v)
	}
}

func TestCadenceIsNotBelowAPatientSource(t *testing.T) {
	t.Parallel()
	s := patient()
	s.Thresholds.Source = config.Rate{N: 40, Window: config.Duration(10 * time.Minute)}
	if v, through := newWorld(t, s).hurry(60, 0); through != 40 || v.Rule != "source" {
		t.Errorf("%d failures at once let through, then %+v; want 40, then threshold source", through, v)
	}
}
