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

// Source is the key of the source that addr belongs to, see SourcePrefix.
func (h Hasher) Source(site uint64, addr netip.Addr) Key {
	return h.Prefix(site, SourcePrefix(addr))
}

// Prefix is the key of a network; bits beyond the prefix length do not matter.
// The key of a source is the key of its SourcePrefix.
func (h Hasher) Prefix(site uint64, p netip.Prefix) Key {
	m := begin(formPrefix, 0, site)
	m.prefix(p)
	return h.sum(&m)
}

// Account is the key of an account by its keyed pseudonym.
func (h Hasher) Account(site uint64, pseudonym [16]byte) Key {
	m := begin(formAccount, 0, site)
	m.bytes(pseudonym)
	return h.sum(&m)
}

// Pair is the key of an account together with the source that addr belongs to.
func (h Hasher) Pair(site uint64, pseudonym [16]byte, addr netip.Addr) Key {
	m := begin(formPair, 0, site)
	m.bytes(pseudonym)
	m.prefix(SourcePrefix(addr))
	return h.sum(&m)
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
// for.
func (h Hasher) NumberPair(site uint64, axis byte, pseudonym [16]byte, k Key) Key {
	m := begin(formNumber, axis, site)
	m.bytes(pseudonym)
	m.bytes(k)
	return h.sum(&m)
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

// prefix writes family, length and address; a prefix that is not valid is all
// zeros, one bucket shared by whatever has no address.
func (m *message) prefix(p netip.Prefix) {
	if p = canonical(p); p.IsValid() {
		m.buf[m.n] = 6
		if p.Addr().Is4() {
			m.buf[m.n] = 4
		}
		m.buf[m.n+1] = byte(p.Bits())
		a := p.Addr().As16()
		copy(m.buf[m.n+2:], a[:])
	}
	m.n += 18
}

func canonical(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked()
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
