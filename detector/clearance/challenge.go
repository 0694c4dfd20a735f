package clearance

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
)

// The times of a challenge.
const (
	// TokenLife is how long a challenge can be solved after it was issued, and a
	// wait be redeemed after it was over.
	TokenLife = 10 * time.Minute
	// skew is how far ahead of the clock something may have been made: servers
	// that share a secret differ by less.
	skew = time.Minute
)

// MaxReturn is how long a return address may be; see [ReturnPath].
const MaxReturn = 1024

// Nonce names a challenge and the clearance it was redeemed for.
type Nonce [16]byte

// Identity is the keyed pseudonym of who an attempt is about, zero for nobody
// yet.
type Identity [16]byte

// Prefix is the part of a source that its challenges and clearances are bound
// to: the /24 of an IPv4 address, the /64 of an IPv6 address. Carriers and homes
// change within it from one request to the next.
type Prefix struct {
	family byte // 4, 6; 0 for addresses that are none
	bits   [8]byte
}

// PrefixOf returns the prefix of addr. All invalid addresses share one.
func PrefixOf(addr netip.Addr) (p Prefix) {
	addr = addr.Unmap()
	switch {
	case addr.Is4():
		a := addr.As4()
		p.family = 4
		copy(p.bits[:3], a[:])
	case addr.Is6():
		a := addr.As16()
		p.family = 6
		copy(p.bits[:], a[:8])
	}
	return p
}

// number stands for the prefix in keys.
func (p Prefix) number() uint64 { return binary.BigEndian.Uint64(p.bits[:]) ^ uint64(p.family)<<1 }

// Challenge is what a token says.
type Challenge struct {
	Nonce  Nonce
	Issued time.Time // to the millisecond
	// Ready is from when a wait may be redeemed; zero for a proof of work.
	Ready    time.Time
	Source   Prefix
	Class    config.Class
	Identity Identity
	// Bits is how many leading zero bits each part of the proof needs.
	Bits int
	// Retype tells that a submitted form was thrown away.
	Retype bool
	// Return is the path, with its query, to go back to.
	Return string
}

// Format hides what a token says: it binds a visitor to a name.
func (Challenge) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "REDACTED") }

const (
	fixedBytes  = 16 + 8 + 8 + 9 + 1 + 16 + 1 + 1
	plainBytes  = fixedBytes + MaxReturn
	sealedBytes = opening + plainBytes + overhead
	flagRetype  = 1
)

// MaxToken is how long a token is at most.
var MaxToken = encoding.EncodedLen(sealedBytes)

// newNonce returns a random nonce.
func newNonce() (n Nonce) {
	_, _ = rand.Read(n[:]) // never fails since Go 1.24
	return n
}

// makeToken seals c. A return address that is too long becomes the root.
func (s *Seal) makeToken(c *Challenge) string {
	var plain [plainBytes]byte
	b := append(plain[:0], c.Nonce[:]...)
	b = binary.BigEndian.AppendUint64(b, millis(c.Issued))
	b = binary.BigEndian.AppendUint64(b, millis(c.Ready))
	b = c.Source.append(b)
	b = append(b, classByte(c.Class))
	b = append(b, c.Identity[:]...)
	flags := byte(0)
	if c.Retype {
		flags |= flagRetype
	}
	b = append(b, byte(c.Bits), flags)
	if len(c.Return) <= MaxReturn {
		b = append(b, c.Return...)
	} else {
		b = append(b, '/')
	}
	var room [sealedBytes]byte
	return s.seal(kindChallenge, room[:0], b)
}

// openToken reads a token. Whether it is too old is for the caller.
func (s *Seal) openToken(text string) (c Challenge, _ Result) {
	if len(text) > MaxToken {
		return c, Malformed
	}
	var room [sealedBytes]byte
	b, result := s.open(kindChallenge, room[:0], text)
	if result != Accepted {
		return c, result
	}
	if len(b) < fixedBytes {
		return c, Forged
	}
	c.Nonce = Nonce(b[:16])
	c.Issued, c.Ready = fromMillis(b[16:24]), fromMillis(b[24:32])
	c.Source = prefixFrom(b[32:41])
	c.Class = classFrom(b[41])
	c.Identity = Identity(b[42:58])
	c.Bits, c.Retype = int(b[58]), b[59]&flagRetype != 0
	c.Return = string(b[fixedBytes:])
	return c, Accepted
}

// stale reports whether the token is too old at now, or from a future.
func (c *Challenge) stale(now time.Time) bool {
	from := c.Issued
	if c.Ready.After(from) {
		from = c.Ready
	}
	return now.Sub(from) >= TokenLife || c.Issued.Sub(now) > skew
}

func (p Prefix) append(b []byte) []byte { return append(append(b, p.family), p.bits[:]...) }

func prefixFrom(b []byte) Prefix { return Prefix{b[0], [8]byte(b[1:9])} }

func classByte(c config.Class) byte { return byte(slices.Index(config.Classes, c) + 1) }

func classFrom(b byte) config.Class {
	if b == 0 || int(b) > len(config.Classes) {
		return config.ClassNone
	}
	return config.Classes[b-1]
}

func millis(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	return uint64(t.UnixMilli())
}

func fromMillis(b []byte) time.Time {
	n := binary.BigEndian.Uint64(b)
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(n))
}

// seconds is the time of an entry that ends at t, rounded up.
func seconds(t time.Time) evidence.Seconds { return evidence.ToSeconds(t.Add(time.Second - 1)) }
