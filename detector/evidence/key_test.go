package evidence

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/bits"
	"net/netip"
	"strings"
	"testing"
	"unsafe"
)

var testHasher = NewHasher([16]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})

// numbered is the key of a made-up text, for tests that need many keys.
func numbered(n int) Key {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(n))
	return testHasher.Text(1, 't', unsafe.String(&b[0], len(b)))
}

func TestSourcePrefix(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, addr, want string }{
		{"IPv4 is itself", "192.0.2.7", "192.0.2.7/32"},
		{"IPv6 is its /64", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"mapped IPv4 is IPv4", "::ffff:192.0.2.7", "192.0.2.7/32"},
		{"the zone does not matter", "fe80::1%eth0", "fe80::/64"},
		{"mapped with a zone", "::ffff:192.0.2.7%x", "192.0.2.7/32"},
		{"loopback", "::1", "::/64"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := SourcePrefix(netip.MustParseAddr(tt.addr)); got.String() != tt.want {
				t.Errorf("SourcePrefix(%s) = %s, want %s", tt.addr, got, tt.want)
			}
		})
	}
	if got := SourcePrefix(netip.Addr{}); got.IsValid() {
		t.Errorf("SourcePrefix of no address = %s, want the zero prefix", got)
	}
}

func TestKeysOfOneSourceAreEqual(t *testing.T) {
	t.Parallel()
	h, who := testHasher, [16]byte{9}
	addr := netip.MustParseAddr
	equal := []struct {
		name string
		a, b Key
	}{
		{"mapped and plain IPv4", h.Source(1, addr("192.0.2.7")), h.Source(1, addr("::ffff:192.0.2.7"))},
		{"two addresses of one /64", h.Source(1, addr("2001:db8::1")), h.Source(1, addr("2001:db8::ffff:1"))},
		{"two addresses of one /24", h.Network(1, addr("192.0.2.7")), h.Network(1, addr("192.0.2.200"))},
		{"mapped address of the /24", h.Network(1, addr("::ffff:192.0.2.1")), h.Network(1, addr("192.0.2.0"))},
		{"two addresses of one /48", h.Network(1, addr("2001:db8::1")), h.Network(1, addr("2001:db8:0:ffff::2"))},
		{"the zone does not matter", h.Source(1, addr("fe80::1%eth0")), h.Source(1, addr("fe80::2"))},
		{"pair in one /64", h.Pair(1, who, addr("2001:db8::1")), h.Pair(1, who, addr("2001:db8::2"))},
	}
	for _, tt := range equal {
		if tt.a != tt.b {
			t.Errorf("%s: keys differ", tt.name)
		}
	}
}

func TestKeysThatMustDiffer(t *testing.T) {
	t.Parallel()
	h, who := testHasher, [16]byte{9}
	addr := netip.MustParseAddr
	keys := map[string]Key{
		"source":                  h.Source(1, addr("192.0.2.7")),
		"same source, other site": h.Source(2, addr("192.0.2.7")),
		"neighbour":               h.Source(1, addr("192.0.2.8")),
		"its /24":                 h.Network(1, addr("192.0.2.7")),
		"IPv6 /64":                h.Source(1, addr("2001:db8::1")),
		"its /48":                 h.Network(1, addr("2001:db8::")),
		"other /64 of the /48":    h.Source(1, addr("2001:db8:0:1::")),
		"other /48 of the /32":    h.Network(1, addr("2001:db8:1::")),
		"other /24 of the /16":    h.Network(1, addr("192.0.3.7")),
		"0.0.0.0":                 h.Source(1, addr("0.0.0.0")),
		"::":                      h.Source(1, addr("::")),
		"no address":              h.Source(1, netip.Addr{}),
		"account":                 h.Account(1, who),
		"account, other site":     h.Account(2, who),
		"other account":           h.Account(1, [16]byte{8}),
		"pair":                    h.Pair(1, who, addr("192.0.2.7")),
		"pair, other source":      h.Pair(1, who, addr("192.0.2.8")),
		"pair with no address":    h.Pair(1, who, netip.Addr{}),
		"client":                  h.ClientPair(1, who, 7),
		"other client":            h.ClientPair(1, who, 8),
		"text":                    h.Text(1, 'a', "x"),
		"other axis":              h.Text(1, 'b', "x"),
		"text, other site":        h.Text(2, 'a', "x"),
		"empty text":              h.Text(1, 'a', ""),
		"NUL":                     h.Text(1, 'a', "\x00"),
		"two NUL":                 h.Text(1, 'a', "\x00\x00"),
		"long":                    h.Text(1, 'a', strings.Repeat("x", 10_000)),
		"longer":                  h.Text(1, 'a', strings.Repeat("x", 10_001)),
		"other secret":            NewHasher([16]byte{1}).Source(1, addr("192.0.2.7")),
	}
	seen := map[Key]string{}
	for name, k := range keys {
		if other, ok := seen[k]; ok {
			t.Errorf("%q and %q have one key", name, other)
		}
		seen[k] = name
	}
}

// The first two reference vectors of SipHash-2-4 with 128 bits of output (key
// 00..0f, messages empty and 00) pin the function down: keys made by one version
// must be found by the next.
func TestHasherIsStable(t *testing.T) {
	t.Parallel()
	h := NewHasher([16]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
	m := message{}
	if got, want := h.sum(&m), "a3817f04ba25a8e66df67214c7550293"; hexKey(got) != want {
		t.Errorf("empty message = %s, want %s", hexKey(got), want)
	}
	m.buf[0], m.n = 0, 1
	if got, want := h.sum(&m), "da87c1d86b99af44347659119b22fc45"; hexKey(got) != want {
		t.Errorf("one byte = %s, want %s", hexKey(got), want)
	}
}

func hexKey(k Key) string { return hex.EncodeToString(k[:]) }

func TestHasherPrintsNothing(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		if got := fmt.Sprintf(verb, testHasher); got != "REDACTED" {
			t.Errorf("%s prints %q", verb, got)
		}
	}
}

func TestKeysAllocateNothing(t *testing.T) {
	h, who := testHasher, [16]byte{9}
	v4, v6, long := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("2001:db8::1%eth0"), strings.Repeat("x", 10_000)
	var sink Key
	n := testing.AllocsPerRun(100, func() {
		sink = h.Source(1, v4)
		sink = h.Source(1, v6)
		sink = h.Account(1, who)
		sink = h.Pair(1, who, v6)
		sink = h.ClientPair(1, who, 7)
		sink = h.Text(1, 'a', long)
	})
	if n != 0 {
		t.Errorf("%v allocations, want none (%v)", n, sink)
	}
}

func TestTagIsNeverZero(t *testing.T) {
	t.Parallel()
	if got := (Key{}).Tag(); got != 1 {
		t.Errorf("tag of the zero key = %d, want 1", got)
	}
	if got := (Key{4: 2, 7: 1}).Tag(); got != 1<<24+2 {
		t.Errorf("tag = %#x, want %#x", got, 1<<24+2)
	}
}

// Neighbouring addresses must not land in neighbouring places: a flip of one
// input bit changes about half of the key, but for the 16 bits of the block, which
// they share.
func TestKeysSpread(t *testing.T) {
	t.Parallel()
	total, n := 0, 0
	for i := range 4096 {
		a := testHasher.Source(1, netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))
		b := testHasher.Source(1, netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i ^ 1)}))
		for j := range a {
			total += bits.OnesCount8(a[j] ^ b[j])
		}
		n++
	}
	if mean := float64(total) / float64(n); mean < 55 || mean > 57 {
		t.Errorf("%.1f bits of 112 change, want 56", mean)
	}
}
