package rules

import "github.com/doorward/doorward/config"

// Pair fires when one source has tried more different passwords for one
// account than rate in its window (threshold T4). Only the pair is closed: the
// account stays open to everybody else, and the source to other accounts.
func Pair(quarters, factor int, rate config.Rate) Detection {
	n := rate.N * factor
	if !over(quarters, n) {
		return Detection{}
	}
	return fired(config.BruteForce, config.AxisPair, "pair", quarters, n, rate)
}
