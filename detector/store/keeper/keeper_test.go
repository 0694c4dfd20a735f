//go:build (linux && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)) || (darwin && (amd64 || arm64)) || (freebsd && (386 || amd64 || arm || arm64)) || (netbsd && amd64) || (openbsd && (amd64 || arm64)) || (windows && (386 || amd64 || arm64))

package keeper

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/event"
	"github.com/doorward/doorward/detector/identity"
	"github.com/doorward/doorward/detector/recognize"
	"github.com/doorward/doorward/detector/store"
	"github.com/doorward/doorward/detector/store/sqlite"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// life is a process: a detector, and a keeper on a folder.
type life struct {
	t *testing.T
	d *detector.Detector
	k *Keeper
}

func newDetector(t *testing.T, secret byte) *detector.Detector {
	t.Helper()
	d := detector.New()
	key := make([]byte, 32)
	key[0] = secret
	if err := d.Open(4096, key, func() time.Time { return noon }); err != nil {
		t.Fatal(err)
	}
	return d
}

// optionsFor are those of a keeper on the embedded store in dir.
func optionsFor(d *detector.Detector, dir string) Options {
	roomy := func(string) (uint64, uint64, error) { return 1 << 40, 1 << 41, nil }
	opened := func(db *sqlite.DB, err error) (store.Store, error) {
		if err != nil {
			return nil, err
		}
		return db, nil
	}
	return Options{
		Detector: d, Clock: func() time.Time { return noon }, Every: 5 * time.Millisecond, Retry: 10 * time.Millisecond,
		Open:         func() (store.Store, error) { return opened(sqlite.Open(sqlite.Options{Dir: dir, Free: roomy})) },
		OpenReadOnly: func() (store.Store, error) { return opened(sqlite.OpenReadOnly(dir)) },
		SetAside:     func(now time.Time) (string, error) { return sqlite.SetAside(dir, now) },
	}
}

func begin(t *testing.T, o Options) *life {
	t.Helper()
	l := &life{t: t, d: o.Detector, k: New(o)}
	l.k.Start()
	t.Cleanup(l.end)
	l.until("everything is restored", func(s Status) bool { return s.Complete })
	return l
}

func (l *life) end() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := l.k.Close(ctx); err != nil {
		l.t.Errorf("closing: %v", err)
	}
}

// until waits for a status.
func (l *life) until(what string, holds func(Status) bool) {
	l.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(l.k.Status()); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			l.t.Fatalf("never: %s; it is %+v", what, l.k.Status())
		}
	}
}

// guess makes n wrong logins for an account and returns how many were let
// through.
func guess(t *testing.T, d *detector.Detector, from string, first, n int) (through int) {
	t.Helper()
	cfg := config.Site{Name: "shop.test", Mode: config.ModeEnforce}
	cfg.Thresholds.Contacts = config.Rate{N: 1000, Window: config.Duration(24 * time.Hour)}
	p, err := detector.NewPolicy(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	site := d.Site("shop.test")
	for i := range n {
		a := &detector.Attempt{Kind: config.KindLogin, Route: "/login", Credential: uint64(first + i + 1), Confidence: 1, Time: noon}
		a.Source.Addr = netip.MustParseAddr(from)
		a.Source.Peer = a.Source.Addr
		a.Identities = []identity.Identity{identity.New(identity.Pair{Key: "email", Value: "a@x.test"})}
		if d.Admit(noon, p, site, a).LetsThrough() {
			through++
			d.Settle(noon, p, site, a, recognize.Outcome{Result: recognize.Failure, Confidence: 0.97})
		}
	}
	return through
}

func TestStateOutlivesTheKeeper(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := begin(t, optionsFor(newDetector(t, 1), dir))
	guess(t, first.d, "192.0.2.1", 0, 6)
	first.end()
	second := begin(t, optionsFor(newDetector(t, 1), dir))
	if got := guess(t, second.d, "192.0.2.1", 100, 6); got != 4 {
		t.Errorf("%d of 6 guesses after 6 let through; want 4", got)
	}
}

// TestChangesAreWrittenWithoutAnEnd: what a process wrote before it was killed is
// what the next one reads from a copy of its files.
func TestChangesAreWrittenWithoutAnEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := optionsFor(newDetector(t, 1), dir)
	o.SnapshotEvery = time.Nanosecond // snapshots all the time as well
	first := begin(t, o)
	guess(t, first.d, "192.0.2.1", 0, 6)
	first.until("a snapshot was written", func(s Status) bool { return !s.Snapshot.IsZero() })
	guess(t, first.d, "192.0.2.1", 50, 2)
	first.sync()

	copied := t.TempDir()
	for _, name := range []string{"state.db", "state.db-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(copied, name), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	second := begin(t, optionsFor(newDetector(t, 1), copied))
	if got := guess(t, second.d, "192.0.2.1", 100, 6); got != 2 {
		t.Errorf("%d of 6 guesses after 8 let through; want 2", got)
	}
}

// sync waits until everything is written.
func (l *life) sync() {
	l.t.Helper()
	if err := l.k.Do(l.t.Context(), func(context.Context, store.Store) error { return nil }); err != nil {
		l.t.Fatal(err)
	}
}

func TestSecondProcessReadsAndTakesOver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := begin(t, optionsFor(newDetector(t, 1), dir))
	guess(t, first.d, "192.0.2.1", 0, 6)
	first.sync()

	second := begin(t, optionsFor(newDetector(t, 1), dir))
	if s := second.k.Status(); s.Writable || s.Trouble != "in_use" {
		t.Fatalf("the second one has status %+v; want in_use", s)
	}
	if got := guess(t, second.d, "192.0.2.1", 100, 1); got != 1 {
		t.Error("its seventh guess is refused")
	}
	guess(t, first.d, "192.0.2.9", 0, 6) // the first one goes on
	first.end()
	second.until("it has the store", func(s Status) bool { return s.Writable })
	second.sync()
	second.end()

	third := begin(t, optionsFor(newDetector(t, 1), dir))
	for from, want := range map[string]int{"192.0.2.1": 3, "192.0.2.9": 4} {
		if got := guess(t, third.d, from, 200, 6); got != want {
			t.Errorf("%d of 6 guesses from %s let through; want %d", got, from, want)
		}
	}
}

func TestDamagedStoreIsReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "state.db"), []byte("this is no database, and long enough to be looked at as one"), 0o600); err != nil {
		t.Fatal(err)
	}
	first := begin(t, optionsFor(newDetector(t, 1), dir))
	s := first.k.Status()
	if aside, err := os.ReadFile(s.SetAside); err != nil || string(aside[:7]) != "this is" || !s.Writable {
		t.Fatalf("status %+v, %v; want the damaged file aside and a new one", s, err)
	}
	guess(t, first.d, "192.0.2.1", 0, 6)
	first.end()
	if got := guess(t, begin(t, optionsFor(newDetector(t, 1), dir)).d, "192.0.2.1", 100, 6); got != 4 {
		t.Errorf("%d of 6 guesses after 6 let through; want 4", got)
	}
}

// TestStoreThatIsFoundDamagedLater: its pages are overwritten in the middle.
func TestStoreThatIsFoundDamagedLater(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := begin(t, optionsFor(newDetector(t, 1), dir))
	for i := range 200 {
		guess(t, first.d, fmt.Sprintf("192.0.2.%d", i), 0, 3)
	}
	first.end()
	path := filepath.Join(dir, "state.db")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 4096 * 2; i < len(b); i++ {
		b[i] = byte(i * 31)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	second := begin(t, optionsFor(newDetector(t, 1), dir))
	guess(t, second.d, "192.0.2.1", 100, 6)
	second.until("a new store is written", func(s Status) bool { return s.Writable && s.SetAside != "" })
	second.sync()
	second.end()
	if got := guess(t, begin(t, optionsFor(newDetector(t, 1), dir)).d, "192.0.2.1", 200, 6); got >= 6 {
		t.Errorf("%d of 6 guesses let through; want fewer: what happened since is kept", got)
	}
}

// flaky is a store that can be broken.
type flaky struct {
	store.Store
	broken atomic.Pointer[error]
}

func (f *flaky) Append(ctx context.Context, b store.Batch) error {
	if err := f.broken.Load(); err != nil {
		return *err
	}
	return f.Store.Append(ctx, b)
}

func (f *flaky) Snapshot(ctx context.Context) (store.Snapshot, error) {
	if err := f.broken.Load(); err != nil {
		return nil, *err
	}
	return f.Store.Snapshot(ctx)
}

func TestFullDiskIsSaidAndCaughtUpWith(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := optionsFor(newDetector(t, 1), dir)
	open, st := o.Open, &flaky{}
	o.Open = func() (store.Store, error) {
		var err error
		st.Store, err = open()
		return st, err
	}
	var said atomic.Int32
	o.Say = func(string, error) { said.Add(1) }
	first := begin(t, o)
	full := fmt.Errorf("writing: %w", store.ErrFull)
	st.broken.Store(&full)
	guess(t, first.d, "192.0.2.1", 0, 6)
	_ = first.k.Sink().Write(t.Context(), &event.Event{ID: "e1", Type: event.TypeOperator, Time: noon})
	first.until("it is full", func(s Status) bool { return s.Trouble == "full" && !s.Writable && s.Refused > 3 })
	if said.Load() != 1 {
		t.Errorf("it was said %d times; want once", said.Load())
	}
	st.broken.Store(nil)
	first.until("all is well again", func(s Status) bool { return s.Writable && !s.Snapshot.IsZero() })
	first.sync()
	rows, err := st.Audit(t.Context(), store.Query{})
	if err != nil || len(rows) != 1 {
		t.Errorf("%d rows, %v; want the one that waited", len(rows), err)
	}
	first.end()
	if got := guess(t, begin(t, optionsFor(newDetector(t, 1), dir)).d, "192.0.2.1", 100, 6); got != 4 {
		t.Errorf("%d of 6 guesses after 6 let through; want 4", got)
	}
}

func TestFolderThatCannotBeMadeStopsNobody(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l := begin(t, optionsFor(newDetector(t, 1), filepath.Join(file, "state")))
	if s := l.k.Status(); s.Writable || s.Trouble != "read_only" {
		t.Errorf("status %+v; want read_only", s)
	}
	if got := guess(t, l.d, "192.0.2.1", 0, 12); got != 10 {
		t.Errorf("%d of 12 guesses let through; want 10", got)
	}
	err := l.k.Do(t.Context(), func(context.Context, store.Store) error { return nil })
	if err == nil {
		t.Error("something was done with a store that is not there")
	}
}

func TestOtherKeyFindsNothingAndReplacesIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := begin(t, optionsFor(newDetector(t, 1), dir))
	guess(t, first.d, "192.0.2.1", 0, 6)
	first.end()
	for _, want := range []int{6, 4} { // the second time under the new key
		l := begin(t, optionsFor(newDetector(t, 2), dir))
		if got := guess(t, l.d, "192.0.2.1", 100*want, 6); got != want {
			t.Errorf("%d of 6 guesses let through; want %d", got, want)
		}
		l.end()
	}
}

// TestKeysOfOneProcessKeepOnlyDocuments: without a key that lasts the evidence of
// the one before is left as it is.
func TestKeysOfOneProcessKeepOnlyDocuments(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := begin(t, optionsFor(newDetector(t, 1), dir))
	guess(t, first.d, "192.0.2.1", 0, 6)
	first.end()
	o := optionsFor(newDetector(t, 9), dir)
	o.NoTables = true
	second := begin(t, o)
	second.d.Override(config.ModeObserve, time.Time{})
	second.sync()
	second.end()
	third := begin(t, optionsFor(newDetector(t, 1), dir))
	if mode, _, _ := third.d.Overridden(noon); mode != config.ModeObserve {
		t.Errorf("mode %s; want observe", mode)
	}
	third.d.Override(config.ModeGraduated, time.Time{})
	if got := guess(t, third.d, "192.0.2.1", 100, 6); got != 4 {
		t.Errorf("%d of 6 guesses after 6 let through; want 4", got)
	}
}

func TestOtherTablesAreWrittenAnew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := begin(t, optionsFor(newDetector(t, 1), dir))
	guess(t, first.d, "192.0.2.1", 0, 6)
	key := make([]byte, 32)
	key[0] = 1
	if err := first.d.Open(8192, key, func() time.Time { return noon }); err != nil {
		t.Fatal(err)
	}
	guess(t, first.d, "192.0.2.1", 50, 2)
	first.end()
	if got := guess(t, begin(t, optionsFor(newDetector(t, 1), dir)).d, "192.0.2.1", 100, 6); got != 2 {
		t.Errorf("%d of 6 guesses after 8 let through; want 2", got)
	}
}
