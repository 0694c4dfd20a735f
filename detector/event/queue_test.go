package event

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func success() Event {
	return Event{Type: TypeAttempt, Outcome: "success", Verdict: "allow", Rule: "takeover"}
}
func failure() Event { return Event{Type: TypeAttempt, Outcome: "failure", Verdict: "allow"} }
func refused(ip string) Event {
	return Event{Type: TypeAttempt, Verdict: "limit", Site: "shop", Time: noon, SourceIP: netip.MustParseAddr(ip)}
}

// consume returns everything the closed queue delivers.
func consume(q *Queue) []*Event {
	var all []*Event
	q.Close()
	q.drain(func(e *Event) { all = append(all, e) })
	return all
}

func TestFullQueueStillTakesATakeover(t *testing.T) {
	t.Parallel()
	q := NewQueue(100)
	for range 1000 {
		q.Offer(refused("203.0.113.7"))
		q.Offer(failure())
	}
	if q.Len() != 75 {
		t.Errorf("failures and refused attempts hold %d of 100 places, want three quarters", q.Len())
	}
	if !q.Offer(success()) {
		t.Fatal("the success was refused")
	}
	got := consume(q)
	if !slices.ContainsFunc(got, func(e *Event) bool { return e.Rule == "takeover" }) {
		t.Error("the success was not delivered")
	}
	if d := q.Dropped(Normal); d != 1000-50 { // they alternate: 25 refused, then half is full
		t.Errorf("%d failures dropped, want 950", d)
	}
	if d := q.Dropped(Cheap) + q.Dropped(Reserved); d != 0 {
		t.Errorf("%d others dropped", d)
	}
	if c := q.Counted(); c != 975 {
		t.Errorf("%d refused attempts counted, want 975", c)
	}
}

func TestEachClassStopsAtItsShare(t *testing.T) {
	t.Parallel()
	q := NewQueue(100)
	for range 60 {
		q.Offer(refused("203.0.113.7"))
	}
	atCheap := q.Len()
	for range 60 {
		q.Offer(failure())
	}
	atNormal := q.Len()
	for range 60 {
		q.Offer(success())
	}
	if atCheap != 50 || atNormal != 75 || q.Len() != 100 {
		t.Errorf("filled to %d, %d, %d; want 50, 75, 100", atCheap, atNormal, q.Len())
	}
	if n, r := q.Dropped(Normal), q.Dropped(Reserved); n != 35 || r != 35 {
		t.Errorf("dropped %d failures and %d successes, want 35 and 35", n, r)
	}
	if q.Dropped(Class(9)) != 0 {
		t.Error("an unknown class has drops")
	}
}

func TestRefusedAttemptsAreCountedPerSource(t *testing.T) {
	t.Parallel()
	q := NewQueue(8)
	for range 8 {
		q.Offer(success()) // full
	}
	late := refused("203.0.113.7")
	late.Time, late.Identity, late.UserAgent, late.RequestID, late.Path = noon.Add(time.Minute), "a@x", "ua", "r", "/p"
	other := refused("203.0.113.7")
	other.Site = "blog"
	for _, e := range []Event{
		late, refused("203.0.113.7"), refused("::ffff:203.0.113.7"),
		refused("2001:db8::1"), refused("2001:db8::2"), refused("2001:db8:0:1::1"), other,
	} {
		if !q.Offer(e) {
			t.Fatal("a refused attempt was neither queued nor counted")
		}
	}
	got := make(map[string]uint64)
	for _, e := range consume(q)[8:] {
		got[e.Site+" "+e.SourceIP.String()] = e.Count
		if e.Identity+e.UserAgent+e.RequestID+e.Path != "" || e.Reason != ReasonCounted || len(e.ID) != idLength {
			t.Errorf("not a count: %+v", e)
		}
		if e.SourceIP == late.SourceIP && e.Site == "shop" && !e.Time.Equal(late.Time) {
			t.Errorf("time %v is not that of the latest attempt", e.Time)
		}
	}
	want := map[string]uint64{"shop 203.0.113.7": 3, "shop 2001:db8::": 2, "shop 2001:db8:0:1::": 1, "blog 203.0.113.7": 1}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestCountsHoldABoundedNumberOfSources(t *testing.T) {
	t.Parallel()
	q := NewQueue(8)
	for range 8 {
		q.Offer(success())
	}
	const sources = 20_000
	for i := range sources {
		q.Offer(refused(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}).String()))
	}
	q.Offer(Event{Type: TypeAttempt, Verdict: "block"}) // no source
	rows := consume(q)[8:]
	var total, others uint64
	for _, e := range rows {
		total += e.Count
		if e.Reason == ReasonOthers {
			others += e.Count
		}
	}
	if len(rows) != maxSources+1 || total != sources+1 || others != sources-maxSources+1 {
		t.Errorf("%d rows count %d, of them %d others", len(rows), total, others)
	}
}

func TestASiteOfAnyLengthIsOneRow(t *testing.T) {
	t.Parallel()
	q := NewQueue(8)
	for range 8 {
		q.Offer(success())
	}
	e := refused("203.0.113.7")
	e.Site = strings.Repeat("x", 1000)
	q.Offer(e)
	e.Site += "y" // two sites that are shown alike
	q.Offer(e)
	if rows := consume(q)[8:]; len(rows) != 1 || rows[0].Count != 2 || len(rows[0].Site) != maxText {
		t.Errorf("rows %+v", rows)
	}
}

func TestClosedQueueTakesNothing(t *testing.T) {
	t.Parallel()
	q := NewQueue(8)
	q.Offer(success())
	q.Close()
	q.Close()
	for _, e := range []Event{success(), failure(), refused("203.0.113.7")} {
		if q.Offer(e) {
			t.Errorf("%s was taken", e.Class())
		}
		e.Count = 4
		q.Offer(e)
		if d := q.Dropped(e.Class()); d != 5 {
			t.Errorf("%s: %d counted as lost, want 1 and one that stands for 4", e.Class(), d)
		}
	}
	if got := consume(q); len(got) != 1 {
		t.Errorf("%d events delivered, want the one from before", len(got))
	}
}

func TestQueuedEventsAreBounded(t *testing.T) {
	t.Parallel()
	q := NewQueue(8)
	q.Offer(longestEvent())
	e := consume(q)[0]
	if len(e.UserAgent) != maxText || len(e.Evidence) != maxEvidence {
		t.Errorf("user agent of %d bytes, %d evidences", len(e.UserAgent), len(e.Evidence))
	}
}

func TestCapacityIsMovedIntoRange(t *testing.T) {
	t.Parallel()
	if small, large := NewQueue(-1).Cap(), NewQueue(1<<30).Cap(); small != minCapacity || large != maxCapacity {
		t.Errorf("capacities %d and %d", small, large)
	}
}

// Whatever the producers, the consumer and Close do to each other, every event
// is delivered, counted or dropped.
func TestCountsAddUpUnderContention(t *testing.T) {
	t.Parallel()
	for _, capacity := range []int{8, 64, 4096} {
		t.Run(fmt.Sprint(capacity), func(t *testing.T) {
			t.Parallel()
			countsAddUp(t, capacity)
		})
	}
}

func countsAddUp(t *testing.T, capacity int) {
	const producers, each = 32, 2000
	q := NewQueue(capacity)
	var offered, lost [classes]atomic.Uint64
	var done sync.WaitGroup
	for p := range producers {
		done.Go(func() {
			events := []Event{success(), failure(), refused(fmt.Sprintf("10.0.%d.1", p)), refused(fmt.Sprintf("2001:db8:%x::1", p))}
			for i := range each {
				e := events[(i*7+p)%len(events)]
				offered[e.Class()].Add(1)
				if !q.Offer(e) {
					lost[e.Class()].Add(1)
				}
				if p == 0 && i == each*3/4 {
					q.Close() // the others are still at it
				}
			}
		})
	}
	var delivered [classes]uint64
	deliver := func(e *Event) { delivered[e.Class()] += e.Total() }
	for i := 0; !q.closed.Load(); i++ {
		select {
		case e := <-q.ch:
			q.taken()
			deliver(e)
		case <-time.After(time.Millisecond):
		}
		if i%100 == 0 {
			q.flush(deliver)
		}
	}
	q.drain(deliver)
	done.Wait()
	for c := range Class(classes) {
		if lost[c].Load() != q.Dropped(c) {
			t.Errorf("%s: Offer said no %d times, %d dropped", c, lost[c].Load(), q.Dropped(c))
		}
		if got := delivered[c] + q.Dropped(c); got != offered[c].Load() {
			t.Errorf("%s: %d offered, %d delivered + %d dropped", c, offered[c].Load(), delivered[c], q.Dropped(c))
		}
	}
	if q.places.Load() != 0 || q.Len() != 0 {
		t.Errorf("%d places taken, %d events left behind", q.places.Load(), q.Len())
	}
}

func TestOfferAllocatesOnlyTheCopyItKeeps(t *testing.T) {
	q := NewQueue(4096)
	e, cheap := failure(), refused("203.0.113.7")
	if got := testing.AllocsPerRun(100, func() { q.Offer(e) }); got != 1 {
		t.Errorf("%v allocations for an event that is kept, want 1", got)
	}
	for q.Offer(success()) {
	}
	q.Offer(cheap)
	if got := testing.AllocsPerRun(100, func() { q.Offer(cheap) }); got != 0 {
		t.Errorf("%v allocations for an attempt that is counted, want 0", got)
	}
	if got := testing.AllocsPerRun(100, func() { q.Offer(e) }); got != 0 {
		t.Errorf("%v allocations for an event that is dropped, want 0", got)
	}
}

func BenchmarkOfferKept(b *testing.B) {
	q, e := NewQueue(8192), fullEvent()
	b.ReportAllocs()
	for b.Loop() {
		q.Offer(e)
		<-q.ch
		q.taken()
	}
}

func BenchmarkOfferCountedInParallel(b *testing.B) {
	q, e := NewQueue(8), refused("203.0.113.7")
	for q.Offer(success()) {
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			q.Offer(e)
		}
	})
}
