package evidence

import (
	"math/rand/v2"
	"testing"
	"unsafe"
)

// A hostile flood of new keys at rising rank, the worst for the bound: every one
// of them has a claim to stay.
func TestAFloodNeverExceedsTheCap(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{1, 2, 3, 9, 10, 11, 16, 100, 255, 256, 511, 512, 513, 1000, 4099} {
		table := newGuilt(t, limit)
		for i := range 20 * limit {
			table.Update(numbered(i), Seconds(i), func(e *guilt, _ bool) { e.n = uint32(i) })
			if table.Len() > limit {
				t.Fatalf("cap %d: %d entries", limit, table.Len())
			}
		}
		found := 0
		table.Range(func(Key, *guilt) bool { found++; return true })
		if table.Len() != limit || found != limit || table.Cap() != limit {
			t.Errorf("cap %d: Len %d, Range %d, Cap %d after a flood", limit, table.Len(), found, table.Cap())
		}
		if got, want := table.Evictions(), uint64(19*limit); got != want {
			t.Errorf("cap %d: %d evictions, want %d", limit, got, want)
		}
		if most := int64(limit)*int64(table.EntryBytes()) + 64<<10; table.Bytes() > most {
			t.Errorf("cap %d: %d bytes, documented at most %d", limit, table.Bytes(), most)
		}
	}
}

func TestGuiltySurviveAFloodOfSingletons(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{100, 1000, 10_000} {
		table := newGuilt(t, limit)
		for failure := range 8 {
			for source := range 5 {
				table.Update(numbered(-1-source), Seconds(failure), bump)
			}
		}
		for i := range 20 * limit {
			table.Update(numbered(i), Seconds(100+i), bump)
		}
		for source := range 5 {
			found := table.View(numbered(-1-source), func(e *guilt) {
				if e.n != 8 {
					t.Errorf("cap %d: source %d has %d failures, want 8", limit, source, e.n)
				}
			})
			if !found {
				t.Errorf("cap %d: the flood freed source %d", limit, source)
			}
		}
	}
}

// Half of the table are guilty; a flood of singletons lives on the other half.
func TestHalfATableOfGuiltySurvives(t *testing.T) {
	t.Parallel()
	const limit = 6000
	table := newGuilt(t, limit)
	for i := range limit / 2 {
		table.Update(numbered(-1-i), 1, func(e *guilt, _ bool) { e.n = 8 })
	}
	for i := range 20 * limit {
		table.Update(numbered(i), Seconds(2+i), bump)
	}
	lost := 0
	for i := range limit / 2 {
		if !table.View(numbered(-1-i), func(*guilt) {}) {
			lost++
		}
	}
	if lost > 1 {
		t.Errorf("%d of %d guilty were forgotten", lost, limit/2)
	}
}

// When everybody ranks higher than the newcomers, they get one place between
// them and no more.
func TestNewcomersShareOnePlace(t *testing.T) {
	t.Parallel()
	const limit = 64 // all of it is compared
	table := newGuilt(t, limit)
	for i := range limit {
		table.Update(numbered(-1-i), 1, func(e *guilt, _ bool) { e.n = uint32(8 + i) })
	}
	for i := range 1000 {
		table.Update(numbered(i), 2, bump)
		if !table.View(numbered(i), func(*guilt) {}) {
			t.Fatalf("newcomer %d was turned away", i)
		}
	}
	for i := range limit {
		if got, want := table.View(numbered(-1-i), func(*guilt) {}), i > 0; got != want {
			t.Errorf("entry of rank %d: there %v, want %v", 8+i, got, want)
		}
	}
}

func TestOfEqualsTheOldestGoes(t *testing.T) {
	t.Parallel()
	const limit = 16
	table := newGuilt(t, limit)
	set := func(e *guilt, _ bool) { e.n = 1 }
	for i := range limit {
		table.Update(numbered(i), Seconds(100+i), set)
	}
	table.Update(numbered(0), 200, set)       // fresh again
	table.View(numbered(1), func(*guilt) {})  // looking at it does not make it fresh
	table.Update(numbered(limit), 201, set)   // makes 1 go
	table.Update(numbered(limit+1), 202, set) // makes 2 go
	for i := range limit + 2 {
		want := i != 1 && i != 2
		if got := table.View(numbered(i), func(*guilt) {}); got != want {
			t.Errorf("entry %d: there %v, want %v", i, got, want)
		}
	}
}

// The rank is asked at the time of the newcomer, so evidence that has faded is
// no longer protected.
func TestRankIsOfTheMoment(t *testing.T) {
	t.Parallel()
	type record struct{ until Seconds }
	table, err := NewTable(16, func(r *record, now Seconds) uint32 {
		return uint32(max(r.until, now) - now)
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 16 {
		table.Update(numbered(i), 1, func(r *record, _ bool) { r.until = Seconds(1000 + 10*i) })
	}
	table.Update(numbered(7), 2000, func(r *record, _ bool) { r.until = 3000 })
	for i := range 15 {
		table.Update(numbered(100+i), 2001, func(r *record, _ bool) { r.until = 2500 })
	}
	if !table.View(numbered(7), func(*record) {}) || table.View(numbered(15), func(*record) {}) {
		t.Error("a faded entry outlived a running one")
	}
}

// The share of entries that are forgotten before the table is full, as the
// documentation has it.
func TestLoadBeforeTheFirstEviction(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		load      float64
		min, most float64 // share of entries forgotten
	}{{0.5, 0, 0.0002}, {0.9, 0, 0.004}, {1, 0.001, 0.015}} {
		table := newGuilt(t, 100_000)
		n := int(100_000 * tt.load)
		for i := range n {
			table.Update(numbered(i), 1, bump)
		}
		got := float64(table.Evictions()) / float64(n)
		t.Logf("%.0f %% full: %.4f %% forgotten", tt.load*100, got*100)
		if got < tt.min || got > tt.most {
			t.Errorf("%.0f %% full: %.4f %% forgotten, documented at most %.4f %%", tt.load*100, got*100, tt.most*100)
		}
	}
}

func TestBytesPerEntry(t *testing.T) {
	t.Parallel()
	table := newGuilt(t, 100_000)
	if got, want := table.EntryBytes(), 20+int(unsafe.Sizeof(guilt{}))+7; got != want {
		t.Errorf("EntryBytes = %d, want %d", got, want)
	}
	few := int64(0)
	for i := range 200_000 {
		table.Update(numbered(i), 1, bump)
		if i == 5000 {
			few = table.Bytes()
		}
	}
	if got, most := table.Bytes(), int64(100_000*table.EntryBytes()+64<<10); got > most {
		t.Errorf("a full table has %d bytes, EntryBytes says at most %d", got, most)
	}
	// Index, shards and one started piece for each shard, but not the rest.
	if few > table.Bytes()/4 {
		t.Errorf("5000 of 100000 entries take %d of %d bytes", few, table.Bytes())
	}
}

// A map is the model. Below the cap a table is a map; the operations come in
// random order over a few thousand keys.
func TestTableAgainstModel(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{2000, 60_000} {
		rng := rand.New(rand.NewPCG(7, uint64(limit)))
		table, model := newGuilt(t, limit), map[Key]guilt{}
		for step := range 100_000 {
			k := numbered(rng.IntN(limit / 4))
			want, there := model[k]
			switch rng.IntN(10) {
			case 0:
				if table.Delete(k) != there {
					t.Fatalf("step %d: Delete differs", step)
				}
				delete(model, k)
			case 1, 2, 3:
				if got := table.View(k, func(e *guilt) {
					if *e != want {
						t.Errorf("step %d: %v, want %v", step, *e, want)
					}
				}); got != there {
					t.Fatalf("step %d: View = %v", step, got)
				}
			default:
				table.Update(k, Seconds(step), func(e *guilt, fresh bool) {
					if fresh == there || *e != want {
						t.Errorf("step %d: fresh %v, %v, want %v", step, fresh, *e, want)
					}
					e.n++
					e.room[step%10] = uint32(step)
					model[k] = *e
				})
			}
			if table.Len() != len(model) {
				t.Fatalf("step %d: %d entries, want %d", step, table.Len(), len(model))
			}
		}
		table.Range(func(k Key, e *guilt) bool {
			if model[k] != *e {
				t.Errorf("Range: %v, want %v", *e, model[k])
			}
			delete(model, k)
			return true
		})
		if len(model) != 0 || table.Evictions() != 0 {
			t.Errorf("%d entries missing, %d evictions", len(model), table.Evictions())
		}
	}
}
