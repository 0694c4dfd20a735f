package evidence

import (
	"encoding/binary"
	"math/bits"
	"sync"
	"unsafe"
)

const (
	// bucketWays is how many places a bucket has: 16 words are one cache line,
	// so a key that is not there usually costs one miss.
	bucketWays = 16
	// bucketFill is how many entries a bucket gets on average in a full shard.
	// With 16 of 16 every second bucket would overflow, with 10 one in forty.
	bucketFill = 10
	// candidates is how many entries are compared before one is forgotten,
	// maxCandidates how many when all of them rank higher than the newcomer.
	candidates    = 16
	maxCandidates = 64

	// blockShare is the part of a full table that the keys of one block of
	// addresses (IPv4 /16, IPv6 /32) may have: a fourth. See Table.
	blockShare = 4

	chunkBytes = 8 << 10
	placeBits  = 8
	maxChunks  = 1<<16 - 1
)

// bucket is a line of the index. A word is 8 bits of the key (to tell most
// strangers without looking at their entry), 16 bits of chunk number plus one,
// and 8 bits of place in the chunk; 0 is an empty place.
type bucket [bucketWays]uint32

// slot is an entry as stored.
type slot[E any] struct {
	key     Key
	touched Seconds // last Update; in a free slot the word of the next free one
	e       E
}

// shard is a part of a table: an index of buckets, and the entries in chunks
// that are allocated as they fill. Slots of deleted entries are chained and
// taken first.
type shard[E any] struct {
	mu        sync.Mutex
	max       int
	len       int
	made      int // slots in chunks that were ever handed out
	free      uint32
	buckets   []bucket
	chunks    [][]slot[E]
	evictions uint64
	blocks    []uint32 // how many entries each block of addresses has
	newcomer  slot[E]  // a new entry before there is room for it
	track     tracking // what a store is to be told
	_         [64]byte // keeps the next shard's lock off this one's cache line
}

func wordTag(key Key) uint32 { return uint32(key[7]) << 24 }

func (s *shard[E]) at(word uint32) *slot[E] {
	return &s.chunks[word>>placeBits&0xffff-1][word&0xff]
}

// find returns the slot of key or nil.
func (s *shard[E]) find(key Key) *slot[E] {
	word := s.lookup(key)
	if word == 0 {
		return nil
	}
	return s.at(word)
}

// lookup returns the word of the slot of key or 0.
func (s *shard[E]) lookup(key Key) uint32 {
	if len(s.buckets) == 0 {
		return 0
	}
	b, way := s.locate(key)
	if way < 0 {
		return 0
	}
	return b[way]
}

// locate returns the bucket of key and its place there, or -1.
func (s *shard[E]) locate(key Key) (*bucket, int) {
	b, tag := &s.buckets[bucketOf(key, len(s.buckets))], wordTag(key)
	for way, word := range b {
		if word&0xff000000 == tag && word != 0 && s.at(word).key == key {
			return b, way
		}
	}
	return b, -1
}

// insert stores the newcomer, and makes room for it if need be.
func (s *shard[E]) insert(t *Table[E]) {
	s.prepare(t)
	i := bucketOf(s.newcomer.key, len(s.buckets))
	b := &s.buckets[i]
	if s.len == s.max || b.vacant() < 0 {
		s.evict(t, i)
	}
	s.put(t, b, &s.newcomer)
	s.newcomer = slot[E]{}
}

// place stores an entry as it was in another table, unless that would forget
// one of this table.
func (s *shard[E]) place(t *Table[E], from *slot[E]) {
	s.prepare(t)
	b := &s.buckets[bucketOf(from.key, len(s.buckets))]
	if s.len < s.max && b.vacant() >= 0 && s.find(from.key) == nil {
		s.put(t, b, from)
	}
}

// prepare allocates the index.
func (s *shard[E]) prepare(t *Table[E]) {
	if s.buckets != nil {
		return
	}
	s.buckets = make([]bucket, (s.max+bucketFill-1)/bucketFill)
	s.blocks = make([]uint32, blocksOf(s.max))
	s.chunks = make([][]slot[E], 0, (s.max+t.perChunk-1)/t.perChunk)
	t.bytes.Add(int64(len(s.buckets))*int64(unsafe.Sizeof(bucket{})) +
		int64(cap(s.chunks))*int64(unsafe.Sizeof([]slot[E]{})) + int64(len(s.blocks))*4)
}

// put copies an entry into the shard and lists it in b; there is room in both.
// It returns the word of its slot.
func (s *shard[E]) put(t *Table[E], b *bucket, from *slot[E]) uint32 {
	word := s.take(t)
	*s.at(word) = *from
	b[b.vacant()] = word | wordTag(from.key)
	*s.block(from.key)++
	s.mark(word)
	s.len++
	t.len.Add(1)
	return word
}

func (b *bucket) vacant() int {
	for way, word := range b {
		if word == 0 {
			return way
		}
	}
	return -1
}

// take returns the word of a slot that is not in use.
func (s *shard[E]) take(t *Table[E]) uint32 {
	if word := s.free; word != 0 {
		s.free = uint32(s.at(word).touched)
		return word
	}
	if s.made == len(s.chunks)*t.perChunk {
		chunk := make([]slot[E], min(t.perChunk, s.max-s.made))
		s.chunks = append(s.chunks, chunk)
		t.bytes.Add(int64(len(chunk)) * int64(unsafe.Sizeof(slot[E]{})))
	}
	place := s.made - (len(s.chunks)-1)*t.perChunk
	s.made++
	return uint32(len(s.chunks)<<placeBits | place)
}

// evict forgets the lowest ranked entry of bucket i, or, when there are too few
// to choose from, of it and the buckets after it. A full bucket is enough by
// itself, so that afterwards it has a vacant place. An entry of a block of
// addresses that has more than its share ranks below all others.
func (s *shard[E]) evict(t *Table[E], i int) {
	now := s.newcomer.touched
	own, crowd := t.rank(&s.newcomer.e, now), s.crowd(s.newcomer.key)
	var v victim
	for n := range s.buckets {
		s.look(t, &v, &s.buckets[(i+n)%len(s.buckets)], now)
		enough := v.looked >= candidates && (v.crowd || v.rank <= own && !crowd)
		if enough || v.looked >= maxCandidates || n == 0 && v.looked == bucketWays {
			break
		}
	}
	s.release(t, v.word)
	s.evictions++
}

// blocksOf is how many counts of blocks a shard of n entries has, a power of two
// and a small part of what the entries cost. A block that shares its count with
// one that is flooding pays with the entries that rank lowest. In a table of less
// than minPerShard entries nobody has a share.
func blocksOf(n int) int { return 1 << min(max(bits.Len(uint(n/64)), 6), 8) }

// block is the count of the block of addresses that key is within.
func (s *shard[E]) block(key Key) *uint32 {
	return &s.blocks[int(binary.LittleEndian.Uint16(key[2:]))&(len(s.blocks)-1)]
}

// crowd reports whether the block of key has its share of the shard.
func (s *shard[E]) crowd(key Key) bool {
	return s.max >= minPerShard && int(*s.block(key)) >= s.max/blockShare
}

// victim is the lowest ranked entry among those looked at.
type victim struct {
	word    *uint32
	rank    uint32
	touched Seconds
	crowd   bool // of a block that has its share
	looked  int
}

// before reports whether v is forgotten rather than the other.
func (v *victim) before(other *victim) bool {
	if v.crowd != other.crowd {
		return v.crowd
	}
	return v.rank < other.rank || v.rank == other.rank && v.touched < other.touched
}

// look goes through a bucket twice: entries lie scattered, and fetching them all
// before the first is ranked lets the processor wait for memory only once.
func (s *shard[E]) look(t *Table[E], v *victim, b *bucket, now Seconds) {
	var touched [bucketWays]Seconds
	for way, word := range b {
		if word != 0 {
			touched[way] = s.at(word).touched
		}
	}
	for way, word := range b {
		if word == 0 {
			continue
		}
		sl := s.at(word)
		x := victim{word: &b[way], rank: t.rank(&sl.e, now), touched: touched[way], crowd: s.crowd(sl.key)}
		if v.looked == 0 || x.before(v) {
			x.looked = v.looked
			*v = x
		}
		v.looked++
	}
}

// delete forgets the entry of key.
func (s *shard[E]) delete(t *Table[E], key Key) bool {
	if s.buckets == nil {
		return false
	}
	b, way := s.locate(key)
	if way < 0 {
		return false
	}
	s.noteGone(key)
	s.release(t, &b[way])
	return true
}

// release erases the entry behind a word of the index, and the word.
func (s *shard[E]) release(t *Table[E], word *uint32) {
	place := *word & 0x00ffffff
	*s.block(s.at(place).key)--
	s.forgetMarks(place)
	*s.at(place) = slot[E]{touched: Seconds(s.free)}
	s.free, *word = place, 0
	s.len--
	t.len.Add(-1)
}

// each runs f on the slots in use until it returns false, and reports whether it
// never did.
func (s *shard[E]) each(f func(sl *slot[E]) bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.buckets {
		for _, word := range s.buckets[i] {
			if word != 0 && !f(s.at(word)) {
				return false
			}
		}
	}
	return true
}
