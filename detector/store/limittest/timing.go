package limittest

import (
	"fmt"
	"math/rand/v2"
	"time"
)

func quietKeysRecover(h *harness) {
	rate := h.rate(5)
	h.exhaust("a", rate)
	h.increment("b", 3, rate)
	h.clk.pass(2*rate.Period + 10*time.Millisecond)
	h.expect("peek after two quiet periods", h.peek("a", rate), 5, false)
	h.expect("the other key", h.get("b", rate), 4, false)
	if got := h.exhaust("a", rate); got != 5 {
		h.Errorf("%d let through after two quiet periods, want 5", got)
	}
}

// resetTimeIsHonest is what Retry-After rests on: not before, and then really.
func resetTimeIsHonest(h *harness) {
	for i, limit := range []int64{1, 5} {
		key, rate := fmt.Sprint("k", i), h.rate(limit)
		h.get(key, rate)
		h.clk.pass(rate.Period / 3)
		h.exhaust(key, rate)
		c := h.get(key, rate)
		if !c.Reached {
			h.Fatalf("hit beyond a limit of %d was let through", limit)
		}
		at := time.Unix(c.Reset, 0)
		if h.opts.FixedWindow {
			// The stores of the limiter round down, so that the second they
			// name begins before the window ends.
			at = at.Add(time.Second)
		}
		if !h.opts.RealTime {
			h.clk.until(at.Add(-time.Second - time.Millisecond))
			h.expect("a second before the reset time", h.get(key, rate), 0, true)
		}
		h.clk.until(at)
		if h.opts.RealTime {
			h.clk.pass(20 * time.Millisecond)
		}
		if h.get(key, rate).Reached {
			h.Errorf("limit %d: refused at the reset time", limit)
		}
	}
}

// hammeringGetsTheRate tries all the time, for five periods. What is refused
// must not keep the door shut.
func hammeringGetsTheRate(h *harness) {
	const periods, steps, limit = 5, 20, 10
	rate, admitted := h.rate(limit), 0
	begin := h.clk.now()
	for h.clk.now().Sub(begin) < periods*rate.Period {
		for range 3 {
			if !h.get("a", rate).Reached {
				admitted++
			}
		}
		h.clk.pass(rate.Period / steps)
	}
	if admitted < limit*periods/2 || admitted > limit*(periods+1) {
		h.Errorf("%d let through in %d periods at a limit of %d", admitted, periods, limit)
	}
}

// boundary opens a window, takes the rest of it at its end, and comes again
// right after the boundary. It returns how many were let through on both sides
// of it and in which time.
func boundary(h *harness, key string, limit int64) (before, after int, took time.Duration) {
	h.Helper()
	rate := h.rate(limit)
	open := h.clk.now()
	h.get(key, rate)
	h.clk.until(open.Add(rate.Period * 19 / 20))
	start := h.clk.now()
	before = h.exhaust(key, rate)
	h.clk.until(open.Add(rate.Period * 21 / 20))
	after = h.exhaust(key, rate)
	return before, after, h.clk.now().Sub(start)
}

// noBurstAtTheBoundary comes at several phases, for stores whose windows begin
// at round times.
func noBurstAtTheBoundary(h *harness) {
	const limit = 20
	for phase := range 4 {
		before, after, took := boundary(h, fmt.Sprint("phase", phase), limit)
		share := limit * (1 + float64(took+time.Millisecond)/float64(h.opts.Period))
		if before == 0 || float64(before+after) > share {
			h.Errorf("%d and %d let through within %s, at most %.1f together are due", before, after, took, share)
		}
		h.clk.pass(h.opts.Period / 7)
	}
}

// fixedWindowBursts shows the flaw: nearly twice the limit in a tenth of a
// period. Real time may be late; then it tries again.
func fixedWindowBursts(h *harness) {
	const limit = 20
	for try := range 5 {
		before, after, took := boundary(h, fmt.Sprint("try", try), limit)
		if before == limit-1 && after == limit && took < h.opts.Period/2 {
			return
		}
	}
	h.Errorf("no burst of twice the limit at the boundary; the window slides, so leave FixedWindow out")
}

// randomHistories lets single hits, bursts and pauses of random length follow
// each other and checks every interval up to a period.
func randomHistories(h *harness) {
	rounds := 40
	if h.opts.RealTime {
		rounds = 2
	}
	rng := rand.New(rand.NewPCG(11, 12))
	for round := range rounds {
		var (
			limit    = 1 + rng.Int64N(20)
			rate     = h.rate(limit)
			key      = fmt.Sprint("history", round)
			admitted []span
		)
		for range 40 {
			hits := rng.Int64N(2)
			if rng.IntN(4) == 0 {
				hits = limit + 1
			}
			for range hits {
				from := h.clk.now()
				if !h.get(key, rate).Reached {
					admitted = append(admitted, span{from, h.clk.now()})
				}
			}
			if rng.IntN(3) > 0 {
				h.clk.pass(time.Duration(rng.Int64N(int64(rate.Period) / 6)))
			}
		}
		if !withinShare(h, admitted, limit) {
			return
		}
	}
}

// span is when a call began and ended; the count was somewhere between.
type span struct{ from, to time.Time }

func withinShare(h *harness, admitted []span, limit int64) bool {
	for i := range admitted {
		for j := i; j < len(admitted); j++ {
			s := admitted[j].to.Sub(admitted[i].from)
			if s >= h.opts.Period {
				break
			}
			share := float64(limit) * (1 + float64(s+time.Millisecond)/float64(h.opts.Period))
			if h.opts.FixedWindow {
				share = 2 * float64(limit)
			}
			if float64(j-i+1) > share {
				h.Errorf("%d let through within %s at a limit of %d in %s, at most %.1f are due", j-i+1, s, limit, h.opts.Period, share)
				return false
			}
		}
	}
	return true
}
