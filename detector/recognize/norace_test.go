//go:build !race

package recognize

const underRace = false
