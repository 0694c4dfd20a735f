package recognize

import "math/bits"

// maxCodes is how many symbols the code of literals and lengths has room for, of
// which RFC 1951 uses 286.
const maxCodes = 288

// prefixCode is a canonical Huffman code (RFC 1951, section 3.2.2).
type prefixCode struct {
	// fast tells the symbol, shifted by 4, and the length of the code that the next
	// bits begin with; 0 for codes longer than fastBits.
	fast [1 << fastBits]uint16
	// count is how many codes have a length, first the lowest of them, and index
	// where in symbols it stands.
	count, first, index [codeBits + 1]uint16
	symbols             [maxCodes]uint16
}

// build makes the code of the length of each symbol's code, 0 for none; false if
// there is no such code. A code of one symbol only may leave the other bit
// unused, as in compress/flate.
func (c *prefixCode) build(lengths []uint8) bool {
	c.count = [codeBits + 1]uint16{}
	for _, length := range lengths {
		c.count[length]++
	}
	used := len(lengths) - int(c.count[0])
	c.count[0] = 0
	code, index := 0, 0
	for length := 1; length <= codeBits; length++ {
		code = (code + int(c.count[length-1])) << 1
		c.first[length], c.index[length] = uint16(code), uint16(index)
		index += int(c.count[length])
		if code+int(c.count[length]) > 1<<length {
			return false
		}
	}
	if whole := code+int(c.count[codeBits]) == 1<<codeBits; !whole && (used > 1 || used == 1 && c.count[1] == 0) {
		return false
	}
	c.fast = [1 << fastBits]uint16{}
	next := c.index
	for symbol, length := range lengths {
		if length == 0 {
			continue
		}
		at := next[length]
		c.symbols[at] = uint16(symbol)
		next[length]++
		if length > fastBits {
			continue
		}
		code := c.first[length] + at - c.index[length]
		for i := int(bits.Reverse16(code) >> (16 - length)); i < len(c.fast); i += 1 << length {
			c.fast[i] = uint16(symbol)<<4 | uint16(length)
		}
	}
	return true
}

// fixed makes the codes of section 3.2.6.
func (d *inflater) fixed() bool {
	var lengths [maxCodes]uint8
	for symbol := range lengths {
		switch {
		case symbol < 144 || symbol >= 280:
			lengths[symbol] = 8
		case symbol < 256:
			lengths[symbol] = 9
		default:
			lengths[symbol] = 7
		}
	}
	ok := d.literals.build(lengths[:])
	for symbol := range 32 {
		lengths[symbol] = 5
	}
	return d.distances.build(lengths[:32]) && ok
}

// codeOrder is the order of the lengths of the code for lengths (section 3.2.7).
var codeOrder = [...]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// dynamic reads the codes at the head of a block (section 3.2.7).
func (d *inflater) dynamic() bool {
	sizes, ok := d.take(14)
	literals, distances, codes := 257+sizes&31, 1+sizes>>5&31, 4+sizes>>10
	if !ok || literals > 286 || distances > 30 {
		return false
	}
	var lengths [maxCodes + 32]uint8
	for _, symbol := range codeOrder[:codes] {
		length, ok := d.take(3)
		if !ok {
			return false
		}
		lengths[symbol] = uint8(length)
	}
	if !d.literals.build(lengths[:len(codeOrder)]) || !d.lengths(lengths[:literals+distances]) {
		return false
	}
	return d.literals.build(lengths[:literals]) && d.distances.build(lengths[literals:literals+distances])
}

// lengths decodes the lengths of the codes of a block.
func (d *inflater) lengths(to []uint8) bool {
	for at := 0; at < len(to); {
		symbol, ok := d.symbol(&d.literals)
		if !ok {
			return false
		}
		if symbol < 16 {
			to[at] = uint8(symbol)
			at++
			continue
		}
		length, base, more := uint8(0), 3, uint(3)
		switch symbol {
		case 16:
			if at == 0 {
				return false
			}
			length, more = to[at-1], 2
		case 18:
			base, more = 11, 7
		}
		extra, ok := d.take(more)
		if !ok || at+base+extra > len(to) {
			return false
		}
		for range base + extra {
			to[at] = length
			at++
		}
	}
	return true
}
