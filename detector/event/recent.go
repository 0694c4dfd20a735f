package event

import (
	"context"
	"sync"
)

// Recent is a sink that remembers the last events in memory, for operators who
// ask what has just happened. Safe for concurrent use.
type Recent struct {
	mu   sync.Mutex
	ring []*Event
	next int
	full bool
}

// NewRecent returns a Recent that remembers n events.
func NewRecent(n int) *Recent { return &Recent{ring: make([]*Event, n)} }

// Name returns "recent".
func (*Recent) Name() string { return "recent" }

// Write remembers e and forgets the oldest event when n are remembered.
func (r *Recent) Write(_ context.Context, e *Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ring[r.next] = e
	r.next++
	if r.next == len(r.ring) {
		r.next, r.full = 0, true
	}
	return nil
}

// Replace puts what f returns in the place of every event that is remembered, or
// leaves it if that is the same. f must not change the event: others hold it.
func (r *Recent) Replace(f func(*Event) *Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, e := range r.ring {
		if e != nil {
			r.ring[i] = f(e)
		}
	}
}

// Last returns up to n events that keep accepts, the newest first. A nil keep
// accepts all.
func (r *Recent) Last(n int, keep func(*Event) bool) []*Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	held := r.next
	if r.full {
		held = len(r.ring)
	}
	var list []*Event
	for i := 1; i <= held && len(list) < n; i++ {
		e := r.ring[(r.next-i+len(r.ring))%len(r.ring)]
		if keep == nil || keep(e) {
			list = append(list, e)
		}
	}
	return list
}
