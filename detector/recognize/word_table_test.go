package recognize

import (
	"strings"
	"testing"
)

func TestWordTable(t *testing.T) {
	t.Parallel()
	values := map[string]int{"a": 1, "ab": 2, "abc": 3, "abcd": 4, "axcd": 5, "sign in": 6, "größe": 7}
	table := makeWordTable(values)
	for word, want := range values {
		if got := table.get([]byte(word)); got != want {
			t.Errorf("%q: got %d, want %d", word, got, want)
		}
	}
	// The last of them have the length, modulo 256, or the three letters of a word
	// that is there.
	for _, word := range []string{"", "b", "ba", "abd", "aacd", "abxd", "a" + strings.Repeat("b", 258) + "c"} {
		if got := table.get([]byte(word)); got != 0 {
			t.Errorf("%q: got %d, want nothing", word, got)
		}
	}
	if got := makeWordTable(map[string]int{}).get([]byte("a")); got != 0 {
		t.Errorf("a table without words: got %d", got)
	}
}

func TestClassesOf(t *testing.T) {
	t.Parallel()
	classes := classesOf(map[uint8]string{1: `a b`, 2: "b\n\tc"})
	for word, want := range map[string]uint8{"a": 1, "b": 3, "c": 2, "d": 0} {
		if got := classes.get([]byte(word)); got != want {
			t.Errorf("%q: got %b, want %b", word, got, want)
		}
	}
}

// No bucket is long, so that no text makes looking up its words slow.
func TestVocabularySpreads(t *testing.T) {
	t.Parallel()
	for b := range len(vocabulary.buckets) - 1 {
		if n := vocabulary.buckets[b+1] - vocabulary.buckets[b]; n > 8 {
			t.Errorf("%d words in one bucket", n)
		}
	}
}
