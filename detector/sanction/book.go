package sanction

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gaissmai/bart"

	"github.com/doorward/doorward/config"
)

// MaxEntries is how many entries a Book holds. An operator who needs more
// wants an address list.
const MaxEntries = 10_000

// MaxPaths is how many of them are paths: each is compared with each request.
const MaxPaths = 64

// Entry is one range an operator has blocked or allowed, or a path on which
// nobody is refused.
type Entry struct {
	ID    uint64       `json:"-"`
	Range netip.Prefix `json:"range"`
	// Path is what is allowed instead of a range: the whole path, or a beginning
	// that ends in /*. Range is not valid then.
	Path   string `json:"path,omitempty"`
	Allow  bool   `json:"allow"`
	Reason string `json:"reason,omitempty"`
	// Site is the site it is about; empty: every site.
	Site string `json:"site,omitempty"`
	// Classes is what a block refuses. Ignored for Allow.
	Classes Classes       `json:"-"`
	Answer  config.Answer `json:"answer,omitempty"`
	Created time.Time     `json:"created"`
	// Until ends the entry; zero: never.
	Until time.Time `json:"until,omitzero"`
	// Configured entries come from the configuration and end with it.
	Configured bool `json:"configured,omitempty"`
}

func (e *Entry) holds(now time.Time) bool { return e.Until.IsZero() || now.Before(e.Until) }

// Subject is the range or the path.
func (e *Entry) Subject() string {
	if e.Path != "" {
		return e.Path
	}
	return e.Range.String()
}

// ErrFull is returned when a Book holds MaxEntries.
var ErrFull = errors.New("the list is full: remove entries, or put the addresses into a list file")

// Book holds the entries of the operator. The zero value is empty. Lookups
// read a snapshot and take no lock; changes are rare and copy it.
type Book struct {
	mu       sync.Mutex
	entries  []*Entry
	snapshot atomic.Pointer[bart.Table[[]*Entry]]
	paths    atomic.Pointer[[]*Entry]
	blocks   atomic.Bool
}

// Find returns the running entry that decides for addr on site and class: the
// most specific range wins, and for one range an allow entry wins. nil when no
// entry speaks about it. Expired entries are skipped.
func (b *Book) Find(now time.Time, site string, addr netip.Addr, class config.Class) *Entry {
	table := b.snapshot.Load()
	if table == nil || !addr.IsValid() {
		return nil
	}
	addr = addr.Unmap().WithZone("")
	host := netip.PrefixFrom(addr, addr.BitLen())
	var found *Entry
	for _, entries := range table.Supernets(host) {
		for _, e := range entries {
			if !e.holds(now) || (e.Site != "" && e.Site != site) {
				continue
			}
			if !e.Allow && !e.Classes.Has(class) {
				continue
			}
			if found == nil || e.Allow {
				found = e
			}
		}
		if found != nil {
			return found
		}
	}
	return nil
}

// Blocks reports whether an entry may refuse requests that are no attempts, so
// that callers can skip the lookup.
func (b *Book) Blocks() bool { return b.blocks.Load() }

// Add enters e. An entry for the same range, site and purpose is replaced.
func (b *Book) Add(now time.Time, e Entry) error {
	if !e.Range.IsValid() && (e.Path == "" || !e.Allow) {
		return fmt.Errorf("invalid range %q", e.Range)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	kept := slices.DeleteFunc(slices.Clone(b.entries), func(old *Entry) bool {
		return !old.holds(now) || (old.Range == e.Range && old.Path == e.Path && old.Site == e.Site &&
			old.Allow == e.Allow && old.Configured == e.Configured)
	})
	paths := 0
	for _, old := range kept {
		if old.Path != "" {
			paths++
		}
	}
	if len(kept) >= MaxEntries || e.Path != "" && paths >= MaxPaths {
		return ErrFull
	}
	b.publish(append(kept, &e))
	return nil
}

// Remove ends the live entries for exactly this range, whether they block or
// allow, and returns how many there were. Configured entries stay: they are
// removed in the configuration.
func (b *Book) Remove(r netip.Prefix, allow bool) int {
	return b.remove(func(e *Entry) bool { return e.Range == r && e.Allow == allow && !e.Configured })
}

// RemovePath ends the live entries for exactly this path.
func (b *Book) RemovePath(path string) int {
	return b.remove(func(e *Entry) bool { return path != "" && e.Path == path && !e.Configured })
}

// AllowsPath reports whether a running entry allows the path on site; matches
// compares an entry's path with that of a request. It takes no lock.
func (b *Book) AllowsPath(now time.Time, site string, matches func(pattern string) bool) bool {
	paths := b.paths.Load()
	if paths == nil {
		return false
	}
	for _, e := range *paths {
		if e.holds(now) && (e.Site == "" || e.Site == site) && matches(e.Path) {
			return true
		}
	}
	return false
}

// AllowsPaths reports whether there may be an allowed path, so that callers can
// skip the comparison.
func (b *Book) AllowsPaths() bool { return b.paths.Load() != nil }

// RemoveID ends the live entry with this id.
func (b *Book) RemoveID(id uint64) bool {
	return b.remove(func(e *Entry) bool { return e.ID == id && !e.Configured }) > 0
}

func (b *Book) remove(doomed func(*Entry) bool) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	kept := slices.DeleteFunc(slices.Clone(b.entries), doomed)
	n := len(b.entries) - len(kept)
	if n > 0 {
		b.publish(kept)
	}
	return n
}

// Configure replaces the entries that come from the configuration.
func (b *Book) Configure(entries []Entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	kept := slices.DeleteFunc(slices.Clone(b.entries), func(e *Entry) bool { return e.Configured })
	for _, e := range entries {
		e.Configured = true
		kept = append(kept, &e)
	}
	b.publish(kept)
}

// List returns the running entries, the newest first.
func (b *Book) List(now time.Time) []Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []Entry
	for _, e := range slices.Backward(b.entries) {
		if e.holds(now) {
			list = append(list, *e)
		}
	}
	return list
}

// publish is called with mu held.
func (b *Book) publish(entries []*Entry) {
	b.entries = entries
	b.blocks.Store(slices.ContainsFunc(entries, func(e *Entry) bool { return !e.Allow && e.Classes&Everything != 0 }))
	var paths []*Entry
	var table *bart.Table[[]*Entry]
	for _, e := range entries {
		if e.Path != "" {
			paths = append(paths, e)
			continue
		}
		if table == nil {
			table = new(bart.Table[[]*Entry])
		}
		list, _ := table.Get(e.Range)
		table.Insert(e.Range, append(slices.Clone(list), e))
	}
	b.snapshot.Store(table)
	if paths == nil {
		b.paths.Store(nil)
		return
	}
	b.paths.Store(&paths)
}
