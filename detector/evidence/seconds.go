package evidence

import (
	"math"
	"time"
)

// Seconds is a moment as seconds since 1970-01-01T00:00:00Z, or a length of
// time. It lasts until 2106-02-07; zero is "never". Four bytes instead of the
// 24 of a time.Time are what keeps entries small.
type Seconds uint32

// ToSeconds rounds t down to the second. The zero time is 0, "never"; any other
// time before 1970-01-01T00:00:01Z is 1, and a time beyond the range is the end
// of the range, so that logs with broken dates can be replayed.
func ToSeconds(t time.Time) Seconds {
	if t.IsZero() {
		return 0
	}
	return Seconds(min(max(t.Unix(), 1), math.MaxUint32))
}

// Time is the reverse of ToSeconds, in UTC; 0 is the zero time.
func (s Seconds) Time() time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(int64(s), 0).UTC()
}

// Span is the length of time that s stands for.
func (s Seconds) Span() time.Duration { return time.Duration(s) * time.Second }

// Span rounds a length of time up to whole seconds; less than one is one, and
// more than the range is the whole range.
func Span(d time.Duration) Seconds {
	if d <= time.Second {
		return 1
	}
	n := int64(d / time.Second)
	if d%time.Second != 0 {
		n++
	}
	return Seconds(min(n, math.MaxUint32))
}

// Clock tells the time. The nil Clock is time.Now.
type Clock func() time.Time

// Time is the current time of the clock.
func (c Clock) Time() time.Time {
	if c == nil {
		return time.Now()
	}
	return c()
}

// Now is the current time of the clock in Seconds.
func (c Clock) Now() Seconds { return ToSeconds(c.Time()) }
