package caddymodule

import (
	"net/netip"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/identity"
	"github.com/doorward/doorward/detector/recognize"
)

// TestMetricsTellThatAFilterWasOverrun: a flood of new passwords, from a source
// each, shows in the counters of the filters, whose labels stay the same words.
func TestMetricsTellThatAFilterWasOverrun(t *testing.T) {
	t.Parallel()
	h, s := newTestHandler(t, strict)
	site := s.detector.Site("shop.test")
	counted := func() map[string]float64 {
		got := map[string]float64{}
		collectSites(s, time.Now(), func(*prometheus.Desc, float64, ...string) {}, func(d *prometheus.Desc, v float64, labels ...string) {
			if d == overrunDesc {
				got[labels[1]] += v
			}
		})
		return got
	}
	want := []string{"passwords", "refused", "unusual", "failures", "arrivals"}
	before := counted()
	for _, filter := range want {
		if n, ok := before[filter]; !ok || n != 0 {
			t.Errorf("filter %s: %v before anything came", filter, n)
		}
	}
	now := time.Now()
	for i := range 140_000 { // sprays are told apart for 2^17 a day
		addr := netip.AddrFrom4([4]byte{20 + byte(i>>16), byte(i >> 8), byte(i), 9})
		a := &detector.Attempt{
			Kind: config.KindLogin, Route: "/login", Declared: true, Credential: uint64(i + 1), Confidence: 1,
			Source:     detector.Source{Addr: addr, Peer: addr},
			Identities: []identity.Identity{identity.New(identity.Pair{Key: "email", Value: addr.String() + "@x.test"})},
		}
		if s.detector.Admit(now, h.policy, site, a).LetsThrough() {
			s.detector.Settle(now, h.policy, site, a, recognize.Outcome{Result: recognize.Failure, Confidence: 1})
		}
	}
	after := counted()
	if len(after) != len(want) || after["passwords"] == 0 || after["arrivals"] == 0 || after["failures"] == 0 {
		t.Errorf("counters %v, want %v, and those of passwords, failures and arrivals raised", after, want)
	}
}
