package keeper

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/store"
)

// docKey is the document that names the key which entries are found by. It is
// the keeper's own.
const docKey = "key"

// restoreFirst restores the documents and the sanctions.
func (k *Keeper) restoreFirst(ctx context.Context) {
	st := k.current()
	if st == nil {
		return
	}
	restoreDocument := k.o.Detector.RestoreDocument
	if k.moved {
		k.needSnapshot, restoreDocument = true, k.o.Detector.TakeOverDocument
	}
	docs, err := st.Documents(ctx)
	if err != nil {
		k.unreadable("reading what was kept", err)
		if !errors.Is(err, store.ErrCorrupt) {
			return
		}
	}
	now := k.o.Clock()
	for name, data := range docs {
		k.documents[name] = string(data)
		if name == docKey {
			continue
		}
		if err := restoreDocument(now, detector.Document{Name: name, Data: data}); err != nil {
			k.unreadable("reading what was kept", err)
		}
	}
	if id, kept := docs[docKey]; k.o.NoTables || kept && string(id) != k.key() {
		if !k.o.NoTables {
			k.o.Say("evidence and sanctions were kept under another key and cannot be found; they are replaced", errOtherKey)
			k.needSnapshot = true
		}
		return
	}
	k.tellErased(ctx, st)
	k.queueTables(st)
	// The sanctions come first whatever they take. What else can be done in no
	// time is: evidence one guess below a threshold counts from the first request.
	begun := time.Now()
	for first := true; len(k.waits) > 0 && (first || time.Since(begun) < atOnce); first = false {
		k.waits[0](ctx)
		k.waits = k.waits[1:]
	}
}

// atOnce is for how long tables are restored before the first request: some
// thousands of entries.
const atOnce = 150 * time.Millisecond

// tellErased tells the detector which accounts must not come back.
func (k *Keeper) tellErased(ctx context.Context, st store.Store) {
	list, err := st.Erased(ctx)
	if err != nil {
		k.unreadable("reading what was erased", err)
		return
	}
	erased := make(map[evidence.Key]evidence.Seconds)
	for name, at := range list {
		text, ok := strings.CutPrefix(name, store.EraseAccount)
		key, err := hex.DecodeString(text)
		if ok && err == nil && len(key) == len(evidence.Key{}) {
			erased[evidence.Key(key)] = evidence.ToSeconds(at)
		}
	}
	if len(erased) > 0 {
		k.o.Detector.Erased(erased)
	}
}

var errOtherKey = errors.New("the secret, or the key file, is not the one that was used before")

func (k *Keeper) key() string { return `{"id":"` + k.o.Detector.KeyID() + `"}` }

// queueTables lists what is to be restored of the tables, sanctions first.
func (k *Keeper) queueTables(st store.Store) {
	tables, generation := k.o.Detector.KeptTables()
	k.generation = generation
	for _, table := range tables {
		k.waits = append(k.waits, func(ctx context.Context) { k.restoreTable(ctx, st, table) })
	}
}

// restoreRest restores the other tables, in the background.
func (k *Keeper) restoreRest() {
	begun := time.Now()
	for _, restore := range k.waits {
		restore(k.ctx)
	}
	k.waits = nil
	k.restored = true
	k.giveUpDamaged()
	k.note(func(s *Status) { s.Complete, s.FullRestore = true, time.Since(begun)+s.FirstRestore })
}

// restoreAgain takes over from a process that had the store: what it has written
// is restored where this one has nothing.
func (k *Keeper) restoreAgain() {
	st := k.current()
	docs, err := st.Documents(k.ctx)
	if err != nil {
		k.unreadable("reading what was kept", err)
		k.giveUpDamaged()
		return
	}
	known := k.documents // of these nothing may count twice
	k.documents = make(map[string]string, len(docs))
	for name, data := range docs {
		k.documents[name] = string(data)
		restoreDocument := k.o.Detector.RestoreDocument
		if _, again := known[name]; again {
			restoreDocument = k.o.Detector.TakeOverDocument
		}
		if name != docKey {
			_ = restoreDocument(k.o.Clock(), detector.Document{Name: name, Data: data})
		}
	}
	if k.o.NoTables || string(docs[docKey]) != k.key() {
		return
	}
	tables, generation := k.o.Detector.KeptTables()
	k.generation = generation
	for _, table := range tables {
		k.restoreFrom(k.ctx, st, table, table.Absent(evidence.ToSeconds(k.o.Clock())))
	}
	k.giveUpDamaged()
}

func (k *Keeper) restoreTable(ctx context.Context, st store.Store, table detector.Kept) {
	into := table.Restore
	if k.moved {
		into = table.Absent
	}
	k.restoreFrom(ctx, st, table, into(evidence.ToSeconds(k.o.Clock())))
}

func (k *Keeper) restoreFrom(ctx context.Context, st store.Store, table detector.Kept, into detector.Restorer) {
	defer func() { // what lies on the disk must not keep Caddy from starting
		if r := recover(); r != nil {
			k.unreadable("reading "+table.Name(), fmt.Errorf("it panicked: %v", r))
		}
	}()
	err := st.Read(ctx, table.Name(), func(c store.Chunk) error {
		// A part that cannot be read is one of a version that nobody has any
		// more, or damaged: the other parts are restored all the same.
		if err := into.Put(c.Layout, detector.Records{Data: c.Records, Count: c.Count, Gone: c.Gone}); err != nil {
			k.note(func(s *Status) { s.Unreadable++; s.Error = err.Error() })
		}
		return ctx.Err()
	})
	n := into.Done()
	k.note(func(s *Status) { s.Restored += n })
	if err != nil && k.ctx.Err() == nil {
		k.unreadable("reading "+table.Name(), err)
	}
}

// unreadable notes what could not be read. A damaged store is given up when all
// that can be read was: one bad page must not cost the other tables.
func (k *Keeper) unreadable(doing string, err error) {
	k.note(func(s *Status) { s.Unreadable++ })
	if !errors.Is(err, store.ErrCorrupt) {
		k.o.Say(doing+": a part of the state is lost", err)
		return
	}
	k.trouble(doing, err)
	k.damage = err
}

// giveUpDamaged sets a store aside that was found damaged while it was read.
func (k *Keeper) giveUpDamaged() {
	damage := k.damage
	k.damage = nil
	if damage != nil && k.writable {
		k.giveUp(damage)
	}
}

// giveUp closes a damaged store, sets it aside and begins a new one.
func (k *Keeper) giveUp(damage error) {
	st := k.current()
	k.use(nil, false, false)
	_ = st.Close()
	if k.o.SetAside == nil {
		return
	}
	fresh, err := k.replaceDamaged(damage)
	if err != nil {
		k.trouble("beginning a new store", err)
		k.retryAt = time.Now().Add(k.o.Retry)
		return
	}
	clear(k.documents)
	k.use(fresh, true, true)
	k.needSnapshot = true
	k.well()
}
