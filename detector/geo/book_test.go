package geo

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorward/doorward/detector/geo/geotest"
)

// started is a book that has looked at its files once.
func started(t testing.TB, paths ...string) *Book {
	t.Helper()
	b := NewBook(Deps{Interval: 5 * time.Millisecond})
	b.Use(paths)
	b.Start()
	t.Cleanup(func() {
		if err := b.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := b.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 2000 {
		if holds() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("after 10 s: not %s", what)
}

// badFiles are contents that must not replace a good one.
func badFiles() map[string][]byte {
	good := inCountryOf("DE").Bytes()
	marker := strings.LastIndex(string(good), "MaxMind.com")
	wrong := geotest.Database{Type: "GeoIP2-Domain", Networks: map[string]m{"192.0.2.0/24": {"domain": "example.com"}}}
	broken := slices.Clone(good)
	for i := marker - 20; i < marker-3; i++ {
		broken[i] = 0xff // within the data
	}
	circular := geotest.Database{Networks: map[string]m{"::/1": {"country": "DE"}}}.Bytes()
	copy(circular, make([]byte, 8)) // both records of the only node lead to itself
	return map[string][]byte{
		"a tree that leads in circles": circular,
		"empty":                        {},
		"the first half":               good[:len(good)/2],
		"the second half":              good[len(good)/2:],
		"without its last byte":        good[:len(good)-1],
		"a web page":                   []byte("<!DOCTYPE html><html><body>Sign in</body></html>"),
		"a text with the marker":       []byte("\xab\xcd\xefMaxMind.com"),
		"a database of other kinds":    wrong.Bytes(),
		"records overwritten":          broken,
	}
}

func inCountryOf(code string) geotest.Database {
	return geotest.Database{Type: "Test-Country", Built: 1_700_000_000, Networks: map[string]m{
		"192.0.2.0/24": {"country": m{"iso_code": code}}, "2001:db8::/32": {"country": m{"iso_code": code}},
	}}
}

func TestABadFileReplacesNothing(t *testing.T) {
	t.Parallel()
	for name, content := range badFiles() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := open(content); !errors.Is(err, ErrFormat) && !errors.Is(err, ErrType) {
				t.Errorf("opened: %v", err)
			}
			path := inCountryOf("DE").Write(t, "country.mmdb")
			b := started(t, path)
			addr := netip.MustParseAddr("192.0.2.1")
			geotest.Put(t, path, content)
			eventually(t, "refused", func() bool { return b.Statuses()[0].Refused == 1 })
			if got := b.Lookup(addr).CountryCode(); got != "DE" {
				t.Errorf("the country is %q, want that of the file before", got)
			}
			if s := b.Statuses()[0]; s.LastError == "" || s.Type != "Test-Country" {
				t.Errorf("status %+v, want the reason, and the type of what is in use", s)
			}
			geotest.Put(t, path, inCountryOf("FR").Bytes())
			eventually(t, "replaced by a good one", func() bool { return b.Lookup(addr).CountryCode() == "FR" })
			if s := b.Statuses()[0]; s.LastError != "" || s.Refused != 1 {
				t.Errorf("status %+v, want no reason any more", s)
			}
		})
	}
}

// What is missing at the start is taken into use when it comes, and kept when
// it goes.
func TestAFileComesAndGoes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "country.mmdb")
	b := started(t, path)
	addr := netip.MustParseAddr("2001:db8::1")
	if s := b.Statuses()[0]; !strings.Contains(s.LastError, "no such file") || b.Lookup(addr).Known() {
		t.Errorf("a missing file: %+v", s)
	}
	geotest.Put(t, path, inCountryOf("DE").Bytes())
	eventually(t, "in use", func() bool { return b.Lookup(addr).CountryCode() == "DE" })
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	eventually(t, "missed", func() bool { return b.Statuses()[0].LastError != "" })
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a folder", func() bool { return strings.Contains(b.Statuses()[0].LastError, "is no file") })
	if b.Lookup(addr).CountryCode() != "DE" {
		t.Error("the country is forgotten with its file")
	}
}

// A file that is cut while it is in use must end nothing: it was read, not mapped.
func TestAFileIsCutInPlace(t *testing.T) {
	t.Parallel()
	path := inCountryOf("DE").Write(t, "country.mmdb")
	b := started(t, path)
	if err := os.Truncate(path, 10); err != nil {
		t.Fatal(err)
	}
	eventually(t, "refused", func() bool { return b.Statuses()[0].Refused == 1 })
	for i := range 256 {
		addr := netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})
		if got := b.Lookup(addr).CountryCode(); got != "DE" {
			t.Fatalf("%s: country %q", addr, got)
		}
	}
}

// A configuration that names other files keeps what it has of the ones that
// stay.
func TestUseKeepsWhatStays(t *testing.T) {
	t.Parallel()
	one, two := inCountryOf("DE").Write(t, "one.mmdb"), inCountryOf("FR").Write(t, "two.mmdb")
	b := started(t, one)
	before := (*b.view.Load())[0].current.Load()
	b.Use([]string{two, one})
	addr := netip.MustParseAddr("192.0.2.1")
	eventually(t, "the first one's", func() bool { return b.Lookup(addr).CountryCode() == "FR" })
	if after := (*b.view.Load())[1].current.Load(); after != before {
		t.Error("a file that stayed was read again")
	}
	b.Use(nil)
	if b.Active() || b.Lookup(addr).Known() {
		t.Error("without files something is known")
	}
}

// Lookups during swaps see the one or the other, and what was replaced is freed.
func TestSwapsUnderLoad(t *testing.T) {
	t.Parallel()
	path := inCountryOf("DE").Write(t, "country.mmdb")
	f := newFile(path, 0, NewBook(Deps{}).log)
	b := NewBook(Deps{})
	b.view.Store(&[]*file{f})
	f.look(time.Now())
	stop := make(chan struct{})
	var lookups sync.WaitGroup
	for range 2 {
		lookups.Go(func() {
			for addr := netip.MustParseAddr("192.0.2.1"); ; {
				select {
				case <-stop:
					return
				default:
				}
				if got := b.Lookup(addr).CountryCode(); got != "DE" && got != "FR" {
					t.Errorf("country %q in the middle of a swap", got)
					return
				}
			}
		})
	}
	const swaps = 300
	var freed sync.WaitGroup
	content := [2][]byte{inCountryOf("DE").Bytes(), inCountryOf("FR").Bytes()}
	for i := range swaps {
		db, err := open(content[i%2])
		if err != nil {
			t.Fatal(err)
		}
		freed.Add(1)
		runtime.AddCleanup(db, func(w *sync.WaitGroup) { w.Done() }, &freed)
		f.current.Store(db)
	}
	close(stop)
	lookups.Wait()
	f.current.Store(nil)
	all := make(chan struct{})
	go func() { freed.Wait(); close(all) }()
	eventually(t, "freed", func() bool {
		runtime.GC()
		select {
		case <-all:
			return true
		default:
			return false
		}
	})
}

func TestAge(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	for name, c := range map[string]struct {
		status Status
		stale  bool
	}{
		"nothing in use":       {Status{}, false},
		"of last week":         {Status{LoadedAt: now, Built: now.Add(-7 * 24 * time.Hour)}, false},
		"of last year":         {Status{LoadedAt: now, Built: now.Add(-365 * 24 * time.Hour)}, true},
		"does not say of when": {Status{LoadedAt: now}, true},
	} {
		if got := c.status.Stale(now); got != c.stale {
			t.Errorf("%s: stale %t, want %t", name, got, c.stale)
		}
	}
}
