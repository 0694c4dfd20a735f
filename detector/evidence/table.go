package evidence

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"reflect"
	"sync/atomic"
	"unsafe"
)

// MaxEntries is the largest cap a Table may have.
const MaxEntries = 1 << 26

const (
	// maxShards is how many locks a large table has. A small one has fewer, so
	// that chance does not fill one shard long before the others.
	maxShards   = 64
	minPerShard = 256
)

// Table maps keys to entries of one fixed size. It holds at most Cap entries,
// whatever is thrown at it, and every call is O(1): a key belongs to one of up
// to 64 shards, each with a lock of its own, and in it to one bucket of 16
// places.
//
// When a new key finds its shard or its bucket full, one entry is forgotten:
// the one with the lowest rank among at least 16 (all of a smaller table), of
// equals the one not updated for the longest time. If those all rank higher
// than the newcomer, about 64 are looked at. So a flood of keys seen once
// rotates among itself and frees nobody of whom more is known. When all 64 rank
// higher, the lowest of them goes, and the next newcomer takes the first one's
// place: turning newcomers away would let whoever has filled the table attack
// unseen. Nothing is forgotten for any other reason; Len does not go down with
// time.
//
// Whoever has an IPv6 /32 has four thousand million sources and can give each of
// them evidence enough to outrank a customer. So in a full shard the entries of a
// block of addresses, IPv4 /16 or IPv6 /32, see Key.Sibling, that make up a fourth
// of it rank below all others, and a newcomer of that block takes the place of a
// sibling. While there is room nobody is held to a share. A /48 is bounded by the
// /32 around it; the number of a provider would need a list that many sites lack.
//
// There is no doorkeeper that keeps a key out until its second sight: it would
// forget the first failure of whoever guesses slowly, or would have to count
// itself and be a second table, while a newcomer here takes the place of another
// one that was seen once.
//
// Buckets are sized for ten entries each. With the keys of a Hasher, filling a
// table of 100,000 to its cap forgets about one entry in a hundred too early
// (where a bucket or shard gets more than its share), filling it to 90 % about
// one in 400, to 50 % almost none.
//
// Memory: an entry costs its own size, 16 bytes for the key, 4 for the time of
// its last update and 6.4 for the index. Entries with fields of 8 bytes may
// cost 4 more, for alignment. NewTable allocates none of it; each shard
// allocates its index at its first entry and entries in pieces of about 8 KiB
// as they are needed. Memory is kept for reuse when entries are deleted and
// goes with the table. The garbage collector does not look into entries.
//
// A Table is safe for concurrent use.
type Table[E any] struct {
	rank     func(e *E, now Seconds) uint32
	max      int
	shardN   int
	perChunk int

	len   atomic.Int64
	bytes atomic.Int64
	live  atomic.Pointer[[]shard[E]]
}

// NewTable returns a table for at most max entries. E must be free of pointers
// (strings, slices, maps, interfaces, functions and channels included): that is
// what bounds an entry's memory. rank tells what an entry is worth at a moment,
// higher is kept longer; it runs under a lock, must be fast and must not call
// the table.
func NewTable[E any](max int, rank func(e *E, now Seconds) uint32) (*Table[E], error) {
	if max < 1 || max > MaxEntries {
		return nil, fmt.Errorf("making an evidence table: a cap of %d entries; give 1 to %d", max, MaxEntries)
	}
	if rank == nil {
		return nil, fmt.Errorf("making an evidence table: no rank; give a function that tells which entries to keep")
	}
	if path := pointerIn(reflect.TypeFor[E]()); path != "" {
		return nil, fmt.Errorf("making an evidence table: entry %s holds a pointer; store a number or an array instead", path)
	}
	t := &Table[E]{rank: rank, max: max, shardN: 1}
	for t.shardN < maxShards && max/(t.shardN*2) >= minPerShard {
		t.shardN *= 2
	}
	t.perChunk = chunkEntries(int(unsafe.Sizeof(slot[E]{})))
	if chunks := t.shardCap(0)/t.perChunk + 1; chunks > maxChunks {
		return nil, fmt.Errorf("making an evidence table: %d entries of %d bytes are too many; lower the cap", max, unsafe.Sizeof(slot[E]{}))
	}
	return t, nil
}

// Update runs f on the entry of key, which is made if there is none: then fresh
// is true and the entry is zero. It marks the entry as updated at now. f runs
// under the lock of a shard: it must be fast, must not call the table and must
// not keep e; if it panics on a fresh entry there is none. Update allocates nothing but, now and then, a piece of memory for
// new entries.
func (t *Table[E]) Update(key Key, now Seconds, f func(e *E, fresh bool)) {
	s := t.shard(t.shards(), key)
	s.mu.Lock()
	// Deferred, because a panic in f may be recovered far above, as an HTTP
	// server does, and must not leave the shard locked for ever.
	defer s.mu.Unlock()
	if word := s.lookup(key); word != 0 {
		sl := s.at(word)
		sl.touched = now
		s.mark(word)
		f(&sl.e, false)
		return
	}
	s.newcomer = slot[E]{key: key, touched: now}
	f(&s.newcomer.e, true)
	s.insert(t)
}

// View runs f on the entry of key and reports whether there is one. f may change
// the entry; that does not count as an update when the oldest is looked for. The
// rules for f are those of Update.
func (t *Table[E]) View(key Key, f func(e *E)) bool {
	live := t.live.Load()
	if live == nil {
		return false
	}
	s := t.shard(*live, key)
	s.mu.Lock()
	defer s.mu.Unlock()
	word := s.lookup(key)
	if word == 0 {
		return false
	}
	s.mark(word)
	f(&s.at(word).e)
	return true
}

// Look is View for an f that changes nothing: the entry is not told as changed.
func (t *Table[E]) Look(key Key, f func(e *E)) bool {
	live := t.live.Load()
	if live == nil {
		return false
	}
	s := t.shard(*live, key)
	s.mu.Lock()
	defer s.mu.Unlock()
	sl := s.find(key)
	if sl == nil {
		return false
	}
	f(&sl.e)
	return true
}

// Delete forgets the entry of key and reports whether there was one.
func (t *Table[E]) Delete(key Key) bool {
	live := t.live.Load()
	if live == nil {
		return false
	}
	s := t.shard(*live, key)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.delete(t, key)
}

// Range runs f on the entries, in no order, until it returns false. It locks one
// shard at a time, so it sees every entry that stays throughout, but no single
// moment of the table. It is for snapshots and operators, not for requests. f
// may change the entry; the rules for it are those of Update.
func (t *Table[E]) Range(f func(key Key, e *E) bool) {
	t.each(func(sl *slot[E]) bool { return f(sl.key, &sl.e) })
}

func (t *Table[E]) each(f func(sl *slot[E]) bool) {
	live := t.live.Load()
	if live == nil {
		return
	}
	for i := range *live {
		if !(*live)[i].each(f) {
			return
		}
	}
}

// Len is how many entries the table holds.
func (t *Table[E]) Len() int { return int(t.len.Load()) }

// Cap is how many entries the table may hold.
func (t *Table[E]) Cap() int { return t.max }

// Evictions is how many entries were forgotten to make room, since the table
// was made.
func (t *Table[E]) Evictions() (n uint64) {
	if live := t.live.Load(); live != nil {
		for i := range *live {
			s := &(*live)[i]
			s.mu.Lock()
			n += s.evictions
			s.mu.Unlock()
		}
	}
	return n
}

// Bytes is the memory the table has allocated for entries and index. It never
// shrinks and never exceeds Cap times EntryBytes by more than 64 KiB and one
// entry for each shard.
func (t *Table[E]) Bytes() int64 { return t.bytes.Load() }

// EntryBytes is what one entry costs in a full table, index included, rounded
// up.
func (t *Table[E]) EntryBytes() int {
	const index = (int(unsafe.Sizeof(bucket{})) + bucketFill - 1) / bucketFill
	return int(unsafe.Sizeof(slot[E]{})) + index
}

// shards returns the shards and makes them when this is the first entry.
func (t *Table[E]) shards() []shard[E] {
	if live := t.live.Load(); live != nil {
		return *live
	}
	fresh := make([]shard[E], t.shardN)
	for i := range fresh {
		fresh[i].max = t.shardCap(i)
	}
	if t.live.CompareAndSwap(nil, &fresh) {
		t.bytes.Add(int64(t.shardN) * int64(unsafe.Sizeof(shard[E]{})))
	}
	return *t.live.Load()
}

// shardCap spreads the cap over the shards, to the entry.
func (t *Table[E]) shardCap(i int) int {
	n := t.max / t.shardN
	if i < t.max%t.shardN {
		n++
	}
	return n
}

func (t *Table[E]) shard(live []shard[E], key Key) *shard[E] {
	return &live[binary.LittleEndian.Uint64(key[:8])&uint64(len(live)-1)]
}

// chunkEntries is how many entries of this size are allocated together.
func chunkEntries(size int) int {
	return min(max(chunkBytes/size, 1), 1<<placeBits)
}

// bucketOf places a key in one of n buckets by the half of the key that does
// not choose the shard, without a division (Lemire, "Fast random integer
// generation in an interval", 2019).
func bucketOf(key Key, n int) int {
	hi, _ := bits.Mul64(binary.LittleEndian.Uint64(key[8:]), uint64(n))
	return int(hi)
}

// pointerIn returns the path of the first pointer in a type, or "".
func pointerIn(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr,
		reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		return ""
	case reflect.Array:
		if t.Len() == 0 {
			return ""
		}
		return pointerIn(t.Elem())
	case reflect.Struct:
		for f := range t.Fields() {
			if path := pointerIn(f.Type); path != "" {
				return t.String() + "." + f.Name + " " + path
			}
		}
		return ""
	default:
		return "(" + t.String() + ")"
	}
}
