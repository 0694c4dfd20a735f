package recognize

import "strings"

// bitText writes bits as DEFLATE packs them.
type bitText struct {
	text []byte
	n    uint
}

// put adds the lowest count bits of v, the lowest first.
func (b *bitText) put(v, count uint) {
	for ; count > 0; count-- {
		if b.n%8 == 0 {
			b.text = append(b.text, 0)
		}
		b.text[b.n/8] |= byte(v&1) << (b.n % 8)
		v >>= 1
		b.n++
	}
}

// code adds a Huffman code, whose first bit is its highest.
func (b *bitText) code(v, count uint) {
	for ; count > 0; count-- {
		b.put(v>>(count-1), 1)
	}
}

// head begins a block with codes of its own: 257+literals symbols and one
// distance. lengths are those of the code for lengths, by symbol.
func (b *bitText) head(literals uint, lengths map[uint8]uint) {
	b.put(4, 3)
	b.put(literals, 5)
	b.put(0, 5)
	b.put(uint(len(codeOrder)-4), 4)
	for _, symbol := range codeOrder {
		b.put(lengths[symbol], 3)
	}
}

// emptyBlocks are n blocks of DEFLATE, each with codes of its own and no text.
func emptyBlocks(n int) string {
	var b bitText
	for range n {
		b.head(0, map[uint8]uint{18: 1, 1: 1})
		b.code(1, 1) // 138 symbols without a code
		b.put(127, 7)
		b.code(1, 1) // 118 more
		b.put(107, 7)
		b.code(0, 1) // the end, by a code of one bit
		b.code(0, 1) // one distance
		b.code(0, 1) // the end
	}
	return string(b.text)
}

// costlyBlocks are n blocks of DEFLATE with the codes that take a table of
// tables most to decode: one of 15 bits, and as many as can be just too long for
// its first table.
func costlyBlocks(n int) string {
	// 245 of 10 bits, some longer ones, and what makes the code complete.
	lengths := make([]uint, 2, 257)
	for range 245 {
		lengths = append(lengths, 10)
	}
	lengths = append(lengths, 15, 15, 14, 13, 12, 11, 1, 2, 7, 9)
	var b bitText
	for range n {
		costlyBlock(&b, lengths)
	}
	return string(b.text)
}

func costlyBlock(b *bitText, lengths []uint) {
	// The code for lengths: 10, 16 and 0 by 2 bits, 1 to 9 and 11 to 15 by 6.
	sizes := map[uint8]uint{10: 2, 16: 2, 0: 2}
	for symbol := uint8(1); symbol < 16; symbol++ {
		if symbol != 10 {
			sizes[symbol] = 6
		}
	}
	sizes[17], sizes[18] = 6, 6 // 16 of 6 bits fill the last quarter
	var order []uint
	for size := uint(2); size <= 6; size++ {
		for symbol := range uint8(19) {
			if sizes[symbol] == size {
				order = append(order, uint(symbol))
			}
		}
	}
	codes, next, last := map[uint]uint{}, uint(0), uint(2)
	for _, symbol := range order {
		size := sizes[uint8(symbol)]
		next <<= size - last
		last = size
		codes[symbol] = next
		next++
	}
	write := func(symbol uint) { b.code(codes[symbol], sizes[uint8(symbol)]) }
	b.head(uint(len(lengths)-257), sizes)
	all := append(append([]uint{}, lengths...), 1)
	for i := 0; i < len(all); {
		run := 1
		for i+run < len(all) && all[i+run] == all[i] {
			run++
		}
		write(all[i])
		i++
		for run--; run >= 3; {
			step := min(run, 6)
			write(16)
			b.put(uint(step-3), 2)
			run -= step
			i += step
		}
	}
	writeEnd(b, lengths)
}

// writeEnd writes the symbol 256 in the canonical code of lengths.
func writeEnd(b *bitText, lengths []uint) {
	code := uint(0)
	for size := uint(1); size <= 15; size++ {
		code <<= 1
		for symbol, length := range lengths {
			if length == size {
				if symbol == 256 {
					b.code(code, size)
					return
				}
				code++
			}
		}
	}
}

// gzipped puts blocks of DEFLATE into the frame of gzip.
func gzipped(blocks string) string {
	return "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + blocks[:min(len(blocks), worst-10)]
}

// zstdFrames is a body of frames of one block each.
func zstdFrames() string {
	return strings.Repeat("\x28\xb5\x2f\xfd\x00\x40\x0b\x00\x00a", worst/10)
}
