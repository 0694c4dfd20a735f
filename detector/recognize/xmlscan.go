package recognize

import (
	"bytes"
	"unicode/utf8"
)

// xmlScanner cuts XML into tags and texts, in place and in one pass. It does
// not check what it does not need, so that whatever a server accepts is read.
// Entities other than the five of XML and character references stay as they
// are; a document type, which may define more, is reported by doctype.
type xmlScanner struct {
	text []byte
	pos  int
	// doctype tells that a document type declaration was passed.
	doctype bool
}

// xmlToken is one piece of XML. name is the name of a tag without its prefix;
// text is character data as sent, raw when references in it are not to be
// decoded (CDATA).
type xmlToken struct {
	kind xmlKind
	name []byte
	text []byte
	raw  bool
}

type xmlKind uint8

const (
	xmlEnd xmlKind = iota
	xmlOpen
	xmlShut
	xmlEmpty // <a/>
	xmlText
)

// next returns the next tag or text, xmlEnd at the end of the text or where
// markup does not end. Comments and instructions are passed over.
func (x *xmlScanner) next() xmlToken {
	for x.pos < len(x.text) {
		rest := x.text[x.pos:]
		if rest[0] != '<' {
			n := bytes.IndexByte(rest, '<')
			if n < 0 {
				n = len(rest)
			}
			x.pos += n
			return xmlToken{kind: xmlText, text: rest[:n]}
		}
		switch {
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			inside, ok := x.upTo(len("<![CDATA["), "]]>")
			if !ok {
				return xmlToken{}
			}
			return xmlToken{kind: xmlText, text: inside, raw: true}
		case bytes.HasPrefix(rest, []byte("<!--")):
			if _, ok := x.upTo(len("<!--"), "-->"); !ok {
				return xmlToken{}
			}
		case bytes.HasPrefix(rest, []byte("<?")):
			if _, ok := x.upTo(len("<?"), "?>"); !ok {
				return xmlToken{}
			}
		case bytes.HasPrefix(rest, []byte("<!")):
			x.doctype = true
			if _, ok := x.upTo(len("<!"), ">"); !ok {
				return xmlToken{}
			}
		default:
			return x.tag()
		}
	}
	return xmlToken{}
}

// upTo passes over skip bytes and what follows up to and with mark, and returns
// what stood before it.
func (x *xmlScanner) upTo(skip int, mark string) ([]byte, bool) {
	from := x.pos + skip
	i := bytes.Index(x.text[from:], []byte(mark))
	if i < 0 {
		x.pos = len(x.text)
		return nil, false
	}
	x.pos = from + i + len(mark)
	return x.text[from : from+i], true
}

// tag reads a tag whose < is at pos. A > within a quoted attribute does not end
// it.
func (x *xmlScanner) tag() xmlToken {
	start := x.pos + 1
	if end := bytes.IndexByte(x.text[start:], '>'); end >= 0 && !quotes(x.text[start:start+end]) {
		x.pos = start + end + 1
		return tagToken(x.text[start : start+end])
	}
	var quote byte
	for i := start; i < len(x.text); i++ {
		c := x.text[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			x.pos = i + 1
			return tagToken(x.text[start:i])
		}
	}
	x.pos = len(x.text)
	return xmlToken{}
}

func tagToken(inside []byte) xmlToken {
	t := xmlToken{kind: xmlOpen}
	if n := len(inside); n > 0 && inside[n-1] == '/' {
		t.kind, inside = xmlEmpty, inside[:n-1]
	}
	if len(inside) > 0 && inside[0] == '/' {
		t.kind, inside = xmlShut, inside[1:]
	}
	name := 0
	for i, c := range inside {
		if isJSONSpace(c) {
			inside = inside[:i]
			break
		}
		if c == ':' {
			name = i + 1
		}
	}
	t.name = inside[name:]
	return t
}

// quotes reports whether a tag has quoted attributes.
func quotes(inside []byte) bool {
	return bytes.IndexByte(inside, '"') >= 0 || bytes.IndexByte(inside, '\'') >= 0
}

// unescapeXML decodes the references in character data; without any it is the
// text itself. Broken and unknown ones stay as they are.
func unescapeXML(raw []byte) []byte {
	i := bytes.IndexByte(raw, '&')
	if i < 0 {
		return raw
	}
	out := append(make([]byte, 0, len(raw)), raw[:i]...)
	for i < len(raw) {
		if raw[i] == '&' {
			if r, n := xmlReference(raw[i:]); n > 0 {
				out = utf8.AppendRune(out, r)
				i += n
				continue
			}
		}
		out = append(out, raw[i])
		i++
	}
	return out
}

// maxReference is how long a reference may be: &#x10FFFF; with some zeros.
const maxReference = 16

// xmlReference decodes the reference at the start of s and returns its length,
// 0 if there is none.
func xmlReference(s []byte) (rune, int) {
	end := bytes.IndexByte(s[:min(len(s), maxReference)], ';')
	if end < 2 {
		return 0, 0
	}
	name := s[1:end]
	if name[0] != '#' {
		switch string(name) {
		case "lt":
			return '<', end + 1
		case "gt":
			return '>', end + 1
		case "amp":
			return '&', end + 1
		case "quot":
			return '"', end + 1
		case "apos":
			return '\'', end + 1
		}
		return 0, 0
	}
	base, digits := rune(10), name[1:]
	if len(digits) > 1 && digits[0]|0x20 == 'x' {
		base, digits = 16, digits[1:]
	}
	var r rune
	for _, c := range digits {
		d := rune(hexDigit(c))
		if d < 0 || d >= base || r > utf8.MaxRune {
			return 0, 0
		}
		r = r*base + d
	}
	return r, end + 1
}
