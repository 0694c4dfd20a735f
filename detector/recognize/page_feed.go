package recognize

import "io"

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
	quote byte // that the value stands in, 0 outside of one
	named bool // within a name or a bare value
	value bool // behind an equals sign
	ended bool
}

// add counts on; text begins with the tag, or where the last one ended.
func (t *tagParts) add(text []byte) {
	for _, c := range text {
		switch {
		case t.ended:
			return
		case t.quote != 0:
			if c == t.quote {
				t.quote, t.named = 0, false
			}
		case c == '>':
			t.ended = true
		case c == ' ', c == '\t', c == '\n', c == '\r', c == '\f':
			t.named = false
		case t.value:
			if t.value, t.named = false, true; c == '"' || c == '\'' {
				t.quote = c
			}
		case c == '/':
			t.named = false
		case c == '=' && t.n > 1:
			t.value = true
		case !t.named:
			t.named = true
			t.n++
		}
	}
}
