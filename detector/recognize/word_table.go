package recognize

import (
	"math/bits"
	"strings"
)

// wordTable finds what belongs to a word of a fixed vocabulary. Nearly all words
// of a page belong to none: its length and three of its letters tell most of
// those apart, in less time than a map takes to hash them. Collisions cost one
// comparison each, and they are fixed when the table is made, so no text makes
// it slow.
//
// It is made once and read by many; the zero value is empty.
type wordTable[V any] struct {
	// buckets holds where in entries those of a bucket begin, and at the end the
	// number of entries.
	buckets []uint16
	entries []wordEntry[V]
	shift   uint8
}

type wordEntry[V any] struct {
	word  string
	value V
}

// makeWordTable makes a table of at most 65535 words.
func makeWordTable[V any](values map[string]V) *wordTable[V] {
	size := bits.Len(uint(4 * len(values)))
	t := &wordTable[V]{shift: uint8(32 - size), buckets: make([]uint16, 1<<size+1)}
	lists := make([][]wordEntry[V], 1<<size)
	for word, value := range values {
		b := wordBucket([]byte(word), t.shift)
		lists[b] = append(lists[b], wordEntry[V]{word, value})
	}
	for b, list := range lists {
		t.entries = append(t.entries, list...)
		t.buckets[b+1] = uint16(len(t.entries))
	}
	return t
}

// wordBucket is the bucket of a word, which must not be empty. The factor is
// that of Fibonacci hashing (Knuth, The Art of Computer Programming, volume 3,
// section 6.4).
func wordBucket(word []byte, shift uint8) uint32 {
	n := len(word)
	letters := uint32(n)<<24 ^ uint32(word[0])<<16 ^ uint32(word[n/2])<<8 ^ uint32(word[n-1])
	return letters * 2654435769 >> shift
}

// get returns the value of a word, the zero value when there is none.
func (t *wordTable[V]) get(word []byte) (value V) {
	if len(word) == 0 || len(t.entries) == 0 {
		return value
	}
	b := wordBucket(word, t.shift)
	list := t.entries[t.buckets[b]:t.buckets[b+1]]
	for i := range list {
		if list[i].word == string(word) {
			return list[i].value
		}
	}
	return value
}

// wordsOf makes a table of the words of a list, parted by spaces.
func wordsOf(list string) *wordTable[bool] { return makeWordTable(wordSet(list)) }

// classesOf makes a table of which of the lists a word is in.
func classesOf[C ~uint8 | ~uint16 | ~uint32](lists map[C]string) *wordTable[C] {
	classes := map[string]C{}
	for class, list := range lists {
		for word := range strings.FieldsSeq(list) {
			classes[word] |= class
		}
	}
	return makeWordTable(classes)
}
