package intel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorward/doorward/config"
)

func keeping(t *testing.T, source string, keep time.Duration, deps Deps) *List {
	t.Helper()
	l, err := NewList(Spec{Name: "tor", Source: source, Keep: keep, Refresh: time.Hour, AllowPrivate: true}, deps)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestAnExitStaysAfterItWasLastSeen follows an exit out of the list and, by the
// clock, out of use, over a restart.
func TestAnExitStaysAfterItWasLastSeen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		h := new(swappable)
		h.set(text(hosts(10)))
		deps := Deps{Transport: direct{h}, StateDir: dir}
		l := keeping(t, "https://lists.test/tor", 48*time.Hour, deps)
		l.Start()
		synctest.Wait()
		h.set(text(hosts(9)))
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if s := l.Status(); !contains(l, "192.0.2.10") || s.Entries != 10 || s.Leaving != 1 {
			t.Fatalf("right after it left: %+v", s)
		}
		mustClose(t, l)

		l = keeping(t, "https://lists.test/tor", 48*time.Hour, deps)
		l.Start()
		synctest.Wait()
		time.Sleep(44 * time.Hour)
		synctest.Wait()
		if s := l.Status(); !contains(l, "192.0.2.10") || s.Leaving != 1 {
			t.Errorf("46 hours later, after a restart: %+v", s)
		}
		time.Sleep(4 * time.Hour)
		synctest.Wait()
		if s := l.Status(); contains(l, "192.0.2.10") || s.Entries != 9 || s.Leaving != 0 {
			t.Errorf("50 hours later: %+v", s)
		}
		mustClose(t, l)
	})
}

// TestAnEntryExpiresWhileItsSourceIsAway: the time of what has left runs out
// without an answer; what the source listed last stays.
func TestAnEntryExpiresWhileItsSourceIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := new(swappable)
		h.set(text(hosts(10)))
		l := keeping(t, "https://lists.test/tor", 48*time.Hour, Deps{Transport: direct{h}})
		l.Start()
		synctest.Wait()
		h.set(text(hosts(9)))
		time.Sleep(70 * time.Minute)
		h.set(text(""))
		time.Sleep(100 * time.Hour)
		synctest.Wait()
		if contains(l, "192.0.2.10") || !contains(l, "192.0.2.9") {
			t.Errorf("status %+v", l.Status())
		}
		mustClose(t, l)
	})
}

// TestDatesInTheListCount: an exit that the list itself saw long ago is not
// used, and the newest date in the list is the clock, so that a file that nobody
// renews does not run empty.
func TestDatesInTheListCount(t *testing.T) {
	t.Parallel()
	exits := func(dates ...string) string {
		var b strings.Builder
		for i, d := range dates {
			fmt.Fprintf(&b, "ExitNode AB\nExitAddress 192.0.2.%d %s\n", i+1, d)
		}
		return b.String()
	}
	now := time.Date(2031, 1, 10, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		list string
		want []string
	}{
		"a day, two days and three before the newest": {
			exits("2031-01-10 00:00:00", "2031-01-09 00:00:00", "2031-01-08 00:00:01", "2031-01-07 00:00:00"), []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"},
		},
		"an old file":               {exits("2026-01-02 00:00:00", "2026-01-01 00:00:00"), []string{"192.0.2.1", "192.0.2.2"}},
		"a clock that runs ahead":   {exits("2040-01-01 00:00:00", "2031-01-09 00:00:00"), []string{"192.0.2.1", "192.0.2.2"}},
		"dates that are none":       {exits("2031-99-99 00:00:00", "yesterday noon"), []string{"192.0.2.1", "192.0.2.2"}},
		"seen twice, once long ago": {exits("2031-01-10 00:00:00") + "ExitAddress 192.0.2.1 2030-01-01 00:00:00\n", []string{"192.0.2.1"}},
	} {
		set, report, err := Parse(strings.NewReader(c.list))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var p past
		if got := entries(p.take(set, report.dates, 48*time.Hour, now, now)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestEntriesThatLeaveAreBounded: more than are kept leave at once.
func TestEntriesThatLeaveAreBounded(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var p past
	block := func(second byte) *Set {
		s := new(Set)
		for i := range maxGone {
			s.insert(netip.PrefixFrom(netip.AddrFrom4([4]byte{10, second, byte(i >> 8), byte(i)}), 32))
		}
		s.sort()
		return s
	}
	for i := range 4 {
		p.take(block(byte(i)), nil, time.Hour, now, now)
	}
	if len(p.gone) != maxGone {
		t.Errorf("%d entries that left are kept, want %d", len(p.gone), maxGone)
	}
	if n := p.all().Len(); n != 2*maxGone {
		t.Errorf("%d entries", n)
	}
}

func TestLargestLossIsConfigured(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		maxLoss, left int
		taken         bool
	}{{10, 90, true}, {10, 89, false}, {0, 50, true}, {0, 49, false}, {100, 1, true}} {
		h := new(swappable)
		h.set(text(hosts(100)))
		l, err := NewList(Spec{Name: "vpn", Source: "https://lists.test/vpn", MaxLoss: c.maxLoss}, Deps{Transport: direct{h}})
		if err != nil {
			t.Fatal(err)
		}
		mustCheck(t, l)
		h.set(text(hosts(c.left)))
		if err := l.check(t.Context()); (err == nil) != c.taken {
			t.Errorf("at most %d %% lost, %d of 100 left: %v", c.maxLoss, c.left, err)
		}
	}
}

// supplier is an origin of somebody else.
type supplier struct {
	open func(ctx context.Context, have Version) (Content, error)
	name string
}

func (s *supplier) Open(ctx context.Context, have Version) (Content, error) { return s.open(ctx, have) }
func (s *supplier) String() string                                          { return s.name }

// body is what a supplier gives; it never blocks.
func body(content string, v Version) (Content, error) {
	return Content{Body: io.NopCloser(strings.NewReader(content)), Version: v}, nil
}

func TestOriginsOfOthers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var asked []Version
	s := &supplier{name: "bucket"}
	s.open = func(_ context.Context, have Version) (Content, error) {
		asked = append(asked, have)
		if have.ETag == "v1" {
			return Content{Unchanged: true}, nil
		}
		return body(hosts(10), Version{ETag: "v1"})
	}
	deps := Deps{StateDir: dir}
	list := func(layout Layout) *List {
		l, err := NewList(Spec{Name: "bad", Source: `{"source":"bucket"}`, Origin: s, Layout: layout}, deps)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	l := list(Layout{})
	mustCheck(t, l)
	mustCheck(t, l)
	l = list(Layout{})
	l.loadCopy()
	mustCheck(t, l)
	if want := []Version{{}, {ETag: "v1"}, {ETag: "v1"}}; !slices.Equal(asked, want) {
		t.Errorf("asked with %v, want %v", asked, want)
	}
	if s := l.Status(); s.Source != "bucket" || s.Entries != 10 {
		t.Errorf("status %+v", s)
	}
	// Read otherwise, the same bytes may be another list.
	l = list(Layout{Format: config.FormatText})
	l.loadCopy()
	mustCheck(t, l)
	if last := asked[len(asked)-1]; last != (Version{}) {
		t.Errorf("after a new format asked with %v", last)
	}

	for name, c := range map[string]struct {
		open func(context.Context, Version) (Content, error)
		want string
	}{
		"panics":                              {func(context.Context, Version) (Content, error) { panic("oops") }, "panicked"},
		"panics while it is read":             {func(context.Context, Version) (Content, error) { return Content{}, nil }, "panicked"},
		"fails":                               {func(context.Context, Version) (Content, error) { return Content{}, errors.New("no such bucket") }, "no such bucket"},
		"confirms what it is not asked about": {func(context.Context, Version) (Content, error) { return Content{Unchanged: true}, nil }, "nothing is known"},
		"brings HTML":                         {func(context.Context, Version) (Content, error) { return body("<html>", Version{}) }, "HTML"},
	} {
		bad := &supplier{open: c.open}
		l, err := NewList(Spec{Name: "bad", Source: name, Origin: bad}, Deps{})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.check(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("one that %s: error %v, want %q", name, err, c.want)
		}
	}
}

// TestAReloadGivesTheListItsNewOrigin: the module of the configuration before is
// cleaned up and asked no more; the entries stay.
func TestAReloadGivesTheListItsNewOrigin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var asked []string
		origin := func(name string) *supplier {
			return &supplier{name: name, open: func(context.Context, Version) (Content, error) {
				mu.Lock()
				defer mu.Unlock()
				asked = append(asked, name)
				return body(hosts(3), Version{})
			}}
		}
		b := NewBook(Deps{})
		mustUse(t, b, Spec{Name: "bad", Source: "{}", Origin: origin("old"), Refresh: time.Hour})
		b.Start()
		synctest.Wait()
		mustUse(t, b, Spec{Name: "bad", Source: "{}", Origin: origin("new"), Refresh: time.Hour})
		synctest.Wait()
		if !slices.Equal(lookup(b, "192.0.2.1"), []string{"bad"}) {
			t.Error("the entries are gone")
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		mustClose(t, b)
		if !slices.Equal(asked, []string{"old", "new"}) && !slices.Equal(asked, []string{"old", "new", "new"}) {
			t.Errorf("asked %v", asked)
		}
	})
}

// TestAChangedFileIsSeenWithinSeconds, whatever the refresh interval.
func TestAChangedFileIsSeenWithinSeconds(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "list.txt")
	writeFile(t, path, hosts(3))
	synctest.Test(t, func(t *testing.T) {
		l, err := NewList(Spec{Name: "office", Source: path, Refresh: 24 * time.Hour}, Deps{})
		if err != nil {
			t.Fatal(err)
		}
		l.Start()
		synctest.Wait()
		writeFile(t, path, hosts(4))
		time.Sleep(fileLook)
		synctest.Wait()
		if !contains(l, "192.0.2.4") {
			t.Errorf("status %+v", l.Status())
		}
		mustClose(t, l)
	})
}

// TestARefusedFileIsNotReadAgainAndAgain until it changes.
func TestARefusedFileIsNotReadAgainAndAgain(t *testing.T) {
	t.Parallel()
	clk := newClock()
	path := filepath.Join(t.TempDir(), "list.txt")
	writeFile(t, path, "nonsense\n")
	l := mustList(t, path, Deps{Now: clk.now})
	first := l.check(t.Context())
	if again := l.check(t.Context()); first == nil || !errors.Is(again, first) {
		t.Errorf("read again: %v, then %v", first, again)
	}
	writeFile(t, path, hosts(30))
	mustCheck(t, l)
}

// TestSwapsUnderLoad swaps three overlapping lists ten thousand times while they
// are looked up: an address that is in every version is found each time with
// exactly the lists that have it, and nothing stays behind.
func TestSwapsUnderLoad(t *testing.T) {
	const swaps = 10_000
	b := NewBook(Deps{})
	mustUse(t, b, spec("tor"), spec("vpn"), spec("dc"))
	lists := b.view.Load().configured
	versions := make([]*Set, 7)
	for i := range versions {
		versions[i] = mustParse(t, hosts(20+i)+"192.0.0.0/16\n")
	}
	for _, l := range lists {
		l.publish(versions[0])
	}
	settle := func() (heap uint64, goroutines int) {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc, runtime.NumGoroutine()
	}
	heap, goroutines := settle()
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			always, never := netip.MustParseAddr("::ffff:192.0.2.20"), netip.MustParseAddr("2001:db8::1")
			for {
				select {
				case <-stop:
					return
				default:
				}
				if got := b.Lookup(always).String(); got != "tor,vpn,dc" || b.Lookup(never).Any() {
					t.Errorf("a lookup saw half a table: %s", got)
					return
				}
				runtime.Gosched()
			}
		})
	}
	for i := range swaps {
		lists[i%3].publish(versions[i%len(versions)])
	}
	close(stop)
	readers.Wait()
	heapAfter, goroutinesAfter := settle()
	if heapAfter > heap+1<<20 || goroutinesAfter > goroutines {
		t.Errorf("after %d swaps the heap grew from %d to %d bytes, goroutines from %d to %d", swaps, heap, heapAfter, goroutines, goroutinesAfter)
	}
	mustClose(t, b)
}

// TestListsLoadTogether: lists that arrive at the same time are all in the table
// when they say that they are ready.
func TestListsLoadTogether(t *testing.T) {
	t.Parallel()
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, hosts(50)) })
	for range 20 {
		b := NewBook(Deps{Transport: direct{h}})
		var specs []Spec
		for i := range 20 {
			specs = append(specs, spec(fmt.Sprintf("l%d", i)))
		}
		mustUse(t, b, specs...)
		b.Start()
		mustWait(t, b)
		if got := len(lookup(b, "192.0.2.50")); got != 20 {
			t.Fatalf("on %d lists, want 20", got)
		}
		mustClose(t, b)
	}
}
