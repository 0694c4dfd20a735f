package caddymodule

import (
	"strings"

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
