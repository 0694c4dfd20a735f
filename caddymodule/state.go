package caddymodule

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/clearance"
	"github.com/doorward/doorward/detector/event"
	"github.com/doorward/doorward/detector/follow"
	"github.com/doorward/doorward/detector/geo"
	"github.com/doorward/doorward/detector/intel"
	"github.com/doorward/doorward/detector/store/keeper"
)

// states holds the one state of the process. It outlives every configuration:
// a reload provisions the new configuration before it cleans up the old one,
// so the reference count never reaches zero in between.
var states = caddy.NewUsagePool()

const stateKey = "doorward"

// state is everything that outlives a configuration. Made by a constructor
// that does nothing, opened by the first bind. All methods are safe for
// concurrent use, and harmless after close: handlers of an old configuration
// serve their last requests after it was cleaned up.
type state struct {
	detector *detector.Detector
	recent   *event.Recent

	mu     sync.Mutex    // guards what follows up to worker
	apps   []*App        // the configurations that are started, oldest first
	dir    string        // of the first one: state does not move while it lives
	worker *event.Worker // nil before the first bind
	stored storeChoice   // of keeper

	keeper atomic.Pointer[keeper.Keeper] // nil before the first bind and after the last
	queue  atomic.Pointer[event.Queue]
	lists  atomic.Pointer[intel.Book]
	geo    atomic.Pointer[geo.Book]
	log    atomic.Pointer[zap.Logger]
	app    atomic.Pointer[App] // the configuration that holds, nil before the first
	memKey atomic.Bool         // keys live in memory only
	health healthBook

	challenges *clearance.Book
	watches    watches
	held       holding // requests that the answer delay holds
}

func newState() (caddy.Destructor, error) {
	book, err := clearance.NewBook(time.Now())
	if err != nil {
		return nil, err
	}
	return &state{detector: detector.New(), recent: event.NewRecent(recentEvents), challenges: book}, nil
}

// recentEvents is how many events `events` and `explain` can show.
const recentEvents = 2048

// secretFile is the file in the state directory that keys are derived from.
const secretFile = "secret.key"

// bind makes the configuration of a the one that holds. The first one opens
// the state: tables, worker and lists begin here, not in Provision.
func (s *state) bind(a *App) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.apply(a); err != nil {
		s.reapply()
		return err
	}
	s.keep(a)
	s.apps = append(s.apps, a)
	a.binding = s.worker.Bind(a.sinks(s)...)
	return nil
}

// unbind ends what bind began. If a was the newest, because a load failed after
// it had started, the configuration before it holds again.
func (s *state) unbind(a *App) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.apps, a)
	if i < 0 {
		return
	}
	newest := i == len(s.apps)-1
	s.apps = slices.Delete(s.apps, i, i+1)
	s.worker.Unbind(a.binding)
	if newest {
		s.reapply()
	}
}

// reapply lets the newest configuration that is started hold again; called with
// mu held.
func (s *state) reapply() {
	if len(s.apps) == 0 {
		return
	}
	before := s.apps[len(s.apps)-1]
	if err := s.apply(before); err != nil {
		before.log.Error("applying the configuration before the failed one", zap.Error(err))
		return
	}
	s.keep(before)
}

// apply is called with mu held.
func (s *state) apply(a *App) error {
	s.log.Store(a.log)
	if s.worker == nil {
		s.dir = a.dir
	}
	if err := s.detector.Open(a.cfg.MaxTracked, s.secret(a.cfg, a.log), time.Now); err != nil {
		return fmt.Errorf("opening detector: %w", err)
	}
	if s.worker == nil {
		s.start(a.cfg)
	}
	if err := s.lists.Load().Use(a.lists); err != nil {
		return fmt.Errorf("using address lists: %w", err)
	}
	s.geo.Load().Use(a.geo)
	s.detector.Book.Configure(a.allowed)
	s.health.set("client_address_spoofable", a.spoofable)
	s.health.set("handled_twice", false) // until it is seen under this one
	s.app.Store(a)
	return nil
}

// start makes the queue, the worker and the lists; called with mu held.
func (s *state) start(cfg config.App) {
	queue := event.NewQueue(cfg.Queue)
	s.worker = event.NewWorker(queue, event.Options{Tick: s.tick})
	s.worker.Start()
	s.queue.Store(queue)
	lists := intel.NewBook(intel.Deps{StateDir: s.dir, Log: slog.New(&lateHandler{&s.log})})
	lists.Start()
	s.lists.Store(lists)
	places := geo.NewBook(geo.Deps{Log: slog.New(&lateHandler{&s.log})})
	places.Start()
	s.geo.Store(places)
}

// secret returns what keys are derived from: the configured secret, or the
// file in the state directory, or, when that cannot be written, a random one
// that is lost with the process. The last is said, not hidden.
func (s *state) secret(cfg config.App, log *zap.Logger) []byte {
	if cfg.Secret != "" {
		s.memKey.Store(false)
		return []byte(cfg.Secret)
	}
	key, err := loadOrMakeKey(filepath.Join(s.dir, secretFile))
	if err == nil {
		s.memKey.Store(false)
		return key
	}
	if !s.memKey.Swap(true) {
		log.Error("keys are kept in memory and lost with this process: pseudonyms will change at the next start; "+
			"make the state directory writable or set `secret`", zap.String("dir", s.dir), zap.Error(err))
	}
	return memoryKey()
}

var memoryKey = sync.OnceValue(func() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails since Go 1.24
	return key
})

// loadOrMakeKey reads the key file or creates it for its owner alone. Two
// processes that start together agree on one file: it is created exclusively.
func loadOrMakeKey(path string) ([]byte, error) {
	key, err := readKey(path)
	if !errors.Is(err, os.ErrNotExist) {
		return key, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("making state directory: %w", err)
	}
	key = make([]byte, 32)
	_, _ = rand.Read(key) // never fails since Go 1.24
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return readKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("creating key file: %w", err)
	}
	_, err = f.Write(key)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, errors.Join(fmt.Errorf("writing key file: %w", err), os.Remove(path))
	}
	return key, nil
}

func readKey(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading key file: %w", err)
	}
	if len(key) < 32 {
		return nil, fmt.Errorf("reading key file %s: %d bytes, 32 are needed; remove it to have a new one made", path, len(key))
	}
	return key, nil
}

// observeFile is the kill switch for operators whose admin API is off.
const observeFile = "OBSERVE"

// tick is called by the worker every two seconds.
func (s *state) tick(context.Context) {
	_, err := os.Stat(filepath.Join(s.dir, observeFile))
	if s.detector.OverrideByFile(err == nil) {
		s.offer(event.Event{
			Type: event.TypeOperator, Rule: "mode",
			Reason: fmt.Sprintf("the file %s in the state directory is there: %t", observeFile, err == nil),
		})
	}
	s.watches.settleOverdue(time.Now())
	s.tellIncidents(time.Now())
	s.checkStore()
	s.checkHealth(time.Now())
}

// offer queues an event without waiting; before open and after close it is
// dropped.
func (s *state) offer(e event.Event) bool {
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	if e.ID == "" {
		e.ID = event.NewID(e.Time)
	}
	queue := s.queue.Load()
	return queue != nil && queue.Offer(e)
}

// Destruct ends the worker and the lists when the last configuration is gone:
// it delivers what waits, for at most three seconds.
func (s *state) Destruct() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.worker == nil {
		return nil
	}
	s.watches.settleOverdue(time.Now().Add(follow.MaxAge))
	s.tellIncidents(time.Now())
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	err := errors.Join(s.worker.Close(ctx), s.lists.Load().Close(ctx), s.geo.Load().Close(ctx))
	s.stopKeeping()
	return err
}

// lateHandler logs through the logger of the newest configuration: the lists
// outlive the one they were made under.
type lateHandler struct{ log *atomic.Pointer[zap.Logger] }

func (h *lateHandler) Enabled(context.Context, slog.Level) bool { return h.log.Load() != nil }

func (h *lateHandler) Handle(_ context.Context, r slog.Record) error {
	fields := make([]zap.Field, 0, r.NumAttrs())
	r.Attrs(func(a slog.Attr) bool {
		fields = append(fields, zap.Any(a.Key, a.Value.Any()))
		return true
	})
	log := h.log.Load()
	switch {
	case r.Level >= slog.LevelError:
		log.Error(r.Message, fields...)
	case r.Level >= slog.LevelWarn:
		log.Warn(r.Message, fields...)
	default:
		log.Info(r.Message, fields...)
	}
	return nil
}

func (h *lateHandler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h *lateHandler) WithGroup(string) slog.Handler      { return h }

// borrowState returns the state of the process if a configuration holds it,
// and what to call when done with it.
func borrowState() (*state, func()) {
	if refs, ok := states.References(stateKey); !ok || refs == 0 {
		return nil, func() {}
	}
	value, loaded, err := states.LoadOrNew(stateKey, newState)
	done := func() { _, _ = states.Delete(stateKey) }
	if err != nil {
		return nil, func() {}
	}
	if !loaded {
		done()
		return nil, func() {}
	}
	return value.(*state), done
}

// sinks returns the counters of the sinks.
func (s *state) sinks() []event.SinkStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.worker == nil {
		return nil
	}
	return s.worker.Sinks()
}

// listStatuses returns the state of the address lists.
func (s *state) listStatuses() []intel.Status {
	lists := s.lists.Load()
	if lists == nil {
		return nil
	}
	return lists.Statuses()
}
