package detector

import (
	"net/netip"
	"strings"
	"time"

	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/identity"
)

// Erasure is what forgetting somebody takes: what to look for elsewhere, and what
// must not come back.
type Erasure struct {
	// Pseudonyms are those that events may show for the spelling that was given,
	// sorted by nothing.
	Pseudonyms []string
	// Keys are those of the accounts in tables, on every site.
	Keys []evidence.Key
	// Entries is how many entries were forgotten.
	Entries int
}

// spellings are the identities that an operator's text may stand for.
func spellings(text string) (list []identity.Identity) {
	seen := map[string]bool{}
	for _, value := range []string{text, strings.TrimSpace(text), strings.ToLower(strings.TrimSpace(text))} {
		if value == "" || seen[value] {
			continue
		}
		seen[value] = true
		for _, name := range identifierNames {
			list = append(list, identity.New(identity.Pair{Key: name, Value: value}))
		}
	}
	return list
}

// Identify returns what text, an e-mail address or a name in any spelling, is
// known by on every site, and changes nothing.
func (d *Detector) Identify(text string) (x Erasure) {
	x.Pseudonyms = []string{}
	m := d.memory.Load()
	if m == nil {
		return x
	}
	pseudonyms, keys := map[string]bool{}, map[evidence.Key]bool{}
	for _, site := range d.sites.every() {
		for _, id := range spellings(text) {
			pseudonyms[site.keys.Pseudonym(id).String()] = true
			for _, strict := range []bool{false, true} {
				keys[m.hasher.Account(site.id, site.keys.RateKey(id, strict))] = true
			}
		}
	}
	for p := range pseudonyms {
		x.Pseudonyms = append(x.Pseudonyms, p)
	}
	for key := range keys {
		x.Keys = append(x.Keys, key)
	}
	return x
}

// Forget erases what the tables hold of one person on every site: the account,
// its history, the sources that are machines of that account, and its pairs with
// these addresses. What cannot be told apart by person stays: sketches count
// about how many accounts a source tried and fade within a week or with the entry
// of the source; pairs with other addresses hold a number and fade half a year
// after the last attempt at most.
func (d *Detector) Forget(text string, sources []netip.Addr) Erasure {
	x := d.Identify(text)
	m, side := d.memory.Load(), d.aside.Load()
	if m == nil || side == nil {
		return x
	}
	for _, key := range x.Keys {
		for _, gone := range []bool{m.accounts.Delete(key), m.histories.Delete(key)} {
			if gone {
				x.Entries++
			}
		}
	}
	for _, site := range d.sites.every() {
		for _, id := range spellings(text) {
			for _, strict := range []bool{false, true} {
				x.Entries += m.forgetPairs(side, site, site.keys.RateKey(id, strict), sources)
			}
		}
	}
	return x
}

func (m *memory) forgetPairs(side *aside, site *Site, name identity.Pseudonym, sources []netip.Addr) (n int) {
	for _, addr := range sources {
		key := m.hasher.Pair(site.id, name, addr)
		if m.pairs.Delete(key) {
			n++
		}
		if m.ladder.Lift(key) {
			n++
		}
	}
	var machines []evidence.Key
	side.machines.Range(func(key evidence.Key, e *machineEvidence) bool {
		if e.site == site.id && e.account == name {
			machines = append(machines, key)
		}
		return true
	})
	for _, key := range machines {
		if side.machines.Delete(key) {
			n++
		}
	}
	return n
}

// Erased tells which accounts were forgotten and when: what was kept of them
// before is not restored. Call it before restoring.
func (d *Detector) Erased(list map[evidence.Key]evidence.Seconds) { d.erased.Store(&list) }

// HistoryStatus is what an account's history tells, without telling from where.
type HistoryStatus struct {
	Site      string    `json:"site"`
	Account   string    `json:"account"` // pseudonym, as in tables
	First     time.Time `json:"first_login"`
	Last      time.Time `json:"last_login"`
	Logins    int       `json:"logins"` // at most 100 are counted
	Clients   int       `json:"clients"`
	Sources   int       `json:"sources"`
	Networks  int       `json:"networks"`
	Countries []string  `json:"countries,omitempty"`
}

// Histories returns the histories of one person on every site.
func (d *Detector) Histories(text string) (list []HistoryStatus) {
	m := d.memory.Load()
	if m == nil {
		return nil
	}
	for _, site := range d.sites.every() {
		seen := map[identity.Pseudonym]bool{}
		for _, id := range spellings(text) {
			for _, strict := range []bool{false, true} {
				name := site.keys.RateKey(id, strict)
				if seen[name] {
					continue
				}
				seen[name] = true
				m.histories.Look(m.hasher.Account(site.id, name), func(h *accountHistory) {
					list = append(list, h.status(site.name, name))
				})
			}
		}
	}
	return list
}

func (h *accountHistory) status(site string, name identity.Pseudonym) HistoryStatus {
	s := HistoryStatus{
		Site: site, Account: name.String(), First: h.born.Time(), Last: h.last.Time(), Logins: int(h.habits.logins),
		Clients: h.clients.Distinct(), Sources: h.sources.Distinct(), Networks: h.networks.Distinct(),
	}
	for _, country := range h.habits.countries {
		if country != 0 {
			s.Countries = append(s.Countries, string([]byte{byte(country >> 8), byte(country)}))
		}
	}
	return s
}
