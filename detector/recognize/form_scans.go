package recognize

import (
	"sync"
	"time"
)

// The budget for reading pages: what a page of a route can teach it teaches in
// its first views, and nobody may make a site read all its pages for ever.
const (
	// maxScansOfRoute is how often the pages of one route are read within an
	// hour without teaching anything new.
	maxScansOfRoute = 4
	// maxScans is how often pages are read within an hour in all; the last
	// reservedScans of them are for paths that speak of logins or accounts.
	maxScans      = 256
	reservedScans = 64
	scanWindow    = time.Hour
)

// scanBudget counts the pages read in the hour since begin. It holds an entry
// per route that was read, so at most maxScans of them.
type scanBudget struct {
	mu    sync.Mutex
	begin time.Time
	spent int
	// route counts by address and what the query names as the thing to do: many
	// apps have one script for all their forms.
	route map[scanRoute]int
}

type scanRoute struct {
	address   string
	operation pathSense
}

func scanRouteOf(path, query string) scanRoute {
	return scanRoute{address: string(appendAddress(nil, "", path)), operation: senseOfQuery(query)}
}

// MayScan reports whether a page of path and query may be read at time now, and
// counts it: at most 4 of a route and 256 of the site within an hour. Ask it
// last, for pages for which HoldsPasswordField and MayShowForm are true. The
// hour begins with the first page. It is safe for concurrent use.
func (b *FormBook) MayScan(now time.Time, path, query string) bool {
	s := &b.budget
	s.mu.Lock()
	defer s.mu.Unlock()
	if age := now.Sub(s.begin); age >= scanWindow || age <= -scanWindow {
		s.begin, s.spent = now, 0
		s.route = make(map[scanRoute]int)
	}
	if s.spent >= maxScans {
		return false
	}
	key := scanRouteOf(path, query)
	if s.route[key] >= maxScansOfRoute {
		return false
	}
	if s.spent >= maxScans-reservedScans && (senseOfPath(path)|key.operation)&(tellsKind|saysAuth) == 0 {
		return false
	}
	s.spent++
	s.route[key]++
	return true
}

// giveBack returns a scan to its route, not to the site: it taught something,
// so the next page may as well.
func (b *FormBook) giveBack(path, query string) {
	s := &b.budget
	s.mu.Lock()
	defer s.mu.Unlock()
	if key := scanRouteOf(path, query); s.route[key] > 0 {
		s.route[key]--
	}
}
