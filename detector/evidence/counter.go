package evidence

// Sliding counts in a sliding window with two numbers: what was added in the
// current bucket, one window long, and in the bucket before it, which is
// weighted by the part of it that is still inside the window and rounded up.
// The zero value is an empty counter. It is not safe for concurrent use; it
// lives in an entry of a Table.
//
// Counts are in quarters: 4 is one event of full weight, 1 an event of weight
// 0.25. A bucket saturates at the largest T and then takes no refunds, because
// what it lost count of cannot be taken back; it is never less than the truth.
//
// How exact it is, for a caller that adds one whenever Value is below N, with
// a window W and time in whole seconds:
//
//   - Any interval of s <= W seconds admits at most N*(1+(s+1)/W): a burst
//     admits N and then N/W a second, as a token bucket does. At the boundary
//     of two buckets there is no second burst, which is the flaw of a fixed
//     window (2N in no time).
//   - In a whole window an adversary who knows the boundary can come close to
//     2N, by N at the very end of a bucket and N spread over the following W;
//     over k windows it is at most (k+1)*N. Steady hammering spends its N at
//     the start and then gets N-1 a window, because a whole event must have
//     faded before the next is let through; for N = 1 that is one in 2W.
//   - Nothing counts longer than 2W: fewer than N in the last 2W seconds are
//     never refused, and after 2W of quiet Value is 0.
//
// The window is passed with every call, so that a changed threshold acts at
// once. What was counted under another window is kept and read by the new one;
// the sums are right again after two windows.
//
// A clock that goes back by at most a window adds to the current bucket and
// lets nothing expire. One that goes back further empties the counter: nobody
// can tell any more when its events were, and what was counted in the future
// would close a door until that future comes.
type Sliding[T uint16 | uint32] struct {
	start     Seconds
	prev, cur T
}

// Counter is 8 bytes and counts up to 65535 quarters, 16383 events, a window.
type Counter = Sliding[uint16]

// WideCounter is 12 bytes and counts up to 2^32-1 quarters a window.
type WideCounter = Sliding[uint32]

// Quarters is the weight of one whole event.
const Quarters = 4

// Add counts quarters at now. Zero or less adds nothing.
func (c *Sliding[T]) Add(now, window Seconds, quarters int) {
	if quarters <= 0 {
		return
	}
	c.slide(now, window)
	c.cur = T(min(uint64(c.cur)+uint64(quarters), uint64(^T(0))))
}

// Sub takes back quarters that were added at the moment at, from the bucket they
// were added to; if that has left the window there is nothing to take back. A
// bucket never goes below zero and so never pays for another one.
func (c *Sliding[T]) Sub(now, window, at Seconds, quarters int) {
	if quarters <= 0 {
		return
	}
	c.slide(now, window)
	bucket := &c.cur
	if at < c.start {
		if int64(at) < int64(c.start)-int64(max(window, 1)) {
			return
		}
		bucket = &c.prev
	}
	if *bucket != ^T(0) {
		*bucket -= T(min(uint64(*bucket), uint64(quarters)))
	}
}

// Value is what counts at now, in quarters.
func (c Sliding[T]) Value(now, window Seconds) int {
	s := c.span(now, window)
	return int(s.value(int64(now)))
}

// Below is the earliest moment, now or later, at which Value will be at most
// quarters if nothing is added until then. A negative number is taken as zero.
// It is what Retry-After is made of: below a threshold of N whole events is
// (N-1)*Quarters.
func (c Sliding[T]) Below(now, window Seconds, quarters int) Seconds {
	s := c.span(now, window)
	return Seconds(min(s.below(int64(now), uint64(max(quarters, 0))), int64(^Seconds(0))))
}

func (c *Sliding[T]) slide(now, window Seconds) {
	s := c.span(now, window)
	c.start, c.prev, c.cur = Seconds(s.start), T(s.prev), T(s.cur)
}

func (c Sliding[T]) span(now, window Seconds) span {
	s := span{start: int64(c.start), window: int64(window), prev: uint64(c.prev), cur: uint64(c.cur)}
	return s.at(int64(now))
}

// Merge adds what another counter has counted in the same window, as if it were
// counted where the later of the two is. What fades early by it is at most what
// the earlier one held longer ago than a window.
func (c *Sliding[T]) Merge(other Sliding[T], window Seconds) {
	later, earlier := *c, other
	if earlier.start > later.start {
		later, earlier = earlier, later
	}
	if later.start == 0 {
		return
	}
	earlier.slide(later.start, window)
	later.prev = T(min(uint64(later.prev)+uint64(earlier.prev), uint64(^T(0))))
	later.cur = T(min(uint64(later.cur)+uint64(earlier.cur), uint64(^T(0))))
	*c = later
}
