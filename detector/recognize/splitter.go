package recognize

import (
	"unicode"
	"unicode/utf8"
)

// splitter cuts a text into lower-case words: at everything that is no letter
// and, with camel, where a capital follows a small letter or ends a run of
// capitals (userName, XMLUser). Bytes above ASCII count as letters.
type splitter[T ~string | ~[]byte] struct {
	text  T
	camel bool
	pos   int
}

// next appends the next word to buf and returns it, nil at the end. Words
// longer than maxName are cut. It allocates only when buf is too small: maxName
// and one letter are enough.
func (s *splitter[T]) next(buf []byte) []byte {
	for s.pos < len(s.text) && !isLetter(s.text[s.pos]) {
		s.pos++
	}
	if s.pos == len(s.text) {
		return nil
	}
	for start := s.pos; s.pos < len(s.text); {
		c := s.text[s.pos]
		if !isLetter(c) || (s.camel && s.pos > start && isWordStart(s.text, s.pos)) {
			break
		}
		if c >= utf8.RuneSelf {
			buf = s.foreign(buf)
			continue
		}
		s.pos++
		if len(buf) < maxName {
			buf = append(buf, lowerASCII(c))
		}
	}
	return buf
}

// toLast passes over all words but the last n: what a hostile name is made of in
// front of them costs no look at a word.
func (s *splitter[T]) toLast(n int) {
	for i := len(s.text) - 1; i >= s.pos; i-- {
		if !isLetter(s.text[i]) || i > 0 && isLetter(s.text[i-1]) && !(s.camel && isWordStart(s.text, i)) {
			continue
		}
		if n--; n == 0 {
			s.pos = i
			return
		}
	}
}

// longS is a letter that servers which match names without regard to case, as
// encoding/json does, take for an s. The Kelvin sign becomes k by itself.
const longS = 'ſ'

// foreign appends one letter above ASCII in lower case.
func (s *splitter[T]) foreign(buf []byte) []byte {
	var r rune
	if c, next := s.text[s.pos], s.text[min(s.pos+1, len(s.text)-1)]; c >= 0xc2 && c < 0xe0 && next >= 0x80 && next < 0xc0 {
		r = rune(lowerLetters[rune(c&0x1f)<<6|rune(next&0x3f)])
		s.pos += 2
	} else {
		var raw [utf8.UTFMax]byte
		n := copy(raw[:], s.text[s.pos:])
		var size int
		r, size = utf8.DecodeRune(raw[:n])
		s.pos += size
		r = lowerLetter(r)
	}
	switch {
	case len(buf) >= maxName:
		return buf
	case r < utf8.RuneSelf:
		return append(buf, byte(r))
	case r <= lastOfTwo:
		return append(buf, 0xc0|byte(r>>6), 0x80|byte(r)&0xbf)
	}
	return utf8.AppendRune(buf, r)
}

// lastOfTwo is the last letter that UTF-8 writes in two bytes.
const lastOfTwo = 0x7ff

// lowerLetter is unicode.ToLower, which searches, with a look at a table for the
// letters of most scripts that have capitals.
func lowerLetter(r rune) rune {
	if int(r) < len(lowerLetters) {
		return rune(lowerLetters[r])
	}
	return unicode.ToLower(r)
}

// lowerLetters has the letters in front of those of China and Japan in lower
// case.
var lowerLetters = func() (lower [0x2e00]uint16) {
	for r := range lower {
		lower[r] = uint16(unicode.ToLower(rune(r)))
	}
	lower[longS] = 's'
	return lower
}()

// isWordStart reports whether the letter at i, which has a letter before it,
// begins a word.
func isWordStart[T ~string | ~[]byte](text T, i int) bool {
	if !isUpper(text[i]) {
		return false
	}
	if !isUpper(text[i-1]) {
		return true
	}
	return i+1 < len(text) && isLower(text[i+1])
}

func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' }
func isLower(c byte) bool { return c >= 'a' && c <= 'z' }

func isLetter(c byte) bool { return isLetterByte[c] }

// isLetterByte has those of ASCII and everything above it.
var isLetterByte = func() (set [256]bool) {
	for c := range set {
		set[c] = isLower(byte(c)|0x20) || c >= utf8.RuneSelf
	}
	return set
}()

func lowerASCII(c byte) byte {
	if isUpper(c) {
		return c | 0x20
	}
	return c
}
