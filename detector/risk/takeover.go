package risk

// Signs are what is known of a login that has just succeeded.
type Signs struct {
	// Guesses is how many different wrong passwords strangers tried for the
	// account in the last hour.
	Guesses int
	// SourceFailures is how often the source failed in the short window.
	SourceFailures int
	// SourceNames is about how many accounts the source tried in vain.
	SourceNames int
	// OwnGuesses is how many different wrong passwords this source tried for
	// this account before it got in.
	OwnGuesses int
	// Familiar tells that the source or the client logged in to the account
	// before.
	Familiar bool
	// Listed tells that the source is on an address list such as Tor from which
	// the account was not logged in to before.
	Listed bool
	// Habits compare the login with the earlier ones of the account.
	Habits Habits
}

// TakeoverGuesses is after how many failures a success is suspected. Datadog's
// rules and Microsoft's hunting queries use more than five.
const TakeoverGuesses = 5

// Takeover is the score from which a success is reported as a takeover and
// earns nothing.
const Takeover = 0.5

// Unusual is the score from which a password change that follows within half
// an hour is reported: about that of a login from a network that is new to the
// account and to the site.
const Unusual = 0.25

// Score rates the signs from 0 (nothing speaks against it) to 1. It rises with
// every sign and never sinks when one is added; a familiar client divides it
// by ten, because its owner forgets passwords and travels more often than he is
// robbed. A cookie alone never makes it zero: it can be stolen.
func Score(s Signs) float64 {
	rest := 1 - s.Habits.strange()
	weigh := func(holds bool, weight float64) {
		if holds {
			rest *= 1 - weight
		}
	}
	weigh(s.guessedItself(), 0.5)
	weigh(s.guessed(), 0.5)
	weigh(s.stuffed(), 0.8)
	weigh(s.Listed, 0.2)
	score := 1 - rest
	if s.Familiar {
		score /= 10
	}
	return score
}

func (s *Signs) guessedItself() bool { return s.OwnGuesses > TakeoverGuesses }
func (s *Signs) guessed() bool       { return s.Guesses > TakeoverGuesses }
func (s *Signs) stuffed() bool {
	return s.SourceFailures > TakeoverGuesses && s.SourceNames > TakeoverGuesses
}
