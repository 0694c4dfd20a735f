package incident

import (
	"math"
	"math/bits"
)

// distinct counts different values in 512 bytes by linear counting (Whang et al.
// 1990): within 3 % up to some thousands, and never more than about 34,000. The
// zero value is empty.
type distinct [64]uint64

func (d *distinct) add(hash uint64) { d[hash>>6&63] |= 1 << (hash & 63) }

func (d *distinct) estimate() int {
	ones := 0
	for _, word := range d {
		ones += bits.OnesCount64(word)
	}
	const size = 64 * 64
	return int(math.Round(-size * math.Log(float64(max(size-ones, 1))/size)))
}

// odd and mix spread addresses over the bits: neighbours must differ.
const odd = 0x9e3779b97f4a7c15

func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
