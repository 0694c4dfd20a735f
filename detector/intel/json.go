package intel

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/doorward/doorward/config"
)

// maxDepth bounds how deep JSON is nested. The lists that cloud providers
// publish need 5.
const maxDepth = 32

// jsonReader reads entries from JSON of any shape, as a stream: one value, or
// several in a row (JSON lines).
//
// With a field, entries are the strings under that key, and the elements of the
// arrays under it. Without, they are the strings under keys with usual names,
// the elements of an array that is the whole document, and of other arrays those
// that look like an address. Onionoo documents, known by their key relays, are
// read by onionoo.go.
type jsonReader struct {
	c       *collector
	field   string
	onionoo bool // the document must be one

	dec   *json.Decoder
	guard *jsonGuard
	stack []jsonLevel
	relay relay
}

// jsonLevel is an object or array that is open.
type jsonLevel struct {
	array bool
	// under is the key that the array or object is the value of, as foldName
	// writes it; for an array in an array, that of the outer one.
	under string
	// key is the latest key of the object; wantKey says that one comes next.
	key     string
	wantKey bool
}

func (j *jsonReader) read(src io.Reader) error {
	j.field = foldName(j.field)
	j.guard = &jsonGuard{r: src}
	j.dec = json.NewDecoder(j.guard)
	j.dec.UseNumber() // one too large for a float is no reason to fail
	for {
		token, err := j.dec.Token()
		j.c.report.Lines = j.guard.lineOf(j.dec.InputOffset())
		switch {
		case err == nil:
			if err := j.token(token); err != nil {
				return err
			}
		case errors.Is(err, io.EOF):
			return j.end()
		default:
			return j.failed(err)
		}
	}
}

func (j *jsonReader) end() error {
	if len(j.stack) > 0 {
		return refuse(ReasonTruncated, j.c.report.Lines, "the JSON ends before it is complete")
	}
	if j.onionoo && !j.relay.found {
		return refuse(ReasonUnreadable, 0, "no Onionoo document: the key relays is missing")
	}
	return nil
}

func (j *jsonReader) failed(err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return refuse(ReasonUnreadable, j.guard.lineOf(syntax.Offset), "this is no JSON")
	}
	if errors.Is(err, io.ErrUnexpectedEOF) && j.guard.atEnd {
		return refuse(ReasonTruncated, j.c.report.Lines, "the JSON ends before it is complete")
	}
	return readingFailed(err)
}

func (j *jsonReader) token(token json.Token) error {
	top := j.top()
	switch t := token.(type) {
	case json.Delim:
		if t == '}' || t == ']' {
			return j.close()
		}
		return j.open(t == '[')
	case string:
		if top != nil && top.wantKey {
			top.key, top.wantKey = foldName(t), false
			return nil
		}
		if err := j.value(t); err != nil {
			return err
		}
	}
	if top != nil && !top.array {
		top.wantKey = true
	}
	return nil
}

func (j *jsonReader) top() *jsonLevel {
	if len(j.stack) == 0 {
		return nil
	}
	return &j.stack[len(j.stack)-1]
}

// under is the key that the next value belongs to.
func (j *jsonReader) under() string {
	switch top := j.top(); {
	case top == nil:
		return ""
	case top.array:
		return top.under
	default:
		return top.key
	}
}

func (j *jsonReader) open(array bool) error {
	if len(j.stack) == maxDepth {
		return refuse(ReasonTooLarge, j.c.report.Lines, "the JSON is nested deeper than %d", maxDepth)
	}
	level := jsonLevel{array: array, under: j.under(), wantKey: !array}
	j.stack = append(j.stack, level)
	if array && len(j.stack) == 2 && level.under == relaysKey && j.field == "" {
		j.relay.found, j.c.report.Format = true, config.FormatOnionoo
	}
	if !array && j.inRelays(3) && len(j.stack) == 3 {
		j.relay = relay{found: true}
	}
	return nil
}

// inRelays reports whether the stack is that deep inside the relays of Onionoo.
func (j *jsonReader) inRelays(depth int) bool {
	return j.relay.found && len(j.stack) >= depth && j.stack[1].under == relaysKey && j.stack[1].array
}

func (j *jsonReader) close() error {
	if j.inRelays(3) && len(j.stack) == 3 {
		if err := j.relay.flush(j.c); err != nil {
			return err
		}
	}
	j.stack = j.stack[:len(j.stack)-1]
	if top := j.top(); top != nil && !top.array {
		top.wantKey = true
	}
	return nil
}

// value takes a string.
func (j *jsonReader) value(s string) error {
	line, under, top := j.c.report.Lines, j.under(), j.top()
	switch {
	case j.relay.found:
		if j.inRelays(3) {
			j.relay.take(under, s)
		}
		return nil
	case j.field != "":
		if under == j.field {
			return j.c.take(line, []byte(s), []byte(s), true)
		}
		return nil
	case slices.Contains(addressNames, under), under == "" && top != nil && top.array, looksLikeAddress(s) && top != nil && top.array:
		return j.c.take(line, []byte(s), []byte(s), true)
	}
	return nil
}

// looksLikeAddress tells an entry, also a broken one, from a word.
func looksLikeAddress(s string) bool {
	return strings.ContainsAny(s, ".:") && strings.Trim(s, "0123456789abcdefABCDEF.:/- ") == ""
}

// jsonGuard watches what a json.Decoder reads: it bounds what that must hold at
// once, and knows where lines begin.
type jsonGuard struct {
	r              io.Reader
	quoted, escape bool
	run            int // bytes of the current string, number or word
	blank          int // bytes of white space in a row, which a json.Decoder keeps and goes through again with each read
	atEnd          bool

	offset int64   // bytes passed on
	line   int     // the line of the last offset asked for
	feeds  []int64 // offsets of the line feeds after it
}

func (g *jsonGuard) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	g.atEnd = errors.Is(err, io.EOF)
	for i, c := range p[:n] {
		if c == '\n' {
			g.feeds = append(g.feeds, g.offset+int64(i))
		}
		g.pass(c)
		if g.run > maxLine {
			return 0, refuse(ReasonTooLarge, g.line+1+len(g.feeds), "a string or number of JSON is longer than %d bytes", maxLine)
		}
		if g.blank > maxLine {
			return 0, refuse(ReasonTooLarge, g.line+1+len(g.feeds), "more than %d bytes of white space in a row", maxLine)
		}
	}
	g.offset += int64(n)
	return n, err
}

// pass follows the strings, and the white space between them.
func (g *jsonGuard) pass(c byte) {
	g.run++
	g.blank++
	if g.quoted || strings.IndexByte(" \t\r\n", c) < 0 {
		g.blank = 0
	}
	switch {
	case g.escape:
		g.escape = false
	case g.quoted && c == '\\':
		g.escape = true
	case c == '"':
		g.quoted, g.run = !g.quoted, 0
	case !g.quoted && strings.IndexByte("{}[],: \t\r\n", c) >= 0:
		g.run = 0
	}
}

// lineOf is the line of an offset, from 1. Offsets never go back.
func (g *jsonGuard) lineOf(offset int64) int {
	passed := 0
	for passed < len(g.feeds) && g.feeds[passed] < offset {
		passed++
	}
	g.line += passed
	g.feeds = slices.Delete(g.feeds, 0, passed)
	return g.line + 1
}
