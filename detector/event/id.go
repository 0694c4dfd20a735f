package event

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// crockford is Crockford's base32: no I, L, O or U, so that a person can read
// an id out over the telephone.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// idLength is the length of an id in characters.
const idLength = 26

// NewID returns a new id for something that happened at t: 26 characters in
// the form of a ULID (github.com/ulid/spec), 48 bits of milliseconds since 1970
// and 80 bits from crypto/rand. Ids sort by time; within a millisecond their
// order means nothing, so that an id tells nobody how fast something was.
// Times that 48 bits cannot hold are moved to the nearest that they can.
//
// It is safe for concurrent use.
func NewID(t time.Time) string {
	ms := min(max(t.UnixMilli(), 0), 1<<48-1)
	var raw [16]byte
	_, _ = rand.Read(raw[6:]) // never fails: crypto/rand ends the process instead
	binary.BigEndian.PutUint16(raw[:], uint16(ms>>32))
	binary.BigEndian.PutUint32(raw[2:], uint32(ms))

	hi, lo := binary.BigEndian.Uint64(raw[:8]), binary.BigEndian.Uint64(raw[8:])
	var id [idLength]byte
	for i := idLength - 1; i >= 0; i-- {
		id[i] = crockford[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return string(id[:])
}

var errID = errors.New("write the 26 letters and digits as they are shown")

// ParseID reads an id as a person types it, in any case and with I, L and O for
// the digits they look like, and returns its usual spelling and its time in
// milliseconds, UTC.
func ParseID(s string) (id string, at time.Time, err error) {
	if len(s) != idLength {
		return "", time.Time{}, fmt.Errorf("reading an id of %d characters: %w", len(s), errID)
	}
	var spelled [idLength]byte
	var ms uint64
	for i := range idLength {
		v, ok := base32Value(s[i])
		if !ok || (i == 0 && v > 7) { // 26 characters hold 130 bits, an id has 128
			return "", time.Time{}, fmt.Errorf("reading character %d of an id: %w", i+1, errID)
		}
		spelled[i] = crockford[v]
		if i < 10 {
			ms = ms<<5 | uint64(v)
		}
	}
	return string(spelled[:]), time.UnixMilli(int64(ms)).UTC(), nil
}

func base32Value(c byte) (byte, bool) {
	if 'a' <= c && c <= 'z' {
		c -= 'a' - 'A'
	}
	switch c {
	case 'I', 'L':
		c = '1'
	case 'O':
		c = '0'
	}
	for v := range len(crockford) {
		if crockford[v] == c {
			return byte(v), true
		}
	}
	return 0, false
}
