package devicecookie

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

// The times of a cookie.
const (
	// Life is how long a cookie is taken after it was made. It is made anew at
	// logins, so the time slides.
	Life = 90 * 24 * time.Hour
	// renewAfter is the age from which a login makes it anew: once a day is
	// enough to keep it alive.
	renewAfter = 24 * time.Hour
	// skew is how far ahead of the clock a cookie may have been made: the clock
	// was put right since. Later ones would live too long.
	skew = time.Hour
)

// Result is what became of a cookie that came with an attempt. The words are
// labels of a metric.
type Result string

// The results.
const (
	Known     Result = "known"     // it opened
	Malformed Result = "malformed" // of a length or letters that none has
	Foreign   Result = "foreign"   // made with a key that is not ours: another site's, or too old
	Forged    Result = "forged"    // does not open: made up, changed, or set for another scheme
	Expired   Result = "expired"   // older than Life
	Repeated  Result = "repeated"  // there were several
	Insecure  Result = "insecure"  // it bears the name for the other scheme
)

// The layout of a value before it is encoded: version, key id, then what the
// AEAD made of client and time, with its nonce before and its tag behind.
const (
	version  = 1
	keyBytes = 4
	open     = 1 + keyBytes
	hidden   = 8 + 4
	overhead = 12 + 16
	sealed   = open + hidden + overhead
)

var encoding = base64.RawURLEncoding.Strict()

// Length is how many bytes every value has.
var Length = encoding.EncodedLen(sealed)

// Key is a key for cookies, with the id that tells it from others.
type Key struct {
	// ID is that of the site's keys. It stands in the cookie for all to read.
	ID     uint32
	Secret [32]byte
}

// Format writes the id, whatever the verb, so that no key reaches a log.
func (k Key) Format(s fmt.State, _ rune) { _, _ = fmt.Fprintf(s, "key %08x", k.ID) }

// Seal makes and opens the cookies of one site: AES-256-GCM with random nonces
// (NIST SP 800-38D), which is sound for four billion cookies of one key. The
// name of the cookie and the site are authenticated with it. So one that was
// read off a line without TLS opens no door on the line with TLS, and one of
// another site opens none here. Safe for concurrent use.
type Seal struct {
	keys  []sealKey // the current one first
	bound [2][]byte // what is authenticated beside: without TLS, with TLS
}

type sealKey struct {
	id   [keyBytes]byte
	aead cipher.AEAD
}

// NewSeal makes cookies with current, and opens those made with previous ones
// too: a rotation of the secret forgets nobody.
func NewSeal(site string, name Name, current Key, previous ...Key) (*Seal, error) {
	s := new(Seal)
	for _, k := range append([]Key{current}, previous...) {
		block, err := aes.NewCipher(k.Secret[:])
		if err != nil {
			return nil, fmt.Errorf("making the cipher of device cookies: %w", err)
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, fmt.Errorf("making the cipher of device cookies: %w", err)
		}
		key := sealKey{aead: aead}
		binary.BigEndian.PutUint32(key.id[:], k.ID)
		s.keys = append(s.keys, key)
	}
	for i, secure := range []bool{false, true} {
		s.bound[i] = fmt.Appendf(nil, "device cookie %d\x00%s\x00%s", version, name.For(secure), site)
	}
	return s, nil
}

// Cookie is what a cookie says.
type Cookie struct {
	// Client is the number, never 0.
	Client uint64
	// Renew tells that the next login should make it anew: it is a day old, or
	// made with a previous key.
	Renew bool
}

// Format hides the number, whatever the verb.
func (Cookie) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "REDACTED") }

// NewClient returns a random number for a client.
func NewClient() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return max(binary.BigEndian.Uint64(b[:]), 1)
}

// Make returns the value of a cookie that is set now.
func (s *Seal) Make(now time.Time, client uint64, secure bool) string {
	var plain [hidden]byte
	binary.BigEndian.PutUint64(plain[:8], client)
	binary.BigEndian.PutUint32(plain[8:], uint32(now.Unix()))
	var room [sealed]byte
	room[0] = version
	copy(room[1:], s.keys[0].id[:])
	value := s.keys[0].aead.Seal(room[:open], nil, plain[:], s.boundTo(secure)) //nolint:gosec // this AEAD makes the nonce itself
	return encoding.EncodeToString(value)
}

// Open reads the value of a cookie that came with a request. Its length is
// looked at first, so a value costs the same however long it is.
func (s *Seal) Open(now time.Time, value string, secure bool) (Cookie, Result) {
	if len(value) != Length {
		return Cookie{}, Malformed
	}
	var room [sealed]byte
	if n, err := encoding.Decode(room[:], []byte(value)); err != nil || n != sealed || room[0] != version {
		return Cookie{}, Malformed
	}
	for i := range s.keys {
		if k := &s.keys[i]; k.id == [keyBytes]byte(room[1:open]) {
			plain, err := k.aead.Open(nil, nil, room[open:], s.boundTo(secure))
			if err != nil {
				return Cookie{}, Forged
			}
			return read(now, plain, i > 0)
		}
	}
	return Cookie{}, Foreign
}

// read reads what was sealed.
func read(now time.Time, plain []byte, previous bool) (Cookie, Result) {
	client := binary.BigEndian.Uint64(plain[:8])
	age := now.Sub(time.Unix(int64(binary.BigEndian.Uint32(plain[8:])), 0))
	switch {
	case client == 0:
		return Cookie{}, Forged
	case age >= Life || age < -skew:
		return Cookie{}, Expired
	}
	return Cookie{Client: client, Renew: previous || age >= renewAfter}, Known
}

func (s *Seal) boundTo(secure bool) []byte {
	if secure {
		return s.bound[1]
	}
	return s.bound[0]
}
