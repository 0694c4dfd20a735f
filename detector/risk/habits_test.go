package risk

import (
	"testing"
	"testing/quick"
	"time"
)

// never is new for the account and was never seen at the site either.
var never = Feature{New: true}

// stranger is somebody of whom nothing fits the account.
func stranger(logins int) Habits {
	return Habits{
		Logins: logins, Site: 1e5, Network: never, Provider: never, Country: never,
		Agent: Feature{New: true, Seen: 1000}, Device: Feature{New: true},
	}
}

// Each login looks more like a takeover than the one before it.
func TestLoginsAreRanked(t *testing.T) {
	t.Parallel()
	device := Feature{New: true}
	agent := Feature{New: true, Seen: 1000}
	ranked := []struct {
		name   string
		habits Habits
	}{
		{"a new carrier's address that everybody shares", Habits{Logins: 25, Site: 1e5, Network: Feature{New: true, Seen: 1500}}},
		{"the same without the cookie", Habits{Logins: 25, Site: 1e5, Network: Feature{New: true, Seen: 1500}, Device: device}},
		{"a network nobody knows, a short history", Habits{Logins: 4, Site: 1e5, Network: never, Device: device}},
		{"a network nobody knows, a long history", Habits{Logins: 25, Site: 1e5, Network: never, Device: device}},
		{"and a provider of the country", Habits{Logins: 25, Site: 1e5, Network: never, Device: device, Provider: Feature{New: true, Seen: 10000}}},
		{"a VPN for the first time", Habits{
			Logins: 25, Site: 1e5, Network: Feature{New: true, Seen: 30}, Device: device, Agent: agent,
			Provider: Feature{New: true, Seen: 300}, List: Feature{New: true},
		}},
		{"abroad", Habits{Logins: 25, Site: 1e5, Network: never, Device: device, Provider: never, Country: Feature{New: true, Seen: 300}}},
		{"abroad, with another browser", Habits{Logins: 25, Site: 1e5, Network: never, Device: device, Provider: never, Country: Feature{New: true, Seen: 300}, Agent: agent}},
		{"in a country nobody comes from", stranger(25)},
		{"and less than an hour after a login at home", func() Habits { h := stranger(25); h.Hurried = true; return h }()},
	}
	last := 0.0
	for _, c := range ranked {
		score := Score(Signs{Habits: c.habits})
		if score <= last {
			t.Errorf("%s: score %.3f, want more than %.3f", c.name, score, last)
		}
		last = score
	}
}

func TestWhatIsNotKnownCountsForNothing(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]Habits{
		"no history":                        func() Habits { h := stranger(0); h.Hurried = true; return h }(),
		"nothing is new":                    {Logins: 25, Site: 1e5},
		"another country that is not new":   {Logins: 25, Hurried: true},
		"a count of logins that is no such": stranger(-3),
	} {
		if got := Score(Signs{Habits: h}); got != 0 {
			t.Errorf("%s: score %g, want 0", name, got)
		}
	}
	little := Habits{Logins: 25, Network: never, Country: never}
	much := little
	much.Site = 1e5
	if a, b := Score(Signs{Habits: little}), Score(Signs{Habits: much}); a >= b {
		t.Errorf("a country nobody came from scores %.3f at a new site and %.3f at an old one, want less", a, b)
	}
}

// Whoever is away for long comes from somewhere else more often.
func TestTimeAwayExcuses(t *testing.T) {
	t.Parallel()
	h := stranger(25)
	soon := Score(Signs{Habits: h})
	h.Away = 60 * 24 * time.Hour
	if late := Score(Signs{Habits: h}); late >= soon {
		t.Errorf("score %.3f after two months, %.3f after none, want less", late, soon)
	}
}

// The score must tell logins apart: equal ones can only be asked together.
func TestScoreIsFinelyGraded(t *testing.T) {
	t.Parallel()
	seen := map[float64]bool{}
	for logins := range 100 {
		for days := range 90 {
			h := Habits{Logins: logins + 1, Site: 1e5, Network: never}
			h.Away = time.Duration(days)*24*time.Hour + time.Duration(logins)*time.Minute
			seen[Score(Signs{Habits: h})] = true
		}
	}
	if len(seen) < 8900 {
		t.Errorf("%d different scores of 9000 logins, want at least 8900", len(seen))
	}
}

// The size of a site must not decide: what rarity adds is capped.
func TestRarityIsCapped(t *testing.T) {
	t.Parallel()
	at := func(site, seen float64) float64 {
		return Score(Signs{Habits: Habits{Logins: 25, Site: site, Country: Feature{New: true, Seen: seen}}})
	}
	if a, b := at(1e7, 0), at(1e12, 0); a != b {
		t.Errorf("a country nobody came from scores %g after 1e7 logins and %g after 1e12, want the same", a, b)
	}
	if a, b := at(1e5, 5e4), at(1e5, 0); a >= b {
		t.Errorf("a country that half the site comes from scores %g, one that nobody does %g, want less", a, b)
	}
	if got := at(1e5, 1e5); got == 0 {
		t.Error("a country that everybody else comes from says nothing")
	}
}

func TestANewSiteFindsNothingRare(t *testing.T) {
	t.Parallel()
	for name, w := range map[string]weight{"network": weights.network, "provider": weights.provider, "country": weights.country, "agent": weights.agent} {
		if got := w.rare(0, 0); got < -1e-9 || got > 1e-9 {
			t.Errorf("%s: rarity adds %g bits at a site without logins, want 0", name, got)
		}
	}
}

func TestHabitsAloneStayBelowOne(t *testing.T) {
	t.Parallel()
	if err := quick.Check(func(s anySigns) bool {
		x := s.Habits.strange()
		return x >= 0 && x < 0.75
	}, nil); err != nil {
		t.Error(err)
	}
}
