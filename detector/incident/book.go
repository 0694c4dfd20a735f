package incident

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/identity"
)

// Bounds and times.
const (
	// MaxOpen is how many incidents of a site are open at once. Beyond it a new
	// one joins the latest of its kind, or ends the quietest.
	MaxOpen = 64
	// MaxAccounts is how many accounts of an incident are listed, MaxSources how
	// many sources.
	MaxAccounts = 1000
	MaxSources  = 256
	// maxListed is how many accounts all open incidents of a site list together.
	maxListed = 16 << 10
	// recentKept is how many attempts are kept for an incident that may open.
	recentKept = 1024
	recentFor  = time.Hour
	// updateEvery is how often an incident is told of while it runs, quietFor how
	// long nothing may happen before it has ended.
	updateEvery = 5 * time.Minute
	quietFor    = 30 * time.Minute
	// inboxSize is how many observations wait while somebody works them off, and
	// turn how many one caller works off for others.
	inboxSize = 512
	turn      = 16
)

// Sighting is what one attempt shows, once its verdict and outcome are known.
type Sighting struct {
	Time time.Time
	// Detection is what was detected, Axis what it is about; empty for most.
	Detection config.Detection
	Axis      config.Axis
	Source    netip.Addr
	// Account is the pseudonym of the identity, zero when there is none, and
	// Name how it may be shown.
	Account identity.Pseudonym
	Name    string
	// Agent stands for the client's software, 0 when unknown.
	Agent uint32
	// Refused tells that it did not reach the app, Would that it would not have.
	Refused, Would bool
	// Failed and Succeeded tell how the app answered; neither: something else. A
	// repeat of the same wrong password is no failure.
	Failed, Succeeded bool
	// Known tells that the account had logged in before the attempt.
	Known bool
	// Familiar tells that source or client logged in to the account before.
	Familiar bool
	// Login tells that a success means that somebody is in.
	Login bool
}

// opens reports whether the sighting is an attack by itself. What the operator
// wrote (blocks, limits, lists) detects nothing, and a takeover is a success that
// belongs to an attack, if there is one.
func (s *Sighting) opens() bool {
	switch s.Detection {
	case "", config.RateLimit, config.Operator, config.Takeover, config.Uninspectable, config.MissingCredentials:
		return false
	}
	return s.Refused || s.Would
}

// matters reports whether the sighting can ever be part of an incident.
func (s *Sighting) matters() bool {
	return s.Refused || s.Would || s.Failed || (s.Succeeded && !s.Familiar)
}

// vital reports whether the sighting must not be lost.
func (s *Sighting) vital() bool { return s.Succeeded && !s.Familiar && s.Login }

// Book holds the incidents of a site. The zero value is empty; it is safe for
// concurrent use.
type Book struct {
	inbox atomic.Pointer[chan Sighting]
	// missed counts what found the inbox full, by whether it was refused.
	missed, missedRefused atomic.Uint64

	mu        sync.Mutex  // guards what follows
	open      []*campaign // oldest first, at most MaxOpen
	ended     []Record    // oldest first, at most MaxOpen
	done      []*campaign // ended and not told yet, at most MaxOpen
	opened    map[config.Detection]uint64
	bySource  map[netip.Prefix]*campaign // source or network
	byAccount map[identity.Pseudonym]*campaign
	listed    int
	recent    ring
	rise      riseWatch
}

// Change is something to tell: an incident that was opened, that went on or that
// ended, and the accounts that are compromised since it was told of last.
type Change struct {
	Record
	Fresh []Account
}

// endedAccounts is how many targeted accounts of an ended incident are kept.
const endedAccounts = 100

// Observe enters an attempt. It waits for nobody and takes the time of a few map
// lookups, or of a few for others; only a login of a stranger waits for its turn
// when more than inboxSize attempts are being entered at the moment.
func (b *Book) Observe(s Sighting) {
	if !s.matters() {
		return
	}
	inbox := b.inbox.Load()
	if inbox == nil {
		made := make(chan Sighting, inboxSize)
		b.inbox.CompareAndSwap(nil, &made)
		inbox = b.inbox.Load()
	}
	select {
	case *inbox <- s:
	default:
		b.overflow(s)
		return
	}
	if b.mu.TryLock() {
		b.work(turn)
		b.mu.Unlock()
	}
}

func (b *Book) overflow(s Sighting) {
	if s.vital() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.enter(s)
		return
	}
	b.missed.Add(1)
	if s.Refused {
		b.missedRefused.Add(1)
	}
}

// work enters at most n observations; called with mu held.
func (b *Book) work(n int) {
	inbox := b.inbox.Load()
	if inbox == nil {
		return
	}
	for range n {
		select {
		case s := <-*inbox:
			b.enter(s)
		default:
			return
		}
	}
}

// settle enters all that waits, and what was only counted into the incident
// that is busiest; called with mu held.
func (b *Book) settle() {
	b.work(inboxSize)
	busiest := b.latest(func(*campaign) bool { return true })
	if busiest == nil {
		return
	}
	if missed := b.missed.Swap(0); missed > 0 {
		busiest.attempts += missed
		busiest.refused += b.missedRefused.Swap(0)
	}
}

// Changes returns what there is to tell at now: incidents that were opened, that
// went on, each at most every five minutes, and that have ended. It is to be
// called every few seconds, by one caller.
func (b *Book) Changes(now time.Time, site string) []Change {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.settle()
	for i := 0; i < len(b.open); {
		if now.Sub(b.open[i].last) >= quietFor {
			b.end(i)
			continue
		}
		i++
	}
	var list []Change
	for _, c := range b.done {
		change := b.tell(c, now, site, Ended)
		list = append(list, change)
		change.Record.Targeted = change.Targeted[:min(len(change.Targeted), endedAccounts)]
		b.ended = append(b.ended, change.Record)
	}
	b.done = nil
	if over := len(b.ended) - MaxOpen; over > 0 {
		b.ended = append([]Record(nil), b.ended[over:]...)
	}
	for _, c := range b.open {
		switch {
		case c.told.IsZero():
			list = append(list, b.tell(c, now, site, Opened))
		case c.news && now.Sub(c.told) >= updateEvery:
			list = append(list, b.tell(c, now, site, Updated))
		}
	}
	return list
}

func (b *Book) tell(c *campaign, now time.Time, site string, status Status) Change {
	change := Change{Record: c.record(site, status, MaxAccounts)}
	for _, pseudonym := range c.fresh {
		if a := c.accounts[pseudonym]; a != nil {
			change.Fresh = append(change.Fresh, Account{Pseudonym: pseudonym.String(), Name: a.name, Attempts: a.attempts, Since: a.since})
		}
	}
	c.told, c.news, c.fresh = now, false, nil
	return change
}

// end ends the i-th open incident; called with mu held.
func (b *Book) end(i int) {
	c := b.open[i]
	b.open = append(b.open[:i:i], b.open[i+1:]...)
	b.unlink(c)
	if len(b.done) < MaxOpen {
		b.done = append(b.done, c)
	}
}

// latest is the open incident that was seen last among those that fit.
func (b *Book) latest(fits func(*campaign) bool) (found *campaign) {
	for _, c := range b.open {
		if fits(c) && (found == nil || c.last.After(found.last)) {
			found = c
		}
	}
	return found
}
