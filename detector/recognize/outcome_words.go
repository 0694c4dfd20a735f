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
func (l wordList) any(set *wordTable[bool]) bool {
	for word, rest := l.cut(); len(word) > 0; word, rest = rest.cut() {
		if set.get(word) {
			return true
		}
	}
	return false
}

// cut returns the first word, empty at the end, and the list of those behind it.
func (l wordList) cut() (word []byte, rest wordList) {
	if len(l) < 2 {
		return nil, nil
	}
	end := bytes.IndexByte(l[1:], ' ') + 1
	if end == 0 {
		return nil, nil
	}
	return l[1:end], l[end:]
}

// says reports whether one of the phrases of a book occurs.
func (l wordList) says(book phraseBook) bool {
	for word, rest := l.cut(); len(word) > 0; word, rest = rest.cut() {
		if means, _ := book.at(word, rest[1:]); means != 0 {
			return true
		}
	}
	return false
}

// phraseBook finds phrases by their first word.
type phraseBook struct{ *wordTable[[]phrase] }

type phrase struct {
	// rest is what follows the first word, a space behind each word.
	rest  string
	words int
	means said
}

// at returns what is said by a word and what follows it, and the number of
// words of the longest phrase.
func (b phraseBook) at(word, rest []byte) (means said, length int) {
	found := b.find(word)
	if found < 0 {
		return 0, 0
	}
	phrases := b.values[found]
	for i := range phrases {
		p := &phrases[i]
		if len(rest) >= len(p.rest) && string(rest[:len(p.rest)]) == p.rest {
			means |= p.means
			length = max(length, p.words)
		}
	}
	return means, length
}

// makePhraseBook reads lists of phrases, separated by commas.
func makePhraseBook(lists map[said]string) phraseBook {
	b := map[string][]phrase{}
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
			b[words[0]] = addPhrase(b[words[0]], p)
		}
	}
	return phraseBook{makeWordTable(b)}
}

// phrasesOf makes a book of phrases that all mean the same, separated by commas.
func phrasesOf(list string) phraseBook { return makePhraseBook(map[said]string{1: list}) }

// addPhrase adds a phrase to those with the same first word. What is said by the
// same words is one phrase.
func addPhrase(phrases []phrase, p phrase) []phrase {
	i := slices.IndexFunc(phrases, func(q phrase) bool { return q.rest == p.rest })
	if i < 0 {
		return append(phrases, p)
	}
	phrases[i].means |= p.means
	return phrases
}
