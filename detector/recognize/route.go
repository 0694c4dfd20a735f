package recognize

import (
	"strings"

	"github.com/doorward/doorward/config"
)

const (
	// maxRoute is how long Credentials.Route may be.
	maxRoute = 128
	// maxOperation is how much of it an operation may take.
	maxOperation = 40
	// maxSegments is how many segments of a path are told apart.
	maxSegments = 8
)

// routeOf names where an attempt arrived: the declared path; otherwise the
// request path with what varies replaced by *, and behind # the operation for
// the protocols that have one URL for everything. It is bounded, but a client
// can invent as many paths as it likes: whoever keeps routes must bound them
// (H1).
func routeOf(r *Request, declared *config.Route, rd *reading) string {
	if declared != nil && declared.Path != "" {
		return declared.Path[:min(len(declared.Path), maxRoute)]
	}
	route := generalise(r.Path)
	if rd.document != "" && (rd.saw(roleDocument) || rd.saw(roleRPC)) && rd.isDispatched() {
		route = route[:min(len(route), maxRoute-1-maxOperation)] + "#" + rd.document
	}
	return route
}

func generalise(path string) string {
	var b strings.Builder
	segments := 0
	for segment := range strings.SplitSeq(strings.TrimPrefix(path[:min(len(path), maxPath)], "/"), "/") {
		if isVariable(segment) {
			segment = "*"
		}
		if segments == maxSegments || b.Len()+1+len(segment) > maxRoute-2 {
			b.WriteString("/*")
			break
		}
		b.WriteByte('/')
		b.WriteString(segment)
		segments++
	}
	return b.String()
}

// isVariable reports whether a segment looks like an id, a token or a name:
// numbers, hex, long mixtures of letters and digits, anything with characters
// outside of the usual ones.
func isVariable(segment string) bool {
	digits, hex := 0, 0
	for i := range len(segment) {
		c := segment[i]
		switch {
		case c >= '0' && c <= '9':
			digits++
			hex++
		case c|0x20 >= 'a' && c|0x20 <= 'f', c == '-':
			hex++
		case isLower(c | 0x20), c == '_', c == '.':
		default:
			return true
		}
	}
	switch n := len(segment); {
	case n == 0:
		return false
	case digits == n, n > 40:
		return true
	case n >= 8 && hex == n && digits > 0:
		return true
	default:
		return n >= 16 && digits >= 4
	}
}

// operationName returns name if it is one, bounded; "" otherwise.
func operationName(name []byte) string {
	if len(name) == 0 || len(name) > maxOperation {
		return ""
	}
	for _, c := range name {
		if !isLower(c|0x20) && (c < '0' || c > '9') && c != '_' && c != '.' {
			return ""
		}
	}
	return string(name)
}
