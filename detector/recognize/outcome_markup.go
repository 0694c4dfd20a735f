package recognize

import (
	"bytes"
	"html"
)

// markup splits an HTML or XML text into tags and the texts between them, in
// place and without copies. It follows the tokenization of the HTML standard
// (section 13.2.5) as far as it matters here: attributes in all ways of writing
// them, comments, elements with raw text. A tag that is cut is not reported.
//
// Its time is linear in the text; what it reports is valid until the next step.
type markup struct {
	rest []byte
	// xml: no element has raw text, and a CDATA section is text.
	xml bool
	// cut: the text ended within a tag, a comment or a section.
	cut bool

	kind markupKind
	// text is the text between two tags as written, with its references.
	text []byte
	// name is the name of a tag in lower case, cut to the room there is.
	name []byte
	// empty: the tag closes itself.
	empty bool
	// attributes are those of the tag, at most maxPageAttributes.
	attributes []markupAttribute

	// element is what the element of a tag is; nothing in XML.
	element elementClass
	// raw: the raw text of the element comes next.
	raw      bool
	nameRoom [32]byte
	room     [maxPageAttributes]markupAttribute
}

type markupKind int

const (
	markupText markupKind = iota
	markupStart
	markupEnd
)

type markupAttribute struct{ key, value []byte }

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

// next goes to the next tag or text and reports whether there is one.
func (m *markup) next() bool {
	for len(m.rest) > 0 {
		switch {
		case m.raw:
			m.readRaw()
			return true
		case m.rest[0] != '<' || !m.begins():
			m.readText()
			return true
		case m.readTag():
			return true
		}
	}
	return false
}

// begins reports whether the < at hand begins a tag, a comment or the like.
func (m *markup) begins() bool {
	if len(m.rest) < 2 {
		return false
	}
	c := m.rest[1]
	return c == '/' && len(m.rest) > 2 || c == '!' || c == '?' || isLower(c|0x20)
}

// readText takes the text up to where a tag may begin.
func (m *markup) readText() {
	end := bytes.IndexByte(m.rest[1:], '<') + 1
	if end == 0 {
		end = len(m.rest)
	}
	m.kind, m.text, m.rest = markupText, m.rest[:end], m.rest[end:]
}

// readRaw takes the text of an element up to its end tag.
func (m *markup) readRaw() {
	end, from := len(m.rest), 0
	for string(m.name) != "plaintext" {
		i := bytes.Index(m.rest[from:], []byte("</"))
		if i < 0 {
			break
		}
		from += i + 2
		name := m.rest[from:]
		if n := len(m.name); len(name) >= n && isNameOf(name[:n], m.name) && (len(name) == n || endsName(name[n])) {
			end = from - 2
			break
		}
	}
	m.kind, m.text, m.rest, m.raw = markupText, m.rest[:end], m.rest[end:], false
}

// readTag reads what begins with <, and reports whether it is a tag or a text.
func (m *markup) readTag() bool {
	switch c := m.rest[1]; {
	case c == '!':
		return m.readDeclaration()
	case c == '?', c == '/' && !isLower(m.rest[2]|0x20):
		m.skipTo(">")
		return false
	case c == '/':
		m.kind, m.rest = markupEnd, m.rest[2:]
	default:
		m.kind, m.rest = markupStart, m.rest[1:]
	}
	m.readName()
	if !m.readAttributes() {
		m.rest, m.cut = nil, true
		return false
	}
	if !m.xml {
		m.element = elements.get(m.name)
		m.raw = m.kind == markupStart && m.element.has(isRaw) // browsers ignore the slash of <title/>
	}
	return true
}

// readDeclaration reads <!…: a CDATA section of XML is a text, the rest nothing.
func (m *markup) readDeclaration() bool {
	if section, ok := bytes.CutPrefix(m.rest, []byte("<![CDATA[")); ok && m.xml {
		m.text, m.rest, ok = bytes.Cut(section, []byte("]]>"))
		m.kind, m.cut = markupText, !ok
		return true
	}
	comment, ok := bytes.CutPrefix(m.rest, []byte("<!--"))
	switch {
	case !ok:
		m.skipTo(">")
	case bytes.HasPrefix(comment, []byte(">")), bytes.HasPrefix(comment, []byte("->")):
		m.skipTo(">")
	default:
		m.skipComment(comment)
	}
	return false
}

// skipComment goes behind the end of a comment, --> or --!>.
func (m *markup) skipComment(comment []byte) {
	for {
		i := bytes.Index(comment, []byte("--"))
		if i < 0 {
			m.rest, m.cut = nil, true
			return
		}
		after := comment[i+2:]
		if rest, ok := bytes.CutPrefix(after, []byte(">")); ok {
			m.rest = rest
			return
		}
		if rest, ok := bytes.CutPrefix(after, []byte("!>")); ok {
			m.rest = rest
			return
		}
		comment = comment[i+1:]
	}
}

func (m *markup) skipTo(end string) {
	i := bytes.Index(m.rest, []byte(end))
	if i < 0 {
		m.rest, m.cut = nil, true
		return
	}
	m.rest = m.rest[i+len(end):]
}

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
	end := 0
	for end < len(m.rest) && !endsName(m.rest[end]) {
		end++
	}
	m.name = lowerInto(m.nameRoom[:0], m.rest[:end])
	m.rest = m.rest[end:]
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
	m.attributes, m.empty = m.room[:0], false
	n := 0
	for rest := m.rest; ; {
		rest = skipMarkupSpace(rest)
		switch {
		case len(rest) == 0:
			return false
		case rest[0] == '>':
			m.attributes, m.rest = m.room[:n], rest[1:]
			return true
		case rest[0] == '/':
			m.empty = len(rest) > 1 && rest[1] == '>'
			rest = rest[1:]
			continue
		}
		var a markupAttribute
		var ok bool
		if rest, ok = a.read(rest); !ok {
			return false
		}
		if n < len(m.room) {
			m.room[n] = a
			n++
		}
	}
}

func skipMarkupSpace(text []byte) []byte {
	for len(text) > 0 && isMarkupSpace(text[0]) {
		text = text[1:]
	}
	return text
}

// read reads an attribute, whose name stands in front, and its value, if there
// is one. It returns what follows, and false when the text ends within.
func (a *markupAttribute) read(text []byte) (rest []byte, ok bool) {
	end := 1 // a = at the beginning is part of the name
	for end < len(text) && !isAmong(text[end], keyEnds) {
		end++
	}
	a.key = text[:end]
	behind := skipMarkupSpace(text[end:])
	if len(behind) == 0 || behind[0] != '=' {
		return behind, len(behind) > 0
	}
	rest = skipMarkupSpace(behind[1:])
	if len(rest) == 0 {
		return nil, false
	}
	if quote := rest[0]; quote == '"' || quote == '\'' {
		end = bytes.IndexByte(rest[1:], quote)
		if end < 0 {
			return nil, false
		}
		a.value = rest[1 : 1+end]
		return rest[2+end:], true
	}
	end = 0
	for end < len(rest) && !isAmong(rest[end], valueEnds) {
		end++
	}
	a.value = rest[:end]
	return rest[end:], true
}

// unescapeMarkup replaces the references in a text.
func unescapeMarkup(text []byte) []byte {
	if bytes.IndexByte(text, '&') < 0 {
		return text
	}
	return []byte(html.UnescapeString(string(text)))
}
