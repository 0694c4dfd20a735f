package recognize

import (
	"net/http"
	"strings"
)

// Need says how much of a request has to be looked at in automatic mode.
type Need uint8

const (
	// NeedNothing: the request is no attempt.
	NeedNothing Need = iota
	// NeedHeaders: [Automatic] can decide without the body, because there is
	// none.
	NeedHeaders
	// NeedBody: the body's prefix has to be read first.
	NeedBody
)

// maxQueryKey is how much of a query key is decoded when a request is only
// glanced at; longer keys are looked at in full by [Automatic].
const maxQueryKey = 128

// MayCarry tells, before any body is read, whether a request can be an attempt.
// contentLength is that of net/http: 0 no body, -1 unknown. It does not
// allocate for a request without a body, and costs well under 100 ns for one
// without Authorization and query.
//
// A request that has a body needs it whatever its method and type, because apps
// read bodies of GET requests too, and many decode JSON without looking at the
// type. What follows a CONNECT is a stream, not a body: Caddy turns the one that
// begins a WebSocket (RFC 8441, RFC 9220) into a GET with the same header and
// query. For a declared route do not ask: read the body if there is one. Nor
// does it know the fields of forms that were served: where a FormBook has one
// for method and path, and there is a query, take NeedNothing for NeedHeaders.
func MayCarry(method, path, rawQuery string, h http.Header, contentLength int64) Need {
	if method == http.MethodTrace {
		return NeedNothing
	}
	if contentLength != 0 && method != http.MethodConnect {
		return NeedBody
	}
	if carriesPassword(h) {
		return NeedHeaders
	}
	if rawQuery != "" && queryMayCarry(rawQuery) {
		return NeedHeaders
	}
	if method != http.MethodHead && method != http.MethodOptions && mayLogOut(method, path) {
		return NeedHeaders
	}
	return NeedNothing
}

// mayLogOut looks for the tail of logout, sign-out, logoff and the like, and
// for a DELETE of a session.
func mayLogOut(method, path string) bool {
	if method == http.MethodDelete && (holdsFold(path, "session") || holdsFold(path, "auth") ||
		holdsFold(path, "token") || holdsFold(path, "log") || holdsFold(path, "sign")) {
		return true
	}
	for i := 0; i+3 <= len(path); i++ {
		if path[i]|0x20 != 'o' {
			continue
		}
		if a, b := path[i+1]|0x20, path[i+2]|0x20; a == 'u' && b == 't' || a == 'f' && b == 'f' {
			return true
		}
		if path[i] >= 0x80 {
			return true
		}
	}
	return false
}

// queryMayCarry reports whether a key of the query is password-like, names an
// operation, or says logout.
func queryMayCarry(query string) bool {
	if query[0] == '/' && mayLogOut("", query) {
		return true
	}
	letters := 0
	for n := 0; len(query) > 0; n++ {
		if n == maxPairs {
			return true
		}
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		key, value, _ := strings.Cut(pair, "=")
		if len(key) > maxQueryKey {
			return true
		}
		switch m := glance(key); {
		case m.role.isPassword(), m.role == roleLogout:
			return true
		case m.role == roleLetterUser, m.role == roleLetterPassword:
			letters++
		case mayHold(m.role, value):
			return true
		}
	}
	return letters > 1
}

// mayHold reports whether the value of a field of the role may name a logout, or
// hold JSON or a GraphQL document.
func mayHold(r role, value string) bool {
	switch r {
	case roleOperation:
		return mayLogOut("", value)
	case roleDocument:
		return strings.IndexByte(value, '{') >= 0 || holdsFold(value, "%7b")
	}
	return r == roleNone && len(value) > 1 && (value[0] == '{' || value[0] == '%')
}

// glance classifies a query key without allocating.
func glance(key string) meaning {
	if key == "" || key[0] == '/' {
		return meaning{}
	}
	var raw [maxQueryKey]byte
	text := raw[:copy(raw[:], key)]
	if isPlainWord(text) {
		return nameOf(text)
	}
	return glanceClosely(text)
}

func glanceClosely(text []byte) meaning {
	var plain, name [maxQueryKey]byte
	if needsDecoding(text) {
		text = appendFormValue(plain[:0], text)
	}
	return classify(appendName(name[:0], text))
}
