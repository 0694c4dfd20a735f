package evidence

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/ulule/limiter/v3"
)

// ErrStoreClosed is what a LimitStore answers after Close.
var ErrStoreClosed = errors.New("the limit store is closed")

// MaxLimitPeriod is the longest period of a rate: what fits 32 bits of
// milliseconds, 49 days.
const MaxLimitPeriod = math.MaxUint32 * time.Millisecond

// LimitStore is a limiter.Store in local memory, bounded by a cap on its keys.
// It counts in two buckets as Counter does, in milliseconds, so there is no
// second burst at the boundary of two windows, which the stores that come with
// the limiter allow: with a limit of N and a period of W any interval of s <= W
// admits at most N*(1+s/W). It also remembers when it last let something
// through: after a whole period without, everything is available again, so that
// "1/10m" lets one through every ten minutes.
//
// What is refused is not counted. So a client that goes on hammering is let
// through again as soon as what it was *granted* has left the window, N times a
// window for as long as it likes, and no refusal lengthens the next one. An
// Increment of more than remains takes what remains and is refused.
//
// Context.Reset is the second from which one more would be let through, rounded
// up: now when something remains. It is what Retry-After is made of, and not,
// as with a fixed window, the moment when everything is available again.
// Context.Reached tells for Get and Increment that this call was refused, for
// Peek that the last one was and the next would be.
//
// Keys may have any length and any bytes; they are kept as keyed hashes only.
// When the store is full the key that has used the smallest share of its limit
// is forgotten first, an exhausted one last (see Table). The rate is passed with
// every call; a changed one acts at once on what is already counted.
//
// A LimitStore is safe for concurrent use, allocates nothing per call, starts no
// goroutine, and has nothing to clean up but memory.
type LimitStore struct {
	hasher Hasher
	clock  Clock
	table  atomic.Pointer[Table[limitEntry]]
}

// NewLimitStore returns a store for at most max keys.
func NewLimitStore(max int, h Hasher, clock Clock) (*LimitStore, error) {
	t, err := NewTable(max, rankLimit)
	if err != nil {
		return nil, fmt.Errorf("making a limit store: %w", err)
	}
	s := &LimitStore{hasher: h, clock: clock}
	s.table.Store(t)
	return s, nil
}

// Get counts one and tells whether it is let through.
func (s *LimitStore) Get(ctx context.Context, key string, rate limiter.Rate) (limiter.Context, error) {
	return s.Increment(ctx, key, 1, rate)
}

// Increment counts n at once and tells whether they are let through, all or
// none. Zero is a Peek; a negative n is an error.
func (s *LimitStore) Increment(ctx context.Context, key string, n int64, rate limiter.Rate) (out limiter.Context, err error) {
	t, err := s.ready(ctx, rate)
	if err != nil {
		return out, err
	}
	switch {
	case n < 0:
		return out, fmt.Errorf("counting %d against a limit: give a positive number", n)
	case n == 0:
		return s.Peek(ctx, key, rate)
	}
	now := s.millis()
	t.Update(s.hasher.Text(0, 0, key), Seconds(now/1000), func(e *limitEntry, _ bool) {
		out = e.count(now, uint64(n), rate)
	})
	return out, nil
}

// Peek tells how things stand and changes nothing.
func (s *LimitStore) Peek(ctx context.Context, key string, rate limiter.Rate) (limiter.Context, error) {
	t, err := s.ready(ctx, rate)
	if err != nil {
		return limiter.Context{}, err
	}
	now := s.millis()
	var found limitEntry
	t.View(s.hasher.Text(0, 0, key), func(e *limitEntry) { found = *e })
	return found.state(found.span(now, rate.Period.Milliseconds()), now, rate), nil
}

// Reset forgets the key.
func (s *LimitStore) Reset(ctx context.Context, key string, rate limiter.Rate) (limiter.Context, error) {
	t, err := s.ready(ctx, rate)
	if err != nil {
		return limiter.Context{}, err
	}
	t.Delete(s.hasher.Text(0, 0, key))
	now := s.millis()
	var none limitEntry
	return none.state(none.span(now, rate.Period.Milliseconds()), now, rate), nil
}

// Close gives the memory back. Afterwards every call but the sizes and Close
// itself answers ErrStoreClosed.
func (s *LimitStore) Close() error {
	s.table.Store(nil)
	return nil
}

// LimitStats are the sizes of a LimitStore, all zero after Close.
type LimitStats struct {
	Len, Cap  int
	Evictions uint64
	Bytes     int64
}

// Stats tells how full the store is.
func (s *LimitStore) Stats() LimitStats {
	t := s.table.Load()
	if t == nil {
		return LimitStats{}
	}
	return LimitStats{Len: t.Len(), Cap: t.Cap(), Evictions: t.Evictions(), Bytes: t.Bytes()}
}

// millis is the time in milliseconds, kept to the range of Seconds.
func (s *LimitStore) millis() int64 {
	return min(max(s.clock.Time().UnixMilli(), 1000), math.MaxUint32*1000)
}

func (s *LimitStore) ready(ctx context.Context, rate limiter.Rate) (*Table[limitEntry], error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("counting against a limit: %w", err)
	}
	switch {
	case rate.Limit < 1 || rate.Limit > math.MaxUint32:
		return nil, fmt.Errorf("counting against a limit of %d: give 1 to %d", rate.Limit, uint32(math.MaxUint32))
	case rate.Period < time.Second || rate.Period > MaxLimitPeriod:
		return nil, fmt.Errorf("counting against a limit per %s: give a period from %s to %s", rate.Period, time.Second, MaxLimitPeriod)
	}
	t := s.table.Load()
	if t == nil {
		return nil, ErrStoreClosed
	}
	return t, nil
}
