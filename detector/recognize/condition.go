package recognize

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/doorward/doorward/config"
)

// Holds reports whether every line of condition c holds for resp. An empty
// condition never holds. A body or json line that would need more of the body
// than was inspected does not hold.
func Holds(c config.Condition, resp *Response) bool {
	return weigh(c, resp) == heldYes
}

// held is the outcome of a test. Open means that the part of the body that was
// not inspected decides.
type held int

const (
	heldNo held = iota
	heldOpen
	heldYes
)

// weigh evaluates c. One line that does not hold settles it, so heldOpen is the
// answer only when all other lines hold.
func weigh(c config.Condition, resp *Response) held {
	if len(c) == 0 || resp == nil {
		return heldNo
	}
	result := heldYes
	for _, t := range c {
		result = min(result, weighTest(t, resp))
		if result == heldNo {
			return heldNo
		}
	}
	return result
}

// weighAny evaluates alternatives: the best of them.
func weighAny(cs []config.Condition, resp *Response) held {
	result := heldNo
	for _, c := range cs {
		result = max(result, weigh(c, resp))
	}
	return result
}

func weighTest(t config.Test, resp *Response) held {
	switch t.Of {
	case config.PartStatus:
		return settled(slices.ContainsFunc(t.Values, func(v string) bool { return statusMatches(v, resp.Status) }))
	case config.PartHeader:
		return settled(anyMatches(t.Values, resp.Header.Values(t.Name)))
	case config.PartCookie:
		return settled(anyMatches(t.Values, liveCookieValues(resp.Header, t.Name)))
	case config.PartRedirect:
		return settled(redirectMatches(t.Values, resp.Header))
	case config.PartBody:
		return unlessCut(bodyContains(t.Values, resp.Body), resp)
	case config.PartJSON:
		return unlessCut(anyMatches(t.Values, jsonValuesAt(resp.Body, t.Name)), resp)
	default:
		return heldNo
	}
}

func settled(holds bool) held {
	if holds {
		return heldYes
	}
	return heldNo
}

// unlessCut is settled, unless the body was cut before a match.
func unlessCut(holds bool, resp *Response) held {
	if !holds && !resp.Complete {
		return heldOpen
	}
	return settled(holds)
}

func statusMatches(pattern string, status int) bool {
	if class, ok := strings.CutSuffix(pattern, "xx"); ok {
		return class == strconv.Itoa(status/100)
	}
	return pattern == strconv.Itoa(status)
}

// anyMatches reports whether one of the texts matches one of the patterns.
// Without patterns it is enough that there is a text.
func anyMatches(patterns, texts []string) bool {
	if len(patterns) == 0 {
		return len(texts) > 0
	}
	for _, text := range texts {
		if slices.ContainsFunc(patterns, func(p string) bool { return wildcard(p, text) }) {
			return true
		}
	}
	return false
}

// wildcard compares text with a pattern that may have a * at either end.
func wildcard(pattern, text string) bool {
	rest, anyStart := strings.CutPrefix(pattern, "*")
	rest, anyEnd := strings.CutSuffix(rest, "*")
	switch {
	case anyStart && anyEnd:
		return strings.Contains(text, rest)
	case anyStart:
		return strings.HasSuffix(text, rest)
	case anyEnd:
		return strings.HasPrefix(text, rest)
	default:
		return text == rest
	}
}

// redirectMatches compares the patterns with the path of the Location header,
// and with the whole header for patterns that name a host or a query.
func redirectMatches(patterns []string, header http.Header) bool {
	location := header.Get("Location")
	if location == "" {
		return false
	}
	texts := []string{location}
	if u, err := url.Parse(location); err == nil {
		texts = append(texts, u.Path)
	}
	return anyMatches(patterns, texts)
}

func bodyContains(texts []string, body []byte) bool {
	return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(string(body), text) })
}

// jsonValuesAt returns the values at a dotted path (user.roles.0) as text:
// strings as they are, numbers as written, true, false, null, and the empty
// text for an object or a list. A key given twice gives two values.
func jsonValuesAt(body []byte, path string) []string {
	var values []string
	walkAnswerJSON(body, func(n jsonNode) {
		if n.at(path) {
			values = append(values, n.text())
		}
	})
	return values
}

// declaredLimits says which automatic results a route's declaration rules out.
type declaredLimits struct {
	// success and failure are set when these answers were declared: what did
	// not match the declaration is not one of them.
	success, failure bool
	// open tells that a condition that wins over success could match in the part
	// of the body that was not inspected.
	open bool
}

const needsMore = "the declared conditions need more of the body than was inspected"

// byDeclaration reads an answer by the declared conditions. Failure wins over
// unknown, and that over success; a success that holds while one of the others is
// still open is no success, because it would rest on something missing. When both are declared
// and neither holds, the outcome is unknown. When one is declared and does not
// hold, the declaration is believed to be complete: the automatic mode may find
// every other outcome, but not this one.
func byDeclaration(route *config.Route, resp *Response) (Outcome, declaredLimits) {
	if route == nil || len(route.Success)+len(route.Failure)+len(route.Unknown) == 0 || resp.Status == 0 {
		return Outcome{}, declaredLimits{}
	}
	limits := declaredLimits{success: len(route.Success) > 0, failure: len(route.Failure) > 0}
	failure, unknown := weighAny(route.Failure, resp), weighAny(route.Unknown, resp)
	limits.open = failure == heldOpen || unknown == heldOpen
	switch {
	case failure == heldYes:
		return outcome(Failure, 1, "a declared failure condition holds"), limits
	case unknown == heldYes:
		return outcome(Unknown, 0, "the answer is declared to tell nothing"), limits
	case !limits.open && weighAny(route.Success, resp) == heldYes:
		return outcome(Success, 1, "a declared success condition holds"), limits
	case limits.success && limits.failure && limits.open:
		return outcome(Unknown, 0, needsMore), limits
	case limits.success && limits.failure:
		return outcome(Unknown, 0, "no declared condition holds"), limits
	}
	return Outcome{}, limits
}

// apply turns an automatic result that the declaration rules out into unknown.
func (l declaredLimits) apply(o Outcome) Outcome {
	switch {
	case o.Result == Success && l.success:
		return outcome(Unknown, 0, "no declared success condition holds")
	case o.Result == Success && l.open:
		return outcome(Unknown, 0, needsMore)
	case o.Result == Failure && l.failure:
		return outcome(Unknown, 0, "no declared failure condition holds")
	}
	return o
}
