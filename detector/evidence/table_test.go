package evidence

import (
	"strings"
	"sync"
	"testing"
	"unsafe"
)

// guilt is an entry for tests: how often it was updated, and some room.
type guilt struct {
	n    uint32
	room [10]uint32
}

func rankGuilt(e *guilt, _ Seconds) uint32 { return e.n }

func newGuilt(t testing.TB, max int) *Table[guilt] {
	t.Helper()
	table, err := NewTable(max, rankGuilt)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func bump(e *guilt, _ bool) { e.n++ }

func TestNewTableRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, want string
		err        error
	}{
		{"no room", "cap of 0", tableErr[uint32](0)},
		{"a negative cap", "cap of -1", tableErr[uint32](-1)},
		{"too large a cap", "cap of 67108865", tableErr[uint32](MaxEntries + 1)},
		{"too large entries", "lower the cap", tableErr[[1 << 13]uint64](MaxEntries)},
		{"a string", "(string)", tableErr[string](1)},
		{"a slice", "([]uint8)", tableErr[[]byte](1)},
		{"a map", "(map[int]int)", tableErr[map[int]int](1)},
		{"a pointer", "(*int)", tableErr[*int](1)},
		{"an interface", "(error)", tableErr[struct{ Err error }](1)},
		{"a function", "(func())", tableErr[[2]func()](1)},
		{"a channel", "(chan int)", tableErr[chan int](1)},
		{"an unsafe pointer", "(unsafe.Pointer)", tableErr[unsafe.Pointer](1)},
		{"deep inside", ".Name", tableErr[struct{ A [3]struct{ Name string } }](1)},
	}
	for _, tt := range tests {
		if tt.err == nil || !strings.Contains(tt.err.Error(), tt.want) {
			t.Errorf("%s: error %v, want it to say %q", tt.name, tt.err, tt.want)
		}
	}
	if _, err := NewTable[uint32](1, nil); err == nil {
		t.Error("no rank was accepted")
	}
	for name, err := range map[string]error{
		"numbers":       tableErr[struct{ A, B uint64 }](1),
		"nested arrays": tableErr[struct{ A [2][3]struct{ F float64 } }](MaxEntries),
		"nothing":       tableErr[struct{}](1),
		"no strings":    tableErr[[0]string](1),
		"the counters": tableErr[struct {
			C Counter
			T Tags12
			S Sketch64
		}](1),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func tableErr[E any](max int) error {
	_, err := NewTable(max, func(*E, Seconds) uint32 { return 0 })
	return err
}

func TestNewTableAllocatesNothingForEntries(t *testing.T) {
	t.Parallel()
	table := newGuilt(t, MaxEntries)
	k := numbered(1)
	if table.View(k, func(*guilt) {}) || table.Delete(k) {
		t.Error("an empty table has an entry")
	}
	table.Range(func(Key, *guilt) bool { t.Error("Range found something"); return true })
	newGuilt(t, 10).Transfer(table, 1)
	if table.Len() != 0 || table.Evictions() != 0 || table.Bytes() != 0 || table.live.Load() != nil {
		t.Errorf("an untouched table takes %d bytes", table.Bytes())
	}
	if got := table.Cap(); got != MaxEntries {
		t.Errorf("cap = %d, want %d", got, MaxEntries)
	}
}

func TestUpdateViewDelete(t *testing.T) {
	t.Parallel()
	table, k := newGuilt(t, 100), numbered(1)
	for i := range 3 {
		table.Update(k, 5, func(e *guilt, fresh bool) {
			if fresh != (i == 0) || e.n != uint32(i) {
				t.Errorf("update %d: fresh %v, n %d", i, fresh, e.n)
			}
			e.n++
		})
	}
	if !table.View(k, func(e *guilt) { e.n += 10 }) {
		t.Fatal("not found")
	}
	table.View(k, func(e *guilt) {
		if e.n != 13 {
			t.Errorf("n = %d, want 13", e.n)
		}
	})
	if table.View(numbered(2), func(*guilt) {}) || table.Delete(numbered(2)) {
		t.Error("found what is not there")
	}
	if !table.Delete(k) || table.Delete(k) || table.Len() != 0 {
		t.Error("Delete does not delete once")
	}
	table.Update(k, 5, func(e *guilt, fresh bool) {
		if !fresh || *e != (guilt{}) {
			t.Errorf("after Delete: fresh %v, %v", fresh, e)
		}
	})
}

// A server recovers panics of handlers; the shard must not stay locked.
func TestAPanicUnlocks(t *testing.T) {
	t.Parallel()
	table, k := newGuilt(t, 100), numbered(1)
	calls := map[string]func(){
		"fresh":  func() { table.Update(k, 1, func(*guilt, bool) { panic("f") }) },
		"Update": func() { table.Update(k, 1, func(*guilt, bool) { panic("f") }) },
		"View":   func() { table.View(k, func(*guilt) { panic("f") }) },
		"Range":  func() { table.Range(func(Key, *guilt) bool { panic("f") }) },
	}
	for _, name := range []string{"fresh", "Update", "View", "Range"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: the panic was lost", name)
				}
			}()
			calls[name]()
		}()
		if name == "fresh" && table.Len() != 0 {
			t.Error("an entry that was never finished is there")
		}
		table.Update(k, 1, bump)
	}
}

func TestRangeSeesEveryEntryOnce(t *testing.T) {
	t.Parallel()
	table := newGuilt(t, 50_000)
	for i := range 5000 {
		table.Update(numbered(i), 1, bump)
	}
	seen := map[Key]int{}
	table.Range(func(k Key, _ *guilt) bool { seen[k]++; return true })
	for i := range 5000 {
		if seen[numbered(i)] != 1 {
			t.Fatalf("entry %d was seen %d times", i, seen[numbered(i)])
		}
	}
	if len(seen) != 5000 {
		t.Errorf("%d entries, want 5000", len(seen))
	}
	n := 0
	table.Range(func(Key, *guilt) bool { n++; return n < 7 })
	if n != 7 {
		t.Errorf("Range went on to %d after false", n)
	}
}

func TestDeletedMemoryIsReusedAndErased(t *testing.T) {
	t.Parallel()
	table := newGuilt(t, 1000)
	for i := range 1000 {
		table.Update(numbered(i), 1, func(e *guilt, _ bool) { e.room[3] = 0xdeadbeef })
	}
	before := table.Bytes()
	for i := range 1000 {
		table.Delete(numbered(i))
	}
	shards := *table.live.Load()
	for i := range shards {
		if shards[i].newcomer != (slot[guilt]{}) {
			t.Fatal("a newcomer is still in memory")
		}
		for _, chunk := range shards[i].chunks {
			for i := range chunk {
				if chunk[i].key != (Key{}) || chunk[i].e != (guilt{}) {
					t.Fatal("a deleted entry is still in memory")
				}
			}
		}
	}
	for round := range 20 {
		for i := range 900 {
			table.Update(numbered(round*10_000+i), 1, func(e *guilt, fresh bool) {
				if !fresh || *e != (guilt{}) {
					t.Fatal("a reused entry is not zero")
				}
				e.room[3] = 1
			})
		}
		for i := range 900 {
			table.Delete(numbered(round*10_000 + i))
		}
	}
	if table.Bytes() != before || table.Len() != 0 {
		t.Errorf("%d bytes for %d entries, was %d", table.Bytes(), table.Len(), before)
	}
}

func TestConcurrentUpdatesAreExact(t *testing.T) {
	t.Parallel()
	const workers, rounds, keys = 32, 200, 20
	table := newGuilt(t, 20_000)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for range rounds {
				for k := range keys {
					table.Update(numbered(k), 1, bump)
				}
				table.Update(numbered(1000+w), 1, bump)
				table.Delete(numbered(1000 + w))
				table.View(numbered(w), func(*guilt) {})
			}
			table.Range(func(Key, *guilt) bool { return true })
		})
	}
	wg.Wait()
	if table.Len() != keys {
		t.Errorf("%d entries, want %d", table.Len(), keys)
	}
	for k := range keys {
		table.View(numbered(k), func(e *guilt) {
			if e.n != workers*rounds {
				t.Errorf("key %d counted %d, want %d", k, e.n, workers*rounds)
			}
		})
	}
}

func TestTableAllocatesNothingPerCall(t *testing.T) {
	table := newGuilt(t, 1000)
	for i := range 3000 {
		table.Update(numbered(i), 1, bump)
	}
	n, sum := 5000, uint32(0)
	got := testing.AllocsPerRun(1000, func() {
		n++
		table.Update(numbered(n), Seconds(n), func(e *guilt, _ bool) { e.n++; sum += e.n })
		table.View(numbered(n), func(e *guilt) { sum += e.n })
		table.Delete(numbered(n))
	})
	if got != 0 {
		t.Errorf("%v allocations, want none (%d)", got, sum)
	}
}
