package detector

import (
	"net/netip"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/sanction"
)

func fromTor(a *Attempt) *Attempt {
	a.Source.Lists = []string{config.ListTor}
	return a
}

func TestWhoSolvesGoesOnFromTor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	a := fromTor(login("192.0.2.1", "a@x.test", 1))
	if v := w.try(a, failed); v.Answer != config.AnswerChallenge {
		t.Fatalf("unsolved: %q, want a challenge", v.Answer)
	}
	a.Solved = true
	if v := w.try(a, succeeded); v.Answer != config.AnswerTag || v.Rule != config.ListTor {
		t.Errorf("solved: %q by %q, want it tagged", v.Answer, v.Rule)
	}
}

func TestTorIsNotAskedOnARouteThatMayBeAMisreading(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		site     config.Site
		declared bool
		want     config.Answer
	}{
		"found automatically, the default": {config.Site{}, false, config.AnswerTag},
		"declared":                         {config.Site{}, true, config.AnswerChallenge},
		"found automatically, as written":  {config.Site{Policies: []config.Policy{{On: config.ListTor, Answer: config.AnswerChallenge}}}, false, config.AnswerChallenge},
		"with mode enforce":                {strictly, false, config.AnswerChallenge},
		"where there are no challenges":    {config.Site{Mode: config.ModeEnforce, ChallengeOff: true}, false, config.AnswerTag},
		"written where there are none":     {config.Site{Mode: config.ModeEnforce, ChallengeOff: true, Policies: []config.Policy{{On: config.ListTor, Answer: config.AnswerChallenge}}}, false, config.AnswerLimit},
	} {
		w := newWorld(t, row.site)
		a := fromTor(login("192.0.2.1", "a@x.test", 1))
		a.Declared = row.declared
		if v := w.try(a, succeeded); v.Answer != row.want {
			t.Errorf("%s: %q, want %q", name, v.Answer, row.want)
		}
	}
}

func TestSolvingLiftsASanctionThatChallenges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config.Site{Mode: config.ModeEnforce, Policies: []config.Policy{
		{On: "brute_force", Answer: config.AnswerChallenge}, {On: "credential_stuffing", Answer: config.AnswerChallenge},
	}})
	for i := range uint64(30) {
		w.try(login("192.0.2.1", citizen(int(i)), 10+i), failed)
	}
	a := login("192.0.2.1", "owner@x.test", 1)
	if v := w.try(a, succeeded); v.Answer != config.AnswerChallenge {
		t.Fatalf("unsolved: %q by %q, want a challenge", v.Answer, v.Rule)
	}
	solved := login("192.0.2.1", "owner@x.test", 1)
	solved.Solved = true
	if v := w.try(solved, succeeded); !v.LetsThrough() {
		t.Errorf("solved: %q by %q", v.Answer, v.Rule)
	}
}

func TestSolvingLiftsNoPairAndIsNeverAskedTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config.Site{Mode: config.ModeEnforce, Policies: []config.Policy{{On: "brute_force", Answer: config.AnswerChallenge}}})
	through := 0
	for i := range uint64(40) {
		a := login("192.0.2.1", "a@x.test", 10+i)
		a.Solved = true
		switch v := w.try(a, failed); {
		case v.LetsThrough():
			through++
		case v.Answer != config.AnswerLimit:
			t.Fatalf("guess %d: %q, want limit: a challenge was solved", i, v.Answer)
		}
	}
	if most := config.DefaultThresholds.Pair.N; through > most {
		t.Errorf("%d guesses at one name by who solves, want at most %d", through, most)
	}
}

func TestSuspects(t *testing.T) {
	t.Parallel()
	tor := Source{Addr: netip.MustParseAddr("192.0.2.1"), Lists: []string{config.ListTor}}
	clean := Source{Addr: netip.MustParseAddr("192.0.2.2")}
	proxied := Source{Addr: tor.Addr, Lists: tor.Lists, Critical: CriticalProxy}
	for name, row := range map[string]struct {
		site   config.Site
		source Source
		class  config.Class
		want   bool
	}{
		"Tor, login":         {strictly, tor, config.ClassLogin, true},
		"Tor, signup":        {strictly, tor, config.ClassSignup, true},
		"Tor, reset":         {strictly, tor, config.ClassReset, false},
		"anybody":            {strictly, clean, config.ClassLogin, false},
		"a trusted proxy":    {strictly, proxied, config.ClassLogin, false},
		"Tor, to be tagged":  {config.Site{Mode: config.ModeEnforce, Policies: []config.Policy{{On: config.ListTor, Answer: config.AnswerTag}}}, tor, config.ClassLogin, false},
		"Tor, to be limited": {config.Site{Mode: config.ModeEnforce, Policies: []config.Policy{{On: config.ListTor, Answer: config.AnswerLimit}}}, tor, config.ClassLogin, false},
		"Tor, only observed": {config.Site{Mode: config.ModeEnforce, Policies: []config.Policy{{On: config.ListTor, Observe: true, Answer: config.AnswerChallenge}}}, tor, config.ClassLogin, false},
		"mode observe":       {config.Site{Mode: config.ModeObserve}, tor, config.ClassLogin, false},
		"challenge off":      {config.Site{Mode: config.ModeEnforce, ChallengeOff: true}, tor, config.ClassLogin, false},
		"the gentle start":   {config.Site{}, tor, config.ClassLogin, false},
		"a declared login":   {config.Site{Routes: []config.Route{{Kind: config.KindLogin, Path: "/in"}}}, tor, config.ClassLogin, true},
		"a signup beside it": {config.Site{Routes: []config.Route{{Kind: config.KindLogin, Path: "/in"}}}, tor, config.ClassSignup, false},
	} {
		w := newWorld(t, row.site)
		v := w.d.Suspect(w.now, w.policy, w.site, &row.source, row.class)
		if got := v.Answer == config.AnswerChallenge; got != row.want {
			t.Errorf("%s: %q, want a challenge: %t", name, v.Answer, row.want)
		}
	}
}

func TestOperatorsEntriesComeBeforeSuspicion(t *testing.T) {
	t.Parallel()
	for _, allow := range []bool{true, false} {
		w := newWorld(t, strictly)
		_ = w.d.Book.Add(w.now, sanction.Entry{ID: sanction.NewID(), Range: netip.MustParsePrefix("192.0.2.0/24"), Allow: allow, Classes: sanction.LoginAndSignup, Answer: config.AnswerBlock})
		tor := Source{Addr: netip.MustParseAddr("192.0.2.1"), Lists: []string{config.ListTor}}
		if v := w.d.Suspect(w.now, w.policy, w.site, &tor, config.ClassLogin); !v.LetsThrough() {
			t.Errorf("allowed %t: %q", allow, v.Answer)
		}
	}
}

func TestAttackModeSuspectsStrangersBeforeTheyType(t *testing.T) {
	t.Parallel()
	c := newTown(t, 300, 3)
	stranger, resident := proxy(5000, "", 0).Source, c.home(7, 1).Source
	if v := c.d.Suspect(c.now, c.policy, c.site, &stranger, config.ClassLogin); !v.LetsThrough() {
		t.Fatalf("before the attack: %q by %q", v.Answer, v.Rule)
	}
	c.alarm(100)
	c.alarm(200)
	if !c.attacked() {
		t.Fatal("no attack mode")
	}
	if v := c.d.Suspect(c.now, c.policy, c.site, &stranger, config.ClassLogin); v.Answer != config.AnswerChallenge || v.Detection != config.Attack {
		t.Errorf("a stranger from where guesses come from: %q by %q, want a challenge", v.Answer, v.Rule)
	}
	if v := c.d.Suspect(c.now, c.policy, c.site, &resident, config.ClassLogin); !v.LetsThrough() {
		t.Errorf("from a home: %q by %q", v.Answer, v.Rule)
	}
	if v := c.d.Suspect(c.now, c.policy, c.site, &stranger, config.ClassSignup); !v.LetsThrough() {
		t.Errorf("a signup: %q by %q", v.Answer, v.Rule)
	}
	if v := c.d.Suspect(c.now.Add(72*time.Hour), c.policy, c.site, &stranger, config.ClassLogin); !v.LetsThrough() {
		t.Errorf("three days later: %q by %q", v.Answer, v.Rule)
	}
}
