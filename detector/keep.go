package detector

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/doorward/doorward/detector/evidence"
)

// Records are entries of one table, each as its key (16 bytes), the second it was
// last updated in (4, little-endian) and the bytes of the entry, and keys that
// were deleted, 16 bytes each. The deletions come before the entries.
type Records struct {
	Data  []byte
	Count int
	Gone  []byte
}

// Reset empties r and keeps its memory.
func (r *Records) Reset() { r.Data, r.Gone, r.Count = r.Data[:0], r.Gone[:0], 0 }

const (
	keySize      = len(evidence.Key{})
	recordHeader = keySize + 4
)

// Kept is a table whose entries outlive the process: what a store is told of it
// and how it is filled again. Its methods lock for about a hundred entries at a
// time. One caller at a time, beside any number of requests.
type Kept interface {
	// Name is what the table is called in a store.
	Name() string
	// Layout describes the entries of Records: the fields that
	// [evidence.Codec.Layout] lists, and for some tables, on further lines, what
	// their numbers stand for. It is the same as long as the process lives.
	Layout() string
	// Changed appends what has changed since it was last called. false: more was
	// deleted than is remembered, and only a snapshot tells what there is.
	Changed(r *Records) (complete bool)
	// Walk appends the next hundred entries or so and reports whether there are
	// more.
	Walk(c *evidence.Cursor, r *Records) (more bool)
	// Restore begins filling the table again.
	Restore(now evidence.Seconds) Restorer
	// Absent is Restore for entries alone of which the table has none: it takes
	// over what another process has learned.
	Absent(now evidence.Seconds) Restorer
}

// Restorer fills a table again, beside any number of requests. What arrives
// meanwhile is added to what is restored.
type Restorer interface {
	// Put takes records that were written with layout. Of several versions of
	// an entry the first one that is put counts: begin with the newest. Records
	// that are not whole are an error; nothing is put then.
	Put(layout string, r Records) error
	// Done ends restoring and returns how many entries were restored.
	Done() int
}

// keptTable is a table of entries E.
type keptTable[E any] struct {
	name string
	// erased are accounts that were forgotten, and when; may be nil.
	erased map[evidence.Key]evidence.Seconds
	table  *evidence.Table[E]
	codec  *evidence.Codec[E]
	// retain is how long after its last update an entry is kept.
	retain evidence.Seconds
	// scrub takes out what must not be written (H14); may be nil.
	scrub func(e *E)
	// merge adds a kept entry to one that was made meanwhile.
	merge func(live, kept *E)
	// words are lines of the layout, and reading of them returns what turns a
	// kept entry into one of this process, which reports whether it is worth
	// keeping; may be nil.
	words   string
	reading func(words string, now evidence.Seconds) func(e *E) bool
}

func (t *keptTable[E]) Name() string { return t.name }

func (t *keptTable[E]) Layout() string {
	if t.words == "" {
		return t.codec.Layout()
	}
	return t.codec.Layout() + "\n" + t.words
}

func (t *keptTable[E]) append(r *Records, key evidence.Key, touched evidence.Seconds, e *E) {
	r.Data = append(r.Data, key[:]...)
	r.Data = binary.LittleEndian.AppendUint32(r.Data, uint32(touched))
	if t.scrub != nil {
		scrubbed := *e
		t.scrub(&scrubbed)
		e = &scrubbed
	}
	r.Data = t.codec.Append(r.Data, e)
	r.Count++
}

func (t *keptTable[E]) Changed(r *Records) bool {
	return t.table.Changed(
		func(key evidence.Key) { r.Gone = append(r.Gone, key[:]...) },
		func(key evidence.Key, touched evidence.Seconds, e *E) { t.append(r, key, touched, e) },
	)
}

func (t *keptTable[E]) Walk(c *evidence.Cursor, r *Records) bool {
	return t.table.Walk(c, func(key evidence.Key, touched evidence.Seconds, e *E) { t.append(r, key, touched, e) })
}

func (t *keptTable[E]) Restore(now evidence.Seconds) Restorer {
	return &restorer[E]{keptTable: t, now: now, gone: make(map[evidence.Key]struct{})}
}

func (t *keptTable[E]) Absent(now evidence.Seconds) Restorer {
	alone := *t
	alone.merge = func(*E, *E) {}
	return alone.Restore(now)
}

// restorer is a run of Restore. Deletions are remembered until it is done: they
// hold for all older records.
type restorer[E any] struct {
	*keptTable[E]
	now    evidence.Seconds
	gone   map[evidence.Key]struct{}
	n      int
	layout string // that reader and convert are for
	reader *evidence.Reader[E]
	turn   func(e *E) bool
}

func (t *restorer[E]) Put(layout string, r Records) error {
	if err := t.read(layout); err != nil {
		return fmt.Errorf("restoring %s: %w", t.name, err)
	}
	size := recordHeader + t.reader.Size()
	if len(r.Data)%size != 0 || len(r.Gone)%keySize != 0 {
		return fmt.Errorf("restoring %s: %d bytes are no whole records of %d, or %d no whole keys", t.name, len(r.Data), size, len(r.Gone))
	}
	for data := r.Data; len(data) > 0; data = data[size:] {
		t.put(data[:size])
	}
	for gone := r.Gone; len(gone) > 0; gone = gone[keySize:] {
		t.gone[evidence.Key(gone[:keySize])] = struct{}{}
	}
	return nil
}

func (t *restorer[E]) read(layout string) (err error) {
	if t.reader != nil && t.layout == layout {
		return nil
	}
	fields, words, _ := strings.Cut(layout, "\n")
	if t.reader, err = t.codec.Reader(fields); err != nil {
		return err
	}
	t.layout, t.turn = layout, nil
	if t.reading != nil {
		t.turn = t.reading(words, t.now)
	}
	return nil
}

func (t *restorer[E]) put(record []byte) {
	key := evidence.Key(record[:keySize])
	if _, gone := t.gone[key]; gone {
		return
	}
	touched := evidence.Seconds(binary.LittleEndian.Uint32(record[keySize:]))
	if touched+t.retain < t.now {
		return
	}
	if at, erased := t.erased[key]; erased && touched <= at {
		return
	}
	var e E
	t.reader.Read(record[recordHeader:], &e)
	if t.turn != nil && !t.turn(&e) {
		return
	}
	// A clock that was ahead must not keep an entry for ever.
	if t.table.Restore(key, min(touched, t.now), &e, t.merge) {
		t.n++
	}
}

func (t *restorer[E]) Done() int {
	t.table.Restored()
	t.gone = nil
	return t.n
}
