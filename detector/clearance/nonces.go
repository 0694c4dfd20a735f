package clearance

import (
	"sync"
	"time"

	"github.com/doorward/doorward/detector/evidence"
)

// Failures is how many failures a clearance is good for.
const Failures = 3

// maxUses bounds how often a clearance can be used in all: attempts whose
// outcome is given back, because a form had expired or the app was down, use it
// up in the end.
const maxUses = 8

// Outcome is how an attempt ended that used a clearance.
type Outcome uint8

// The outcomes.
const (
	// Failed: the attempt failed.
	Failed Outcome = iota
	// Untold: nobody can tell. It uses the budget up like a failure and makes
	// nothing harder: an app that cannot be read is not the visitor's fault.
	Untold
	// Succeeded: it got in, or was asked for its second factor.
	Succeeded
	// Withdrawn: the app judged nothing.
	Withdrawn
)

// Nonces remembers what was redeemed and what was used of each clearance, until
// it ends by itself. A store that several servers share can stand in its place:
// it must be atomic, and a nonce must not be forgotten before its time. Safe for
// concurrent use.
type Nonces interface {
	// Redeem takes note of a solution, which stays until it could be redeemed no
	// more: Accepted once, Replayed afterwards.
	Redeem(now time.Time, n Nonce, until time.Time) Result
	// Reserve takes one use out of the budget and counts it as a failure
	// beforehand, so that parallel ones cannot all slip in. holder is who uses
	// it; the first one has it for good, but for 0, which is nobody. failed is how
	// many have failed before.
	Reserve(now time.Time, n Nonce, until time.Time, holder uint64) (failed int, _ Result)
	// Left reports whether Reserve would accept another use by somebody.
	Left(now time.Time, n Nonce) bool
	// Settle ends a use that Reserve has accepted.
	Settle(now time.Time, n Nonce, o Outcome)
}

// nonceShards is how many locks there are.
const nonceShards = 32

// NonceTable is the memory of nonces of one process: at most max of them, 64
// bytes each with its share of the map. Nonces are random and sealed, so nobody
// chooses where one falls. One that is full takes no further nonce until some
// have ended: who solves then must solve again. Filling it takes max solutions
// within MaxLife. Make it with NewNonceTable.
type NonceTable struct {
	perShard int
	shards   [nonceShards]nonceShard
}

type nonceShard struct {
	mu    sync.Mutex
	known map[Nonce]nonceEntry
	swept evidence.Seconds
}

// nonceEntry is what is known of a nonce.
type nonceEntry struct {
	until    evidence.Seconds
	failed   uint8
	open     uint8 // uses whose outcome is not known
	uses     uint8
	redeemed bool
	done     bool // used with success
	holder   uint64
}

// NewNonceTable returns a table for about max nonces.
func NewNonceTable(max int) *NonceTable {
	return &NonceTable{perShard: (max + nonceShards - 1) / nonceShards}
}

func (t *NonceTable) shard(n Nonce) *nonceShard { return &t.shards[n[0]%nonceShards] }

// Redeem implements Nonces.
func (t *NonceTable) Redeem(now time.Time, n Nonce, until time.Time) Result {
	s := t.shard(n)
	s.mu.Lock()
	defer s.mu.Unlock()
	e, known := s.get(n, now)
	switch {
	case known && e.redeemed:
		return Replayed
	case !known && !s.room(now, t.perShard):
		return Full
	}
	e.redeemed, e.until = true, max(e.until, seconds(until))
	s.known[n] = e
	return Accepted
}

// Reserve implements Nonces.
func (t *NonceTable) Reserve(now time.Time, n Nonce, until time.Time, holder uint64) (int, Result) {
	s := t.shard(n)
	s.mu.Lock()
	defer s.mu.Unlock()
	e, known := s.get(n, now)
	if !known && !s.room(now, t.perShard) {
		return 0, Full
	}
	switch {
	case e.spent():
		return int(e.failed), Spent
	case e.holder != 0 && holder != 0 && e.holder != holder:
		return int(e.failed), OtherIdentity
	case e.holder == 0:
		e.holder = holder
	}
	e.until = max(e.until, seconds(until))
	e.open++
	e.uses++
	s.known[n] = e
	return int(e.failed), Accepted
}

// Left implements Nonces.
func (t *NonceTable) Left(now time.Time, n Nonce) bool {
	s := t.shard(n)
	s.mu.Lock()
	defer s.mu.Unlock()
	e, _ := s.get(n, now)
	return !e.spent()
}

func (e *nonceEntry) spent() bool {
	return e.done || e.failed+e.open >= Failures || e.uses >= maxUses
}

// Settle implements Nonces. Of a nonce that has ended there is nothing to settle.
func (t *NonceTable) Settle(now time.Time, n Nonce, o Outcome) {
	s := t.shard(n)
	s.mu.Lock()
	defer s.mu.Unlock()
	e, known := s.get(n, now)
	if !known || e.open == 0 {
		return
	}
	e.open--
	switch o {
	case Succeeded:
		e.done = true
	case Failed, Untold:
		e.failed++
	case Withdrawn:
	}
	s.known[n] = e
}

// Len is how many nonces are held, those included that have ended and were not
// swept yet.
func (t *NonceTable) Len() (n int) {
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		n += len(s.known)
		s.mu.Unlock()
	}
	return n
}

// Cap is how many nonces are held at most.
func (t *NonceTable) Cap() int { return t.perShard * nonceShards }

// get returns what is known of a nonce that has not ended; called with mu held.
func (s *nonceShard) get(n Nonce, now time.Time) (nonceEntry, bool) {
	e, known := s.known[n]
	if !known || e.until < evidence.ToSeconds(now) {
		return nonceEntry{}, false
	}
	return e, true
}

// room makes room for one more if there is none, by dropping what has ended. It
// looks for that once a second at most; called with mu held.
func (s *nonceShard) room(now time.Time, max int) bool {
	if s.known == nil {
		s.known = make(map[Nonce]nonceEntry)
	}
	second := evidence.ToSeconds(now)
	if len(s.known) < max {
		return true
	}
	if s.swept == second {
		return false
	}
	s.swept = second
	for n, e := range s.known {
		if e.until < second {
			delete(s.known, n)
		}
	}
	return len(s.known) < max
}
