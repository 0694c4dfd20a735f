package limittest

import (
	"sync/atomic"
	"time"
)

// clock is the time of a check: one that stands still until it is moved, or the
// real one, which is moved by waiting.
type clock struct {
	real  bool
	nanos atomic.Int64
}

func newClock(real bool) *clock {
	c := &clock{real: real}
	// Off the second, so that rounding shows.
	c.nanos.Store(time.Date(2026, 3, 1, 12, 0, 0, 357_000_000, time.UTC).UnixNano())
	return c
}

func (c *clock) now() time.Time {
	if c.real {
		return time.Now()
	}
	return time.Unix(0, c.nanos.Load())
}

// pass lets time go by.
func (c *clock) pass(d time.Duration) {
	if c.real {
		time.Sleep(d)
		return
	}
	c.nanos.Add(int64(max(d, 0)))
}

// until lets time go by until a moment.
func (c *clock) until(t time.Time) { c.pass(t.Sub(c.now())) }
