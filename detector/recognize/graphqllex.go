package recognize

import "bytes"

// gqlLexer cuts a GraphQL document (spec.graphql.org, October 2021, section 2)
// into tokens, in place. White space, commas and comments are left out.
type gqlLexer struct {
	text []byte
	pos  int
	// tokens is how many were read; over tells that there were more than
	// maxTokens, and that the rest was left out.
	tokens int
	over   bool
}

// maxTokens is how many tokens of a document are read, several times what the
// largest queries of introspection have.
const maxTokens = 8192

// gqlKind is what a token is; punctuation is its own byte.
type gqlKind byte

const (
	gqlEnd      gqlKind = 0
	gqlName     gqlKind = 'a'
	gqlVariable gqlKind = '$'
	gqlNumber   gqlKind = '0'
	gqlString   gqlKind = '"'
	gqlBlock    gqlKind = 'B' // a string in three quotation marks
)

type gqlToken struct {
	kind gqlKind
	// text is the name, without the $ of a variable, the number, or what stands
	// between the quotation marks.
	text []byte
}

func (x *gqlLexer) next() gqlToken {
	x.skipIgnored()
	if x.pos >= len(x.text) {
		return gqlToken{}
	}
	if x.tokens++; x.tokens > maxTokens {
		x.over, x.pos = true, len(x.text)
		return gqlToken{}
	}
	c := x.text[x.pos]
	switch {
	case isGQLName(c):
		return gqlToken{gqlName, x.take(isGQLName)}
	case c == '$':
		x.pos++
		return gqlToken{gqlVariable, x.take(isGQLName)}
	case c == '-' || c >= '0' && c <= '9':
		x.pos++
		rest := x.take(isGQLNumber)
		return gqlToken{gqlNumber, x.text[x.pos-len(rest)-1 : x.pos]}
	case c == '"':
		return x.quoted()
	}
	x.pos++
	return gqlToken{kind: gqlKind(c)}
}

// peek returns the first byte of the next token, 0 at the end.
func (x *gqlLexer) peek() byte {
	x.skipIgnored()
	if x.pos >= len(x.text) {
		return 0
	}
	return x.text[x.pos]
}

func (x *gqlLexer) skipIgnored() {
	for x.pos < len(x.text) {
		switch c := x.text[x.pos]; {
		case isJSONSpace(c) || c == ',' || c == 0xef || c == 0xbb || c == 0xbf:
			x.pos++
		case c == '#':
			for x.pos < len(x.text) && x.text[x.pos] != '\n' && x.text[x.pos] != '\r' {
				x.pos++
			}
		default:
			return
		}
	}
}

func (x *gqlLexer) take(in func(byte) bool) []byte {
	start := x.pos
	for x.pos < len(x.text) && in(x.text[x.pos]) {
		x.pos++
	}
	return x.text[start:x.pos]
}

// quoted reads a string whose first quotation mark is at pos. One that does not
// end reaches to the end of the text.
func (x *gqlLexer) quoted() gqlToken {
	block := []byte(`"""`)
	if bytes.HasPrefix(x.text[x.pos:], block) {
		start := x.pos + len(block)
		for i := start; i < len(x.text); i++ {
			if x.text[i] == '"' && bytes.HasPrefix(x.text[i:], block) && x.text[i-1] != '\\' {
				x.pos = i + len(block)
				return gqlToken{gqlBlock, x.text[start:i]}
			}
		}
		x.pos = len(x.text)
		return gqlToken{gqlBlock, x.text[start:]}
	}
	start := x.pos + 1
	for i := start; i < len(x.text); i++ {
		switch x.text[i] {
		case '\\':
			i++
		case '"':
			x.pos = i + 1
			return gqlToken{gqlString, x.text[start:i]}
		}
	}
	x.pos = len(x.text)
	return gqlToken{gqlString, x.text[start:]}
}

func isGQLName(c byte) bool { return c == '_' || isLower(c|0x20) || c >= '0' && c <= '9' }

func isGQLNumber(c byte) bool {
	return c >= '0' && c <= '9' || c == '.' || c == '+' || c == '-' || c|0x20 == 'e'
}

// unescapeBlock takes the line breaks and the indentation off a block string
// that has one line, and its escaped quotation marks. The other lines of a
// longer one stay as they are: a password has one.
func unescapeBlock(raw []byte) []byte {
	return bytes.ReplaceAll(bytes.TrimSpace(raw), []byte(`\"""`), []byte(`"""`))
}
