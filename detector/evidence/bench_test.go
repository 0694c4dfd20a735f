package evidence

import (
	"context"
	"encoding/binary"
	"net/netip"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"github.com/ulule/limiter/v3"
	"github.com/ulule/limiter/v3/drivers/store/memory"
)

// sourceLike is an entry as the engine keeps for a source: 48 bytes.
type sourceLike struct {
	fails, slow, _ Counter
	failed, _      Sketch64
	_, _           Seconds
}

func rankSourceLike(e *sourceLike, now Seconds) uint32 {
	return uint32(e.fails.Value(now, 600) + e.slow.Value(now, 86400))
}

func newSourceLike(tb testing.TB, max int) *Table[sourceLike] {
	tb.Helper()
	table, err := NewTable(max, rankSourceLike)
	if err != nil {
		tb.Fatal(err)
	}
	return table
}

// address is the nth of many IPv6 sources.
func address(n int) netip.Addr {
	var b [16]byte
	b[0], b[1] = 0x20, 0x01
	binary.BigEndian.PutUint32(b[4:], uint32(n))
	return netip.AddrFrom16(b)
}

func fail(e *sourceLike, now Seconds, tag uint32) {
	e.fails.Add(now, 600, Quarters)
	e.slow.Add(now, 86400, Quarters)
	e.failed.Add(uint64(tag))
}

func BenchmarkHasherSource(b *testing.B) {
	a := address(1)
	b.ReportAllocs()
	for b.Loop() {
		testHasher.Source(1, a)
	}
}

func BenchmarkHasherText(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		testHasher.Text(1, 't', "login:192.0.2.117")
	}
}

func BenchmarkCounterAddValue(b *testing.B) {
	var c Counter
	now, sum := Seconds(1_700_000_000), 0
	b.ReportAllocs()
	for b.Loop() {
		now++
		c.Add(now, 600, Quarters)
		sum += c.Value(now, 600)
	}
}

// One source over and over: key, lock, two counters and a sketch.
func BenchmarkUpdateHot(b *testing.B) {
	table, a := newSourceLike(b, 200_000), address(1)
	b.ReportAllocs()
	for b.Loop() {
		k := testHasher.Source(1, a)
		table.Update(k, 1_700_000_000, func(e *sourceLike, _ bool) { fail(e, 1_700_000_000, 7) })
	}
}

// Known sources in no order: what it costs when the entry is not in a cache.
func BenchmarkUpdateKnown(b *testing.B) {
	const known = 180_000
	table := newSourceLike(b, 200_000)
	for i := range known {
		table.Update(testHasher.Source(1, address(i)), 1, func(e *sourceLike, _ bool) { fail(e, 1, 7) })
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i = (i + 7919) % known
		table.Update(testHasher.Source(1, address(i)), 2, func(e *sourceLike, _ bool) { fail(e, 2, 7) })
	}
}

// A full table under a flood: every call forgets somebody.
func BenchmarkUpdateFlood(b *testing.B) {
	const limit = 200_000
	table := newSourceLike(b, limit)
	for i := range 3 * limit {
		table.Update(testHasher.Source(1, address(i)), 1, func(e *sourceLike, _ bool) { fail(e, 1, 7) })
	}
	before := table.Evictions()
	b.ReportAllocs()
	i, now := 3*limit, Seconds(2)
	for b.Loop() {
		i++
		table.Update(testHasher.Source(1, address(i)), now, func(e *sourceLike, _ bool) { fail(e, now, 7) })
	}
	b.ReportMetric(float64(table.Evictions()-before)/float64(b.N), "evictions/op")
}

func BenchmarkUpdateFloodParallel(b *testing.B) {
	const limit = 200_000
	table := newSourceLike(b, limit)
	for i := range 3 * limit {
		table.Update(testHasher.Source(1, address(i)), 1, func(e *sourceLike, _ bool) { fail(e, 1, 7) })
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		i := int(uintptr(unsafe.Pointer(pb))>>4) << 24 // another range for each goroutine
		for pb.Next() {
			i++
			table.Update(testHasher.Source(1, address(i)), 2, func(e *sourceLike, _ bool) { fail(e, 2, 7) })
		}
	})
}

// A million distinct sources: into a table that holds them, and into one of the
// default cap. The heap is measured around it.
func BenchmarkMillionSources(b *testing.B) {
	for _, bm := range []struct {
		name string
		cap  int
	}{{"cap=1000000", 1_000_000}, {"cap=200000", 200_000}} {
		b.Run(bm.name, func(b *testing.B) {
			for b.Loop() {
				before := heap()
				table := newSourceLike(b, bm.cap)
				for i := range 1_000_000 {
					table.Update(testHasher.Source(1, address(i)), 1, func(e *sourceLike, _ bool) { fail(e, 1, 7) })
				}
				if table.Len() > bm.cap {
					b.Fatalf("%d entries, cap %d", table.Len(), bm.cap)
				}
				used := heap() - before
				b.ReportMetric(float64(used)/float64(table.Len()), "heapB/entry")
				b.ReportMetric(float64(table.Bytes())/float64(table.Len()), "B/entry")
				b.ReportMetric(float64(used)/(1<<20), "heapMiB")
				b.ReportMetric(float64(table.Len()), "entries")
			}
		})
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

var limitStores = []struct {
	name string
	open func(b *testing.B) limiter.Store
}{
	{"ours", func(b *testing.B) limiter.Store { return openStore(b, 200_000, nil) }},
	{"ulule", func(*testing.B) limiter.Store {
		return memory.NewStoreWithOptions(limiter.StoreOptions{Prefix: "bench"})
	}},
}

func BenchmarkLimitStoreHot(b *testing.B) {
	for _, bm := range limitStores {
		b.Run(bm.name, func(b *testing.B) {
			s, ctx, rate := bm.open(b), context.Background(), limiter.Rate{Limit: 1 << 30, Period: time.Minute}
			b.ReportAllocs()
			for b.Loop() {
				_, _ = s.Get(ctx, "login:192.0.2.117", rate)
			}
		})
	}
}

func BenchmarkLimitStoreNew(b *testing.B) {
	for _, bm := range limitStores {
		b.Run(bm.name, func(b *testing.B) {
			s, ctx, rate := bm.open(b), context.Background(), limiter.Rate{Limit: 20, Period: time.Minute}
			before := heap()
			key := make([]byte, 16)
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				i++
				binary.LittleEndian.PutUint64(key, uint64(i))
				_, _ = s.Get(ctx, string(key), rate)
			}
			b.ReportMetric(float64(heap()-before)/(1<<20), "heapMiB")
			runtime.KeepAlive(s)
		})
	}
}
