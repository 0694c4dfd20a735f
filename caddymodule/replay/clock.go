package replay

import (
	"fmt"
	"time"

	"github.com/doorward/doorward/config"
)

// clock is the time of a log, which never runs backwards. Servers write a line
// when a request ends and some of them the time it began, so lines are a little
// out of order; they count as written at the latest time seen.
type clock struct{ now time.Time }

const (
	// maxLate is how much earlier than the line before it an attempt may be: as
	// long as apps take to answer a login, and more.
	maxLate = 10 * time.Minute
	// maxAhead is how far a single line may be ahead of those around it. Beyond
	// it its time is wrong, and would make all that follow late.
	maxAhead = time.Hour
)

// set moves the clock to r, or r to the clock, or says why its time is wrong.
// next are some lines behind it, as far as they are known.
func (c *clock) set(r *record, next []*record) error {
	t := r.line.Time
	switch late := c.now.Sub(t); {
	case late > maxLate && r.line.Kind != config.KindNone:
		return fmt.Errorf("time runs backwards: %s after %s; write files that are not in order as several files, or sort them", t.Format(time.DateTime), c.now.Format(time.DateTime))
	case late >= 0 && !c.now.IsZero():
		r.line.Time = c.now
		return nil
	}
	if (c.now.IsZero() || t.Sub(c.now) > maxAhead) && isAhead(t, next) {
		return fmt.Errorf("the time %s is ahead of the lines around it", t.Format(time.DateTime))
	}
	c.now = t
	return nil
}

// isAhead reports whether t is far ahead of every line that follows.
func isAhead(t time.Time, next []*record) bool {
	for _, r := range next {
		if t.Sub(r.line.Time) <= maxAhead {
			return false
		}
	}
	return len(next) > 0
}
