package intel

import (
	"net/netip"
	"slices"
	"time"
)

// maxGone bounds how many entries that left a list are kept for a while. Of
// more the rest leaves at once. Tor has some thousand exits in all.
const maxGone = 1 << 16

// past is what a list remembers of earlier versions. It belongs to the
// goroutine of the list. The zero value remembers nothing.
type past struct {
	// answer is the latest good version, without what was too old in it.
	answer *Set
	// seen is when its entries were last seen, where the source says.
	seen map[netip.Prefix]time.Time
	// gone are entries that are no longer in it, with when they were last seen.
	gone map[netip.Prefix]time.Time
}

// take makes a new version the latest and returns the entries to use: its own,
// and those of earlier versions that were seen less than keep ago. loaded is
// when the version before was last confirmed.
//
// Dates in the list are compared with the newest of them, not with the clock: a
// file that nobody renews does not run empty.
func (m *past) take(fresh *Set, dates []dated, keep time.Duration, loaded, now time.Time) *Set {
	if keep == 0 {
		*m = past{answer: fresh}
		return fresh
	}
	seen := latest(dates)
	var newest time.Time
	for _, t := range seen {
		if t.After(newest) {
			newest = t
		}
	}
	if newest.After(now) { // a clock that is wrong, here or there
		newest = now
	}
	fresh = without(fresh, func(p netip.Prefix) bool {
		t, ok := seen[p]
		return ok && newest.Sub(t) >= keep
	})
	if m.gone == nil {
		m.gone = map[netip.Prefix]time.Time{}
	}
	for p := range m.answer.Prefixes() {
		if fresh.has(p) || len(m.gone) >= maxGone {
			continue
		}
		m.gone[p] = loaded
		if t, ok := m.seen[p]; ok && t.Before(loaded) {
			m.gone[p] = t
		}
	}
	for p := range m.gone {
		if fresh.has(p) {
			delete(m.gone, p)
		}
	}
	m.answer, m.seen = fresh, seen
	m.expire(keep, now)
	return m.all()
}

// expire forgets what was seen too long ago, and reports whether there was any.
func (m *past) expire(keep time.Duration, now time.Time) bool {
	before := len(m.gone)
	for p, t := range m.gone {
		if now.Sub(t) >= keep {
			delete(m.gone, p)
		}
	}
	return len(m.gone) < before
}

// all are the entries of the latest version and those that are kept.
func (m *past) all() *Set {
	if len(m.gone) == 0 {
		return m.answer
	}
	all := &Set{v4: slices.Clone(m.answer.v4), v6: slices.Clone(m.answer.v6)}
	for p := range m.gone {
		all.insert(p)
	}
	all.sort()
	return all
}

// next is how long until the first entry expires; ok is false if none will.
func (m *past) next(keep time.Duration, now time.Time) (d time.Duration, ok bool) {
	for _, t := range m.gone {
		if left := keep - now.Sub(t); !ok || left < d {
			d, ok = left, true
		}
	}
	return d, ok
}

// latest is the latest date of every dated entry, of at most maxGone of them.
func latest(dates []dated) map[netip.Prefix]time.Time {
	if len(dates) == 0 {
		return nil
	}
	seen := make(map[netip.Prefix]time.Time)
	for _, d := range dates {
		t := time.Unix(d.seen, 0)
		if old, ok := seen[d.prefix]; (ok || len(seen) < maxGone) && t.After(old) {
			seen[d.prefix] = t
		}
	}
	return seen
}

// without is s without the prefixes that drop names.
func without(s *Set, drop func(netip.Prefix) bool) *Set {
	kept, dropped := new(Set), false
	for p := range s.Prefixes() {
		if drop(p) {
			dropped = true
			continue
		}
		kept.insert(p)
	}
	if !dropped {
		return s
	}
	return kept
}
