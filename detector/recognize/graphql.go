package recognize

import "bytes"

const (
	// maxBindings is how many variables of documents are looked for because of
	// the argument they are given to.
	maxBindings = 32
	// maxFieldNames is how many fields of a document are asked for what their
	// name says.
	maxFieldNames = 128
	// maxDocuments is how many documents of a request are read, several times what
	// servers let a batch hold.
	maxDocuments = 128
	// maxGiven is how many times the value that a document gives a variable itself
	// is taken for an argument.
	maxGiven = 128
	// maxArgumentDepth is how deep input objects within arguments are followed.
	maxArgumentDepth = 16
)

// binding says what a variable is that does not say it by its own name:
// login(email: $a, password: $b).
type binding struct {
	path []byte // of the variable, normalised
	meaning
}

// gqlReader reads what a GraphQL document asks for and the credentials among
// the arguments, whether they stand in the text or are variables. It follows
// fields wherever they stand, in fragments too, and does not check the rest.
type gqlReader struct {
	rd  *reading
	lex gqlLexer
	// base is what stands before "variables" in the path of a variable.
	base []byte

	mutation bool
	field    []byte
	sense    pathSense // of field, 0 when it was not asked for
	asked    int       // how many fields were asked for it
	rooted   bool      // the first field named the route
	named    bool      // a field with credentials names the route
	calls    tally
	defaults []gqlDefault
	given    int // how many of their values were taken
	path     []byte
	// meant is what path means, once it was classified.
	meant      meaning
	classified bool
}

// gqlDefault is the value of a variable that a document gives itself.
type gqlDefault struct{ name, value []byte }

// readDocument looks at a text that may be a GraphQL document. What it asks for
// tells more than the name of the operation, which the client invents.
func (rd *reading) readDocument(path, text []byte) {
	if !looksLikeDocument(text) {
		return
	}
	if rd.documents++; rd.documents > maxDocuments {
		rd.cut, rd.opaque = true, true
		return
	}
	parent, _ := cutLast(path)
	g := gqlReader{rd: rd, lex: gqlLexer{text: text}, base: parent}
	rd.signs |= 1 << roleDocument
	g.read()
	// Credentials may stand behind what was read.
	rd.cut, rd.opaque = rd.cut || g.lex.over, rd.opaque || g.lex.over
	rd.tally.inline += g.calls.n
}

// looksLikeDocument reports whether text begins like an executable document.
func looksLikeDocument(text []byte) bool {
	x := gqlLexer{text: text}
	t := x.next()
	switch {
	case t.kind == '{':
		c := x.peek()
		return c == '.' || isGQLName(c)
	case t.kind != gqlName || bytes.IndexByte(text, '{') < 0:
		return false
	}
	switch string(t.text) {
	case "mutation", "query", "subscription", "fragment":
		return true
	}
	return false
}

func (g *gqlReader) read() {
	depth := 0
	for {
		t := g.lex.next()
		switch t.kind {
		case gqlEnd:
			return
		case '{':
			depth++
		case '}':
			depth = max(0, depth-1)
		case '@':
			g.lex.next() // the name of a directive
		case '(':
			if depth == 0 {
				g.definitions()
			} else {
				g.arguments()
			}
		case gqlName:
			if depth > 0 {
				g.enter(t.text, depth)
			} else if string(t.text) == "mutation" || string(t.text) == "fragment" {
				g.mutation = true
			}
		}
	}
}

// enter takes a field; what stands before a colon is only its alias.
func (g *gqlReader) enter(name []byte, depth int) {
	if g.lex.peek() == ':' {
		g.lex.next()
		name = g.lex.next().text
	}
	g.field, g.sense = name, 0
	if depth > 1 && g.lex.peek() != '(' || len(name) > maxName {
		return
	}
	if g.asked++; g.asked > maxFieldNames {
		return
	}
	g.sense = senseOfWords(name)
	if depth == 1 && g.mutation {
		g.rd.dispatch |= g.sense
	}
	if depth == 1 && !g.rooted {
		g.rooted, g.rd.document = true, operationName(name)
	}
}

// definitions reads the variables of an operation up to the closing
// parenthesis. One may have a default value, which is as good as an argument.
func (g *gqlReader) definitions() {
	var name []byte
	for {
		t := g.lex.next()
		switch t.kind {
		case gqlEnd, ')':
			return
		case gqlVariable:
			name = t.text
		case gqlString, gqlBlock:
			if len(g.defaults) < maxBindings {
				g.defaults = append(g.defaults, gqlDefault{name, unquoted(t)})
			} else {
				g.rd.cut = true
			}
		}
	}
}

func unquoted(t gqlToken) []byte {
	if t.kind == gqlBlock {
		return unescapeBlock(t.text)
	}
	return unescapeJSON(t.text)
}

// arguments reads the arguments of a field up to the closing parenthesis. Every
// list of arguments and every object in it is one call.
func (g *gqlReader) arguments() {
	var marks [maxArgumentDepth]int
	depth, skipped := 0, 0
	g.path, g.classified = append(g.path[:0], "variables"...), false
	mark := len(g.path)
	for {
		t := g.lex.next()
		switch t.kind {
		case gqlEnd, ')':
			g.calls.next()
			return
		case '{':
			if depth == len(marks) {
				skipped++
				g.rd.cut = true
				continue
			}
			marks[depth] = mark
			depth++
			mark = len(g.path)
		case '}':
			if skipped > 0 || depth == 0 {
				skipped = max(0, skipped-1)
				continue
			}
			g.calls.next()
			g.path, g.classified = g.path[:mark], false
			depth--
			mark = marks[min(depth, len(marks)-1)]
		case gqlName:
			if g.lex.peek() == ':' {
				g.lex.next()
				g.path, g.classified = appendName(append(g.path[:mark], '.'), t.text), false
				continue
			}
			g.value(t)
		case gqlString, gqlBlock, gqlNumber, gqlVariable:
			g.value(t)
		}
	}
}

// value takes the value of the argument at g.path.
func (g *gqlReader) value(t gqlToken) {
	if !g.classified {
		g.meant, g.classified = g.rd.memo.classify(g.path), true
	}
	m := g.meant
	if t.kind == gqlVariable {
		g.variable(t.text, m)
		return
	}
	if !m.role.isPassword() && !m.role.isIdentifier() && m.role != roleOTP && m.role != roleCode && m.role != roleToken {
		return
	}
	g.give(m, t)
}

func (g *gqlReader) give(m meaning, t gqlToken) {
	g.note(m, t.text)
	switch t.kind {
	case gqlString:
		g.rd.leafOf(m, g.path, t.text, unescapeJSON, textValue)
	case gqlBlock:
		g.rd.leafOf(m, g.path, t.text, unescapeBlock, textValue)
	case gqlNumber:
		g.rd.leafOf(m, g.path, t.text, identityDecoder, numberValue)
	default:
		if string(t.text) == "null" {
			g.rd.leafOf(m, g.path, t.text, identityDecoder, nullValue)
			return
		}
		g.rd.leafOf(m, g.path, t.text, identityDecoder, boolValue)
	}
}

// note counts a credential of the open call; it also names the route.
func (g *gqlReader) note(m meaning, value []byte) {
	switch {
	case m.role == rolePassword || m.role == roleNewPassword:
		g.calls.note(true, value)
		g.rd.dispatch |= g.sense
		if !g.named {
			g.named, g.rd.document = true, operationName(g.field)
		}
	case m.role.isIdentifier():
		g.calls.note(false, value)
	}
}

// variable takes an argument whose value is a variable. The variable is looked
// for by its place if its own name says something else than the argument. One
// that may hold an object with credentials counts as such where the field says
// so.
func (g *gqlReader) variable(name []byte, m meaning) {
	if !m.role.isPassword() && !m.role.isIdentifier() {
		if g.sense&(saysLogin|saysToken|saysSignup) != 0 && m.role == roleNone {
			g.calls.note(true, name)
		}
		return
	}
	g.note(m, name)
	g.rd.empty(m)
	g.giveDefaults(name, m)
	if len(g.rd.bindings) == maxBindings && g.rd.cut {
		return
	}
	if own := nameOf(name); own.role == m.role && own.key == m.key {
		return
	}
	if len(g.rd.bindings) == maxBindings {
		g.rd.cut = true
		return
	}
	path := append([]byte{}, g.base...)
	if len(path) > 0 {
		path = append(path, '.')
	}
	path = appendName(append(path, "variables."...), name)
	g.rd.bindings = append(g.rd.bindings, binding{path: path, meaning: m})
}

// giveDefaults takes the values that the document gives a variable itself.
func (g *gqlReader) giveDefaults(name []byte, m meaning) {
	for _, d := range g.defaults {
		if !bytes.Equal(d.name, name) {
			continue
		}
		if g.given++; g.given > maxGiven {
			g.rd.cut = true
			return
		}
		g.rd.credential(m, g.path, d.value, textValue)
	}
}

// bind takes the value of a variable that is a credential by the argument it is
// given to.
func (rd *reading) bind(path, raw []byte, decode func([]byte) []byte, t valueType) {
	for _, b := range rd.bindings {
		if bytes.Equal(b.path, path) {
			value := raw
			if t == textValue {
				value = decode(raw)
			}
			rd.credential(b.meaning, path, value, t)
			return
		}
	}
	rd.nest(path, raw, decode, t)
}
