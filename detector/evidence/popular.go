package evidence

import (
	"sync"
	"sync/atomic"
)

// Popular counts for how many different names a password tag was tried: a
// count-min sketch (Cormode and Muthukrishnan, 2005) with the conservative
// update of Estan and Varghese (2002), guarded by a Filter over pairs of tag and
// name so that a name counts once. It counts too high by what shares all four
// cells, which with the budget of the guard is less than half a name on average;
// and too low by the one name in some hundred that the guard takes for counted.
// Beyond the budget the guard forgets early, and names count again.
//
// It takes and keeps keyed tags only, in memory, for one to two periods. Safe
// for concurrent use: two adds of one tag at the same instant may count as one.
type Popular struct {
	guard *Filter
	cells int // a row, a power of two
	begun atomic.Uint32
	turn  atomic.Uint32
	rows  [2]atomic.Pointer[[]atomic.Uint32]
	mu    sync.Mutex    // held while a period begins
	spent atomic.Uint32 // early turns of the guard when the period began
}

const popularRows = 4

// NewPopular returns a sketch for budget pairs of tag and name a period.
func NewPopular(budget int, period Seconds) *Popular {
	cells := 1024
	for cells < budget/2 {
		cells *= 2
	}
	return &Popular{guard: NewFilter(budget, period), cells: cells}
}

// Add counts name for tag.
func (p *Popular) Add(tag, name uint64, now Seconds) {
	p.change(now)
	if !p.guard.Add(tag*0x9e3779b97f4a7c15^name, now) {
		return
	}
	rows := *p.rows[p.turn.Load()&1].Load()
	least := ^uint32(0)
	for i := range popularRows {
		least = min(least, rows[p.cell(tag, i)].Load())
	}
	for i := range popularRows {
		rows[p.cell(tag, i)].CompareAndSwap(least, least+1)
	}
}

// Names is for about how many different names tag was tried in this period and
// the one before. It is 0, no evidence, for the rest of a period in which more was
// added than the guard can tell apart: it would count names twice and call an
// innocent password popular.
func (p *Popular) Names(tag uint64, now Seconds) (n int) {
	if uint64(now) >= uint64(p.begun.Load())+2*uint64(p.guard.period) || p.guard.early.Load() != p.spent.Load() {
		return 0
	}
	return p.inRow(0, tag) + p.inRow(1, tag)
}

// inRow is what one period counts.
func (p *Popular) inRow(turn uint32, tag uint64) int {
	rows := p.rows[turn&1].Load()
	if rows == nil {
		return 0
	}
	least := ^uint32(0)
	for row := range popularRows {
		least = min(least, (*rows)[p.cell(tag, row)].Load())
	}
	return int(least)
}

// Below is when Names will be less than n if tag is tried for no further name,
// and others are: at the end of this period or of the next. now if it is already.
func (p *Popular) Below(tag uint64, n int, now Seconds) Seconds {
	if p.Names(tag, now) < n {
		return now
	}
	ends := Seconds(p.begun.Load()) + p.guard.period
	if now < ends && p.inRow(p.turn.Load(), tag) < n {
		return ends
	}
	return ends + p.guard.period
}

// Spent reports how often more was added in a period than the sketch is made
// for.
func (p *Popular) Spent() int { return p.guard.Spent() }

// Bytes is the memory in use.
func (p *Popular) Bytes() (n int64) {
	for i := range p.rows {
		if p.rows[i].Load() != nil {
			n += popularRows * int64(p.cells) * 4
		}
	}
	return n + p.guard.Bytes()
}

func (p *Popular) cell(tag uint64, row int) int {
	h := (tag + uint64(row)*0xbf58476d1ce4e5b9) * 0x9e3779b97f4a7c15
	h ^= h >> 32
	return row*p.cells + int(h)&(p.cells-1)
}

// change begins a new period when it is time.
func (p *Popular) change(now Seconds) {
	if p.lasts(now) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lasts(now) {
		return
	}
	turn := p.turn.Load()
	if p.rows[turn&1].Load() != nil {
		turn++
	}
	if uint64(now) >= uint64(p.begun.Load())+2*uint64(p.guard.period) {
		p.rows[(turn+1)&1].Store(nil)
	}
	rows := make([]atomic.Uint32, popularRows*p.cells)
	p.rows[turn&1].Store(&rows)
	p.spent.Store(p.guard.early.Load())
	p.begun.Store(uint32(now))
	p.turn.Store(turn)
}

func (p *Popular) lasts(now Seconds) bool {
	return p.rows[p.turn.Load()&1].Load() != nil && uint64(now) < uint64(p.begun.Load())+uint64(p.guard.period)
}
