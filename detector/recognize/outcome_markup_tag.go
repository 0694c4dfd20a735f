package recognize

import "bytes"

// elementClass is what an HTML element is to a reader of pages.
type elementClass uint8

const (
	// isVoid: there is nothing in it. isSilent: nobody reads its text.
	isVoid elementClass = 1 << iota
	isSilent
	// isUnmarked: it bears the labels of messages for other reasons: a red button,
	// the state of the page.
	isUnmarked
	// isOpenEnded: pages leave it open. isBlock: it ends those.
	isOpenEnded
	isBlock
	// isRaw: no tags are looked for in its text but its own end.
	isRaw
)

func (c elementClass) has(any elementClass) bool { return c&any != 0 }

var elements = classesOf(map[elementClass]string{
	isVoid:      `area base br col embed hr img input link meta source track wbr`,
	isSilent:    `noframes script style template noscript select textarea title svg a`,
	isUnmarked:  `a button input body html`,
	isOpenEnded: `a p li dt dd td th tr option`,
	isBlock:     `div p form table tr ul ol dl h1 h2 h3 h4 section article main footer header fieldset`,
	isRaw:       `script style textarea title xmp iframe noembed noframes noscript plaintext`,
})

// The bytes that end the name of a tag, that of an attribute, and a value
// without quotes, all of them up to '>'.
const (
	spaceBits = 1<<' ' | 1<<'\n' | 1<<'\t' | 1<<'\r' | 1<<'\f'
	nameEnds  = spaceBits | 1<<'/' | 1<<'>'
	keyEnds   = nameEnds | 1<<'='
	valueEnds = spaceBits | 1<<'>'
)

// isAmong reports whether a byte is one of a set of those up to '>'.
func isAmong(c byte, set uint64) bool { return c <= '>' && set>>c&1 != 0 }

// endsName reports whether a byte ends the name of a tag.
func endsName(c byte) bool { return isAmong(c, nameEnds) }

func isMarkupSpace(c byte) bool { return isAmong(c, spaceBits) }

// isNameOf reports whether letters of any case are those of a name in lower case
// of the same length.
func isNameOf(text, name []byte) bool {
	for i, c := range name {
		if text[i]|0x20 != c {
			return false
		}
	}
	return true
}

func (m *markup) readName() {
	m.nameLength = 0
	i := m.at
	for ; i < len(m.body) && !endsName(m.body[i]); i++ {
		if m.nameLength == len(m.nameRoom) {
			continue
		}
		c := m.body[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		m.nameRoom[m.nameLength] = c
		m.nameLength++
	}
	m.at = i
}

// lowerInto appends as much of a name as there is room for, in lower case.
func lowerInto(dst, name []byte) []byte {
	for _, c := range name[:min(len(name), cap(dst))] {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		dst = append(dst, c)
	}
	return dst
}

// readAttributes reads the attributes up to the end of the tag, and reports
// whether there is one.
func (m *markup) readAttributes() bool {
	m.attributes, m.empty = 0, false
	for {
		m.at = skipMarkupSpace(m.body, m.at)
		switch {
		case m.at == len(m.body):
			return false
		case m.body[m.at] == '>':
			m.at++
			return true
		case m.body[m.at] == '/':
			m.at++
			m.empty = m.at < len(m.body) && m.body[m.at] == '>'
			continue
		}
		a, end := readAttribute(m.body, m.at)
		if end < 0 {
			return false
		}
		m.at = end
		if m.attributes < len(m.room) {
			m.room[m.attributes] = a
			m.attributes++
		}
	}
}

// skipMarkupSpace returns where something else than space stands from at on.
func skipMarkupSpace(text []byte, at int) int {
	for at < len(text) && isMarkupSpace(text[at]) {
		at++
	}
	return at
}

// readAttribute reads an attribute whose name stands at a place, and its value,
// if there is one. It returns where it ends, -1 when the text ends within.
func readAttribute(text []byte, at int) (a markupAttribute, end int) {
	a.key = span{at, at + 1} // a = at the beginning is part of the name
	for a.key.to < len(text) && !isAmong(text[a.key.to], keyEnds) {
		a.key.to++
	}
	at = skipMarkupSpace(text, a.key.to)
	if at == len(text) {
		return a, -1
	}
	if text[at] != '=' {
		return a, at
	}
	at = skipMarkupSpace(text, at+1)
	if at == len(text) {
		return a, -1
	}
	if quote := text[at]; quote == '"' || quote == '\'' {
		length := bytes.IndexByte(text[at+1:], quote)
		if length < 0 {
			return a, -1
		}
		a.value = span{at + 1, at + 1 + length}
		return a, a.value.to + 1
	}
	a.value = span{at, at}
	for a.value.to < len(text) && !isAmong(text[a.value.to], valueEnds) {
		a.value.to++
	}
	return a, a.value.to
}
