package rules

import "github.com/doorward/doorward/config"

// Resets fires when a source, or strangers for one account, ask for more resets
// than n (threshold T17). A challenge is asked first; who solves it is let
// through up to twice as many. Resets are never closed for good: a few in a
// window always pass (H3).
func Resets(quarters, n int, axis config.Axis, rate config.Rate, solved bool) Detection {
	if solved {
		n *= 2
	}
	if !over(quarters, n) {
		return Detection{}
	}
	d := fired(config.ResetFlood, axis, "resets", quarters, n, rate)
	if axis == config.AxisAccount {
		d.Rule = "account_resets"
	}
	return d
}

// Codes fires when more codes of a second factor were tried than n (threshold
// T18): a six-digit code falls to a million guesses.
func Codes(quarters, n int, axis config.Axis, rate config.Rate) Detection {
	if !over(quarters, n) {
		return Detection{}
	}
	return fired(config.CodeGuessing, axis, "codes", quarters, n, rate)
}
