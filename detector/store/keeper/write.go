package keeper

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/store"
)

// maxBatchRows is how many rows of the audit log are written at once: a store
// that is nearly full takes what waits in parts, while it is pruned in between.
const maxBatchRows = 1000

// flush appends what has changed since it was last called.
func (k *Keeper) flush(ctx context.Context) {
	batch := store.Batch{Time: k.o.Clock()}
	batch.Changes = k.changes()
	batch.Documents = k.changedDocuments(batch.Time)
	rows := k.audit.take()
	for !batch.Empty() || len(rows) > 0 {
		n := 0
		if batch.Empty() { // what is decided by goes first
			n = min(len(rows), maxBatchRows)
			batch.Audit = rows[:n]
		}
		if !k.append(ctx, batch) {
			k.audit.giveBack(rows)
			return
		}
		rows = rows[n:]
		batch = store.Batch{Time: batch.Time}
	}
}

// append writes a batch and reports whether the store has it.
func (k *Keeper) append(ctx context.Context, batch store.Batch) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	if err := k.current().Append(ctx, batch); err != nil {
		k.failed("writing to the store", err)
		return false
	}
	for _, doc := range batch.Documents {
		k.documents[doc.Name] = string(doc.Data)
	}
	for i := range batch.Changes {
		k.changed += int64(len(batch.Changes[i].Records) + len(batch.Changes[i].Gone))
	}
	k.rows += len(batch.Audit)
	k.note(func(s *Status) { s.Written = batch.Time })
	k.well()
	return true
}

// failed notes that a write failed: what it had is not in the store, so
// everything is written once it works again.
func (k *Keeper) failed(doing string, err error) {
	k.needSnapshot = true
	k.retryAt = time.Now().Add(k.o.Retry)
	k.trouble(doing, err)
	if errors.Is(err, store.ErrFull) {
		k.pruneAt = time.Time{} // the audit log may be what fills it
	}
	if errors.Is(err, store.ErrCorrupt) {
		k.giveUp(err)
	}
}

// changes takes the entries that changed.
func (k *Keeper) changes() (list []store.Chunk) {
	if k.o.NoTables || !k.restored {
		return nil
	}
	tables, generation := k.o.Detector.KeptTables()
	if generation != k.generation { // other tables were made: they were told nothing yet
		k.generation, k.needSnapshot = generation, true
	}
	for _, table := range tables {
		k.records.Reset()
		if !table.Changed(&k.records) {
			k.needSnapshot = true
		}
		if k.records.Count == 0 && len(k.records.Gone) == 0 {
			continue
		}
		list = append(list, store.Chunk{
			Table: table.Name(), Layout: table.Layout(), Count: k.records.Count,
			Records: slices.Clone(k.records.Data), Gone: slices.Clone(k.records.Gone),
		})
	}
	return list
}

// sitesShare: the documents of sites are made anew as often as that takes at most
// a fiftieth of the time, and at most every second.
const sitesShare = 50

// changedDocuments returns the documents that are not in the store as they are.
func (k *Keeper) changedDocuments(now time.Time) (list []store.Document) {
	begun := time.Now()
	sites := !begun.Before(k.sitesNext)
	docs, err := k.o.Detector.Documents(now, sites)
	if err != nil {
		k.o.Say("writing what was learned", err)
	}
	if sites {
		k.sitesNext = time.Now().Add(max(k.o.Every, sitesShare*time.Since(begun)))
	}
	if !k.o.NoTables {
		docs = append(docs, detector.Document{Name: docKey, Data: []byte(k.key())})
	}
	for _, doc := range docs {
		if k.documents[doc.Name] != string(doc.Data) {
			list = append(list, store.Document{Name: doc.Name, Data: doc.Data})
		}
	}
	return list
}

func (k *Keeper) snapshotDue(now time.Time) bool {
	switch {
	case k.o.NoTables || !k.writable || !k.restored || now.Before(k.retryAt):
		return false
	case k.needSnapshot:
		return true
	}
	return k.changed > max(smallChanges, k.snapshotSize) || k.changed > 0 && now.Sub(k.snapshotAt) > k.o.SnapshotEvery
}

// snapshot writes all tables, and between their parts what has changed meanwhile.
func (k *Keeper) snapshot(ctx context.Context) {
	k.needSnapshot = false
	tables, generation := k.o.Detector.KeptTables()
	k.generation = generation
	snap, err := k.current().Snapshot(ctx)
	if err != nil {
		k.failed("writing a snapshot", err)
		return
	}
	defer snap.Abort()
	k.changed = 0
	var size int64
	for _, table := range tables {
		n, err := k.snapshotTable(ctx, snap, table)
		size += n
		if err != nil {
			k.failed("writing a snapshot", err)
			return
		}
	}
	if k.needSnapshot { // a write failed meanwhile, or more was deleted than is remembered
		return
	}
	if err := snap.Commit(ctx); err != nil {
		k.failed("writing a snapshot", err)
		return
	}
	k.snapshotSize, k.snapshotAt = size, time.Now()
	bytes, _ := k.current().Size(ctx)
	k.note(func(s *Status) { s.Snapshot, s.Bytes = k.o.Clock(), bytes })
}

func (k *Keeper) snapshotTable(ctx context.Context, snap store.Snapshot, table detector.Kept) (size int64, err error) {
	var cursor evidence.Cursor
	var part detector.Records
	next := time.Now().Add(k.o.Every)
	for more := true; more; {
		more = table.Walk(&cursor, &part)
		if part.Count == 0 || more && len(part.Data) < chunkBytes {
			continue
		}
		begun := time.Now()
		c := store.Chunk{Table: table.Name(), Layout: table.Layout(), Count: part.Count, Records: part.Data}
		if err := snap.Put(ctx, c); err != nil {
			return size, err
		}
		size += int64(len(part.Data))
		part.Reset()
		if time.Now().After(next) {
			k.flush(ctx)
			next = time.Now().Add(k.o.Every)
		}
		pause(ctx, time.Since(begun)) // leave half of a processor to others
	}
	return size, ctx.Err()
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(min(d, 20*time.Millisecond))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// prune does a bounded part of what is due in the audit log.
func (k *Keeper) prune() {
	ctx, cancel := context.WithTimeout(k.ctx, writeTimeout)
	defer cancel()
	more, err := k.current().Prune(ctx, k.o.Clock(), k.o.Retention)
	for begun := time.Now(); more && err == nil && time.Since(begun) < pruneFor; {
		more, err = k.current().Prune(ctx, k.o.Clock(), k.o.Retention)
	}
	k.rows = 0
	k.pruneAt = time.Now().Add(pruneEvery)
	if more {
		k.pruneAt = time.Now()
	}
	if err != nil && k.ctx.Err() == nil {
		k.o.Say("pruning the audit log", err)
	}
	if bytes, err := k.current().Size(ctx); err == nil {
		k.note(func(s *Status) { s.Bytes = bytes })
	}
}
