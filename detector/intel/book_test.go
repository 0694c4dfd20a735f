package intel

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// library serves /NAME from a map and counts the questions.
type library struct {
	lists sync.Map // name to text
	asked atomic.Int64
}

func (b *library) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.asked.Add(1)
	body, ok := b.lists.Load(strings.TrimPrefix(r.URL.Path, "/"))
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	fmt.Fprint(w, body)
}

func spec(name string) Spec {
	return Spec{Name: name, Source: "https://lists.test/" + name, Refresh: time.Hour}
}

func mustUse(t *testing.T, b *Book, specs ...Spec) {
	t.Helper()
	if err := b.Use(specs); err != nil {
		t.Fatal(err)
	}
}

func mustWait(t *testing.T, b *Book) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := b.Wait(ctx); err != nil {
		t.Fatal(err)
	}
}

func lookup(b *Book, addr string) []string { return b.Lookup(netip.MustParseAddr(addr)).Names() }

func TestLookupNamesEveryList(t *testing.T) {
	t.Parallel()
	lib := new(library)
	lib.lists.Store("tor", "192.0.2.1\n2001:db8::1\n")
	lib.lists.Store("vpn", "192.0.2.0/24\n")
	lib.lists.Store("dc", "192.0.0.0/16\n")
	b := NewBook(Deps{Transport: direct{lib}})
	mustUse(t, b, spec("tor"), spec("vpn"), spec("dc"))
	b.Start()
	defer mustClose(t, b)
	mustWait(t, b)
	tests := []struct {
		addr string
		want []string
	}{
		{"192.0.2.1", []string{"tor", "vpn", "dc"}},
		{"::ffff:192.0.2.1", []string{"tor", "vpn", "dc"}},
		{"192.0.2.2", []string{"vpn", "dc"}},
		{"192.0.3.1", []string{"dc"}},
		{"2001:db8::1", []string{"tor"}},
		{"2001:db8::2", nil},
	}
	for _, tt := range tests {
		found := b.Lookup(netip.MustParseAddr(tt.addr))
		if got := found.Names(); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.addr, got, tt.want)
		}
		if found.Any() != (len(tt.want) > 0) || found.Has("tor") != slices.Contains(tt.want, "tor") || found.Has("none") {
			t.Errorf("%s: Any %v, Has tor %v, Has none %v", tt.addr, found.Any(), found.Has("tor"), found.Has("none"))
		}
		if got, want := found.String(), strings.Join(tt.want, ","); got != want {
			t.Errorf("%s: String %q, want %q", tt.addr, got, want)
		}
	}
	if b.Lookup(netip.Addr{}).Any() || (Lists{}).Any() || (Lists{}).Has("tor") {
		t.Error("nothing is on a list")
	}
}

func TestBookLookupAllocatesNothing(t *testing.T) {
	lib := new(library)
	lib.lists.Store("tor", hosts(100))
	b := NewBook(Deps{Transport: direct{lib}})
	mustUse(t, b, spec("tor"))
	b.Start()
	defer mustClose(t, b)
	mustWait(t, b)
	addr := netip.MustParseAddr("::ffff:192.0.2.7")
	found := false
	if n := testing.AllocsPerRun(100, func() { found = b.Lookup(addr).Has("tor") }); n != 0 || !found {
		t.Errorf("%v allocations, found %v", n, found)
	}
}

func TestUseKeepsUnchangedLists(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		lib := new(library)
		for _, name := range []string{"tor", "vpn", "dc"} {
			lib.lists.Store(name, hosts(3))
		}
		b := NewBook(Deps{Transport: direct{lib}})
		mustUse(t, b, spec("tor"), spec("vpn"))
		b.Start()
		synctest.Wait()
		asked := lib.asked.Load()

		// A reload with the same lists asks nobody.
		mustUse(t, b, spec("tor"), spec("vpn"))
		synctest.Wait()
		if lib.asked.Load() != asked || !slices.Equal(lookup(b, "192.0.2.1"), []string{"tor", "vpn"}) {
			t.Errorf("asked %d times more; found %v", lib.asked.Load()-asked, lookup(b, "192.0.2.1"))
		}

		// Another order, one list gone, one new, one with a new source.
		before := b.Lookup(netip.MustParseAddr("192.0.2.1"))
		elsewhere := spec("vpn")
		elsewhere.Source += "-that-is-missing"
		mustUse(t, b, spec("dc"), elsewhere, spec("tor"))
		if got := lookup(b, "192.0.2.1"); !slices.Contains(got, "tor") || slices.Contains(got, "vpn") {
			t.Errorf("right after: %v", got)
		}
		synctest.Wait()
		if got := lookup(b, "192.0.2.1"); !slices.Equal(got, []string{"dc", "tor"}) {
			t.Errorf("then: %v", got)
		}
		if got := before.Names(); !slices.Equal(got, []string{"tor", "vpn"}) {
			t.Errorf("an earlier answer has changed to %v", got)
		}

		// The refresh interval alone does not lose the list either.
		often := spec("tor")
		often.Refresh = time.Minute
		mustUse(t, b, often)
		synctest.Wait()
		asked = lib.asked.Load()
		time.Sleep(70 * time.Second)
		synctest.Wait()
		if !b.Lookup(netip.MustParseAddr("192.0.2.1")).Has("tor") || lib.asked.Load() != asked+1 {
			t.Errorf("with a new interval: %d questions", lib.asked.Load()-asked)
		}
		mustClose(t, b)
		mustClose(t, b)
		if !b.Lookup(netip.MustParseAddr("192.0.2.1")).Has("tor") {
			t.Error("lookups end with Close")
		}
		if err := b.Use(nil); err == nil {
			t.Error("a closed book was changed")
		}
		b.Start()
	})
}

func TestUseWithAnErrorChangesNothing(t *testing.T) {
	t.Parallel()
	var many []Spec
	for i := range MaxLists + 1 {
		many = append(many, spec(fmt.Sprintf("l%d", i)))
	}
	tests := []struct {
		name  string
		specs []Spec
		want  string
	}{
		{"twice the same name", []Spec{spec("vpn"), spec("vpn")}, "configured twice"},
		{"bad source", []Spec{spec("vpn"), {Name: "dc"}}, "source is missing"},
		{"bad interval of a known list", []Spec{{Name: "tor", Source: spec("tor").Source, Refresh: 1}}, "at least 1s"},
		{"too many", many, "at most 64"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := NewBook(Deps{})
			mustUse(t, b, spec("tor"))
			if err := b.Use(tt.specs); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if got := b.Statuses(); len(got) != 1 || got[0].Name != "tor" {
				t.Errorf("lists %v", got)
			}
			mustClose(t, b)
		})
	}
	b := NewBook(Deps{})
	mustUse(t, b, many[:MaxLists]...)
	mustClose(t, b)
}

func TestReloadLooksAtFilesAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "list.txt")
	writeFile(t, path, hosts(3))
	file := Spec{Name: "office", Source: path}
	synctest.Test(t, func(t *testing.T) {
		b := NewBook(Deps{})
		mustUse(t, b, file)
		b.Start()
		synctest.Wait()
		writeFile(t, path, hosts(4))
		mustUse(t, b, file)
		synctest.Wait()
		if !b.Lookup(netip.MustParseAddr("192.0.2.4")).Has("office") {
			t.Error("the new entry is not used")
		}
		mustClose(t, b)
	})
}

func TestWaitNamesTheListItWaitsFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		silent := direct{http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })}
		b := NewBook(Deps{Transport: silent})
		mustUse(t, b, spec("tor"))
		b.Start()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := b.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "tor") {
			t.Errorf("error %v", err)
		}
		time.Sleep(30 * time.Second)
		if err := b.Wait(t.Context()); err != nil {
			t.Errorf("a list that was tried is waited for: %v", err)
		}
		mustClose(t, b)
	})
}

// TestNoLookupSeesHalfAList swaps lists and configurations under lookups: an
// address that is in every version must be found every time.
func TestNoLookupSeesHalfAList(t *testing.T) {
	t.Parallel()
	var version atomic.Int64
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, hosts(100+int(version.Add(1)%50)))
	})
	b := NewBook(Deps{Transport: direct{h}})
	mustUse(t, b, spec("tor"))
	list := b.view.Load().configured[0]
	mustCheck(t, list) // not started: this test is the list's goroutine

	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			always, never := netip.MustParseAddr("192.0.2.100"), netip.MustParseAddr("192.0.2.200")
			for {
				select {
				case <-stop:
					return
				default:
				}
				if !b.Lookup(always).Has("tor") || b.Lookup(never).Any() {
					t.Error("a lookup saw half a list")
					return
				}
				b.Statuses()
				runtime.Gosched()
			}
		})
	}
	for i := range 300 {
		mustCheck(t, list)
		if i%10 == 0 {
			mustUse(t, b, spec("tor"), spec(fmt.Sprintf("other%d", i)))
		}
	}
	close(stop)
	readers.Wait()
	mustClose(t, b)
}

// TestSwapsAndReloadsLeakNothing: old tables are freed and replaced lists are
// forgotten.
func TestSwapsAndReloadsLeakNothing(t *testing.T) {
	var n int
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n++
		fmt.Fprint(w, hosts(1000+n%2))
	})
	l := mustList(t, "https://lists.test/tor", Deps{Transport: direct{h}})
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	mustCheck(t, l)
	before := heap()
	for range 500 {
		mustCheck(t, l)
	}
	if after := heap(); after > before+1<<20 {
		t.Errorf("the heap grew from %d to %d bytes in 500 swaps", before, after)
	}
	synctest.Test(t, func(t *testing.T) {
		b := NewBook(Deps{Transport: direct{text(hosts(3))}})
		b.Start()
		for i := range 100 {
			mustUse(t, b, spec(fmt.Sprintf("l%d", i)))
			synctest.Wait()
			if len(b.retired) > 1 {
				t.Fatalf("%d replaced lists are kept", len(b.retired))
			}
		}
		mustClose(t, b)
	})
}

func BenchmarkLookup(b *testing.B) {
	book := NewBook(Deps{})
	specs := []Spec{spec("tor"), spec("vpn"), spec("dc")}
	if err := book.Use(specs); err != nil {
		b.Fatal(err)
	}
	for _, l := range book.view.Load().configured {
		l.publish(mustParse(b, string(randomList(100_000))))
	}
	addr := netip.MustParseAddr("::ffff:192.0.2.7")
	b.ReportAllocs()
	for b.Loop() {
		book.Lookup(addr)
	}
}
