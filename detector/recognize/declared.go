package recognize

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/doorward/doorward/config"
)

// RouteMatches reports whether method and path of r are those of route, as
// [config.Route] says. A Caddy matcher of the route is the caller's affair. It
// does not allocate.
func RouteMatches(r *Request, route *config.Route) bool {
	switch {
	case route.Method != "":
		if r.Method != route.Method {
			return false
		}
	case r.Method == http.MethodPost, r.Method == http.MethodPut, r.Method == http.MethodPatch:
	default:
		if !carriesPassword(r.Header) && !(takesToken(route) && len(r.Header["Authorization"]) > 0) {
			return false
		}
	}
	return route.Path == "" || PathMatches(route.Path, r.Path)
}

// PathMatches reports whether path is pattern, or begins like it when pattern
// ends in *. Letter case, repeated slashes and one at the end make no
// difference: Caddy's own path matcher ignores the first two and Express, to
// name one, the first and the last, so a guesser must not get past a route by
// writing /Login/. It allocates only for repeated slashes.
func PathMatches(pattern, path string) bool {
	for !strings.Contains(pattern, "//") && strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return len(path) >= len(prefix) && strings.EqualFold(path[:len(prefix)], prefix)
	}
	return strings.EqualFold(strings.TrimSuffix(path, "/"), strings.TrimSuffix(pattern, "/"))
}

// Declared reads a request of a declared route, which the caller has matched.
// The kind is the declared one. It is false only for what cannot be an attempt
// there: a request that a line `when` rules out, a page view, a request without
// the header the credentials are declared to be in, and an OAuth grant other than
// the password one (H24).
//
// The declared identifiers together are the identity. When none of those that
// tell users apart is there, the attempt has no identity: a host name or a
// fixed value alone would be everybody. Password-like values of other fields
// are among the Secrets all the same, because the app may read them (H5).
func Declared(r *Request, route *config.Route) (Credentials, bool) {
	rd := reading{wants: wantsOf(route)}
	rd.read(r)
	if route.Password != nil {
		rd.dropHeaderUnless(route.Password.From)
	}
	rd.outside(r, route)
	if !rd.matches(r, route.When) || !rd.plausible(r, route) {
		return Credentials{}, false
	}
	path := rd.path
	c := Credentials{Kind: route.Kind, Declared: route, Hostile: rd.hostile}
	needed := route.Kind == config.KindLogin || route.Kind == config.KindSignup
	s := scene{
		method: r.Method, path: path, all: path, rd: &rd,
		password: needed || len(rd.passwords) > 0 || rd.emptyPassword != "", identifier: true,
	}
	rd.fill(&c, r, s)
	c.Token = takesToken(route) && len(c.Secrets) == 1 && !c.Uninspectable
	if len(route.Identifiers) > 0 {
		rd.nameAsDeclared(&c, r, s, needed)
		c.Confidence, c.Evidence = rd.weigh(&c, s)
	}
	return c, true
}

// nameAsDeclared replaces the identities found by name with the declared ones.
func (rd *reading) nameAsDeclared(c *Credentials, r *Request, s scene, needed bool) {
	n := rd.declaredIdentity(r, c.Declared)
	c.Identities = n.identities
	_, ambiguous := rd.secrets(c.Kind)
	c.Ambiguous = ambiguous || n.ambiguous || rd.flood || rd.mayHide(s)
	c.Crowd = n.more
	if n.more {
		c.Guesses = max(c.Guesses, n.count)
	}
	c.Missing = needed && !c.Uninspectable && !c.Hostile && (len(c.Secrets) == 0 || len(c.Identities) == 0)
}

// wantsOf lists the declared fields that are found by name. Form and JSON
// fields are looked for in every kind of body and in the query, because most
// frameworks take any.
func wantsOf(route *config.Route) []want {
	var wants []want
	add := func(f config.Field, index int) {
		switch f.From {
		case config.PlaceForm, config.PlaceJSON, config.PlaceQuery:
			wants = append(wants, want{name: normalised(f), index: index})
		}
	}
	for i, f := range route.Identifiers {
		add(f, i)
	}
	if route.Password != nil {
		add(*route.Password, -1)
	}
	return appendMatched(wants, route.When)
}

// dropHeaderUnless forgets Basic and Digest credentials when the password is
// declared to be elsewhere: then they belong to something in front of the app.
func (rd *reading) dropHeaderUnless(from config.Place) {
	if from == config.PlaceBasic || from == config.PlaceDigest {
		return
	}
	foreign := func(f field) bool { return f.place == inHeader }
	rd.passwords = slices.DeleteFunc(rd.passwords, foreign)
	rd.identifiers = slices.DeleteFunc(rd.identifiers, foreign)
}

// outside adds a password declared to be in a header, the path or fixed.
func (rd *reading) outside(r *Request, route *config.Route) {
	if route.Password == nil {
		return
	}
	rd.place, rd.format = inHeader, FormatHeader
	for _, v := range outsideValues(r, *route.Password) {
		rd.credential(meaning{role: rolePassword, word: declaredWord}, nil, []byte(v), textValue)
	}
}

// outsideValues returns the values of a field that is neither in the query nor
// in the body.
func outsideValues(r *Request, f config.Field) []string {
	switch f.From {
	case config.PlaceHeader:
		values := r.Header[http.CanonicalHeaderKey(f.Key)]
		return values[:min(len(values), maxCandidates)]
	case config.PlaceBearer:
		return tokens(r.Header)
	case config.PlaceHost:
		return []string{r.Host}
	case config.PlaceValue:
		return []string{f.Key}
	case config.PlacePath:
		n, _ := strconv.Atoi(f.Key)
		return []string{pathSegment(r.Path, n)}
	}
	return nil
}

// pathSegment returns segment n of path, counted from 1, "" if there is none.
func pathSegment(path string, n int) string {
	for segment := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		if n--; n == 0 {
			return segment
		}
	}
	return ""
}

// plausible reports whether the request can be an attempt on route.
func (rd *reading) plausible(r *Request, route *config.Route) bool {
	if rd.grant == otherGrant && len(rd.passwords) == 0 && route.Kind == config.KindLogin {
		return false
	}
	if takesToken(route) {
		return len(tokens(r.Header)) > 0
	}
	if inAuthorization(route) && !carriesPassword(r.Header) {
		return false
	}
	view := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
	if !view || len(r.Body) > 0 || route.Kind == config.KindLogout && r.Method == http.MethodGet {
		return true
	}
	return len(rd.passwords) > 0 || rd.credentialsInHeader()
}

// inAuthorization reports whether the credentials are declared to be Basic or
// Digest.
func inAuthorization(route *config.Route) bool {
	in := func(f config.Field) bool { return f.From == config.PlaceBasic || f.From == config.PlaceDigest }
	return route.Password != nil && in(*route.Password) || slices.ContainsFunc(route.Identifiers, in)
}

// declaredIdentity puts the declared identifiers together.
func (rd *reading) declaredIdentity(r *Request, route *config.Route) named {
	var fields []field
	telling, told := false, false
	for i, f := range route.Identifiers {
		values := rd.declaredValues(r, f, i)
		if f.From != config.PlaceHost && f.From != config.PlaceValue {
			telling, told = true, told || len(values) > 0
		}
		for _, v := range values {
			fields = append(fields, field{meaning: meaning{role: roleIdentifier, key: f.Name}, value: v})
		}
	}
	if telling && !told {
		return named{}
	}
	return composite(fields)
}

func (rd *reading) declaredValues(r *Request, f config.Field, index int) [][]byte {
	var values [][]byte
	switch f.From {
	case config.PlaceBasic, config.PlaceDigest:
		for _, g := range rd.identifiers {
			if g.place == inHeader {
				values = append(values, g.value)
			}
		}
	case config.PlaceForm, config.PlaceJSON, config.PlaceQuery:
		for i := range rd.wants {
			if rd.wants[i].index != index {
				continue
			}
			for _, g := range rd.wants[i].values {
				values = append(values, g.value)
			}
		}
	default:
		for _, v := range outsideValues(r, f) {
			if strings.TrimSpace(v) != "" {
				values = append(values, []byte(v))
			}
		}
	}
	return values
}
