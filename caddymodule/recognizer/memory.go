package recognizer

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/follow"
	"github.com/doorward/doorward/detector/identity"
	"github.com/doorward/doorward/detector/recognize"
)

// The bounds of a memory. A map that is full is started anew, a list that is
// full takes no more.
const (
	maxClients = 4096
	maxRoutes  = 1024
	maxHosts   = 256
)

// sure is the confidence from which an outcome teaches something.
const sure = 0.9

// memory is what a session has taught so far.
type memory struct {
	// accepted is what credentials in a header were last accepted, by client and
	// host: clients send them with every request.
	accepted map[clientHost]acceptedCredentials
	// firstSteps is who took the first step of a login, by client.
	firstSteps map[netip.Addr]identity.Identity
	routes     map[routeKey]*routeFacts
	spaces     map[string]*recognize.Spaces   // by host
	sessions   map[string]*recognize.Sessions // by host
	// waiting are the attempts whose outcome a later answer may tell.
	waiting follow.Watch[*pending]
	// forms are those that a host was seen to serve.
	forms map[string]*recognize.FormBook
}

type clientHost struct {
	client netip.Addr
	host   string
}

type acceptedCredentials struct {
	who identity.Identity
	// secret is the password, "" for Digest, whose answers differ by request.
	secret string
}

type routeKey struct {
	host, route string
	kind        config.Kind
}

type routeFacts struct {
	accepts, refuses400 bool
	shapes              recognize.Shapes
	// tried tells that an attempt failed or succeeded there.
	tried bool
}

func newMemory() *memory {
	return &memory{
		accepted:   map[clientHost]acceptedCredentials{},
		firstSteps: map[netip.Addr]identity.Identity{},
		routes:     map[routeKey]*routeFacts{},
		spaces:     map[string]*recognize.Spaces{},
		sessions:   map[string]*recognize.Sessions{},
		forms:      map[string]*recognize.FormBook{},
	}
}

// put stores a value in a map that holds at most room of them.
func put[K comparable, V any](m map[K]V, key K, value V, room int) {
	if _, known := m[key]; !known && len(m) >= room {
		clear(m)
	}
	m[key] = value
}

// facts is what is known about the place of an attempt. Which cookies visitors
// get is left out: that apps change a visitor's session at login says more than
// the name does.
func (m *memory) facts(r *recognize.Request, found *recognize.Credentials) recognize.RouteFacts {
	route := m.route(r, found)
	return recognize.RouteFacts{
		Accepts: route.accepts, Refuses400: route.refuses400, Shapes: &route.shapes,
		Challenges: m.spaces[r.Host] != nil && m.spaces[r.Host].Cover(r.Path),
	}
}

func (m *memory) route(r *recognize.Request, found *recognize.Credentials) *routeFacts {
	key := routeKey{r.Host, found.Route, found.Kind}
	if m.routes[key] == nil {
		put(m.routes, key, new(routeFacts), maxRoutes)
	}
	return m.routes[key]
}

// seen learns from any exchange that is over whether its path asks for
// credentials.
func (m *memory) seen(r *recognize.Request, resp *recognize.Response) {
	if resp.Status != http.StatusUnauthorized {
		return
	}
	if m.spaces[r.Host] == nil {
		put(m.spaces, r.Host, new(recognize.Spaces), maxHosts)
	}
	m.spaces[r.Host].See(r.Path, resp)
}

// form is the form that was served for a request.
func (m *memory) form(r *recognize.Request) *recognize.Form {
	if book := m.forms[r.Host]; book != nil {
		return book.Lookup(r.Method, r.Path)
	}
	return nil
}

// served learns the forms of an answer, of which as much is looked at as the
// server would. Archives without times have no budget of pages.
func (m *memory) served(now time.Time, r *recognize.Request, resp recognize.Response, limit int) {
	resp.Body = resp.Body[:min(len(resp.Body), limit)]
	if !recognize.MayShowForm(resp.Status, resp.Header) || !recognize.HoldsPasswordField(resp.Body) {
		return
	}
	book := m.forms[r.Host]
	if book == nil {
		book = new(recognize.FormBook)
		put(m.forms, r.Host, book, maxHosts)
	}
	book.Read(now, r, &resp)
}

// settled learns from an attempt and its outcome.
func (m *memory) settled(client netip.Addr, r *recognize.Request, found *recognize.Credentials, x recognize.Exchange, o recognize.Outcome) {
	if o.Kind != "" && o.Kind != found.Kind {
		return
	}
	if found.Kind == config.KindLogin && len(found.Identities) > 0 {
		m.firstStep(client, found.Identities[0], o.Result)
	}
	if found.Kind == config.KindLogout {
		delete(m.accepted, clientHost{client, r.Host})
	}
	m.route(r, found).learn(found, x, o)
}

// learn remembers what an outcome shows about the route.
func (route *routeFacts) learn(found *recognize.Credentials, x recognize.Exchange, o recognize.Outcome) {
	route.tried = route.tried || o.Result == recognize.Success || o.Result == recognize.Failure
	if o.Proved() && !found.Ambiguous {
		route.shapes.Vote(x, o.Result)
	}
	switch {
	case o.Confidence < sure:
	case o.Result == recognize.Success && x.Response.Status < 400:
		route.accepts = true
	case o.Result == recognize.Failure && x.Response.Status == http.StatusBadRequest && !found.Missing:
		route.refuses400 = true
	}
}

// firstStep remembers who logs in. A refused login of somebody else does not
// end a login that waits for its second factor.
func (m *memory) firstStep(client netip.Addr, who identity.Identity, result recognize.Result) {
	_, known := m.firstSteps[client]
	switch result {
	case recognize.Success, recognize.Challenge, recognize.Unknown:
	default:
		if known {
			return
		}
	}
	put(m.firstSteps, client, who, maxClients)
}

// who is the identity an attempt is told with.
func (m *memory) who(client netip.Addr, found *recognize.Credentials) identity.Identity {
	if first, ok := m.firstSteps[client]; ok && found.Kind == config.KindMFA {
		return first
	}
	if len(found.Identities) == 0 {
		return identity.Identity{}
	}
	return found.Identities[0]
}

// repeats reports whether an attempt brings the credentials that the client
// was accepted with before: browsers and API clients send them with every
// request, and nobody logs in by that. It remembers those that were let in: by
// an answer like 403 they proved right, but opened nothing yet. A refusal where
// one logs in ends it: a page that does so by a header sends it once each time.
func (m *memory) repeats(client netip.Addr, host string, found *recognize.Credentials, o recognize.Outcome, status int) bool {
	key := clientHost{client, host}
	now, ok := inHeader(found)
	switch {
	case !ok:
		return false
	case o.Result == recognize.Failure && recognize.SaysAccount(found.Route):
		delete(m.accepted, key)
		return false
	case o.Result != recognize.Success:
		return false
	}
	before, known := m.accepted[key]
	if status < 400 {
		put(m.accepted, key, now, maxClients)
	}
	return known && before.who.Equal(now.who) && before.secret == now.secret
}

// inHeader returns the credentials of a request that clients send with every
// request; ok is false when there are none, or more than one.
func inHeader(found *recognize.Credentials) (c acceptedCredentials, ok bool) {
	if found.Ambiguous || len(found.Secrets) != 1 {
		return c, false
	}
	switch found.Format {
	case recognize.FormatHeader:
		return acceptedCredentials{secret: string(found.Secrets[0])}, len(found.Identities) == 0
	case recognize.FormatBasic:
		c.secret = string(found.Secrets[0])
	case recognize.FormatDigest:
	default:
		return c, false
	}
	if len(found.Identities) != 1 {
		return c, false
	}
	c.who = found.Identities[0]
	return c, true
}
