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
	// Source is a file path or an http(s) URL. Where Origin is set it only tells
	// one origin from another.
	Source string
	// Origin supplies the list. Default: the file or URL of Source.
	Origin Origin
	// Refresh is how often the source is asked, each time up to a tenth earlier
	// or later, so that many edges do not ask one server at once. A file is
	// looked at every five seconds if that is more often. Default 1h, at least
	// 1s.
	Refresh time.Duration
	// Layout is how the content is written. Default: found out.
	Layout Layout
	// Keep is how long an entry stays after its source last saw it. Default 0:
	// until it has left the list.
	Keep time.Duration
	// MaxLoss is the share in percent of its entries that the list may lose at
	// once. Default 50.
	MaxLoss int
	// AllowPrivate allows URLs that lead to addresses that are not public.
	AllowPrivate bool
}

// SpecOf is the list l; from is what its module supplies, nil if it has none.
func SpecOf(l config.List, from Origin) Spec {
	s := Spec{
		Name: l.Name, Source: l.Source, Origin: from, Refresh: l.Refresh.Std(),
		Layout: Layout{Format: l.Format, Field: l.Field}, Keep: l.Keep.Std(), MaxLoss: l.MaxLoss, AllowPrivate: l.AllowPrivate,
	}
	if from != nil {
		s.Source = string(l.From)
	}
	return s
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

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)

// List is a named list of addresses that keeps itself up to date. Make one with
// [NewList]. Safe for concurrent use; lookups never wait for a refresh.
type List struct {
	// spec is the latest; of a list that goes on, all but Name and Source may
	// change.
	spec    atomic.Pointer[Spec]
	name    string
	copy    *copyFile
	now     func() time.Time
	log     *slog.Logger
	set     atomic.Pointer[Set]
	changed func()        // called after set was stored; may be nil
	wake    chan struct{} // holds one wish to look now
	timeout time.Duration // of one reading

	ready     chan struct{}
	readyOnce sync.Once
	done      chan struct{} // closed when the goroutine has ended

	// These belong to the goroutine. last is the version of the entries in use,
	// and layout how they were read.
	last    Version
	layout  Layout
	past    past
	savedAt time.Time
	refused refusedFile

	mu     sync.Mutex
	status Status
	cancel context.CancelFunc // nil before Start
	closed bool
}

// filled judges the spec and fills in what is not set.
func (s Spec) filled(deps Deps) (Spec, error) {
	if !namePattern.MatchString(s.Name) {
		return s, fmt.Errorf("list name %q: write lower-case letters, digits, - and _, at most 32 of them", s.Name)
	}
	if s.Source == "" {
		return s, fmt.Errorf("list %s: the source is missing; write a file path or an http(s) URL", s.Name)
	}
	if s.MaxLoss < 0 || s.MaxLoss > 100 || s.Keep < 0 {
		return s, fmt.Errorf("list %s: the largest loss is a share from 1 to 100 percent, and entries are kept for a positive time", s.Name)
	}
	cfg := config.List{Source: s.Source, Refresh: config.Duration(s.Refresh), Format: s.Layout.Format}
	if s.Origin != nil {
		cfg.Source = ""
	}
	if err := cfg.Validate(); err != nil {
		return s, fmt.Errorf("list %s: %w", s.Name, err)
	}
	if s.Refresh == 0 {
		s.Refresh = config.DefaultRefresh.Std()
	}
	if s.MaxLoss == 0 {
		s.MaxLoss = config.DefaultMaxLoss
	}
	switch {
	case s.Origin != nil:
	case cfg.IsURL():
		s.Origin = newWebOrigin(s.Source, s.AllowPrivate, deps.Transport, deps.Now)
	default:
		s.Origin = newFileOrigin(s.Source, deps.Now)
	}
	return s, nil
}

// NewList makes a list that is empty until [List.Start]. It does no I/O: a
// source that does not exist yet, or is unreachable, is no error.
func NewList(spec Spec, deps Deps) (*List, error) {
	deps = deps.withDefaults()
	spec, err := spec.filled(deps)
	if err != nil {
		return nil, err
	}
	place := spec.Origin.String()
	l := &List{
		name:    spec.Name,
		copy:    newCopyFile(deps.StateDir, spec.Name, spec.Source),
		now:     deps.Now,
		log:     deps.Log.With("list", spec.Name, "source", place),
		wake:    make(chan struct{}, 1),
		timeout: fetchTimeout,
		ready:   make(chan struct{}),
		done:    make(chan struct{}),
		status:  Status{Name: spec.Name, CreatedAt: deps.Now()},
	}
	l.spec.Store(&spec)
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
	now, spec := l.now(), l.spec.Load()
	l.mu.Lock()
	s := l.status
	l.mu.Unlock()
	s.Source, s.Format = spec.Origin.String(), spec.Layout.Format
	if s.read != "" {
		s.Format = s.read
	}
	s.Stale = s.stale(now, spec.Refresh)
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
		return fmt.Errorf("closing the list %s: %w", l.name, context.Cause(ctx))
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

// use takes over what a configuration says now. The source is asked at once when
// it is a file, which costs little, or when the answer may come out otherwise.
func (l *List) use(spec Spec) {
	old := l.spec.Load()
	if file, ok := old.Origin.(*fileOrigin); ok && isFile(spec.Origin) {
		spec.Origin = file // it knows which state of the file is in use
	}
	l.spec.Store(&spec)
	if isFile(spec.Origin) || spec.Refresh != old.Refresh || spec.Layout != old.Layout || spec.Keep != old.Keep || spec.MaxLoss != old.MaxLoss {
		l.again()
	}
}

// isFile reports whether o is a file, also one that a module gives.
func isFile(o Origin) bool {
	local, ok := o.(interface{ Local() bool })
	return ok && local.Local()
}
