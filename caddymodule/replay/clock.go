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

// maxLate is how much earlier than the line before it an attempt may be: as long
// as apps take to answer a login, and more.
const maxLate = 10 * time.Minute

// set moves the clock to r, or r to the clock, or says why its time is wrong.
func (c *clock) set(r *record) error {
	t := r.line.Time
	switch late := c.now.Sub(t); {
	case c.now.IsZero() || late < 0:
		c.now = t
	case late > maxLate && r.line.Kind != config.KindNone:
		return fmt.Errorf("time runs backwards: %s after %s; write files that are not in order as several files, or sort them", t.Format(time.DateTime), c.now.Format(time.DateTime))
	default:
		r.line.Time = c.now
	}
	return nil
}

// maxAhead is how far a line may be ahead of those around it. Beyond it its time
// is wrong, and would make all that follow late.
const maxAhead = time.Hour

// ahead finds lines of one file whose time is wrong.
type ahead struct{ last time.Time }

// check says why the time of r, which is followed by rest, is wrong.
func (a *ahead) check(r *record, rest func() []record) error {
	t := r.line.Time
	if (a.last.IsZero() || t.Sub(a.last) > maxAhead) && isAhead(t, rest()) {
		return fmt.Errorf("the time %s is ahead of the lines around it", t.Format(time.DateTime))
	}
	a.last = t
	return nil
}

// isAhead reports whether t is far ahead of the next few lines, as far as they
// have been read.
func isAhead(t time.Time, rest []record) bool {
	const few = 3
	n := 0
	for i := range rest {
		if rest[i].bad != nil {
			continue
		}
		if t.Sub(rest[i].line.Time) <= maxAhead {
			return false
		}
		if n++; n == few {
			break
		}
	}
	return n > 0
}
