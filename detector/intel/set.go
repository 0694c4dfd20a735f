package intel

import (
	"iter"
	"math"
	"net/netip"

	"github.com/gaissmai/bart"
)

// Set is an immutable set of prefixes. [Parse] makes one. The nil Set is
// empty. Safe for concurrent use.
type Set struct {
	table bart.Lite
	// claimed4 and claimed6 are the shares of the IPv4 and IPv6 address space
	// the prefixes name, nested ones counted twice: an upper bound that costs
	// nothing, so that the exact share is computed for suspects only.
	claimed4, claimed6 float64
}

// Contains reports whether a prefix of the set covers addr. An IPv4-mapped
// IPv6 address is looked up as the IPv4 address it carries, a zone is ignored,
// the zero Addr is in no set. It allocates nothing.
func (s *Set) Contains(addr netip.Addr) bool {
	if s == nil || !addr.IsValid() {
		return false
	}
	return s.table.Contains(addr.Unmap())
}

// Len is the number of distinct prefixes.
func (s *Set) Len() int {
	if s == nil {
		return 0
	}
	return s.table.Size()
}

// Equal reports whether both sets hold the same prefixes.
func (s *Set) Equal(other *Set) bool {
	if s == nil || other == nil {
		return s.Len() == other.Len()
	}
	return s.table.Equal(&other.table)
}

// Prefixes yields the prefixes in address order, IPv4 first, a range before
// the ranges inside it.
func (s *Set) Prefixes() iter.Seq[netip.Prefix] {
	if s == nil {
		return func(func(netip.Prefix) bool) {}
	}
	return s.table.AllSorted()
}

// insert adds a masked prefix that is not IPv4-mapped. For construction only.
func (s *Set) insert(p netip.Prefix) {
	s.table.Insert(p)
	if p.Addr().Is4() {
		s.claimed4 += math.Ldexp(1, -p.Bits())
	} else {
		s.claimed6 += math.Ldexp(1, -p.Bits())
	}
}

// share4 is the share of the IPv4 address space that the set covers.
func (s *Set) share4() float64 {
	if s.claimed4 <= maxShare {
		return s.claimed4
	}
	return covered(s.table.AllSorted4())
}

// share6 is the same for IPv6, as a share of 2000::/3, the only eighth that is
// given to anybody (RFC 4291 §2.4, IANA's IPv6 Global Unicast registry).
func (s *Set) share6() float64 {
	const ofGlobalUnicast = 8
	if s.claimed6*ofGlobalUnicast <= maxShare {
		return s.claimed6 * ofGlobalUnicast
	}
	return covered(s.table.AllSorted6()) * ofGlobalUnicast
}

// covered adds up prefixes that come in order, each address counted once.
func covered(sorted iter.Seq[netip.Prefix]) float64 {
	var sum float64
	var last netip.Prefix
	for p := range sorted {
		if last.Contains(p.Addr()) {
			continue
		}
		sum += math.Ldexp(1, -p.Bits())
		last = p
	}
	return sum
}
