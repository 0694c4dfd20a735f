package keeper

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/doorward/doorward/detector/event"
	"github.com/doorward/doorward/detector/store"
	"github.com/doorward/doorward/detector/store/sqlite"
)

// TestStoreThatIsMovedBackCountsNothingTwice: a reload with another store fails
// late, and the store before it is used again. What it has are the attempts that
// the process knows.
func TestStoreThatIsMovedBackCountsNothingTwice(t *testing.T) {
	t.Parallel()
	d := newDetector(t, 1)
	home, other := t.TempDir(), t.TempDir()
	var before *Keeper
	for _, dir := range []string{home, other, home} {
		o := optionsFor(d, dir)
		o.Before = before
		l := begin(t, o)
		if before == nil {
			guess(t, d, "192.0.2.1", 0, 4)
		}
		l.end()
		before = l.k
	}
	if got := guess(t, d, "192.0.2.1", 100, 10); got != 6 {
		t.Errorf("%d of 10 guesses after 4 let through; want 6", got)
	}
	for _, r := range d.Status(noon)[0].Routes {
		if r.Attempts > 14 {
			t.Errorf("%s has %d attempts of 14", r.Path, r.Attempts)
		}
	}
}

// TestRowsMoveToTheNextStore: what one store could not write, the next one does.
func TestRowsMoveToTheNextStore(t *testing.T) {
	t.Parallel()
	d := newDetector(t, 1)
	o := optionsFor(d, t.TempDir())
	o.Open = func() (store.Store, error) { return nil, store.ErrFull }
	first := begin(t, o)
	if err := first.k.Sink().Write(t.Context(), &event.Event{ID: "1", Type: event.TypeOperator, Time: noon}); err != nil {
		t.Fatal(err)
	}
	first.end()
	o = optionsFor(d, t.TempDir())
	o.Before = first.k
	second := begin(t, o)
	err := second.k.Do(t.Context(), func(ctx context.Context, st store.Store) error {
		rows, err := st.Audit(ctx, store.Query{})
		if len(rows) != 1 {
			t.Errorf("%d rows; want the one that waited", len(rows))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestFloodOfRowsFillsTheStoreForNoLongerThanItTakesToPrune: a campaign from ever
// new sources writes more than the audit log may take. Sanctions must go on being
// written.
func TestFloodOfRowsFillsTheStoreForNoLongerThanItTakesToPrune(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := optionsFor(newDetector(t, 1), dir)
	o.Open = func() (store.Store, error) {
		db, err := sqlite.Open(sqlite.Options{
			Dir: dir, Bytes: 16 << 20, Free: func(string) (uint64, uint64, error) { return 1 << 40, 1 << 41, nil },
		})
		if err != nil {
			return nil, err
		}
		return db, nil
	}
	o.Retention = store.DefaultRetention
	o.Retention.Bytes = 16 << 20
	l := begin(t, o)
	l.until("it was pruned once", func(s Status) bool { return s.Bytes > 0 })
	for i := range 24_000 {
		e := &event.Event{
			ID: fmt.Sprint(i), Type: event.TypeAttempt, Time: noon, Site: strings.Repeat("x", 400), Verdict: "deny", Rule: "r",
			SourceIP: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}),
		}
		_ = l.k.Sink().Write(t.Context(), e) // never fails
		if i%1000 == 999 {
			l.until("rows are taken", func(s Status) bool { return s.Trouble != "" || l.k.audit.waiting() < 1000 })
		}
	}
	l.until("the store is written again", func(s Status) bool { return s.Trouble == "" && l.k.audit.waiting() == 0 })
	guess(t, l.d, "192.0.2.1", 0, 3)
	l.end()
	if got := guess(t, begin(t, optionsFor(newDetector(t, 1), dir)).d, "192.0.2.1", 100, 10); got != 7 {
		t.Errorf("%d of 10 guesses after 3 let through; want 7", got)
	}
}
