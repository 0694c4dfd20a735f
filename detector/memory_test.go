package detector

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/doorward/doorward/detector/identity"
)

// defaultTracked is max_tracked when nothing is configured.
const defaultTracked = 200_000

// visit is attempt i of as many addresses and names, each in a network of its
// own; every second one logs in.
func (w *world) visit(i int) {
	a := login("192.0.2.1", "", uint64(100+i))
	a.Source.Addr = netip.AddrFrom4([4]byte{byte(20 + i>>16), byte(i >> 8), byte(i), 9})
	a.Identities = []identity.Identity{identity.New(identity.Pair{Key: "email", Value: fmt.Sprintf("u%d@x.test", i)})}
	o := failed
	if i%2 == 0 {
		o = succeeded
	}
	w.try(a, o)
	if i%2 == 0 {
		w.try(resetRequest(a, "u@x.test"), answered)
	}
}

// The tables are full long before a million addresses and names; more take no
// more.
func TestMillionsOfAddressesStayBelow64MiB(t *testing.T) {
	t.Parallel()
	tracked, most := defaultTracked, int64(64<<20)
	if underRace { // a tenth, and the filters, which do not depend on it
		tracked, most = tracked/10, most/10+4<<20
	}
	addresses := tracked * 5 / 4
	w := newWorld(t, strictly)
	if err := w.d.Open(tracked, make([]byte, 32), func() time.Time { return w.now }); err != nil {
		t.Fatal(err)
	}
	w.site = w.d.Site(w.policy.Site().Name)
	w.site.surge.begun = 1 << 31 // never armed: whoever is refused takes no memory
	w.confirm()
	for i := range addresses {
		w.visit(i)
	}
	m := w.d.Memory()
	for _, table := range []string{"source", "account", "pair", "history", "network"} {
		if m.Evictions[table] == 0 {
			t.Errorf("the table of %s entries was never full: %d", table, m.Tracked[table])
		}
	}
	if m.Bytes > most {
		t.Errorf("%d addresses leave %.1f MiB, want at most %d: %+v", addresses, float64(m.Bytes)/(1<<20), most>>20, m)
	}
	tables := m.Bytes - w.d.sites.bytes()
	for i := range addresses / 4 {
		w.visit(addresses + i)
	}
	if after := w.d.Memory().Bytes; after > most || after-w.d.sites.bytes() > tables {
		t.Errorf("%d bytes after a quarter more addresses, %d before", after, m.Bytes)
	}
}
