package recognize

import (
	"bytes"
	"encoding/base64"
	"slices"
)

const (
	// maxXMLDepth is how deep arrays and structs of XML-RPC are followed.
	maxXMLDepth = 64
	// maxPrologue is how many elements may stand before a methodCall, which is the
	// first one of its document.
	maxPrologue = 64
	// maxMembers is how many members of structs are kept of one call.
	maxMembers = 8
)

// looksLikeXML reports whether a body begins like XML.
func looksLikeXML(body []byte) bool {
	return len(body) > 1 && body[0] == '<' && (body[1] == '?' || body[1] == '!' || isLower(body[1]|0x20))
}

// scanXMLRPC reads a methodCall of XML-RPC (xmlrpc.com/spec.md) whatever its
// Content-Type, because servers do not look at it. Like the lenient servers it
// goes by the order of tags, not by their nesting: a value belongs to the array
// or struct that is open. Each call inside of a system.multicall is one guess.
// Other XML means nothing here.
func scanXMLRPC(rd *reading, text []byte) {
	s := rpcScan{rd: rd, xml: xmlScanner{text: text}}
	s.run()
	if !s.seen && s.last != nil {
		scanSOAP(rd, text)
		return
	}
	// Without any tag the call may stand behind what was looked at.
	rd.body = FormatXML
	s.finish(&s.outer)
	// A document type may stand for anything: a method, a password.
	hidden := s.over || s.seen && s.xml.doctype
	rd.cut = rd.cut || hidden
	rd.opaque = rd.opaque || hidden || rd.cut && rd.tally.n == 0
	if s.outer.method != nil {
		rd.signs |= 1 << roleRPC
		rd.document = operationName(s.outer.method)
	}
}

type rpcScan struct {
	rd   *reading
	xml  xmlScanner
	seen bool // a methodCall

	// open are the arrays and structs around the value that is read, 'a' or
	// 's'; structs is how many of them are structs.
	open    [maxXMLDepth]byte
	depth   int
	structs int
	member  []byte // name of the last member

	last   []byte // name of the last opened tag
	buffer []byte // text since the last tag
	count  int    // of the values
	opens  int    // of the elements
	over   bool   // too many of them, or too deep

	outer, inner memberCall
}

// memberCall is a call with the named members of its arguments.
type memberCall struct {
	rpcCall
	members [maxMembers]rpcMember
	named   int
}

type rpcMember struct{ name, value []byte }

func (s *rpcScan) run() {
	for {
		t := s.xml.next()
		switch t.kind {
		case xmlEnd:
			return
		case xmlText:
			s.characters(t)
			continue
		case xmlOpen:
			s.opened(t.name)
		case xmlShut:
			s.closed(t.name)
		case xmlEmpty:
			s.opened(t.name)
			s.closed(t.name)
		}
		s.buffer = nil
		if s.over = s.over || s.count > maxPairs; s.over || !s.seen && s.opens > maxPrologue {
			return
		}
	}
}

// characters collects a text that comments or CDATA cut into pieces.
func (s *rpcScan) characters(t xmlToken) {
	text := t.text
	if !t.raw {
		text = unescapeXML(text)
	}
	if s.buffer == nil {
		s.buffer = slices.Clip(text)
	} else {
		s.buffer = append(s.buffer, text...)
	}
}

func (s *rpcScan) opened(name []byte) {
	s.last = name
	s.opens++
	switch string(name) {
	case "methodCall":
		s.seen = true
	case "data":
		s.push('a')
	case "struct":
		if s.structs == 0 {
			s.outer.add(nil, structArgument)
		}
		s.push('s')
		if s.structs == 1 {
			s.inner = memberCall{}
		}
	}
}

func (s *rpcScan) push(kind byte) {
	if s.depth == maxXMLDepth {
		s.over = true
		return
	}
	s.open[s.depth] = kind
	s.depth++
	if kind == 's' {
		s.structs++
	}
}

func (s *rpcScan) closed(name []byte) {
	switch string(name) {
	case "methodName":
		s.outer.method = bytes.TrimSpace(s.buffer)
	case "name":
		s.member = bytes.TrimSpace(s.buffer)
	case "string", "dateTime.iso8601":
		s.scalar(s.buffer, textArgument)
	case "base64":
		s.scalar(decodedBase64(s.buffer), textArgument)
	case "int", "i4", "i8", "boolean", "double":
		s.scalar(bytes.TrimSpace(s.buffer), numberArgument)
	case "value":
		// Without a type it is a text.
		if string(s.last) == "value" || len(bytes.TrimSpace(s.buffer)) > 0 {
			s.scalar(s.buffer, textArgument)
		}
		s.last = nil
	case "data", "struct":
		s.pop()
	}
}

func (s *rpcScan) pop() {
	if s.depth == 0 {
		return
	}
	s.depth--
	if s.open[s.depth] != 's' {
		return
	}
	s.structs--
	if s.structs > 0 {
		return
	}
	if s.inner.method != nil {
		s.finish(&s.inner)
		return
	}
	// No call of a batch, but an argument.
	for _, m := range s.inner.members[:s.inner.named] {
		s.outer.keep(m)
	}
}

// scalar takes a value that is neither array nor struct.
func (s *rpcScan) scalar(value []byte, kind argumentKind) {
	s.count++
	if value == nil {
		value = []byte{}
	}
	inStruct := s.depth > 0 && s.open[s.depth-1] == 's'
	switch {
	case s.structs == 0:
		s.outer.add(value, kind)
	case inStruct && s.structs == 1 && string(s.member) == "methodName":
		s.inner.method = bytes.TrimSpace(value)
	case inStruct:
		if nameOf(s.member).role != roleNone {
			s.inner.keep(rpcMember{s.member, value})
		}
	case s.structs == 1:
		s.inner.add(value, kind)
	}
}

func (c *memberCall) keep(m rpcMember) {
	if c.named < maxMembers {
		c.members[c.named] = m
		c.named++
	}
}

// finish hands the credentials of a call to the reading.
func (s *rpcScan) finish(c *memberCall) {
	rd := s.rd
	format := rd.format
	rd.format = FormatXML
	if !rd.takeCall(&c.rpcCall) && len(c.method) <= maxName && rd.method.sense(c.method)&saysAccount != 0 {
		rd.called(c.method)
		for _, m := range c.members[:c.named] {
			rd.leaf(appendName([]byte("params."), m.name), m.value, identityDecoder, textValue)
		}
	}
	rd.tally.next()
	rd.format = format
}

// decodedBase64 decodes the text of a base64 element, which may be broken into
// lines.
func decodedBase64(text []byte) []byte {
	clean := make([]byte, 0, len(text))
	for _, c := range text {
		if c > ' ' && c != '=' {
			clean = append(clean, c)
		}
	}
	n, _ := base64.RawStdEncoding.Decode(clean, clean)
	return clean[:n]
}
