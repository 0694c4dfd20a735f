package intel

import (
	"encoding/binary"
	"iter"
	"math"
	"net/netip"
	"slices"
)

// Set is an immutable set of prefixes, kept sorted: 8 bytes for an IPv4 prefix,
// 24 for an IPv6 one. [Parse] makes one. The nil Set is empty. Safe for
// concurrent use.
//
// Requests are not looked up here but in the merged table of a [Book].
type Set struct {
	v4 []prefix4
	v6 []prefix6
}

// prefix4 is an IPv4 prefix: the address in the upper bits, the length in the
// lower 8. Their order is address order, a range before the ranges inside it.
type prefix4 uint64

func (p prefix4) bits() int { return int(p & 0xff) }

func (p prefix4) netip() netip.Prefix {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], uint32(p>>8))
	return netip.PrefixFrom(netip.AddrFrom4(b), p.bits())
}

// prefix6 is an IPv6 prefix, in the same order.
type prefix6 struct {
	hi, lo uint64
	length uint8
}

func (p prefix6) netip() netip.Prefix {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], p.hi)
	binary.BigEndian.PutUint64(b[8:], p.lo)
	return netip.PrefixFrom(netip.AddrFrom16(b), int(p.length))
}

func compare6(a, b prefix6) int {
	switch {
	case a.hi != b.hi:
		return less(a.hi < b.hi)
	case a.lo != b.lo:
		return less(a.lo < b.lo)
	}
	return int(a.length) - int(b.length)
}

func less(is bool) int {
	if is {
		return -1
	}
	return 1
}

func from4(p netip.Prefix) prefix4 {
	b := p.Addr().As4()
	return prefix4(binary.BigEndian.Uint32(b[:]))<<8 | prefix4(p.Bits())
}

func from6(p netip.Prefix) prefix6 {
	b := p.Addr().As16()
	return prefix6{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:]), uint8(p.Bits())}
}

// Contains reports whether a prefix of the set covers addr. An IPv4-mapped
// IPv6 address is looked up as the IPv4 address it carries, a zone is ignored,
// the zero Addr is in no set. It searches once per length of prefix.
func (s *Set) Contains(addr netip.Addr) bool {
	if s == nil || !addr.IsValid() {
		return false
	}
	addr = addr.Unmap().WithZone("")
	for bits := addr.BitLen(); bits >= 0; bits-- {
		if p, err := addr.Prefix(bits); err == nil && s.has(p) {
			return true
		}
	}
	return false
}

// has reports whether exactly this masked prefix is in the set.
func (s *Set) has(p netip.Prefix) (found bool) {
	switch {
	case s == nil:
	case p.Addr().Is4():
		_, found = slices.BinarySearch(s.v4, from4(p))
	default:
		_, found = slices.BinarySearchFunc(s.v6, from6(p), compare6)
	}
	return found
}

// Len is the number of distinct prefixes.
func (s *Set) Len() int {
	if s == nil {
		return 0
	}
	return len(s.v4) + len(s.v6)
}

// Equal reports whether both sets hold the same prefixes.
func (s *Set) Equal(other *Set) bool {
	if s == nil || other == nil {
		return s.Len() == other.Len()
	}
	return slices.Equal(s.v4, other.v4) && slices.Equal(s.v6, other.v6)
}

// Prefixes yields the prefixes in address order, IPv4 first, a range before
// the ranges inside it.
func (s *Set) Prefixes() iter.Seq[netip.Prefix] {
	return func(yield func(netip.Prefix) bool) {
		if s == nil {
			return
		}
		for _, p := range s.v4 {
			if !yield(p.netip()) {
				return
			}
		}
		for _, p := range s.v6 {
			if !yield(p.netip()) {
				return
			}
		}
	}
}

// insert adds a masked prefix that is not IPv4-mapped. For construction only;
// sort ends it.
func (s *Set) insert(p netip.Prefix) {
	if p.Addr().Is4() {
		s.v4 = append(s.v4, from4(p))
		return
	}
	s.v6 = append(s.v6, from6(p))
}

// sort ends the construction.
func (s *Set) sort() {
	slices.Sort(s.v4)
	slices.SortFunc(s.v6, compare6)
	s.v4, s.v6 = slices.Clip(slices.Compact(s.v4)), slices.Clip(slices.Compact(s.v6))
}

// share4 is the share of the IPv4 address space that the set covers.
func (s *Set) share4() float64 {
	return covered(func(yield func(netip.Prefix) bool) {
		for _, p := range s.v4 {
			if !yield(p.netip()) {
				return
			}
		}
	})
}

// share6 is the same for IPv6, as a share of 2000::/3, the only eighth that is
// given to anybody (RFC 4291 §2.4, IANA's IPv6 Global Unicast registry).
func (s *Set) share6() float64 {
	const ofGlobalUnicast = 8
	return ofGlobalUnicast * covered(func(yield func(netip.Prefix) bool) {
		for _, p := range s.v6 {
			if !yield(p.netip()) {
				return
			}
		}
	})
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
