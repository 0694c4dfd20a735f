package detector

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/recognize"
	"github.com/doorward/doorward/detector/risk"
)

// place is where somebody logs in from.
type place struct {
	ip      string
	asn     uint32
	country string
	agent   string
	client  uint64
	lists   []string
}

var (
	annsHome = place{ip: "198.51.100.7", asn: 64500, country: "NO", agent: "browser", client: 7}
	abroad   = place{ip: "203.0.113.77", asn: 64900, country: "XK", agent: "other browser"}
	annsVPN  = place{ip: "192.0.2.50", asn: 64700, country: "NO", agent: "browser", lists: []string{"vpn"}}
)

func (p place) login(name string) *Attempt {
	a := login(p.ip, name, 1)
	a.Declared = true
	a.Source.ASN, a.Source.Lists, a.Client = p.asn, p.lists, p.client
	copy(a.Source.Country[:], p.country)
	a.UserAgent = AgentTag(p.agent)
	return a
}

// enter is a login with the right password, an hour and a bit after the last.
func (w *world) enter(name string, p place) Settlement {
	w.t.Helper()
	w.now = w.now.Add(61 * time.Minute)
	return w.settleAs(p.login(name), succeeded)
}

// inhabited is a site of which it is known how people log in there: a hundred of
// them from Norway, every day for six weeks, and Ann.
func inhabited(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, strictly)
	for range 42 {
		for i := range 100 {
			p := annsHome
			p.ip, p.client = fmt.Sprintf("198.51.%d.9", 101+i), uint64(100+i)
			w.settleAs(p.login(fmt.Sprintf("u%d@x.test", i)), succeeded)
		}
		w.settleAs(annsHome.login("ann@x.test"), succeeded)
		w.now = w.now.Add(24 * time.Hour)
	}
	return w
}

func (s *Settlement) told(p place) string { return strings.Join(s.Words(&p.login("x").Source), "; ") }

func TestANewCountryIsToldOnce(t *testing.T) {
	t.Parallel()
	w := inhabited(t)
	w.enter("ann@x.test", annsHome)
	hotel := abroad
	hotel.client, hotel.agent = annsHome.client, annsHome.agent // her own phone
	first := w.enter("ann@x.test", hotel)
	if told := first.told(hotel); !strings.Contains(told, "XK is a new country") || first.Detection != "" {
		t.Errorf("the first time: %q, detection %q; want the country told and no alarm", told, first.Detection)
	}
	if again := w.enter("ann@x.test", hotel); again.Triggers != 0 || again.Score != 0 {
		t.Errorf("the second time: %q, score %g, want nothing", again.told(hotel), again.Score)
	}
}

func TestAVPNIsUnusualForWhoNeverUsesOne(t *testing.T) {
	t.Parallel()
	w := inhabited(t)
	for range 10 {
		w.enter("ann@x.test", annsHome)
		w.enter("bob@x.test", annsVPN)
	}
	ann := w.enter("ann@x.test", annsVPN)
	if told := ann.told(annsVPN); !strings.Contains(told, "first login by way of the list vpn") || ann.Score < risk.Unusual {
		t.Errorf("Ann, never on a VPN before: %q, score %.3f", told, ann.Score)
	}
	if bob := w.enter("bob@x.test", annsVPN); bob.Triggers != 0 || bob.Score != 0 {
		t.Errorf("Bob, always on a VPN: %q, score %.3f", bob.told(annsVPN), bob.Score)
	}
}

// scoreOf is the score of a probe.
func (w *world) scoreOf(name string, p place) float64 {
	return w.d.Score(w.now, w.policy, w.site, p.login(name))
}

func TestAccountsWithoutHistoryAreNeutral(t *testing.T) {
	t.Parallel()
	w := inhabited(t)
	if got := w.scoreOf("new@x.test", abroad); got != 0 {
		t.Errorf("a name that never logged in scores %g, want 0", got)
	}
	if got := w.scoreOf("ann@x.test", abroad); got < risk.Takeover {
		t.Errorf("a stranger at Ann's account scores %g, want a takeover", got)
	}
	w.now = w.now.Add(familiarFor.Time().Sub(time.Unix(0, 0)))
	if got := w.scoreOf("ann@x.test", abroad); got != 0 {
		t.Errorf("after the history has gone stale it scores %g, want 0", got)
	}
}

func TestWhatTheEdgeDoesNotKnowIsNoSign(t *testing.T) {
	t.Parallel()
	w := inhabited(t)
	full := w.scoreOf("ann@x.test", abroad)
	for name, strip := range map[string]func(p *place){
		"no country":  func(p *place) { p.country = "" },
		"no provider": func(p *place) { p.asn = 0 },
		"no browser":  func(p *place) { p.agent = "" },
	} {
		less := abroad
		strip(&less)
		if got := w.scoreOf("ann@x.test", less); got >= full || got == 0 {
			t.Errorf("%s: score %.3f, want less than the %.3f of all signs and more than 0", name, got, full)
		}
	}
	noCookies := place{ip: annsHome.ip, asn: annsHome.asn, country: annsHome.country, agent: annsHome.agent}
	w.enter("carl@x.test", noCookies)
	if s := w.enter("carl@x.test", noCookies); s.Triggers&risk.NewDevice != 0 {
		t.Error("somebody whose clients never kept cookies has an unknown device")
	}
}

func TestAProbeIsNotLearned(t *testing.T) {
	t.Parallel()
	w := inhabited(t)
	first := w.scoreOf("ann@x.test", abroad)
	for range 50 {
		if again := w.scoreOf("ann@x.test", abroad); again != first {
			t.Fatalf("score %g, then %g", first, again)
		}
	}
}

// A takeover earns nothing for a week, and costs the owner nothing (H9).
func TestATakeoverMakesNobodyFamiliar(t *testing.T) {
	t.Parallel()
	w := inhabited(t)
	s := w.enter("ann@x.test", abroad)
	if s.Detection != config.Takeover || !strings.Contains(s.Reason, "XK is a new country") {
		t.Fatalf("detection %q, reason %q", s.Detection, s.Reason)
	}
	standing := func(p place) familiarity {
		a := p.login("ann@x.test")
		w.d.Admit(w.now, w.policy, w.site, a)
		return a.reserved.standing
	}
	for day := range 7 {
		if got := standing(abroad); got != stranger {
			t.Fatalf("day %d: the thief's standing is %d, want a stranger", day, got)
		}
		if got := standing(annsHome); got != known {
			t.Fatalf("day %d: Ann's standing is %d, want known", day, got)
		}
		w.enter("ann@x.test", abroad)
		w.now = w.now.Add(22*time.Hour + 50*time.Minute)
	}
	w.now = w.now.Add(time.Hour)
	w.enter("ann@x.test", abroad)
	if got := standing(abroad); got != familiar {
		t.Errorf("after a week of nothing worse his standing is %d, want familiar", got)
	}
}

// The owner of a robbed account goes on as before, with a new phone, too.
func TestTheOwnerEarnsWhileAThiefDoesNot(t *testing.T) {
	t.Parallel()
	w := inhabited(t)
	if s := w.enter("ann@x.test", abroad); s.Detection != config.Takeover {
		t.Fatalf("score %g, want a takeover", s.Score)
	}
	phone := annsHome
	phone.client = 8
	w.enter("ann@x.test", phone)
	phone.ip = "192.0.2.200" // in the street
	a := phone.login("ann@x.test")
	if w.d.Admit(w.now, w.policy, w.site, a); a.reserved.standing != known {
		t.Errorf("the standing of her new phone is %d, want known", a.reserved.standing)
	}
}

func TestAnotherCountryWithinTheHour(t *testing.T) {
	t.Parallel()
	home, away := visitor{source: 1, network: 1, country: 1}, visitor{source: 2, network: 2, country: 2}
	byVPN := func(v visitor) visitor { v.lists = 1; return v }
	const hour = 3600
	for name, c := range map[string]struct {
		before, now visitor
		later       evidence.Seconds
		want        bool
	}{
		"59 minutes later":      {home, away, 59 * 60, true},
		"at once":               {home, away, 0, true},
		"an hour later":         {home, away, hour, false},
		"at home":               {home, home, 60, false},
		"on a VPN":              {home, byVPN(away), 60, false},
		"on a VPN before":       {byVPN(home), away, 60, false},
		"time that runs back":   {home, away, 1<<32 - hour, true},
		"a country not known":   {home, visitor{source: 2, network: 2}, 60, false},
		"none was known so far": {visitor{source: 1, network: 1}, away, 60, false},
	} {
		var h accountHistory
		h.enter(1e9, &c.before, true)
		if got := h.compare(1e9+c.later, &c.now).Hurried; got != c.want {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
}

func TestPasswordChangedAfterAnUnusualLogin(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		from, at place
		later    time.Duration
		want     bool
	}{
		"by the thief at once":         {abroad, abroad, time.Minute, true},
		"by Ann at home":               {annsHome, annsHome, time.Minute, false},
		"by Ann while the thief is in": {abroad, annsHome, time.Minute, false},
		"two hours later":              {abroad, abroad, 2 * time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := inhabited(t)
			w.enter("ann@x.test", c.from)
			w.now = w.now.Add(c.later)
			a := c.at.login("")
			a.Kind, a.Route, a.LoggedIn = config.KindPasswordChange, "/password", true
			a.Identities = nil
			s := w.settleAs(a, recognize.Outcome{Result: recognize.Success, Confidence: 0.92})
			if got := s.Detection == config.Takeover && s.Triggers == risk.ChangedSoon; got != c.want {
				t.Errorf("settlement %+v, reported %t, want %t", s, got, c.want)
			}
		})
	}
}

func TestHabitsAreBounded(t *testing.T) {
	t.Parallel()
	var h accountHabits
	for i := range 1000 {
		h.enter(&visitor{provider: uint32(i + 1), agent: uint32(i + 1), country: uint16(i + 1), lists: 1 << (i & 31)})
	}
	if h.logins != maxHabits {
		t.Errorf("%d logins are counted, want at most %d", h.logins, maxHabits)
	}
	if want := [4]uint16{1000, 999, 998, 997}; h.countries != want {
		t.Errorf("countries %v, want the last four %v", h.countries, want)
	}
	h.visit(998)
	if want := [4]uint16{998, 1000, 999, 997}; h.countries != want {
		t.Errorf("countries %v, want %v: one that is visited again is fresh again", h.countries, want)
	}
	if n := unsafe.Sizeof(h); n > 52 {
		t.Errorf("an account's habits take %d bytes, want at most 52", n)
	}
}

// After a reset the earlier logins may have been the thief's.
func TestAResetForgetsTheHabits(t *testing.T) {
	t.Parallel()
	var h accountHistory
	ann, thief := visitor{source: 1, network: 1, country: 1}, visitor{source: 2, network: 2, country: 2}
	h.enter(100, &ann, true)
	if !h.compare(100, &thief).Country.New {
		t.Error("a second country is not new")
	}
	h.revoke()
	if s := h.compare(100, &thief); s != (risk.Habits{}) {
		t.Errorf("after a reset %+v is compared, want nothing", s)
	}
}

// A flood of logins of young accounts must not make its networks look usual.
func TestYoungAccountsDoNotSayWhatIsUsual(t *testing.T) {
	t.Parallel()
	w := inhabited(t)
	before := w.scoreOf("ann@x.test", abroad)
	for i := range 300 {
		p := abroad
		p.ip = fmt.Sprintf("203.0.113.%d", i%250)
		a := p.login(fmt.Sprintf("puppet%d@x.test", i))
		if w.d.Admit(w.now, w.policy, w.site, a).LetsThrough() {
			w.d.Settle(w.now, w.policy, w.site, a, succeeded)
		}
	}
	if after := w.scoreOf("ann@x.test", abroad); after < before-1e-3 {
		t.Errorf("score %.4f after a flood of young accounts, %.4f before", after, before)
	}
}

func TestALoginWithAllSignsAllocatesNothing(t *testing.T) {
	w := inhabited(t)
	a := abroad.login("ann@x.test")
	allocs := testing.AllocsPerRun(1000, func() {
		w.d.Admit(w.now, w.policy, w.site, a)
		c := admission{d: w.d, m: w.d.memory.Load(), p: w.policy, site: w.site, a: a, time: w.now, now: a.reserved.at}
		c.score()
	})
	most := 0.0
	if underRace {
		most = 16
	}
	if allocs > most {
		t.Errorf("admitting and scoring allocates %.1f times, want at most %.0f", allocs, most)
	}
}

func TestAnUpdateIsNoNewBrowser(t *testing.T) {
	t.Parallel()
	const old = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"
	for name, c := range map[string]struct {
		agent string
		same  bool
	}{
		"itself":             {old, true},
		"a later version":    {"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0.1", true},
		"another system":     {"Mozilla/5.0 (Windows NT 10.0; rv:127.0) Gecko/20100101 Firefox/127.0", false},
		"another browser":    {"Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Other/127.0", false},
		"none":               {"", false},
		"a number in a name": {strings.Replace(old, "x86_64", "x86_32", 1), false},
	} {
		if got := AgentTag(c.agent) == AgentTag(old); got != c.same {
			t.Errorf("%s: same %t, want %t", name, got, c.same)
		}
	}
}

func FuzzAgentTag(f *testing.F) {
	for _, s := range []string{"", "/", "a/1.2_3b", "rv:128.0)", "\xff/9", strings.Repeat("/1", 600)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		tag := AgentTag(s)
		if (tag == 0) != (s == "") {
			t.Errorf("%q has tag %d; 0 is for none", s, tag)
		}
		if len(s) > maxAgent && tag != AgentTag(s[:maxAgent]) {
			t.Errorf("%q: what is beyond %d bytes matters", s, maxAgent)
		}
		if len(s) < maxAgent-2 && AgentTag(s+"/1") != AgentTag(s+"/2") {
			t.Errorf("%q: the version matters", s)
		}
	})
}
