package rules

import "github.com/doorward/doorward/config"

// Slow fires when one source fails more often than rate over a day: guessing
// that stays under the short window (threshold T9).
func Slow(quarters, factor int, rate config.Rate) Detection {
	n := rate.N * factor
	if !over(quarters, n) {
		return Detection{}
	}
	return fired(config.SlowGuessing, config.AxisSource, "source_slow", quarters, n, rate)
}
