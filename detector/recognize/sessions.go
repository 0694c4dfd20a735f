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
	// maxToken is how long a token is at most, maxTokenHeaders how many headers
	// of one message are looked at for one.
	maxToken        = 8 << 10
	maxTokenHeaders = 32
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
// left out, and reports whether it set a cookie of a session.
func (s *Sessions) issued(now time.Time, before []string, answer http.Header, body []byte) bool {
	set := false
	for _, c := range answerCookies(answer) {
		if !c.deleted && isSessionCookie(c.name, c.value) && !slices.Contains(before, c.name) {
			s.open(now, hashOfSession(c.name, c.value))
			set = true
		}
	}
	for name, values := range answer {
		if holdsFold(name, "auth") || holdsFold(name, "token") || holdsFold(name, "session") || holdsFold(name, "jwt") {
			tokensIn(http.Header{name: values}, func(key uint64) bool {
				s.open(now, key)
				return false
			})
		}
	}
	s.issuedIn(now, body)
	return set
}

// issuedIn remembers the tokens that stand as texts in JSON, or that a body is.
func (s *Sessions) issuedIn(now time.Time, body []byte) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return
	}
	if c := body[0]; c != '{' && c != '[' && c != '"' {
		s.issue(now, body)
		return
	}
	for n := 0; n < maxIssued; {
		i := bytes.IndexByte(body, '"')
		if i < 0 {
			return
		}
		body = bytes.TrimPrefix(body[i+1:], []byte("Bearer "))
		end := endOfToken(body)
		if end < len(body) && body[end] == '"' && s.issue(now, body[:end]) {
			n++
		}
		body = body[end:]
	}
}

// issue remembers a text if it may be a token: ids that others may know are
// none.
func (s *Sessions) issue(now time.Time, text []byte) bool {
	if len(text) < minToken || len(text) > maxToken || !looksRandom(text) || isUUID(text) {
		return false
	}
	s.open(now, hashOfToken(text))
	return true
}

func isUUID(text []byte) bool {
	return len(text) == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-'
}

// endOfToken is how many bytes of text may be those of a bearer token (RFC 6750,
// section 2.1), the slash left out, which looksRandom does not take.
func endOfToken(text []byte) int {
	end := 0
	for end < len(text) && (isLower(text[end]|0x20) || text[end] >= '0' && text[end] <= '9' || strings.IndexByte("-._~+=", text[end]) >= 0) {
		end++
	}
	return end
}

// tokensIn visits what may be a token in a header, whatever the app calls it and
// puts around it, until visit returns true.
func tokensIn(h http.Header, visit func(key uint64) bool) bool {
	left := maxTokenHeaders
	for name, values := range h {
		if len(values) == 0 || len(values[0]) < minToken || len(values[0]) > maxToken || name == "Cookie" || name == "Set-Cookie" {
			continue
		}
		if left--; left < 0 {
			return false
		}
		for text := []byte(values[0]); len(text) >= minToken; {
			end := endOfToken(text)
			if end >= minToken && looksRandom(text[:end]) && visit(hashOfToken(text[:end])) {
				return true
			}
			text = text[min(end+1, len(text)):]
		}
	}
	return false
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

// each visits the known sessions of a request, by its cookies and by the tokens
// in its header, until visit returns true. Scripts keep a token they were issued
// in a cookie, too.
func (s *Sessions) each(request http.Header, visit func(key uint64, known *openSession) bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.byHash) == 0 {
		return false
	}
	of := func(key uint64) bool {
		known := s.byHash[key]
		return known != nil && visit(key, known)
	}
	if len(request["Cookie"]) > 0 {
		for _, c := range (&http.Request{Header: request}).Cookies() {
			if of(hashOfSession(c.Name, c.Value)) || len(c.Value) >= minToken && of(hashOfToken([]byte(c.Value))) {
				return true
			}
		}
	}
	return tokensIn(request, of)
}
