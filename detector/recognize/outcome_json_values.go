package recognize

import (
	"bytes"
	"strconv"
	"strings"
)

// faultValue takes in a value that belongs to an error.
func (r *jsonReader) faultValue(v jsonValue) {
	if !v.holdsSomething() {
		return
	}
	r.fault = true
	r.blames = r.blames || v.means.has(keyBlame)
	r.clientError = r.clientError || v.means.has(keyError) && v.depth == 1 && clientErrors[string(v.text)]
	if v.kind == jsonString {
		r.hear(v)
	}
}

// flag takes in a value that says yes or no.
func (r *jsonReader) flag(v jsonValue) {
	if v.kind == jsonString {
		r.hear(v)
	}
	switch {
	case v.kind == jsonString && listen(v.text).has(saidNo|saidRefused), v.is("false"), v.is("0"):
		r.no = true
	case v.kind == jsonString && len(v.text) > 0, v.is("true"), v.is("1"):
		r.yes = true
	}
}

// status takes in a status, a type or a code: a word, a flag or a number.
func (r *jsonReader) status(v jsonValue) {
	switch {
	case v.kind == jsonWord && (v.is("true") || v.is("false")):
		r.flag(v)
		return
	case v.kind == jsonWord:
		r.statusNumber(v)
		return
	case len(v.text) > 64:
		return
	case v.means.has(keyCode):
		r.hear(v)
		return
	}
	told := listen(v.text)
	switch {
	case told.has(saidSecond) || bytes.Contains(bytes.ToLower(v.text), []byte("challenge")):
		r.second = true
	case told.has(saidForgery):
		r.stale = true
	case told.has(saidNo | saidRefused | saidTooMany | saidLocked):
		r.no = true
		r.hear(v)
	case told.has(saidYes):
		r.yes = true
	}
}

func (r *jsonReader) statusNumber(v jsonValue) {
	number, err := strconv.Atoi(string(v.text))
	switch {
	case err != nil:
	case number >= 400 && number < 600:
		r.refusedCode = true
	case number == 1 && v.means.has(keyResult|keyStatus):
		r.yes = true
	case number == 0 && v.means.has(keyResult) && !v.listed:
		r.no = true
	case v.means.has(keyResult) && !v.listed && number > 0:
		r.number, r.oddCode = true, true
	case number != 0 && (number < 200 || number >= 400):
		r.oddCode = true
	}
}

// hear listens to a text, as long as not too much was heard.
func (r *jsonReader) hear(v jsonValue) {
	if len(r.heard.words) < maxPageText {
		r.heard.add(v.text[:min(len(v.text), maxHeardBytes)])
	}
}

// holdsSomething reports whether a value is more than a way to say "none".
func (v jsonValue) holdsSomething() bool {
	var room [len("success") + 1]byte
	switch string(lowerInto(room[:0], v.text)) {
	case "", "0", "false", "null", "none", "ok", "success", "no":
		return false
	}
	return true
}

// minRandom is the length in bytes from which a text of letters and digits is a
// session rather than a name.
const minRandom = 24

// withholds reports whether a value stands in the place of a token and is none.
func (v jsonValue) withholds() bool {
	return v.means.has(keyToken) && (v.is("null") || v.is("false"))
}

// looksRandom reports whether a text can be an unguessable session: long, of
// letters and digits without spaces, and of both.
func looksRandom[T string | []byte](text T) bool {
	letters, digits := false, false
	for i := range len(text) {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			digits = true
		case isLower(c | 0x20):
			letters = true
		case c == '-' || c == '_' || c == '.' || c == '+' || c == '=' || c == '~':
		default:
			return false
		}
	}
	return len(text) >= minRandom && letters && digits
}

// isJWT reports whether text has the shape of a signed or encrypted token:
// RFC 7519 in the compact form of RFC 7515, whose header begins with {".
func isJWT[T string | []byte](text T) bool {
	return len(text) > 40 && string(text[:3]) == "eyJ" && strings.Count(string(text), ".") >= 2
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// firstText is firstOf with a text that is copied only if it is kept.
func firstText(a string, b []byte) string {
	if a != "" {
		return a
	}
	return string(b)
}

func itoa(n int) string { return strconv.Itoa(n) }
