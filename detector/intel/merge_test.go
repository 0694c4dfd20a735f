package intel

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// bookOf is a book whose lists hold these texts, called l0, l1 …
func bookOf(tb testing.TB, texts ...string) *Book {
	tb.Helper()
	b := NewBook(Deps{})
	var specs []Spec
	for i := range texts {
		specs = append(specs, spec(fmt.Sprintf("l%d", i)))
	}
	if err := b.Use(specs); err != nil {
		tb.Fatal(err)
	}
	for i, l := range b.view.Load().configured {
		if texts[i] != "" {
			l.set.Store(mustParse(tb, texts[i]))
		}
	}
	b.merge()
	return b
}

// TestLookupEqualsScan compares the merged table with the definition: a list
// names an address when one of its prefixes covers it. Few bits vary, so that
// ranges nest, touch and repeat within a list and across lists.
func TestLookupEqualsScan(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(5, 6))
	addr := func() netip.Addr {
		if rnd.IntN(2) == 0 {
			return netip.AddrFrom4([4]byte{192, 0, byte(rnd.IntN(4)), byte(rnd.IntN(256))})
		}
		return netip.AddrFrom16([16]byte{0: 0x20, 1: 1, 5: byte(rnd.IntN(4)), 15: byte(rnd.IntN(256))})
	}
	for range 100 {
		lists := make([][]netip.Prefix, 1+rnd.IntN(9))
		texts := make([]string, len(lists))
		for i := range lists {
			for range rnd.IntN(20) {
				a := addr()
				p := netip.PrefixFrom(a, a.BitLen()-rnd.IntN(17)).Masked()
				lists[i] = append(lists[i], p)
				texts[i] += p.String() + "\n"
			}
		}
		b := bookOf(t, texts...)
		for range 200 {
			a := addr()
			var want []string
			for i, prefixes := range lists {
				if slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(a) }) {
					want = append(want, fmt.Sprintf("l%d", i))
				}
			}
			for _, spelling := range []netip.Addr{a, netip.AddrFrom16(a.As16())} {
				if got := b.Lookup(spelling).Names(); !slices.Equal(got, want) {
					t.Fatalf("%v is on %v, want %v, in\n%s", spelling, got, want, strings.Join(texts, "--\n"))
				}
			}
		}
	}
}

// TestEveryListHasItsBit fills a book and asks for every combination that
// neighbouring lists make.
func TestEveryListHasItsBit(t *testing.T) {
	t.Parallel()
	texts := make([]string, MaxLists)
	for i := range texts {
		texts[i] = fmt.Sprintf("198.18.%d.0/24\n198.18.%d.0/24\n", i, i+1)
	}
	b := bookOf(t, texts...)
	for i := range MaxLists - 1 {
		got := b.Lookup(netip.AddrFrom4([4]byte{198, 18, byte(i + 1), 7})).Names()
		if want := []string{fmt.Sprintf("l%d", i), fmt.Sprintf("l%d", i+1)}; !slices.Equal(got, want) {
			t.Errorf("on %v, want %v", got, want)
		}
	}
}

// TestManyCombinationsHaveNames makes more combinations of lists than have
// their names ready.
func TestManyCombinationsHaveNames(t *testing.T) {
	t.Parallel()
	const lists = 12 // 4095 combinations, one address each
	texts := make([]string, lists)
	addr := func(bits int) netip.Addr { return netip.AddrFrom4([4]byte{198, 18, byte(bits >> 8), byte(bits)}) }
	for bits := 1; bits < 1<<lists; bits++ {
		for i := range lists {
			if bits&(1<<i) != 0 {
				texts[i] += addr(bits).String() + "\n"
			}
		}
	}
	b := bookOf(t, texts...)
	if got := len(b.view.Load().names); got != maxPatterns {
		t.Errorf("%d combinations have names ready, want %d", got, maxPatterns)
	}
	for bits := 1; bits < 1<<lists; bits++ {
		names := b.Lookup(addr(bits)).Names()
		for i := range lists {
			if slices.Contains(names, fmt.Sprintf("l%d", i)) != (bits&(1<<i) != 0) {
				t.Fatalf("%012b has the names %v", bits, names)
			}
		}
	}
}

func TestNamesOfAListedAddressAllocateNothing(t *testing.T) {
	b := bookOf(t, "192.0.2.0/24\n", "192.0.2.7\n2001:db8::/32\n")
	for _, s := range []string{"192.0.2.7", "::ffff:192.0.2.7", "2001:db8::7", "198.51.100.1"} {
		addr := netip.MustParseAddr(s)
		if n := testing.AllocsPerRun(100, func() { b.Lookup(addr).Names() }); n != 0 {
			t.Errorf("%s: %v allocations", s, n)
		}
	}
}

// million are three lists with together 1,000,000 entries that overlap: hosts
// inside of others' ranges, IPv4 and IPv6.
func million() [3][]byte {
	return [3][]byte{randomList(600_000), randomList(250_000), randomList(150_000)}
}

// BenchmarkLoadMillion reads a million entries and makes the table: the whole
// way from bytes to the first lookup. Memory is what stays afterwards.
func BenchmarkLoadMillion(b *testing.B) {
	texts := million()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	b.ReportAllocs()
	var book *Book
	for b.Loop() {
		book = NewBook(Deps{})
		if err := book.Use([]Spec{spec("a"), spec("b"), spec("c")}); err != nil {
			b.Fatal(err)
		}
		for i, l := range book.view.Load().configured {
			set, _, err := Parse(bytes.NewReader(texts[i]))
			if err != nil {
				b.Fatal(err)
			}
			l.set.Store(set)
		}
		book.merge()
	}
	b.StopTimer()
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB-kept")
	runtime.KeepAlive(book)
}

// BenchmarkLookupMillion looks up 1024 addresses in turn, whose nodes stay in
// the processor's cache, and 65,536, whose nodes do not.
func BenchmarkLookupMillion(b *testing.B) {
	texts := million()
	book := bookOf(b, string(texts[0]), string(texts[1]), string(texts[2]))
	var four, six []netip.Addr
	for p := range book.view.Load().configured[0].set.Load().Prefixes() {
		if p.Addr().Is4() {
			four = append(four, p.Addr())
		} else {
			six = append(six, p.Addr())
		}
	}
	mapped := make([]netip.Addr, len(four))
	for i, a := range four {
		mapped[i] = netip.AddrFrom16(a.As16())
	}
	rnd := rand.New(rand.NewPCG(7, 8))
	strangers := make([]netip.Addr, 1<<16)
	for i := range strangers {
		strangers[i] = netip.AddrFrom4([4]byte{byte(rnd.Uint32()), byte(rnd.Uint32()), byte(rnd.Uint32()), byte(rnd.Uint32())})
	}
	for _, bench := range []struct {
		name  string
		addrs []netip.Addr
	}{{"listed v4", four}, {"listed v4 mapped", mapped}, {"listed v6", six}, {"any v4", strangers}} {
		rnd.Shuffle(len(bench.addrs), func(i, j int) { bench.addrs[i], bench.addrs[j] = bench.addrs[j], bench.addrs[i] })
		for _, sources := range []int{1 << 10, 1 << 16} {
			b.Run(fmt.Sprintf("%s of %d", bench.name, sources), func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					book.Lookup(bench.addrs[i&(sources-1)])
				}
			})
		}
	}
}
