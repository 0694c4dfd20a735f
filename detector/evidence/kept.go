package evidence

import (
	"math/bits"
	"unsafe"
)

// What a table tells a store: which entries have changed, and all of them in
// small steps. Both lock one shard at a time and hold it for a bounded number of
// entries, so that no request waits for longer than it takes to copy those.

// stepEntries is how many entries are handed over under one lock, about.
const stepEntries = 128

// maxGone is how many deleted keys a shard remembers until they are asked for.
// Beyond it only a whole snapshot tells what is still there.
const maxGone = 256

// tracking is what a shard notes for a store. It is empty unless Track was
// called.
type tracking struct {
	on     bool
	lost   bool        // more was deleted than gone holds
	dirty  [][4]uint64 // a bit for each slot of each chunk: changed since it was told
	placed [][4]uint64 // a bit for each slot: restored, see Restore
	gone   []Key
}

// Track lets the table note what changes, for Changed: a bit for each entry.
// Call it before the first entry.
func (t *Table[E]) Track() {
	live := t.shards()
	for i := range live {
		live[i].mu.Lock()
		live[i].track.on = true
		live[i].mu.Unlock()
	}
}

// mark notes that the entry behind word has changed.
func (s *shard[E]) mark(word uint32) { setBit(&s.track.dirty, s.track.on, word) }

func setBit(list *[][4]uint64, on bool, word uint32) {
	if !on {
		return
	}
	chunk, place := int(word>>placeBits&0xffff-1), word&0xff
	for chunk >= len(*list) {
		*list = append(*list, [4]uint64{})
	}
	(*list)[chunk][place/64] |= 1 << (place % 64)
}

func hasBit(list [][4]uint64, word uint32) bool {
	chunk, place := int(word>>placeBits&0xffff-1), word&0xff
	return chunk < len(list) && list[chunk][place/64]&(1<<(place%64)) != 0
}

func clearBit(list [][4]uint64, word uint32) {
	chunk, place := int(word>>placeBits&0xffff-1), word&0xff
	if chunk < len(list) {
		list[chunk][place/64] &^= 1 << (place % 64)
	}
}

// forgetMarks is called when a slot is given back.
func (s *shard[E]) forgetMarks(word uint32) {
	clearBit(s.track.dirty, word)
	clearBit(s.track.placed, word)
}

// noteGone remembers that key was deleted.
func (s *shard[E]) noteGone(key Key) {
	switch {
	case !s.track.on:
	case len(s.track.gone) >= maxGone:
		s.track.lost = true
	default:
		s.track.gone = append(s.track.gone, key)
	}
}

// Changed hands over what has changed since it was last called: first gone for
// every key that was deleted, then each for every entry that was made or
// updated; a key may be in both, and then it was made again. It reports false
// when more was deleted than is remembered: then a whole snapshot is needed. f
// runs under a lock, see Update. One caller at a time.
func (t *Table[E]) Changed(gone func(Key), each func(key Key, touched Seconds, e *E)) (complete bool) {
	complete = true
	live := t.live.Load()
	if live == nil {
		return complete
	}
	for i := range *live {
		s := &(*live)[i]
		s.mu.Lock()
		deleted, lost := s.track.gone, s.track.lost
		s.track.gone, s.track.lost = nil, false
		s.mu.Unlock()
		complete = complete && !lost
		for _, key := range deleted {
			gone(key)
		}
		for s.changed(each) {
		}
	}
	return complete
}

// changed hands over a step of what has changed and reports whether there may be
// more.
func (s *shard[E]) changed(each func(key Key, touched Seconds, e *E)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for chunk := range s.track.dirty {
		for w := range s.track.dirty[chunk] {
			for word := &s.track.dirty[chunk][w]; *word != 0; n++ {
				if n == stepEntries {
					return true
				}
				bit := bits.TrailingZeros64(*word)
				*word &^= 1 << bit
				sl := &s.chunks[chunk][w*64+bit]
				each(sl.key, sl.touched, &sl.e)
			}
		}
	}
	return false
}

// Cursor is a place in a table, for Walk. The zero value is the beginning.
type Cursor struct{ shard, bucket int }

// Walk hands over the next entries, about a hundred, and reports whether there
// are more. Whoever walks until there are none has seen every entry that stayed
// throughout, but no single moment of the table. f runs under a lock, see
// Update.
func (t *Table[E]) Walk(c *Cursor, f func(key Key, touched Seconds, e *E)) (more bool) {
	live := t.live.Load()
	if live == nil || c.shard >= len(*live) {
		return false
	}
	s := &(*live)[c.shard]
	s.mu.Lock()
	defer s.mu.Unlock()
	end := min(c.bucket+max(stepEntries/bucketFill, 1), len(s.buckets))
	for ; c.bucket < end; c.bucket++ {
		for _, word := range s.buckets[c.bucket] {
			if word != 0 {
				sl := s.at(word)
				f(sl.key, sl.touched, &sl.e)
			}
		}
	}
	if c.bucket >= len(s.buckets) {
		c.shard, c.bucket = c.shard+1, 0
	}
	return c.shard < len(*live)
}

// Restore puts back an entry that was kept elsewhere, as it was when it was last
// updated at touched. When the key has an entry that was made since the table
// was, merge is called to add the kept one to it; when it was restored before,
// the first one stays, so whoever restores several versions begins with the
// newest. Nothing is forgotten to make room: what does not fit is left out. It
// reports whether the entry is in the table now.
//
// The rules for merge are those of Update.
func (t *Table[E]) Restore(key Key, touched Seconds, e *E, merge func(live, kept *E)) bool {
	s := t.shard(t.shards(), key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if word := s.lookup(key); word != 0 {
		if hasBit(s.track.placed, word) {
			return true
		}
		sl := s.at(word)
		merge(&sl.e, e)
		sl.touched = max(sl.touched, touched)
		s.mark(word)
		setBit(&s.track.placed, true, word)
		return true
	}
	s.prepare(t)
	b := &s.buckets[bucketOf(key, len(s.buckets))]
	if s.len >= s.max || b.vacant() < 0 {
		return false
	}
	from := slot[E]{key: key, touched: touched, e: *e}
	word := s.put(t, b, &from)
	clearBit(s.track.dirty, word)
	setBit(&s.track.placed, true, word)
	return true
}

// Restored ends restoring: what Restore noted is forgotten.
func (t *Table[E]) Restored() {
	live := t.live.Load()
	if live == nil {
		return
	}
	for i := range *live {
		s := &(*live)[i]
		s.mu.Lock()
		s.track.placed = nil
		s.mu.Unlock()
	}
}

// trackedBytes is what the marks of a full table take, for Bytes.
func (s *shard[E]) trackedBytes() int64 {
	return int64(cap(s.track.dirty)+cap(s.track.placed))*int64(unsafe.Sizeof([4]uint64{})) +
		int64(cap(s.track.gone))*int64(unsafe.Sizeof(Key{}))
}

// Marked is the memory that the marks take, besides Bytes.
func (t *Table[E]) Marked() (n int64) {
	live := t.live.Load()
	if live == nil {
		return 0
	}
	for i := range *live {
		s := &(*live)[i]
		s.mu.Lock()
		n += s.trackedBytes()
		s.mu.Unlock()
	}
	return n
}
