package clearance

import (
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"github.com/doorward/doorward/config"
)

// MaxLife is how long a clearance holds at most.
const MaxLife = 15 * time.Minute

// Clearance is what a cookie says.
type Clearance struct {
	Nonce   Nonce
	Issued  time.Time // to the millisecond
	Expires time.Time
	Source  Prefix
	Class   config.Class
	// Identity is who it is for; zero for the first who uses it.
	Identity Identity
	// Bits is the work it was given for.
	Bits int
}

// Format hides what a clearance says, whatever the verb.
func (Clearance) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "REDACTED") }

const (
	clearanceBytes  = 16 + 8 + 8 + 9 + 1 + 16 + 1
	sealedClearance = opening + clearanceBytes + overhead
)

// CookieLength is how many bytes the value of every cookie has.
var CookieLength = encoding.EncodedLen(sealedClearance)

func (s *Seal) makeCookie(c *Clearance) string {
	var plain [clearanceBytes]byte
	b := append(plain[:0], c.Nonce[:]...)
	b = binary.BigEndian.AppendUint64(b, millis(c.Issued))
	b = binary.BigEndian.AppendUint64(b, millis(c.Expires))
	b = c.Source.append(b)
	b = append(b, classByte(c.Class))
	b = append(b, c.Identity[:]...)
	b = append(b, byte(c.Bits))
	var room [sealedClearance]byte
	return s.seal(kindClearance, room[:0], b)
}

func (s *Seal) openCookie(now time.Time, value string) (c Clearance, _ Result) {
	if len(value) != CookieLength {
		return c, Malformed
	}
	var room [sealedClearance]byte
	b, result := s.open(kindClearance, room[:0], value)
	if result != Accepted {
		return c, result
	}
	c.Nonce = Nonce(b[:16])
	c.Issued, c.Expires = fromMillis(b[16:24]), fromMillis(b[24:32])
	c.Source = prefixFrom(b[32:41])
	c.Class = classFrom(b[41])
	c.Identity, c.Bits = Identity(b[42:58]), int(b[58])
	if !now.Before(c.Expires) || c.Issued.Sub(now) > skew || c.Expires.Sub(c.Issued) > MaxLife {
		return c, Expired
	}
	return c, Accepted
}
