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
// It is made once and read by many.
type wordTable[V any] struct {
	wordIndex
	values []V
}

// wordIndex numbers the words of a wordTable.
type wordIndex struct {
	// buckets holds where in words those of a bucket begin, and at the end the
	// number of words.
	buckets []uint16
	words   []string
	shift   uint8
}

// makeWordTable makes a table of at most 65535 words.
func makeWordTable[V any](values map[string]V) *wordTable[V] {
	size := bits.Len(uint(4 * len(values)))
	t := &wordTable[V]{wordIndex: wordIndex{shift: uint8(32 - size), buckets: make([]uint16, 1<<size+1)}}
	lists := make([][]string, 1<<size)
	for word := range values {
		b := wordBucket([]byte(word), t.shift)
		lists[b] = append(lists[b], word)
	}
	for b, list := range lists {
		for _, word := range list {
			t.words, t.values = append(t.words, word), append(t.values, values[word])
		}
		t.buckets[b+1] = uint16(len(t.words))
	}
	return t
}

// get returns the value of a word, the zero value when there is none.
func (t *wordTable[V]) get(word []byte) (value V) {
	if i := t.find(word); i >= 0 {
		value = t.values[i]
	}
	return value
}

// find returns the number of a word, -1 when there is none.
func (t *wordIndex) find(word []byte) int {
	if len(word) == 0 {
		return -1
	}
	b := wordBucket(word, t.shift)
	for i := t.buckets[b]; i < t.buckets[b+1]; i++ {
		if t.words[i] == string(word) {
			return int(i)
		}
	}
	return -1
}

// wordBucket is the bucket of a word, which must not be empty. The factor is
// that of Fibonacci hashing (Knuth, The Art of Computer Programming, volume 3,
// section 6.4).
func wordBucket(word []byte, shift uint8) uint32 {
	n := len(word)
	letters := uint32(n)<<24 ^ uint32(word[0])<<16 ^ uint32(word[n/2])<<8 ^ uint32(word[n-1])
	return letters * 2654435769 >> shift
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
