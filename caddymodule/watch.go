package caddymodule

import (
	"hash/maphash"
	"maps"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doorward/doorward/caddymodule/devicecookie"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/follow"
	"github.com/doorward/doorward/detector/incident"
	"github.com/doorward/doorward/detector/recognize"
)

// watch is what is looked out for in answers to requests that are no attempts:
// the pages that tell how an attempt ended, the proofs of sessions, the forms
// that the app serves. It belongs to a site and outlives configurations.
type watch struct {
	// pending are attempts whose outcome the next page tells.
	pending follow.Watch[*visit]
	// held are those whose page is on its way to the client.
	held heldVisits
	// holding are the requests that the answer delay holds.
	holding holding
	// incidents are the attacks on the site.
	incidents incident.Book
	// proofs are successes on routes that have not proved themselves.
	proofs follow.Watch[*visit]
	// wanted tells that some success still needs a proof, so that it is worth
	// knowing which pages are closed to visitors.
	wanted atomic.Bool
	closed closedPaths
	looks  lookBudget
	forms  recognize.FormBook
	// sessions are those in which somebody is logged in.
	sessions recognize.Sessions
	work     workBudget
	// devices are browsers that have earned a device cookie.
	devices devicecookie.Book
	// pages are those from which somebody has logged in or signed up.
	pages accountPages
}

// forget drops what was learned of the site's pages. What waits for an outcome
// or a proof waits on: it belongs to attempts, not to what was learned.
func (w *watch) forget() {
	w.forms.Forget()
	w.closed.forget()
	w.pages.forget()
	w.looks.refill()
}

// watches holds the watch of every site by name. Names come from the
// configuration, never from requests.
type watches struct {
	mu     sync.Mutex
	byName map[string]*watch
}

func (b *watches) of(site string) *watch {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.byName == nil {
		b.byName = make(map[string]*watch)
	}
	if b.byName[site] == nil {
		b.byName[site] = new(watch)
	}
	return b.byName[site]
}

// all returns the watches by site.
func (b *watches) all() map[string]*watch {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.byName)
}

// settleOverdue settles what has waited long enough, by what is known.
func (b *watches) settleOverdue(now time.Time) {
	b.mu.Lock()
	list := make([]*watch, 0, len(b.byName))
	for _, w := range b.byName {
		list = append(list, w)
	}
	b.mu.Unlock()
	for _, w := range list {
		for _, wait := range w.pending.Overdue(now) {
			wait.Value.giveUp()
		}
		for _, wait := range w.held.overdue(now) {
			wait.Value.giveUp()
		}
		w.proofs.Overdue(now)
		w.devices.Sweep(now)
	}
}

// heldVisits are attempts whose page a client has begun to get. It may take as
// long over it as it likes, and nothing would be told of a takeover until then.
// There are at most follow.MaxPerClient for each request that is being answered.
// The zero value is ready.
type heldVisits struct {
	mu    sync.Mutex
	until map[*follow.Wait[*visit]]time.Time
}

func (h *heldVisits) add(now time.Time, waits []*follow.Wait[*visit]) {
	if len(waits) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.until == nil {
		h.until = make(map[*follow.Wait[*visit]]time.Time)
	}
	for _, wait := range waits {
		h.until[wait] = now.Add(follow.MaxAge)
	}
}

// take reports whether the attempt is still the caller's to decide.
func (h *heldVisits) take(wait *follow.Wait[*visit]) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, mine := h.until[wait]
	delete(h.until, wait)
	return mine
}

func (h *heldVisits) overdue(now time.Time) (over []*follow.Wait[*visit]) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for wait, until := range h.until {
		if !now.Before(until) {
			over = append(over, wait)
			delete(h.until, wait)
		}
	}
	return over
}

// maxClosed is how many closed pages of a site are known: a proof needs one of
// those that people see first after they have logged in.
const maxClosed = 64

// closedPaths are pages that visitors were refused: they answered 401, 403 or
// a redirect to a login route. The zero value knows none.
type closedPaths struct {
	mu   sync.Mutex
	hash map[uint64]struct{}
}

var pathSeed = maphash.MakeSeed()

// see learns from the answer to a visitor without a session.
func (c *closedPaths) see(path string, closed bool) {
	key := maphash.String(pathSeed, path)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case !closed:
		delete(c.hash, key)
	case len(c.hash) < maxClosed:
		if c.hash == nil {
			c.hash = make(map[uint64]struct{})
		}
		c.hash[key] = struct{}{}
	}
}

func (c *closedPaths) has(path string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, known := c.hash[maphash.String(pathSeed, path)]
	return known
}

// forget drops what is known, so that it is seen anew.
func (c *closedPaths) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hash = nil
}

// isClosed reports whether an answer to a visitor refuses the page to him.
func isClosed(site *detector.Site, status int, h http.Header) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return true
	}
	return status >= 300 && status < 400 && site.TakesLogins(locationPath(h))
}

// The budget of looks, within an hour. What a page can teach it teaches in its
// first views; a site with more pages than this has its login page looked at
// because its address says so.
const (
	looksPerPath  = 4
	looksPerSite  = 1024
	looksReserved = 256 // of them for paths that speak of accounts
	looksWindow   = time.Hour
)

// lookBudget bounds how many answers to requests that are no attempts are
// looked at: at most looksPerPath of a path and looksPerSite in all within
// looksWindow. The zero value is full.
type lookBudget struct {
	mu     sync.RWMutex
	begin  time.Time
	spent  int
	byPath map[uint64]uint8
}

// take reports whether one more answer for path may be looked at. Paths that
// speak of accounts may use the reserve. Readers do not wait for each other: it
// is asked for every page, and writes at most looksPerSite times an hour.
func (b *lookBudget) take(now time.Time, path string) bool {
	key := maphash.String(pathSeed, path)
	b.mu.RLock()
	may := b.over(now) || b.room(key, path)
	b.mu.RUnlock()
	if !may {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over(now) {
		b.begin, b.spent = now, 0
		b.byPath = make(map[uint64]uint8)
	}
	if !b.room(key, path) {
		return false
	}
	b.spent++
	b.byPath[key]++
	return true
}

// over reports whether the window has ended; called with mu held.
func (b *lookBudget) over(now time.Time) bool {
	age := now.Sub(b.begin)
	return age >= looksWindow || age < 0
}

// room reports whether there is a look left for the path; called with mu held.
func (b *lookBudget) room(key uint64, path string) bool {
	if b.spent >= looksPerSite || b.byPath[key] >= looksPerPath {
		return false
	}
	return b.spent < looksPerSite-looksReserved || recognize.SaysAccount(path)
}

// refill makes the budget full again.
func (b *lookBudget) refill() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.begin = time.Time{}
}

// maxWorking is how many sources are remembered to have sent what is no attempt
// because somebody is logged in there.
const maxWorking = 1024

// workBudget bounds what may go by as the work of administrators: at most
// recognize.MaxAdministered requests of a source within workWindow, in however
// many sessions. Whoever has an account opens as many as he likes, and would
// have twenty guesses unseen in each. The zero value is full.
type workBudget struct {
	mu       sync.Mutex
	begin    time.Time
	bySource map[netip.Prefix]int
}

const workWindow = 12 * time.Hour

func (b *workBudget) take(now time.Time, source netip.Prefix) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if age := now.Sub(b.begin); age >= workWindow || age < 0 {
		b.begin, b.bySource = now, make(map[netip.Prefix]int)
	}
	n, known := b.bySource[source]
	if n >= recognize.MaxAdministered || !known && len(b.bySource) >= maxWorking {
		return false
	}
	b.bySource[source] = n + 1
	return true
}
