package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/doorward/doorward/detector/store"
)

// Maker makes stores for the suite.
type Maker struct {
	// New returns an empty store; it is closed by the test.
	New func(t *testing.T) store.Store
	// Again closes st and opens what it kept; nil when nothing outlives it.
	Again func(t *testing.T, st store.Store) store.Store
}

// Run runs the suite.
func Run(t *testing.T, m Maker) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(t *testing.T, m Maker)
	}{
		{"a document is replaced, and deleted", documents},
		{"changes are read newest first", changes},
		{"a snapshot replaces what was appended before it", snapshots},
		{"a snapshot that is not committed changes nothing", abandoned},
		{"what is kept outlives the store", outlives},
		{"rows of the audit log are found", audited},
		{"a row with the id of another is counted with it", counted},
		{"what is about a pseudonym is erased", erased},
		{"old rows are pruned and old addresses shortened", pruned},
		{"any bytes come back as they were", anyBytes},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, m) })
	}
}

var (
	background = context.Background()
	noon       = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
)

func made(t *testing.T, m Maker) store.Store {
	t.Helper()
	st := m.New(t)
	t.Cleanup(func() { must(t, "closing", st.Close()) })
	return st
}

func must(t *testing.T, doing string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", doing, err)
	}
}

// chunk is n entries of one byte each.
func chunk(table string, entries ...byte) store.Chunk {
	return store.Chunk{Table: table, Layout: "x:u8", Count: len(entries), Records: entries}
}

func appendChunks(t *testing.T, st store.Store, list ...store.Chunk) {
	t.Helper()
	must(t, "appending", st.Append(background, store.Batch{Time: noon, Changes: list}))
}

// read returns the chunks of a table as text.
func read(t *testing.T, st store.Store, table string) (list []string) {
	t.Helper()
	must(t, "reading", st.Read(background, table, func(c store.Chunk) error {
		list = append(list, fmt.Sprintf("%s %d %x -%x", c.Layout, c.Count, c.Records, c.Gone))
		return nil
	}))
	return list
}

func want[T ~[]string](t *testing.T, what string, got T, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func documents(t *testing.T, m Maker) {
	st := made(t, m)
	put := func(docs ...store.Document) {
		must(t, "appending", st.Append(background, store.Batch{Time: noon, Documents: docs}))
	}
	put(store.Document{Name: "a", Data: []byte(`{"n":1}`)}, store.Document{Name: "site/x y", Data: []byte(`"é"`)})
	put(store.Document{Name: "a", Data: []byte(`{"n":2}`)})
	docs, err := st.Documents(background)
	must(t, "reading documents", err)
	if len(docs) != 2 || string(docs["a"]) != `{"n":2}` || string(docs["site/x y"]) != `"é"` {
		t.Errorf("documents %q; want the second a and site/x y", docs)
	}
	put(store.Document{Name: "a"})
	if docs, err = st.Documents(background); err != nil || len(docs) != 1 {
		t.Errorf("documents %q, %v; want a deleted", docs, err)
	}
}

func changes(t *testing.T, m Maker) {
	if m.Again == nil {
		return // it need not keep tables
	}
	st := made(t, m)
	appendChunks(t, st, chunk("one", 1), chunk("two", 9))
	second := chunk("one", 2, 3)
	second.Gone, second.Layout = []byte{7}, "y:u8"
	appendChunks(t, st, second)
	want(t, "one", read(t, st, "one"), "y:u8 2 0203 -07", "x:u8 1 01 -")
	want(t, "two", read(t, st, "two"), "x:u8 1 09 -")
	want(t, "a table nobody wrote", read(t, st, "three"))

	stop := errors.New("enough")
	n := 0
	err := st.Read(background, "one", func(store.Chunk) error { n++; return stop })
	if !errors.Is(err, stop) || n != 1 {
		t.Errorf("reading went on after an error: %v, %d chunks", err, n)
	}
}

func snapshots(t *testing.T, m Maker) {
	if m.Again == nil {
		return
	}
	st := made(t, m)
	for round := byte(1); round <= 3; round++ {
		appendChunks(t, st, chunk("one", 10+round))
		snap, err := st.Snapshot(background)
		must(t, "beginning a snapshot", err)
		if _, err := st.Snapshot(background); err == nil {
			t.Error("two snapshots were begun at once")
		}
		must(t, "writing a snapshot", snap.Put(background, chunk("one", 20+round)))
		appendChunks(t, st, chunk("one", 30+round)) // while it is written
		must(t, "writing a snapshot", snap.Put(background, chunk("two", 40+round)))
		must(t, "committing", snap.Commit(background))
		snap.Abort() // does nothing any more
		if err := snap.Commit(background); err == nil {
			t.Error("a snapshot was committed twice")
		}
		want(t, "one", read(t, st, "one"), fmt.Sprintf("x:u8 1 %x -", 30+round), fmt.Sprintf("x:u8 1 %x -", 20+round))
		want(t, "two", read(t, st, "two"), fmt.Sprintf("x:u8 1 %x -", 40+round))
	}
}

func abandoned(t *testing.T, m Maker) {
	if m.Again == nil {
		return
	}
	st := made(t, m)
	appendChunks(t, st, chunk("one", 1))
	snap, err := st.Snapshot(background)
	must(t, "beginning a snapshot", err)
	must(t, "writing a snapshot", snap.Put(background, chunk("one", 2)))
	want(t, "while it is written", read(t, st, "one"), "x:u8 1 01 -")
	snap.Abort()
	want(t, "after it was aborted", read(t, st, "one"), "x:u8 1 01 -")
	snap, err = st.Snapshot(background)
	must(t, "beginning another one", err)
	must(t, "committing it", snap.Commit(background))
	want(t, "after an empty one", read(t, st, "one"))
}

func outlives(t *testing.T, m Maker) {
	if m.Again == nil {
		return
	}
	st := m.New(t)
	must(t, "appending", st.Append(background, store.Batch{
		Time: noon, Changes: []store.Chunk{chunk("one", 1)}, Documents: []store.Document{{Name: "a", Data: []byte("1")}},
		Audit: []store.Row{row("e1", noon)},
	}))
	snap, err := st.Snapshot(background)
	must(t, "beginning a snapshot", err)
	must(t, "writing a snapshot", snap.Put(background, chunk("one", 2)))
	must(t, "committing", snap.Commit(background))
	appendChunks(t, st, chunk("one", 3))
	half, err := st.Snapshot(background)
	must(t, "beginning a snapshot", err)
	must(t, "writing half a snapshot", half.Put(background, chunk("one", 4)))

	st = m.Again(t, st)
	defer func() { must(t, "closing", st.Close()) }()
	want(t, "one", read(t, st, "one"), "x:u8 1 03 -", "x:u8 1 02 -")
	docs, err := st.Documents(background)
	if err != nil || string(docs["a"]) != "1" {
		t.Errorf("documents %q, %v", docs, err)
	}
	if n, err := st.AuditCount(background); err != nil || n != 1 {
		t.Errorf("%d attempts in the log, %v; want 1", n, err)
	}
	appendChunks(t, st, chunk("one", 5))
	want(t, "and more", read(t, st, "one"), "x:u8 1 05 -", "x:u8 1 03 -", "x:u8 1 02 -")
}

func anyBytes(t *testing.T, m Maker) {
	if m.Again == nil {
		return
	}
	st := made(t, m)
	all := make([]byte, 300_000)
	for i := range all {
		all[i] = byte(i * 7)
	}
	appendChunks(t, st, store.Chunk{Table: "one", Layout: "x:u8", Count: len(all), Records: all, Gone: all[:4096]})
	must(t, "reading", st.Read(background, "one", func(c store.Chunk) error {
		if !bytes.Equal(c.Records, all) || !bytes.Equal(c.Gone, all[:4096]) {
			t.Error("other bytes came back")
		}
		return nil
	}))
}
