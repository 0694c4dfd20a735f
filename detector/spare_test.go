package detector

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
)

func critical(ip, name string, password uint64, why Critical) *Attempt {
	a := login(ip, name, password)
	a.Source.Critical = why
	return a
}

func TestCriticalSourceIsToldAndNeverShutOut(t *testing.T) {
	t.Parallel()
	for _, why := range []Critical{CriticalPrivate, CriticalUpstream, CriticalProxy, CriticalConfigured, CriticalUnknown} {
		w := newWorld(t, lines(config.Policy{On: "credential_stuffing", Answer: config.AnswerBlock}, config.Policy{On: "tor", Answer: config.AnswerBlock}))
		told := 0
		for i := range uint64(60) {
			a := critical("10.1.2.3", fmt.Sprintf("u%d@x.test", i), i, why)
			a.Source.Lists = []string{"tor"}
			v := w.try(a, failed)
			if !v.LetsThrough() || v.Sanction != 0 {
				t.Fatalf("%s: attempt %d: %+v, want it let through", why, i, v)
			}
			if v.Would != "" && strings.Contains(v.Reason.String(), string(why)) {
				told++
			}
		}
		if told != 50 {
			t.Errorf("%s: %d of 60 told as would-be refusals, want 50", why, told)
		}
		// What is counted by account and source holds.
		through := 0
		for i := range uint64(20) {
			if w.try(critical("10.1.2.3", "one@x.test", 100+i, why), failed).LetsThrough() {
				through++
			}
		}
		if through != 10 {
			t.Errorf("%s: %d guesses at one account, want 10", why, through)
		}
	}
}

func TestThisMachineIsLimitedAndNeverSanctioned(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lines(config.Policy{On: "credential_stuffing", Answer: config.AnswerDrop, For: config.Duration(24 * time.Hour)}))
	try := func(i int) Verdict {
		return w.try(critical("127.0.0.1", fmt.Sprintf("u%d@x.test", i), uint64(i), CriticalLoopback), failed)
	}
	for i := range 10 {
		if !try(i).LetsThrough() {
			t.Fatalf("attempt %d refused", i)
		}
	}
	v := try(10)
	if v.Answer != config.AnswerLimit || v.Sanction != 0 || v.Imposed || !v.Until.After(w.now) || v.Until.After(w.now.Add(12*time.Minute)) {
		t.Fatalf("%+v, want limit within the window of the count, and no sanction", v)
	}
	w.now = v.Until.Add(time.Second)
	if !try(11).LetsThrough() {
		t.Error("refused after the time it said")
	}
}

func TestNobodyIsRefusedOnAnAllowedPath(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	would := 0
	for i := range uint64(40) {
		a := login("192.0.2.1", "a@x.test", i)
		a.Allowed = true
		v := w.try(a, failed)
		if !v.LetsThrough() {
			t.Fatalf("attempt %d: %+v", i, v)
		}
		if v.Would != "" {
			would++
		}
	}
	if would != 30 {
		t.Errorf("%d told as would-be refusals, want 30", would)
	}
}

func TestGuardSparesCriticalSources(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lines(config.Policy{On: "tor", Class: config.ClassAll, Answer: config.AnswerBlock}))
	for why, through := range map[Critical]bool{"": false, CriticalPrivate: true, CriticalLoopback: true} {
		s := critical("10.1.2.3", "", 0, why).Source
		s.Lists = []string{"tor"}
		if got := w.d.Guard(w.now, w.policy, &s, w.policy.RefusesEverybody()).LetsThrough(); got != through {
			t.Errorf("critical %q: let through %t, want %t", why, got, through)
		}
	}
}
