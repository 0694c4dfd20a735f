package detector

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
)

// SiteStatus is what `status` shows of a site.
type SiteStatus struct {
	Site     string        `json:"site"`
	Mode     config.Mode   `json:"mode"`
	Attempts uint64        `json:"attempts"`
	Refused  uint64        `json:"refused"`
	Would    uint64        `json:"would_have_refused"`
	Routes   []RouteStatus `json:"routes"`
	// Attack is what the site test says.
	Attack AttackStatus `json:"attack"`
	// Hidden is the peer behind which clients hide: an undeclared proxy.
	// Source sanctions are suspended for what comes from it.
	Hidden netip.Addr `json:"hidden_behind,omitzero"`
	// HiddenBySocket tells the same of what comes over a unix socket, whose
	// peers have no address.
	HiddenBySocket bool `json:"hidden_behind_socket,omitempty"`
	// Untold tells that most attempts come through trusted proxies that do not
	// say for whom they ask.
	Untold bool `json:"client_address_absent,omitempty"`
	// Together tells that all attempts come from one address or from a few
	// private ones, though many accounts log in.
	Together bool `json:"clients_together,omitempty"`
	// TooManyExempt tells that the allow list covers more than a fifth of the
	// attempts.
	TooManyExempt bool `json:"too_many_exempt,omitempty"`
	// Machines are sources that only ever log in to one account, those that fail
	// first; at most 50.
	Machines []MachineStatus `json:"machines,omitempty"`
	// Regrets are refusals of somebody who then logged in, by rule.
	Regrets []RegretStatus `json:"refused_then_succeeded,omitempty"`
	// Overrun is how often each filter of the site took more than it is made for
	// and forgot early: its rule saw less than it should.
	Overrun map[string]int `json:"filters_overrun"`
}

// overrun asks the filters, whose names are a closed list.
func (s *Site) overrun() map[string]int {
	return map[string]int{
		"passwords": s.popular.Spent(), "refused": s.refusedOnce.Spent(), "unusual": s.unusual.Spent(),
		"failures": s.surge.seen.Spent(), "arrivals": s.surge.arrived.Spent(),
	}
}

// Status returns the status of every site, by name.
func (d *Detector) Status(now time.Time) []SiteStatus {
	sites := d.sites.all()
	list := make([]SiteStatus, 0, len(sites))
	machines := d.machinesBySite(evidence.ToSeconds(now))
	for _, s := range sites {
		status := SiteStatus{
			Site: s.name, Attempts: s.attempts.Load(), Refused: s.refused.Load(), Would: s.would.Load(),
			Attack: s.surge.status(evidence.ToSeconds(now)),
			Routes: s.routes.statuses(evidence.ToSeconds(now)), TooManyExempt: s.exempt.tooMany(),
			Machines: machines[s.id], Regrets: s.regrets.status(evidence.ToSeconds(now)),
			Overrun: s.overrun(),
		}
		if p := s.policy.Load(); p != nil {
			status.Mode = d.Mode(now, p)
		}
		if peer, hidden := s.peers.hiding(); hidden {
			status.Hidden, status.HiddenBySocket = peer, !peer.IsValid()
		}
		status.Untold, status.Together = s.peers.arriving()
		slices.SortFunc(status.Routes, func(a, b RouteStatus) int { return strings.Compare(a.Path, b.Path) })
		list = append(list, status)
	}
	slices.SortFunc(list, func(a, b SiteStatus) int { return strings.Compare(a.Site, b.Site) })
	return list
}

// Sanctions counts the sanctions that are running. It walks the table.
func (d *Detector) Sanctions(now time.Time) int {
	m := d.memory.Load()
	if m == nil {
		return 0
	}
	return m.ladder.Running(evidence.ToSeconds(now))
}
