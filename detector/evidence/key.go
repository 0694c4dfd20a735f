package evidence

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"unsafe"

	"github.com/dchest/siphash"
)

// Key names an entry of a Table. Keys must come from a Hasher: a table places
// an entry by the bits of its key and relies on nobody being able to choose
// them.
type Key [16]byte

// Tag shortens a key to 32 bits for the small sets and sketches. It is never 0.
func (k Key) Tag() uint32 {
	return max(binary.LittleEndian.Uint32(k[4:8]), 1)
}

// Sibling reports whether the sources behind both keys are of one block of
// addresses: IPv4 /16, IPv6 /32, the least that a provider gets. Keys that no
// address went into have no siblings but by chance, one in 65,536.
func (k Key) Sibling(other Key) bool { return k[2] == other[2] && k[3] == other[3] }

// within notes the block in two bytes of the key that nothing else is made of:
// neither its place in a Table nor its Tag.
func (k Key) within(block uint16) Key {
	binary.LittleEndian.PutUint16(k[2:], block)
	return k
}

// Hasher makes keys: SipHash-2-4 with 128 bits of output under a secret key
// (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012). Who knows
// this source but not the secret can neither find two inputs with one key nor
// aim at the bucket of somebody else's entry.
//
// Every kind of key is hashed in a form of its own, so that keys of different
// kinds, axes or sites never meet by construction. No method allocates. A
// Hasher is a value, safe for concurrent use, and prints as REDACTED.
type Hasher struct{ k0, k1 uint64 }

// NewHasher returns a Hasher with this secret. Equal secrets make equal keys, so
// a caller that keeps the secret can find its entries again after a restart.
func NewHasher(secret [16]byte) Hasher {
	return Hasher{
		k0: binary.LittleEndian.Uint64(secret[:8]),
		k1: binary.LittleEndian.Uint64(secret[8:]),
	}
}

// Format prints REDACTED for every verb.
func (Hasher) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "REDACTED") }

// The forms: the first byte of every hashed message.
const (
	formPrefix = iota + 1
	formAccount
	formPair
	formClient
	formText
	formNumber
)

// Source is the key of the source that addr belongs to, see SourcePrefix. Sources
// of one block of addresses are siblings, see Key.Sibling.
func (h Hasher) Source(site uint64, addr netip.Addr) Key {
	m := begin(formPrefix, 0, site)
	block := m.address(addr, 32, 64)
	return h.sum(&m).within(h.block(block))
}

// Network is the key of the network around addr: IPv4 /24, IPv6 /48. Networks of
// one block of addresses are siblings, see Key.Sibling.
func (h Hasher) Network(site uint64, addr netip.Addr) Key {
	m := begin(formPrefix, 0, site)
	block := m.address(addr, 24, 48)
	return h.sum(&m).within(h.block(block))
}

// Account is the key of an account by its keyed pseudonym.
func (h Hasher) Account(site uint64, pseudonym [16]byte) Key {
	m := begin(formAccount, 0, site)
	m.bytes(pseudonym)
	return h.sum(&m)
}

// Pair is the key of an account together with the source that addr belongs to,
// whose sibling it is.
func (h Hasher) Pair(site uint64, pseudonym [16]byte, addr netip.Addr) Key {
	m := begin(formPair, 0, site)
	m.bytes(pseudonym)
	block := m.address(addr, 32, 64)
	return h.sum(&m).within(h.block(block))
}

// ClientPair is the key of an account together with a client that keeps
// cookies.
func (h Hasher) ClientPair(site uint64, pseudonym [16]byte, client uint64) Key {
	m := begin(formClient, 0, site)
	m.bytes(pseudonym)
	m.uint64(client)
	return h.sum(&m)
}

// Text is the key of a text of any length and any bytes. The axis keeps texts of
// different meaning apart; its values are the caller's.
func (h Hasher) Text(site uint64, axis byte, s string) Key {
	// The text is hashed alone first: that needs no copy of it, and the second
	// message has one length whatever the first was.
	a, b := siphash.Hash128(h.k0, h.k1, unsafe.Slice(unsafe.StringData(s), len(s)))
	m := begin(formText, axis, site)
	m.uint64(a)
	m.uint64(b)
	return h.sum(&m)
}

// Number is the key of a number. The axis keeps numbers of different meaning
// apart; its values are the caller's.
func (h Hasher) Number(site uint64, axis byte, n uint64) Key {
	m := begin(formNumber, axis, site)
	m.uint64(n)
	return h.sum(&m)
}

// NumberPair is the key of an account together with what another key stands
// for, whose sibling it is.
func (h Hasher) NumberPair(site uint64, axis byte, pseudonym [16]byte, k Key) Key {
	m := begin(formNumber, axis, site)
	m.bytes(pseudonym)
	m.bytes(k)
	return h.sum(&m).within(binary.LittleEndian.Uint16(k[2:]))
}

// block shortens a block of addresses to 16 bits, under the secret: which blocks
// share them nobody outside can tell, and who could would gain nothing.
func (h Hasher) block(block uint64) uint16 {
	x := (block ^ h.k0) * (h.k1 | 1)
	x ^= x >> 32
	return uint16(x * 0x9e3779b97f4a7c15 >> 48)
}

func (h Hasher) sum(m *message) (k Key) {
	a, b := siphash.Hash128(h.k0, h.k1, m.buf[:m.n])
	binary.LittleEndian.PutUint64(k[:8], a)
	binary.LittleEndian.PutUint64(k[8:], b)
	return k
}

// message is what is hashed: form, axis, site, then fields of fixed length. The
// longest, a pair, is 10+16+18 bytes.
type message struct {
	buf [48]byte
	n   int
}

func begin(form, axis byte, site uint64) (m message) {
	m.buf[0], m.buf[1], m.n = form, axis, 2
	m.uint64(site)
	return m
}

func (m *message) uint64(v uint64) {
	binary.LittleEndian.PutUint64(m.buf[m.n:], v)
	m.n += 8
}

func (m *message) bytes(b [16]byte) { m.n += copy(m.buf[m.n:], b[:]) }

// address writes family, length and the address as far as it counts: v4 bits of
// an IPv4 address, also when it is written as a mapped one, or v6 bits of an IPv6
// address, at most 64. Of an address that is not valid nothing is written: one
// bucket is shared by whatever has none. It returns the block of addresses around
// it, IPv4 /16 or IPv6 /32, as one number.
func (m *message) address(addr netip.Addr, v4, v6 int) (block uint64) {
	at := m.buf[m.n : m.n+18]
	m.n += 18
	switch {
	case !addr.IsValid():
		return 0
	case addr.Is4() || addr.Is4In6():
		a := addr.As16()
		bits := binary.BigEndian.Uint32(a[12:]) &^ (1<<(32-v4) - 1)
		at[0], at[1] = 4, byte(v4)
		at[12], at[13] = 0xff, 0xff
		binary.BigEndian.PutUint32(at[14:], bits)
		return 4<<32 | uint64(bits>>16)
	}
	a := addr.As16()
	bits := binary.BigEndian.Uint64(a[:8]) &^ (1<<(64-v6) - 1)
	at[0], at[1] = 6, byte(v6)
	binary.BigEndian.PutUint64(at[2:], bits)
	return 6<<32 | bits>>32
}

// SourcePrefix is what is counted as one source: an IPv4 address by itself, also
// when it is written as a mapped IPv6 address; an IPv6 address by its /64,
// because that is what one customer gets and can walk through freely; the zone
// does not matter. An address that is not valid gives the zero Prefix: such
// requests share one bucket, so that hiding the address gains nothing.
func SourcePrefix(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap()
	bits := 64
	if addr.Is4() {
		bits = 32
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
