package recognize

import "net/http"

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
	for _, c := range (&http.Request{Header: r.Header}).Cookies() {
		if len(x.Cookies) == maxCookieNames {
			break
		}
		x.Cookies = append(x.Cookies, c.Name)
	}
	for _, id := range found.Identities {
		for _, pair := range id.Pairs() {
			x.Echoes = append(x.Echoes, pair.Value)
		}
	}
	return x
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
