package recognize

import (
	"hash/maphash"
	"net/http"
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
	// MaxAdministered is how many passwords and accounts that are not his own
	// somebody who is logged in may send before each counts as an attempt. Who
	// has an account of his own must not create accounts without end by it.
	MaxAdministered = 20
)

// Sessions are the sessions in which somebody has logged in. Who creates an
// account or sends a user name with a password while he is logged in is mostly
// an administrator at work, and no visitor.
//
// Only keyed hashes of cookies are kept, in memory. The zero value is ready; it
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

// Opened remembers the session of a login that succeeded: what the answer set,
// or what the request bore when the app keeps the session of the visitor.
func (s *Sessions) Opened(now time.Time, request, answer http.Header) {
	set := false
	for _, c := range answerCookies(answer) {
		if !c.deleted && isSessionCookie(c.name, c.value) {
			s.open(now, c.name, c.value)
			set = true
		}
	}
	if set {
		return
	}
	for _, c := range (&http.Request{Header: request}).Cookies() {
		if isSessionCookie(c.Name, c.Value) {
			s.open(now, c.Name, c.Value)
		}
	}
}

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

func (s *Sessions) open(now time.Time, name, value string) {
	key := hashOfSession(name, value)
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

// each visits the known sessions of a request until visit returns true.
func (s *Sessions) each(request http.Header, visit func(key uint64, known *openSession) bool) bool {
	if len(request["Cookie"]) == 0 {
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
	return false
}
