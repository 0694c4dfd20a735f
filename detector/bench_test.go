package detector

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
	"github.com/doorward/doorward/detector/sanction"
)

// BenchmarkLogin is admit and settle of one attempt, prepared attempt to
// settlement, without the event and without `limit`: logins of known users,
// wrong passwords that people repeat, new ones that are let through, and
// strangers who are refused. Hold it against BenchmarkMayCarry of recognize, run at
// the same time: a shared machine has slow hours.
func BenchmarkLogin(b *testing.B) {
	for _, row := range []struct {
		name    string
		site    config.Site
		outcome recognize.Outcome
		fresh   bool // a new password each time
	}{
		{"success", strictly, succeeded, false},
		{"repeat", patient(), failed, false},
		{"failure", patient(), failed, true},
		{"refused", strictly, failed, false},
	} {
		b.Run(row.name, func(b *testing.B) {
			w := newWorld(b, row.site)
			if err := w.d.Open(defaultTracked, make([]byte, 32), time.Now); err != nil {
				b.Fatal(err)
			}
			attempts := make([]*Attempt, 16<<10)
			for i := range attempts {
				attempts[i] = login(netip.AddrFrom4([4]byte{10, byte(i >> 14), byte(i >> 6), byte(i & 63)}).String(), fmt.Sprintf("u%d@x.test", i), uint64(i+1))
			}
			w.try(login("10.2.0.1", "z@x.test", 1), failed) // so that a success earns something
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				a := attempts[i%len(attempts)]
				if row.fresh {
					a.Credential++
					w.now = w.now.Add(time.Second) // and so is let through
				}
				if w.d.Admit(w.now, w.policy, w.site, a).LetsThrough() {
					w.d.Settle(w.now, w.policy, w.site, a, row.outcome)
				} else if row.fresh {
					b.Fatal("a new wrong password was refused")
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

func TestAttemptsAllocateNothing(t *testing.T) {
	w := newWorld(t, strictly)
	w.try(login("192.0.2.1", "a@x.test", 1), failed)
	w.guesses("192.0.2.2", "b@x.test", 1, 11)
	if err := w.d.Book.Add(w.now, sanction.Entry{Range: netip.MustParsePrefix("192.0.2.3/32"), Classes: sanction.Everything, Answer: config.AnswerBlock}); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		a       *Attempt
		o       recognize.Outcome
		through bool
	}{
		"login":                       {login("192.0.2.1", "a@x.test", 1), succeeded, true},
		"wrong password":              {login("192.0.2.1", "a@x.test", 2), failed, true},
		"refused by a sanction":       {login("192.0.2.2", "b@x.test", 20), failed, false},
		"refused by an operator":      {login("192.0.2.3", "c@x.test", 1), failed, false},
		"refused as one of a network": {stuffing(w), failed, false},
	} {
		allocs := testing.AllocsPerRun(1000, func() {
			if through := w.try(row.a, row.o).LetsThrough(); through != row.through {
				t.Fatalf("%s: let through %t", name, through)
			}
		})
		most := 0.0
		if underRace {
			most = 16
		}
		if allocs > most {
			t.Errorf("%s: admit and settle allocate %.1f times, want at most %.0f", name, allocs, most)
		}
	}
}

// stuffing fails for many accounts from the addresses of one network, and is a
// stranger from there.
func stuffing(w *world) *Attempt {
	for i := range 60 {
		w.guess(fmt.Sprintf("198.51.100.%d", 1+i%20), fmt.Sprintf("v%d@x.test", i), uint64(i+1))
	}
	return login("198.51.100.99", "d@x.test", 5)
}
