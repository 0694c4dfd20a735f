package detector

import (
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
	"github.com/doorward/doorward/detector/sanction"
)

func TestThresholdLetsExactlyNDistinctFailuresThrough(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		site    config.Site
		guess   func(w *world, i int) bool
		through int
	}{
		"one source at one account": {
			strictly, func(w *world, i int) bool { return w.guess("192.0.2.1", "a@x.test", uint64(i+1)) }, 10,
		},
		"one source at many accounts": {
			strictly, func(w *world, i int) bool { return w.guess("192.0.2.1", fmt.Sprintf("u%d@x.test", i), 7) }, 10,
		},
		"one source without readable names": {
			strictly, func(w *world, i int) bool { return w.guess("192.0.2.1", "", 0) }, 10,
		},
		"addresses of one IPv6 /64": {
			strictly, func(w *world, i int) bool {
				return w.guess(fmt.Sprintf("2001:db8::%x", i+1), fmt.Sprintf("u%d@x.test", i), 7)
			}, 10,
		},
		"many sources at one account": {
			strictly, func(w *world, i int) bool { return w.guess(address(i), "a@x.test", uint64(i+1)) }, 25,
		},
		"an automatic route before it has graduated": {
			config.Site{}, func(w *world, i int) bool { return w.guess("192.0.2.1", fmt.Sprintf("u%d@x.test", i), 7) }, 100,
		},
		"thresholds of the operator": {
			config.Site{Mode: config.ModeEnforce, Thresholds: config.Thresholds{Source: config.Rate{N: 3, Window: config.Duration(time.Minute)}}},
			func(w *world, i int) bool { return w.guess("192.0.2.1", fmt.Sprintf("u%d@x.test", i), 7) }, 3,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.site)
			through := 0
			for i := range 200 {
				if c.guess(w, i) {
					through++
				}
			}
			if through != c.through {
				t.Errorf("%d failures reached the app, want %d", through, c.through)
			}
		})
	}
}

func TestSameWrongPasswordAgainIsNoNewGuess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	for i := range 200 {
		if !w.guess("192.0.2.1", "a@x.test", 42) {
			t.Fatalf("repeat %d of the same wrong password was refused", i)
		}
		w.now = w.now.Add(5 * time.Second)
	}
	if got := w.guesses("192.0.2.1", "a@x.test", 100, 20); got != 9 {
		t.Errorf("after the stale client, %d new guesses reached the app, want 9 of the budget of 10", got)
	}
}

func TestAmbiguousAttemptIsAlwaysANewGuess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	through := 0
	for range 100 {
		a := login("192.0.2.1", "a@x.test", 42)
		a.Ambiguous = true
		if w.try(a, failed).LetsThrough() {
			through++
		}
	}
	if through != 10 {
		t.Errorf("%d ambiguous attempts with one fingerprint reached the app, want 10", through)
	}
}

func TestAmbiguousNamesAreAllCharged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	for i := range 10 {
		a := login(address(i), "victim@x.test", uint64(i+1))
		a.Identities = append(a.Identities, user("decoy@x.test")...)
		a.Ambiguous = true
		w.try(a, failed)
	}
	for _, name := range []string{"victim@x.test", "decoy@x.test"} {
		known := w.d.ExplainIdentity(w.now, name)
		if len(known) != 1 || known[0].Counts[0].Count != 10 {
			t.Errorf("%s: evidence %+v, want 10 guesses", name, known)
		}
	}
}

func TestParallelGuessesCannotOutrunTheAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	var through atomic.Int32
	var wg sync.WaitGroup
	for i := range 500 {
		wg.Go(func() {
			a := login("192.0.2.1", "a@x.test", uint64(i+1))
			if w.d.Admit(w.now, w.policy, w.site, a).LetsThrough() {
				through.Add(1) // still waiting for the app
			}
		})
	}
	wg.Wait()
	if through.Load() != 10 {
		t.Errorf("%d of 500 parallel guesses reached the app, want 10", through.Load())
	}
}

func TestSuccessGivesTheReservationBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	for i := range 200 {
		if v := w.try(login("192.0.2.1", fmt.Sprintf("u%d@x.test", i), 7), succeeded); !v.LetsThrough() {
			t.Fatalf("good login %d from an office was refused: %s", i, v.Reason)
		}
	}
}

func TestVictimGetsInWhileStrangersAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.try(login("198.51.100.7", "a@x.test", 1), failed) // the route is seen to fail
	w.try(login("198.51.100.7", "a@x.test", 2), succeeded)
	w.try(login("198.51.100.7", "a@x.test", 2), succeeded)
	for i := range 100 {
		w.guess(address(i), "a@x.test", uint64(100+i))
	}
	if v := w.try(login("192.0.2.200", "a@x.test", 999), failed); v.LetsThrough() {
		t.Error("a further stranger was let through")
	}
	if v := w.try(login("198.51.100.7", "a@x.test", 2), succeeded); !v.LetsThrough() {
		t.Errorf("the owner was refused at home: %s", v.Reason)
	}
}

func TestSanctionIsRenewedByOneFailureAndForgottenAfterQuiet(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.guesses("192.0.2.1", "", 0, 11)
	v := w.try(login("192.0.2.1", "", 0), failed)
	if v.LetsThrough() || v.Sanction == 0 {
		t.Fatalf("no sanction after 11 failures: %+v", v)
	}
	if length := v.Until.Sub(w.now); length < 9*time.Minute || length > 13*time.Minute {
		t.Errorf("the first sanction lasts %s, want 10 minutes and up to a quarter more", length)
	}
	w.now = v.Until.Add(time.Second)
	if !w.guess("192.0.2.1", "", 0) {
		t.Fatal("the first attempt after the sanction was refused")
	}
	again := w.try(login("192.0.2.1", "", 0), failed)
	if again.LetsThrough() {
		t.Fatal("the second attempt after a failed first one was let through")
	}
	if length := again.Until.Sub(w.now); length < 19*time.Minute || length > 26*time.Minute {
		t.Errorf("the second sanction lasts %s, want 20 minutes and up to a quarter more", length)
	}
	w.now = again.Until.Add(again.Until.Sub(w.now) + time.Minute)
	if got := w.guesses("192.0.2.1", "", 0, 5); got != 5 {
		t.Errorf("%d of 5 attempts let through after a quiet probation, want all", got)
	}
}

func TestOnlyOneAttemptAtATimeOnProbation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.guesses("192.0.2.1", "", 0, 11)
	w.now = w.try(login("192.0.2.1", "", 0), failed).Until.Add(time.Second)
	through := 0
	for range 50 {
		if w.d.Admit(w.now, w.policy, w.site, login("192.0.2.1", "", 0)).LetsThrough() {
			through++
		}
	}
	if through != 1 {
		t.Errorf("%d parallel attempts let through on probation, want 1", through)
	}
}

func TestClosedPairOpensByTheOwnersLoginElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.try(login("198.51.100.7", "a@x.test", 1), failed)
	w.try(login("198.51.100.7", "a@x.test", 2), succeeded)
	w.try(login("198.51.100.7", "a@x.test", 2), succeeded) // familiar now
	w.guesses("192.0.2.1", "a@x.test", 100, 10)
	w.now = w.now.Add(3 * time.Hour) // the source's own failures have passed
	if w.guess("192.0.2.1", "a@x.test", 300) {
		t.Fatal("the pair is not closed")
	}
	if !w.guess("192.0.2.1", "b@x.test", 300) {
		t.Fatal("a closed pair closes the source to another account")
	}
	w.now = w.now.Add(6 * 24 * time.Hour)
	if w.guess("192.0.2.1", "a@x.test", 301) {
		t.Fatal("the pair opened before seven quiet days")
	}
	w.now = w.now.Add(time.Minute)
	if v := w.try(login("198.51.100.7", "a@x.test", 2), succeeded); !v.LetsThrough() {
		t.Fatal("the owner was refused")
	}
	w.now = w.now.Add(time.Second)
	if !w.guess("192.0.2.1", "a@x.test", 302) {
		t.Error("the pair stayed closed after the owner logged in at home")
	}
}

func TestOutcomesThatAreNoFailureWeighLess(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		outcome recognize.Outcome
		through int // of 200 attempts on one account with different passwords
	}{
		"failure":                {failed, 10},
		"client hung up":         {recognize.Outcome{Result: recognize.Unknown, Aborted: true}, 10},
		"app gave no answer":     {recognize.Outcome{Result: recognize.Unknown, Upstream: true}, 13},
		"unreadable answer":      {recognize.Outcome{Result: recognize.Unknown}, 37},
		"CSRF refused":           {recognize.Outcome{Result: recognize.Rejected, Confidence: 0.9}, 10},
		"perhaps a failure":      {recognize.Outcome{Result: recognize.Failure, Confidence: 0.7}, 37},
		"second factor asked":    {recognize.Outcome{Result: recognize.Challenge, Confidence: 0.9}, 200},
		"the app's own throttle": {recognize.Outcome{Result: recognize.Throttled, Confidence: 0.9}, 37},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, strictly)
			through := 0
			for i := range 200 {
				if w.try(login("192.0.2.1", "a@x.test", uint64(i+1)), c.outcome).LetsThrough() {
					through++
				}
			}
			if through != c.through {
				t.Errorf("%d attempts let through, want %d", through, c.through)
			}
		})
	}
}

func TestModes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mode           config.Mode
		through, would int
	}{
		"enforce": {config.ModeEnforce, 10, 0},
		"observe": {config.ModeObserve, 200, 190},
		"off":     {config.ModeOff, 200, 0},
		"gentle":  {config.ModeGraduated, 100, 90},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, config.Site{Mode: c.mode})
			through, would := 0, 0
			for i := range 200 {
				v := w.try(login("192.0.2.1", fmt.Sprintf("u%d@x.test", i), 7), failed)
				if v.LetsThrough() {
					through++
				}
				if v.Would != "" {
					would++
				}
			}
			if through != c.through || would != c.would {
				t.Errorf("%d let through and %d would have been refused, want %d and %d", through, would, c.through, c.would)
			}
		})
	}
}

func TestKillSwitch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.guesses("192.0.2.1", "", 0, 20)
	w.d.Override(config.ModeObserve, w.now.Add(time.Hour))
	if !w.guess("192.0.2.1", "", 0) {
		t.Error("refused in spite of the override")
	}
	w.now = w.now.Add(time.Minute)
	w.d.Override(config.ModeGraduated, time.Time{})
	if w.guess("192.0.2.1", "", 0) {
		t.Error("the sanction was forgotten with the override")
	}
	w.d.OverrideByFile(true)
	if !w.guess("192.0.2.1", "", 0) {
		t.Error("refused in spite of the file")
	}
}

func TestSitesNeverJudgeEachOther(t *testing.T) {
	t.Parallel()
	a := newWorld(t, config.Site{Name: "a.test", Mode: config.ModeEnforce})
	b := a.on(config.Site{Name: "b.test", Mode: config.ModeEnforce})
	a.guesses("192.0.2.1", "u@x.test", 1, 50)
	if a.guess("192.0.2.1", "u@x.test", 99) {
		t.Fatal("no sanction on a.test")
	}
	if got := b.guesses("192.0.2.1", "u@x.test", 1, 50); got != 10 {
		t.Errorf("%d guesses let through on b.test, want 10 as if nothing had happened on a.test", got)
	}
	if a.site.Keys().Pseudonym(user("u@x.test")[0]) == b.site.Keys().Pseudonym(user("u@x.test")[0]) {
		t.Error("both sites know the user by the same pseudonym")
	}
}

func TestSanctionSpeaksAboutLoginAndSignupOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.guesses("192.0.2.1", "", 0, 11)
	for kind, through := range map[config.Kind]bool{
		config.KindLogin: false, config.KindSignup: false,
		config.KindLogout: true, config.KindResetRequest: true, config.KindReset: true,
		config.KindMFA: true, config.KindPasswordChange: true,
	} {
		a := login("192.0.2.1", "a@x.test", 1)
		a.Kind = kind
		if got := w.try(a, succeeded).LetsThrough(); got != through {
			t.Errorf("%s from a sanctioned source: let through %t, want %t", kind, got, through)
		}
	}
}

func TestTaggedSourcesHaveHalfTheThreshold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	through := 0
	for i := range 20 {
		a := login("192.0.2.1", fmt.Sprintf("u%d@x.test", i), 1)
		a.Source.Lists = []string{config.ListTor}
		v := w.try(a, failed)
		if v.LetsThrough() {
			through++
			if v.Answer != config.AnswerTag {
				t.Fatalf("answer %q, want tag", v.Answer)
			}
		}
	}
	if through != 5 {
		t.Errorf("%d failures of a Tor exit let through, want 5", through)
	}
}

func TestListPolicies(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		policies      []config.Policy
		login, signup config.Answer
		page          config.Answer
	}{
		"default":     {nil, config.AnswerTag, config.AnswerTag, config.AnswerAllow},
		"block login": {[]config.Policy{{On: "tor", Class: config.ClassLogin, Answer: config.AnswerBlock}}, config.AnswerBlock, config.AnswerTag, config.AnswerAllow},
		"block all":   {[]config.Policy{{On: "tor", Class: config.ClassAll, Answer: config.AnswerBlock}}, config.AnswerBlock, config.AnswerBlock, config.AnswerBlock},
		"limit":       {[]config.Policy{{On: "tor", Answer: config.AnswerLimit}}, config.AnswerLimit, config.AnswerLimit, config.AnswerAllow},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, config.Site{Mode: config.ModeEnforce, Policies: c.policies})
			for kind, want := range map[config.Kind]config.Answer{config.KindLogin: c.login, config.KindSignup: c.signup} {
				a := login("192.0.2.1", "a@x.test", 1)
				a.Kind, a.Source.Lists = kind, []string{"tor"}
				if v := w.try(a, succeeded); v.Answer != want {
					t.Errorf("%s: %q, want %q", kind, v.Answer, want)
				}
			}
			page := w.d.Guard(w.now, w.policy, &Source{Addr: netip.MustParseAddr("192.0.2.1"), Lists: []string{"tor"}}, w.policy.RefusesEverybody())
			if page.LetsThrough() != (c.page == config.AnswerAllow) {
				t.Errorf("page view: %q, want %q", page.Answer, c.page)
			}
		})
	}
}

func TestAllowedSourcesAreCountedAndNeverSanctioned(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.d.Book.Configure([]sanction.Entry{{Range: netip.MustParsePrefix("10.0.0.0/8"), Allow: true, Reason: "office"}})
	for i := range 100 {
		if !w.guess("10.1.2.3", fmt.Sprintf("u%d@x.test", i), 1) {
			t.Fatalf("an allowed source was refused at attempt %d", i)
		}
	}
	if got := w.guesses("10.1.2.3", "a@x.test", 100, 50); got != 10 {
		t.Errorf("%d guesses at one account from an allowed source, want the pair limit of 10", got)
	}
	spoofed := login("10.1.2.3", "", 0)
	spoofed.Source.Spoofable = true
	for range 10 {
		w.try(spoofed, failed)
	}
	if w.try(spoofed, failed).LetsThrough() {
		t.Error("an address that the client chose matched the allow list")
	}
}

func TestUndeclaredProxyDoesNotLockEverybodyOut(t *testing.T) {
	t.Parallel()
	behind := func(name string, password uint64) *Attempt {
		a := login("172.17.0.1", name, password)
		a.Source.Forwarded = true
		return a
	}
	t.Run("customers behind a proxy", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, strictly)
		w.try(behind("u0@x.test", 9), failed) // the route is seen to fail
		for i := range 30 {
			w.try(behind(fmt.Sprintf("u%d@x.test", i), 1), succeeded)
		}
		for i := range 100 {
			w.try(behind(fmt.Sprintf("v%d@x.test", i), 1), failed)
		}
		if v := w.try(behind("u1@x.test", 1), succeeded); !v.LetsThrough() {
			t.Errorf("a customer was refused for what others did behind the same proxy: %s", v.Reason)
		}
		if peer, hidden := w.site.peers.hiding(); !hidden || peer.String() != "172.17.0.1" {
			t.Error("status does not tell that clients are hidden")
		}
		through := 0
		for i := range 50 {
			if w.try(behind("u2@x.test", uint64(100+i)), failed).LetsThrough() {
				through++
			}
		}
		if through != 10 {
			t.Errorf("%d guesses at one account, want the pair limit of 10 to go on", through)
		}
	})
	t.Run("an attacker who invents the header", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, strictly)
		through := 0
		for i := range 200 {
			if w.try(behind(fmt.Sprintf("v%d@x.test", i), 1), failed).LetsThrough() {
				through++
			}
		}
		if through != 10 {
			t.Errorf("%d attempts let through, want 10", through)
		}
	})
}

func TestLimitLines(t *testing.T) {
	t.Parallel()
	limit := config.Limit{Class: config.ClassLogin, Rate: config.Rate{N: 5, Window: config.Duration(time.Minute)}, Per: config.AxisSource}
	w := newWorld(t, config.Site{Mode: config.ModeEnforce, Limits: []config.Limit{limit}})
	through := 0
	for i := range 20 {
		v := w.try(login("192.0.2.1", fmt.Sprintf("u%d@x.test", i), 1), succeeded)
		if v.LetsThrough() {
			through++
			continue
		}
		if v.Rule != "limit login 5/1m per source" || v.Until.Before(w.now) {
			t.Fatalf("verdict %+v does not name the line or when it ends", v)
		}
	}
	if through != 5 {
		t.Errorf("%d logins let through, want 5", through)
	}
	if !w.try(login("192.0.2.2", "u@x.test", 1), succeeded).LetsThrough() {
		t.Error("another source is limited")
	}
}

func TestTakeoverIsReported(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	for i := range 8 {
		w.guess("192.0.2.1", fmt.Sprintf("u%d@x.test", i), 1)
	}
	w.try(login("198.51.100.9", "z@x.test", 5), succeeded) // the route is seen to succeed
	a := login("192.0.2.1", "a@x.test", 9)
	if !w.d.Admit(w.now, w.policy, w.site, a).LetsThrough() {
		t.Fatal("refused before the threshold")
	}
	s := w.d.Settle(w.now, w.policy, w.site, a, succeeded)
	if s.Detection != config.Takeover || s.Score < 0.5 {
		t.Errorf("settlement %+v, want a takeover", s)
	}
}

func TestBasicCredentialsAreOneLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	told := 0
	for range 50 {
		a := login("192.0.2.1", "a@x.test", 9)
		a.Basic = true
		w.d.Admit(w.now, w.policy, w.site, a)
		if !w.d.Settle(w.now, w.policy, w.site, a, succeeded).Repeat {
			told++
		}
		w.now = w.now.Add(time.Second)
	}
	if told != 1 {
		t.Errorf("%d logins told, want 1", told)
	}
}

func TestFloodOfAddressesFreesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.guesses("192.0.2.1", "", 0, 11)
	w.guesses("192.0.2.2", "", 0, 9)
	for i := range 20_000 {
		addr := netip.AddrFrom4([4]byte{100, byte(i >> 16), byte(i >> 8), byte(i)})
		w.guess(addr.String(), fmt.Sprintf("f%d@x.test", i), 1)
	}
	if w.guess("192.0.2.1", "", 0) {
		t.Error("a flood of addresses freed a sanctioned source")
	}
	if got := w.guesses("192.0.2.2", "", 0, 5); got != 1 {
		t.Errorf("a source with 9 failures had %d attempts left after the flood, want 1", got)
	}
	m := w.d.Memory()
	for table, n := range m.Tracked {
		if n > m.Cap {
			t.Errorf("table %s holds %d entries, more than %d", table, n, m.Cap)
		}
	}
}

func TestOpenRebuildsForAnotherCapAndKeepsSanctions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.guesses("192.0.2.1", "", 0, 11)
	w.guesses("192.0.2.2", "", 0, 9)
	if err := w.d.Open(2048, make([]byte, 32), func() time.Time { return w.now }); err != nil {
		t.Fatal(err)
	}
	if w.guess("192.0.2.1", "", 0) {
		t.Error("the sanction was lost")
	}
	if got := w.guesses("192.0.2.2", "", 0, 5); got != 1 {
		t.Errorf("%d attempts left after the rebuild, want 1", got)
	}
}

func TestBeforeOpenEverythingIsAdmitted(t *testing.T) {
	t.Parallel()
	d := New()
	p, err := NewPolicy(strictly, nil)
	if err != nil {
		t.Fatal(err)
	}
	a := login("192.0.2.1", "a@x.test", 1)
	if v := d.Admit(start, p, d.Site("x"), a); !v.LetsThrough() {
		t.Errorf("an empty shell refused: %+v", v)
	}
	d.Settle(start, p, nil, a, failed)
	if err := d.Open(4096, []byte("short"), time.Now); err == nil {
		t.Error("a short secret was accepted")
	}
}

func TestUnblockForgetsWhatLedToTheSanction(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.guesses("192.0.2.1", "", 0, 11)
	x := w.d.ExplainSource(w.now, netip.MustParseAddr("192.0.2.1"))
	if len(x) != 1 || x[0].Sanction == nil {
		t.Fatalf("explanation %+v, want a sanction", x)
	}
	if n, err := w.d.Unblock(w.now, "192.0.2.1"); n != 1 || err != nil {
		t.Fatalf("unblock ended %d (%v), want 1", n, err)
	}
	if got := w.guesses("192.0.2.1", "", 0, 5); got != 5 {
		t.Errorf("%d attempts let through after unblock, want 5", got)
	}
}

func TestSeenIsTheExactSpellingOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.try(login("198.51.100.7", "ann@example.com", 1), failed)
	w.try(login("198.51.100.7", "ann@example.com", 2), succeeded)
	for name, want := range map[string]bool{
		"ann@example.com": true, "ANN@example.com": false, "ann+hunter2@example.com": false, "never@example.com": false,
	} {
		a := login("198.51.100.8", name, 3)
		w.d.Admit(w.now, w.policy, w.site, a)
		if got := w.d.Seen(a); got != want {
			t.Errorf("%s: seen %t, want %t", name, got, want)
		}
	}
}

func TestUnreadableBodiesAreRefusedWhereNobodySendsThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	unread := func() Verdict {
		a := login("203.0.113.9", "", 0)
		a.Uninspectable = true
		return w.try(a, recognize.Outcome{Result: recognize.Unknown})
	}
	w.guess("198.51.100.1", "a@x.test", 1)
	if v := unread(); !v.LetsThrough() {
		t.Fatalf("refused when little is known of the route: %s", v.Reason)
	}
	for i := range 1200 {
		w.try(login(address(i%150), fmt.Sprintf("u%d@x.test", i), 7), succeeded)
	}
	if v := unread(); v.LetsThrough() || v.Detection != config.Uninspectable {
		t.Errorf("verdict %+v, want it refused as uninspectable", v)
	}
}

func TestDecoyKindOnALoginRouteIsStillAGuess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.guess("198.51.100.1", "z@x.test", 1)
	w.try(login("198.51.100.1", "z@x.test", 2), succeeded)
	for _, kind := range []config.Kind{config.KindSignup, config.KindPasswordChange, config.KindReset} {
		through := 0
		for i := range 50 {
			a := login("203.0.113.9", string(kind)+"@x.test", uint64(100+i))
			a.Kind = kind
			if w.try(a, failed).LetsThrough() {
				through++
			}
		}
		if through > 10 {
			t.Errorf("%s: %d guesses let through, want at most 10", kind, through)
		}
		w.now = w.now.Add(30 * time.Hour)
	}
}
