package detector

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/detector/evidence"
)

func TestVersionsWithOtherWordsReadSanctions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.guesses("192.0.2.1", "", 0, 11)
	before := w.try(login("192.0.2.1", "", 0), failed)
	s := kept(t, w.d, w.now)
	// A version whose list of detections begins with one that this one does not
	// know, and so has other numbers for the others.
	layout := strings.Replace(s.layout[KeptSanctions], "detections=", "detections=from_the_future,", 1)
	r := s.tables[KeptSanctions]
	tables, _ := w.d.KeptTables()
	at := fieldOffset(t, layout, "detection")
	size := len(r.Data) / r.Count
	for i := range r.Count {
		r.Data[i*size+recordHeader+at]++
	}
	next := newWorld(t, strictly)
	next.now = w.now
	into, _ := next.d.KeptTables()
	restorer := into[0].Restore(evidence.ToSeconds(w.now))
	if err := restorer.Put(layout, r); err != nil || tables[0].Name() != KeptSanctions {
		t.Fatal(err)
	}
	restorer.Done()
	if v := next.try(login("192.0.2.1", "", 0), failed); v.Detection != before.Detection || v.Sanction != before.Sanction {
		t.Errorf("restored as %+v; want %+v", v, before)
	}
}

// fieldOffset is where a field of one byte stands in a layout.
func fieldOffset(t *testing.T, layout, name string) (offset int) {
	t.Helper()
	sizes := map[string]int{"bool": 1, "u8": 1, "u16": 2, "u32": 4, "u64": 8}
	fields, _, _ := strings.Cut(layout, "\n")
	for word := range strings.FieldsSeq(fields) {
		field, kind, _ := strings.Cut(word, ":")
		if field == name {
			return offset
		}
		offset += sizes[kind]
	}
	t.Fatalf("no field %s in %q", name, layout)
	return 0
}

func TestDamagedRecordsAreErrorsAndChangeNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.guesses("192.0.2.1", "a@x.test", 1, 5)
	s := kept(t, w.d, w.now)
	next := newWorld(t, strictly)
	tables, _ := next.d.KeptTables()
	for _, table := range tables {
		r, layout := s.tables[table.Name()], s.layout[table.Name()]
		into := table.Restore(evidence.ToSeconds(w.now))
		for what, put := range map[string]error{
			"half a record":   into.Put(layout, Records{Data: append(slices.Clone(r.Data), 1), Count: r.Count}),
			"half a key":      into.Put(layout, Records{Gone: make([]byte, 17)}),
			"no layout":       into.Put("", r),
			"another layout":  into.Put("x:u8", Records{Data: make([]byte, 30), Count: 1}),
			"a broken layout": into.Put("x:u8 y", r),
		} {
			if put == nil {
				t.Errorf("%s: %s was taken", table.Name(), what)
			}
		}
		if n := into.Done(); n != 0 {
			t.Errorf("%s: %d entries came out of damaged records", table.Name(), n)
		}
	}
	for _, doc := range []Document{{Name: "entries", Data: []byte("{")}, {Name: "override", Data: []byte("[]")}} {
		if err := next.d.RestoreDocument(w.now, doc); err == nil {
			t.Errorf("document %s %q was taken", doc.Name, doc.Data)
		}
	}
	for _, doc := range []Document{{Name: "later", Data: []byte("{")}, {Name: "site/shop.test", Data: []byte(`{"routes":[{}],"strangers":{"fields":"x","bytes":"!"}}`)}} {
		if err := next.d.RestoreDocument(w.now, doc); err != nil {
			t.Errorf("document %s: %v; want it left out", doc.Name, err)
		}
	}
}

// TestDeletedEntriesStayDeleted: older versions of what was deleted do not come
// back, newer ones do.
func TestDeletedEntriesStayDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.d.Keep()
	changes := func() (all map[string]Records) {
		all = map[string]Records{}
		tables, _ := w.d.KeptTables()
		for _, table := range tables {
			var r Records
			if !table.Changed(&r) {
				t.Error("changes were lost")
			}
			all[table.Name()] = r
		}
		return all
	}
	w.guesses("192.0.2.1", "", 0, 12)
	first := changes()
	if n, err := w.d.Unblock(w.now, "192.0.2.1"); err != nil || n != 1 {
		t.Fatalf("lifted %d, %v", n, err)
	}
	second := changes()
	next := newWorld(t, strictly)
	next.now = w.now
	tables, _ := next.d.KeptTables()
	for _, table := range tables {
		into := table.Restore(evidence.ToSeconds(w.now))
		for _, r := range []map[string]Records{second, first} { // the newest first
			if err := into.Put(table.Layout(), r[table.Name()]); err != nil {
				t.Fatal(err)
			}
		}
		into.Done()
	}
	if !next.guess("192.0.2.1", "", 0) {
		t.Error("a sanction that was lifted came back")
	}
}

// TestWhatArrivesMeanwhileCounts: guesses that are made while evidence is
// restored are added to it.
func TestWhatArrivesMeanwhileCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, patient())
	w.guesses("192.0.2.1", "a@x.test", 1, 6)
	s := kept(t, w.d, w.now)
	next := newWorld(t, patient())
	next.now = w.now
	next.d.Keep()
	next.guesses("192.0.2.1", "a@x.test", 50, 3)
	restore(t, next.d, next.now, s)
	if got := next.guesses("192.0.2.1", "a@x.test", 100, 5); got != 1 {
		t.Errorf("%d more guesses let through after 6 before a restart and 3 while it was restored; want 1", got)
	}
}

// TestEveryMergeKeepsWhatIsKept: an entry that was only made, with nothing in it,
// becomes the one that was kept.
func TestEveryMergeKeepsWhatIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, patient())
	for i := range 8 {
		a := login("198.51.100.7", "a@x.test", 1)
		a.Client, a.Source.Country, a.UserAgent = 7, [2]byte{'N', 'L'}, 99
		w.try(a, succeeded)
		w.guess(address(i), "a@x.test", uint64(100+i))
		w.now = w.now.Add(24 * time.Hour)
	}
	w.guesses("192.0.2.1", "b@x.test", 1, 12)
	s := kept(t, w.d, w.now)
	next := newWorld(t, patient())
	next.now = w.now
	tables, _ := next.d.KeptTables()
	for _, table := range tables {
		if table.Name() == "machine" {
			continue // a row of another account is another row
		}
		r := s.tables[table.Name()]
		empty := slices.Clone(r.Data)
		if r.Count == 0 {
			continue
		}
		size := len(empty) / r.Count
		for i := range r.Count {
			clear(empty[i*size+recordHeader : (i+1)*size])
		}
		first := table.Restore(evidence.ToSeconds(w.now))
		if table.Name() == KeptSanctions {
			continue // one that has ended is not put at all
		}
		if err := first.Put(table.Layout(), Records{Data: empty, Count: r.Count}); err != nil {
			t.Fatal(err)
		}
		first.Done()
		second := table.Restore(evidence.ToSeconds(w.now))
		if err := second.Put(table.Layout(), r); err != nil {
			t.Fatal(err)
		}
		second.Done()
		got := kept(t, next.d, next.now).tables[table.Name()]
		if sorted(got) != sorted(r) {
			t.Errorf("table %s: an empty entry and a kept one are not the kept one", table.Name())
		}
	}
}
