package event

import (
	"slices"
	"time"
)

// Incident is what an event of the type incident tells of a campaign: all the
// attempts of one attack. What does not fit stands in the counts, and in the
// admin API.
type Incident struct {
	ID         string    // id: the same in all events of the incident
	Status     string    // status: opened, updated or ended
	Detections []string  // detections: everything that was detected; 16 of 64 bytes
	FirstSeen  time.Time // first_seen
	LastSeen   time.Time // last_seen
	Attempts   uint64    // attempts
	Refused    uint64    // refused: of them
	Would      uint64    // would_have_been_refused: of them

	Accounts    uint64            // accounts: about how many were tried
	Targeted    []IncidentAccount // targeted: those that were tried most; 16
	Entered     uint64            // compromised_accounts: how many were entered
	Compromised []IncidentAccount // compromised: accounts whose password was found; 16
	Sources     uint64            // sources: about how many
	From        []string          // from: some of them; 16 of 64 bytes
}

// IncidentAccount is an account as it may be shown.
type IncidentAccount struct {
	Pseudonym string // pseudonym; 64 bytes
	Name      string // name: masked; 64 bytes
}

// maxIncidentList is how many accounts and sources of each kind an event names.
const maxIncidentList = 16

// bound returns the incident within its bounds: itself, or a copy.
func (i *Incident) bound() *Incident {
	if i == nil || i.fits() {
		return i
	}
	b := *i
	b.ID, b.Status = clip(b.ID, maxWord), clip(b.Status, maxWord)
	b.Detections = clipAll(b.Detections, maxIncidentList, maxWord)
	b.From = clipAll(b.From, maxIncidentList, maxWord)
	b.Targeted, b.Compromised = boundAccounts(b.Targeted), boundAccounts(b.Compromised)
	return &b
}

func (i *Incident) fits() bool {
	fits := len(i.ID) <= maxWord && len(i.Status) <= maxWord
	for _, list := range [...][]string{i.Detections, i.From} {
		fits = fits && len(list) <= maxIncidentList
		for _, text := range list[:min(len(list), maxIncidentList)] {
			fits = fits && len(text) <= maxWord
		}
	}
	for _, list := range [...][]IncidentAccount{i.Targeted, i.Compromised} {
		fits = fits && len(list) <= maxIncidentList
		for _, a := range list[:min(len(list), maxIncidentList)] {
			fits = fits && len(a.Pseudonym) <= maxWord && len(a.Name) <= maxWord
		}
	}
	return fits
}

func boundAccounts(list []IncidentAccount) []IncidentAccount {
	kept := slices.Clone(list[:min(len(list), maxIncidentList)])
	for i, a := range kept {
		kept[i] = IncidentAccount{clip(a.Pseudonym, maxWord), clip(a.Name, maxWord)}
	}
	return kept
}

// incident writes an object.
func (o *object) incident(name string, i *Incident) {
	if i == nil {
		return
	}
	o.key(name)
	inner := object{append(o.buf, '{')}
	inner.text("id", i.ID)
	inner.text("status", i.Status)
	inner.list("detections", i.Detections)
	inner.time("first_seen", i.FirstSeen)
	inner.time("last_seen", i.LastSeen)
	inner.count("attempts", i.Attempts)
	inner.count("refused", i.Refused)
	inner.count("would_have_been_refused", i.Would)
	inner.count("accounts", i.Accounts)
	inner.accounts("targeted", i.Targeted)
	inner.count("compromised_accounts", i.Entered)
	inner.accounts("compromised", i.Compromised)
	inner.count("sources", i.Sources)
	inner.list("from", i.From)
	o.buf = append(inner.buf, '}')
}

func (o *object) accounts(name string, list []IncidentAccount) {
	if len(list) == 0 {
		return
	}
	o.key(name)
	opener := byte('[')
	for _, a := range list {
		inner := object{append(o.buf, opener, '{')}
		inner.text("pseudonym", a.Pseudonym)
		inner.text("name", a.Name)
		o.buf = append(inner.buf, '}')
		opener = ','
	}
	o.buf = append(o.buf, ']')
}
