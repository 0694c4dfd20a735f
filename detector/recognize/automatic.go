package recognize

import (
	"net/http"
	"slices"
	"strings"

	"github.com/doorward/doorward/config"
)

// Automatic tells whether r is an attempt, judging by what it holds alone:
// a password-like value together with an identifier, Basic or Digest
// credentials, a second factor, a logout. False means it is none.
//
// Without a password-like field: an identifier on the path of a forgotten
// password is a reset request, one on the path of a signup is a signup. A body
// that cannot be read is an attempt only where the path plainly is that of a
// login (H8). A bare OAuth client authentication (client_credentials, refresh
// tokens) is none (H24, RFC 6749 §2.3.1).
//
// It is safe for concurrent use, changes nothing of r, and is bounded by the
// length of r.Body, r.RawQuery and the Authorization headers.
func Automatic(r *Request) (Credentials, bool) {
	var rd reading
	rd.expect(r.Form)
	rd.read(r)
	return rd.judge(r)
}

// read collects what the request holds, in the order of Secrets.
func (rd *reading) read(r *Request) {
	rd.begin()
	rd.path = senseOfPath(r.Path)
	if r.RawQuery != "" {
		rd.place, rd.format = inQuery, FormatQuery
		rd.readQuery(rd.boundQuery(r.RawQuery))
	}
	cut := rd.cut
	scanBody(rd, r)
	rd.cut = rd.cut || cut
	if carriesPassword(r.Header) && !rd.authenticatesClient(r) {
		scanAuthorization(rd, r.Header)
	}
	rd.settleProtobuf(rd.path)
	rd.settleBare(rd.path)
	rd.settleKeys(rd.path)
	if len(rd.bindings) > 0 {
		rd.rescan(r)
	}
	// The button tells more than a hidden field that all buttons share.
	if rd.button&(saysSignup|saysReset|saysForgot|saysLogout|saysSelf) != 0 {
		rd.operation = rd.button
	}
	rd.settleCallIDs()
	rd.settleLetters()
	rd.tally.next()
}

// maxQuery is how much of a query is looked at: as much as of a body.
const maxQuery = 64 << 10

func (rd *reading) boundQuery(query string) string {
	rd.cut = rd.cut || len(query) > maxQuery
	return query[:min(len(query), maxQuery)]
}

func (rd *reading) readQuery(query string) {
	// A query that begins with a slash names an operation: ?/login
	if strings.HasPrefix(query, "/") {
		name, _, _ := strings.Cut(query[:min(len(query), maxName)], "&")
		rd.operation |= senseOfWords(name)
	}
	scanForm(rd, []byte(query))
}

// authenticatesClient reports whether the Authorization header is that of an
// OAuth client, not of a user: at a token endpoint, with a grant type, or where
// a token is revoked or looked up (RFC 7009, RFC 7662). Elsewhere a grant type
// is a decoy.
func (rd *reading) authenticatesClient(r *Request) bool {
	if r.Method != "POST" || rd.path&saysToken == 0 {
		return false
	}
	return rd.grant != noGrant || rd.path&(saysCheck|saysLogout) != 0 && rd.saw(roleToken)
}

// judge decides kind, identities and secrets from what was read.
func (rd *reading) judge(r *Request) (Credentials, bool) {
	path := rd.path
	c := Credentials{Hostile: rd.hostile}
	for _, f := range rd.identifiers {
		colon, slash := isSegmentTail(r.Path, string(f.value))
		rd.namedInPath, rd.ownSegment = rd.namedInPath || colon, rd.ownSegment || slash
	}
	rd.ownSegment = rd.ownSegment && !rd.namedInPath
	s := scene{
		method: rd.effectiveMethod(r), bearer: bearsToken(r), path: path | rd.dispatched(), all: path | rd.operation | rd.dispatch, rd: rd,
		form:       rd.submitted(path|rd.dispatched(), r.RawQuery),
		password:   len(rd.passwords) > 0 || rd.emptyPassword != "",
		identifier: len(rd.identifiers) > 0 || rd.emptyIdentifier != "",
	}
	c.Kind = s.kind()
	if c.Kind == config.KindNone && (rd.opaque || path&lastLogin != 0 && (rd.unread || rd.cut) && len(r.Body) > 0) {
		c.Kind = config.KindLogin // cut or unread: Uninspectable
	}
	if c.Kind == config.KindNone {
		return Credentials{}, false
	}
	rd.fill(&c, r, s)
	return c, true
}

// dispatched is what a remote call says beside the path.
func (rd *reading) dispatched() pathSense {
	switch {
	case rd.dispatch == 0 || !rd.isDispatched():
		return 0
	case rd.dispatch&saysLogin != 0:
		return rd.dispatch | lastLogin
	case rd.dispatch&saysSignup != 0:
		return rd.dispatch | lastSignup
	}
	return rd.dispatch
}

// effectiveMethod is the method that a form which can only POST asks for.
func (rd *reading) effectiveMethod(r *Request) string {
	if r.Method != http.MethodPost {
		return r.Method
	}
	method := rd.override
	for _, name := range []string{"X-Http-Method-Override", "X-Http-Method", "X-Method-Override"} {
		if method == "" {
			method = r.Header.Get(name)
		}
	}
	for _, known := range []string{http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if strings.EqualFold(method, known) {
			return known
		}
	}
	return r.Method
}

// minToken is how long a bearer token is at least; shorter ones are what
// clients send that have none, such as undefined.
const minToken = 20

// bearsToken reports whether a header holds the token of somebody who is logged
// in.
func bearsToken(r *Request) bool {
	for _, name := range []string{"Authorization", "X-Auth-Token", "X-Access-Token", "X-Session-Token", "Private-Token"} {
		if value := r.Header.Get(name); len(value) >= minToken && (name != "Authorization" || !carriesPassword(r.Header)) {
			return true
		}
	}
	return false
}

// isSegmentTail reports whether a path segment ends in a colon and name, or is a
// name with a colon, and whether the last one is name.
func isSegmentTail(path, name string) (colon, slash bool) {
	before, after, ok := strings.Cut(path[:min(len(path), maxPath)], name)
	if !ok || name == "" || before == "" || after != "" && after[0] != '/' {
		return false, false
	}
	end := before[len(before)-1]
	colon = end == ':' || end == '/' && strings.IndexByte(name, ':') > 0
	return colon, end == '/' && after == ""
}

// credentialsInHeader reports whether there are Basic or Digest credentials,
// well-formed or not. They are what a protected server looks at, so they make a
// login of any request, a logout included.
func (rd *reading) credentialsInHeader() bool {
	for _, f := range rd.passwords {
		if f.place == inHeader {
			return true
		}
	}
	return len(rd.passwords) == 0 && (isScheme(rd.emptyPassword) || isScheme(rd.emptyIdentifier))
}

func isScheme(word string) bool { return word == "basic" || word == "digest" }

// fill completes c, whose kind is known.
func (rd *reading) fill(c *Credentials, r *Request, s scene) {
	c.Route = routeOf(r, c.Declared, rd)
	c.Format = rd.carrier()
	secrets, ambiguous := rd.secrets(c.Kind)
	var room [4]field
	n := identify(rd.candidates(c.Kind, room[:0]), c.Kind)
	c.Secrets, c.Identities = secrets, n.identities
	// What was cut, deeply nested or more than anyone fills in may hide the
	// value the app takes: of two fields of one name most take the last, and it
	// may stand behind as much padding as fits.
	hides := rd.mayHide(s)
	c.Ambiguous = ambiguous || n.ambiguous || rd.flood || hides
	c.Guesses, c.Crowd = max(1, rd.tally.n), n.more
	if n.more {
		c.Guesses = max(c.Guesses, n.count+rd.beyond)
	}
	c.Uninspectable = rd.flood && c.Guesses == 1 || hides || rd.unread
	c.Missing = rd.missing(c, s)
	c.NameOnly = c.Missing && c.Kind == config.KindLogin && !s.password
	c.WithCode = rd.saw(roleOTP)
	c.Served = s.form != nil && s.form.Kind == c.Kind
	c.MayAdminister = rd.mayAdminister(c, s)
	c.InQuery = slices.ContainsFunc(rd.passwords, func(f field) bool { return f.place == inQuery })
	c.Confidence, c.Evidence = rd.weigh(c, s)
}

// mayAdminister reports whether an administrator's work looks so: a signup, or
// a name and a password at a place that says nothing of logins.
func (rd *reading) mayAdminister(c *Credentials, s scene) bool {
	if c.Kind == config.KindSignup {
		return true
	}
	return c.Kind == config.KindLogin && s.path&saysLogin == 0 && !c.Served && !rd.credentialsInHeader() && rd.grant == noGrant
}

// mayHide reports whether credentials may stand behind what was read. With
// Basic and Digest a large body is an upload, unless it comes to a login page.
func (rd *reading) mayHide(s scene) bool {
	return rd.cut && (!rd.credentialsInHeader() || s.path&lastLogin != 0)
}

// missing reports whether the app will refuse the request without looking at
// the credentials, because a field is there and empty.
func (rd *reading) missing(c *Credentials, s scene) bool {
	switch {
	case c.Hostile, c.Uninspectable:
		return false
	case len(c.Secrets) == 0 && (s.password || c.Kind == config.KindLogin):
		return true
	}
	return len(c.Secrets) > 0 && len(c.Identities) == 0 && rd.emptyIdentifier != ""
}

// carrier is the format of the credentials: where the password was, else where
// the identifier was, else what the body was.
func (rd *reading) carrier() Format {
	for _, fields := range [][]field{rd.passwords, rd.identifiers} {
		for _, f := range slices.Backward(fields) { // the body before the query
			if f.place != inHeader {
				return f.format
			}
		}
		if len(fields) > 0 {
			return fields[0].format
		}
	}
	switch {
	case isScheme(rd.emptyPassword):
		return Format(rd.emptyPassword)
	case isScheme(rd.emptyIdentifier):
		return Format(rd.emptyIdentifier)
	}
	return rd.body
}
