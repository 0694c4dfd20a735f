package intel

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/doorward/doorward/config"
)

// MaxLists is how many lists a [Book] holds: one bit each.
const MaxLists = config.MaxLists

// Book is the lists of a process, and one table of all their entries. Make one
// with [NewBook]. Safe for concurrent use.
type Book struct {
	deps Deps
	view atomic.Pointer[view] // what lookups see; never nil

	mu      sync.Mutex
	started bool
	closed  bool
	// retired are lists that were replaced and have been told to end. Those
	// that have ended are dropped at the next Use.
	retired []*List

	// merging lets one goroutine at a time make the table. It is taken before
	// mu. asked counts the wishes for a new table, answered those that the last
	// one saw: of several that wait, the first one works for all.
	merging  sync.Mutex
	asked    atomic.Uint64
	answered uint64
	// merges are the goroutines that free what a Use left behind.
	merges sync.WaitGroup
}

// Lists says which lists name an address. The zero value is none. It is valid
// for ever, and means the lists as they were configured at the lookup.
type Lists struct {
	view *view
	bits uint64
}

// NewBook makes a Book without lists. It does no I/O.
func NewBook(deps Deps) *Book {
	b := &Book{deps: deps.withDefaults()}
	b.view.Store(newView(new(merged), nil))
	return b
}

// Lookup says which lists name addr. It takes no lock, allocates nothing and
// walks one table, however many lists there are. An IPv4-mapped IPv6 address is
// looked up as the IPv4 address it carries; a zone is ignored.
func (b *Book) Lookup(addr netip.Addr) Lists {
	v := b.view.Load()
	return Lists{view: v, bits: v.lookup(addr.Unmap())}
}

// Any reports whether a list names the address.
func (s Lists) Any() bool { return s.bits != 0 }

// Has reports whether the list called name does.
func (s Lists) Has(name string) bool { return slices.Contains(s.Names(), name) }

// All yields the names of the lists, in the order they were configured.
func (s Lists) All() iter.Seq[string] { return slices.Values(s.Names()) }

// Names returns what All yields; nil if no list names the address. The slice is
// shared and must not be changed. It is made in advance for the first 1024
// combinations of lists that occur; others are made here.
func (s Lists) Names() []string {
	if s.bits == 0 {
		return nil
	}
	if names, ok := s.view.names[s.bits]; ok {
		return names
	}
	return s.view.collect(s.bits)
}

// String joins the names by commas.
func (s Lists) String() string { return strings.Join(s.Names(), ",") }

// merge puts the entries that the lists have now into the table that lookups
// see. When it returns, everything that was stored before the call is in it.
func (b *Book) merge() {
	wish := b.asked.Add(1)
	b.merging.Lock()
	defer b.merging.Unlock()
	if b.answered >= wish {
		return
	}
	b.answered = b.asked.Load()
	m := merge(b.view.Load().configured)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.view.Store(newView(m, b.view.Load().configured))
}

// Use makes specs the lists of the book. A list whose name and source are
// unchanged goes on with its entries, its place and its counters and takes over
// the rest of its spec; a file is looked at again at once. Others are stopped, or made and, if the book is started, started. When specs contain an
// error nothing changes.
func (b *Book) Use(specs []Spec) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return errors.New("using address lists: the book is closed")
	}
	current := b.view.Load().configured
	next, specs, err := b.arrange(current, specs)
	if err != nil {
		return err
	}
	// The table stays as it is: what continues is found as before, what is gone
	// is found no more, and nobody waits.
	b.view.Store(newView(b.view.Load().merged, next))
	b.retired = slices.DeleteFunc(b.retired, hasEnded)
	gone := false
	for _, l := range current {
		if !slices.Contains(next, l) {
			l.stop()
			b.retired = append(b.retired, l)
			gone = true
		}
	}
	if gone {
		b.merges.Go(b.merge) // frees the entries of what is gone
	}
	for i, l := range next {
		if slices.Contains(current, l) {
			l.use(specs[i])
		}
		if b.started {
			l.Start()
		}
	}
	return nil
}

// arrange finds or makes the list for every spec, and returns the specs with
// everything filled in. It changes nothing.
func (b *Book) arrange(current []*List, specs []Spec) ([]*List, []Spec, error) {
	if len(specs) > MaxLists {
		return nil, nil, fmt.Errorf("%d address lists are configured; at most %d are possible", len(specs), MaxLists)
	}
	next, filled := make([]*List, 0, len(specs)), make([]Spec, 0, len(specs))
	for i, spec := range specs {
		if slices.ContainsFunc(specs[:i], func(s Spec) bool { return s.Name == spec.Name }) {
			return nil, nil, fmt.Errorf("list %s is configured twice; keep one", spec.Name)
		}
		list, err := NewList(spec, b.deps) // also validates the spec
		if err != nil {
			return nil, nil, err
		}
		filled = append(filled, *list.spec.Load())
		list.changed = b.merge
		same := func(l *List) bool { return l.name == spec.Name && l.spec.Load().Source == spec.Source }
		if at := slices.IndexFunc(current, same); at >= 0 {
			list = current[at]
		}
		next = append(next, list)
	}
	return next, filled, nil
}

func hasEnded(l *List) bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// Statuses tells how every list is, in the order they were configured.
func (b *Book) Statuses() []Status {
	lists := b.view.Load().configured
	out := make([]Status, len(lists))
	for i, l := range lists {
		out[i] = l.Status()
	}
	return out
}

// Refresh lets the list called name, or all if name is empty, ask its source
// now. It does not wait. It reports whether there is such a list.
func (b *Book) Refresh(name string) (found bool) {
	for _, l := range b.view.Load().configured {
		if name == "" || l.name == name {
			l.again()
			found = true
		}
	}
	return found
}

// Start starts all lists, and those that a later Use brings.
func (b *Book) Start() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	b.started = true
	for _, l := range b.view.Load().configured {
		l.Start()
	}
}

// Wait returns when every list has entries or has been tried, or when ctx ends;
// then with an error that names the first list still waited for.
func (b *Book) Wait(ctx context.Context) error {
	for _, l := range b.view.Load().configured {
		select {
		case <-l.Ready():
		case <-ctx.Done():
			return fmt.Errorf("waiting for the list %s: %w", l.name, context.Cause(ctx))
		}
	}
	return nil
}

// Close stops all lists and waits for their goroutines, at most until ctx ends.
// Lookups go on with the entries as they are. Close may be called often.
func (b *Book) Close(ctx context.Context) error {
	b.mu.Lock()
	b.closed = true
	all := slices.Concat(b.view.Load().configured, b.retired)
	b.mu.Unlock()
	for _, l := range all {
		l.stop()
	}
	errs := make([]error, 0, len(all))
	for _, l := range all {
		errs = append(errs, l.Close(ctx))
	}
	b.merges.Wait()
	return errors.Join(errs...)
}
