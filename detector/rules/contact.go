package rules

import (
	"math"

	"github.com/doorward/doorward/config"
)

// First contacts are judged by the sequential probability ratio test of Wald
// in the form of Jung, Paxson, Berger and Balakrishnan, "Fast Portscan
// Detection Using Sequential Hypothesis Testing" (2004): each contact moves the
// sum by the logarithm of how much likelier it is for a guesser than for a
// person. People fail 12 of 100 first contacts, guessers 985 of 1000; a failure
// weighs ln(0.985/0.12) = 2.1, a success ln(0.015/0.88) = -4.1. Here the
// failure is the unit, and a success weighs a quarter of that: whoever owns fifty
// accounts buys a hundred and fifty guesses with them by the full weight (H9),
// and nobody in an office or behind a carrier's address is refused more often by
// this one, because people succeed seven times for each failure.
const (
	ContactFailed    = 1.0
	ContactSucceeded = -0.5
	// ContactFloor is the most credit that can be saved up.
	ContactFloor = -2.2

	// contactSlack is the share of the limit that may be missing, up to half a
	// contact: what fades while a list is tried, an hour and a half of the
	// half-life of six for each tenth, must not let one more through.
	contactSlack = 0.05
)

// Contact fires when the sum of first contacts has reached limit.
func Contact(sum, limit float64, axis config.Axis, rate config.Rate) Detection {
	if sum < ContactsPass(limit) {
		return Detection{}
	}
	return Detection{
		Name: config.CredentialStuffing, Axis: axis, Rule: "contacts",
		Count: int(math.Round(sum)), Limit: int(limit), Window: rate.Window.Std(),
	}
}

// ContactsPass is the sum of first contacts below which Contact does not fire.
func ContactsPass(limit float64) float64 { return limit - min(contactSlack*limit, 0.5) }
