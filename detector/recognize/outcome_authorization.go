package recognize

import (
	"net/http"
	"strings"
)

// byHeader reports whether the credentials came in an Authorization header of
// the Basic or Digest scheme.
func (a *answer) byHeader() bool {
	f := a.x.Credentials.Format
	return f == FormatBasic || f == FormatDigest
}

// authorization reads the answer to Basic and Digest credentials (RFC 7617,
// RFC 7616). 401 refuses them; whatever else comes was answered to somebody
// who was let in, a missing page included, unless nobody looked at them.
func (a *answer) authorization() Outcome {
	status := "status " + itoa(a.status)
	switch {
	case a.status == http.StatusUnauthorized:
		return a.unauthorized(status)
	case a.status == http.StatusBadRequest && !a.accepted400():
		return outcome(Malformed, 0.9, status)
	case a.status == http.StatusForbidden:
		return a.forbiddenToHeader(status)
	case a.status >= 300 && a.status < 400 && a.leadsToLogin():
		return outcome(Unknown, 0, status+" leads to a login page: nobody looked at the credentials")
	case a.x.Known.Challenges:
		return outcome(Success, 0.92, status, "this place refuses wrong credentials with 401")
	case a.x.Credentials.Ambiguous:
		return outcome(Unknown, 0, status+" may be about other credentials than those of the header")
	default:
		return a.unasked(status)
	}
}

// accepted400 reports whether a 400 is about the request and not about its
// credentials: those are whole, and the place answers 401 to wrong ones. Digest
// answers 400 to a response for another address (RFC 7616, section 3.4.6).
func (a *answer) accepted400() bool {
	c := a.x.Credentials
	return c.Format == FormatBasic && a.x.Known.Challenges && !c.Missing && !c.Ambiguous
}

// unasked reads the answer of a place that was not seen to ask for credentials.
// Pages there are public more often than not, and nobody looked; who calls an
// API sends the credentials unasked. Neither proves anything (hostile reading,
// H1), and a wrong password would have brought a 401.
func (a *answer) unasked(status string) Outcome {
	const why = "this place was not seen to ask for credentials"
	switch {
	case a.status >= 400:
		return outcome(Unknown, 0, status, why)
	case a.cookies.session():
		return outcome(Success, 0.6, status, why, "new session cookie")
	case a.status < 300 && isPageType(a.x.Response.Header.Get("Content-Type")):
		return nobodyLooked(status + ", " + why + ": a public page")
	case a.json.failed() && a.told.has(saidRefused):
		return outcome(Failure, 0.85, status, why, "the answer blames the credentials")
	case a.complete && a.format == formatJSON && !a.json.spoken, a.json.failed():
		return outcome(Unknown, 0, status, why, "JSON that holds nothing")
	default:
		return outcome(Success, 0.6, status, why)
	}
}

func isPageType(kind string) bool {
	kind, _, _ = strings.Cut(kind, ";")
	return strings.HasSuffix(strings.ToLower(strings.TrimSpace(kind)), "html")
}

// unauthorized reads a 401 to Basic or Digest. What a page says is ignored: it
// is the same page for everybody.
func (a *answer) unauthorized(status string) Outcome {
	says := a.format != formatPage
	switch {
	case a.staleNonce():
		return outcome(Rejected, 0.95, status, "the digest's nonce was stale")
	case says && a.asksSecond():
		return a.secondFactor(status + " asks for a second factor")
	case says && a.told.has(saidTooMany):
		return outcome(Throttled, 0.9, status, "the answer says too many attempts")
	default:
		return outcome(Failure, 0.97, status)
	}
}

// forbiddenToHeader reads a 403: accepted but not allowed in most apps, the
// refusal itself in some.
func (a *answer) forbiddenToHeader(status string) Outcome {
	said := a.said()
	switch {
	case said.has(saidTooMany):
		return outcome(Throttled, 0.9, status, "the answer says too many attempts")
	case a.cookies.session():
		return outcome(Success, 0.8, status, "new session cookie")
	case said.has(saidRefused) && !said.has(saidForbidden):
		return outcome(Failure, 0.85, status, "the answer blames the credentials")
	case a.x.Known.Challenges:
		return outcome(Success, 0.8, status, "this place refuses wrong credentials with 401")
	case said.has(saidForbidden) && a.saysMore():
		return outcome(Success, 0.6, status, "the answer speaks of permissions")
	case said.has(saidForgery):
		return outcome(Rejected, 0.7, status, "the answer speaks of the form's token")
	case a.complete && !a.saysMore() && a.format != formatPage:
		return outcome(Failure, 0.6, status, "this place was not seen to ask for credentials")
	default:
		return outcome(Unknown, 0, status)
	}
}

// saysMore reports whether the answer is more than the name of its status.
func (a *answer) saysMore() bool { return len(a.x.Response.Body) > 40 }

// staleNonce reports whether a Digest challenge says that only the nonce was
// too old (RFC 7616, section 3.3).
func (a *answer) staleNonce() bool {
	if a.x.Credentials.Format != FormatDigest {
		return false
	}
	for _, challenge := range a.x.Response.Header.Values("WWW-Authenticate") {
		for part := range strings.SplitSeq(challenge, ",") {
			key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
			words := strings.Fields(key)
			if len(words) > 0 && strings.EqualFold(words[len(words)-1], "stale") {
				return strings.EqualFold(strings.Trim(strings.TrimSpace(value), `"`), "true")
			}
		}
	}
	return false
}

func (a *answer) leadsToLogin() bool {
	t, ok := a.follow(a.x.Response.Header.Get("Location"))
	return ok && t.login
}
