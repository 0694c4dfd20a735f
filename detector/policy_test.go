package detector

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
	"github.com/doorward/doorward/detector/sanction"
)

func TestModes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mode           config.Mode
		through, would int
	}{
		"enforce": {config.ModeEnforce, 4, 0},
		"observe": {config.ModeObserve, 200, 196},
		"off":     {config.ModeOff, 200, 0},
		"gentle":  {config.ModeGraduated, 40, 36},
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

func TestTightenedSourcesHaveHalfTheThreshold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		site config.Site
		want int
	}{
		"half of the failures":                 {patient(), 5},
		"three quarters of the first contacts": {strictly, 3},
	} {
		c.site.Policies = []config.Policy{{On: config.ListTor, Answer: config.AnswerTighten}}
		w := newWorld(t, c.site)
		through := 0
		for i := range 20 {
			a := login("192.0.2.1", fmt.Sprintf("u%d@x.test", i), 1)
			a.Source.Lists = []string{config.ListTor}
			v := w.try(a, failed)
			if v.LetsThrough() {
				through++
				if v.Answer != config.AnswerTag {
					t.Fatalf("%s: answer %q, want tag", name, v.Answer)
				}
			}
		}
		if through != c.want {
			t.Errorf("%s: %d failures of a Tor exit let through, want %d", name, through, c.want)
		}
	}
}

func TestListPolicies(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		policies      []config.Policy
		login, signup config.Answer
		page          config.Answer
	}{
		"default":     {nil, config.AnswerChallenge, config.AnswerChallenge, config.AnswerAllow},
		"block login": {[]config.Policy{{On: "tor", Class: config.ClassLogin, Answer: config.AnswerBlock}}, config.AnswerBlock, config.AnswerChallenge, config.AnswerAllow},
		"tag":         {[]config.Policy{{On: "tor", Answer: config.AnswerTag}}, config.AnswerTag, config.AnswerTag, config.AnswerAllow},
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

func TestAllowedSourcesAreCountedAndNeverRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.d.Book.Configure([]sanction.Entry{{Range: netip.MustParsePrefix("10.0.0.0/8"), Allow: true, Reason: "office"}})
	for i := range 100 {
		if !w.guess("10.1.2.3", fmt.Sprintf("u%d@x.test", i), 1) {
			t.Fatalf("an allowed source was refused at attempt %d", i)
		}
	}
	if v := w.try(login("10.1.2.3", "u@x.test", 1), failed); v.Would != config.AnswerLimit || !strings.Contains(v.Reason.String(), "the operator allows the source") {
		t.Errorf("%+v, want it told what would have been done", v)
	}
	if got := w.guesses("10.1.2.3", "a@x.test", 100, 50); got != 50 {
		t.Errorf("%d guesses at one account from an allowed source, want all 50", got)
	}
	if v := w.try(login("10.1.2.3", "a@x.test", 151), failed); v.Answer != config.AnswerAllow || v.Would != config.AnswerLimit || v.Axis != config.AxisPair {
		t.Errorf("%+v, want the pair told as a would-be refusal", v)
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

func TestBasicCredentialsSentAgainUseUpNoLimit(t *testing.T) {
	t.Parallel()
	limit := config.Limit{Class: config.ClassLogin, Rate: config.Rate{N: 5, Window: config.Duration(time.Minute)}, Per: config.AxisSource}
	w := newWorld(t, config.Site{Mode: config.ModeEnforce, Limits: []config.Limit{limit}})
	basic := func(password uint64, o recognize.Outcome) bool {
		a := login("192.0.2.1", "a@x.test", password)
		a.Basic = true
		return w.try(a, o).LetsThrough()
	}
	for i := range 50 {
		if !basic(1, succeeded) {
			t.Fatalf("picture %d of a page was refused", i+1)
		}
	}
	through := 0
	for i := range 20 {
		if basic(uint64(100+i), failed) {
			through++
		}
	}
	if through != 4 {
		t.Errorf("%d further credentials let through, want the 4 that remain", through)
	}
}
