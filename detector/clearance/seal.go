package clearance

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
)

// Result is what became of a token, a solution or a clearance. The words are
// labels of a metric and stand in events.
type Result string

// The results.
const (
	// Accepted: it holds.
	Accepted Result = "accepted"
	// Malformed: of a length or letters that none has.
	Malformed Result = "malformed"
	// Foreign: made with a key that is not ours: another site's, or too old.
	Foreign Result = "foreign"
	// Forged: does not open: made up or changed.
	Forged Result = "forged"
	// Expired: older than its life, or from a future beyond what clocks differ.
	Expired Result = "expired"
	// Wrong: the work was not done.
	Wrong Result = "wrong"
	// Early: the wait is not over.
	Early Result = "early"
	// Elsewhere: made for another source prefix.
	Elsewhere Result = "elsewhere"
	// OtherClass: made for another route class.
	OtherClass Result = "other_class"
	// OtherIdentity: made for another identity.
	OtherIdentity Result = "other_identity"
	// Replayed: the solution was redeemed before.
	Replayed Result = "replayed"
	// Spent: the budget is used up.
	Spent Result = "spent"
	// Cheap: made for less work than is asked of who comes now.
	Cheap Result = "cheap"
	// Forgotten: from before this process began, so nobody knows what is left.
	Forgotten Result = "forgotten"
	// Full: the memory of nonces has no room.
	Full Result = "full"
	// Repeated: there were several cookies.
	Repeated Result = "repeated"
)

// Results lists all results, for metrics.
var Results = []Result{
	Accepted, Malformed, Foreign, Forged, Expired, Wrong, Early, Elsewhere, OtherClass, OtherIdentity,
	Replayed, Spent, Cheap, Forgotten, Full, Repeated,
}

// Key is a key for challenges and clearances, with the id that tells it from
// others. It is derived per site (HKDF, label clearance).
type Key struct {
	// ID is that of the site's keys. It stands in tokens for all to read.
	ID     uint32
	Secret [32]byte
}

// Format writes the id, whatever the verb, so that no key reaches a log.
func (k Key) Format(s fmt.State, _ rune) { _, _ = fmt.Fprintf(s, "key %08x", k.ID) }

// kind is what a sealed text is. One kind never opens as another.
type kind byte

const (
	kindChallenge kind = 1 + iota
	kindClearance
	kinds
)

// The layout of a text before it is encoded: version, key id, then what the AEAD
// made, with its nonce before and its tag behind.
const (
	version  = 1
	keyBytes = 4
	opening  = 1 + keyBytes
	overhead = 12 + 16
)

var encoding = base64.RawURLEncoding.Strict()

// Seal makes and opens the texts of one site: AES-256-GCM with random nonces
// (NIST SP 800-38D), which is sound for four billion texts of one key. The kind
// of the text and the site are authenticated with it. Safe for concurrent use.
type Seal struct {
	keys  []sealKey // the current one first
	bound [kinds][]byte
}

type sealKey struct {
	id   [keyBytes]byte
	aead cipher.AEAD
}

// Format hides the keys, whatever the verb.
func (*Seal) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "REDACTED") }

// NewSeal makes texts with current, and opens those made with previous ones too:
// nobody has to solve again because the secret was rotated.
func NewSeal(site string, current Key, previous ...Key) (*Seal, error) {
	s := new(Seal)
	for _, k := range append([]Key{current}, previous...) {
		block, err := aes.NewCipher(k.Secret[:])
		if err != nil {
			return nil, fmt.Errorf("making the cipher of challenges: %w", err)
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, fmt.Errorf("making the cipher of challenges: %w", err)
		}
		key := sealKey{aead: aead}
		binary.BigEndian.PutUint32(key.id[:], k.ID)
		s.keys = append(s.keys, key)
	}
	s.bound[kindChallenge] = fmt.Appendf(nil, "challenge %d\x00%s", version, site)
	s.bound[kindClearance] = fmt.Appendf(nil, "clearance %d\x00%s", version, site)
	return s, nil
}

// seal seals plain and encodes it. room is scratch space with at least the
// capacity of opening, plain and overhead.
func (s *Seal) seal(k kind, room, plain []byte) string {
	room = append(room[:0], version)
	room = append(room, s.keys[0].id[:]...)
	return encoding.EncodeToString(s.keys[0].aead.Seal(room, nil, plain, s.bound[k])) //nolint:gosec // this AEAD makes the nonce itself
}

// open decodes text into room and opens it there. Its length was looked at by the
// caller, so that it costs the same however long it is.
func (s *Seal) open(k kind, room []byte, text string) ([]byte, Result) {
	n := encoding.DecodedLen(len(text))
	if n <= opening+overhead || n > cap(room) {
		return nil, Malformed
	}
	room = room[:n]
	if got, err := encoding.Decode(room, []byte(text)); err != nil || got != n || room[0] != version {
		return nil, Malformed
	}
	for i := range s.keys {
		key := &s.keys[i]
		if key.id != [keyBytes]byte(room[1:opening]) {
			continue
		}
		plain, err := key.aead.Open(room[opening:opening], nil, room[opening:], s.bound[k])
		if err != nil {
			return nil, Forged
		}
		return plain, Accepted
	}
	return nil, Foreign
}
