package recognizer

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
)

const (
	// maxTokenGroups is how many places of tokens are looked at per host.
	maxTokenGroups = 32
	// minMailed is how long a token in a mailed link is at least: 64 bits in hex.
	minMailed = 16
)

// tokens makes groups of requests that bear a token and were answered by what it
// is. Tokens are no attempts by default, since machines send them with every
// request, and stale sessions are nobody's guess. A place of tokens is suggested
// where the session holds one that was accepted and is not the app's own gift, as
// a session after a login is, and another that was refused there and nowhere
// accepted.
func (s *Session) tokens(host string, logins []*group) []*group {
	byKey := map[groupKey]*group{}
	var list []*group
	for i := range s.steps {
		one := &s.steps[i]
		if one.entry.Request.Host != host || one.attempt() || one.found.Declared != nil {
			continue
		}
		for _, f := range tokenPlaces(one) {
			key := groupKey{kind: config.KindLogin, method: one.entry.Request.Method, place: one.entry.Request.Path, token: f}
			if byKey[key] == nil {
				if len(list) == maxTokenGroups {
					continue
				}
				byKey[key] = &group{groupKey: key}
				list = append(list, byKey[key])
			}
			byKey[key].steps = append(byKey[key].steps, one)
		}
	}
	var kept []*group
	for _, g := range list {
		if s.judged(g, logins) || s.mailed(g, logins) {
			kept = append(kept, g)
		}
	}
	return kept
}

// tokenPlaces are the places of a request where a token stands: a field of the
// query of a page that says so by its name, and the Authorization header.
func tokenPlaces(s *step) []config.Field {
	var list []config.Field
	r := &s.entry.Request
	if r.Method == http.MethodGet && strings.Contains(r.RawQuery, "=") {
		for _, p := range fieldsOf(r, "") {
			if p.field.From == config.PlaceQuery && p.value != "" && recognize.IsSecret(p.field) && !slices.Contains(list, p.field) {
				list = append(list, p.field)
			}
		}
	}
	if len(r.Header["Authorization"]) > 0 {
		list = append(list, config.Field{From: config.PlaceBearer})
	}
	return list
}

// tokenOf returns the only token that a request has at the place.
func (g *group) tokenOf(s *step) string {
	route := config.Route{Kind: g.kind, Method: g.method, Path: g.place, Password: &g.token}
	found, ok := recognize.Declared(&s.entry.Request, &route)
	if !ok || len(found.Secrets) != 1 {
		return ""
	}
	return string(found.Secrets[0])
}

// judged turns the steps of g into what the answers make of their tokens. It is
// false when the session does not show that they are looked at.
func (s *Session) judged(g *group, logins []*group) bool {
	accepted, refused := map[string]bool{}, map[string]bool{}
	judged := make([]*step, len(g.steps))
	for i, one := range g.steps {
		token := g.tokenOf(one)
		switch status := one.entry.Response.Status; {
		case token == "":
			return false
		case refuses(&one.entry.Response, logins):
			judged[i] = one.as(config.KindLogin, recognize.Failure)
			refused[token] = true
		case status/100 == 2:
			judged[i] = one.as(config.KindLogin, recognize.Success)
			accepted[token] = true
		default:
			return false
		}
	}
	for token := range refused {
		if s.accepts(g, token) {
			return false
		}
	}
	for token := range accepted {
		if s.gave(token, len(s.steps), false) {
			return false
		}
	}
	if len(accepted) == 0 || len(refused) == 0 || g.token.From == config.PlaceQuery && !s.closed(g, logins) {
		return false
	}
	g.steps = judged
	g.remark("a token, which the automatic mode leaves alone; leave these lines out if machines may send stale ones")
	return true
}

// refuses reports whether an answer sends away: by its status, or to a login.
func refuses(resp *recognize.Response, logins []*group) bool {
	switch {
	case resp.Status == http.StatusUnauthorized, resp.Status == http.StatusForbidden:
		return true
	case resp.Status/100 != 3:
		return false
	}
	target := targetOf(resp)
	return target != "" && slices.ContainsFunc(logins, func(g *group) bool {
		return g.kind == config.KindLogin && g.scheme == "" && slices.ContainsFunc(g.steps, func(s *step) bool {
			return s.entry.Request.Path == target
		})
	})
}

// closed reports whether the page of g sends away who comes without the token: a
// page that is nothing without one, as that behind a mailed link, is no login.
func (s *Session) closed(g *group, logins []*group) bool {
	return slices.ContainsFunc(s.steps, func(one step) bool {
		r := &one.entry.Request
		return r.Host == g.steps[0].entry.Request.Host && r.Method == g.method && r.Path == g.place &&
			!slices.Contains(tokenPlaces(&one), g.token) && refuses(&one.entry.Response, logins)
	})
}

// accepts reports whether a token was good at another time or address: then it
// has run out, or may not be used here.
func (s *Session) accepts(g *group, token string) bool {
	return slices.ContainsFunc(s.steps, func(one step) bool {
		if one.entry.Response.Status/100 != 2 || !slices.Contains(tokenPlaces(&one), g.token) {
			return false
		}
		there := group{groupKey: groupKey{kind: g.kind, method: one.entry.Request.Method, place: one.entry.Request.Path, token: g.token}}
		return there.tokenOf(&one) == token
	})
}

// gave reports whether an answer before step n held the token. Pages show also
// what is not theirs to give: some hold the token of their owner for their scripts.
func (s *Session) gave(token string, n int, pages bool) bool {
	escaped := url.QueryEscape(token)
	return slices.ContainsFunc(s.steps[:n], func(one step) bool {
		resp := &one.entry.Response
		page := strings.Contains(resp.Header.Get("Content-Type"), "html")
		if (pages || !page) && bytes.Contains(resp.Body, []byte(token)) {
			return true
		}
		for _, name := range []string{"Location", "Set-Cookie"} {
			for _, value := range resp.Header[name] {
				if strings.Contains(value, token) || strings.Contains(value, escaped) {
					return true
				}
			}
		}
		return false
	})
}

// mailed turns g into the end of a signup: a link that creates the account, with a
// token that came by another way than the app's answers, at the very address
// where a name without a password asked for an account before.
func (s *Session) mailed(g *group, groups []*group) bool {
	if g.token.From != config.PlaceQuery || len(g.steps) != 1 {
		return false
	}
	one := g.steps[0]
	token := g.tokenOf(one)
	asks := func(o *step) bool {
		return o.entry.Request.Path == g.place && o.Entry < one.Entry && o.Outcome == recognize.Success && len(o.found.Secrets) == 0
	}
	asked := slices.ContainsFunc(groups, func(o *group) bool {
		return o.kind == config.KindSignup && slices.ContainsFunc(o.steps, asks)
	})
	if !asked || len(token) < minMailed || one.entry.Response.Status/100 > 3 || s.gave(token, one.Entry, true) {
		return false
	}
	g.kind = config.KindSignup
	g.steps = []*step{one.as(config.KindSignup, recognize.Success)}
	g.remark("a mailed link that creates the account asked for; check that")
	return true
}
