package evidence

import (
	"sync"
	"testing"
)

func TestTransferKeepsTheHighestRank(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		from, to int
	}{
		{"larger", 1000, 50_000},
		{"smaller", 50_000, 5000},
		{"much smaller", 50_000, 100},
		{"the same", 5000, 5000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			old := newGuilt(t, tt.from)
			for i := range tt.from * 3 / 4 {
				old.Update(numbered(i), Seconds(i), func(e *guilt, _ bool) { e.n, e.room[9] = uint32(i), 7 })
			}
			held, evicted := old.Len(), old.Evictions()
			table := newGuilt(t, tt.to)
			table.Transfer(old, 1)
			if old.Len() != held || old.Evictions() != evicted {
				t.Error("the old table changed")
			}
			want := min(held, tt.to)
			if got := table.Len(); got > want || got < want*97/100 {
				t.Errorf("%d entries came over, want about %d", got, want)
			}
			// The upper half of what fits must have come over, but for the few
			// that find their bucket or shard full.
			missing, half := 0, want/2
			for i := range half {
				rank := tt.from*3/4 - 1 - i
				if !table.View(numbered(rank), func(e *guilt) {
					if e.n != uint32(rank) || e.room[9] != 7 {
						t.Errorf("entry %d came over as %v", rank, e)
					}
				}) {
					missing++
				}
			}
			if missing > half/200 {
				t.Errorf("%d of the %d highest are missing", missing, half)
			}
			if table.Evictions() != 0 {
				t.Errorf("%d evictions by a transfer", table.Evictions())
			}
		})
	}
}

func TestTransferOverwritesNothing(t *testing.T) {
	t.Parallel()
	old, table := newGuilt(t, 100), newGuilt(t, 100)
	old.Update(numbered(1), 5, func(e *guilt, _ bool) { e.n = 1 })
	old.Update(numbered(2), 5, func(e *guilt, _ bool) { e.n = 2 })
	table.Update(numbered(1), 9, func(e *guilt, _ bool) { e.n = 100 })
	table.Transfer(old, 9)
	table.Transfer(table, 9)
	for i, want := range map[int]uint32{1: 100, 2: 2} {
		table.View(numbered(i), func(e *guilt) {
			if e.n != want {
				t.Errorf("entry %d = %d, want %d", i, e.n, want)
			}
		})
	}
	if table.Len() != 2 {
		t.Errorf("%d entries, want 2", table.Len())
	}
}

// The age of an entry comes over too: it still decides between equals.
func TestTransferKeepsTheAge(t *testing.T) {
	t.Parallel()
	old, table := newGuilt(t, 16), newGuilt(t, 16)
	for i := range 16 {
		old.Update(numbered(i), Seconds(100-i), bump)
	}
	table.Transfer(old, 200)
	table.Update(numbered(50), 200, bump)
	if table.View(numbered(15), func(*guilt) {}) || !table.View(numbered(0), func(*guilt) {}) {
		t.Error("the oldest entry was not the one to go")
	}
}

func TestTransferWhileBothAreInUse(t *testing.T) {
	t.Parallel()
	old, table := newGuilt(t, 5000), newGuilt(t, 2000)
	for i := range 5000 {
		old.Update(numbered(i), 1, bump)
	}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 5000 {
				old.Update(numbered(w*5000+i), 2, bump)
				table.Update(numbered(w*5000+i), 2, bump)
				old.Delete(numbered(i))
			}
		})
	}
	table.Transfer(old, 2)
	wg.Wait()
	if table.Len() > table.Cap() {
		t.Errorf("%d entries in a table of %d", table.Len(), table.Cap())
	}
}
