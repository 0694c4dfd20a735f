//go:build race

package recognize

// underRace: the race detector allocates on its own account.
const underRace = true
