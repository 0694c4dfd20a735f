package rules

import "github.com/doorward/doorward/config"

// stuffingNames is how many different accounts make failures from one source
// credential stuffing rather than brute force. CrowdSec's user enumeration
// scenarios and the OWASP Automated Threat OAT-008 draw the line at five.
const stuffingNames = 5

// Source fires when one source fails more often than rate in its window
// (threshold T1). names is about how many different accounts it tried.
func Source(quarters, names, factor int, rate config.Rate) Detection {
	n := rate.N * factor
	if !over(quarters, n) {
		return Detection{}
	}
	return fired(sourceName(names), config.AxisSource, "source", quarters, n, rate)
}

func sourceName(names int) config.Detection {
	if names > stuffingNames {
		return config.CredentialStuffing
	}
	return config.BruteForce
}
