package recognize

import (
	"bytes"
	"strings"
)

// pageTag are the attributes of a tag that matter, as parts of the page.
type pageTag struct {
	// target is where a link or form leads, labels are class, id and role.
	target                   span
	labels                   [3]span
	kind, name, autocomplete span
	equiv, content, value    span
	hidden                   bool
	// read: there were attributes.
	read bool
}

// attributes reads the attributes of the current tag that matter. Of a name
// given twice the first one counts, as in browsers.
func (r *pageReader) attributes() {
	list := r.m.list()
	if len(list) == 0 && !r.tag.read {
		return
	}
	r.tag = pageTag{read: len(list) > 0}
	var room [12]byte
	for i := len(list) - 1; i >= 0; i-- {
		a := &list[i]
		if a.key.length() > len(room) {
			continue
		}
		value := a.value
		value.to = min(value.to, value.from+maxEchoBytes)
		r.take(lowerInto(room[:0], r.m.of(a.key)), value)
	}
}

// take keeps an attribute if it matters.
func (r *pageReader) take(key []byte, value span) {
	tag := &r.tag
	switch string(key) {
	case "class":
		tag.labels[0] = value
	case "id":
		tag.labels[1] = value
	case "role":
		tag.labels[2] = value
	case "type":
		tag.kind = value
	case "name":
		tag.name = value
	case "href", "action", "formaction":
		tag.target = value
	case "autocomplete":
		tag.autocomplete = value
	case "http-equiv":
		tag.equiv = value
	case "content":
		tag.content = value
	case "value":
		tag.value = value
	case "hidden":
		tag.hidden = true
	case "style":
		tag.hidden = tag.hidden || hidesElement(r.m.of(value))
	}
}

func hidesElement(style []byte) bool {
	return bytes.Contains(style, []byte("display")) &&
		strings.Contains(strings.ReplaceAll(strings.ToLower(string(style)), " ", ""), "display:none")
}

// markElement notes an element whose class, id or role marks its text.
func (r *pageReader) markElement() {
	if !r.tag.read || r.mark.open() || r.m.element.has(isUnmarked) {
		return
	}
	var room [wordRoom]byte
	var all markSense
	for _, at := range r.tag.labels {
		label := r.m.of(at)
		if !mayMark(label) {
			continue
		}
		sense := markSenseOf(wordsInto(room[:], label))
		all |= sense
		r.blamed = r.blamed || !r.tag.hidden && !r.silent.open() && sense&marksFault != 0
	}
	blame := all&marksError != 0 && (all&marksCalm == 0 || r.blamed)
	if praise := all&marksSuccess != 0; praise || blame {
		r.praising = praise
		r.mark.start(&r.m)
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
