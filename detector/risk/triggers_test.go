package risk

import (
	"slices"
	"strings"
	"testing"
	"testing/quick"
)

var nowhere = Where{Provider: 64500, Country: [2]byte{'X', 'K'}, List: "vpn"}

func TestTriggersInWords(t *testing.T) {
	t.Parallel()
	isNew := Feature{New: true}
	for name, c := range map[string]struct {
		signs Signs
		want  []string
	}{
		"nothing":          {Signs{Habits: Habits{Logins: 3}}, nil},
		"no history":       {Signs{Habits: Habits{Country: isNew, List: isNew, Device: isNew}}, nil},
		"a new country":    {Signs{Habits: Habits{Logins: 3, Country: isNew}}, []string{"XK is a new country"}},
		"known, but quick": {Signs{Habits: Habits{Logins: 3, Hurried: true}}, nil},
		"a VPN": {
			Signs{Habits: Habits{Logins: 3, List: isNew, Provider: isNew}},
			[]string{"first login by way of the list vpn", "first login from the provider AS64500"},
		},
		"a new phone at a friend's": {
			Signs{Habits: Habits{Logins: 3, Network: isNew, Device: isNew, Agent: isNew}},
			[]string{"first login from this network", "unknown device", "first login with this browser"},
		},
		"guesses": {
			Signs{OwnGuesses: 6, Guesses: 6},
			[]string{"the source tried other passwords before", "strangers have been guessing at the account"},
		},
		"a stuffer abroad": {
			Signs{SourceFailures: 6, SourceNames: 6, Habits: Habits{Logins: 3, Country: isNew, Hurried: true}},
			[]string{"the source failed for other accounts", "XK is a new country", "it logged in from another country less than an hour before"},
		},
	} {
		if got := c.signs.Triggers().Words(nowhere); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if got := ChangedSoon.Words(nowhere); len(got) != 1 || !strings.Contains(got[0], "password was changed") {
		t.Errorf("a changed password: %q", got)
	}
}

// A score without a word would be one that nobody can check. The list of a
// source is told by itself, in every event.
func TestEveryScoreHasItsWords(t *testing.T) {
	t.Parallel()
	err := quick.Check(func(s anySigns) bool {
		return Score(s.Signs) == 0 || s.Triggers() != 0 && s.Triggers().Words(nowhere) != nil || s.Listed
	}, &quick.Config{MaxCount: 2000})
	if err != nil {
		t.Error(err)
	}
}
