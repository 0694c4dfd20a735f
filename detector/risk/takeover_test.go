package risk

import (
	"testing"
	"testing/quick"
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
		"Tor alone":                          {Signs{Listed: true}, false},
		"the owner at home during an attack": {Signs{Guesses: 90, OwnGuesses: 8, Familiar: true}, false},
	} {
		if got := Score(c.signs) >= Takeover; got != c.suspect {
			t.Errorf("%s: score %.2f, suspected %t, want %t", name, Score(c.signs), got, c.suspect)
		}
	}
}

func TestScoreStaysInBoundsAndRisesWithEverySign(t *testing.T) {
	t.Parallel()
	err := quick.Check(func(s Signs) bool {
		score := Score(s)
		more := s
		more.Listed = true
		return score >= 0 && score <= 1 && Score(more) >= score
	}, nil)
	if err != nil {
		t.Error(err)
	}
}
