package recognize

import (
	"bytes"
	"slices"
	"strings"
)

// splitWords returns at most limit words of a short text, such as a name or an
// address, in lower case.
func splitWords(text string, limit int) []string {
	words := strings.Fields(string(listWords(text)))
	return words[:min(len(words), limit)]
}

// wordList is the words of a short text, such as a name or an address, in lower
// case, with a space before the first and behind each.
type wordList []byte

// listWords returns the words of the first maxHeardBytes of a text.
func listWords[T string | []byte](text T) wordList {
	return wordsInto(make([]byte, 0, min(len(text), maxHeardBytes)*3/2+4), text)
}

// wordRoom is the room that the words of a label or an address need as a rule.
const wordRoom = 128

// wordsInto is listWords with room of the caller's, which spares an allocation
// while it is enough.
func wordsInto[T string | []byte](room []byte, text T) wordList {
	words, _ := appendWords(append(room[:0], ' '), text[:min(len(text), maxHeardBytes)])
	return words
}

// any reports whether one of the words is in a set.
func (l wordList) any(set map[string]bool) bool {
	for rest := l; len(rest) > 1; {
		rest = rest[1:]
		end := bytes.IndexByte(rest, ' ')
		if end < 0 {
			return false
		}
		if set[string(rest[:end])] {
			return true
		}
		rest = rest[end:]
	}
	return false
}

// says reports whether one of the phrases occurs, each with a space at both
// ends.
func (l wordList) says(phrases []string) bool {
	return slices.ContainsFunc(phrases, func(p string) bool { return bytes.Contains(l, []byte(p)) })
}

// phraseBook finds phrases by their first word.
type phraseBook map[string][]phrase

type phrase struct {
	// rest is what follows the first word, a space behind each word.
	rest  string
	words int
	means said
}

// at returns what is said by a word and what follows it, and the number of
// words of the longest phrase.
func (b phraseBook) at(word, rest []byte) (means said, length int) {
	for _, p := range b[string(word)] {
		if len(rest) >= len(p.rest) && string(rest[:len(p.rest)]) == p.rest {
			means |= p.means
			length = max(length, p.words)
		}
	}
	return means, length
}

// makePhraseBook reads lists of phrases, separated by commas.
func makePhraseBook(lists map[said]string) phraseBook {
	b := phraseBook{}
	for means, list := range lists {
		for text := range strings.SplitSeq(list, ",") {
			words := splitWords(text, 16)
			if len(words) == 0 {
				continue
			}
			p := phrase{words: len(words), means: means}
			for _, w := range words[1:] {
				p.rest += w + " "
			}
			b[words[0]] = append(b[words[0]], p)
		}
	}
	return b
}
