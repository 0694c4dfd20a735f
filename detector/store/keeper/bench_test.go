//go:build (linux && (386 || amd64 || arm || arm64 || loong64 || ppc64le || riscv64 || s390x)) || (darwin && (amd64 || arm64)) || (freebsd && (386 || amd64 || arm || arm64)) || (netbsd && amd64) || (openbsd && (amd64 || arm64)) || (windows && (386 || amd64 || arm64))

package keeper

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/identity"
	"github.com/doorward/doorward/detector/recognize"
	"github.com/doorward/doorward/detector/store"
)

// BenchmarkRestore fills a store with about a million entries and measures how
// long a new process takes to have them again: until the first request (first)
// and altogether (all).
func BenchmarkRestore(b *testing.B) {
	for _, records := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprint(records), func(b *testing.B) { benchmarkRestore(b, records) })
	}
}

func benchmarkRestore(b *testing.B, records int) {
	dir := b.TempDir()
	open := func() *detector.Detector {
		d := detector.New()
		if err := d.Open(2*records, make([]byte, 32), time.Now); err != nil {
			b.Fatal(err)
		}
		return d
	}
	options := func(d *detector.Detector) Options {
		o := optionsFor(d, dir)
		o.Clock, o.Every = time.Now, 500*time.Millisecond
		return o
	}
	d := open()
	k := New(options(d))
	k.Start()
	fill(b, d, records)
	begun := time.Now()
	if err := k.Do(b.Context(), func(ctx context.Context, _ store.Store) error { k.snapshot(ctx); return nil }); err != nil {
		b.Fatal(err)
	}
	snapshot := time.Since(begun)
	if err := k.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
	size := 0.0
	if info, err := os.Stat(filepath.Join(dir, "state.db")); err == nil {
		size = float64(info.Size()) / (1 << 20)
	}
	var first, all time.Duration
	restored := 0
	b.ResetTimer()
	for range b.N {
		next := New(options(open()))
		next.Start()
		for !next.Status().Complete {
			time.Sleep(time.Millisecond)
		}
		s := next.Status()
		first, all, restored = first+s.FirstRestore, all+s.FullRestore, s.Restored
		b.StopTimer()
		if err := next.Close(context.Background()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(first.Seconds()/float64(b.N), "s/first")
	b.ReportMetric(all.Seconds()/float64(b.N), "s/all")
	b.ReportMetric(float64(restored), "entries")
	b.ReportMetric(snapshot.Seconds(), "s/snapshot")
	b.ReportMetric(size, "MiB")
}

// fill makes guesses at many accounts from many sources: each leaves an entry of
// a source, an account and a pair, and some of networks.
func fill(b *testing.B, d *detector.Detector, records int) {
	p, err := detector.NewPolicy(config.Site{Name: "shop.test", Mode: config.ModeObserve}, nil)
	if err != nil {
		b.Fatal(err)
	}
	site := d.Site("shop.test")
	for i := 0; ; i++ {
		if i%1000 == 0 {
			total := 0
			for _, n := range d.Memory().Tracked {
				total += n
			}
			if total >= records {
				return
			}
		}
		now := time.Now()
		a := &detector.Attempt{Kind: config.KindLogin, Route: "/login", Credential: uint64(i + 1), Confidence: 1, Time: now}
		a.Source.Addr = netip.AddrFrom4([4]byte{byte(20 + i>>20), byte(i >> 12), byte(i >> 4), byte(i << 4)})
		a.Source.Peer = a.Source.Addr
		a.Identities = []identity.Identity{identity.New(identity.Pair{Key: "email", Value: fmt.Sprint("u", i, "@x.test")})}
		if d.Admit(now, p, site, a).LetsThrough() {
			d.Settle(now, p, site, a, recognize.Outcome{Result: recognize.Failure, Confidence: 0.97})
		}
	}
}

// BenchmarkLogin is a failed login of ever new accounts and sources, admitted and
// settled: alone, and while the embedded store is written twice a second.
func BenchmarkLogin(b *testing.B) {
	for _, kept := range []bool{false, true} {
		b.Run(fmt.Sprintf("kept=%t", kept), func(b *testing.B) {
			d := detector.New()
			if err := d.Open(200_000, make([]byte, 32), time.Now); err != nil {
				b.Fatal(err)
			}
			if kept {
				o := optionsFor(d, b.TempDir())
				o.Clock, o.Every = time.Now, 500*time.Millisecond
				k := New(o)
				k.Start()
				defer func() { _ = k.Close(context.Background()) }()
			}
			p, err := detector.NewPolicy(config.Site{Name: "shop.test", Mode: config.ModeObserve}, nil)
			if err != nil {
				b.Fatal(err)
			}
			site, name := d.Site("shop.test"), []identity.Identity{identity.New(identity.Pair{Key: "email", Value: "a@x.test"})}
			var waits []time.Duration
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				now := time.Now()
				a := detector.Attempt{Kind: config.KindLogin, Route: "/login", Credential: uint64(i + 1), Confidence: 1, Time: now, Identities: name}
				a.Source.Addr = netip.AddrFrom4([4]byte{20, byte(i >> 16), byte(i >> 8), byte(i)})
				a.Source.Peer = a.Source.Addr
				if d.Admit(now, p, site, &a).LetsThrough() {
					d.Settle(now, p, site, &a, recognize.Outcome{Result: recognize.Failure, Confidence: 0.97})
				}
				if i%16 == 0 && len(waits) < 1<<20 {
					waits = append(waits, time.Since(now))
				}
			}
			slices.Sort(waits)
			b.ReportMetric(float64(waits[len(waits)*99/100].Nanoseconds()), "ns/p99")
		})
	}
}
