package keeper

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/detector/event"
	"github.com/doorward/doorward/detector/store"
	"github.com/doorward/doorward/detector/store/sqlite"
)

func TestRefusedAttemptsAreCountedByMinute(t *testing.T) {
	t.Parallel()
	b := newAuditBuffer()
	refused := func(second int, from string, count uint64) *event.Event {
		at := noon.Add(time.Duration(second) * time.Second)
		return &event.Event{
			ID: event.NewID(at), Type: event.TypeAttempt, Time: at, Site: "shop.test", Verdict: "limit", Rule: "source",
			SourceIP: netip.MustParseAddr(from), Identity: "•••", Pseudonym: "p", Count: count,
		}
	}
	total := uint64(0)
	for second := range 120 {
		for _, from := range []string{"192.0.2.1", "192.0.2.2"} {
			e := refused(second, from, uint64(second%3))
			total += e.Total()
			_ = b.Write(t.Context(), e)
		}
	}
	_ = b.Write(t.Context(), &event.Event{ID: "op", Type: event.TypeOperator, Time: noon})
	rows, sum := b.take(), uint64(0)
	for _, r := range rows {
		sum += r.Count
	}
	if len(rows) != 2*(1+2)+1 || sum != total {
		t.Errorf("%d rows for %d attempts; want the first of each source, one a minute, the operator's, for %d", len(rows), sum, total)
	}
	if len(b.take()) != 0 {
		t.Error("rows were taken twice")
	}
}

func TestWaitingRowsAreBoundedTheDearOnesLongest(t *testing.T) {
	t.Parallel()
	b := newAuditBuffer()
	for i := range 2 * maxWaiting {
		_ = b.Write(t.Context(), &event.Event{ID: fmt.Sprint("a", i), Type: event.TypeAttempt, Verdict: "allow", Outcome: "failure", Time: noon})
	}
	for i := range 100 {
		_ = b.Write(t.Context(), &event.Event{ID: fmt.Sprint("s", i), Type: event.TypeSanction, Time: noon})
	}
	rows := b.take()
	dear := 0
	for _, r := range rows {
		if r.Dear {
			dear++
		}
	}
	if len(rows) > maxWaiting || dear != 100 || b.lost.Load() != uint64(2*maxWaiting+100-len(rows)) {
		t.Errorf("%d rows wait, %d dear, %d lost", len(rows), dear, b.lost.Load())
	}
	b.giveBack(rows)
	if again := b.take(); len(again) != len(rows) {
		t.Errorf("%d of %d rows were taken back", len(again), len(rows))
	}
}

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
