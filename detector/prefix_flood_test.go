package detector

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"net/netip"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/doorward/doorward/detector/evidence"
)

// insertions is how many wrong passwords the filters take in the test of hostile
// reading H21: FLOOD_INSERTIONS, or what is enough to spend every budget many
// times over.
func insertions(t *testing.T) int {
	text := os.Getenv("FLOOD_INSERTIONS")
	if text == "" {
		if underRace {
			return 1 << 18
		}
		return 1 << 21
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("FLOOD_INSERTIONS=%q: write a whole number", text)
	}
	return n
}

// prefixed is a wrong password from /48 number i of one IPv6 /32: a /48 that sends
// more than one is refused long before it fills a table.
func prefixed(i int) *Attempt {
	a := login("2001:db8::1", fmt.Sprintf("n%d@flood.test", i), uint64(1_000_000+i))
	ip := a.Source.Addr.As16()
	binary.BigEndian.PutUint32(ip[4:], bits.RotateLeft32(uint32(i), 16))
	a.Source.Addr = netip.AddrFrom16(ip)
	return a
}

// Whoever has an IPv6 /32 and a list of invented names flushes no table and
// saturates no filter (hostile reading, H21): guessers who were known before the
// flood gain no guess, customers keep what they have earned, and one wrong
// password refuses nobody.
func TestFloodFromOnePrefixChangesNothingForTheOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, patient())
	w.confirm()
	customer := func(i int) *Attempt { return login(apart(i), fmt.Sprintf("c%d@x.test", i), uint64(i+1)) }
	const customers = 600
	for i := range customers {
		w.try(customer(i), succeeded)
	}
	if n := w.guesses("192.0.2.66", "v@x.test", 1, 9); n != 9 {
		t.Fatalf("%d guesses of 9 let through before the flood", n)
	}
	before := w.d.Memory().Bytes
	for i := range 5 * 4096 {
		for try := range 4 { // evidence enough to outrank a customer
			a := prefixed(i)
			a.Credential += uint64(try) << 40
			w.try(a, failed)
		}
	}
	m := w.d.Memory()
	if m.Evictions["source"] == 0 || m.Evictions["pair"] == 0 {
		t.Fatalf("the flood filled no table: %+v", m)
	}
	if n := w.guesses("192.0.2.66", "v@x.test", 100, 30); n > 2 {
		t.Errorf("%d guesses more for a guesser who was at his limit, want those that were left", n)
	}
	known := 0
	for i := range customers {
		if w.d.memory.Load().sources.View(w.d.memory.Load().sourceKey(w.site, customer(i).Source.Addr), func(*sourceEvidence) {}) {
			known++
		}
	}
	if known < customers*95/100 {
		t.Errorf("the sources of %d of %d customers are remembered after the flood", known, customers)
	}
	for i := range customers {
		if v := w.try(customer(i), succeeded); !v.LetsThrough() {
			t.Fatalf("customer %d is refused after the flood: %s", i, v.Reason)
		}
	}
	if grown := m.Bytes - before; grown > 8<<20 {
		t.Errorf("the flood took %d bytes", grown)
	}
}

func TestFloodOfFiltersIsNoEvidence(t *testing.T) {
	t.Parallel()
	w := newWorld(t, patient())
	popular := w.site.popular
	const innocent = 77
	for i := range insertions(t) {
		at := evidence.ToSeconds(w.now.Add(time.Duration(i) * time.Microsecond))
		popular.Add(uint64(1_000_000+i), uint64(i)*0x9e3779b97f4a7c15, at)
		w.site.refusedOnce.Add(uint64(i)*0xbf58476d1ce4e5b9, at)
		w.site.surge.seen.Add(uint64(i)*0x94d049bb133111eb, at)
	}
	at := evidence.ToSeconds(w.now.Add(time.Minute))
	if n := popular.Names(innocent, at); n != 0 {
		t.Errorf("a password nobody tried counts as tried for %d names", n)
	}
	refused := 0
	for i := range 10_000 {
		if w.site.refusedOnce.Has(uint64(i)*0xd6e8feb86659fd93+1, at) {
			refused++
		}
	}
	if refused > 200 { // one in 210 a full half, see evidence.Filter
		t.Errorf("%d of 10000 credentials that nobody tried pass for refused", refused)
	}
	if w.site.popular.Spent() == 0 || w.site.refusedOnce.Spent() == 0 || w.site.surge.seen.Spent() == 0 {
		t.Error("no budget was spent: the test reaches no bound")
	}
}
