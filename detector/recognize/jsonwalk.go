package recognize

import "strconv"

// The bounds of reading a JSON answer. Values deeper than maxAnswerDepth are
// not visited; a document nested deeper than maxAnswerNesting is given up, and
// the rest of it counts as not inspected.
const (
	maxAnswerDepth   = 12
	maxAnswerNesting = 512
)

// jsonNode is one value of a JSON document. It is valid only while it is
// visited.
type jsonNode struct {
	// frames are the objects and lists around the value.
	frames []jsonFrame
	kind   jsonKind
	raw    []byte
}

type jsonKind int

const (
	jsonObject jsonKind = iota
	jsonList
	jsonString
	jsonWord // a number, true, false or null
)

// jsonFrame is an object or list that is being read.
type jsonFrame struct {
	list bool
	// next is the index of the current element of a list.
	next int
	// key is the current key of an object, means what it stands for.
	key   []byte
	means keyMeaning
	// above is what the keys of the objects around it stand for.
	above keyMeaning
}

// text returns a string as it is, a number as written, true, false or null;
// the empty text for an object or a list.
func (n jsonNode) text() string { return string(n.decoded()) }

// decoded is text in place, as long as it has no escapes.
func (n jsonNode) decoded() []byte {
	if n.kind == jsonString {
		return unescapeJSON(n.raw)
	}
	return n.raw
}

// at reports whether the node stands at a dotted path.
func (n jsonNode) at(path string) bool {
	rest := path
	for i, f := range n.frames {
		var buf [20]byte
		part := f.key
		if f.list {
			part = strconv.AppendInt(buf[:0], int64(f.next), 10)
		}
		if len(rest) < len(part) || rest[:len(part)] != string(part) {
			return false
		}
		rest = rest[len(part):]
		if i == len(n.frames)-1 {
			return rest == ""
		}
		if rest == "" || rest[0] != '.' {
			return false
		}
		rest = rest[1:]
	}
	return false
}

// walkAnswerJSON visits every value of a JSON document in order, up to where it
// is cut or broken, and reports whether it saw the whole document. It checks
// the structure only.
func walkAnswerJSON(body []byte, visit func(jsonNode)) (whole bool) {
	w := jsonWalker{rest: body, visit: visit}
	return w.walk()
}

func (w *jsonWalker) walk() (whole bool) {
	for !w.done {
		if !w.step() {
			return false
		}
	}
	return true
}

// isJSONGap tells what stands between two tokens.
var isJSONGap = [256]bool{' ': true, '\t': true, '\r': true, '\n': true, ',': true, ':': true}

// endsJSONWord tells what ends a number or a word.
var endsJSONWord = [256]bool{
	' ': true, '\t': true, '\r': true, '\n': true, ',': true, ':': true, '{': true, '}': true, '[': true, ']': true, '"': true,
}

type jsonWalker struct {
	rest   []byte
	visit  func(jsonNode)
	frames []jsonFrame
	// keyed tells that a key was read and its value comes next.
	keyed, done bool
}

// step reads one token and reports whether to go on.
func (w *jsonWalker) step() bool {
	for len(w.rest) > 0 && isJSONGap[w.rest[0]] {
		w.rest = w.rest[1:]
	}
	if len(w.rest) == 0 {
		return false
	}
	switch c := w.rest[0]; c {
	case '{', '[':
		return w.enter(c == '[')
	case '}', ']':
		return w.leave(c == ']')
	case '"':
		raw, ok := w.quoted()
		if !ok {
			return false
		}
		if top := w.top(); top != nil && !top.list && !w.keyed {
			return w.setKey(top, raw)
		}
		return w.value(jsonString, raw)
	default:
		raw, ok := w.bare()
		return ok && w.value(jsonWord, raw)
	}
}

func (w *jsonWalker) top() *jsonFrame {
	if len(w.frames) == 0 {
		return nil
	}
	return &w.frames[len(w.frames)-1]
}

// awaitsValue reports whether a value may come here.
func (w *jsonWalker) awaitsValue() bool {
	top := w.top()
	return top == nil || top.list || w.keyed
}

func (w *jsonWalker) enter(list bool) bool {
	if len(w.frames) >= maxAnswerNesting || !w.awaitsValue() {
		return false
	}
	kind := jsonObject
	if list {
		kind = jsonList
	}
	w.found(kind, nil)
	above := keyMeaning(0)
	if top := w.top(); top != nil {
		above = top.above | top.means
	}
	w.frames = append(w.frames, jsonFrame{list: list, above: above})
	w.rest, w.keyed = w.rest[1:], false
	return true
}

func (w *jsonWalker) leave(list bool) bool {
	top := w.top()
	if top == nil || top.list != list || w.keyed {
		return false
	}
	w.frames = w.frames[:len(w.frames)-1]
	w.rest = w.rest[1:]
	w.ended()
	return true
}

func (w *jsonWalker) setKey(top *jsonFrame, raw []byte) bool {
	raw = unescapeJSON(raw)
	top.key, top.means, w.keyed = raw, meaningOf(raw), true
	return true
}

func (w *jsonWalker) value(kind jsonKind, raw []byte) bool {
	if !w.awaitsValue() {
		return false
	}
	w.found(kind, raw)
	w.ended()
	return true
}

// ended notes that a value has ended; the end of the outermost is the end.
func (w *jsonWalker) ended() {
	w.keyed = false
	if top := w.top(); top != nil {
		top.next++
		return
	}
	w.done = true
}

// found visits a value or the beginning of one.
func (w *jsonWalker) found(kind jsonKind, raw []byte) {
	if len(w.frames) > 0 && len(w.frames) <= maxAnswerDepth {
		w.visit(jsonNode{frames: w.frames, kind: kind, raw: raw})
	}
}

// quoted reads a string up to its closing quote.
func (w *jsonWalker) quoted() ([]byte, bool) {
	for i := 1; i < len(w.rest); i++ {
		switch w.rest[i] {
		case '\\':
			i++
		case '"':
			raw := w.rest[1:i]
			w.rest = w.rest[i+1:]
			return raw, true
		}
	}
	return nil, false
}

// bare reads a number or a word. At the end of the body it may be cut, unless
// it is the whole document.
func (w *jsonWalker) bare() ([]byte, bool) {
	end := 0
	for end < len(w.rest) && !endsJSONWord[w.rest[end]] {
		end++
	}
	if end == len(w.rest) && len(w.frames) > 0 || end == 0 {
		return nil, false
	}
	raw := w.rest[:end]
	w.rest = w.rest[end:]
	return raw, true
}
