package geo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Interval is how often a file is looked at. A new one is in use within two of
// them and the time that reading takes.
const Interval = 2 * time.Second

// Deps is what a Book needs from outside. The zero value works.
type Deps struct {
	// Interval is how often files are looked at. Default Interval.
	Interval time.Duration
	// Log is told what changes. Default: nobody.
	Log *slog.Logger
}

// Book is the databases of a process. Make one with [NewBook]. Safe for
// concurrent use.
type Book struct {
	interval time.Duration
	log      *slog.Logger
	view     atomic.Pointer[[]*file] // what lookups see; never nil

	mu     sync.Mutex
	wake   chan struct{} // holds one wish to look now
	stop   context.CancelFunc
	done   chan struct{} // closed when the goroutine has ended; nil before Start
	closed bool
}

// Status is what is known of a file at one moment.
type Status struct {
	// File is its path.
	File string `json:"file"`
	// Type is what the database calls itself.
	Type string `json:"type,omitempty"`
	// Gives is what the records that were looked at know: country, city,
	// provider, and kinds of networks.
	Gives []string `json:"gives,omitempty"`
	// Built is when the vendor made it.
	Built time.Time `json:"built,omitzero"`
	// Bytes is how much memory it takes.
	Bytes int64 `json:"bytes,omitempty"`
	// LoadedAt is when what is in use was taken into use; zero: nothing is.
	LoadedAt time.Time `json:"loaded_at,omitzero"`
	// CheckedAt is when the file was last looked at.
	CheckedAt time.Time `json:"checked_at,omitzero"`
	// LastError is why the file as it is now is not used; empty when it is.
	LastError string `json:"last_error,omitempty"`
	// Refused is how many states of the file were not taken into use.
	Refused uint64 `json:"refused,omitempty"`
	// Unreadable is how many lookups met a record that could not be read.
	Unreadable uint64 `json:"unreadable,omitempty"`
}

// Old is from when on a database is told to be old: networks move, and vendors
// publish at least once a month.
const Old = 90 * 24 * time.Hour

// Stale reports whether the data in use is old, or of an unknown age.
func (s *Status) Stale(now time.Time) bool {
	return !s.LoadedAt.IsZero() && now.Sub(s.Built) > Old
}

// NewBook makes a Book without files. It does no I/O and starts nothing.
func NewBook(deps Deps) *Book {
	b := &Book{interval: deps.Interval, log: deps.Log, wake: make(chan struct{}, 1)}
	if b.interval <= 0 {
		b.interval = Interval
	}
	if b.log == nil {
		b.log = slog.New(slog.DiscardHandler)
	}
	b.view.Store(new([]*file))
	return b
}

// Use makes paths the files of the book, in order: of what several know, the
// first one counts. Files that were there before go on with what is in use of
// them; the others are read soon, in the background.
func (b *Book) Use(paths []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := *b.view.Load()
	next := make([]*file, 0, len(paths))
	for _, path := range paths {
		if at := slices.IndexFunc(before, func(f *file) bool { return f.path == path }); at >= 0 {
			next = append(next, before[at])
		} else {
			next = append(next, newFile(path, b.interval/2, b.log))
		}
	}
	b.view.Store(&next)
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// Start begins to look at the files.
func (b *Book) Start() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || b.done != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	b.stop, b.done = cancel, make(chan struct{})
	go b.run(ctx, b.done)
}

func (b *Book) run(ctx context.Context, done chan<- struct{}) {
	defer close(done)
	ticker := time.NewTicker(b.interval)
	defer ticker.Stop()
	for {
		for _, f := range *b.view.Load() {
			f.look(time.Now())
		}
		select {
		case <-ctx.Done():
			return
		case <-b.wake:
		case <-ticker.C:
		}
	}
}

// Active reports whether there is a file at all.
func (b *Book) Active() bool { return len(*b.view.Load()) > 0 }

// Lookup says what the files know of addr. An IPv4-mapped IPv6 address is looked
// up as the IPv4 address it carries; the zero Addr is nowhere.
func (b *Book) Lookup(addr netip.Addr) (place Place) {
	files := *b.view.Load()
	if len(files) == 0 || !addr.IsValid() {
		return place
	}
	addr = addr.Unmap().WithZone("")
	for _, f := range files {
		if db := f.current.Load(); db != nil {
			if found := db.lookup(addr); found != nil {
				place.merge(found)
			}
		}
	}
	return place
}

// Knows reports whether a file in use knows the kind of data: a word as in
// Status.Gives.
func (b *Book) Knows(word string) bool {
	for _, f := range *b.view.Load() {
		if db := f.current.Load(); db != nil && slices.Contains(db.gives, word) {
			return true
		}
	}
	return false
}

// Statuses tells how every file is, in their order.
func (b *Book) Statuses() []Status {
	files := *b.view.Load()
	list := make([]Status, 0, len(files))
	for _, f := range files {
		list = append(list, f.snapshot())
	}
	return list
}

// Wait returns when every file was looked at, or when ctx ends; then with an
// error that names the first one still waited for.
func (b *Book) Wait(ctx context.Context) error {
	for _, f := range *b.view.Load() {
		select {
		case <-f.tried:
		case <-ctx.Done():
			return fmt.Errorf("waiting for the database %s: %w", f.path, context.Cause(ctx))
		}
	}
	return nil
}

// Close ends the goroutine and waits for it, at most until ctx ends. Lookups go
// on with what is in use. Close may be called often.
func (b *Book) Close(ctx context.Context) error {
	b.mu.Lock()
	b.closed = true
	done, stop := b.done, b.stop
	b.mu.Unlock()
	if done == nil {
		return nil
	}
	stop()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return errors.Join(errors.New("waiting for the databases of countries"), context.Cause(ctx))
	}
}
