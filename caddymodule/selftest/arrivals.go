package selftest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/identity"
	"github.com/doorward/doorward/detector/recognize"
)

// From how many answered attempts on something is said about a route: fewer
// are one user's afternoon. A health notice, which wakes somebody, needs more
// than a warning here.
const (
	enoughToWarn   = 20
	warnPercent    = 10
	enoughToNotice = 50
	noticePercent  = 20
	enoughUnseen   = 5 // attempts elsewhere, for a declared route that saw none
)

// outcomesMatter reports whether somebody is judged by how attempts of a kind
// end. A logout harms nobody, and a good app answers every request for a reset
// mail the same.
func outcomesMatter(k config.Kind) bool {
	return k != config.KindLogout && k != config.KindResetRequest
}

// UnknownPercent is the share of the answered attempts whose outcome could not
// be read.
func UnknownPercent(r *detector.RouteStatus) int {
	if r.Answered == 0 {
		return 0
	}
	return int(uint64(r.Unknown) * 100 / uint64(r.Answered))
}

// Unread names the route whose outcomes are unknown so often that somebody has
// to be told, the one with most attempts; "" when there is none.
func Unread(s *Site) string {
	var worst *detector.RouteStatus
	for i := range s.Status.Routes {
		r := &s.Status.Routes[i]
		if !outcomesMatter(r.Kind) || r.Answered < enoughToNotice || UnknownPercent(r) <= noticePercent {
			continue
		}
		if worst == nil || r.Answered > worst.Answered {
			worst = r
		}
	}
	if worst == nil {
		return ""
	}
	return s.Config.Name + ": " + nameOf(worst)
}

// Silent names a declared route that never yielded an outcome although attempts
// were answered; "" when there is none.
func Silent(s *Site) string {
	for _, route := range s.Config.Routes {
		if r := s.seen(route); r != nil && silent(r) {
			return s.Config.Name + ": " + nameOf(r)
		}
	}
	return ""
}

func silent(r *detector.RouteStatus) bool {
	return outcomesMatter(r.Kind) && r.Answered >= enoughToWarn && r.Unknown >= r.Answered
}

func nameOf(r *detector.RouteStatus) string { return string(r.Kind) + " " + identity.Display(r.Path) }

func labelOf(r config.Route) string {
	where := strings.TrimSpace(r.Method + " " + r.Path)
	if where == "" {
		where = "by its matcher"
	}
	return string(r.Kind) + " " + where
}

// seen returns what was counted of a declared route, nil when nothing was. A
// route without a path is counted by the paths that were asked for.
func (s *Site) seen(route config.Route) *detector.RouteStatus {
	var most *detector.RouteStatus
	for i := range s.Status.Routes {
		r := &s.Status.Routes[i]
		if !r.Declared || r.Kind != route.Kind || route.Path != "" && !recognize.PathMatches(route.Path, r.Path) {
			continue
		}
		if most == nil || r.Attempts > most.Attempts {
			most = r
		}
	}
	return most
}

// outcomes looks at whether the app's answers can be read.
func outcomes(s *Site) (checks []Check) {
	attempts, answered, unknown := uint32(0), uint32(0), uint32(0)
	for i := range s.Status.Routes {
		r := &s.Status.Routes[i]
		attempts, answered, unknown = attempts+r.Attempts, answered+r.Answered, unknown+r.Unknown
		if c, bad := unreadable(s, r); bad {
			checks = append(checks, c)
		}
	}
	sum := Check{Level: OK, Name: Outcomes, Site: s.Config.Name}
	sum.What = fmt.Sprintf("%d routes, %d attempts, %d answered by the app, %d outcomes unknown, %d wait for the next page",
		len(s.Status.Routes), attempts, answered, unknown, s.Pending)
	if attempts == 0 {
		sum.What = "no attempt was seen yet: log in once, and ask again"
	}
	return append([]Check{sum}, checks...)
}

func unreadable(s *Site, r *detector.RouteStatus) (Check, bool) {
	if !outcomesMatter(r.Kind) || r.Answered < enoughToWarn || UnknownPercent(r) < warnPercent {
		return Check{}, false
	}
	c := Check{
		Level: Warning, Name: Outcomes, Site: s.Config.Name,
		What: fmt.Sprintf("%s: %d %% of %d outcomes are unknown (%d)", nameOf(r), UnknownPercent(r), r.Answered, r.Unknown),
		Why:  "they count a quarter for their source and nothing for the account",
		Advice: "record a login and a failed one with the browser, ask `caddy doorward recognize FILE.har`, and declare the route " +
			"with `success { … }` and `failure { … }`; then `caddy doorward relearn` begins the count anew",
	}
	if silent(r) && r.Declared {
		c.Level, c.Why = Failed, "not one outcome was ever read: guesses at accounts are not noticed here"
		c.Advice = "the `success` and `failure` blocks of the route hold for no answer; " + c.Advice
	}
	return c, true
}

// arrivals looks at whether attempts arrive where they are expected.
func arrivals(s *Site) (checks []Check) {
	for _, route := range s.Config.Routes {
		if c, bad := unseen(s, route); bad {
			checks = append(checks, c)
		}
	}
	confirmed, open := 0, []string(nil)
	for i := range s.Status.Routes {
		r := &s.Status.Routes[i]
		if r.Confirmed {
			confirmed++
			continue
		}
		open = append(open, nameOf(r)+" needs "+r.Unconfirmed)
		if r.Successes >= enoughToWarn {
			checks = append(checks, unproved(s, r))
		}
	}
	sum := Check{Level: OK, Name: Routes, Site: s.Config.Name, What: fmt.Sprintf("%d confirmed", confirmed)}
	if len(open) > 0 {
		sum.What += fmt.Sprintf(", %d not yet: %s", len(open), strings.Join(shortened(open, maxNamed), "; "))
	}
	return append([]Check{sum}, checks...)
}

// maxNamed is how many routes a line names.
const maxNamed = 5

func shortened(list []string, most int) []string {
	if len(list) <= most {
		return list
	}
	return append(list[:most:most], fmt.Sprintf("… %d more", len(list)-most))
}

func unproved(s *Site, r *detector.RouteStatus) Check {
	return Check{
		Level: Warning, Name: Routes, Site: s.Config.Name,
		What:   fmt.Sprintf("%s: %d attempts succeeded, but the route still needs %s", nameOf(r), r.Successes, r.Unconfirmed),
		Why:    "a success there earns nobody anything: no familiar source, no reset of counts",
		Advice: fmt.Sprintf("if it is a %s, declare it: `%s POST %s`", r.Kind, word(r.Kind), identity.Display(r.Path)),
	}
}

// unseen tells of a declared route without attempts, while they arrive
// elsewhere.
func unseen(s *Site, route config.Route) (Check, bool) {
	// One route of the kind that is used is enough: a preset declares several.
	if slices.ContainsFunc(s.Status.Routes, func(r detector.RouteStatus) bool { return r.Declared && r.Kind == route.Kind }) {
		return Check{}, false
	}
	var elsewhere *detector.RouteStatus
	for i := range s.Status.Routes {
		r := &s.Status.Routes[i]
		if r.Declared || r.Kind != route.Kind || r.Attempts < enoughUnseen {
			continue
		}
		if elsewhere == nil || r.Attempts > elsewhere.Attempts {
			elsewhere = r
		}
	}
	if elsewhere == nil {
		return Check{}, false
	}
	return Check{
		Level: Warning, Name: Routes, Site: s.Config.Name,
		What:   fmt.Sprintf("declared %s saw no attempt, while %d arrived at %s", labelOf(route), elsewhere.Attempts, identity.Display(elsewhere.Path)),
		Why:    "what the declaration says holds for none of them",
		Advice: fmt.Sprintf("write the path that is asked for, after rewrites: `%s POST %s`", word(route.Kind), identity.Display(elsewhere.Path)),
	}, true
}

// word is how a kind is written in a configuration.
func word(k config.Kind) string {
	switch k {
	case config.KindResetRequest:
		return "reset_request"
	case config.KindReset:
		return "reset"
	}
	return string(k)
}
