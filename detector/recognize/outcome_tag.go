package recognize

import (
	"bytes"
	"slices"
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
}

// attributes returns the attributes of the current tag that matter. Of a name
// given twice the first one counts, as in browsers.
func (r *pageReader) attributes() pageTag {
	var tag pageTag
	var room [12]byte
	for _, a := range slices.Backward(r.m.attributes) {
		if len(a.key) > len(room) {
			continue
		}
		value := a.value[:min(len(a.value), maxEchoBytes)]
		switch key := lowerInto(room[:0], a.key); string(key) {
		case "class", "id", "role":
			tag.label(key[0], value)
		case "type":
			tag.kind = bytes.TrimSpace(value)
		case "name":
			tag.name = value
		case "href", "action", "formaction":
			tag.target = value
		case "autocomplete":
			tag.autocomplete = bytes.TrimSpace(value)
		case "http-equiv":
			tag.equiv = value
		case "content":
			tag.content = value
		case "value":
			tag.value = value
		case "hidden", "style":
			tag.hidden = tag.hidden || len(a.key) == len("hidden") || hidesElement(value)
		}
	}
	return tag
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
func (r *pageReader) markElement(name []byte, tag pageTag) {
	if r.mark.open() || unmarkedElements[string(name)] {
		return
	}
	var room [wordRoom]byte
	praise, blame, calm := false, false, false
	for _, label := range tag.labels {
		if !mayMark(label) {
			continue
		}
		words := wordsInto(room[:], label)
		praise = praise || words.any(praiseWords)
		blame = blame || words.any(blameWords)
		calm = calm || words.any(calmWords)
		r.blamed = r.blamed || !tag.hidden && !r.silent.open() && words.any(errorWords)
	}
	if calm && !r.blamed {
		blame = false
	}
	if praise || blame {
		r.praising = praise
		r.mark.start(name)
	}
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
