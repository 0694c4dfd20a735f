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

	// raw is the element whose raw text comes next, empty when there is none.
	raw      string
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

// rawElements have a text in which no tags are looked for but their own end.
var rawElements = map[string]string{
	"script": "script", "style": "style", "textarea": "textarea", "title": "title", "xmp": "xmp",
	"iframe": "iframe", "noembed": "noembed", "noframes": "noframes", "noscript": "noscript", "plaintext": "plaintext",
}

// next goes to the next tag or text and reports whether there is one.
func (m *markup) next() bool {
	for len(m.rest) > 0 {
		switch {
		case m.raw != "":
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
	for m.raw != "plaintext" {
		i := bytes.Index(m.rest[from:], []byte("</"))
		if i < 0 {
			break
		}
		from += i + 2
		name := m.rest[from:]
		if len(name) >= len(m.raw) && equalFold(name[:len(m.raw)], m.raw) && (len(name) == len(m.raw) || endsName(name[len(m.raw)])) {
			end = from - 2
			break
		}
	}
	m.kind, m.text, m.rest, m.raw = markupText, m.rest[:end], m.rest[end:], ""
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
	if m.kind == markupStart && !m.xml { // browsers ignore the slash of <title/>
		m.raw = rawElements[string(m.name)]
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

// endsName reports whether a byte ends the name of a tag.
func endsName(c byte) bool { return isMarkupSpace(c) || c == '/' || c == '>' }

func isMarkupSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' }

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
	for {
		for len(m.rest) > 0 && isMarkupSpace(m.rest[0]) {
			m.rest = m.rest[1:]
		}
		switch {
		case len(m.rest) == 0:
			return false
		case m.rest[0] == '>':
			m.rest = m.rest[1:]
			return true
		case m.rest[0] == '/':
			m.empty = len(m.rest) > 1 && m.rest[1] == '>'
			m.rest = m.rest[1:]
			continue
		}
		a := markupAttribute{key: m.attributeKey()}
		if !m.attributeValue(&a) {
			return false
		}
		if len(m.attributes) < maxPageAttributes {
			m.attributes = append(m.attributes, a)
		}
	}
}

func (m *markup) attributeKey() []byte {
	end := 1 // a = at the beginning is part of the name
	for end < len(m.rest) && !endsName(m.rest[end]) && m.rest[end] != '=' {
		end++
	}
	key := m.rest[:end]
	m.rest = m.rest[end:]
	return key
}

// attributeValue reads the value of an attribute, if there is one. It reports
// false when the text ends within.
func (m *markup) attributeValue(a *markupAttribute) bool {
	rest := m.rest
	for len(rest) > 0 && isMarkupSpace(rest[0]) {
		rest = rest[1:]
	}
	if len(rest) == 0 || rest[0] != '=' {
		return len(rest) > 0
	}
	rest = rest[1:]
	for len(rest) > 0 && isMarkupSpace(rest[0]) {
		rest = rest[1:]
	}
	if len(rest) == 0 {
		return false
	}
	if quote := rest[0]; quote == '"' || quote == '\'' {
		end := bytes.IndexByte(rest[1:], quote)
		if end < 0 {
			return false
		}
		a.value, m.rest = rest[1:1+end], rest[2+end:]
		return true
	}
	end := 0
	for end < len(rest) && !isMarkupSpace(rest[end]) && rest[end] != '>' {
		end++
	}
	a.value, m.rest = rest[:end], rest[end:]
	return true
}

// unescapeMarkup replaces the references in a text.
func unescapeMarkup(text []byte) []byte {
	if bytes.IndexByte(text, '&') < 0 {
		return text
	}
	return []byte(html.UnescapeString(string(text)))
}
