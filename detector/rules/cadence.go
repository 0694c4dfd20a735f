package rules

import "github.com/doorward/doorward/config"

// CadenceRule names the rule of failures faster than people type.
const CadenceRule = "cadence"

// Cadence fires when one source fails faster than people type: more often than
// rate in its few seconds (threshold T15). However many accounts log in from
// there, their owners do not fail all at once; so unlike [Source] it does not rise
// with their number. failed counts only what is known to have failed, names is
// about how many accounts.
func Cadence(failed, names, factor int, rate config.Rate) Detection {
	n := rate.N * factor
	if !over(failed, n) {
		return Detection{}
	}
	return fired(sourceName(names), config.AxisSource, CadenceRule, failed, n, rate)
}
