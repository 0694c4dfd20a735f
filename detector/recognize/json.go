package recognize

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxJSONDepth is how deep objects and arrays are followed, the limit of PHP.
// What lies deeper is skipped and makes the reading cut.
const maxJSONDepth = 512

// scanJSON reads JSON text (RFC 8259) and hands every scalar to rd, with the
// keys that lead to it as path. It is lenient: it does not check what it does
// not need, so that a body the app accepts is never unread here. A key that
// occurs twice is seen twice. base is the name of the field the text stood in.
func scanJSON(rd *reading, text, base []byte) {
	format := rd.format
	if !rd.nested {
		rd.format = FormatJSON
	}
	// One scanner at a time is at work, so its memory is used again.
	j := &rd.scan
	j.rd, j.text, j.pos, j.key = rd, bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), 0, false
	j.path, j.base, j.stack = append(j.path[:0], base...), len(base), j.stack[:0]
	if !j.run() {
		rd.cut = true
	}
	rd.endCall()
	rd.format = format
}

type jsonScan struct {
	rd    *reading
	text  []byte
	pos   int
	path  []byte
	base  int
	stack []jsonLevel
	key   bool // the next string is a key
	count int  // values so far
}

// jsonLevel is an open object or array.
type jsonLevel struct {
	mark   int // length of the path of the object itself
	index  int // of the element, -1 in an object
	filled bool
}

// run reports whether the text ended where it should.
func (j *jsonScan) run() bool {
	for ; j.pos < len(j.text) && j.count <= maxPairs; j.pos++ {
		if !j.token(j.text[j.pos]) {
			return false
		}
	}
	return j.pos == len(j.text) && len(j.stack) == 0
}

// token reads what begins with c at pos and leaves pos on its last byte.
func (j *jsonScan) token(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n':
	case '{', '[':
		return j.open(c == '{')
	case '}', ']':
		if len(j.stack) == 0 {
			return false
		}
		j.shut()
	case ',':
		j.comma()
	case '"', '\'':
		raw, ok := j.quoted()
		return ok && j.stringToken(raw)
	case '/', '#':
		return j.comment()
	default:
		return j.bare()
	}
	return true
}

// open enters an object or array; one that lies too deep is skipped.
func (j *jsonScan) open(object bool) bool {
	if len(j.stack) == maxJSONDepth {
		j.rd.cut = true
		return j.skip()
	}
	j.element()
	if len(j.stack) == 0 {
		j.path = j.path[:j.base]
	} else if j.stack[len(j.stack)-1].index >= 0 {
		j.rd.structured(j.path)
	}
	level := jsonLevel{mark: len(j.path)}
	if object {
		level.index = -1
	}
	j.stack = append(j.stack, level)
	j.key = object
	return true
}

// shut leaves the innermost level. An empty object in the place of a value is
// handed on: {"password":[]} is a way to confuse comparisons.
func (j *jsonScan) shut() {
	top := j.stack[len(j.stack)-1]
	j.stack = j.stack[:len(j.stack)-1]
	j.path = j.path[:top.mark]
	j.key = false
	if !top.filled && len(j.path) > 0 {
		j.rd.leaf(j.path, nil, identityDecoder, emptyComposite)
	}
}

func (j *jsonScan) comma() {
	if len(j.stack) == 0 {
		return
	}
	top := &j.stack[len(j.stack)-1]
	if len(j.stack) == 1 && !j.rd.nested && (top.index >= 0 || isDigits(j.path[j.base:])) {
		j.rd.endCall() // an element of a batch
	}
	if top.index < 0 {
		j.key = true
	} else {
		top.index++
	}
}

// element makes the path that of the value about to be read.
func (j *jsonScan) element() {
	j.count++
	if len(j.stack) == 0 {
		return
	}
	top := &j.stack[len(j.stack)-1]
	top.filled = true
	if top.index >= 0 {
		j.path = strconv.AppendInt(j.dot(top.mark), int64(top.index), 10)
	}
}

func (j *jsonScan) dot(mark int) []byte {
	if mark == 0 {
		return j.path[:0]
	}
	return append(j.path[:mark], '.')
}

// stringToken takes a string, a key or a value, whose raw text is given; pos is on
// its closing quote.
func (j *jsonScan) stringToken(raw []byte) bool {
	if !j.key || len(j.stack) == 0 {
		j.element()
		if len(j.path) > 0 {
			j.rd.leaf(j.path, raw, unescapeJSON, textValue)
		}
		return true
	}
	top := &j.stack[len(j.stack)-1]
	top.filled, j.key = true, false
	j.path = appendName(j.dot(top.mark), unescapeJSON(raw))
	for j.pos++; j.pos < len(j.text) && isJSONSpace(j.text[j.pos]); j.pos++ {
	}
	return j.pos < len(j.text) && j.text[j.pos] == ':'
}

// comment passes over a comment, which lenient readers accept, and leaves pos on
// its last byte.
func (j *jsonScan) comment() bool {
	rest := j.text[j.pos:]
	if bytes.HasPrefix(rest, []byte("/*")) {
		n := bytes.Index(rest[2:], []byte("*/"))
		j.pos += n + 3
		return n >= 0
	}
	if rest[0] == '/' && !bytes.HasPrefix(rest, []byte("//")) {
		return false
	}
	n := bytes.IndexByte(rest, '\n')
	if n < 0 {
		n = len(rest) - 1
	}
	j.pos += n
	return true
}

// bare reads what stands without quotation marks: a value, or a key as lenient
// readers accept it.
func (j *jsonScan) bare() bool {
	if !j.key {
		return j.scalar()
	}
	start := j.pos
	for j.pos < len(j.text) && !isJSONBreak(j.text[j.pos]) {
		j.pos++
	}
	raw := j.text[start:j.pos]
	j.pos--
	return len(raw) > 0 && j.stringToken(raw)
}

// quoted returns what stands between the quotes and leaves pos on the closing
// one.
func (j *jsonScan) quoted() (raw []byte, ok bool) {
	quote := j.text[j.pos]
	start := j.pos + 1
	for i := start; i < len(j.text); i++ {
		switch j.text[i] {
		case quote:
			j.pos = i
			return j.text[start:i], true
		case '\\':
			i++
		}
	}
	return nil, false
}

// scalar reads a number or true, false, null and leaves pos on its last byte.
func (j *jsonScan) scalar() bool {
	start := j.pos
	end := start
	for end < len(j.text) && !isJSONBreak(j.text[end]) {
		end++
	}
	if end == start || j.key {
		return false
	}
	j.pos = end - 1
	raw := j.text[start:end]
	t := numberValue
	switch string(raw) {
	case "true", "false":
		t = boolValue
	case "null":
		t = nullValue
	default:
		if c := raw[0]; c != '-' && (c < '0' || c > '9') {
			return false
		}
	}
	j.element()
	if len(j.path) > 0 {
		j.rd.leaf(j.path, raw, identityDecoder, t)
	}
	return true
}

// skip passes over an object or array without looking into it and leaves pos
// on its last byte.
func (j *jsonScan) skip() bool {
	for depth := 0; j.pos < len(j.text); j.pos++ {
		switch j.text[j.pos] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return true
			}
		case '"', '\'':
			if _, ok := j.quoted(); !ok {
				return false
			}
		}
	}
	return false
}

func isJSONSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func isJSONBreak(c byte) bool { return jsonBreaks[c] }

// jsonBreaks are the bytes that end a number or a word.
var jsonBreaks = [256]bool{
	' ': true, '\t': true, '\r': true, '\n': true, ',': true, ':': true,
	'{': true, '}': true, '[': true, ']': true, '"': true,
}

func identityDecoder(raw []byte) []byte { return raw }

// unescapeJSON decodes the inside of a JSON string; without escapes it is the
// text itself. Broken escapes stay as they are.
func unescapeJSON(raw []byte) []byte {
	i := bytes.IndexByte(raw, '\\')
	if i < 0 {
		return raw
	}
	out := append(make([]byte, 0, len(raw)), raw[:i]...)
	for i < len(raw) {
		c := raw[i]
		if c != '\\' || i+1 == len(raw) {
			out = append(out, c)
			i++
			continue
		}
		if raw[i+1] == 'u' {
			r, n := unicodeEscape(raw[i:])
			out = utf8.AppendRune(out, r)
			i += n
			continue
		}
		out = append(out, simpleEscape(raw[i+1]))
		i += 2
	}
	return out
}

func simpleEscape(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

// unicodeEscape reads \uXXXX, with its low surrogate if there is one, and
// returns how many bytes it took.
func unicodeEscape(s []byte) (rune, int) {
	r, ok := fourHex(s)
	if !ok {
		return utf8.RuneError, min(2, len(s))
	}
	if utf16.IsSurrogate(r) {
		if low, ok := fourHex(s[6:]); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, 12
			}
		}
		return utf8.RuneError, 6
	}
	return r, 6
}

func fourHex(s []byte) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range s[2:6] {
		d := hexDigit(c)
		if d < 0 {
			return 0, false
		}
		r = r<<4 | rune(d)
	}
	return r, true
}
