package recognize

import (
	"encoding/binary"
	"math/bits"
)

// maxBlocks is how many blocks of a compressed body are decoded. Encoders make one
// of 16 KiB and more, and an empty one where they flush; a hostile body makes
// thousands of blocks without content, each with tables to be built.
const maxBlocks = 128

const (
	// codeBits is the longest code of DEFLATE, fastBits the longest that one look
	// at a table decodes.
	codeBits = 15
	fastBits = 9
)

// inflater undoes DEFLATE (RFC 1951) of a small text. Other than compress/flate it
// bounds how many blocks it reads, and its tables have one size: there a header
// of 40 bytes may cost 36 KB and 10 µs, and a body of 64 KiB holds 1600 of them.
// What was written is the window, so out must hold the whole text.
type inflater struct {
	in  []byte
	pos int
	// acc holds the next n bits, the first one lowest.
	acc uint64
	n   uint
	out []byte // never longer than its capacity

	literals, distances prefixCode
}

// run decodes up to the end of the last block; false if the input ends or breaks
// before, or there is more than out can hold or maxBlocks.
func (d *inflater) run() bool {
	for range maxBlocks {
		header, ok := d.take(3)
		if !ok || !d.block(header>>1) {
			return false
		}
		if header&1 != 0 {
			d.align()
			return true
		}
	}
	return false
}

func (d *inflater) block(kind int) bool {
	switch kind {
	case 0:
		return d.stored()
	case 1:
		return d.fixed() && d.compressed()
	case 2:
		return d.dynamic() && d.compressed()
	}
	return false
}

func (d *inflater) fill() {
	for d.n <= 56 && d.pos < len(d.in) {
		d.acc |= uint64(d.in[d.pos]) << d.n
		d.pos++
		d.n += 8
	}
}

// take returns the next count bits, at most 16.
func (d *inflater) take(count uint) (int, bool) {
	if d.n < count {
		if d.fill(); d.n < count {
			return 0, false
		}
	}
	v := d.acc & (1<<count - 1)
	d.acc >>= count
	d.n -= count
	return int(v), true
}

// align goes on at the next whole byte.
func (d *inflater) align() {
	d.pos -= int(d.n / 8)
	d.acc, d.n = 0, 0
}

// stored copies a block that is not compressed (section 3.2.4).
func (d *inflater) stored() bool {
	d.align()
	rest := d.in[d.pos:]
	if len(rest) < 4 {
		return false
	}
	size := binary.LittleEndian.Uint16(rest)
	if size != ^binary.LittleEndian.Uint16(rest[2:]) {
		return false
	}
	rest = rest[4:]
	n := min(int(size), len(rest), cap(d.out)-len(d.out))
	d.out = append(d.out, rest[:n]...)
	d.pos += 4 + n
	return n == int(size)
}

// compressed decodes the literals and repetitions of a block (section 3.2.5).
func (d *inflater) compressed() bool {
	for {
		symbol, ok := d.symbol(&d.literals)
		switch {
		case !ok || symbol > 285 || symbol != 256 && len(d.out) == cap(d.out):
			return false
		case symbol == 256:
			return true
		case symbol < 256:
			d.out = append(d.out, byte(symbol))
		default:
			if !d.repeat(symbol - 257) {
				return false
			}
		}
	}
}

// Bases and extra bits of the lengths and distances (section 3.2.5).
var (
	lengthBase = [...]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthBits = [...]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
)

// repeat copies what stood before.
func (d *inflater) repeat(length int) bool {
	extra, ok := d.take(uint(lengthBits[length]))
	symbol, found := d.symbol(&d.distances)
	if !ok || !found || symbol > 29 {
		return false
	}
	size, distance := int(lengthBase[length])+extra, symbol+1
	if symbol > 3 {
		more := uint(symbol/2 - 1)
		extra, ok := d.take(more)
		if !ok {
			return false
		}
		distance = (2+symbol&1)<<more + 1 + extra
	}
	from := len(d.out) - distance
	if from < 0 {
		return false
	}
	n := min(size, cap(d.out)-len(d.out))
	for range n {
		d.out = append(d.out, d.out[from])
		from++
	}
	return n == size
}

// symbol decodes one symbol.
func (d *inflater) symbol(c *prefixCode) (int, bool) {
	if d.n < codeBits {
		d.fill()
	}
	if e := c.fast[d.acc&(1<<fastBits-1)]; e != 0 && uint(e&15) <= d.n {
		d.acc >>= e & 15
		d.n -= uint(e & 15)
		return int(e >> 4), true
	}
	code := int(bits.Reverse16(uint16(d.acc)) >> 1) // its first bit on top
	for length := uint(fastBits + 1); length <= min(codeBits, d.n); length++ {
		if i := code>>(codeBits-length) - int(c.first[length]); i < int(c.count[length]) {
			d.acc >>= length
			d.n -= length
			return int(c.symbols[int(c.index[length])+i]), true
		}
	}
	return 0, false
}
