package recognize

import (
	"slices"
	"strings"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/identity"
)

// Custom is a request that was read as a declared event. Its texts are copies.
type Custom struct {
	// Identity is who did it, as far as the request says.
	Identity identity.Identity
	// Properties are at most config.MaxProperties, in the order in which they
	// were declared; their values are cut to maxProperty bytes, and bytes that are no
	// UTF-8 left out.
	Properties []identity.Pair
	// Dropped is how many more had a value.
	Dropped int
}

// maxProperty is how many bytes of a property are kept.
const maxProperty = 128

// secretHeaders hold what must never be recorded.
var secretHeaders = []string{"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "x-auth-token", "x-csrf-token"}

// IsSecret reports whether a field seems to hold a password, a code or a token
// by its name: such is never recorded.
func IsSecret(f config.Field) bool {
	switch f.From {
	case config.PlaceHeader:
		return slices.Contains(secretHeaders, strings.ToLower(f.Key)) || secretName(f)
	case config.PlaceForm, config.PlaceJSON, config.PlaceQuery:
		return secretName(f)
	}
	return false
}

func secretName(f config.Field) bool {
	switch m := classify(normalised(f)); m.role {
	case roleLetterPassword, roleOTP, roleCode, roleToken:
		return true
	default:
		return m.role.isPassword()
	}
}

// ReadEvent reads a request where an event is declared, whose method and path
// the caller has compared. It is false when the lines `when` do not hold.
func ReadEvent(r *Request, e *config.Event) (Custom, bool) {
	rd := reading{}
	rd.wants = appendMatched(nil, e.When)
	for _, f := range slices.Concat(e.Identifiers, e.Properties) {
		switch f.From {
		case config.PlaceForm, config.PlaceJSON, config.PlaceQuery:
			rd.wants = appendMatched(rd.wants, []config.Match{{From: f.From, Key: f.Key}})
		}
	}
	rd.read(r)
	if !rd.matches(r, e.When) {
		return Custom{}, false
	}
	c := Custom{Identity: rd.actor(r, e.Identifiers)}
	for _, f := range e.Properties {
		value := rd.valueOf(r, f)
		switch {
		case value == "" || IsSecret(f):
		case len(c.Properties) == config.MaxProperties:
			c.Dropped++
		default:
			value = strings.ToValidUTF8(strings.Clone(value[:min(len(value), maxProperty)]), "")
			c.Properties = append(c.Properties, identity.Pair{Key: f.Name, Value: value})
		}
	}
	return c, true
}

// actor puts the declared identifiers together. A host name or a fixed value
// alone would be everybody.
func (rd *reading) actor(r *Request, declared []config.Field) identity.Identity {
	var pairs []identity.Pair
	telling := false
	for _, f := range declared {
		if value := rd.valueOf(r, f); value != "" {
			pairs = append(pairs, identity.Pair{Key: f.Name, Value: strings.Clone(value)})
			telling = telling || f.From != config.PlaceHost && f.From != config.PlaceValue
		}
	}
	if !telling {
		return identity.Identity{}
	}
	return identity.New(pairs...)
}

// valueOf returns the first value of a declared field, "" when it has none.
func (rd *reading) valueOf(r *Request, f config.Field) string {
	var values []string
	switch f.From {
	case config.PlaceForm, config.PlaceJSON, config.PlaceQuery:
		values, _ = rd.sent(r, config.Match{From: f.From, Key: f.Key})
	case config.PlaceBasic, config.PlaceDigest:
		if i := slices.IndexFunc(rd.identifiers, func(g field) bool { return g.place == inHeader }); i >= 0 {
			return string(rd.identifiers[i].value)
		}
	default:
		values = outsideValues(r, f)
	}
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// EventOutcome tells how a declared event ended: as declared, or by the status
// alone.
func EventOutcome(e *config.Event, resp *Response) Outcome {
	if resp.UpstreamError || resp.Status == 0 || resp.Status >= 500 {
		return outcome(Unknown, 0, "the app did not answer")
	}
	route := e.Place()
	o, limits := byDeclaration(&route, resp)
	switch {
	case o.Result != "":
		return o
	case resp.Status < 400:
		o = outcome(Success, 0.5, "status below 400")
	default:
		o = outcome(Failure, 0.5, "status 4xx")
	}
	return limits.apply(o)
}

// NeedsAnswerBody reports whether the conditions of an event look at a body.
func NeedsAnswerBody(e *config.Event) bool {
	for _, c := range slices.Concat(e.Success, e.Failure, e.Unknown) {
		if slices.ContainsFunc(c, func(t config.Test) bool { return t.Of == config.PartBody || t.Of == config.PartJSON }) {
			return true
		}
	}
	return false
}

// NeedsBody reports whether an event is read from the body of the request.
func NeedsBody(e *config.Event) bool {
	in := func(p config.Place) bool { return p == config.PlaceForm || p == config.PlaceJSON }
	return slices.ContainsFunc(e.When, func(m config.Match) bool { return in(m.From) }) ||
		slices.ContainsFunc(slices.Concat(e.Identifiers, e.Properties), func(f config.Field) bool { return in(f.From) })
}
