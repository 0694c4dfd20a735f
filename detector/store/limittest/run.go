package limittest

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/ulule/limiter/v3"
)

// Options describe the store that is tested. The zero value is a store with a
// sliding window that takes its time from the clock it is given.
type Options struct {
	// Period is the window of the checks in which time passes. Default 10s,
	// with RealTime 1s. At least 1s.
	Period time.Duration

	// FixedWindow is for stores whose window starts with the first hit and
	// ends all at once. The checks of the sliding window are replaced by one
	// that shows the burst of twice the limit at the boundary.
	FixedWindow bool

	// RealTime is for stores that take no clock. The checks sleep, a few
	// periods in all.
	RealTime bool

	// IgnoresContext is for stores that count although the context is over; a
	// check shows that they do.
	IgnoresContext bool

	// Cap is the most keys the store holds, and Len tells how many it holds.
	// Give both or neither; without them a check shows that the store forgets
	// none of many keys, which is what it means to have no bound.
	Cap int
	Len func(limiter.Store) int
}

// Run tests the stores that open returns; it is called once for each check. A
// store that needs closing is closed by a t.Cleanup of open's. clock is the time
// the store must go by, safe for concurrent use; with RealTime it is time.Now.
// Keys are different in every run, so that a shared server need not be emptied.
func Run(t *testing.T, open func(t *testing.T, clock func() time.Time) limiter.Store, opts Options) {
	t.Helper()
	opts = opts.withDefaults(t)
	for _, c := range checks(opts) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			clk := newClock(opts.RealTime)
			c.run(newHarness(t, open(t, clk.now), clk, opts))
		})
	}
}

func (o Options) withDefaults(t testing.TB) Options {
	t.Helper()
	if o.Period == 0 {
		o.Period = 10 * time.Second
		if o.RealTime {
			o.Period = time.Second
		}
	}
	if o.Period < time.Second {
		t.Fatalf("period %s: give at least a second", o.Period)
	}
	if (o.Cap > 0) != (o.Len != nil) {
		t.Fatal("give Cap and Len, or neither")
	}
	return o
}

// check is one promise.
type check struct {
	name string
	run  func(h *harness)
}

// checks are all that apply to a store; each option replaces some by others.
func checks(o Options) []check {
	all := []check{
		{"lets as many through as the limit says and tells what remains", countsToTheLimit},
		{"peek does not count", peekDoesNotCount},
		{"reset forgets the key and no other", resetForgets},
		{"increment counts several at once", incrementCounts},
		{"keys of any length and bytes are independent", keysAreIndependent},
		{"concurrent counts are exact", concurrentCountsAreExact},
		{"a quiet key has its whole limit again", quietKeysRecover},
		{"the reset time is when the next one is let through", resetTimeIsHonest},
		{"hammering gets the rate and no lasting penalty", hammeringGetsTheRate},
	}
	pick := func(cond bool, yes, no check) { // appends one of the two
		if cond {
			all = append(all, yes)
			return
		}
		all = append(all, no)
	}
	pick(o.FixedWindow,
		check{"the burst of twice the limit of a fixed window", fixedWindowBursts},
		check{"no second burst at the boundary", noBurstAtTheBoundary})
	pick(o.FixedWindow,
		check{"no window lets through more than twice the limit", randomHistories},
		check{"no interval lets through more than its share", randomHistories})
	pick(o.IgnoresContext,
		check{"a context that is over is ignored", contextIsIgnored},
		check{"a context that is over is an error and counts nothing", contextIsRespected})
	pick(o.Cap > 0,
		check{"a flood of keys stays under the cap and frees nobody", floodStaysUnderCap},
		check{"many keys are all remembered, without bound", manyKeysAreRemembered})
	return all
}

// harness is what a check works with.
type harness struct {
	testing.TB
	store  limiter.Store
	clk    *clock
	opts   Options
	prefix string
}

func newHarness(t testing.TB, store limiter.Store, clk *clock, opts Options) *harness {
	return &harness{TB: t, store: store, clk: clk, opts: opts, prefix: rand.Text() + ":"}
}

// rate is n in the period of the options, for checks in which time passes.
func (h *harness) rate(n int64) limiter.Rate {
	return limiter.Rate{Limit: n, Period: h.opts.Period}
}

// steady is n in a period so long that none passes during a check.
func (h *harness) steady(n int64) limiter.Rate {
	return limiter.Rate{Limit: n, Period: 10 * time.Minute}
}

func (h *harness) get(key string, rate limiter.Rate) limiter.Context {
	h.Helper()
	c, err := h.store.Get(context.Background(), h.prefix+key, rate)
	return h.sane("Get", c, err, rate)
}

func (h *harness) peek(key string, rate limiter.Rate) limiter.Context {
	h.Helper()
	c, err := h.store.Peek(context.Background(), h.prefix+key, rate)
	return h.sane("Peek", c, err, rate)
}

func (h *harness) reset(key string, rate limiter.Rate) limiter.Context {
	h.Helper()
	c, err := h.store.Reset(context.Background(), h.prefix+key, rate)
	return h.sane("Reset", c, err, rate)
}

func (h *harness) increment(key string, n int64, rate limiter.Rate) limiter.Context {
	h.Helper()
	c, err := h.store.Increment(context.Background(), h.prefix+key, n, rate)
	return h.sane("Increment", c, err, rate)
}

// sane checks what is true of every answer.
func (h *harness) sane(call string, c limiter.Context, err error, rate limiter.Rate) limiter.Context {
	h.Helper()
	if err != nil {
		h.Fatalf("%s: %v", call, err)
	}
	if c.Limit != rate.Limit || c.Remaining < 0 || c.Remaining > rate.Limit || c.Reached && c.Remaining > 0 {
		h.Fatalf("%s at a limit of %d: %+v", call, rate.Limit, c)
	}
	// Two seconds for rounding and for a server with a clock of its own.
	if in := time.Unix(c.Reset, 0).Sub(h.clk.now()); in > 2*rate.Period+2*time.Second {
		h.Fatalf("%s: reset in %s, more than two periods of %s", call, in, rate.Period)
	}
	return c
}

// exhaust takes what there is and returns how many that was.
func (h *harness) exhaust(key string, rate limiter.Rate) (admitted int) {
	h.Helper()
	for range 2*rate.Limit + 2 {
		if h.get(key, rate).Reached {
			return admitted
		}
		admitted++
	}
	h.Fatalf("%d let through at a limit of %d", admitted, rate.Limit)
	return admitted
}

// expect compares an answer of which the reset time does not matter.
func (h *harness) expect(what string, got limiter.Context, remaining int64, reached bool) {
	h.Helper()
	if got.Remaining != remaining || got.Reached != reached {
		h.Errorf("%s: remaining %d, reached %v; want %d, %v", what, got.Remaining, got.Reached, remaining, reached)
	}
}
