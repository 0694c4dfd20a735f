package identity

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"sync"

	"github.com/dchest/siphash"
)

// MinSecret is how many bytes a secret must have.
const MinSecret = 32

// The purposes of keys. A purpose is part of what the key is derived from: no
// key can be used, or computed, in place of another.
const (
	purposeIdentity   = "doorward/1 identity"
	purposeRate       = "doorward/1 rate"
	purposeCredential = "doorward/1 credential"
	purposeCookie     = "doorward/1 cookie"
	purposeClearance  = "doorward/1 clearance"
	purposeID         = "doorward/1 key id"
)

// Keys are the keys of one site, all derived from one secret by HKDF-SHA256
// (RFC 5869). Two sites of one secret share none, so what is stored about a
// user of one says nothing about the other. Safe for concurrent use.
type Keys struct {
	id         string
	identity   hasherPool
	rate       hasherPool
	rateKey    [2]uint64
	credential hasherPool
	cookie     [sha256.Size]byte
	clearance  [sha256.Size]byte
}

// DeriveKeys derives the keys of the site called site. The secret is used as it
// is, has at least MinSecret bytes and is not retained.
func DeriveKeys(secret []byte, site string) (*Keys, error) {
	if len(secret) < MinSecret {
		return nil, fmt.Errorf("deriving keys: the secret has %d bytes; write at least %d random ones", len(secret), MinSecret)
	}
	prk, err := hkdf.Extract(sha256.New, secret, nil)
	if err != nil {
		return nil, fmt.Errorf("deriving keys: %w", err)
	}
	k := &Keys{}
	var id, identity, rate, credential [sha256.Size]byte
	for purpose, key := range map[string]*[sha256.Size]byte{
		purposeID:         &id,
		purposeIdentity:   &identity,
		purposeRate:       &rate,
		purposeCredential: &credential,
		purposeCookie:     &k.cookie,
		purposeClearance:  &k.clearance,
	} {
		// No purpose holds a NUL, so purpose and site cannot run together.
		derived, err := hkdf.Expand(sha256.New, prk, purpose+"\x00"+site, sha256.Size)
		if err != nil {
			return nil, fmt.Errorf("deriving keys: %w", err)
		}
		copy(key[:], derived)
	}
	k.id = hex.EncodeToString(id[:4])
	k.identity.init(identity)
	k.rate.pool.New = func() any { return &hasher{folder: newFolder()} }
	k.rateKey = [2]uint64{binary.LittleEndian.Uint64(rate[:8]), binary.LittleEndian.Uint64(rate[8:16])}
	k.credential.init(credential)
	return k, nil
}

// ID names the keys in 8 hexadecimal digits, so that what was made with them
// can be told from what was made with the previous ones. It is derived like a
// key of its own and reveals nothing.
func (k *Keys) ID() string { return k.id }

// Cookie returns the key for device cookies.
func (k *Keys) Cookie() [sha256.Size]byte { return k.cookie }

// Clearance returns the key for clearances of solved challenges.
func (k *Keys) Clearance() [sha256.Size]byte { return k.clearance }

// Pseudonym returns what stands for exactly this identity. The empty identity
// has the zero pseudonym.
func (k *Keys) Pseudonym(id Identity) Pseudonym {
	if id.Empty() {
		return Pseudonym{}
	}
	h := k.identity.get()
	defer k.identity.put(h)
	h.buf = id.AppendCanon(h.buf[:0])
	return h.pseudonym()
}

// RateKey returns what stands for all spellings of the identity; see
// [Identity.RateIdentity]. The empty identity has the zero pseudonym.
//
// It is SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012) under a derived
// key and not an HMAC, because every attempt needs it before it is decided on,
// and it costs a quarter. It is what evidence is counted by; events and logs
// bear the [Keys.Pseudonym].
func (k *Keys) RateKey(id Identity, strict bool) Pseudonym {
	name, _ := k.RateKeyAndSpelling(id, strict)
	return name
}

// RateKeyAndSpelling returns the RateKey and 64 bits that stand for exactly this
// identity among its spellings, both zero for the empty identity.
func (k *Keys) RateKeyAndSpelling(id Identity, strict bool) (name Pseudonym, spelling uint64) {
	if id.Empty() {
		return Pseudonym{}, 0
	}
	h := k.rate.get()
	h.buf = id.appendRateCanon(h.buf[:0], h.folder, strict)
	a, b := siphash.Hash128(k.rateKey[0], k.rateKey[1], h.buf)
	binary.LittleEndian.PutUint64(name[:8], a)
	binary.LittleEndian.PutUint64(name[8:], b)
	// The variant of 64 bits begins otherwise: what is folded already has no
	// spelling that could be computed from its key.
	h.buf = id.AppendCanon(h.buf[:0])
	spelling = siphash.Hash(k.rateKey[0], k.rateKey[1], h.buf)
	k.rate.put(h)
	return name, spelling
}

// Format writes the key ID, whatever the verb, so that no key reaches a log.
func (k *Keys) Format(s fmt.State, _ rune) {
	if k != nil {
		_, _ = io.WriteString(s, "keys "+k.id)
	}
}

// maxPooled is up to how many bytes a scratch buffer of a hasher is kept for the
// next request: enough for every identity people have. Larger ones are dropped.
const maxPooled = 4 << 10

// hasher is an HMAC-SHA256 with its key set up, nil where only the scratch space
// beside it is wanted.
type hasher struct {
	mac    hash.Hash
	sum    [sha256.Size]byte
	buf    []byte
	folder *folder
}

func newHasher(key [sha256.Size]byte) *hasher {
	h := &hasher{mac: hmac.New(sha256.New, key[:]), folder: newFolder()}
	h.mac.Reset() // the first Reset saves the state after the key for later ones
	return h
}

// pseudonym returns the first half of the HMAC of h.buf.
func (h *hasher) pseudonym() Pseudonym {
	h.flush()
	return Pseudonym(h.mac.Sum(h.sum[:0])[:len(Pseudonym{})])
}

// hasherPool lends hashers of one key.
type hasherPool struct{ pool sync.Pool }

func (p *hasherPool) init(key [sha256.Size]byte) {
	p.pool.New = func() any { return newHasher(key) }
}

func (p *hasherPool) get() *hasher { return p.pool.Get().(*hasher) }

// put takes a hasher back, its scratch space wiped: names and passwords shall
// not lie about in it longer than their request.
func (p *hasherPool) put(h *hasher) {
	if h.mac != nil {
		h.mac.Reset()
	}
	h.buf, h.folder.buf, h.folder.wide = wipe(h.buf), wipe(h.folder.buf), wipe(h.folder.wide)
	p.pool.Put(h)
}

func wipe(b []byte) []byte {
	b = b[:cap(b)]
	clear(b)
	if len(b) > maxPooled {
		return nil
	}
	return b[:0]
}
