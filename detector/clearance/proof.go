package clearance

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"strconv"
)

// Parts is how many parts a proof has. The work of one part varies much, the sum
// of sixteen by a quarter: so the estimate that a page shows is honest.
const Parts = 16

// maxCounter is the largest counter: JavaScript counts exactly up to here.
const maxCounter = 1<<53 - 1

// maxProof is how long the text of a proof is at most.
const maxProof = Parts*len("9007199254740991") + Parts - 1

// Proof is a proof of work for a token. Its text is its counters as decimal
// numbers joined by commas. Part i is proved by a counter n for which
//
//	SHA-256( SHA-256(token) || i || n )
//
// begins with as many zero bits as the challenge asks for, i being four bytes
// and n eight, both big endian. A part takes 2^bits hashes on average.
type Proof [Parts]uint64

// ParseProof reads the text of a proof. It allocates nothing and looks at no
// more than a proof can have.
func ParseProof(text string) (p Proof, ok bool) {
	if len(text) > maxProof {
		return p, false
	}
	part, digits := 0, 0
	for i := range len(text) {
		c := text[i]
		switch {
		case c == ',' && digits > 0 && part < Parts-1:
			part, digits = part+1, 0
		case c >= '0' && c <= '9' && (digits == 0 || p[part] > 0): // no leading zeros
			p[part] = p[part]*10 + uint64(c-'0')
			if digits++; p[part] > maxCounter {
				return p, false
			}
		default:
			return p, false
		}
	}
	return p, part == Parts-1 && digits > 0
}

// String is the text of the proof.
func (p Proof) String() string {
	b := make([]byte, 0, maxProof)
	for i, n := range p {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, n, 10)
	}
	return string(b)
}

// Solves reports whether p proves the work for token: at most 17 hashes.
func (p *Proof) Solves(token string, zeros int) bool {
	work := newWork(token)
	for i, n := range p {
		if work.zeros(i, n) < zeros {
			return false
		}
	}
	return true
}

// Solve finds the proof for a token and tells how many hashes it took, as a
// program does that attacks with one thread. It is what costs are measured with.
func Solve(token string, zeros int) (p Proof, hashes uint64) {
	work := newWork(token)
	for i := range p {
		for work.zeros(i, p[i]) < zeros {
			p[i]++
			hashes++
		}
		hashes++
	}
	return p, hashes
}

// work is the message that is hashed, of one block.
type work [sha256.Size + 4 + 8]byte

func newWork(token string) (w work) {
	var text [2048]byte // without a copy the conversion would allocate
	seed := sha256.Sum256(append(text[:0], token...))
	copy(w[:], seed[:])
	return w
}

// zeros is how many zero bits the hash for a counter begins with, up to 64.
func (w *work) zeros(part int, n uint64) int {
	binary.BigEndian.PutUint32(w[sha256.Size:], uint32(part))
	binary.BigEndian.PutUint64(w[sha256.Size+4:], n)
	sum := sha256.Sum256(w[:])
	return bits.LeadingZeros64(binary.BigEndian.Uint64(sum[:8]))
}
