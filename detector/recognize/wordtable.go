package recognize

import "encoding/binary"

// wordTable finds what a word stands for. It is a hash table with open
// addressing, made once and only read after that: the lookup of a word is most
// of what reading a hostile body costs, and takes a third of the time that one
// in a map takes. Its words are ours, so nobody chooses how they collide.
type wordTable[V any] struct {
	slots   []uint16 // index into entries, 0 for none
	entries []wordEntry[V]
	shift   uint // of the hash, that leaves an index into slots
	longest int  // word, in bytes
}

type wordEntry[V any] struct {
	word  string
	value V
}

// slotsPerWord keeps most slots empty, so that an unknown word is unknown at the
// first look.
const slotsPerWord = 8

// newWordTable makes a table of at most 65535 words. Words are not empty.
func newWordTable[V any](words map[string]V) *wordTable[V] {
	bits := uint(1)
	for 1<<bits < slotsPerWord*len(words) {
		bits++
	}
	t := &wordTable[V]{slots: make([]uint16, 1<<bits), entries: make([]wordEntry[V], 1, len(words)+1), shift: 64 - bits}
	for word, value := range words {
		at := t.slot([]byte(word))
		for t.slots[at] != 0 {
			at = t.after(at)
		}
		t.slots[at] = uint16(len(t.entries))
		t.entries = append(t.entries, wordEntry[V]{word, value})
		t.longest = max(t.longest, len(word))
	}
	return t
}

// find returns the value of a word. It does not allocate.
func (t *wordTable[V]) find(word []byte) (value V, ok bool) {
	if len(word) == 0 || len(word) > t.longest {
		return value, false
	}
	for at := t.slot(word); t.slots[at] != 0; at = t.after(at) {
		if e := &t.entries[t.slots[at]]; e.word == string(word) {
			return e.value, true
		}
	}
	return value, false
}

func (t *wordTable[V]) after(slot uint64) uint64 { return (slot + 1) & uint64(len(t.slots)-1) }

// slot is where a word that is not empty stands, or one of the next. The factors
// are odd numbers without a pattern, as multiplicative hashing wants them
// (Knuth, The Art of Computer Programming, volume 3, section 6.4).
func (t *wordTable[V]) slot(word []byte) uint64 {
	var first, last uint64
	switch n := len(word); {
	case n >= 8:
		first, last = binary.LittleEndian.Uint64(word), binary.LittleEndian.Uint64(word[n-8:])
	case n >= 4:
		first, last = uint64(binary.LittleEndian.Uint32(word)), uint64(binary.LittleEndian.Uint32(word[n-4:]))
	default:
		first, last = uint64(word[0]), uint64(word[n-1])<<8|uint64(word[n/2])
	}
	h := (first*0x9e3779b97f4a7c15 ^ last) + uint64(len(word))
	h ^= h >> 32
	return h * 0xd6e8feb86659fd93 >> t.shift
}
