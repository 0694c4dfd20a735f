//go:build !race

package detector

const underRace = false
