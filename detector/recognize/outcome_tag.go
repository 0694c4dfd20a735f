package recognize

import (
	"bytes"
	"strings"
)

// pageTag are the attributes that matter. They are valid until the next token.
type pageTag struct {
	// target is where a link or form leads, labels are class, id and role.
	target                   []byte
	labels                   [3][]byte
	kind, name, autocomplete []byte
	equiv, content, value    []byte
	hidden                   bool
	// read: some field may be set.
	read bool
}

// attributes returns the attributes of the current tag that matter. Of a name
// given twice the first one counts, as in browsers.
func (r *pageReader) attributes() *pageTag {
	tag := &r.tag
	if tag.read {
		*tag = pageTag{}
	}
	var room [12]byte
	for i := len(r.m.attributes) - 1; i >= 0; i-- {
		a := &r.m.attributes[i]
		if len(a.key) > len(room) {
			continue
		}
		tag.read = true
		tag.take(lowerInto(room[:0], a.key), a.value[:min(len(a.value), maxEchoBytes)])
	}
	return tag
}

// take keeps an attribute if it matters.
func (t *pageTag) take(key, value []byte) {
	switch string(key) {
	case "class", "id", "role":
		t.label(key[0], value)
	case "type":
		t.kind = bytes.TrimSpace(value)
	case "name":
		t.name = value
	case "href", "action", "formaction":
		t.target = value
	case "autocomplete":
		t.autocomplete = bytes.TrimSpace(value)
	case "http-equiv":
		t.equiv = value
	case "content":
		t.content = value
	case "value":
		t.value = value
	case "hidden", "style":
		t.hidden = t.hidden || len(key) == len("hidden") || hidesElement(value)
	}
}

// label keeps a class, id or role, by the first letter of its name.
func (t *pageTag) label(letter byte, value []byte) {
	switch letter {
	case 'c':
		t.labels[0] = value
	case 'i':
		t.labels[1] = value
	case 'r':
		t.labels[2] = value
	}
}

func hidesElement(style []byte) bool {
	return bytes.Contains(style, []byte("display")) &&
		strings.Contains(strings.ReplaceAll(strings.ToLower(string(style)), " ", ""), "display:none")
}

// markElement notes an element whose class, id or role marks its text.
func (r *pageReader) markElement(name []byte, tag *pageTag) {
	if r.mark.open() || r.m.element.has(isUnmarked) {
		return
	}
	var room [wordRoom]byte
	var all markSense
	for _, label := range tag.labels {
		if !mayMark(label) {
			continue
		}
		sense := markSenseOf(wordsInto(room[:], label))
		all |= sense
		r.blamed = r.blamed || !tag.hidden && !r.silent.open() && sense&marksFault != 0
	}
	blame := all&marksError != 0 && (all&marksCalm == 0 || r.blamed)
	if praise := all&marksSuccess != 0; praise || blame {
		r.praising = praise
		r.mark.start(name, r.m.element)
	}
}

// markSense is what the words of a label say of the text it marks.
type markSense uint8

const (
	// marksSuccess and marksError: the text tells of either. marksFault: the word
	// means nothing but an error. marksCalm: it takes an alert back.
	marksSuccess markSense = 1 << iota
	marksError
	marksFault
	marksCalm
)

func markSenseOf(words wordList) (sense markSense) {
	for word, rest := words.cut(); len(word) > 0; word, rest = rest.cut() {
		sense |= markWords.get(word)
	}
	return sense
}

// mayMark spares the labels that hold no part of a marking word the splitting.
func mayMark(label []byte) bool {
	return holdsStem(label, markStems)
}

// markerStems are ASCII beginnings of words, by their first letter.
type markerStems ['z' - 'a' + 1][]string

func makeStems(list string) *markerStems {
	var s markerStems
	for stem := range strings.FieldsSeq(list) {
		s[stem[0]-'a'] = append(s[stem[0]-'a'], stem)
	}
	return &s
}

// holdsStem reports whether text holds one of the stems, in any case.
func holdsStem(text []byte, s *markerStems) bool {
	for i := range text {
		letter := text[i] | 0x20
		if letter < 'a' || letter > 'z' {
			continue
		}
		for _, stem := range s[letter-'a'] {
			if len(text)-i >= len(stem) && equalFold(text[i:i+len(stem)], stem) {
				return true
			}
		}
	}
	return false
}

// equalFold reports whether letters of any case are those of a lower-case stem
// of the same length.
func equalFold(text []byte, stem string) bool {
	for i := range len(stem) {
		if text[i]|0x20 != stem[i] {
			return false
		}
	}
	return true
}

// endsSession reports whether an address has a word for leaving.
func endsSession(address []byte) bool {
	if !holdsStem(address, leavingStems) {
		return false
	}
	var room [wordRoom]byte
	return wordsInto(room[:], address).says(leavingWords)
}

// beginsSession reports whether an address is that of a login page.
func beginsSession(address []byte) bool {
	if !holdsStem(address, enteringStems) {
		return false
	}
	p, query, _ := bytes.Cut(address, []byte{'?'})
	var room [wordRoom]byte
	return isLoginPage(p, wordsInto(room[:], query))
}
