package recognize

import (
	"bytes"
	"hash/maphash"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// The bounds of Sessions.
const (
	// MaxSessions is how many sessions of a site are remembered; a new one
	// pushes the oldest out.
	MaxSessions = 4096
	// sessionAge is how long one is remembered: a working day.
	sessionAge = 12 * time.Hour
	// maxIssued is how many tokens of one answer are remembered: one for access
	// and one for its renewal, in two notations.
	maxIssued = 4
	// MaxAdministered is how many passwords and accounts that are not his own
	// somebody who is logged in may send before each counts as an attempt. Who
	// has an account of his own must not create accounts without end by it.
	MaxAdministered = 20
)

// Sessions are the sessions in which somebody has logged in. Who creates an
// account or sends a user name with a password while he is logged in is mostly
// an administrator at work, and no visitor.
//
// Only keyed hashes of cookies and tokens are kept, in memory. The zero value is ready; it
// is safe for concurrent use.
type Sessions struct {
	mu     sync.Mutex
	byHash map[uint64]*openSession
	oldest []uint64 // in the order they were opened, from next on
	next   int
}

type openSession struct {
	until        time.Time
	administered int
}

var sessionSeed = maphash.MakeSeed()

// Opened remembers the session of a login that succeeded: what the answer set
// or issued, or what the request bore when the app keeps the session of the
// visitor. The body of the answer may be nil.
func (s *Sessions) Opened(now time.Time, request, answer http.Header, body []byte) {
	if s.issued(now, nil, answer, body) {
		return
	}
	for _, c := range (&http.Request{Header: request}).Cookies() {
		// What the client bears it may have made up: experiment=variant-b would
		// make everybody who bears the same somebody who is logged in.
		if isSessionCookie(c.Name, c.Value) && looksRandom(sessionSigns.Replace(c.Value)) {
			s.open(now, hashOfSession(c.Name, c.Value))
		}
	}
}

// Joined remembers the session of a signup that succeeded, if the answer brought
// one: many apps let nobody in before his address is confirmed, and go on with
// the session of the visitor.
func (s *Sessions) Joined(now time.Time, request, answer http.Header, body []byte) {
	s.issued(now, cookieNames(request["Cookie"]), answer, body)
}

// issued remembers what an answer set or issued, cookies of the names in before
// left out, and reports whether there was anything.
func (s *Sessions) issued(now time.Time, before []string, answer http.Header, body []byte) bool {
	any := false
	for _, c := range answerCookies(answer) {
		if !c.deleted && isSessionCookie(c.name, c.value) && !slices.Contains(before, c.name) {
			s.open(now, hashOfSession(c.name, c.value))
			any = true
		}
	}
	for _, name := range tokenHeaders {
		if token := bearerToken(answer.Get(name)); token != nil {
			s.open(now, hashOfToken(token))
			any = true
		}
	}
	return s.issuedIn(now, body) || any
}

// issuedIn remembers the tokens that stand as texts in JSON. Other texts of
// their shape do no harm: only who was let in knows them.
func (s *Sessions) issuedIn(now time.Time, body []byte) bool {
	if first := bytes.TrimLeft(body, " \t\r\n"); len(first) == 0 || first[0] != '{' && first[0] != '[' && first[0] != '"' {
		return false
	}
	n := 0
	for n < maxIssued {
		i := bytes.IndexByte(body, '"')
		if i < 0 {
			break
		}
		body = body[i+1:]
		end := 0
		for end < len(body) && isTokenByte(body[end]) {
			end++
		}
		if end >= minToken && end < len(body) && body[end] == '"' {
			s.open(now, hashOfToken(body[:end]))
			n++
		}
		body = body[end:]
	}
	return n > 0
}

// isTokenByte reports whether c may stand in a bearer token (RFC 6750, section
// 2.1).
func isTokenByte(c byte) bool {
	return isLower(c|0x20) || c >= '0' && c <= '9' || strings.IndexByte("-._~+/=", c) >= 0
}

// bearerToken is the token of a header value, without the scheme in front of it;
// nil when there is none.
func bearerToken(value string) []byte {
	if i := strings.LastIndexByte(value, ' '); i >= 0 {
		value = value[i+1:]
	}
	if len(value) < minToken {
		return nil
	}
	return []byte(value)
}

// sessionSigns are what signed sessions hold beside letters and digits.
var sessionSigns = strings.NewReplacer("%", "", "/", "", ":", "", "|", "", `"`, "")

func isSessionCookie(name, value string) bool {
	if len(value) < minSessionValue {
		return false
	}
	var room [wordRoom]byte
	words := wordsInto(room[:], name)
	return !words.any(noSessionWords) && !words.any(flashCookieWords)
}

func hashOfSession(name, value string) uint64 {
	return maphash.String(sessionSeed, name+"="+value)
}

func hashOfToken(token []byte) uint64 { return maphash.Bytes(sessionSeed, token) }

func (s *Sessions) open(now time.Time, key uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byHash == nil {
		s.byHash = make(map[uint64]*openSession)
	}
	if known := s.byHash[key]; known != nil {
		known.until = now.Add(sessionAge)
		return
	}
	s.byHash[key] = &openSession{until: now.Add(sessionAge)}
	if len(s.oldest) < MaxSessions {
		s.oldest = append(s.oldest, key)
		return
	}
	delete(s.byHash, s.oldest[s.next])
	s.oldest[s.next] = key
	s.next = (s.next + 1) % MaxSessions
}

// Ended forgets the sessions of a request that logged out.
func (s *Sessions) Ended(request http.Header) {
	s.each(request, func(key uint64, _ *openSession) bool {
		delete(s.byHash, key)
		return false
	})
}

// Administers reports whether the request comes from somebody who is logged in,
// and counts it: it is false from the one after MaxAdministered on.
func (s *Sessions) Administers(now time.Time, request http.Header) bool {
	return s.each(request, func(_ uint64, known *openSession) bool {
		if now.After(known.until) || known.administered >= MaxAdministered {
			return false
		}
		known.administered++
		return true
	})
}

// Bears reports whether the request comes from somebody who is logged in.
func (s *Sessions) Bears(now time.Time, request http.Header) bool {
	return s.each(request, func(_ uint64, known *openSession) bool { return !now.After(known.until) })
}

// each visits the known sessions of a request, by its cookies and by its tokens,
// until visit returns true.
func (s *Sessions) each(request http.Header, visit func(key uint64, known *openSession) bool) bool {
	if len(request["Cookie"]) == 0 && !bearsTokenHeader(request) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.byHash) == 0 {
		return false
	}
	for _, c := range (&http.Request{Header: request}).Cookies() {
		key := hashOfSession(c.Name, c.Value)
		if known := s.byHash[key]; known != nil && visit(key, known) {
			return true
		}
	}
	for _, name := range tokenHeaders {
		token := bearerToken(request.Get(name))
		if token == nil {
			continue
		}
		key := hashOfToken(token)
		if known := s.byHash[key]; known != nil && visit(key, known) {
			return true
		}
	}
	return false
}

func bearsTokenHeader(h http.Header) bool {
	return slices.ContainsFunc(tokenHeaders, func(name string) bool { return len(h[name]) > 0 })
}
