package rules

import "github.com/doorward/doorward/config"

// AccountSources is from how many different sources an account must have been
// tried before it closes to strangers. Two are a person at home and on the
// phone; the pair rule handles those.
const AccountSources = 3

// Account fires when sources that never logged in to an account have together
// tried more different passwords for it than rate in its window (threshold
// T5). It refuses strangers only, as long as the count is that high: a source
// that has logged in to the account before has a budget of its own, so that
// nobody can lock a user out by guessing.
func Account(quarters, sources, factor int, rate config.Rate) Detection {
	n := rate.N * factor
	if sources < AccountSources || !over(quarters, n) {
		return Detection{}
	}
	return fired(config.Distributed, config.AxisAccount, "account", quarters, n, rate)
}
