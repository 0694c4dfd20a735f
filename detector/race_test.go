//go:build race

package detector

// underRace: the race detector makes sync.Pool forget at random, so pooled
// memory is allocated again now and then.
const underRace = true
