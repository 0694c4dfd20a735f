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
