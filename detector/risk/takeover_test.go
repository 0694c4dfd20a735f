package risk

import (
	oldrand "math/rand" // what testing/quick hands over
	"math/rand/v2"
	"reflect"
	"testing"
	"testing/quick"
	"time"
)

func TestScore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		signs   Signs
		suspect bool
	}{
		"nothing":                                 {Signs{}, false},
		"five typing errors of one's own":         {Signs{OwnGuesses: 5}, false},
		"six guesses from the same source":        {Signs{OwnGuesses: 6}, true},
		"strangers guessed at the account":        {Signs{Guesses: 6}, true},
		"the source stuffed other accounts":       {Signs{SourceFailures: 6, SourceNames: 6}, true},
		"the source failed, but for few accounts": {Signs{SourceFailures: 9, SourceNames: 2}, false},
		"Tor alone":                             {Signs{Listed: true}, false},
		"the owner at home during an attack":    {Signs{Guesses: 90, OwnGuesses: 8, Familiar: true}, false},
		"all is new":                            {Signs{Habits: stranger(25)}, true},
		"all is new, but the cookie is known":   {Signs{Habits: stranger(25), Familiar: true}, false},
		"all is new after one login":            {Signs{Habits: stranger(1)}, false},
		"only the network is new":               {Signs{Habits: Habits{Logins: 90, Site: 1e5, Network: never}}, false},
		"a source that stuffs, another country": {Signs{SourceFailures: 6, SourceNames: 6, Habits: stranger(25)}, true},
	} {
		if got := Score(c.signs) >= Takeover; got != c.suspect {
			t.Errorf("%s: score %.2f, suspected %t, want %t", name, Score(c.signs), got, c.suspect)
		}
	}
}

// anySigns are signs as an engine may see them, with or without each feature.
type anySigns struct{ Signs }

func (anySigns) Generate(r *oldrand.Rand, _ int) reflect.Value {
	x := rand.New(rand.NewPCG(r.Uint64(), 1))
	yes := func() bool { return x.IntN(2) == 0 }
	feature := func() Feature { return Feature{New: yes(), Seen: []float64{0, 1, 1e4 * x.Float64(), 1e9}[x.IntN(4)]} }
	return reflect.ValueOf(anySigns{Signs{
		Guesses: x.IntN(12), SourceFailures: x.IntN(12), SourceNames: x.IntN(12), OwnGuesses: x.IntN(12) - 1,
		Familiar: yes(), Listed: yes(),
		Habits: Habits{
			Logins: x.IntN(101), Site: []float64{0, 50, 1e6 * x.Float64()}[x.IntN(3)], Away: time.Duration(x.Int64N(int64(90 * 24 * time.Hour))),
			Network: feature(), Provider: feature(), Country: feature(), Agent: feature(), List: feature(), Device: feature(),
			Hurried: yes(),
		},
	}})
}

// more are all the ways in which one more sign speaks against a login.
var more = map[string]func(s *Signs){
	"listed":           func(s *Signs) { s.Listed = true },
	"guesses":          func(s *Signs) { s.Guesses += 6 },
	"own guesses":      func(s *Signs) { s.OwnGuesses += 6 },
	"failures":         func(s *Signs) { s.SourceFailures += 6 },
	"names":            func(s *Signs) { s.SourceNames += 6 },
	"unfamiliar":       func(s *Signs) { s.Familiar = false },
	"network":          func(s *Signs) { s.Habits.Network.New = true },
	"provider":         func(s *Signs) { s.Habits.Provider.New = true },
	"country":          func(s *Signs) { s.Habits.Country.New = true },
	"agent":            func(s *Signs) { s.Habits.Agent.New = true },
	"list":             func(s *Signs) { s.Habits.List.New = true },
	"device":           func(s *Signs) { s.Habits.Device.New = true },
	"hurried":          func(s *Signs) { s.Habits.Hurried = true },
	"rarer network":    func(s *Signs) { s.Habits.Network.Seen /= 3 },
	"rarer country":    func(s *Signs) { s.Habits.Country.Seen /= 3 },
	"an older site":    func(s *Signs) { s.Habits.Site = 2*s.Habits.Site + 1 },
	"a longer history": func(s *Signs) { s.Habits.Logins++ },
	"less time away":   func(s *Signs) { s.Habits.Away /= 2 },
}

func TestScoreStaysInBoundsAndRisesWithEverySign(t *testing.T) {
	t.Parallel()
	for name, add := range more {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := quick.Check(func(s anySigns) bool {
				before := Score(s.Signs)
				add(&s.Signs)
				after := Score(s.Signs)
				return before >= 0 && after <= 1 && after >= before
			}, &quick.Config{MaxCount: 2000})
			if err != nil {
				t.Error(err)
			}
		})
	}
}
