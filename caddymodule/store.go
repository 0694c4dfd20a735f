package caddymodule

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/event"
	"github.com/doorward/doorward/detector/store"
	"github.com/doorward/doorward/detector/store/keeper"
)

// storeChoice is what decides which store is used: with another one the state
// moves.
type storeChoice struct {
	kind      config.StoreKind
	dir       string
	ephemeral bool // the keys live as long as the process
	bytes     int64
}

// trackedBytes is what one of max_tracked takes in a store: 440 bytes for its
// share of the tables, in two snapshots and in the changes between them, and what
// SQLite adds.
const trackedBytes = 1500

// storeBytes is how large a store may become: 512 MiB, of which the tables of the
// default take up to half, and more for what max_tracked is beyond that. Else
// larger tables would leave no room for a second snapshot, and none could ever be
// finished.
func storeBytes(maxTracked int) int64 {
	return store.DefaultRetention.Bytes + trackedBytes*int64(max(maxTracked-config.DefaultMaxTracked, 0))
}

// keep begins to keep the state of the process where a says, and what was kept
// there is restored; called with mu held, after the tables were made. With the
// store that is used already nothing changes. It fails for no state of a store:
// Doorward never keeps Caddy from starting.
func (s *state) keep(a *App) {
	choice := storeChoice{kind: a.cfg.Store.Kind, dir: a.storeDir, ephemeral: s.memKey.Load(), bytes: storeBytes(a.cfg.MaxTracked)}
	if choice.kind == config.StoreMemory {
		choice.dir, choice.bytes = "", 0
	}
	if s.keeper.Load() != nil && s.stored == choice {
		return
	}
	o := s.keeperOptions(choice)
	o.Before = s.keeper.Load()
	k := keeper.New(o)
	s.keeper.Store(k) // what happens while the other store is closed is written here
	s.closeKeeper(o.Before)
	k.Start()
	s.stored = choice
}

func (s *state) keeperOptions(choice storeChoice) keeper.Options {
	o := keeper.Options{Detector: s.detector, NoTables: choice.ephemeral, Say: s.sayOfStore}
	if choice.kind == config.StoreMemory {
		o.Open = func() (store.Store, error) { return store.NewMemory(false), nil }
		return o
	}
	o.Retention = store.DefaultRetention
	o.Retention.Bytes = choice.bytes
	openEmbedded(&o, choice.dir, choice.bytes)
	return o
}

// stopTimeout bounds the last write: Caddy holds a lock over reloads meanwhile.
const stopTimeout = 5 * time.Second

// stopKeeping writes what has changed and closes the store; called with mu held.
func (s *state) stopKeeping() {
	s.closeKeeper(s.keeper.Swap(nil))
}

func (s *state) closeKeeper(k *keeper.Keeper) {
	if k == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if err := k.Close(ctx); err != nil {
		s.sayOfStore("closing the store", err)
	}
}

// sayOfStore tells the log and, when something is wrong, the events.
func (s *state) sayOfStore(what string, err error) {
	log := s.log.Load()
	if log == nil {
		return
	}
	if err == nil {
		log.Info(what)
		return
	}
	log.Error(what, zap.Error(err))
}

// auditSink tells the audit log of the store that is used now: a binding may
// outlive the store that it began with.
type auditSink struct{ state *state }

// Name returns "audit".
func (*auditSink) Name() string { return "audit" }

// Write hands one event over.
func (a *auditSink) Write(ctx context.Context, e *event.Event) error {
	k := a.state.keeper.Load()
	if k == nil {
		return errors.New("writing to the audit log: there is no store")
	}
	return k.Sink().Write(ctx, e)
}

// storeNotices are the health notices of a store by what troubles it.
var storeNotices = map[string]string{
	"in_use": "store_in_use", "read_only": "store_read_only", "full": "store_full",
	"damaged": "store_damaged", "newer": "store_newer", "failing": "store_failing",
}

// checkStore sets the health notices of the store.
func (s *state) checkStore() {
	k := s.keeper.Load()
	if k == nil {
		return
	}
	status := k.Status()
	for trouble, notice := range storeNotices {
		s.health.set(notice, status.Trouble == trouble)
	}
	s.health.setAbout("store_set_aside", status.SetAside)
}

// storeStatus is how it stands with the store, nil before the first
// configuration.
func (s *state) storeStatus() *keeper.Status {
	k := s.keeper.Load()
	if k == nil {
		return nil
	}
	status := k.Status()
	return &status
}

// store returns which store is used.
func (s *state) store() storeChoice {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stored
}

// lookInStore runs f on the store at once.
func (s *state) lookInStore(ctx context.Context, f func(ctx context.Context, st store.Store) error) error {
	k := s.keeper.Load()
	if k == nil {
		return errors.New("there is no store: the configuration is still loading")
	}
	return k.Look(ctx, f)
}

// withStore runs f on the store, after what has changed was written.
func (s *state) withStore(ctx context.Context, f func(ctx context.Context, st store.Store) error) error {
	k := s.keeper.Load()
	if k == nil {
		return errors.New("there is no store: the configuration is still loading")
	}
	return k.Do(ctx, f)
}
