package recognize

import "io"

const (
	// maxTagParts is about how many attributes one tag may have. The tokenizer
	// takes 32 bytes and more for each, so a page is read up to the first tag
	// beyond that; those of honest pages have dozens.
	maxTagParts = 2048
	// feedChunk is how many bytes of a page the tokenizer gets at a time.
	feedChunk = 4 << 10
)

// pageFeed hands a page to the tokenizer. It ends early at a tag with more than
// maxTagParts separators. Not the length of a tag is bounded, because pages
// hold whole images in one.
type pageFeed struct {
	page  []byte
	given int // how much the tokenizer has
	// start is where the token begins that the tokenizer works on.
	start int
	// counted is how far the separators of that token are counted, to parts.
	counted, parts int
}

func (f *pageFeed) Read(p []byte) (int, error) {
	if f.given == len(f.page) || f.overfull() {
		return 0, io.EOF
	}
	n := copy(p, f.page[f.given:min(f.given+feedChunk, len(f.page))])
	f.given += n
	return n, nil
}

// overfull counts the separators of the tag that is being read. Every attribute
// has at least one of them behind it.
func (f *pageFeed) overfull() bool {
	if f.start+1 >= f.given || f.page[f.start] != '<' || !isLetter(f.page[f.start+1]) {
		return false
	}
	if f.counted < f.start {
		f.counted, f.parts = f.start, 0
	}
	for _, c := range f.page[f.counted:f.given] {
		if c <= ' ' || c == '/' || c == '"' || c == '\'' {
			f.parts++
		}
	}
	f.counted = f.given
	return f.parts > maxTagParts
}
