package incident

import (
	"net/netip"
	"time"

	"github.com/doorward/doorward/detector/evidence"
)

// ring keeps the latest sightings that belong to no incident, at most recentKept
// of the last hour: the guesses below the threshold are part of the attack that
// the one beyond it shows. The zero value is empty and takes no room.
type ring struct {
	list []Sighting
	next int
}

func (r *ring) keep(s Sighting) {
	if len(r.list) < recentKept {
		r.list = append(r.list, s)
		return
	}
	r.list[r.next] = s
	r.next = (r.next + 1) % recentKept
}

// take gives what the source did within the last hour to f, and forgets it.
func (r *ring) take(now time.Time, source netip.Prefix, f func(*Sighting)) {
	for i := range r.list {
		s := &r.list[i]
		if s.Time.IsZero() || now.Sub(s.Time) > recentFor || evidence.SourcePrefix(s.Source) != source {
			continue
		}
		f(s)
		*s = Sighting{}
	}
}
