package identity

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
)

// canonVersion begins every canonical form. A new way of writing it gets a new
// one, so that old and new pseudonyms cannot be confused.
const canonVersion = "id1"

// AppendCanon appends the canonical form: "id1", then for each pair in the
// byte order of the keys the length of the key as a uvarint, the key, the
// length of the value as a uvarint, and the value, whole. Two identities share
// it exactly if they are Equal: nothing is a separator, so no value can
// imitate another pair.
func (id Identity) AppendCanon(dst []byte) []byte {
	dst = append(dst, canonVersion...)
	for _, p := range id.pairs {
		dst = appendField(dst, p.Key)
		dst = appendField(dst, p.Value)
	}
	return dst
}

func appendField[T string | []byte](dst []byte, field T) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(field)))
	return append(dst, field...)
}

// Pseudonym stands for an identity: the first half of an HMAC-SHA256 of its
// canonical form. It is safe to store and to log. The zero value stands for
// nobody.
type Pseudonym [16]byte

// IsZero reports whether p stands for nobody.
func (p Pseudonym) IsZero() bool { return p == Pseudonym{} }

// String writes 32 hexadecimal digits.
func (p Pseudonym) String() string { return hex.EncodeToString(p[:]) }

// MarshalText writes the digits of String.
func (p Pseudonym) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, p[:]), nil }

// UnmarshalText reads what [ParsePseudonym] does.
func (p *Pseudonym) UnmarshalText(text []byte) error {
	parsed, err := ParsePseudonym(string(text))
	if err != nil {
		return err
	}
	*p = parsed
	return nil
}

// ParsePseudonym reads 32 hexadecimal digits of either case. The error does not
// repeat them: what is mistaken for a pseudonym may be a name or a password.
func ParsePseudonym(s string) (Pseudonym, error) {
	var p Pseudonym
	if len(s) == hex.EncodedLen(len(p)) {
		if _, err := hex.Decode(p[:], []byte(s)); err == nil {
			return p, nil
		}
	}
	return Pseudonym{}, errors.New("this is no pseudonym; write its 32 hexadecimal digits")
}
