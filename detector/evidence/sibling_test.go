package evidence

import (
	"encoding/binary"
	"net/netip"
	"testing"
)

// ranked is an entry that says itself what it is worth.
type ranked struct{ rank uint32 }

func rankedTable(t *testing.T, max int) *Table[ranked] {
	t.Helper()
	table, err := NewTable(max, func(e *ranked, _ Seconds) uint32 { return e.rank })
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// in6 is /64 number n of a /32, in4 address n of all of IPv4.
func in6(block uint32, n int) netip.Addr {
	var a [16]byte
	binary.BigEndian.PutUint32(a[:], block)
	binary.BigEndian.PutUint32(a[4:], uint32(n))
	return netip.AddrFrom16(a)
}

func in4(n int) netip.Addr {
	var a [4]byte
	binary.BigEndian.PutUint32(a[:], uint32(n)*2654435761)
	return netip.AddrFrom4(a)
}

func held(table *Table[ranked], key func(netip.Addr) Key, addr func(int) netip.Addr, n int) (found int) {
	for i := range n {
		if table.View(key(addr(i)), func(*ranked) {}) {
			found++
		}
	}
	return found
}

func TestFloodFromOneBlockLeavesTheOthersTheirPlaces(t *testing.T) {
	t.Parallel()
	const max = 20_000
	for name, key := range map[string]func(netip.Addr) Key{
		"sources": func(a netip.Addr) Key { return testHasher.Source(1, a) },
		"pairs":   func(a netip.Addr) Key { return testHasher.Pair(1, [16]byte{7}, a) },
		"floods":  func(a netip.Addr) Key { return testHasher.NumberPair(1, 7, [16]byte{}, testHasher.Source(1, a)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table := rankedTable(t, max)
			add := func(a netip.Addr, rank uint32) {
				table.Update(key(a), 100, func(e *ranked, _ bool) { e.rank = rank })
			}
			flood := func(i int) netip.Addr { return in6(0x2001_0db8, i) }
			for i := range max / 2 {
				add(in4(i), 1)
			}
			for i := range 5 * max { // each with more evidence than a customer
				add(flood(i), 50)
			}
			if n := held(table, key, in4, max/2); n < max*49/100 {
				t.Errorf("%d of %d customers are left after a flood of higher rank", n, max/2)
			}
			for i := range max {
				add(in4(max+i), 1)
			}
			if n := held(table, key, flood, 5*max); n > max*30/100 {
				t.Errorf("the flood holds %d of %d places in the end, want about a fourth", n, max)
			}
			if n := table.Len(); n > max || n < max*95/100 {
				t.Errorf("%d entries in a full table of %d", n, max)
			}
		})
	}
}

func TestSiblingsAreOfOneBlock(t *testing.T) {
	t.Parallel()
	h, who, addr := testHasher, [16]byte{9}, netip.MustParseAddr
	for name, row := range map[string]struct {
		a, b Key
		want bool
	}{
		"two /64 of a /32":        {h.Source(1, addr("2001:db8:1::")), h.Source(1, addr("2001:db8:ffff:2::")), true},
		"two /32":                 {h.Source(1, addr("2001:db8:1::")), h.Source(1, addr("2001:db9:1::")), false},
		"two addresses of a /16":  {h.Source(1, addr("192.0.2.1")), h.Source(1, addr("::ffff:192.0.200.1")), true},
		"two /16":                 {h.Source(1, addr("192.0.2.1")), h.Source(1, addr("192.1.2.1")), false},
		"a source and its pair":   {h.Source(1, addr("192.0.2.1")), h.Pair(1, who, addr("192.0.2.1")), true},
		"a source and its /24":    {h.Source(1, addr("192.0.2.1")), h.Network(1, addr("192.0.2.1")), true},
		"a source, on two sites":  {h.Source(1, addr("192.0.2.1")), h.Source(2, addr("192.0.2.1")), true},
		"two accounts":            {h.Account(1, who), h.Account(1, [16]byte{8}), false},
		"an account and a source": {h.Account(1, who), h.Source(1, addr("192.0.2.1")), false},
	} {
		if got := row.a.Sibling(row.b); got != row.want {
			t.Errorf("%s: siblings %t, want %t", name, got, row.want)
		}
	}
}
