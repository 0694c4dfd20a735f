package keeper

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/event"
	"github.com/doorward/doorward/detector/store"
	"github.com/doorward/doorward/detector/store/sqlite"
)

func TestCloseIsBounded(t *testing.T) {
	t.Parallel()
	o := optionsFor(newDetector(t, 1), t.TempDir())
	open, release := o.Open, make(chan struct{})
	o.Open = func() (store.Store, error) {
		st, err := open()
		return &hanging{st, release}, err
	}
	l := &life{t: t, d: o.Detector, k: New(o)}
	l.k.Start()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := l.k.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("closing a store that hangs: %v; want that it took too long", err)
	}
	close(release)
}

// TestStoreThatHungIsClosedWhenItGoesOn: else nobody could write it any more
// before the process ends.
func TestStoreThatHungIsClosedWhenItGoesOn(t *testing.T) {
	t.Parallel()
	o := optionsFor(newDetector(t, 1), t.TempDir())
	open, release, hangs := o.Open, make(chan struct{}), make(chan struct{})
	o.Open = func() (store.Store, error) {
		st, err := open()
		return &hangingWrite{Store: st, release: release, hangs: hangs}, err
	}
	l := &life{t: t, d: o.Detector, k: New(o)}
	l.k.Start()
	<-hangs
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := l.k.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("closing a store that hangs: %v; want that it took too long", err)
	}
	close(release)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		st, err := open()
		if err == nil {
			_ = st.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the store that hung is still held: %v", err)
		}
	}
}

// hangingWrite is a store whose first write waits until it is released.
type hangingWrite struct {
	store.Store
	release, hangs chan struct{}
	once           sync.Once
}

func (h *hangingWrite) Append(ctx context.Context, b store.Batch) error {
	h.once.Do(func() { close(h.hangs) })
	<-h.release
	return h.Store.Append(ctx, b)
}

// TestOneBadTableCostsNoOther: reading the sanctions finds damage, or panics; the
// other tables come back all the same.
func TestOneBadTableCostsNoOther(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]func() error{
		"damage": func() error { return store.ErrCorrupt },
		"panic":  func() error { panic("index out of range") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			first := begin(t, optionsFor(newDetector(t, 1), dir))
			guess(t, first.d, "192.0.2.1", 0, 6)
			first.end()
			o := optionsFor(newDetector(t, 1), dir)
			open, opened := o.Open, 0
			o.Open = func() (store.Store, error) {
				st, err := open()
				if opened++; opened == 1 {
					st = &badTable{st, bad}
				}
				return st, err
			}
			second := begin(t, o)
			if got := guess(t, second.d, "192.0.2.1", 100, 10); got != 4 {
				t.Errorf("%d of 10 guesses after 6 let through; want 4", got)
			}
			if s := second.k.Status(); !s.Writable || s.Unreadable != 1 {
				t.Errorf("status %+v; want one part unreadable, and a store that is written", s)
			}
		})
	}
}

// badTable is a store whose sanctions cannot be read.
type badTable struct {
	store.Store
	bad func() error
}

func (b *badTable) Read(ctx context.Context, table string, f func(store.Chunk) error) error {
	if table == detector.KeptSanctions {
		return b.bad()
	}
	return b.Store.Read(ctx, table, f)
}

// hanging is a store that does not close until it is released.
type hanging struct {
	store.Store
	release chan struct{}
}

func (h *hanging) Close() error {
	<-h.release
	return h.Store.Close()
}

// TestForgottenStaysForgotten: an account that was forgotten is gone from tables
// and log, does not come back, and is learned anew when it is used again.
func TestForgottenStaysForgotten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := begin(t, optionsFor(newDetector(t, 1), dir))
	guess(t, first.d, "192.0.2.1", 0, 6)
	who := first.d.Identify("a@x.test")
	row := &event.Event{
		ID: "e1", Type: event.TypeAttempt, Time: noon, Verdict: "allow", SourceIP: netip.MustParseAddr("192.0.2.1"),
		Identity: "a•••@x.test", Pseudonym: who.Pseudonyms[0],
	}
	_ = first.k.Sink().Write(t.Context(), row)
	entries, rows, err := first.k.Erase(t.Context(), " A@X.test ")
	if err != nil || entries < 2 || rows != 1 {
		t.Fatalf("%d entries and %d rows, %v; want the account, its pair and the row", entries, rows, err)
	}
	first.end()
	for _, name := range []string{"state.db", "state.db-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "a•••@x.test") {
			t.Errorf("%s still holds the masked name", name)
		}
	}
	second := begin(t, optionsFor(newDetector(t, 1), dir))
	guess(t, second.d, "192.0.2.2", 100, 1)
	if got := second.d.ExplainIdentity(noon, "a@x.test"); len(got) != 1 || got[0].Counts[0].Count != 1 {
		t.Errorf("it is known by %+v; want the one guess since", got)
	}
}

// TestBackupIsRestoredWithoutWhoWasForgottenSince checks the offline command.
func TestBackupIsRestoredWithoutWhoWasForgottenSince(t *testing.T) {
	t.Parallel()
	dir, copied := t.TempDir(), filepath.Join(t.TempDir(), "backup.db")
	first := begin(t, optionsFor(newDetector(t, 1), dir))
	guess(t, first.d, "192.0.2.1", 0, 6)
	err := first.k.Do(t.Context(), func(ctx context.Context, st store.Store) error { return st.Backup(ctx, copied) })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Restore(dir, copied, noon); !errors.Is(err, store.ErrInUse) {
		t.Errorf("restoring while it is open: %v; want ErrInUse", err)
	}
	if _, _, err := first.k.Erase(t.Context(), "a@x.test"); err != nil {
		t.Fatal(err)
	}
	first.end()
	aside, err := sqlite.Restore(dir, copied, noon)
	if _, gone := os.Stat(aside); err != nil || gone != nil {
		t.Fatalf("restored with %v, the one before is at %q: %v", err, aside, gone)
	}
	second := begin(t, optionsFor(newDetector(t, 1), dir))
	if got := second.d.ExplainIdentity(noon, "a@x.test"); len(got) != 0 {
		t.Errorf("the backup brought the account back: %+v", got)
	}
	if got := second.d.ExplainSource(noon, netip.MustParseAddr("192.0.2.1")); len(got) != 1 {
		t.Errorf("the source is known by %+v; want what the backup had", got)
	}
	if _, err := sqlite.Restore(t.TempDir(), filepath.Join(dir, "state.lock"), noon); err == nil {
		t.Error("a file that is no backup was restored")
	}
}
