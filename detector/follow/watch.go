package follow

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// The bounds of what waits, per site.
const (
	// MaxWaiting is how many wait at once.
	MaxWaiting = 4096
	// MaxPerClient is how many wait for one client: behind one address there
	// may be several people with the same browser.
	MaxPerClient = 32
	// MaxAge is how long one waits at most.
	MaxAge = 10 * time.Second
	// MaxAnswers is how many answers to its client are looked at.
	MaxAnswers = 5
)

// Client is who is followed: an address together with a User-Agent.
type Client uint64

// ClientOf names a client.
func ClientOf(addr netip.Addr, userAgent string) Client {
	var h maphash.Hash
	h.SetSeed(seed)
	b := addr.As16()
	_, _ = h.Write(b[:])
	_, _ = h.WriteString(userAgent)
	return Client(h.Sum64())
}

// Wait is one thing that waits, and what for.
type Wait[T any] struct {
	// Jar is what the client must bear.
	Jar Jar
	// Value is the caller's.
	Value T
	// Age is how long it waits, at most MaxAge and by default that.
	Age time.Duration

	client  Client
	until   time.Time
	answers int
}

// Watch holds what waits for the next answers of clients. The zero value is
// ready.
type Watch[T any] struct {
	mu       sync.RWMutex
	byClient map[Client][]*Wait[T]
	n        atomic.Int64
}

// Idle reports whether nothing waits. It costs one atomic load, so that a
// request of a site where nobody logs in pays nothing else.
func (w *Watch[T]) Idle() bool { return w.n.Load() == 0 }

// Len is how many wait.
func (w *Watch[T]) Len() int { return int(w.n.Load()) }

// Add lets something wait for the client from now on. It reports false when
// there is no room.
func (w *Watch[T]) Add(now time.Time, client Client, wait *Wait[T]) bool {
	age := wait.Age
	if age <= 0 || age > MaxAge {
		age = MaxAge
	}
	wait.client, wait.until, wait.answers = client, now.Add(age), MaxAnswers
	return w.put(wait)
}

// Back lets something that Take returned wait on, for what is left of its time
// and answers. It reports false when nothing is left, or no room.
func (w *Watch[T]) Back(now time.Time, wait *Wait[T]) bool {
	return wait.answers > 0 && now.Before(wait.until) && w.put(wait)
}

func (w *Watch[T]) put(wait *Wait[T]) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.n.Load() >= MaxWaiting || len(w.byClient[wait.client]) >= MaxPerClient {
		return false
	}
	if w.byClient == nil {
		w.byClient = make(map[Client][]*Wait[T])
	}
	w.byClient[wait.client] = append(w.byClient[wait.client], wait)
	w.n.Add(1)
	return true
}

// Spare gives back the answer that Take counts: one that cannot be to the client
// that is waited for, but to a neighbour with the same address and browser. Call
// it from match only.
func (w *Wait[T]) Spare() { w.answers++ }

// Waits reports whether anything waits for the client. It does not allocate.
func (w *Watch[T]) Waits(client Client) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return len(w.byClient[client]) > 0
}

// Take counts one answer to the client. It removes what waits for it: first
// what matches, for the caller to decide on by that answer, then what has seen
// its last answer without a match. match must not block.
func (w *Watch[T]) Take(client Client, match func(*Wait[T]) bool) (matching, over []*Wait[T]) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var left []*Wait[T]
	for _, wait := range w.byClient[client] {
		wait.answers--
		switch {
		case match(wait):
			matching = append(matching, wait)
		case wait.answers <= 0:
			over = append(over, wait)
		default:
			left = append(left, wait)
		}
	}
	w.keep(client, left, len(matching)+len(over))
	return matching, over
}

// Overdue removes what has waited long enough.
func (w *Watch[T]) Overdue(now time.Time) []*Wait[T] {
	if w.Idle() {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var over []*Wait[T]
	for client, waits := range w.byClient {
		var left []*Wait[T]
		for _, wait := range waits {
			if now.Before(wait.until) {
				left = append(left, wait)
			} else {
				over = append(over, wait)
			}
		}
		w.keep(client, left, len(waits)-len(left))
	}
	return over
}

// keep replaces what waits for a client; called with mu held.
func (w *Watch[T]) keep(client Client, left []*Wait[T], gone int) {
	if gone == 0 {
		return
	}
	w.n.Add(-int64(gone))
	if len(left) == 0 {
		delete(w.byClient, client)
		return
	}
	w.byClient[client] = left
}
