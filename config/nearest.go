package config

import "strings"

// Nearest returns the word of list that word was most likely meant to be, or
// "" when none is close: at most a third of the letters may be wrong, missing,
// added or swapped, and at least one may. Dashes count as underscores and
// capitals as small letters, and a word that begins with what was written
// is close, too.
func Nearest(word string, list []string) string {
	const longest = 64 // an operator's word; what is longer is no misspelling
	if len(word) > longest || word == "" {
		return ""
	}
	word = strings.ReplaceAll(strings.ToLower(word), "-", "_")
	best, bestDistance := "", max(1, len(word)/3)+1
	for _, candidate := range list {
		if d := distance(word, candidate); d < bestDistance {
			best, bestDistance = candidate, d
		}
	}
	if best != "" || len(word) < 3 {
		return best
	}
	for _, candidate := range list {
		if strings.HasPrefix(candidate, word) {
			return candidate
		}
	}
	return ""
}

// distance counts the edits from a to b: insertions, deletions, changes and
// swaps of two neighbours (the "optimal string alignment" distance).
func distance(a, b string) int {
	before, previous := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current := make([]int, len(b)+1)
		current[0] = i
		for j := 1; j <= len(b); j++ {
			change := previous[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			current[j] = min(change, previous[j]+1, current[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				current[j] = min(current[j], before[j-2]+1)
			}
		}
		before, previous = previous, current
	}
	return previous[len(b)]
}
