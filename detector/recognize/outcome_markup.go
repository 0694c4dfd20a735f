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
// It holds no pointers but that to the text, so that its many small steps cost
// the garbage collector nothing.
type markup struct {
	body []byte
	// at is how far it was read.
	at int
	// xml: no element has raw text, and a CDATA section is text.
	xml bool
	// cut: the text ended within a tag, a comment or a section.
	cut bool

	kind markupKind
	// empty: the tag closes itself.
	empty bool
	// raw: the raw text of the element comes next.
	raw bool
	// element is what the element of a tag is; nothing in XML.
	element elementClass

	between    span
	nameLength int
	nameRoom   [32]byte
	// attributes is how many of those of the tag are kept.
	attributes int
	room       [maxPageAttributes]markupAttribute
}

type markupKind uint8

const (
	markupText markupKind = iota
	markupStart
	markupEnd
)

// span is a part of a text.
type span struct{ from, to int }

func (s span) length() int { return s.to - s.from }

type markupAttribute struct{ key, value span }

// of returns a part of the text.
func (m *markup) of(s span) []byte { return m.body[s.from:s.to] }

// text is the text between two tags as written, with its references.
func (m *markup) text() []byte { return m.of(m.between) }

// name is the name of a tag in lower case, cut to the room there is.
func (m *markup) name() []byte { return m.nameRoom[:m.nameLength] }

// list returns the attributes of a tag, at most maxPageAttributes.
func (m *markup) list() []markupAttribute { return m.room[:m.attributes] }

// next goes to the next tag or text and reports whether there is one.
func (m *markup) next() bool {
	for m.at < len(m.body) {
		switch {
		case m.raw:
			m.readRaw()
			return true
		case m.body[m.at] != '<' || !m.begins():
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
	rest := m.body[m.at:]
	if len(rest) < 2 {
		return false
	}
	c := rest[1]
	return c == '/' && len(rest) > 2 || c == '!' || c == '?' || isLower(c|0x20)
}

// readText takes the text up to where a tag may begin.
func (m *markup) readText() {
	m.kind, m.between = markupText, span{m.at, len(m.body)}
	if i := bytes.IndexByte(m.body[m.at+1:], '<'); i >= 0 {
		m.between.to = m.at + 1 + i
	}
	m.at = m.between.to
}

// readRaw takes the text of an element up to its end tag.
func (m *markup) readRaw() {
	name := m.name()
	m.kind, m.raw, m.between = markupText, false, span{m.at, len(m.body)}
	for at := m.at; string(name) != "plaintext"; {
		i := bytes.Index(m.body[at:], []byte("</"))
		if i < 0 {
			break
		}
		at += i + 2
		if end := m.body[at:]; len(end) >= len(name) && isNameOf(end[:len(name)], name) && (len(end) == len(name) || endsName(end[len(name)])) {
			m.between.to = at - 2
			break
		}
	}
	m.at = m.between.to
}

// readTag reads what begins with <, and reports whether it is a tag or a text.
func (m *markup) readTag() bool {
	switch c := m.body[m.at+1]; {
	case c == '!':
		return m.readDeclaration()
	case c == '?', c == '/' && !isLower(m.body[m.at+2]|0x20):
		m.skipPast(">")
		return false
	case c == '/':
		m.kind, m.at = markupEnd, m.at+2
	default:
		m.kind, m.at = markupStart, m.at+1
	}
	m.readName()
	if !m.readAttributes() {
		m.at, m.cut = len(m.body), true
		return false
	}
	if !m.xml {
		m.element = elements.get(m.name())
		m.raw = m.kind == markupStart && m.element.has(isRaw) // browsers ignore the slash of <title/>
	}
	return true
}

// readDeclaration reads <!…: a CDATA section of XML is a text, the rest nothing.
func (m *markup) readDeclaration() bool {
	rest := m.body[m.at:]
	const section, comment = "<![CDATA[", "<!--"
	switch {
	case m.xml && bytes.HasPrefix(rest, []byte(section)):
		m.kind, m.between = markupText, span{m.at + len(section), len(m.body)}
		m.at = m.between.from
		if m.skipPast("]]>"); !m.cut {
			m.between.to = m.at - len("]]>")
		}
		return true
	case !bytes.HasPrefix(rest, []byte(comment)), bytes.HasPrefix(rest, []byte("<!-->")), bytes.HasPrefix(rest, []byte("<!--->")):
		m.skipPast(">")
	default:
		m.at += len(comment)
		m.skipComment()
	}
	return false
}

// skipComment goes behind the end of a comment, --> or --!>.
func (m *markup) skipComment() {
	for {
		i := bytes.Index(m.body[m.at:], []byte("--"))
		if i < 0 {
			m.at, m.cut = len(m.body), true
			return
		}
		m.at += i + 2
		switch after := m.body[m.at:]; {
		case bytes.HasPrefix(after, []byte(">")):
			m.at++
			return
		case bytes.HasPrefix(after, []byte("!>")):
			m.at += 2
			return
		}
		m.at-- // the second hyphen may begin the end
	}
}

func (m *markup) skipPast(end string) {
	i := bytes.Index(m.body[m.at:], []byte(end))
	if i < 0 {
		m.at, m.cut = len(m.body), true
		return
	}
	m.at += i + len(end)
}

// unescapeMarkup replaces the references in a text.
func unescapeMarkup(text []byte) []byte {
	if bytes.IndexByte(text, '&') < 0 {
		return text
	}
	return []byte(html.UnescapeString(string(text)))
}
