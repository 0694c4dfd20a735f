package detector

import (
	"testing"
	"time"

	"github.com/doorward/doorward/config"
)

func lines(policies ...config.Policy) config.Site {
	site := patient()
	site.Name, site.Policies = "shop.test", policies
	return site
}

func TestDelayDoublesBeyondTheThresholdAndRefusesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lines(config.Policy{On: "brute_force", Answer: config.AnswerDelay}))
	var waits []time.Duration
	for i := range uint64(20) {
		v := w.try(login("192.0.2.1", "", i), failed)
		if !v.LetsThrough() {
			t.Fatalf("attempt %d refused: %+v", i, v)
		}
		if (v.Wait > 0) != (v.Answer == config.AnswerDelay) {
			t.Fatalf("attempt %d: a wait without delay or the reverse: %+v", i, v)
		}
		waits = append(waits, v.Wait)
		w.now = w.now.Add(time.Second)
	}
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	for i, want := range map[int]time.Duration{9: 0, 10: ms(200), 11: ms(400), 12: ms(800), 16: ms(12800), 17: ms(25000), 19: ms(25000)} {
		if waits[i] != want {
			t.Errorf("attempt %d waits %s, want %s", i+1, waits[i], want)
		}
	}
}

func TestNothingIsHeldInModeObserve(t *testing.T) {
	t.Parallel()
	site := lines(config.Policy{On: "brute_force", Answer: config.AnswerDelay})
	site.Mode = config.ModeObserve
	w := newWorld(t, site)
	var v Verdict
	for i := range uint64(12) {
		v = w.try(login("192.0.2.1", "", i), failed)
	}
	if v.Answer != config.AnswerAllow || v.Would != config.AnswerDelay || v.Wait != 0 {
		t.Errorf("%+v, want the delay told and not carried out", v)
	}
}

func TestWithdrawnAttemptCountsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lines(config.Policy{On: "brute_force", Answer: config.AnswerDelay}))
	w.guesses("192.0.2.1", "a@x.test", 0, 10)
	for i := range uint64(50) {
		a := login("192.0.2.1", "a@x.test", 100+i)
		v := w.d.Admit(w.now, w.policy, w.site, a)
		if v.Answer != config.AnswerDelay || v.Wait != 200*time.Millisecond {
			t.Fatalf("attempt %d: %+v, want the first wait again", i, v)
		}
		if i%2 == 0 {
			w.d.Withdraw(w.now, w.policy, w.site, a)
			continue
		}
		over := w.d.Overflow(w.now, w.policy, w.site, a, v)
		if over.Answer != config.AnswerLimit || over.Wait != 0 || !over.Until.Equal(w.now.Add(v.Wait)) {
			t.Fatalf("beyond what may be held: %+v, want limit for as long as the wait", over)
		}
	}
}

func TestObservedRuleIsToldAndNeverEnforced(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lines(config.Policy{On: "brute_force", Observe: true}))
	told := 0
	for i := range uint64(60) {
		v := w.try(login("192.0.2.1", "a@x.test", i), failed)
		if !v.LetsThrough() || v.Sanction != 0 {
			t.Fatalf("attempt %d: %+v, want it let through", i, v)
		}
		if v.Would == config.AnswerLimit && v.Detection == config.BruteForce {
			told++
		}
	}
	if told != 50 {
		t.Errorf("%d of 60 told as would-be refusals, want the 50 beyond the threshold", told)
	}
	// The other rules go on: more than five accounts are stuffing.
	through := 0
	for i := range uint64(20) {
		if w.guess("192.0.2.2", address(int(i))+"@x.test", i) {
			through++
		}
	}
	if through != 10 {
		t.Errorf("%d of 20 accounts tried beside an observed rule, want 10", through)
	}
}

func TestObserveEndsASanctionThatRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.guesses("192.0.2.1", "", 0, 12)
	w.guesses("192.0.2.2", "b@x.test", 0, 12)
	watching := w.on(lines(config.Policy{On: "brute_force", Observe: true, Answer: config.AnswerBlock}))
	for _, a := range []*Attempt{login("192.0.2.1", "", 90), login("192.0.2.2", "b@x.test", 90)} {
		if v := watching.try(a, failed); v.Answer != config.AnswerAllow || v.Would != config.AnswerBlock || v.Reason.String() == "" {
			t.Errorf("%+v, want it let through and told as a block", v)
		}
	}
	if w.guess("192.0.2.1", "", 91) {
		t.Error("the sanction ended for the site that enforces")
	}
}

func TestListIsDelayedOrObserved(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		policy config.Policy
		answer config.Answer
		would  config.Answer
		wait   bool
	}{
		{"delay", config.Policy{On: "tor", Answer: config.AnswerDelay}, config.AnswerDelay, "", true},
		{"observe", config.Policy{On: "tor", Observe: true, Answer: config.AnswerBlock}, config.AnswerAllow, config.AnswerBlock, false},
		{"observe every request", config.Policy{On: "tor", Class: config.ClassAll, Observe: true, Answer: config.AnswerDrop}, config.AnswerAllow, config.AnswerDrop, false},
		{"challenge", config.Policy{On: "tor", Answer: config.AnswerChallenge}, config.AnswerChallenge, "", false},
	} {
		w := newWorld(t, lines(test.policy))
		a := login("192.0.2.1", "a@x.test", 1)
		a.Source.Lists = []string{"tor"}
		v := w.try(a, succeeded)
		if v.Answer != test.answer || v.Would != test.would || (v.Wait > 0) != test.wait {
			t.Errorf("%s: %+v", test.name, v)
		}
		if denied := w.policy.RefusesEverybody(); len(denied) != 0 {
			t.Errorf("%s: %v is refused for every request", test.name, denied)
		}
	}
}

func TestChallengeOffLimits(t *testing.T) {
	t.Parallel()
	site := lines(config.Policy{On: "brute_force", Answer: config.AnswerChallenge}, config.Policy{On: "tor", Answer: config.AnswerChallenge})
	for off, want := range map[bool]config.Answer{false: config.AnswerChallenge, true: config.AnswerLimit} {
		site.ChallengeOff = off
		w := newWorld(t, site)
		w.guesses("192.0.2.1", "a@x.test", 0, 10)
		if v := w.try(login("192.0.2.1", "a@x.test", 99), failed); v.Answer != want || v.LetsThrough() {
			t.Errorf("challenge off %t: a detection answers %s, want %s", off, v.Answer, want)
		}
		a := login("192.0.2.9", "b@x.test", 1)
		a.Source.Lists = []string{"tor"}
		if v := w.try(a, succeeded); v.Answer != want {
			t.Errorf("challenge off %t: a list answers %s, want %s", off, v.Answer, want)
		}
	}
}

func TestDeviceThresholdIsTheOperators(t *testing.T) {
	t.Parallel()
	site := strictly
	site.Thresholds.Device = config.Rate{N: 3, Window: config.Duration(time.Hour)}
	w := newWorld(t, site)
	known := func(password uint64) *Attempt {
		a := login("192.0.2.1", "a@x.test", password)
		a.Client = 7
		return a
	}
	w.try(known(50), failed) // the route shows that it looks at passwords
	w.try(known(1), succeeded)
	w.try(known(1), succeeded)
	through := 0
	for i := range uint64(8) {
		if w.try(known(100+i), failed).LetsThrough() {
			through++
		}
	}
	if through != 3 {
		t.Errorf("%d guesses of a known client let through, want 3", through)
	}
}
