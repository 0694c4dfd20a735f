package keeper

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/doorward/doorward/detector/event"
)

func TestRefusedAttemptsAreCountedByMinute(t *testing.T) {
	t.Parallel()
	b := newAuditBuffer()
	refused := func(second int, from string, count uint64) *event.Event {
		at := noon.Add(time.Duration(second) * time.Second)
		return &event.Event{
			ID: event.NewID(at), Type: event.TypeAttempt, Time: at, Site: "shop.test", Verdict: "limit", Rule: "source",
			SourceIP: netip.MustParseAddr(from), Identity: "•••", Pseudonym: "p", Count: count,
		}
	}
	total := uint64(0)
	for second := range 120 {
		for _, from := range []string{"192.0.2.1", "192.0.2.2"} {
			e := refused(second, from, uint64(second%3))
			total += e.Total()
			_ = b.Write(t.Context(), e)
		}
	}
	_ = b.Write(t.Context(), &event.Event{ID: "op", Type: event.TypeOperator, Time: noon})
	rows, sum := b.take(), uint64(0)
	for _, r := range rows {
		sum += r.Count
	}
	if len(rows) != 2*(1+2)+1 || sum != total {
		t.Errorf("%d rows for %d attempts; want the first of each source, one a minute, the operator's, for %d", len(rows), sum, total)
	}
	if len(b.take()) != 0 {
		t.Error("rows were taken twice")
	}
}

func TestWaitingRowsAreBoundedTheDearOnesLongest(t *testing.T) {
	t.Parallel()
	b := newAuditBuffer()
	for i := range 2 * maxWaiting {
		_ = b.Write(t.Context(), &event.Event{ID: fmt.Sprint("a", i), Type: event.TypeAttempt, Verdict: "allow", Outcome: "failure", Time: noon})
	}
	for i := range 100 {
		_ = b.Write(t.Context(), &event.Event{ID: fmt.Sprint("s", i), Type: event.TypeSanction, Time: noon})
	}
	rows := b.take()
	dear := 0
	for _, r := range rows {
		if r.Dear {
			dear++
		}
	}
	if len(rows) > maxWaiting || dear != 100 || b.lost.Load() != uint64(2*maxWaiting+100-len(rows)) {
		t.Errorf("%d rows wait, %d dear, %d lost", len(rows), dear, b.lost.Load())
	}
	b.giveBack(rows)
	if again := b.take(); len(again) != len(rows) {
		t.Errorf("%d of %d rows were taken back", len(again), len(rows))
	}
}
