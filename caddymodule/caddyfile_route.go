package caddymodule

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"

	"github.com/doorward/doorward/config"
)

// routeWords are the words that declare a route, one for each kind.
var routeWords = []struct {
	text string
	kind config.Kind
}{
	{"login", config.KindLogin},
	{"signup", config.KindSignup},
	{"mfa", config.KindMFA},
	{"logout", config.KindLogout},
	{"reset_request", config.KindResetRequest},
	{"reset", config.KindReset},
	{"password_change", config.KindPasswordChange},
}

// eventKind knows the words of routes and the names of kinds, with dashes or
// underscores.
func eventKind(name string) (config.Kind, bool) {
	name = strings.ReplaceAll(name, "-", "_")
	for _, w := range routeWords {
		if name == w.text || name == string(w.kind) {
			return w.kind, true
		}
	}
	return "", false
}

// readRoute reads [@matcher | PATH | METHOD PATH] and the block of a route.
func (h *Handler) readRoute(kind config.Kind) lineReader {
	return func(helper httpcaddyfile.Helper, args []string) error {
		r := Route{Route: config.Route{Kind: kind}}
		if err := r.readPlace(helper, args, string(kind)); err != nil {
			return err
		}
		if err := routeGrammar(&r).read(helper); err != nil {
			return err
		}
		if r.anywhere() {
			return fmt.Errorf("every POST would be a %s; write where it arrives, like `%s POST /session`, or where the identifier is", kind, kind)
		}
		if err := reachable(r, h.Routes); err != nil {
			return err
		}
		h.Routes = append(h.Routes, r)
		return nil
	}
}

func (r *Route) readPlace(helper httpcaddyfile.Helper, args []string, what string) error {
	switch {
	case len(args) == 0:
		return nil
	case strings.HasPrefix(args[0], "@"):
		if len(args) > 1 {
			return fmt.Errorf("a matcher and %q; write the method and the path into the matcher %s", args[1], args[0])
		}
		return r.readMatcher(helper, args[0])
	case len(args) == 2 && strings.HasPrefix(args[0], "/"):
		return fmt.Errorf("%q behind the path %s; write the method first, like `POST %s`", args[1], args[0], args[0])
	case len(args) == 2:
		r.Method, r.Path = args[0], args[1]
	case config.ValidateMethod(args[0]) == nil && args[0] != "":
		return fmt.Errorf("the path is missing behind %s; write something like `%s %s /session`", args[0], what, args[0])
	default:
		r.Path = args[0]
	}
	if r.Path == "" {
		return errors.New("the path is empty; write something like /session")
	}
	return errors.Join(config.ValidateMethod(r.Method), config.ValidatePath(r.Path))
}

func (r *Route) readMatcher(helper httpcaddyfile.Helper, name string) error {
	token := caddyfile.Token{File: helper.File(), Line: helper.Line(), Text: name}
	set, _, err := helper.WithDispenser(caddyfile.NewDispenser([]caddyfile.Token{token})).MatcherToken()
	if err != nil {
		return fmt.Errorf("%w; define `%s` in the site block, beside the directive", err, name)
	}
	r.MatcherSetsRaw = append(r.MatcherSetsRaw, set)
	return nil
}

// anywhere tells that nothing narrows the route down.
func (r *Route) anywhere() bool {
	return r.Path == "" && len(r.MatcherSetsRaw) == 0 && len(r.Identifiers) == 0 && r.Password == nil && len(r.When) == 0
}

// reachable refuses a route behind one that takes all its requests.
func reachable(r Route, before []Route) error {
	for _, b := range before {
		hidden := len(b.MatcherSetsRaw) == 0 && b.Hides(r.Route)
		if len(b.MatcherSetsRaw) > 0 {
			hidden = reflect.DeepEqual(b.MatcherSetsRaw, r.MatcherSetsRaw) && reflect.DeepEqual(b.When, r.When)
		}
		if hidden {
			return fmt.Errorf("%s can never match: the route %s before it takes all its requests; write the narrower route first, or remove one",
				r.label(), b.label())
		}
	}
	return nil
}

// label names the route in errors.
func (r *Route) label() string {
	where := strings.TrimSpace(r.Method + " " + r.Path)
	if where == "" {
		where = "with the same matcher"
	}
	return fmt.Sprintf("%s %s", r.Kind, where)
}

func routeGrammar(r *Route) blockGrammar {
	return blockGrammar{
		block:     "a route",
		elsewhere: belongsToCondition,
		check:     func() error { return r.Route.Validate() },
		lines: map[string]blockLine{
			"identifier": {usage: "identifier email form user[email]", min: 2, max: 3, read: func(_ httpcaddyfile.Helper, args []string) error {
				f := parseField(args[1:])
				f.Name = args[0]
				r.Identifiers = append(r.Identifiers, f)
				return f.ValidateIdentifier()
			}},
			"password": {usage: "password form user[password]", min: 1, max: 2, once: true, read: func(_ httpcaddyfile.Helper, args []string) error {
				f := parseField(args)
				r.Password = &f
				return f.ValidatePassword()
			}},
			"when": {usage: "when form task user.login", min: 2, max: -1, read: func(_ httpcaddyfile.Helper, args []string) error {
				m := config.Match{From: config.Place(args[0]), Key: args[1], Values: args[2:]}
				r.When = append(r.When, m)
				return m.Validate()
			}},
			"success": conditionLine("success", &r.Success),
			"failure": conditionLine("failure", &r.Failure),
			"unknown": conditionLine("unknown", &r.Unknown),
		},
	}
}

func parseField(args []string) config.Field {
	f := config.Field{From: config.Place(args[0])}
	if len(args) > 1 {
		f.Key = args[1]
	}
	return f
}

func belongsToCondition(word string) string {
	if _, ok := conditionGrammar(new(config.Condition)).lines[word]; ok {
		return "it describes an answer; write `success {` or `failure {` and it below"
	}
	return ""
}

func conditionLine(word string, into *[]config.Condition) blockLine {
	usage := word + " {` and lines like `status 302` below it, then `}"
	return blockLine{usage: usage, block: true, read: func(h httpcaddyfile.Helper, _ []string) error {
		if !opensBlock(h.Dispenser) {
			return fmt.Errorf("the block is missing; write `%s`", usage)
		}
		var c config.Condition
		if err := conditionGrammar(&c).read(h); err != nil {
			return err
		}
		*into = append(*into, c)
		return c.Validate()
	}}
}

func conditionGrammar(c *config.Condition) blockGrammar {
	g := blockGrammar{
		block:     "a condition",
		elsewhere: belongsNowhere,
		check:     func() error { return c.Validate() },
		lines:     map[string]blockLine{},
	}
	for _, part := range config.Parts {
		named := part == config.PartHeader || part == config.PartCookie || part == config.PartJSON
		g.lines[string(part)] = blockLine{usage: part.Example(), min: 1, max: -1, read: func(_ httpcaddyfile.Helper, args []string) error {
			t := config.Test{Of: part, Values: args}
			if named {
				t.Name, t.Values = args[0], args[1:]
			}
			*c = append(*c, t)
			return nil
		}}
	}
	return g
}
