package intel

import (
	"net/netip"
	"slices"

	"github.com/gaissmai/bart"
)

// merged is the entries of several lists in one table, so that one walk finds
// every list that names an address. Immutable.
type merged struct {
	// table gives, for the longest prefix that covers an address, the lists of
	// that prefix and of all shorter ones around it: what is inherited is
	// written down while the table is made, not looked for by the request.
	table bart.Table[uint64]
	// lists are those whose entries are in the table, by bit.
	lists []*List
	// patterns are the first maxPatterns different values of the table.
	patterns []uint64
}

// maxPatterns bounds how many combinations of lists have their names ready.
// Ten lists that overlap in every way have 1023.
const maxPatterns = 1024

// merge makes the table of the entries that lists have now.
func merge(lists []*List) *merged {
	m := &merged{lists: lists}
	sets := make([]*Set, len(lists))
	for i, l := range lists {
		if sets[i] = l.set.Load(); sets[i] == nil {
			sets[i] = new(Set)
		}
	}
	known := map[uint64]bool{}
	insert := func(p netip.Prefix, bits uint64) {
		m.table.Insert(p, bits)
		if !known[bits] && len(known) < maxPatterns {
			known[bits] = true
			m.patterns = append(m.patterns, bits)
		}
	}
	four := make([][]prefix4, len(sets))
	six := make([][]prefix6, len(sets))
	for i, s := range sets {
		four[i], six[i] = s.v4, s.v6
	}
	descend(four, func(a, b prefix4) bool { return a < b }, prefix4.netip, insert)
	descend(six, func(a, b prefix6) bool { return compare6(a, b) < 0 }, prefix6.netip, insert)
	return m
}

// descend yields every distinct prefix of the sorted lists with the bits of all
// lists that hold it or a range around it, in order. A prefix that adds nothing
// to the range around it is left out: the walk finds that range.
func descend[P comparable](lists [][]P, before func(a, b P) bool, plain func(P) netip.Prefix, insert func(netip.Prefix, uint64)) {
	type level struct {
		prefix netip.Prefix
		bits   uint64
	}
	var around []level // the ranges around the current prefix, the longest last
	for {
		next, bits, ok := smallest(lists, before)
		if !ok {
			return
		}
		p := plain(next)
		for len(around) > 0 && !around[len(around)-1].prefix.Contains(p.Addr()) {
			around = around[:len(around)-1]
		}
		inherited := uint64(0)
		if len(around) > 0 {
			inherited = around[len(around)-1].bits
		}
		if bits |= inherited; bits == inherited {
			continue
		}
		insert(p, bits)
		around = append(around, level{p, bits})
	}
}

// smallest takes the next prefix off all lists that begin with it.
func smallest[P comparable](lists [][]P, before func(a, b P) bool) (next P, bits uint64, ok bool) {
	for _, l := range lists {
		if len(l) > 0 && (!ok || before(l[0], next)) {
			next, ok = l[0], true
		}
	}
	if !ok {
		return next, 0, false
	}
	for i, l := range lists {
		if len(l) > 0 && l[0] == next {
			bits |= 1 << i
			lists[i] = l[1:]
		}
	}
	return next, bits, true
}

// view is what lookups see: the merged entries, and how the lists are called
// and ordered in the configuration that holds. Immutable.
type view struct {
	*merged
	// configured are the lists as they were configured.
	configured []*List
	// slots are the bits of the configured lists in the table, in order; -1 for
	// one whose entries are not in it yet.
	slots []int
	// mask clears the bits of lists that are configured no more.
	mask uint64
	// names are those of the patterns of the table.
	names map[uint64][]string
}

// newView shows m as configured says.
func newView(m *merged, configured []*List) *view {
	v := &view{merged: m, configured: configured, slots: make([]int, len(configured)), names: map[uint64][]string{}}
	for i, l := range configured {
		v.slots[i] = -1
		for slot, other := range m.lists {
			if other == l {
				v.slots[i] = slot
				v.mask |= 1 << slot
			}
		}
	}
	for _, bits := range m.patterns {
		if bits &= v.mask; bits != 0 && v.names[bits] == nil {
			v.names[bits] = v.collect(bits)
		}
	}
	return v
}

// collect names the lists of a pattern in the order they were configured.
func (v *view) collect(bits uint64) []string {
	var names []string
	for i, slot := range v.slots {
		if slot >= 0 && bits&(1<<slot) != 0 {
			names = append(names, v.configured[i].name)
		}
	}
	return slices.Clip(names)
}

// lookup walks the table once.
func (v *view) lookup(addr netip.Addr) uint64 {
	bits, _ := v.table.Lookup(addr)
	return bits & v.mask
}
