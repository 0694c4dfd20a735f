package caddymodule

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/event"
	"github.com/doorward/doorward/detector/geo"
	"github.com/doorward/doorward/detector/incident"
	"github.com/doorward/doorward/detector/sanction"
	"github.com/doorward/doorward/detector/store/keeper"
)

// Status is the answer of /doorward/status.
type Status struct {
	Time time.Time `json:"time"`
	// Override is the mode set by command or file, if any.
	Override *Override             `json:"override,omitempty"`
	Sites    []detector.SiteStatus `json:"sites"`
	Running  int                   `json:"sanctions_running"`
	// Held is how many requests the answer delay holds at the moment.
	Held   int64           `json:"held"`
	Memory detector.Memory `json:"memory"`
	Lists  []ListStatus    `json:"lists"`
	// Geo are the databases of countries and networks; none: both are unknown.
	Geo     []geo.Status     `json:"geo"`
	Entries []sanction.Entry `json:"entries"`
	// Incidents are the latest attacks on all sites, those that run first, each
	// with some of its accounts.
	Incidents []incident.Record `json:"incidents"`
	Sinks     []event.SinkStats `json:"sinks"`
	Dropped   map[string]uint64 `json:"events_dropped"`
	Health    []Notice          `json:"health"`
	// Survives tells what outlives a restart of the process.
	Survives string `json:"survives"`
	// Store is how it stands with the store.
	Store *keeper.Status `json:"store,omitempty"`
}

// Override is a mode that holds instead of the configured ones.
type Override struct {
	Mode  config.Mode `json:"mode"`
	By    string      `json:"by"`
	Until time.Time   `json:"until,omitzero"`
}

// What survives a restart, as status says it.
const (
	survivesAll = "keys, address lists, the event file, sanctions, blocks, allows and the mode made by command, histories of accounts, " +
		"evidence, learned routes and the audit log survive a restart; passwords that were tried are forgotten, so that a client " +
		"that repeats an old one may be counted once more"
	survivesLittle = "the address lists and the event file survive a restart; evidence, sanctions, blocks and allows made by command " +
		"survive a reload, not a restart, because "
)

// survives says what of the state outlives the process as things are.
func (s *state) survives() string {
	status := s.storeStatus()
	switch {
	case status == nil || s.store().kind == config.StoreMemory:
		return survivesLittle + "`store memory` is written"
	case s.store().ephemeral:
		return survivesLittle + "keys are kept in memory"
	case !status.Writable:
		return survivesLittle + "the store cannot be written: " + status.Trouble
	}
	return survivesAll
}

func status(s *state, _ *http.Request) (any, error) {
	now := time.Now()
	answer := Status{
		Time: now, Sites: s.detector.Status(now), Running: s.detector.Sanctions(now), Memory: s.detector.Memory(),
		Entries: s.detector.Book.List(now), Sinks: s.sinks(), Health: s.health.standing(), Survives: s.survives(), Store: s.storeStatus(),
		Geo: s.geoStatuses(), Dropped: s.dropped(), Held: s.held.now(), Incidents: firstIncidents(s.incidents(statusAccounts)),
	}
	if mode, by, until := s.detector.Overridden(now); by != "" {
		answer.Override = &Override{Mode: mode, By: by, Until: until}
	}
	answer.Lists = s.shownLists(now)
	return answer, nil
}

// Explanation is the answer of /doorward/explain.
type Explanation struct {
	Subject string `json:"subject"`
	// Kind is address, identity, sanction, incident or event.
	Kind     string                   `json:"kind"`
	Known    []detector.Explanation   `json:"known,omitempty"`
	Sanction *detector.SanctionStatus `json:"sanction,omitempty"`
	// Place is where an address is, if a database knows it.
	Place *Place `json:"place,omitempty"`
	// Lists are the address lists and kinds of networks that name it.
	Lists []string `json:"lists,omitempty"`
	// Critical says at which sites no rule shuts an address out, and why.
	Critical []string `json:"critical,omitempty"`
	// Entries are those of the operator that hold for it.
	Entries []sanction.Entry `json:"entries,omitempty"`
	// Incidents are the attacks that it has a part in.
	Incidents []incident.Record `json:"incidents,omitempty"`
	// Events are the latest ones about it, newest first.
	Events []json.RawMessage `json:"events,omitempty"`
}

// maxExplained bounds how many events an explanation shows.
const maxExplained = 20

func explain(s *state, r *http.Request) (any, error) {
	subject := strings.TrimSpace(r.URL.Query().Get("subject"))
	if subject == "" {
		return nil, errors.New("subject is missing: give an address, an identity, or the id from a refusal page")
	}
	now := time.Now()
	if addr, err := netip.ParseAddr(subject); err == nil {
		return s.explainAddress(now, addr.Unmap().WithZone("")), nil
	}
	if id, err := sanction.ParseID(subject); err == nil {
		x := Explanation{Subject: subject, Kind: "sanction"}
		x.Sanction, _ = s.detector.ExplainSanction(now, id)
		x.Events = s.encoded(maxExplained, func(e *event.Event) bool { return e.SanctionID == sanction.FormatID(id) })
		return x, nil
	}
	if strings.HasPrefix(subject, "i-") {
		if found := s.incidentsAbout(netip.Addr{}, nil, subject); len(found) > 0 {
			return Explanation{Subject: subject, Kind: "incident", Incidents: found}, nil
		}
	}
	if id, _, err := event.ParseID(subject); err == nil {
		x := Explanation{Subject: subject, Kind: "event"}
		x.Events = s.encoded(1, func(e *event.Event) bool { return e.ID == id })
		return x, nil
	}
	x := Explanation{Subject: subject, Kind: "identity", Known: s.detector.ExplainIdentity(now, subject)}
	names := s.detector.Pseudonyms(subject)
	x.Events = s.encoded(maxExplained, func(e *event.Event) bool { return names[e.Pseudonym] })
	x.Incidents = s.incidentsAbout(netip.Addr{}, names, "")
	return x, nil
}

func (s *state) explainAddress(now time.Time, addr netip.Addr) Explanation {
	x := Explanation{Subject: addr.String(), Kind: "address", Known: s.detector.ExplainSource(now, addr)}
	x.Lists, x.Place = s.whereIs(addr)
	x.Critical = s.criticalAt(addr)
	for _, e := range s.detector.Book.List(now) {
		if e.Range.Contains(addr) {
			x.Entries = append(x.Entries, e)
		}
	}
	x.Incidents = s.incidentsAbout(addr, nil, "")
	x.Events = s.encoded(maxExplained, func(e *event.Event) bool { return e.SourceIP == addr })
	return x
}

// How much status shows of the incidents; /doorward/incidents shows all.
const (
	statusIncidents = 10
	statusAccounts  = 20
)

func firstIncidents(list []incident.Record) []incident.Record {
	return list[:min(len(list), statusIncidents)]
}

// incidents answers /doorward/incidents: all that are open and the latest that
// have ended, with all their listed accounts.
func incidents(s *state, r *http.Request) (any, error) {
	n, err := queryInt(r, "n", incident.MaxOpen, 2*incident.MaxOpen)
	if err != nil {
		return nil, err
	}
	list := s.incidents(incident.MaxAccounts)
	return list[:min(len(list), n)], nil
}

func (s *state) incidentsAbout(addr netip.Addr, names map[string]bool, id string) (list []incident.Record) {
	for site, w := range s.watches.all() {
		list = append(list, w.incidents.About(site, addr, names, id)...)
	}
	return sortIncidents(list)
}

func events(s *state, r *http.Request) (any, error) {
	n, err := queryInt(r, "n", 50, recentEvents)
	if err != nil {
		return nil, err
	}
	kind := r.URL.Query().Get("type")
	return s.encoded(n, func(e *event.Event) bool { return kind == "" || string(e.Type) == kind }), nil
}

// encoded returns the newest events that keep accepts, as JSON.
func (s *state) encoded(n int, keep func(*event.Event) bool) []json.RawMessage {
	latest := s.recent.Last(n, keep)
	list := make([]json.RawMessage, 0, len(latest))
	for _, e := range latest {
		list = append(list, e.AppendJSON(nil))
	}
	return list
}
