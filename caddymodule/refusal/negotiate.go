package refusal

import (
	"net/http"
	"strconv"
	"strings"
)

// form is the form of the answer. It is chosen by the weights of Accept
// (RFC 9110 §12.5.1); among equal weights a form that is named goes before one
// that only a wildcard allows. What is left open
//
//   - is the page for the navigation of a browser (Sec-Fetch-Mode: navigate);
//   - is problem details for everything else: scripts and API clients, to which
//     a page would look like an answer of the app, and curl, which says nothing
//     about itself: they are readable too.
//
// Browsers name text/html when they navigate or send a form, also those without
// Sec-Fetch-Mode. A client that accepts none of the forms is answered as if it
// had left everything open.
type form uint8

const (
	formHTML form = iota
	formProblem
	formText
	forms = 3
)

func (f form) contentType() string {
	switch f {
	case formHTML:
		return "text/html; charset=utf-8"
	case formProblem:
		return "application/problem+json"
	default:
		return "text/plain; charset=utf-8"
	}
}

// Bounds of what is read of Accept.
const (
	maxAccept = 1024
	maxRanges = 32
)

// preference is how much a client wants a form.
type preference struct {
	// weight is q in thousandths.
	weight int
	// named is how exactly the form is meant: 3 by its name, 2 by type/*, 1 by
	// */*, 0 not at all.
	named int
}

func (p preference) before(q preference) bool {
	if p.weight != q.weight {
		return p.weight > q.weight
	}
	return p.weight > 0 && p.named > q.named
}

func chooseForm(h http.Header) form {
	order := [forms]form{formProblem, formHTML, formText}
	if h.Get("Sec-Fetch-Mode") == "navigate" {
		order = [forms]form{formHTML, formProblem, formText}
	}
	wanted := preferences(h["Accept"])
	best := order[0]
	for _, f := range order[1:] {
		if wanted[f].before(wanted[best]) {
			best = f
		}
	}
	return best
}

// preferences reads the lines of Accept, at most maxAccept bytes and maxRanges
// ranges. No Accept means that all forms are welcome.
func preferences(lines []string) (p [forms]preference) {
	rest, n := maxAccept, 0
	for _, line := range lines {
		line = line[:min(len(line), rest)]
		rest -= len(line)
		for line != "" && n < maxRanges {
			var item string
			item, line = cutQuoted(line, ',')
			if strings.TrimSpace(item) != "" {
				readRange(item, &p)
				n++
			}
		}
	}
	if n == 0 {
		for f := range p {
			p[f] = preference{1000, 1}
		}
	}
	return p
}

// readRange applies one media range: the most exact range decides the weight
// of a form, the heavier of two that are equally exact.
func readRange(item string, p *[forms]preference) {
	name, parameters := cutQuoted(item, ';')
	weight, ok := weightOf(parameters)
	if !ok {
		return
	}
	name = strings.ToLower(strings.TrimSpace(name))
	for f := range form(forms) {
		named := f.meant(name)
		if named > p[f].named || (named > 0 && named == p[f].named && weight > p[f].weight) {
			p[f] = preference{weight, named}
		}
	}
}

// meant returns how exactly a media range without parameters means f.
func (f form) meant(name string) int {
	if name == "*/*" {
		return 1
	}
	family, subtype, _ := strings.Cut(name, "/")
	if subtype == "*" {
		if (family == "application") == (f == formProblem) && (family == "application" || family == "text") {
			return 2
		}
		return 0
	}
	exact := false
	switch f {
	case formHTML:
		exact = name == "text/html" || name == "application/xhtml+xml"
	case formProblem:
		exact = family == "application" && (subtype == "json" || strings.HasSuffix(subtype, "+json"))
	case formText:
		exact = name == "text/plain"
	}
	if exact {
		return 3
	}
	return 0
}

// weightOf returns q in thousandths, 1000 when there is none. A weight that is
// not written as RFC 9110 §12.4.2 says makes the range void.
func weightOf(parameters string) (int, bool) {
	for parameters != "" {
		var parameter string
		parameter, parameters = cutQuoted(parameters, ';')
		name, value, _ := strings.Cut(parameter, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		value = strings.TrimSpace(value)
		whole, fraction, _ := strings.Cut(value, ".")
		if (whole != "0" && whole != "1") || len(fraction) > 3 {
			return 0, false
		}
		n, err := strconv.ParseUint(whole+(fraction + "000")[:3], 10, 16)
		return int(n), err == nil && n <= 1000
	}
	return 1000, true
}

// cutQuoted cuts s at the first sep that is not in a quoted string.
func cutQuoted(s string, sep byte) (before, after string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			i++
		case c == sep && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}
