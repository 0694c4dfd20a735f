package event

import (
	"strings"
	"unicode"
)

// safePath returns a path that can be shown: without query, fragment and path
// parameters (;jsessionid=…), and with * for every segment that may be a
// secret, such as the token of a password reset link. It would rather hide an
// innocent segment than show a token: the route says enough. It is idempotent.
func safePath(path string) string {
	if cut := strings.IndexAny(path, "?#;"); cut >= 0 {
		path = path[:cut]
	}
	if !hasSecret(path) {
		return path
	}
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if looksSecret(s) {
			segments[i] = "*"
		}
	}
	return strings.Join(segments, "/")
}

func hasSecret(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if looksSecret(segment) {
			return true
		}
	}
	return false
}

// looksSecret tells one-time codes (four digits or more and nothing else) and
// random strings (long, or with digits or capitals among other characters)
// from names.
func looksSecret(segment string) bool {
	var digits, upper, lower, all int
	for _, r := range segment {
		all++
		switch {
		case unicode.IsDigit(r):
			digits++
		case unicode.IsUpper(r):
			upper++
		case unicode.IsLower(r):
			lower++
		}
	}
	switch {
	case all >= 32:
		return true
	case all >= 16:
		return digits > 0 || (upper > 0 && lower > 0)
	case all >= 8:
		return digits > 0
	default:
		return digits == all && all >= 4
	}
}
