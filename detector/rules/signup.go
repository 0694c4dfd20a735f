package rules

import "github.com/doorward/doorward/config"

// Signup fires when one source creates more accounts than rate in its window
// (threshold T13). signups counts accounts created and signups under way.
func Signup(signups, factor int, rate config.Rate) Detection {
	n := rate.N * factor
	if !over(signups, n) {
		return Detection{}
	}
	return fired(config.SignupFlood, config.AxisSource, "signups", signups, n, rate)
}

// SignupSurge names the rule that holds while the site is flooded with signups.
const SignupSurge = "signups, site"
