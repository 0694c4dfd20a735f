package recognizer

import (
	"slices"
	"strings"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
)

// The bounds of what is tried to tell a group from other requests to the same
// address: how many lines `when`, and how long the value of one may be.
const (
	maxNarrowings = 64
	maxValue      = 40
)

// narrow adds to the route of the group the first line `when` that the requests
// of the group pass and none of the others, and reports whether there is one.
func (g *group) narrow(p *Player, others []*step) bool {
	if g.scheme != "" || len(g.route.When) > 0 {
		return false
	}
	tries := g.narrowings(others)
	for _, when := range tries[:min(len(tries), maxNarrowings)] {
		r := g.route
		r.When = []config.Match{when}
		if r.Validate() != nil || slices.ContainsFunc(others, func(s *step) bool { return p.takes(&r, &s.entry.Request) }) {
			continue
		}
		if !slices.ContainsFunc(g.steps, func(s *step) bool { return !p.agrees(s, &r, g.guess()) }) {
			g.route = r
			return true
		}
	}
	return false
}

// tellApart narrows a group of credentials that stand at a place of their own down
// to requests that bear them, if other requests arrive there too.
func (g *group) tellApart(groups []*group) {
	shared := func(o *group) bool { return o != g && o.method == g.method && o.place == g.place }
	if !slices.ContainsFunc(groups, shared) {
		return
	}
	switch {
	case g.token.From == config.PlaceQuery:
		g.route.When = []config.Match{{From: config.PlaceQuery, Key: g.token.Key}}
	case g.token.From == config.PlaceBearer:
		g.route.When = []config.Match{{From: config.PlaceHeader, Key: "Authorization"}}
	case g.scheme == recognize.FormatBasic && !g.anywhere():
		g.route.When = []config.Match{{From: config.PlaceHeader, Key: "Authorization", Values: []string{"Basic*"}}}
	case g.scheme == recognize.FormatDigest && !g.anywhere():
		g.route.When = []config.Match{{From: config.PlaceHeader, Key: "Authorization", Values: []string{"Digest*"}}}
	}
}

// leaveHidden leaves to the automatic mode what the route of another group would
// never let through: such a route is refused in a Caddyfile.
func leaveHidden(groups []*group) {
	for i, g := range groups {
		if g.left == "" && slices.ContainsFunc(groups[:i], func(o *group) bool { return o.left == "" && o.route.Hides(g.route) }) {
			g.left = "the line of another route takes its requests"
		}
	}
}

// narrowings lists lines to try, the most telling first: that the user or the
// password is there; a field that both have, with another value; a word that
// only the group has; a field that only the group has. The last two are too
// little where the path is open.
func (g *group) narrowings(others []*step) []config.Match {
	if g.operation() {
		return append(g.operations(), present(passwords(g.route.Password))...)
	}
	var shared, words, own []config.Match
	for _, p := range fieldsOf(&g.steps[0].entry.Request, g.scheme) {
		values := valuesAt(g.steps, p.field)
		when := config.Match{From: p.field.From, Key: p.field.Key, Values: values}
		switch {
		case strings.Contains(strings.ToLower(p.field.Key), "submit"):
		case len(values) > 0 && len(valuesAt(others, p.field)) > 0:
			shared = append(shared, when)
		case strings.HasSuffix(g.route.Path, "*"):
		case len(values) > 0 && !slices.ContainsFunc(values, isLabel):
			words = append(words, when)
		default:
			own = append(own, present([]config.Field{p.field})...)
		}
	}
	there := present(append(slices.Clone(g.route.Identifiers), passwords(g.route.Password)...))
	return slices.Concat(there, shared, words, own)
}

// present are the lines by which a field must be there.
func present(fields []config.Field) []config.Match {
	list := make([]config.Match, len(fields))
	for i, f := range fields {
		list[i] = config.Match{From: f.From, Key: f.Key}
	}
	return list
}

func passwords(f *config.Field) []config.Field {
	if f == nil {
		return nil
	}
	return []config.Field{*f}
}

// isLabel reports whether a value seems to be the text of a button, which is
// another one in another language.
func isLabel(value string) bool { return value[0] >= 'A' && value[0] <= 'Z' }

// operation tells that the group is an operation of an address that serves many,
// of which the session need not have shown any other: its route always has a
// line `when`.
func (g *group) operation() bool { return strings.Contains(g.place, "#") }

// operations names the operation by the fields of GraphQL over HTTP and of
// JSON-RPC 2.0.
func (g *group) operations() []config.Match {
	var list []config.Match
	for _, key := range []string{"operationName", "method"} {
		f := config.Field{From: config.PlaceJSON, Key: key}
		if values := valuesAt(g.steps, f); len(values) > 0 {
			list = append(list, config.Match{From: f.From, Key: f.Key, Values: values})
		}
	}
	return list
}

// valuesAt lists the values that the steps have in a field, nil when they are no
// words or too many: then they are data, a token or a text for people, and no
// name of what is to be done.
func valuesAt(steps []*step, f config.Field) []string {
	var values []string
	for _, s := range steps {
		for _, p := range fieldsOf(&s.entry.Request, "") {
			if p.field != f || slices.Contains(values, p.value) {
				continue
			}
			if !isWord(p.value) || len(values) == maxAlternatives {
				return nil
			}
			values = append(values, p.value)
		}
	}
	slices.Sort(values)
	return values
}

// isWord reports whether a value may name what is to be done: letters, with
// dots, slashes, dashes or colons.
func isWord(s string) bool {
	letters := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			letters++
		case strings.IndexByte("._/-:", c) < 0:
			return false
		}
	}
	return letters > 1 && len(s) <= maxValue
}

// takes reports whether the server would read a request as one of the route.
func (p *Player) takes(route *config.Route, r *recognize.Request) bool {
	if !recognize.RouteMatches(r, route) {
		return false
	}
	seen := p.seen(r)
	_, ok := recognize.Declared(&seen, route)
	return ok
}

// seen is a request as far as its body is looked at.
func (p *Player) seen(r *recognize.Request) recognize.Request {
	seen := *r
	if limit := int(p.o.Site.BodyLimit); len(seen.Body) > limit {
		seen.Body, seen.Complete = seen.Body[:limit], false
	}
	return seen
}
