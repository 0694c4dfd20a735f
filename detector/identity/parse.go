package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// Bounds of [ParseJSON].
const (
	// MaxJSON is how many bytes are read.
	MaxJSON = 2 << 20
	// MaxDepth is how deep values may be nested.
	MaxDepth = 32

	// maxTokens is how many keys, values and brackets are read: some times
	// what the largest identity needs.
	maxTokens = 512
)

var errTooMany = fmt.Errorf("more than %d keys or %d values; write only what identifies the user", MaxIdentifiers, MaxCandidates)

// ParseJSON reads the identifiers of an API call: a JSON object, or null for
// none. Texts and numbers are values; a number is taken as it is written, so 1
// and 1.0 differ and no digit is lost. true, false, null and objects are
// dropped with their key and make the identity Invalid; objects that hold a
// query operator ({"$ne":null}) make it Hostile as well. An array stands for
// several values of its key, as a key that is repeated does; first and others
// are as in [Candidates]. What an array holds besides texts and numbers is
// dropped in the same way.
//
// An error means that raw is not a JSON object in UTF-8 within the bounds of
// this package. It never repeats what was submitted. That the identity is
// Empty is no error: such an event counts for its source.
func ParseJSON(raw []byte) (first Identity, others []Identity, err error) {
	b, err := parse(raw)
	if err != nil {
		return Identity{}, nil, fmt.Errorf("reading identifiers: %w", err)
	}
	first, others, complete := b.identities()
	if !complete {
		return Identity{}, nil, fmt.Errorf("reading identifiers: %w", errTooMany)
	}
	return first, others, nil
}

type parser struct {
	dec  *json.Decoder
	b    *builder
	left int // tokens
}

func (p *parser) token() (json.Token, error) {
	if p.left--; p.left < 0 {
		return nil, errTooMany
	}
	return p.dec.Token()
}

func parse(raw []byte) (*builder, error) {
	switch {
	case len(raw) > MaxJSON:
		return nil, fmt.Errorf("%d bytes are more than %d; write only what identifies the user", len(raw), MaxJSON)
	case !utf8.Valid(raw):
		return nil, errors.New("this is not UTF-8; JSON is (RFC 8259 section 8.1)")
	case halfCharacter(raw):
		return nil, errors.New(`a \u escape writes half a character; write both surrogates or none`)
	}
	p := &parser{dec: json.NewDecoder(bytes.NewReader(raw)), b: &builder{}, left: maxTokens}
	p.dec.UseNumber()
	if err := p.object(); err != nil {
		return nil, explainJSON(err)
	}
	if _, err := p.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the object; write one object")
	}
	return p.b, nil
}

func (p *parser) object() error {
	token, err := p.token()
	if err != nil {
		return err
	}
	if token == nil {
		return nil
	}
	if token != json.Delim('{') {
		return errors.New(`this is no JSON object; write one like {"email":"a@example.com"}`)
	}
	for p.dec.More() {
		key, err := p.key()
		if err != nil {
			return err
		}
		if err := p.value(key); err != nil {
			return err
		}
	}
	return p.end()
}

// key reads the key of an object, which the decoder has checked to be a text.
func (p *parser) key() (string, error) {
	token, err := p.token()
	if err != nil {
		return "", err
	}
	key, _ := token.(string)
	return key, nil
}

// end reads the closing bracket.
func (p *parser) end() error {
	_, err := p.token()
	return err
}

// value reads what follows key.
func (p *parser) value(key string) error {
	token, err := p.token()
	if err != nil {
		return err
	}
	if token != json.Delim('[') {
		return p.scalar(key, token, 2)
	}
	p.b.invalid = p.b.invalid || !p.dec.More()
	for p.dec.More() {
		token, err := p.token()
		if err != nil {
			return err
		}
		if err := p.scalar(key, token, 3); err != nil {
			return err
		}
	}
	return p.end()
}

// scalar adds a text or number and drops everything else. depth is how deep the
// token stands; the outer object is 1.
func (p *parser) scalar(key string, token json.Token, depth int) error {
	p.b.hostile = p.b.hostile || operatorKey(key)
	switch v := token.(type) {
	case string:
		p.b.add(key, v)
	case json.Number:
		p.b.add(key, v.String())
	case json.Delim:
		p.b.invalid = true
		return p.drop(v, depth)
	default:
		p.b.invalid = true
	}
	return nil
}

// drop reads to the end of the object or array that open began, and looks for
// query operators.
func (p *parser) drop(open json.Delim, depth int) error {
	if depth > MaxDepth {
		return fmt.Errorf("values are nested deeper than %d; write texts and numbers", MaxDepth)
	}
	for p.dec.More() {
		if open == '{' {
			key, err := p.key()
			if err != nil {
				return err
			}
			p.b.hostile = p.b.hostile || operatorKey(key)
		}
		token, err := p.token()
		if err != nil {
			return err
		}
		if inner, ok := token.(json.Delim); ok {
			if err := p.drop(inner, depth+1); err != nil {
				return err
			}
		}
	}
	return p.end()
}

// explainJSON replaces the errors of package json, which quote the input.
func explainJSON(err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("this is no JSON: unexpected byte at offset %d", syntax.Offset)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the JSON ends too early")
	}
	return err
}

// halfCharacter reports whether a \u escape of a surrogate stands alone. The
// decoder would make U+FFFD of each and so one user of several.
func halfCharacter(raw []byte) bool {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		unit, ok := escapedUnit(raw[i:])
		switch {
		case !ok:
			i++ // the escaped byte, which may be a backslash
		case unit < 0xd800 || unit > 0xdfff:
			i += 5
		default:
			low, ok := escapedUnit(raw[min(i+6, len(raw)):])
			if unit > 0xdbff || !ok || low < 0xdc00 || low > 0xdfff {
				return true
			}
			i += 11
		}
	}
	return false
}

// escapedUnit reads the UTF-16 code unit of an escape such as \u00e9.
func escapedUnit(b []byte) (unit uint64, ok bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return unit, err == nil
}
