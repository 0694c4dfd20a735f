package intel

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"strings"
	"testing"
)

func mustParse(tb testing.TB, text string) *Set {
	tb.Helper()
	set, _, err := Parse(strings.NewReader(text))
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

func TestContains(t *testing.T) {
	t.Parallel()
	set := mustParse(t, "192.0.2.7\n198.51.100.0/24\n2001:db8::7\n2001:db8:1::/48\n")
	tests := []struct {
		name string
		addr netip.Addr
		want bool
	}{
		{"listed v4", netip.MustParseAddr("192.0.2.7"), true},
		{"listed v4, mapped", netip.MustParseAddr("::ffff:192.0.2.7"), true},
		{"its neighbour", netip.MustParseAddr("192.0.2.8"), false},
		{"its neighbour, mapped", netip.MustParseAddr("::ffff:192.0.2.8"), false},
		{"inside a v4 range", netip.MustParseAddr("198.51.100.255"), true},
		{"after a v4 range", netip.MustParseAddr("198.51.101.0"), false},
		{"listed v6", netip.MustParseAddr("2001:db8::7"), true},
		{"listed v6 with a zone", netip.MustParseAddr("2001:db8::7%eth0"), true},
		{"same /64", netip.MustParseAddr("2001:db8::8"), false},
		{"inside a v6 range", netip.MustParseAddr("2001:db8:1:ffff::1"), true},
		{"v4-compatible, which is another address", netip.MustParseAddr("::192.0.2.7"), false},
		{"no address", netip.Addr{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := set.Contains(tt.addr); got != tt.want {
				t.Errorf("Contains(%v) = %v", tt.addr, got)
			}
			if (*Set)(nil).Contains(tt.addr) {
				t.Error("the nil set contains it")
			}
		})
	}
}

// TestContainsEqualsScan compares with the definition, on lists whose ranges
// nest and touch.
func TestContainsEqualsScan(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	narrow := func() netip.Addr { // few bits vary, so that much overlaps
		if rnd.IntN(2) == 0 {
			return netip.AddrFrom4([4]byte{192, 0, byte(rnd.IntN(4)), byte(rnd.IntN(256))})
		}
		return netip.AddrFrom16([16]byte{0: 0x20, 1: 1, 5: byte(rnd.IntN(4)), 15: byte(rnd.IntN(256))})
	}
	for range 200 {
		var prefixes []netip.Prefix
		var text strings.Builder
		for range 1 + rnd.IntN(30) {
			addr := narrow()
			p := netip.PrefixFrom(addr, addr.BitLen()-rnd.IntN(12)).Masked()
			prefixes = append(prefixes, p)
			fmt.Fprintln(&text, p)
		}
		set := mustParse(t, text.String())
		for range 200 {
			addr, want := narrow(), false
			for _, p := range prefixes {
				want = want || p.Contains(addr)
			}
			mapped := netip.AddrFrom16(addr.As16())
			if set.Contains(addr) != want || set.Contains(mapped) != want {
				t.Fatalf("Contains(%v) = %v, mapped %v, want %v in\n%s", addr, set.Contains(addr), set.Contains(mapped), want, text.String())
			}
		}
	}
}

func TestLookupAllocatesNothing(t *testing.T) {
	set := mustParse(t, "192.0.2.0/24\n2001:db8::/32\n")
	for _, s := range []string{"192.0.2.7", "::ffff:192.0.2.7", "2001:db8::7", "198.51.100.1"} {
		addr := netip.MustParseAddr(s)
		if n := testing.AllocsPerRun(100, func() { set.Contains(addr) }); n != 0 {
			t.Errorf("Contains(%s): %v allocations", s, n)
		}
	}
}

// randomList is a list of n different entries: addresses, /24 and /64 ranges.
func randomList(n int) []byte {
	rnd := rand.New(rand.NewPCG(3, 4))
	var b bytes.Buffer
	for i := range n {
		var four [4]byte
		binary.BigEndian.PutUint32(four[:], rnd.Uint32())
		switch i % 4 {
		case 0:
			fmt.Fprintf(&b, "2001:db8:%x:%x::/64\n", rnd.Uint32()>>16, i&0xffff)
		case 1:
			fmt.Fprintf(&b, "%s/24\n", netip.AddrFrom4(four))
		default:
			fmt.Fprintln(&b, netip.AddrFrom4(four))
		}
	}
	return b.Bytes()
}

func BenchmarkParse(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprintf("%d entries", n), func(b *testing.B) {
			text := randomList(n)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			var set *Set
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			for b.Loop() {
				var err error
				if set, _, err = Parse(bytes.NewReader(text)); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(set.Len()), "heap-B/entry")
			runtime.KeepAlive(set)
		})
	}
}

func BenchmarkContains(b *testing.B) {
	set := mustParse(b, string(randomList(100_000)))
	var hit4, hit6 netip.Addr
	for p := range set.Prefixes() {
		if p.Addr().Is4() {
			hit4 = p.Addr()
		} else {
			hit6 = p.Addr()
		}
	}
	for _, bench := range []struct {
		name string
		addr netip.Addr
	}{
		{"listed v4", hit4},
		{"listed v4 mapped", netip.AddrFrom16(hit4.As16())},
		{"listed v6", hit6},
		{"unlisted v4", netip.MustParseAddr("127.0.0.1")},
		{"unlisted v6", netip.MustParseAddr("2a00::1")},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				set.Contains(bench.addr)
			}
		})
	}
}
