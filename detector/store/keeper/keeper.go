package keeper

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/store"
)

// Options of a Keeper. Zero fields are defaults.
type Options struct {
	Detector *detector.Detector

	// Open opens the store for writing. OpenReadOnly, which may be nil, opens it
	// for reading when that was refused; SetAside, which may be nil, takes a
	// damaged one out of the way and returns where it is now.
	Open         func() (store.Store, error)
	OpenReadOnly func() (store.Store, error)
	SetAside     func(now time.Time) (string, error)

	// Before is the keeper that kept the state of this process until now, closed;
	// nil in a process that begins. What the store has is then restored only where
	// this process knows nothing: what both know may be the same attempts. Rows
	// that Before could not write are written here.
	Before *Keeper

	// NoTables leaves the tables out, because the keys of this process do not
	// outlive it: what is entered by command is kept all the same.
	NoTables bool

	// Retention of the audit log. Default store.DefaultRetention.
	Retention store.Retention

	// Every is how often changes are appended. Default 500ms.
	Every time.Duration
	// Retry is how often a store that cannot be written is tried. Default 5s.
	Retry time.Duration
	// SnapshotEvery is how often a snapshot is written at least while anything
	// changes. Default 15m.
	SnapshotEvery time.Duration

	// Clock is what entries are judged by. Default time.Now.
	Clock func() time.Time

	// Say is told what an operator should know: err is nil when all is well
	// again. It must not wait. Default: nothing.
	Say func(what string, err error)
}

func (o Options) withDefaults() Options {
	if o.Retention == (store.Retention{}) {
		o.Retention = store.DefaultRetention
	}
	if o.Every <= 0 {
		o.Every = 500 * time.Millisecond
	}
	if o.Retry <= 0 {
		o.Retry = 5 * time.Second
	}
	if o.SnapshotEvery <= 0 {
		o.SnapshotEvery = 15 * time.Minute
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Say == nil {
		o.Say = func(string, error) {}
	}
	return o
}

// Bounds.
const (
	// startTimeout bounds what is restored before the first request.
	startTimeout = 3 * time.Second
	// writeTimeout bounds one write, so that a disk that hangs holds up nothing
	// but the keeper.
	writeTimeout = 10 * time.Second
	// smallChanges is how many bytes of changes never cause a snapshot.
	smallChanges = 16 << 20
	// chunkBytes is how large a part of a table is written at once, about.
	chunkBytes = 128 << 10
	// The audit log is pruned every ten minutes, and earlier when so many rows
	// were written or there is no room, for as long as a tick may wait for it.
	pruneEvery = 10 * time.Minute
	pruneRows  = 20_000
	pruneFor   = 200 * time.Millisecond
)

// Keeper is what its package says. Make it with New.
type Keeper struct {
	o     Options
	audit *auditBuffer

	mu     sync.Mutex // guards what follows up to ctx
	st     store.Store
	status Status
	closed bool

	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}
	ask    chan request

	// What follows belongs to the goroutine of run, and to Start before it.
	writable     bool
	moved        bool // another keeper kept the state of this process before
	restored     bool
	waits        []func(ctx context.Context) // restoring that is to be done in the background
	documents    map[string]string
	sitesNext    time.Time
	generation   uint64
	needSnapshot bool
	changed      int64 // bytes since the last snapshot
	snapshotSize int64
	snapshotAt   time.Time
	retryAt      time.Time
	pruneAt      time.Time
	damage       error // that was found while restoring, until the store is set aside
	rows         int   // of the audit log, written since it was pruned
	records      detector.Records
}

// request is something that is done in the keeper's goroutine.
type request struct {
	do   func(ctx context.Context) error
	done chan error
}

// New returns a keeper that has done nothing yet.
func New(o Options) *Keeper {
	k := &Keeper{
		o: o.withDefaults(), audit: newAuditBuffer(), done: make(chan struct{}), ask: make(chan request),
		documents: make(map[string]string),
	}
	k.ctx, k.cancel = context.WithCancel(context.Background())
	return k
}

// Start opens the store and restores what must be there before the first
// request: the operator's entries and the sanctions, for at most three seconds.
// The rest follows in the background. It fails for no state of the store: see
// Status.
func (k *Keeper) Start() {
	begun := time.Now()
	k.o.Detector.Keep()
	if before := k.o.Before; before != nil {
		k.audit.giveBack(before.audit.take())
		k.audit.lost.Add(before.audit.lost.Load())
		k.moved, k.o.Before = true, nil // it is not needed any more
	}
	k.open()
	ctx, cancel := context.WithTimeout(k.ctx, startTimeout)
	defer cancel()
	k.restoreFirst(ctx)
	k.note(func(s *Status) { s.FirstRestore = time.Since(begun) })
	go k.run()
}

// open opens the store, for reading at least.
func (k *Keeper) open() {
	st, err := k.o.Open()
	if errors.Is(err, store.ErrCorrupt) && k.o.SetAside != nil {
		st, err = k.replaceDamaged(err)
	}
	if err != nil && k.o.OpenReadOnly != nil {
		k.trouble("opening the store", err)
		k.retryAt = time.Now().Add(k.o.Retry)
		st, err = k.o.OpenReadOnly()
		k.use(st, err == nil, false)
		return
	}
	if err != nil {
		k.trouble("opening the store", err)
		k.retryAt = time.Now().Add(k.o.Retry)
	}
	k.use(st, err == nil, err == nil)
}

func (k *Keeper) replaceDamaged(damage error) (store.Store, error) {
	aside, err := k.o.SetAside(k.o.Clock())
	if err != nil {
		return nil, errors.Join(damage, err)
	}
	k.note(func(s *Status) { s.SetAside = aside })
	k.o.Say("a damaged store was set aside as "+aside+"; a new one was begun", damage)
	return k.o.Open()
}

func (k *Keeper) use(st store.Store, usable, writable bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !usable {
		st = nil
	}
	k.st, k.writable = st, writable
	k.status.Writable = writable
	if st != nil {
		k.status.Store = st.Name()
	}
}

// current returns the store, nil when there is none.
func (k *Keeper) current() store.Store {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.st
}

// run is the keeper's goroutine.
func (k *Keeper) run() {
	defer close(k.done)
	k.restoreRest()
	ticker := time.NewTicker(k.o.Every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			k.tick()
		case r := <-k.ask:
			r.done <- r.do(k.ctx)
		case <-k.ctx.Done():
			return
		}
	}
}

// tick does what is due. A panic is counted as trouble, not as the end: the
// tables are another module's, and what is kept of them must not end the process.
func (k *Keeper) tick() {
	defer func() {
		if r := recover(); r != nil {
			k.needSnapshot = true
			k.trouble("keeping state", fmt.Errorf("it panicked: %v", r))
		}
	}()
	now := time.Now()
	if !k.writable {
		if now.Before(k.retryAt) {
			return
		}
		k.reopen()
		if !k.writable {
			return
		}
	}
	if !now.Before(k.retryAt) {
		k.flush(k.ctx)
	}
	if k.snapshotDue(now) {
		k.snapshot(k.ctx)
	}
	if now.After(k.pruneAt) || k.rows >= pruneRows {
		k.prune()
	}
}

// reopen tries a store that could not be written. What the process that had it
// has written since is added where this one knows nothing.
func (k *Keeper) reopen() {
	k.retryAt = time.Now().Add(k.o.Retry)
	st, err := k.o.Open()
	if errors.Is(err, store.ErrCorrupt) && k.o.SetAside != nil {
		st, err = k.replaceDamaged(err)
	}
	if err != nil {
		k.trouble("opening the store", err)
		return
	}
	if old := k.current(); old != nil {
		_ = old.Close() // it was only read
	}
	k.use(st, true, true)
	k.restoreAgain()
	k.needSnapshot = true
	if k.writable {
		k.well()
	}
}

// Do runs f in the keeper's goroutine, when nothing is being written, after what
// has changed was appended.
func (k *Keeper) Do(ctx context.Context, f func(ctx context.Context, st store.Store) error) error {
	r := request{done: make(chan error, 1), do: func(own context.Context) error {
		st := k.current()
		if st == nil {
			return errNoStore
		}
		if k.writable {
			k.flush(own)
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(own, cancel)()
		return f(ctx, st)
	}}
	select {
	case k.ask <- r:
		return <-r.done
	case <-ctx.Done():
		return ctx.Err()
	case <-k.done:
		return errors.New("the store is closed")
	}
}

// Look runs f on the store at once, beside whatever is being written. What
// happened within the last half second may be missing.
func (k *Keeper) Look(ctx context.Context, f func(ctx context.Context, st store.Store) error) error {
	st := k.current()
	if st == nil {
		return errNoStore
	}
	return f(ctx, st)
}

var errNoStore = errors.New("there is no store: see `caddy doorward status`")

// Erase forgets one person in the tables and in the store, and writes the tables
// anew, so that nothing of it stays in older parts of the store. It returns how
// many entries and rows were concerned.
func (k *Keeper) Erase(ctx context.Context, text string) (entries, rows int, err error) {
	err = k.Do(ctx, func(ctx context.Context, st store.Store) error {
		who := k.o.Detector.Identify(text)
		about, err := st.Audit(ctx, store.Query{Pseudonym: who.Pseudonyms, Limit: store.MaxRows})
		if err != nil {
			return err
		}
		sources := map[netip.Addr]bool{}
		for i := range about {
			if addr, err := netip.ParseAddr(about[i].Source); err == nil {
				sources[addr] = true
			}
		}
		x := k.o.Detector.Forget(text, slices.Collect(maps.Keys(sources)))
		entries = x.Entries
		names := x.Pseudonyms
		for _, key := range x.Keys {
			names = append(names, store.EraseAccount+hex.EncodeToString(key[:]))
		}
		if rows, err = st.Erase(ctx, k.o.Clock(), names); err != nil || k.o.NoTables {
			return err
		}
		k.snapshot(ctx)
		if k.needSnapshot {
			return errors.New("the tables could not be written anew: what was erased may still stand in the file; see `caddy doorward status`")
		}
		if scrubbed, ok := st.(interface{ Scrub(context.Context) error }); ok {
			return scrubbed.Scrub(ctx)
		}
		return nil
	})
	return entries, rows, err
}

// Close writes what has changed and closes the store, within the time that ctx
// gives and at most ten seconds.
func (k *Keeper) Close(ctx context.Context) error {
	k.mu.Lock()
	closed := k.closed
	k.closed = true
	k.mu.Unlock()
	if closed {
		return nil
	}
	k.cancel()
	ended := make(chan error, 1)
	go func() { ended <- k.end(ctx) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return fmt.Errorf("closing the store: %w; that goes on in the background", ctx.Err())
	}
}

// end writes what has changed and closes the store, when the goroutine of run has
// ended. However long a disk hangs before, the lock is given back after it.
func (k *Keeper) end(ctx context.Context) error {
	<-k.done
	st := k.current()
	if st == nil {
		return nil
	}
	if k.writable && ctx.Err() == nil {
		k.flush(ctx)
	}
	return st.Close()
}
