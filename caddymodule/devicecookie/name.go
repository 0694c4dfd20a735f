package devicecookie

import (
	"net/http"
	"slices"
	"strings"
)

// hostPrefix makes a browser take a cookie over TLS only, from the host itself
// and for all its paths: neither a neighbour on a sibling domain nor somebody on
// the line without TLS can set it (draft-ietf-httpbis-rfc6265bis, section
// 4.1.3.2).
const hostPrefix = "__Host-"

// Name is what the cookie is called: with the prefix __Host- over TLS, without
// it where there is no TLS, because a browser would refuse it there.
type Name struct{ plain, host string }

// NewName makes the names of a cookie out of the one the operator wrote.
func NewName(plain string) Name { return Name{plain, hostPrefix + plain} }

// For is the name of the cookie with or without TLS.
func (n Name) For(secure bool) string {
	if secure {
		return n.host
	}
	return n.plain
}

// Found is what Take found.
type Found struct {
	// Value is that of the one cookie that may count, as it came.
	Value string
	// Result is "" if there is a Value; else why there is none, as far as there
	// was any cookie at all.
	Result Result
}

// Any reports whether there was a cookie of ours.
func (f Found) Any() bool { return f.Value != "" || f.Result != "" }

// Take takes every cookie of either name out of the header of a request,
// whatever its value: the app shall never see one. All other bytes stay as they
// came. Of several none counts: a browser sends one, and which of two to believe
// nobody can say. Without such a cookie Take allocates nothing; its time is
// linear in the length of the header.
func (n Name) Take(h http.Header, secure bool) (f Found) {
	lines := h["Cookie"]
	left := lines[:0]
	for _, line := range lines {
		if n.in(line) {
			if line = n.takeFrom(line, secure, &f); line == "" {
				continue
			}
		}
		left = append(left, line)
	}
	switch {
	case len(left) == len(lines):
	case len(left) == 0:
		delete(h, "Cookie")
	default:
		h["Cookie"] = left
	}
	return f
}

// In reports whether a request bears cookies of ours. It allocates nothing.
func (n Name) In(h http.Header) bool { return slices.ContainsFunc(h["Cookie"], n.in) }

// in reports whether a line holds a cookie of ours.
func (n Name) in(line string) bool {
	if !strings.Contains(line, n.plain) {
		return false
	}
	for part := range strings.SplitSeq(line, ";") {
		if n.is(nameIn(part)) {
			return true
		}
	}
	return false
}

func (n Name) is(name string) bool { return name == n.plain || name == n.host }

// nameIn is the name of a cookie in its part of a line.
func nameIn(part string) string {
	name, _, _ := strings.Cut(part, "=")
	return strings.TrimSpace(name)
}

// takeFrom takes the cookies out of a line that holds some and returns what is
// left of it.
func (n Name) takeFrom(line string, secure bool, f *Found) string {
	var kept strings.Builder
	kept.Grow(len(line))
	first := true
	for part := range strings.SplitSeq(line, ";") {
		if name := nameIn(part); n.is(name) {
			_, value, _ := strings.Cut(part, "=")
			f.note(name == n.For(secure), strings.TrimSpace(value))
			continue
		}
		if !first {
			kept.WriteByte(';')
		}
		kept.WriteString(part)
		first = false
	}
	// Only what parts cookies is trimmed: without a control byte before it a part
	// that no parser takes for a cookie could become one.
	return strings.Trim(kept.String(), " \t")
}

// note counts one cookie. counts tells that it has the name for this scheme.
func (f *Found) note(counts bool, value string) {
	switch {
	case !counts:
		if !f.Any() {
			f.Result = Insecure
		}
	case f.Value != "" || f.Result != "" && f.Result != Insecure:
		*f = Found{Result: Repeated}
	case value == "":
		*f = Found{Result: Malformed}
	default:
		*f = Found{Value: value}
	}
}
