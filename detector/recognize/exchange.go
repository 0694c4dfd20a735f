package recognize

import (
	"net/http"
	"strings"
)

// maxCookieNames bounds how many cookie names of a request are looked at.
const maxCookieNames = 64

// Exchange puts a request, what was found in it, and the answer together for
// Classify. The body of r is not needed.
func (r *Request) Exchange(found *Credentials, resp *Response, known RouteFacts) Exchange {
	x := Exchange{
		Host: r.Host, Path: r.Path, RawQuery: r.RawQuery, Referer: r.Header.Get("Referer"),
		Credentials: found, Response: resp, Known: known,
	}
	x.Method = r.Method
	if found.Format == FormatBasic || found.Format == FormatDigest {
		x.WithCode = bringsCode(r.Header)
	}
	x.Cookies = cookieNames(r.Header["Cookie"])
	for _, id := range found.Identities {
		x.Echoes = id.AppendValues(x.Echoes)
	}
	return x
}

// cookieNames lists the names in Cookie headers (RFC 6265, section 4.2.1),
// without copying any. Names without a value are left out.
func cookieNames(lines []string) []string {
	count := 0
	for _, line := range lines {
		count += strings.Count(line, "=")
	}
	if count == 0 {
		return nil
	}
	names := make([]string, 0, min(count, maxCookieNames))
	for _, line := range lines {
		for pair := range strings.SplitSeq(line, ";") {
			name, _, ok := strings.Cut(strings.TrimSpace(pair), "=")
			if ok && name != "" && len(names) < cap(names) {
				names = append(names, name)
			}
		}
	}
	return names
}

// bringsCode reports whether a header of the request carries a second factor:
// X-GitHub-OTP and the like.
func bringsCode(h http.Header) bool {
	for name, values := range h {
		if len(values) == 0 || values[0] == "" {
			continue
		}
		if hasSuffixFold(name, "-otp") || hasSuffixFold(name, "-totp") || hasSuffixFold(name, "-2fa") || hasSuffixFold(name, "-mfa") {
			return true
		}
	}
	return false
}
