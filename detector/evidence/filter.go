package evidence

import (
	"sync"
	"sync/atomic"
)

// Filter remembers which keyed hashes were added lately: two Bloom filters
// (Bloom, "Space/time trade-offs in hash coding with allowable errors", 1970)
// that take turns. A hash stays for one to two periods. It never forgets
// earlier and now and then takes a stranger for a known one; the more was
// added the more often, so each half takes a budget of insertions only. When
// the budget is used up before the period is over, the halves change places
// early and Spent tells so: what was added first is forgotten first, and a rule
// that rests on the filter lacks evidence, rather than having it against everybody.
//
// With a budget of one hash per 16 bits and four probes a full half takes one
// stranger in 420 for known, one that fills evenly one in 2,000 on average. Both
// halves are asked, so beyond the budget it is up to one in 210.
//
// The memory of a half is allocated when it is first written, anew each time the
// halves change places, and there are never more than two. Time that runs
// backwards forgets nothing. Filter is safe for concurrent use; two adds at once
// may both report new, and a hash that is added just when the halves change
// places may stay for less than a period.
type Filter struct {
	words  int // of each half, a power of two
	budget uint32
	period Seconds
	half   [2]filterHalf
	now    atomic.Uint32 // index of the half that is written
	mu     sync.Mutex    // held while the halves change places
	early  atomic.Uint32 // how often they changed places early
}

type filterHalf struct {
	begun atomic.Uint32
	n     atomic.Uint32
	bits  atomic.Pointer[[]atomic.Uint64]
}

// filterBitsEach is how many bits of a filter one insertion pays for.
const filterBitsEach = 16

// NewFilter returns a filter for budget insertions a period, rounded up so that
// its bits are a power of two.
func NewFilter(budget int, period Seconds) *Filter {
	words := 1
	for words*64 < budget*filterBitsEach {
		words *= 2
	}
	return &Filter{words: words, budget: uint32(words * 64 / filterBitsEach), period: period}
}

// Add remembers hash and reports whether it was new.
func (f *Filter) Add(hash uint64, now Seconds) (fresh bool) {
	known := f.Has(hash, now)
	h := f.current(now)
	bits := *h.bits.Load()
	if known && f.holds(bits, hash) {
		return false
	}
	// What only the other half knows takes bits of this one, too, and is paid for.
	h.n.Add(1)
	for i := range uint64(4) {
		word, bit := f.place(hash, i)
		bits[word].Or(bit)
	}
	return !known
}

// Has reports whether hash was added within the last period, or at most two
// periods ago.
func (f *Filter) Has(hash uint64, now Seconds) bool {
	for i := range f.half {
		h := &f.half[i]
		bits := h.bits.Load()
		if bits == nil || uint64(now) >= uint64(h.begun.Load())+2*uint64(f.period) {
			continue
		}
		if f.holds(*bits, hash) {
			return true
		}
	}
	return false
}

func (f *Filter) holds(bits []atomic.Uint64, hash uint64) bool {
	for i := range uint64(4) {
		word, bit := f.place(hash, i)
		if bits[word].Load()&bit == 0 {
			return false
		}
	}
	return true
}

// place is where probe i of a hash stands (double hashing: Kirsch and
// Mitzenmacher, "Less hashing, same performance", 2006).
func (f *Filter) place(hash, i uint64) (word int, bit uint64) {
	hash = (hash ^ hash>>32) * 0x9e3779b97f4a7c15
	at := hash>>32 + i*(hash|1)
	at ^= at >> 29
	return int(at>>6) & (f.words - 1), 1 << (at & 63)
}

// current returns the half that is written, after they have changed places if
// it is time.
func (f *Filter) current(now Seconds) *filterHalf {
	h := &f.half[f.now.Load()&1]
	if f.lasts(h, now) {
		return h
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	h = &f.half[f.now.Load()&1]
	if f.lasts(h, now) {
		return h
	}
	bits := make([]atomic.Uint64, f.words)
	if h.bits.Load() != nil {
		if uint64(now) < uint64(h.begun.Load())+uint64(f.period) {
			f.early.Add(1)
		}
		h = &f.half[(f.now.Load()+1)&1]
		h.n.Store(0)
		defer f.now.Add(1)
	}
	h.begun.Store(uint32(now))
	h.bits.Store(&bits)
	return h
}

// lasts reports whether h takes more.
func (f *Filter) lasts(h *filterHalf, now Seconds) bool {
	return h.bits.Load() != nil && h.n.Load() < f.budget && uint64(now) < uint64(h.begun.Load())+uint64(f.period)
}

// Until is when hash will be forgotten, if nothing is added until then and the
// halves do not change places early; now when it is not known.
func (f *Filter) Until(hash uint64, now Seconds) (until Seconds) {
	until = now
	for i := range f.half {
		h := &f.half[i]
		if bits := h.bits.Load(); bits != nil && f.holds(*bits, hash) {
			until = max(until, Seconds(h.begun.Load())+2*f.period)
		}
	}
	return until
}

// Spent is how often the halves changed places early: more was added in a period
// than the filter is made for.
func (f *Filter) Spent() int { return int(f.early.Load()) }

// Bytes is the memory of both halves.
func (f *Filter) Bytes() (n int64) {
	for i := range f.half {
		if f.half[i].bits.Load() != nil {
			n += int64(f.words) * 8
		}
	}
	return n
}
