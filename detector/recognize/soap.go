package recognize

// maxElements is how many elements of an envelope are looked at.
const maxElements = maxPairs

// soapScan reads an envelope of SOAP (1.1 and 1.2): the operation is the first
// element in the body, and the elements that hold texts are its fields. A
// UsernameToken of WS-Security in the header carries credentials with every
// call, as Basic does.
type soapScan struct {
	envelope, body, token bool
	operation             []byte
	members               [maxMembers]rpcMember
	named                 int
}

// scanSOAP reads an envelope whose operation, or header, says that it carries
// credentials. Other XML means nothing here.
func scanSOAP(rd *reading, text []byte) {
	x := xmlScanner{text: text}
	var s soapScan
	var last, value []byte
	for n := 0; n < maxElements; {
		t := x.next()
		switch t.kind {
		case xmlEnd:
			s.finish(rd, x.doctype)
			return
		case xmlText:
			if value == nil { // a password in pieces is none of a person
				value = t.text
				if !t.raw {
					value = unescapeXML(t.text)
				}
			}
			continue
		case xmlOpen:
			n++
			if !s.enter(t.name) {
				return
			}
			last = t.name
		case xmlShut, xmlEmpty:
			if t.kind == xmlEmpty || string(last) == string(t.name) {
				s.field(t.name, value)
			}
			last = nil
		}
		value = nil
	}
	rd.cut = true
	s.finish(rd, x.doctype)
}

// enter takes the start of an element; false if the document is no envelope.
func (s *soapScan) enter(name []byte) bool {
	switch {
	case !s.envelope:
		s.envelope = string(name) == "Envelope"
	case string(name) == "UsernameToken":
		s.token = true
	case !s.body:
		s.body = string(name) == "Body"
	case s.operation == nil:
		s.operation = name
	}
	return s.envelope
}

func (s *soapScan) field(name, value []byte) {
	if s.named < maxMembers && nameOf(name).role != roleNone {
		s.members[s.named] = rpcMember{name, value}
		s.named++
	}
}

func (s *soapScan) finish(rd *reading, doctype bool) {
	said := len(s.operation) <= maxName && senseOfWords(s.operation)&saysAccount != 0
	if !s.envelope || !said && !s.token {
		return
	}
	rd.body = FormatXML
	format := rd.format
	rd.format = FormatXML
	if s.token {
		rd.dispatch |= saysLogin
		rd.nameCall(s.operation)
	} else {
		rd.called(s.operation)
	}
	for _, m := range s.members[:s.named] {
		rd.leaf(appendName([]byte("params."), m.name), m.value, identityDecoder, textValue)
	}
	rd.format = format
	rd.cut, rd.opaque = rd.cut || doctype, rd.opaque || doctype
}
