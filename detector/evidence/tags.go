package evidence

// Tags is an exact set of the latest few 32-bit tags, in the order they were
// last added. When it is full the one not added for the longest time is
// forgotten; a tag that is added again is fresh again, so a stale client that
// keeps repeating one wrong password stays known while others guess.
//
// A tag is a keyed hash (see Key.Tag), never what it was made of. Two values
// share a tag with a chance of 2^-32. The zero value is an empty set. It is not
// safe for concurrent use and allocates nothing; it lives in an entry of a
// Table, and a linear walk over at most 12 words beats anything clever.
type Tags[A [4]uint32 | [8]uint32 | [12]uint32] struct {
	// tag is the newest first; 0 is an empty place, and all empty places are
	// at the end.
	tag A
}

// The sizes there are: 16, 32 and 48 bytes.
type (
	Tags4  = Tags[[4]uint32]
	Tags8  = Tags[[8]uint32]
	Tags12 = Tags[[12]uint32]
)

// Seen reports whether tag is in the set.
func (t *Tags[A]) Seen(tag uint32) bool { return t.find(tag) >= 0 }

// Add puts tag into the set and reports whether it was new there.
func (t *Tags[A]) Add(tag uint32) bool {
	tag = max(tag, 1)
	i := t.find(tag)
	isNew := i < 0
	if isNew {
		i = len(t.tag) - 1
	}
	for ; i > 0; i-- {
		t.tag[i] = t.tag[i-1]
	}
	t.tag[0] = tag
	return isNew
}

// Remove takes tag out of the set and reports whether it was there.
func (t *Tags[A]) Remove(tag uint32) bool {
	i := t.find(tag)
	if i < 0 {
		return false
	}
	for ; i < len(t.tag)-1; i++ {
		t.tag[i] = t.tag[i+1]
	}
	t.tag[len(t.tag)-1] = 0
	return true
}

// Clear empties the set.
func (t *Tags[A]) Clear() { *t = Tags[A]{} }

// Distinct is how many tags are in the set: exactly how many distinct ones were
// added, as long as that is not more than fit.
func (t *Tags[A]) Distinct() int {
	for i := range len(t.tag) {
		if t.tag[i] == 0 {
			return i
		}
	}
	return len(t.tag)
}

// Full reports whether the next new tag makes the set forget one.
func (t *Tags[A]) Full() bool { return t.tag[len(t.tag)-1] != 0 }

// find returns the place of tag or -1. A tag of 0 counts as 1, because 0 is an
// empty place.
func (t *Tags[A]) find(tag uint32) int {
	tag = max(tag, 1)
	for i := range len(t.tag) {
		if t.tag[i] == tag {
			return i
		}
	}
	return -1
}

// Merge adds the tags of an older set behind those of this one, as far as there
// is room.
func (t *Tags[A]) Merge(older Tags[A]) {
	n := t.Distinct()
	for i := range len(older.tag) {
		if tag := older.tag[i]; tag != 0 && n < len(t.tag) && !t.Seen(tag) {
			t.tag[n] = tag
			n++
		}
	}
}
