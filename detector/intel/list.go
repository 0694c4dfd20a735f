package intel

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doorward/doorward/config"
)

// Spec says what a list is. Lists with equal Name and Source are the same list.
type Spec struct {
	// Name is what policies and events call the list: lower-case letters,
	// digits, - and _, at most 32 bytes.
	Name string
	// Source is a file path or an http(s) URL.
	Source string
	// Refresh is how often the source is asked: a server for a newer list, a
	// file for its size and modification time. Default 1h, at least 1s; each
	// time up to a tenth earlier or later, so that many edges do not ask one
	// server at once.
	Refresh time.Duration
}

// Specs returns the lists that a configures, defaults filled in.
func Specs(a config.App) []Spec {
	tor := a.WithDefaults().Tor
	if tor == nil {
		return nil
	}
	return []Spec{{Name: config.ListTor, Source: tor.Source, Refresh: tor.Refresh.Std()}}
}

// Deps is what lists need from outside. The zero value works.
type Deps struct {
	// StateDir is where last good copies are kept, in the folder lists. Empty:
	// nowhere.
	StateDir string
	// Transport asks servers. Default: one of the package's own, with bounded
	// waits, verified certificates and no connection kept open.
	Transport http.RoundTripper
	// Now is the clock that stamps and ages. Default time.Now.
	Now func() time.Time
	// Log is told what changes. Default: nobody.
	Log *slog.Logger
}

func (d Deps) withDefaults() Deps {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return d
}

// MinRefresh is the shortest time between two looks at a source.
const MinRefresh = time.Second

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)

// List is a named list of addresses that keeps itself up to date. Make one with
// [NewList]. Safe for concurrent use; lookups never wait for a refresh.
type List struct {
	spec    Spec // Refresh is in refresh
	origin  origin
	copy    *copyFile
	now     func() time.Time
	log     *slog.Logger
	set     atomic.Pointer[Set]
	changed func() // called after set was stored; may be nil
	refresh atomic.Int64
	wake    chan struct{} // holds one wish to look now

	ready     chan struct{}
	readyOnce sync.Once
	done      chan struct{} // closed when the goroutine has ended

	// last and savedAt belong to the goroutine.
	last    stamp
	savedAt time.Time

	mu     sync.Mutex
	status Status
	cancel context.CancelFunc // nil before Start
	closed bool
}

// NewList makes a list that is empty until [List.Start]. It does no I/O: a
// source that does not exist yet, or is unreachable, is no error.
func NewList(spec Spec, deps Deps) (*List, error) {
	deps = deps.withDefaults()
	if !namePattern.MatchString(spec.Name) {
		return nil, fmt.Errorf("list name %q: write lower-case letters, digits, - and _, at most 32 of them", spec.Name)
	}
	if spec.Source == "" {
		return nil, fmt.Errorf("list %s: the source is missing; write a file path or an http(s) URL", spec.Name)
	}
	cfg := config.List{Source: spec.Source, Refresh: config.Duration(spec.Refresh)}
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("list %s: %w", spec.Name, err)
	}
	if spec.Refresh == 0 {
		spec.Refresh = config.DefaultRefresh.Std()
	}
	var from origin = &fileOrigin{path: spec.Source, now: deps.Now}
	if cfg.IsURL() {
		from = newWebOrigin(spec.Source, deps.Transport, deps.Now)
	}
	l := &List{
		spec:   spec,
		origin: from,
		copy:   newCopyFile(deps.StateDir, spec.Name, spec.Source),
		now:    deps.Now,
		log:    deps.Log.With("list", spec.Name, "source", from.String()),
		wake:   make(chan struct{}, 1),
		ready:  make(chan struct{}),
		done:   make(chan struct{}),
		status: Status{Name: spec.Name, Source: from.String(), CreatedAt: deps.Now()},
	}
	l.refresh.Store(int64(spec.Refresh))
	return l, nil
}

// Contains reports whether the list names addr; see [Set.Contains].
func (l *List) Contains(addr netip.Addr) bool { return l.set.Load().Contains(addr) }

// publish takes a set into use: for lookups of the book when it returns.
func (l *List) publish(set *Set) {
	l.set.Store(set)
	if l.changed != nil {
		l.changed()
	}
}

// Ready is closed once the list has entries, or once it was tried and has none.
func (l *List) Ready() <-chan struct{} { return l.ready }

// Status tells how the list is.
func (l *List) Status() Status {
	now, refresh := l.now(), time.Duration(l.refresh.Load())
	l.mu.Lock()
	s := l.status
	l.mu.Unlock()
	s.Stale = s.stale(now, refresh)
	return s
}

// Start loads the last good copy and keeps the list up to date, in one
// goroutine, until [List.Close]. A second call, and one after Close, does
// nothing.
func (l *List) Start() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cancel != nil || l.closed {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	go l.run(ctx)
}

// stop tells the goroutine to end, without waiting.
func (l *List) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed && l.cancel == nil {
		l.markReady()
		close(l.done)
	}
	l.closed = true
	if l.cancel != nil {
		l.cancel()
	}
}

// Close stops the list and waits for its goroutine, at most until ctx ends. The
// entries stay usable. Close may be called often.
func (l *List) Close(ctx context.Context) error {
	l.stop()
	select {
	case <-l.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("closing the list %s: %w", l.spec.Name, context.Cause(ctx))
	}
}

func (l *List) markReady() { l.readyOnce.Do(func() { close(l.ready) }) }

// again makes the goroutine look at the source now.
func (l *List) again() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// setRefresh changes how often the source is asked.
func (l *List) setRefresh(d time.Duration) {
	if l.refresh.Swap(int64(d)) != int64(d) {
		l.again()
	}
}
