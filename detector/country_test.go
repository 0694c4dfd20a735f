package detector

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/risk"
)

// worldly is a world whose policies may name the kinds of networks.
func worldly(t *testing.T, cfg config.Site) *world {
	t.Helper()
	w := newWorld(t, strictly)
	cfg.Mode, cfg.Name = config.ModeEnforce, "geo.test"
	p, err := NewPolicy(cfg, append([]string{config.ListTor}, config.NetworkKinds...))
	if err != nil {
		t.Fatal(err)
	}
	w.policy, w.site = p, w.d.Site(cfg.Name)
	return w
}

// from is an attempt of a kind from a country and lists.
func from(kind config.Kind, country string, lists ...string) *Attempt {
	a := login("192.0.2.1", "a@x.test", 1)
	a.Kind, a.Source.Lists = kind, lists
	copy(a.Source.Country[:], country)
	return a
}

func TestCountryLines(t *testing.T) {
	t.Parallel()
	const allow, block, limit, tag = config.AnswerAllow, config.AnswerBlock, config.AnswerLimit, config.AnswerTag
	deny := config.Country{Codes: []string{"KP", "XK"}}
	fence := config.Country{Class: config.ClassSignup, Allow: true, Codes: []string{"DE", "AT"}, Answer: limit}
	all := config.Country{Class: config.ClassAll, Codes: []string{"KP"}}
	for name, c := range map[string]struct {
		lines                      []config.Country
		country                    string
		login, signup, reset, page config.Answer
	}{
		"none":                            {nil, "KP", allow, allow, allow, allow},
		"denied":                          {[]config.Country{deny}, "KP", block, block, allow, allow},
		"another":                         {[]config.Country{deny}, "DE", allow, allow, allow, allow},
		"unknown, where some are denied":  {[]config.Country{deny}, "", allow, allow, allow, allow},
		"a fence for signups":             {[]config.Country{fence}, "KP", allow, limit, allow, allow},
		"within the fence":                {[]config.Country{fence}, "AT", allow, allow, allow, allow},
		"unknown, where there is a fence": {[]config.Country{fence}, "", allow, allow, allow, allow},
		"the line of the class wins":      {[]config.Country{deny, {Class: config.ClassLogin, Codes: []string{"FR"}}}, "KP", allow, block, allow, allow},
		"every request":                   {[]config.Country{all}, "KP", block, block, block, block},
		"every request, and a fence":      {[]config.Country{all, fence}, "FR", allow, limit, allow, allow},
		"only observed":                   {[]config.Country{{Codes: []string{"KP"}, Observe: true}}, "KP", allow, allow, allow, allow},
		"marked":                          {[]config.Country{{Codes: []string{"KP"}, Answer: tag}}, "KP", tag, tag, allow, allow},
		"resets have a line of their own": {[]config.Country{{Class: config.ClassReset, Codes: []string{"KP"}}}, "KP", allow, allow, block, allow},
		"limited":                         {[]config.Country{{Codes: []string{"KP"}, Answer: config.AnswerLimit}}, "KP", limit, limit, allow, allow},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := worldly(t, config.Site{Countries: c.lines})
			for kind, want := range map[config.Kind]config.Answer{
				config.KindLogin: c.login, config.KindSignup: c.signup, config.KindResetRequest: c.reset,
			} {
				v := w.try(from(kind, c.country), succeeded)
				if v.Answer != want {
					t.Errorf("%s: %q, want %q", kind, v.Answer, want)
				}
				if v.Answer != allow && (v.Rule != RuleCountry || !strings.Contains(v.Reason.String(), "the source is in "+c.country)) {
					t.Errorf("%s: rule %q, reason %q", kind, v.Rule, v.Reason)
				}
			}
			if page := w.guard(c.country); page.LetsThrough() != (c.page == allow) {
				t.Errorf("a page: %q, want %q", page.Answer, c.page)
			}
		})
	}
	w := worldly(t, config.Site{Countries: []config.Country{{Codes: []string{"KP"}, Observe: true}}})
	if v := w.try(from(config.KindLogin, "KP"), succeeded); v.Would != block || v.Rule != RuleCountry {
		t.Errorf("%+v, want it told that it would have been blocked", v)
	}
}

func (w *world) guard(country string) Verdict {
	s := Source{Addr: netip.MustParseAddr("192.0.2.1")}
	copy(s.Country[:], country)
	return w.d.Guard(w.now, w.policy, &s, w.policy.RefusesEverybody())
}

func TestASolvedChallengeOpensACountry(t *testing.T) {
	t.Parallel()
	w := worldly(t, config.Site{Countries: []config.Country{{Codes: []string{"KP"}, Answer: config.AnswerChallenge}}})
	if v := w.try(from(config.KindLogin, "KP"), succeeded); v.Answer != config.AnswerChallenge {
		t.Errorf("before: %q, want challenge", v.Answer)
	}
	solved := from(config.KindLogin, "KP")
	solved.Solved = true
	if v := w.try(solved, succeeded); v.Answer != config.AnswerTag {
		t.Errorf("after: %q, want it let through with a mark", v.Answer)
	}
}

// Who is allowed or critical is not judged by country either.
func TestCountryLinesSpareWhoIsAllowed(t *testing.T) {
	t.Parallel()
	w := worldly(t, config.Site{Countries: []config.Country{{Class: config.ClassAll, Codes: []string{"KP"}}}})
	a := from(config.KindLogin, "KP")
	a.Source.Critical = CriticalConfigured
	if v := w.try(a, succeeded); v.Answer != config.AnswerAllow {
		t.Errorf("a critical source: %+v", v)
	}
}

func TestOfSeveralListsTheHardestAnswerCounts(t *testing.T) {
	t.Parallel()
	w := worldly(t, config.Site{Policies: []config.Policy{
		{On: "hosting", Answer: config.AnswerAllow},
		{On: "vpn", Class: config.ClassLogin, Answer: config.AnswerLimit},
		{On: "tor", Class: config.ClassLogin, Answer: config.AnswerBlock},
		{On: "tor", Class: config.ClassSignup, Answer: config.AnswerDelay},
		{On: "proxy", Observe: true, Answer: config.AnswerBlock},
	}})
	for name, c := range map[string]struct {
		kind   config.Kind
		lists  []string
		answer config.Answer
		would  config.Answer
		rule   string
	}{
		"allowed alone":                    {config.KindLogin, []string{"hosting"}, config.AnswerAllow, "", ""},
		"limit before block":               {config.KindLogin, []string{"vpn", "tor"}, config.AnswerBlock, "", "list tor"},
		"block before limit":               {config.KindLogin, []string{"tor", "vpn"}, config.AnswerBlock, "", "list tor"},
		"delay before tighten":             {config.KindSignup, []string{"tor", "vpn"}, config.AnswerDelay, "", "tor"},
		"tighten before delay":             {config.KindSignup, []string{"vpn", "tor"}, config.AnswerDelay, "", "tor"},
		"what is observed goes with it":    {config.KindSignup, []string{"vpn", "proxy"}, config.AnswerTag, config.AnswerBlock, "vpn"},
		"what is observed, the other way":  {config.KindSignup, []string{"proxy", "vpn"}, config.AnswerTag, config.AnswerBlock, "vpn"},
		"what is observed refuses nothing": {config.KindLogin, []string{"proxy"}, config.AnswerAllow, config.AnswerBlock, "proxy"},
	} {
		v := w.try(from(c.kind, "", c.lists...), succeeded)
		if v.Answer != c.answer || v.Would != c.would || v.Rule != c.rule {
			t.Errorf("%s: %q, would %q, rule %q; want %q, %q, %q", name, v.Answer, v.Would, v.Rule, c.answer, c.would, c.rule)
		}
	}
}

// Tag marks and tighten halves.
func TestOnlyTightenHalvesTheThresholds(t *testing.T) {
	t.Parallel()
	for answer, want := range map[config.Answer]int{config.AnswerAllow: 10, config.AnswerTag: 10, config.AnswerTighten: 5} {
		site := patient()
		site.Policies = []config.Policy{{On: "vpn", Answer: answer}}
		w := worldly(t, site)
		through := 0
		for i := range 20 {
			a := from(config.KindLogin, "", "vpn")
			a.Identities, a.Credential = user("u"+string(rune('a'+i))+"@x.test"), uint64(i+1)
			if w.try(a, failed).LetsThrough() {
				through++
			}
		}
		if through != want {
			t.Errorf("%s: %d failures let through, want %d", answer, through, want)
		}
	}
}

func TestAnUnusualVPNIsTold(t *testing.T) {
	t.Parallel()
	hosting := annsVPN
	hosting.ip, hosting.lists = "192.0.2.90", []string{"hosting", "vpn"}
	for name, c := range map[string]struct {
		before place
		logins int
		now    place
		told   bool
	}{
		"ten logins from home, then a VPN":      {annsHome, 10, annsVPN, true},
		"ten from home, then a hosting company": {annsHome, 10, hosting, true},
		"always on a VPN":                       {annsVPN, 10, annsVPN, false},
		"always on a VPN, then another kind":    {annsVPN, 10, hosting, false},
		"ten from home, then home":              {annsHome, 10, annsHome, false},
		"too few logins to say what is usual":   {annsHome, risk.ManyLogins - 1, annsVPN, false},
		"just enough":                           {annsHome, risk.ManyLogins, annsVPN, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, strictly)
			w.try(annsHome.login("other@x.test"), failed)
			for range c.logins {
				w.enter("ann@x.test", c.before)
			}
			s := w.enter("ann@x.test", c.now)
			if (s.Detection == config.UnusualVPN) != c.told {
				t.Errorf("detection %q, reason %q; want it told: %t", s.Detection, s.Reason, c.told)
			}
			if c.told && (!strings.Contains(s.Reason, "list "+strings.Join(c.now.lists, ", ")) || s.Score == 0) {
				t.Errorf("reason %q, score %g", s.Reason, s.Score)
			}
			if again := w.enter("ann@x.test", c.now); again.Detection != "" {
				t.Errorf("the second time: %q", again.Reason)
			}
		})
	}
}

// An address that the client may have chosen is nobody's home (H2).
func TestASpoofableAddressVouchesForNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.try(annsHome.login("other@x.test"), failed)
	home := annsHome
	home.client = 0
	for range 3 {
		w.enter("ann@x.test", home)
	}
	w.now = w.now.Add(time.Hour)
	honest := home.login("ann@x.test")
	w.try(honest, failed)
	chosen := home.login("ann@x.test")
	chosen.Source.Spoofable = true
	w.try(chosen, failed)
	if !honest.Familiar() || chosen.Familiar() {
		t.Errorf("familiar: %t at home, %t with the same address in a header; want true, false", honest.Familiar(), chosen.Familiar())
	}
	for range 3 {
		a := abroad.login("bob@x.test")
		a.Source.Spoofable = true
		w.now = w.now.Add(61 * time.Minute)
		w.settleAs(a, succeeded)
	}
	real := abroad
	real.client = 0
	later := real.login("bob@x.test")
	w.try(later, failed)
	if later.Familiar() {
		t.Error("an address became familiar while it could be chosen")
	}
}

// A line that only observes a country changes nothing for who comes from there;
// one that observes a list leaves the list what it does without a line.
func TestObservingACountryHalvesNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		line config.Country
		want int
	}{
		"observed":   {config.Country{Codes: []string{"KP"}, Observe: true}, 10},
		"marked":     {config.Country{Codes: []string{"KP"}, Answer: config.AnswerTag}, 10},
		"tightened":  {config.Country{Codes: []string{"KP"}, Answer: config.AnswerTighten}, 5},
		"challenged": {config.Country{Codes: []string{"KP"}, Answer: config.AnswerChallenge}, 5},
	} {
		site := patient()
		site.Countries = []config.Country{c.line}
		w := worldly(t, site)
		through := 0
		for i := range 20 {
			a := from(config.KindLogin, "KP")
			a.Identities, a.Credential, a.Solved = user("u"+string(rune('a'+i))+"@x.test"), uint64(i+1), true
			if w.try(a, failed).LetsThrough() {
				through++
			}
		}
		if through != c.want {
			t.Errorf("%s: %d failures let through, want %d", name, through, c.want)
		}
	}
}

// What a detection lets through stays marked by the list that names its source.
func TestAnAllowedDetectionKeepsTheMarkOfAList(t *testing.T) {
	t.Parallel()
	site := patient()
	site.Policies = []config.Policy{{On: "vpn", Answer: config.AnswerTag}, {On: "brute_force", Answer: config.AnswerAllow}}
	w := worldly(t, site)
	var v Verdict
	for i := range uint64(12) {
		a := from(config.KindLogin, "", "vpn")
		a.Credential = i + 1
		v = w.try(a, failed)
	}
	if v.Answer != config.AnswerTag || v.Detection != config.BruteForce {
		t.Errorf("%q because of %q, want the mark of the list beside the detection", v.Answer, v.Detection)
	}
}

// A line for every request is asked in addition to that of the class, and a line
// without a class speaks about logins and signups alone.
func TestWhichLinesSpeakAboutAList(t *testing.T) {
	t.Parallel()
	const vpn, login, reset, all = "vpn", config.KindLogin, config.KindResetRequest, config.ClassAll
	const allow, tag, limit, block = config.AnswerAllow, config.AnswerTag, config.AnswerLimit, config.AnswerBlock
	for name, c := range map[string]struct {
		lines         []config.Policy
		kind          config.Kind
		answer, would config.Answer
	}{
		"a class harder than all":             {[]config.Policy{{On: vpn, Class: all, Answer: tag}, {On: vpn, Class: config.ClassLogin, Answer: block}}, login, block, ""},
		"no class, harder than all":           {[]config.Policy{{On: vpn, Answer: limit}, {On: vpn, Class: all, Answer: tag}}, login, limit, ""},
		"all harder than a class":             {[]config.Policy{{On: vpn, Class: all, Answer: block}, {On: vpn, Class: config.ClassLogin, Answer: limit}}, login, block, ""},
		"all only observed":                   {[]config.Policy{{On: vpn, Class: all, Answer: block, Observe: true}, {On: vpn, Class: config.ClassLogin, Answer: tag}}, login, tag, block},
		"a class only observed":               {[]config.Policy{{On: vpn, Class: all, Answer: tag}, {On: vpn, Class: config.ClassLogin, Answer: block, Observe: true}}, login, tag, block},
		"all in place of the default":         {[]config.Policy{{On: vpn, Class: all, Answer: allow}}, login, allow, ""},
		"no class, of a reset":                {[]config.Policy{{On: vpn, Answer: block}}, reset, tag, ""},
		"no class, only observed, of a reset": {[]config.Policy{{On: vpn, Answer: block, Observe: true}}, reset, tag, ""},
	} {
		w := worldly(t, config.Site{Policies: c.lines})
		if v := w.try(from(c.kind, "", vpn), succeeded); v.Answer != c.answer || v.Would != c.would {
			t.Errorf("%s: %q, would %q; want %q, %q", name, v.Answer, v.Would, c.answer, c.would)
		}
	}
}

// Who has solved the challenge of one list must not get past the block of another,
// or of his country.
func TestOfSeveralAnswersToAPageTheHardestCounts(t *testing.T) {
	t.Parallel()
	w := worldly(t, config.Site{
		Policies: []config.Policy{
			{On: "vpn", Class: config.ClassAll, Answer: config.AnswerChallenge},
			{On: "tor", Class: config.ClassAll, Answer: config.AnswerBlock},
		},
		Countries: []config.Country{{Class: config.ClassAll, Codes: []string{"KP"}, Answer: config.AnswerLimit}},
	})
	for name, c := range map[string]struct {
		country string
		lists   []string
		answer  config.Answer
		rule    string
	}{
		"one list":                 {"DE", []string{"vpn"}, config.AnswerChallenge, "list vpn"},
		"the milder list first":    {"DE", []string{"vpn", "tor"}, config.AnswerBlock, "list tor"},
		"the harder list first":    {"DE", []string{"tor", "vpn"}, config.AnswerBlock, "list tor"},
		"a list and a country":     {"KP", []string{"vpn"}, config.AnswerLimit, RuleCountry},
		"a list above a country":   {"KP", []string{"tor"}, config.AnswerBlock, "list tor"},
		"a list that says nothing": {"DE", []string{"hosting"}, "", ""},
		"a country, and no list":   {"KP", nil, config.AnswerLimit, RuleCountry},
		"neither list nor country": {"DE", nil, "", ""},
	} {
		s := from(config.KindLogin, c.country, c.lists...).Source
		if v := w.d.Guard(w.now, w.policy, &s, w.policy.RefusesEverybody()); v.Answer != c.answer || v.Rule != c.rule {
			t.Errorf("%s: %q by %q, want %q by %q", name, v.Answer, v.Rule, c.answer, c.rule)
		}
	}
}
