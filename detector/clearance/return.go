package clearance

import "strings"

// ReturnPath returns the address to go back to, as far as it may be gone to: a
// path of the same site, with its query. Anything else becomes "/": schemes,
// hosts (also those that browsers make out of // and of backslashes), control
// characters and spaces, which may end a header, bytes beyond ASCII, and what is
// longer than MaxReturn. A fragment is cut off: it is the browser's own. Paths
// under the reserved prefix lead to a challenge again, and become "/", too.
func ReturnPath(address, reserved string) string {
	address, _, _ = strings.Cut(address, "#")
	if len(address) > MaxReturn || !strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//") {
		return "/"
	}
	for i := range len(address) {
		if c := address[i]; c <= ' ' || c >= 0x7f || c == '\\' {
			return "/"
		}
	}
	path, _, _ := strings.Cut(address, "?")
	if reserved != "" && strings.HasPrefix(path+"/", reserved) || hasDots(path) {
		return "/"
	}
	return address
}

// hasDots reports whether a segment is . or ..: taken out by a browser, they
// could bring two slashes to the beginning.
func hasDots(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." || strings.EqualFold(segment, "%2e") ||
			len(segment) <= 6 && strings.EqualFold(strings.ReplaceAll(strings.ToLower(segment), "%2e", "."), "..") {
			return true
		}
	}
	return false
}
