package evidence

import (
	"math"

	"github.com/ulule/limiter/v3"
)

// limitEntry is the state of one key of a LimitStore: 28 bytes. Counts are whole
// events. The start is split in two, because a field of 8 bytes would cost
// every entry 4 to 8 bytes of alignment.
type limitEntry struct {
	prev, cur uint32
	start     Seconds
	last      uint32 // when something was last let through, milliseconds after start
	limit     uint32 // of the last call, for the rank
	window    uint32 // of the last call, milliseconds, for the rank
	milli     uint16 // of start
	refused   bool   // the last call was refused
}

func (e *limitEntry) startMillis() int64 { return int64(e.start)*1000 + int64(e.milli) }

// idle is when everything will be available again if nothing more is let
// through: no window that ends then or later holds anything.
func (e *limitEntry) idle(window int64) int64 { return e.startMillis() + int64(e.last) + window }

func (e *limitEntry) span(now, window int64) span {
	s := span{start: e.startMillis(), window: window, prev: uint64(e.prev), cur: uint64(e.cur)}
	if now >= e.idle(window) {
		s.prev, s.cur = 0, 0
	}
	return s.at(now)
}

// count adds n if the limit allows it, else what it allows.
func (e *limitEntry) count(now int64, n uint64, rate limiter.Rate) limiter.Context {
	s, limit := e.span(now, rate.Period.Milliseconds()), uint64(rate.Limit)
	free := limit - min(s.value(now), limit)
	if granted := min(n, free); granted > 0 {
		s.cur += granted
		e.prev, e.cur = uint32(s.prev), uint32(s.cur)
		e.start, e.milli = Seconds(s.start/1000), uint16(s.start%1000)
		e.last = uint32(max(now-s.start, 0))
	}
	e.refused = n > free
	e.limit, e.window = uint32(limit), uint32(s.window)
	out := e.state(s, now, rate)
	out.Reached = e.refused
	return out
}

// state is what a caller sees of the span.
func (e *limitEntry) state(s span, now int64, rate limiter.Rate) limiter.Context {
	limit := uint64(rate.Limit)
	free := limit - min(s.value(now), limit)
	reset := now / 1000
	if free == 0 {
		reset = (min(s.below(now, limit-1), e.idle(s.window)) + 999) / 1000
	}
	return limiter.Context{
		Limit:     rate.Limit,
		Remaining: int64(free),
		Reset:     reset,
		Reached:   e.refused && free == 0,
	}
}

// rankLimit keeps the keys that have used the largest share of their limit,
// those that were refused before all others.
func rankLimit(e *limitEntry, now Seconds) uint32 {
	ms := int64(now) * 1000
	s := e.span(ms, int64(e.window))
	limit := uint64(max(e.limit, 1))
	used := min(s.value(ms), limit)
	rank := uint32(used * (math.MaxUint32 / 2) / limit)
	if e.refused && used == limit {
		rank |= 1 << 31
	}
	return rank
}
