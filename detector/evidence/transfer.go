package evidence

import (
	"cmp"
	"slices"
)

// Transfer copies the entries of old into t, which is meant to be new and of
// another cap: those with the highest rank at now first, of equals those updated
// last, until t is full. Nothing in t is forgotten or overwritten for it, and
// old is left as it is. A few entries more than the caps demand may be left
// behind, where a bucket or shard of t gets more than its share.
//
// Both tables may be in use meanwhile; what is updated in old at that time may
// be copied as it was before. It needs 24 bytes for each entry of old while it
// runs, and time for sorting them: it is for a change of configuration.
func (t *Table[E]) Transfer(old *Table[E], now Seconds) {
	type place struct {
		key     Key
		rank    uint32
		touched Seconds
	}
	places := make([]place, 0, old.Len())
	old.each(func(sl *slot[E]) bool {
		places = append(places, place{sl.key, t.rank(&sl.e, now), sl.touched})
		return true
	})
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(b.rank, a.rank), cmp.Compare(b.touched, a.touched))
	})
	for _, p := range places {
		if t.Len() >= t.max {
			return
		}
		from := slot[E]{key: p.key, touched: p.touched}
		if !old.View(p.key, func(e *E) { from.e = *e }) {
			continue
		}
		s := t.shard(t.shards(), p.key)
		s.mu.Lock()
		s.place(t, &from)
		s.mu.Unlock()
	}
}
