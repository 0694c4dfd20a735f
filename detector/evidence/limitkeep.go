package evidence

// LimitEntry is an entry of a LimitStore, for what keeps it beyond the process.
// Its fields are the store's own.
type LimitEntry = limitEntry

// Table is where the store keeps its entries, nil after Close.
func (s *LimitStore) Table() *Table[LimitEntry] { return s.table.Load() }

// MergeLimit adds what was kept to what was let through since.
func MergeLimit(live, kept *LimitEntry) {
	if kept.startMillis() > live.startMillis() {
		return
	}
	used := kept.span(live.startMillis(), int64(max(kept.window, 1)))
	live.prev += uint32(used.prev)
	live.cur += uint32(used.cur)
}
