package detector

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/doorward/doorward/detector/recognize"
)

// BenchmarkLogin is admit and settle of one login of a known user, prepared
// attempt to settlement, without the event and without `limit`.
func BenchmarkLogin(b *testing.B) {
	for name, outcome := range map[string]recognize.Outcome{"success": succeeded, "failure": failed} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, strictly)
			attempts := make([]*Attempt, 1024)
			for i := range attempts {
				attempts[i] = login(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}).String(), fmt.Sprintf("u%d@x.test", i), uint64(i+1))
			}
			w.try(login("10.2.0.1", "z@x.test", 1), failed) // so that a success earns something
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				a := attempts[i%len(attempts)]
				if w.d.Admit(w.now, w.policy, w.site, a).LetsThrough() {
					w.d.Settle(w.now, w.policy, w.site, a, outcome)
				}
			}
		})
	}
}

// BenchmarkDistinctSources sends every attempt from an address of its own and
// reports what one remembered source costs.
func BenchmarkDistinctSources(b *testing.B) {
	w := newWorld(b, strictly)
	if err := w.d.Open(1_000_000, make([]byte, 32), time.Now); err != nil {
		b.Fatal(err)
	}
	a := login("192.0.2.1", "", 0)
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		a.Source.Addr = netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
		w.d.Admit(w.now, w.policy, w.site, a)
		w.d.Settle(w.now, w.policy, w.site, a, failed)
	}
	m := w.d.Memory()
	b.ReportMetric(float64(m.Bytes)/float64(max(m.Tracked["source"], 1)), "B/source")
	b.ReportMetric(float64(m.Tracked["source"]), "sources")
}

func TestLoginAllocatesNothing(t *testing.T) {
	w := newWorld(t, strictly)
	a := login("192.0.2.1", "a@x.test", 1)
	w.try(a, failed)
	allocs := testing.AllocsPerRun(1000, func() {
		w.d.Admit(w.now, w.policy, w.site, a)
		w.d.Settle(w.now, w.policy, w.site, a, succeeded)
	})
	most := 0.0
	if underRace {
		most = 16
	}
	if allocs > most {
		t.Errorf("admit and settle of one login allocate %.1f times, want at most %.0f", allocs, most)
	}
}
