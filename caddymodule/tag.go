package caddymodule

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/doorward/doorward/config"
)

// The headers by which the app is told of an attempt that is let through with
// the answer tag or delay. An app that sees none was asked as usual, or is not
// behind Doorward. What a client sends under these names never arrives.
const (
	// HeaderVerdict is tag or delay.
	HeaderVerdict = "Doorward-Verdict"
	// HeaderDetection is what was detected, a word of the closed list; absent
	// when only a list names the source.
	HeaderDetection = "Doorward-Detection"
	// HeaderList is the address lists that name the source, comma separated.
	HeaderList = "Doorward-List"
	// HeaderRisk is how suspicious a success would be, 0.000 to 1.000: the
	// takeover score before the app has answered.
	HeaderRisk = "Doorward-Risk"
)

// headerSpace is what all of them begin with. The whole space is Doorward's.
const headerSpace = "Doorward"

// tag tells the app about an attempt that is let through with a mark. In
// observe mode nothing is carried out and nothing is told.
func (v *visit) tag() {
	if v.verdict.Answer != config.AnswerTag && v.verdict.Answer != config.AnswerDelay {
		return
	}
	h := v.r.Header
	h[HeaderVerdict] = []string{string(v.verdict.Answer)}
	if v.verdict.Detection != "" {
		h[HeaderDetection] = []string{string(v.verdict.Detection)}
	}
	if lists := v.attempt.Source.Lists; len(lists) > 0 {
		h[HeaderList] = []string{strings.Join(lists, ", ")}
	}
	v.h.sheltered("score", func() {
		score := v.h.app.state.detector.Score(time.Now(), v.h.policy, v.site, &v.attempt)
		h[HeaderRisk] = []string{strconv.FormatFloat(score, 'f', 3, 64)}
	})
}

// untag removes what a client sends under Doorward's names: in any letter case
// and, because CGI and WSGI make the same variable of them, with _ for -. It
// allocates nothing.
func untag(r *http.Request) {
	for name := range r.Header {
		if reserved(name) {
			delete(r.Header, name)
		}
	}
	for name := range r.Trailer {
		if reserved(name) {
			delete(r.Trailer, name)
		}
	}
}

func reserved(name string) bool {
	const n = len(headerSpace)
	return len(name) > n && name[0]|0x20 == 'd' && (name[n] == '-' || name[n] == '_') && strings.EqualFold(name[:n], headerSpace)
}

// shield is a matcher that matches every request and removes what only Doorward
// may say. It stands in front of the first route of a server, so that the
// client's copies are gone on all its sites, those without the directive
// included: an app behind two sites of a server believes the headers of both.
type shield struct{}

// MatchWithError removes the headers. It always matches.
func (shield) MatchWithError(r *http.Request) (bool, error) {
	untag(r)
	return true, nil
}

// shieldServer puts the shield in front of the routes of a server that has a
// site with the directive. Caddy compiles the routes after the last of them has
// been provisioned, and asks the matchers of the first one for every request.
// Other servers of the process, on other addresses, have no such site: what
// goes in there passes no protection at all.
func shieldServer(server *caddyhttp.Server) bool {
	if server == nil || len(server.Routes) == 0 {
		return false
	}
	first := &server.Routes[0]
	if len(first.MatcherSets) == 0 {
		first.MatcherSets = caddyhttp.MatcherSets{{shield{}}}
		return true
	}
	set := first.MatcherSets[0]
	if len(set) > 0 {
		if _, done := set[0].(shield); done {
			return true
		}
	}
	first.MatcherSets[0] = append(caddyhttp.MatcherSet{shield{}}, set...)
	return true
}

// Interface guard
var _ caddyhttp.RequestMatcherWithError = shield{}
