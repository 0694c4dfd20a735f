package sanction

import (
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
)

// idAlphabet is Crockford's: no letter that a person on the telephone takes
// for a digit.
var idEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// idPrefix marks the ids of sanctions among other ids.
const idPrefix = "s-"

// NewID returns a random id that is not zero.
func NewID() uint64 { return rand.Uint64() | 1 }

// FormatID writes an id as it stands on the refusal page: s-0j6v… It is empty
// for 0.
func FormatID(id uint64) string {
	if id == 0 {
		return ""
	}
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], id)
	return idPrefix + idEncoding.EncodeToString(b[:])
}

// ParseID reads what FormatID writes, in either case.
func ParseID(s string) (uint64, error) {
	text, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(s)), idPrefix)
	b, err := idEncoding.DecodeString(text)
	if !ok || err != nil || len(b) != 8 {
		return 0, fmt.Errorf("%q is no id of a sanction; one looks like %s", s, FormatID(1))
	}
	return binary.BigEndian.Uint64(b), nil
}
