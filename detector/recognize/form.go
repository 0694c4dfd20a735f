package recognize

import (
	"bytes"
	"slices"
)

// scanForm reads application/x-www-form-urlencoded text (WHATWG URL §5.1): the
// pairs of a body or of a query. Broken percent escapes are kept as they are,
// as servers do that do not refuse them. At most maxPairs are looked at.
func scanForm(rd *reading, text []byte) {
	for n := 0; len(text) > 0; n++ {
		if n == maxPairs {
			rd.cut = true
			return
		}
		var pair []byte
		if i := bytes.IndexByte(text, '&'); i >= 0 {
			pair, text = text[:i], text[i+1:]
		} else {
			pair, text = text, nil
		}
		key, value, _ := bytes.Cut(pair, []byte{'='})
		if path, ok := formName(rd.name[:0], key); ok {
			rd.leaf(path, value, formValue, textValue)
		}
	}
}

// formName decodes and normalises a name. Names that no form has are refused:
// they are what a JSON body looks like to a form reader.
func formName(dst, raw []byte) (path []byte, ok bool) {
	if len(raw) == 0 || len(raw) > 3*maxHolder {
		return nil, false
	}
	if len(raw) <= maxHolder && isPlainName(raw) {
		return slices.Clip(raw), true
	}
	name := raw
	if needsDecoding(raw) {
		var plain [3 * maxHolder]byte
		name = appendFormValue(plain[:0], raw)
	}
	for _, c := range name {
		if c == '{' || c == '"' || c == '<' || c == '\n' {
			return nil, false
		}
	}
	path = appendName(dst, name)
	return path, len(path) > 0
}

// isPlainName reports whether a raw name is its own normal form, as most are.
func isPlainName(raw []byte) bool {
	for _, c := range raw {
		if !plainInNames[c] {
			return false
		}
	}
	return true
}

// plainInNames are the bytes that mean nothing but themselves in the name of a
// form field.
var plainInNames = func() (set [256]bool) {
	for c := range set {
		set[c] = c == '_' || c == '-' || isLower(byte(c)|0x20) || c >= '0' && c <= '9'
	}
	return set
}()

// needsDecoding reports whether a raw form text differs from its meaning.
func needsDecoding(raw []byte) bool {
	return bytes.IndexByte(raw, '%') >= 0 || bytes.IndexByte(raw, '+') >= 0
}

// formValue decodes one value; without escapes it is the value itself.
func formValue(raw []byte) []byte {
	if !needsDecoding(raw) {
		return raw
	}
	return appendFormValue(make([]byte, 0, len(raw)), raw)
}

func appendFormValue(dst, raw []byte) []byte {
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; c {
		case '+':
			dst = append(dst, ' ')
		case '%':
			if i+2 < len(raw) {
				if hi, lo := hexDigit(raw[i+1]), hexDigit(raw[i+2]); hi >= 0 && lo >= 0 {
					dst = append(dst, byte(hi<<4|lo))
					i += 2
					continue
				}
			}
			dst = append(dst, c)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// looksLikeForm reports whether text plainly begins like a form: a name of
// ordinary characters and an equals sign.
func looksLikeForm(text []byte) bool {
	for i, c := range text[:min(len(text), 128)] {
		switch {
		case c == '=':
			return i > 0
		case isLower(c | 0x20), c >= '0' && c <= '9', bytes.IndexByte([]byte("_-.[]%+$:"), c) >= 0:
		default:
			return false
		}
	}
	return false
}
