package evidence

import (
	"fmt"
	"slices"
	"sync"
	"testing"
)

type keptEntry struct{ n uint32 }

func keptTable(t *testing.T, size int) *Table[keptEntry] {
	t.Helper()
	table, err := NewTable(size, func(e *keptEntry, _ Seconds) uint32 { return e.n })
	if err != nil {
		t.Fatal(err)
	}
	table.Track()
	return table
}

func keptKey(i int) Key { return NewHasher([16]byte{1}).Number(1, 1, uint64(i)) }

func set(table *Table[keptEntry], i int, n uint32) {
	table.Update(keptKey(i), 100, func(e *keptEntry, _ bool) { e.n = n })
}

// told is what Changed tells, in words.
func told(table *Table[keptEntry], names map[Key]int) (list []string, complete bool) {
	complete = table.Changed(
		func(key Key) { list = append(list, fmt.Sprint("gone ", names[key])) },
		func(key Key, _ Seconds, e *keptEntry) { list = append(list, fmt.Sprint(names[key], "=", e.n)) },
	)
	slices.Sort(list)
	return list, complete
}

func TestChangesAreToldOnce(t *testing.T) {
	t.Parallel()
	table, names := keptTable(t, 1000), map[Key]int{}
	for i := range 10 {
		names[keptKey(i)] = i
	}
	steps := []struct {
		name string
		do   func()
		want []string
	}{
		{"nothing", func() {}, nil},
		{"made", func() { set(table, 1, 5); set(table, 2, 6) }, []string{"1=5", "2=6"}},
		{"nothing since", func() {}, nil},
		{"updated twice", func() { set(table, 1, 7); set(table, 1, 8) }, []string{"1=8"}},
		{"changed in a view", func() { table.View(keptKey(2), func(e *keptEntry) { e.n = 9 }) }, []string{"2=9"}},
		{"looked at", func() { table.Look(keptKey(2), func(*keptEntry) {}) }, nil},
		{"deleted", func() { table.Delete(keptKey(1)) }, []string{"gone 1"}},
		{"made and deleted", func() { set(table, 3, 1); table.Delete(keptKey(3)) }, []string{"gone 3"}},
		{"deleted and made again", func() { table.Delete(keptKey(2)); set(table, 2, 4) }, []string{"2=4", "gone 2"}},
		{"deleted what was not there", func() { table.Delete(keptKey(9)) }, nil},
	}
	for _, s := range steps {
		s.do()
		if got, complete := told(table, names); !slices.Equal(got, s.want) || !complete {
			t.Errorf("%s: told %q, complete %t; want %q", s.name, got, complete, s.want)
		}
	}
}

func TestMoreDeletionsThanAreRememberedAreToldToBeLost(t *testing.T) {
	t.Parallel()
	table := keptTable(t, 1000)
	for i := range 4 * (maxGone + 1) {
		set(table, i, 1)
		table.Delete(keptKey(i))
	}
	list, complete := told(table, nil)
	if complete || len(list) > 4*maxGone {
		t.Errorf("%d deletions told, complete %t; want a bounded number and that some are missing", len(list), complete)
	}
	if _, complete := told(table, nil); !complete {
		t.Error("what was told is told to be lost again")
	}
}

func TestUntrackedTableTellsNothing(t *testing.T) {
	t.Parallel()
	table, err := NewTable(100, func(*keptEntry, Seconds) uint32 { return 0 })
	if err != nil {
		t.Fatal(err)
	}
	set(table, 1, 1)
	table.Delete(keptKey(1))
	if list, _ := told(table, nil); len(list) > 0 || table.Marked() != 0 {
		t.Errorf("told %q, %d bytes of marks", list, table.Marked())
	}
}

func TestWalkSeesEveryEntryThatStays(t *testing.T) {
	t.Parallel()
	table := keptTable(t, 20_000)
	for i := range 10_000 {
		set(table, i, uint32(i))
	}
	var churn sync.WaitGroup
	stop := make(chan struct{})
	churn.Go(func() {
		for i := 50_000; ; i++ {
			select {
			case <-stop:
				return
			default:
				set(table, i%3000+50_000, 1)
				table.Delete(keptKey((i+7)%3000 + 50_000))
			}
		}
	})
	seen, largest := map[Key]uint32{}, 0
	for cursor, more := (Cursor{}), true; more; {
		n := 0
		more = table.Walk(&cursor, func(key Key, touched Seconds, e *keptEntry) {
			n++
			seen[key] = e.n
			if touched != 100 {
				t.Errorf("touched at %d, want 100", touched)
			}
		})
		largest = max(largest, n)
	}
	close(stop)
	churn.Wait()
	for i := range 10_000 {
		if n, ok := seen[keptKey(i)]; !ok || n != uint32(i) {
			t.Fatalf("entry %d was seen as %d, %t", i, n, ok)
		}
	}
	if largest > 2*stepEntries {
		t.Errorf("%d entries were handed over under one lock; want about %d", largest, stepEntries)
	}
}

func TestRestoredEntries(t *testing.T) {
	t.Parallel()
	table, names := keptTable(t, 1000), map[Key]int{keptKey(1): 1, keptKey(2): 2}
	sum := func(live, kept *keptEntry) { live.n += kept.n }
	value := func(i int) (n uint32) {
		table.Look(keptKey(i), func(e *keptEntry) { n = e.n })
		return n
	}
	set(table, 1, 5) // arrived meanwhile
	told(table, names)
	table.Restore(keptKey(1), 90, &keptEntry{30}, sum)
	table.Restore(keptKey(1), 80, &keptEntry{20}, sum) // an older version
	table.Restore(keptKey(2), 90, &keptEntry{7}, sum)
	table.Restore(keptKey(2), 80, &keptEntry{6}, sum)
	if value(1) != 35 || value(2) != 7 {
		t.Errorf("entries are %d and %d; want 5+30, and 7: the newest of each", value(1), value(2))
	}
	if got, _ := told(table, names); !slices.Equal(got, []string{"1=35"}) {
		t.Errorf("told %q; want the sum alone: the other one is as it was kept", got)
	}
	set(table, 2, 8) // goes on counting
	table.Restore(keptKey(2), 70, &keptEntry{1}, sum)
	if value(2) != 8 {
		t.Errorf("an older version changed a restored entry to %d", value(2))
	}
	table.Restored()
	table.Restore(keptKey(2), 70, &keptEntry{1}, sum)
	if value(2) != 9 {
		t.Errorf("after another restoring begins: %d, want 9", value(2))
	}
}

func TestRestoringForgetsNobody(t *testing.T) {
	t.Parallel()
	table := keptTable(t, 256)
	for i := range 256 {
		set(table, i, 1)
	}
	evicted := table.Evictions()
	for i := 1000; i < 3000; i++ {
		table.Restore(keptKey(i), 90, &keptEntry{1000}, func(*keptEntry, *keptEntry) {})
	}
	if table.Len() > 256 || table.Evictions() != evicted {
		t.Errorf("%d entries, %d forgotten", table.Len(), table.Evictions()-evicted)
	}
}

func TestMerges(t *testing.T) {
	t.Parallel()
	var live, kept Counter
	kept.Add(1000, 600, 8)
	live.Add(1300, 600, 4)
	merged := live
	merged.Merge(kept, 600)
	if got := merged.Value(1300, 600); got < 12 {
		t.Errorf("8 and 4 quarters within a window are %d", got)
	}
	if got := merged.Value(1300+1200, 600); got != 0 {
		t.Errorf("after two windows: %d", got)
	}
	other := kept
	other.Merge(live, 600)
	if other != merged {
		t.Errorf("merging depends on the order: %+v and %+v", other, merged)
	}
	live.Merge(Counter{}, 600)
	if got := live.Value(1300, 600); got != 4 {
		t.Errorf("merging nothing made %d of 4", got)
	}

	var a, b Decay
	a.Add(1000, 100, 8, 0)
	b.Add(1100, 100, 3, 0)
	b.Merge(a, 100)
	if got := b.Value(1100, 100); got < 6.99 || got > 7.01 {
		t.Errorf("8 after a half-life and 3 are %v, want 7", got)
	}
	var newer, older Tags4
	newer.Add(1)
	newer.Add(2)
	for tag := uint32(2); tag < 7; tag++ {
		older.Add(tag)
	}
	newer.Merge(older)
	if newer.tag != [4]uint32{2, 1, 6, 5} {
		t.Errorf("tags %v; want the newer ones first, then the newest older ones", newer.tag)
	}
}
