package devicecookie

import (
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doorward/doorward/detector/follow"
	"github.com/doorward/doorward/detector/recognize"
)

// The bounds of a Book.
const (
	// MaxDue is how many clients of a site wait for their cookie at once; one
	// more pushes the oldest out, who gets it at the next login.
	MaxDue = 4096
	// maxPerClient is how many wait behind one address with the same browser.
	maxPerClient = 8
	// dueFor is how long one waits: until the page that a login led to was read
	// and left.
	dueFor = 10 * time.Minute
)

// Due is a client that has logged in and shall get its cookie.
type Due struct {
	// Client is the number that the cookie shall hold.
	Client uint64
	// Renewal tells that the client had a cookie of that number.
	Renewal bool

	who      follow.Client
	sessions recognize.Sessions
	until    time.Time
	waiting  bool
}

// Book holds who is to get a cookie. The zero value is ready; it is safe for
// concurrent use. Of sessions it keeps keyed hashes, in memory, for ten minutes.
type Book struct {
	mu    sync.Mutex
	byWho map[follow.Client][]*Due
	ring  []*Due // in the order they were added, from next on
	next  int
	n     atomic.Int64
}

// Idle reports whether nobody waits. It costs one atomic load.
func (b *Book) Idle() bool { return b.n.Load() == 0 }

// Len is how many wait.
func (b *Book) Len() int { return int(b.n.Load()) }

// Add lets a client wait whose login has succeeded. sent and answered are the
// headers of the login and of its answer: the cookie goes only to who bears the
// session in them, or to nobody when there is none. Else a neighbour behind the
// same address could get it, and be taken for the one who logged in.
func (b *Book) Add(now time.Time, who follow.Client, client uint64, renewal bool, sent, answered http.Header) {
	d := &Due{Client: client, Renewal: renewal, who: who, until: now.Add(dueFor)}
	d.sessions.Opened(now, sent, answered, nil)
	b.put(d)
}

// Back lets one that Take returned wait on, for what is left of its time.
func (b *Book) Back(now time.Time, d *Due) {
	if now.Before(d.until) {
		b.put(d)
	}
}

func (b *Book) put(d *Due) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.byWho == nil {
		b.byWho = make(map[follow.Client][]*Due)
	}
	if waiting := b.byWho[d.who]; len(waiting) >= maxPerClient {
		b.drop(waiting[0])
	}
	if len(b.ring) < MaxDue {
		b.ring = append(b.ring, d)
	} else {
		b.drop(b.ring[b.next])
		b.ring[b.next] = d
		b.next = (b.next + 1) % MaxDue
	}
	d.waiting = true
	b.byWho[d.who] = append(b.byWho[d.who], d)
	b.n.Add(1)
}

// drop lets one wait no longer; called with mu held.
func (b *Book) drop(d *Due) {
	if !d.waiting {
		return
	}
	d.waiting = false
	b.n.Add(-1)
	left := slices.DeleteFunc(b.byWho[d.who], func(other *Due) bool { return other == d })
	if len(left) == 0 {
		delete(b.byWho, d.who)
		return
	}
	b.byWho[d.who] = left
}

// Take returns the one that waits for this request, nil if none does. It waits
// no longer then: of two requests at once one answer carries the cookie.
func (b *Book) Take(now time.Time, who follow.Client, request http.Header) *Due {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, d := range b.byWho[who] {
		if now.Before(d.until) && d.sessions.Bears(now, request) {
			b.drop(d)
			b.rest()
			return d
		}
	}
	return nil
}

// Sweep drops those who have waited long enough.
func (b *Book) Sweep(now time.Time) {
	if b.Idle() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, d := range b.ring {
		if !now.Before(d.until) {
			b.drop(d)
		}
	}
	b.rest()
}

// rest lets go of those who were served, once nobody waits; called with mu held.
func (b *Book) rest() {
	if b.Idle() {
		b.ring, b.next = nil, 0
	}
}
