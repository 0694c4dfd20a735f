package recognize

import (
	"bytes"
	"io"
)

const (
	// maxTagAttributes is how many attributes a tag may have. The tokenizer
	// remembers the names of each, and clears what the largest tag took at every
	// further one, so a page is read up to the first tag beyond that; those of
	// honest pages have a dozen.
	maxTagAttributes = 128
	// maxPageParts is how many tags and attributes of a page are read, together:
	// twice what 64 KiB of an honest page hold.
	maxPageParts = 8192
	// feedChunk is how many bytes of a page the tokenizer gets at a time.
	feedChunk = 4 << 10
)

// pageFeed hands a page to the tokenizer. It ends early at a tag with more than
// maxTagAttributes. Not the length of a tag is bounded, because pages hold whole
// images in one.
type pageFeed struct {
	page  []byte
	given int // how much the tokenizer has
	// start is where the token begins that the tokenizer works on.
	start int
	// counted is how far the parts of that token are counted.
	counted int
	parts   tagParts
}

func (f *pageFeed) Read(p []byte) (int, error) {
	if f.given == len(f.page) || f.overfull() {
		return 0, io.EOF
	}
	n := copy(p, f.page[f.given:min(f.given+feedChunk, len(f.page))])
	f.given += n
	return n, nil
}

// overfull reports whether the tokenizer is within a tag that has too many
// attributes already.
func (f *pageFeed) overfull() bool {
	if f.start+1 >= f.given || f.page[f.start] != '<' || !isLetter(f.page[f.start+1]) {
		return false
	}
	if f.counted < f.start {
		f.counted, f.parts = f.start, tagParts{}
	}
	f.parts.add(f.page[f.counted:f.given])
	f.counted = f.given
	return f.parts.n > maxTagAttributes
}

// tagParts counts the name and the attributes of a tag, as the tokenizer will
// find them (HTML, sections 13.2.5.8 and 13.2.5.32 to 13.2.5.39).
type tagParts struct {
	n     int
	at    tagPlace
	quote byte // that the value stands in
}

// tagPlace is where in a tag the text goes on.
type tagPlace uint8

const (
	inTagName tagPlace = iota
	beforeKey
	inKey
	behindKey
	beforeValue
	inValue
	inQuotes
	behindTag
)

// add counts on; text begins with the tag, or where the last one ended.
func (t *tagParts) add(text []byte) {
	for i := 0; i < len(text) && t.at != behindTag; {
		switch t.at {
		case inTagName:
			t.n = 1
			i += t.until(nameEnds, beforeKey, text[i:])
		case inKey:
			i += t.until(keyEnds, behindKey, text[i:])
		case inValue:
			i += t.until(valueEnds, beforeKey, text[i:])
		case inQuotes:
			end := bytes.IndexByte(text[i:], t.quote)
			if end < 0 {
				return
			}
			i, t.at = i+end+1, beforeKey
		default:
			if t.turn(text[i]) {
				i++
			}
		}
	}
}

// until goes to the first of the bytes that end a part, and from there to what
// follows. It returns how many bytes it took.
func (t *tagParts) until(ends uint64, next tagPlace, text []byte) int {
	for i, c := range text {
		if isAmong(c, ends) {
			t.at = next
			return i
		}
	}
	return len(text)
}

// turn takes a byte between two parts, and reports false when the next part
// begins with it.
func (t *tagParts) turn(c byte) bool {
	switch {
	case isMarkupSpace(c):
	case t.at == beforeKey:
		t.begin(c)
	case t.at == behindKey && c == '=':
		t.at = beforeValue
	case t.at == beforeValue && (c == '"' || c == '\''):
		t.quote, t.at = c, inQuotes
	case t.at == beforeValue && c != '>':
		t.at = inValue
	default:
		t.at = beforeKey
		return false
	}
	return true
}

// begin takes a byte where an attribute may begin.
func (t *tagParts) begin(c byte) {
	switch c {
	case '>':
		t.at = behindTag
	case '/':
	default: // a = here is part of the name
		t.n++
		t.at = inKey
	}
}
