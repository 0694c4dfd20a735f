package recognize

import (
	"net/http"
	"strings"

	"github.com/doorward/doorward/config"
)

// takesToken reports whether the credential of a route is declared to be the
// token of an Authorization header.
func takesToken(route *config.Route) bool {
	return route != nil && route.Password != nil && route.Password.From == config.PlaceBearer
}

// tokens returns the tokens of the Authorization headers: what follows the
// scheme, or the whole value where there is none. At most maxAuthorization
// headers are looked at, and maxAuthorizationBytes of each. Basic and Digest
// credentials are none.
func tokens(h http.Header) []string {
	values := h["Authorization"]
	var list []string
	for _, value := range values[:min(len(values), maxAuthorization)] {
		scheme, token := cutScheme(value[:min(len(value), maxAuthorizationBytes)])
		if holdsFold(scheme, "basic") || holdsFold(scheme, "digest") {
			continue
		}
		if token = strings.TrimSpace(token); token == "" {
			token = scheme
		}
		if token != "" {
			list = append(list, token)
		}
	}
	return list
}

// ofToken tells how a token fared. It comes with every request of a client, so
// its acceptance is the use of it and no login: nobody is told of it, and it takes
// no charge of other attempts back, because a guesser may own a token too. A
// refusal is a guess (H24: only where the operator declared it). What the app
// does with a request behind an accepted token, be it 404 or 500, says nothing
// against the token. By default the refusal is 401 (RFC 6750 section 3.1); many
// apps answer 403 to what the token may not do, so that must be declared.
func ofToken(x Exchange, declared Outcome, limits declaredLimits) Outcome {
	resp := x.Response
	o := declared
	switch {
	case o.Result != "":
	case resp.Status == 0, resp.Status == statusClientClosed, isGatewayStatus(resp.Status):
		return open(resp, unanswered(resp))
	case resp.Status == http.StatusTooManyRequests, resp.Status == http.StatusLocked:
		o = outcome(Throttled, 0.97, "status "+itoa(resp.Status))
	case resp.Status == http.StatusUnauthorized:
		o = limits.apply(outcome(Failure, 0.95, "the token was refused: status 401"))
	default:
		o = outcome(Success, 0.9, "the token was not refused")
	}
	if o.Result == Success {
		o.Kind = config.KindNone
		o.Evidence = append(o.Evidence, "a token that is accepted is used, not logged in with")
	}
	return o
}
