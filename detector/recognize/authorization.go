package recognize

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"strings"
)

const (
	// maxAuthorization is how many Authorization headers are read, and how
	// much of each.
	maxAuthorization      = 4
	maxAuthorizationBytes = 8 << 10
)

// scanAuthorization reads Basic (RFC 7617) and Digest (RFC 7616) credentials.
// It accepts what lenient apps accept, because a guess the app judges must be
// counted: any scheme that contains the word basic or digest whatever its
// case, as passport-http does, and base64 with foreign characters, as Node
// does. Bearer tokens, API keys and Negotiate are no attempts.
func scanAuthorization(rd *reading, h http.Header) {
	rd.place = inHeader
	scanAuthorizations(rd, h["Authorization"])
	scanAuthorizations(rd, h[ownAuthorization])
}

// ownAuthorization is the header of pages that log in by themselves and keep the
// browser from asking for the credentials.
const ownAuthorization = "X-Authorization"

func scanAuthorizations(rd *reading, values []string) {
	for i, value := range values {
		if i == maxAuthorization {
			rd.flood = true
			break
		}
		if len(value) > maxAuthorizationBytes {
			value = value[:maxAuthorizationBytes]
			rd.cut = true
		}
		scheme, rest := cutScheme(value)
		switch {
		case holdsFold(scheme, "basic"):
			rd.format = FormatBasic
			scanBasic(rd, strings.TrimSpace(rest))
		case holdsFold(scheme, "digest"):
			rd.format = FormatDigest
			scanDigest(rd, []byte(rest))
		}
	}
}

// carriesPassword reports whether the Authorization headers hold Basic or
// Digest credentials. It does not allocate.
func carriesPassword(h http.Header) bool {
	return holdPassword(h["Authorization"]) || holdPassword(h[ownAuthorization])
}

func holdPassword(values []string) bool {
	for i, value := range values {
		if i == maxAuthorization {
			return true
		}
		scheme, _ := cutScheme(value)
		if holdsFold(scheme, "basic") || holdsFold(scheme, "digest") {
			return true
		}
	}
	return false
}

// cutScheme splits a header value, for the glance and for the reading alike.
func cutScheme(value string) (scheme, rest string) {
	scheme, rest, _ = strings.Cut(strings.TrimSpace(value), " ")
	return scheme, rest
}

// holdsFold reports whether s contains word, which is in lower-case ASCII.
func holdsFold(s, word string) bool {
	for i := 0; i+len(word) <= len(s); i++ {
		if lowerASCII(s[i]) == word[0] && strings.EqualFold(s[i:i+len(word)], word) {
			return true
		}
	}
	return false
}

// scanBasic splits at the first colon (RFC 7617 §2): the rest is the password,
// colons included. What has no colon, or no password, is Missing: apps answer
// 400 or ask again (acceptance 3.1), and nothing was guessed.
func scanBasic(rd *reading, token string) {
	user, password, ok := bytes.Cut(decodeBase64(token), []byte{':'})
	if !ok {
		rd.emptyPassword = "basic"
		return
	}
	path := []byte("authorization")
	rd.credential(meaning{role: rolePassword, word: "basic"}, path, password, textValue)
	rd.credential(meaning{role: roleIdentifier, key: "username", word: "basic"}, path, user, textValue)
}

// decodeBase64 decodes both alphabets, with or without padding, and leaves out
// foreign characters.
func decodeBase64(s string) []byte {
	clean := make([]byte, 0, len(s))
	for i := 0; i < len(s) && s[i] != '='; i++ {
		switch c := s[i]; {
		case c == '-':
			clean = append(clean, '+')
		case c == '_':
			clean = append(clean, '/')
		case isLower(c | 0x20), c >= '0' && c <= '9', c == '+', c == '/':
			clean = append(clean, c)
		}
	}
	if len(clean)%4 == 1 {
		clean = clean[:len(clean)-1]
	}
	n, _ := base64.RawStdEncoding.Decode(clean, clean)
	return clean[:n]
}

// scanDigest reads username and response. The password itself is not sent; the
// response stands for it. It changes with every nonce, so a client that repeats
// a wrong password makes a new guess each time it is challenged anew: the price
// of not knowing the password.
func scanDigest(rd *reading, params []byte) {
	path := []byte("authorization")
	var user, response bool
	for n := 0; len(params) > 0 && n < 64; n++ {
		var name, value []byte
		name, value, params = nextParam(params)
		switch {
		case len(value) == 0:
		case bytes.EqualFold(name, []byte("username")):
			user = true
			rd.credential(meaning{role: roleIdentifier, key: "username", word: "digest"}, path, value, textValue)
		case bytes.EqualFold(name, []byte("username*")):
			user = true
			if i := bytes.LastIndexByte(value, '\''); i >= 0 { // RFC 8187: charset'language'text
				value = appendFormValue(nil, bytes.ReplaceAll(value[i+1:], []byte{'+'}, []byte("%2B")))
			}
			rd.credential(meaning{role: roleIdentifier, key: "username", word: "digest"}, path, value, textValue)
		case bytes.EqualFold(name, []byte("response")):
			response = true
			rd.credential(meaning{role: rolePassword, word: "digest"}, path, value, textValue)
		}
	}
	if !user {
		rd.emptyIdentifier = "digest"
	}
	if !response {
		rd.emptyPassword = "digest"
	}
}

// nextParam reads one name=value or name="value" and the comma behind it.
func nextParam(s []byte) (name, value, rest []byte) {
	s = bytes.TrimLeft(s, " \t,")
	i := bytes.IndexAny(s, "=,")
	if i < 0 {
		return bytes.TrimSpace(s), nil, nil
	}
	if s[i] == ',' {
		return bytes.TrimSpace(s[:i]), nil, s[i+1:]
	}
	name = bytes.TrimSpace(s[:i])
	s = bytes.TrimLeft(s[i+1:], " \t")
	if len(s) > 0 && s[0] == '"' {
		value, rest = quotedString(s)
		return name, value, rest
	}
	if i = bytes.IndexByte(s, ','); i < 0 {
		return name, bytes.TrimSpace(s), nil
	}
	return name, bytes.TrimSpace(s[:i]), s[i+1:]
}

// quotedString reads a quoted-string (RFC 9110 §5.6.4) at the start of s; one
// that does not end reaches to the end of s.
func quotedString(s []byte) (value, rest []byte) {
	escaped := false
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			escaped = true
			i++
		case '"':
			value = s[1:i]
			if escaped {
				value = unescapeQuoted(value)
			}
			return value, s[i+1:]
		}
	}
	return s[1:], nil
}

func unescapeQuoted(s []byte) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		out = append(out, s[i])
	}
	return out
}
