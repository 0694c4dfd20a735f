package caddymodule

import (
	"hash/maphash"
	"slices"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/event"
	"github.com/doorward/doorward/detector/incident"
	"github.com/doorward/doorward/detector/recognize"
)

// sighted shows the attempt to the incidents of its site. The record depends on
// no queue; e is the event that is queued as well, and may be dropped.
func (v *visit) sighted(e *event.Event) {
	v.h.watch.incidents.Observe(incident.Sighting{
		Time: v.began, Detection: v.verdict.Detection, Axis: v.verdict.Axis, Source: v.attempt.Source.Addr,
		Account: v.attempt.Pseudonym(), Name: e.Identity, Agent: agentTag(v.origin.userAgent),
		Refused:   !v.verdict.LetsThrough(),
		Would:     v.verdict.LetsThrough() && (v.verdict.Would != "" || v.verdict.Detection != ""),
		Failed:    v.verdict.LetsThrough() && v.outcome.Result == recognize.Failure && !v.attempt.Repeat(),
		Succeeded: v.verdict.LetsThrough() && v.outcome.Result == recognize.Success,
		Login:     e.Kind == string(config.KindLogin),
		Known:     v.known, Familiar: v.attempt.Familiar(),
	})
}

var agentSeed = maphash.MakeSeed()

// agentTag stands for the client's software, 0 when it does not say.
func agentTag(userAgent string) uint32 {
	if userAgent == "" {
		return 0
	}
	return uint32(maphash.String(agentSeed, userAgent)) | 1
}

// tellIncidents queues what there is to tell of every site's incidents; called by
// the worker. Each account whose password was found is told by an event of its
// own, which no list cuts off.
func (s *state) tellIncidents(now time.Time) {
	for site, w := range s.watches.all() {
		for _, change := range w.incidents.Changes(now, site) {
			s.offer(incidentEvent(now, &change))
			for _, a := range change.Fresh {
				s.offer(event.Event{
					Time: now, Type: event.TypeDetection, Site: site, Detection: string(config.Takeover), Severity: "high",
					Kind: string(config.KindLogin), Outcome: string(recognize.Success), Identity: a.Name, Pseudonym: a.Pseudonym,
					Reason:   "the right password of this account was tried in the course of an attack, by a stranger to it",
					Incident: &event.Incident{ID: change.ID, Status: string(change.Status)},
				})
			}
		}
	}
}

func incidentEvent(now time.Time, c *incident.Change) event.Event {
	note := &event.Incident{
		ID: c.ID, Status: string(c.Status), FirstSeen: c.FirstSeen, LastSeen: c.LastSeen,
		Attempts: c.Attempts, Refused: c.Refused, Would: c.Would,
		Accounts: uint64(c.Accounts), Targeted: noted(c.Targeted),
		Entered: uint64(len(c.Compromised)), Compromised: noted(c.Compromised),
		Sources: uint64(c.Sources), From: c.From,
	}
	for _, d := range c.Detections {
		note.Detections = append(note.Detections, string(d))
	}
	e := event.Event{Time: now, Type: event.TypeIncident, Site: c.Site, Detection: string(c.Detection), Incident: note}
	if len(c.Compromised) > 0 {
		e.Severity = "high"
	}
	return e
}

func noted(list []incident.Account) []event.IncidentAccount {
	notes := make([]event.IncidentAccount, len(list))
	for i, a := range list {
		notes[i] = event.IncidentAccount{Pseudonym: a.Pseudonym, Name: a.Name}
	}
	return notes
}

// incidents returns the incidents of every site, those that are open first.
func (s *state) incidents(accounts int) []incident.Record {
	list := make([]incident.Record, 0, 2*incident.MaxOpen)
	for site, w := range s.watches.all() {
		list = append(list, w.incidents.List(site, accounts)...)
	}
	return sortIncidents(list)
}

// noteKnown notes whether the account had logged in before the attempt.
func (v *visit) noteKnown() {
	v.known = v.site != nil && v.h.app.state.detector.Seen(&v.attempt)
}

// sortIncidents puts the open ones first, then by when they were last seen.
func sortIncidents(list []incident.Record) []incident.Record {
	slices.SortStableFunc(list, func(a, b incident.Record) int {
		if ended := a.Status == incident.Ended; ended != (b.Status == incident.Ended) {
			if ended {
				return 1
			}
			return -1
		}
		return b.LastSeen.Compare(a.LastSeen)
	})
	return list
}
