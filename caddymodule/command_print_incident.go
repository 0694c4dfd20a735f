package caddymodule

import (
	"strings"

	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/incident"
)

// shownAccounts is how many accounts of an incident are shown as text; --json and
// the admin API show all.
const shownAccounts = 10

func (p printer) incident(r incident.Record) {
	p.line("incident %s at %s: %s, %s, from %s to %s", r.ID, r.Site, r.Detection, r.Status, stamp(r.FirstSeen), stamp(r.LastSeen))
	p.line("  %d attempts, %d refused, about %d accounts from about %d sources", r.Attempts, r.Refused, r.Accounts, r.Sources)
	if len(r.Compromised) > 0 {
		p.line("  COMPROMISED, the password was found: %s", accountList(r.Compromised))
	}
	if len(r.Targeted) > 0 {
		p.line("  tried most: %s", accountList(r.Targeted))
	}
	if len(r.From) > 0 {
		p.line("  from %s", strings.Join(r.From[:min(len(r.From), shownAccounts)], ", "))
	}
}

// accountList names accounts by mask, where there is one to see, and pseudonym.
func accountList(list []incident.Account) string {
	var names []string
	for _, a := range list[:min(len(list), shownAccounts)] {
		name := a.Pseudonym
		if a.Name != "" {
			name = a.Name + " (" + a.Pseudonym + ")"
		}
		names = append(names, name)
	}
	if len(list) > shownAccounts {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}

// people tells of refusals that hit owners, and of machines.
func (p printer) people(site detector.SiteStatus) {
	for _, r := range site.Regrets {
		softened := ""
		if r.Softened {
			softened = "; too many: it answers no harder than challenge"
		}
		p.line("  refused by %s and then logged in: %d, %d known accounts in the last day%s", r.Rule, r.Total, r.Today, softened)
	}
	for _, m := range site.Machines {
		failing := ""
		if !m.Failing.IsZero() {
			failing = ", FAILING since " + stamp(m.Failing)
		}
		p.line("  machine %s: account %s, since %s%s", m.Source, m.Account, stamp(m.Since), failing)
	}
}
