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
	// letters are what the bucket of each word is made from.
	letters []uint32
	shift   uint8
}

// makeWordTable makes a table of at most 65535 words.
func makeWordTable[V any](values map[string]V) *wordTable[V] {
	size := max(1, bits.Len(uint(4*len(values))))
	t := &wordTable[V]{wordIndex: wordIndex{shift: uint8(32 - size), buckets: make([]uint16, 1<<size+1)}}
	lists := make([][]string, 1<<size)
	for word := range values {
		b := bucketOf(lettersAt([]byte(word), 0, len(word)), t.shift)
		lists[b] = append(lists[b], word)
	}
	for b, list := range lists {
		for _, word := range list {
			t.words, t.values = append(t.words, word), append(t.values, values[word])
			t.letters = append(t.letters, lettersAt([]byte(word), 0, len(word)))
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

// lookup returns the value of a word and whether it is in the table.
func (t *wordTable[V]) lookup(word []byte) (value V, ok bool) {
	i := t.find(word)
	if i < 0 {
		return value, false
	}
	return t.values[i], true
}

// find returns the number of a word, -1 when there is none.
func (t *wordIndex) find(word []byte) int {
	if len(word) == 0 {
		return -1
	}
	letters := lettersAt(word, 0, len(word))
	from, to := t.bucket(letters)
	for i := from; i < to; i++ {
		if t.letters[i] == letters && (len(word) <= wholeLetters || t.words[i] == string(word)) {
			return int(i)
		}
	}
	return -1
}

// lacks reports whether no word of these letters can be in the table.
func (t *wordIndex) lacks(letters uint32) bool {
	from, to := t.bucket(letters)
	return from == to
}

// bucket returns the first number of the words in a bucket, and the one behind
// the last. The factor is that of Fibonacci hashing (Knuth, The Art of Computer
// Programming, volume 3, section 6.4).
func (t *wordIndex) bucket(letters uint32) (from, to uint16) {
	b := bucketOf(letters, t.shift)
	return t.buckets[b], t.buckets[b+1]
}

func bucketOf(letters uint32, shift uint8) uint32 { return letters * 2654435769 >> (shift & 31) }

// lettersAt is the length of a word, which must not be empty, and three of its
// letters.
func lettersAt(text []byte, from, to int) uint32 {
	n := uint(to - from)
	return uint32(n)<<24 | uint32(text[from])<<16 | uint32(text[uint(from)+n/2])<<8 | uint32(text[to-1])
}

// wholeLetters is the length up to which lettersAt is the whole word.
const wholeLetters = 3

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
