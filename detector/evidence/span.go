package evidence

// span is the arithmetic of the two-bucket window, in any unit of time. Counts
// and the window are below 2^32, so that their products fit 64 bits.
//
// The buckets are anchored at the first event after a quiet time, not at round
// times: who comes for the first time gets a whole window.
type span struct {
	start, window int64  // of the current bucket
	prev, cur     uint64 // counted in the bucket before start, and since start
}

// at moves the buckets forward to now.
func (s span) at(now int64) span {
	s.window = max(s.window, 1)
	switch past := now - s.start; {
	case s.prev == 0 && s.cur == 0, past >= 2*s.window, past < -s.window:
		// The last: the clock was set back, or was wrong before. Kept, the
		// counts would stand still until the old time comes round again.
		s.start, s.prev, s.cur = now, 0, 0
	case past >= s.window:
		s.start, s.prev, s.cur = s.start+s.window, s.cur, 0
	}
	return s
}

// value is what counts at now, in a span that was moved there.
func (s span) value(now int64) uint64 {
	left := uint64(s.window - max(now-s.start, 0))
	window := uint64(s.window)
	return (s.prev*left+window-1)/window + s.cur
}

// below is when value will be at most limit, in a span that was moved to now.
func (s span) below(now int64, limit uint64) int64 {
	if s.prev+s.cur <= limit || s.value(now) <= limit {
		return now
	}
	begin, shrinking, room := s.start, s.prev, limit
	if s.cur <= limit {
		room -= s.cur
	} else {
		// Only when the current bucket has become the previous one.
		begin, shrinking = s.start+s.window, s.cur
	}
	// shrinking*left <= room*window, solved for what may be left.
	left := int64(room * uint64(s.window) / shrinking)
	return begin + s.window - left
}
