package evidence

import (
	"math"
	"math/bits"
)

// Sketch64 estimates how many distinct hashes were added, in 8 bytes: linear
// counting over 64 bits (Whang, Vander-Zanden and Taylor, "A linear-time
// probabilistic counting algorithm for database applications", 1990). The
// estimate is 64*ln(64/z) for z empty bits.
//
// The standard error, measured, is 1 at 10, 7 at 64, 13 at 100 and 25 at 150
// distinct hashes; beyond that too few bits are empty and the estimate soon
// stops at SketchMax. Up to 5 it is hardly ever off by more than 1. It cannot take a hash
// back. The zero value is empty. Not safe for concurrent use.
//
// Hashes must be keyed: who can choose them can make many look like one.
type Sketch64 struct {
	// Two words instead of a uint64 keep an entry free of padding.
	lo, hi uint32
}

// SketchMax is the estimate of a sketch whose bits are all set.
const SketchMax = 310

// Add adds one keyed hash.
func (s *Sketch64) Add(hash uint64) {
	// The multiplication (Fibonacci hashing) lets every bit of the hash take
	// part, so that a 32-bit tag does as well as a whole one.
	bit := hash * 0x9e3779b97f4a7c15 >> 58
	if bit < 32 {
		s.lo |= 1 << bit
		return
	}
	s.hi |= 1 << (bit - 32)
}

// Estimate is about how many distinct hashes were added.
func (s Sketch64) Estimate() int {
	return int(linearCounting[bits.OnesCount32(s.lo)+bits.OnesCount32(s.hi)])
}

// Merge adds what other holds.
func (s *Sketch64) Merge(other Sketch64) { s.lo, s.hi = s.lo|other.lo, s.hi|other.hi }

// Clear empties the sketch.
func (s *Sketch64) Clear() { *s = Sketch64{} }

// linearCounting is the estimate by the number of bits that are set.
var linearCounting = func() (table [65]uint16) {
	for set := range 64 {
		table[set] = uint16(math.Round(64 * math.Log(64/float64(64-set))))
	}
	// No bit is empty: as if half a bit were.
	table[64] = SketchMax
	return table
}()
