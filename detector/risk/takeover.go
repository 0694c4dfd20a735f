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
	// Listed tells that the source is on an address list such as Tor.
	Listed bool
}

// TakeoverGuesses is after how many failures a success is suspected. Datadog's
// rules and Microsoft's hunting queries use more than five.
const TakeoverGuesses = 5

// Takeover is the score from which a success is reported as a takeover.
const Takeover = 0.5

// Score rates the signs from 0 (nothing speaks against it) to 1. It rises with
// every sign and never sinks when one is added; a familiar client divides it
// by ten, because its owner forgets passwords more often than he is robbed.
func Score(s Signs) float64 {
	rest := 1.0
	weigh := func(holds bool, weight float64) {
		if holds {
			rest *= 1 - weight
		}
	}
	weigh(s.OwnGuesses > TakeoverGuesses, 0.5)
	weigh(s.Guesses > TakeoverGuesses, 0.5)
	weigh(s.SourceFailures > TakeoverGuesses && s.SourceNames > TakeoverGuesses, 0.8)
	weigh(s.Listed, 0.2)
	score := 1 - rest
	if s.Familiar {
		score /= 10
	}
	return score
}
