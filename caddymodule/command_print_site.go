package caddymodule

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/doorward/doorward/caddymodule/selftest"
	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/identity"
	"github.com/doorward/doorward/detector/recognize"
)

// How much of a site is shown as text; --json shows all.
const (
	shownRoutes  = 20 // of a site, those with most attempts
	shownAnswers = 4  // of a route, those that were seen most
)

func (p printer) site(site detector.SiteStatus) {
	mode := string(site.Mode)
	if site.Mode == config.ModeGraduated {
		mode = "enforce, gently on routes that have not graduated"
	}
	p.line("site %s: %s", site.Site, mode)
	p.line("  attempts %d, refused %d, would have refused %d", site.Attempts, site.Refused, site.Would)
	p.people(site)
	if len(site.Routes) == 0 {
		return
	}
	routes := slices.Clone(site.Routes)
	slices.SortStableFunc(routes, func(a, b detector.RouteStatus) int { return cmp.Compare(b.Attempts, a.Attempts) })
	more := max(0, len(routes)-shownRoutes)
	routes = routes[:len(routes)-more]
	p.routes(routes)
	if more > 0 {
		p.line("  … %d more", more)
	}
	for i := range routes {
		p.answers(&routes[i])
	}
}

// otherThan counts the answered attempts whose outcome is known and neither a
// plain success nor a plain failure: second factors, expired forms, empty
// fields, lockouts of the app, and what was read with doubts.
func otherThan(r *detector.RouteStatus) uint32 {
	return r.Answered - min(r.Answered, r.Successes+r.Failures+r.Unknown)
}

// routes prints one aligned line for each route.
func (p printer) routes(routes []detector.RouteStatus) {
	t := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "  KIND\tPATH\tROUTE\tATTEMPTS\tSUCCEEDED\tFAILED\tOTHER\tUNKNOWN\tSTATE")
	for i := range routes {
		r := &routes[i]
		fmt.Fprintf(t, "  %s\t%s\t%s\t%d\t%d\t%d\t%d\t%d %%\t%s\n", r.Kind, identity.Display(r.Path), standingOf(r),
			r.Attempts, r.Successes, r.Failures, otherThan(r), selftest.UnknownPercent(r), stateOf(r))
	}
	_ = t.Flush() // what the terminal does not take is lost either way
}

// standingOf is where a route came from, or how far it got.
func standingOf(r *detector.RouteStatus) string {
	switch {
	case r.Declared && r.Graduated:
		return "declared, graduated"
	case r.Declared:
		return "declared"
	case r.Graduated:
		return "graduated"
	}
	return "automatic"
}

// stateOf says whether a success earns something here, and what is missing.
func stateOf(r *detector.RouteStatus) string {
	state := "confirmed"
	if !r.Confirmed {
		state = "unconfirmed: needs " + r.Unconfirmed
	}
	if !r.Graduated {
		state += "; to graduate: " + r.Missing
	}
	return state
}

// answers prints what the answers of a route look like, as far as it was
// learned.
func (p printer) answers(r *detector.RouteStatus) {
	if len(r.Answers) == 0 {
		return
	}
	p.line("  learned answers of %s %s", r.Kind, identity.Display(r.Path))
	t := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', 0)
	for _, a := range r.Answers[:min(len(r.Answers), shownAnswers)] {
		fmt.Fprintf(t, "    %s\tproved %s\t%s\n", identity.Display(a.Answer), provedText(a), decidesText(a))
	}
	_ = t.Flush() // what the terminal does not take is lost either way
	if more := len(r.Answers) - shownAnswers; more > 0 {
		p.line("    … %d more", more)
	}
}

func provedText(a recognize.ShapeStatus) string {
	var parts []string
	if a.Successes > 0 {
		parts = append(parts, fmt.Sprintf("success %d times", a.Successes))
	}
	if a.Failures > 0 {
		parts = append(parts, fmt.Sprintf("failure %d times", a.Failures))
	}
	return strings.Join(parts, ", ")
}

func decidesText(a recognize.ShapeStatus) string {
	switch {
	case a.Decides != "":
		return "stands for " + string(a.Decides)
	case a.Successes > 0 && a.Failures > 0:
		return "decides nothing: it was both"
	}
	return "decides nothing yet"
}
