package rules

import "github.com/doorward/doorward/config"

// Missing fires when one source sends more logins without a password or a user
// name than rate lets through (threshold T22, the AWS WAF signal for missing
// credentials): a program that looks for a login and for what it answers.
func Missing(quarters, factor int, rate config.Rate) Detection {
	n := rate.N * factor
	if !over(quarters, n) {
		return Detection{}
	}
	return fired(config.MissingCredentials, config.AxisSource, "missing", quarters, n, rate)
}
