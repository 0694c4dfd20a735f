package incident

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
)

// List returns the open incidents and then those that have ended, the latest
// first of both. Each names at most so many accounts, and so many sources.
func (b *Book) List(site string, accounts int) []Record {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.settle()
	var list []Record
	for _, c := range slices.Backward(b.open) {
		list = append(list, c.record(site, c.status(), accounts))
	}
	for _, r := range slices.Backward(b.ended) {
		r.Targeted = r.Targeted[:min(len(r.Targeted), accounts)]
		r.Compromised = r.Compromised[:min(len(r.Compromised), accounts)]
		r.From = r.From[:min(len(r.From), accounts)]
		list = append(list, r)
	}
	return list
}

func (c *campaign) status() Status {
	if c.told.IsZero() || c.last.Before(c.told) {
		return Opened
	}
	return Updated
}

// About returns the incidents that a source has a part in, or an account by one
// of its pseudonyms, or the one with this id.
func (b *Book) About(site string, addr netip.Addr, pseudonyms map[string]bool, id string) []Record {
	source := ""
	if addr.IsValid() {
		source = evidence.SourcePrefix(addr).String()
	}
	return slices.DeleteFunc(b.List(site, MaxAccounts), func(r Record) bool {
		concerns := func(a Account) bool { return pseudonyms[a.Pseudonym] }
		return r.ID != id && !slices.Contains(r.From, source) &&
			!slices.ContainsFunc(r.Targeted, concerns) && !slices.ContainsFunc(r.Compromised, concerns)
	})
}

// Counts are how many incidents are open, and how many were opened by detection
// since the process began.
func (b *Book) Counts() (open int, opened map[config.Detection]uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.open), maps.Clone(b.opened)
}
