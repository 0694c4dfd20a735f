package clearance

import (
	"net/url"
	"strings"
)

// staysHere reports whether a browser that follows address stays on the site, and
// whether the address fits into a header.
func staysHere(address string) bool {
	if strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }) {
		return false
	}
	base, _ := url.Parse("https://shop.test/.doorward/challenge")
	to, err := base.Parse(address)
	if err != nil {
		// Go is stricter than browsers about escapes; a path stays a path.
		return strings.HasPrefix(address, "/") && !strings.HasPrefix(address, "//")
	}
	return to.Scheme == "https" && to.Host == "shop.test" && to.User == nil
}
