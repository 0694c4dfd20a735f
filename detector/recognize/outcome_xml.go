package recognize

import (
	"bytes"
	"slices"
)

// maxElementDepth is how deep elements are followed. What lies deeper is not read.
const maxElementDepth = 64

// readXML reads an XML answer as if its elements and attributes were the keys
// of a JSON answer: <response status="failed"><error message="…"/></response>
// says what {"response":{"status":"failed","error":{"message":"…"}}} says.
// Prefixes of names are dropped, so soap:Fault is a fault. A CDATA section that
// holds a page, as in the partial answers of JSF, is read as one: page is what
// the first of them says. whole tells that all of it was read.
func readXML(body []byte) (f jsonFacts, page pageFacts, whole bool) {
	r := xmlReader{m: markup{body: body, xml: true}}
	for r.m.next() {
		r.step()
	}
	return r.facts.facts(), r.page, !r.deep && !r.m.cut && len(r.frames) == 0
}

type xmlReader struct {
	m      markup
	facts  jsonReader
	page   pageFacts
	frames []jsonFrame
	// deep: there were elements beyond maxElementDepth.
	deep bool
}

func (r *xmlReader) step() {
	switch r.m.kind {
	case markupText:
		r.text(bytes.TrimSpace(unescapeMarkup(r.m.text())))
	case markupStart:
		r.element()
	case markupEnd:
		r.end(localName(r.m.name()))
	}
}

// localName is a name without its prefix.
func localName(name []byte) []byte { return name[bytes.LastIndexByte(name, ':')+1:] }

func (r *xmlReader) element() {
	if len(r.frames) >= maxElementDepth {
		r.deep = true
		return
	}
	r.push(bytes.Clone(localName(r.m.name())))
	for _, a := range r.m.list() {
		r.push(localName(r.m.of(a.key)))
		r.visit(unescapeMarkup(r.m.of(a.value)))
		r.frames = r.frames[:len(r.frames)-1]
	}
	if r.m.empty {
		r.frames = r.frames[:len(r.frames)-1]
	}
}

func (r *xmlReader) push(name []byte) {
	frame := jsonFrame{key: name, means: meaningOf(name)}
	if n := len(r.frames); n > 0 {
		frame.above = r.frames[n-1].above | r.frames[n-1].means
	}
	r.frames = append(r.frames, frame)
}

// end closes the nearest element of a name and all that were left open in it.
func (r *xmlReader) end(name []byte) {
	for i, f := range slices.Backward(r.frames) {
		if bytes.Equal(f.key, name) {
			r.frames = r.frames[:i]
			return
		}
	}
}

func (r *xmlReader) text(text []byte) {
	if len(text) == 0 || len(r.frames) == 0 {
		return
	}
	if text[0] == '<' && r.page.tags == 0 {
		r.page = readPage(text)
		return
	}
	r.visit(text)
}

// visit hands one value to the reader of JSON: numbers and the words true and
// false as such, everything else as text.
func (r *xmlReader) visit(text []byte) {
	kind := jsonString
	if isBareWord(text) {
		kind = jsonWord
	}
	r.facts.node(jsonNode{frames: r.frames, kind: kind, raw: text})
}

func isBareWord(text []byte) bool {
	switch string(text) {
	case "true", "false", "null":
		return true
	}
	return len(text) > 0 && len(text) < 16 && len(bytes.Trim(text, "0123456789")) == 0
}
