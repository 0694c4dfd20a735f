package rules

import "github.com/doorward/doorward/config"

const crowdRule = "crowd"

// Crowd is the detection of a request that names more identities than one
// request may be charged to (hostile reading, H13): one body must not lock
// three thousand accounts, nor fill the sketches with them. guesses is how many
// credentials it tries.
func Crowd(guesses int) Detection {
	return Detection{Name: config.CredentialStuffing, Axis: config.AxisSource, Rule: crowdRule, Count: max(guesses, 1)}
}
