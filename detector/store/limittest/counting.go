package limittest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

func countsToTheLimit(h *harness) {
	for _, limit := range []int64{1, 2, 7, 100} {
		key, rate := fmt.Sprint("limit", limit), h.steady(limit)
		for i := range limit {
			h.expect(fmt.Sprintf("hit %d of %d", i+1, limit), h.get(key, rate), limit-1-i, false)
			h.expect("peek after it", h.peek(key, rate), limit-1-i, false)
		}
		for range 3 {
			h.expect("hit beyond the limit", h.get(key, rate), 0, true)
			h.expect("peek after it", h.peek(key, rate), 0, true)
		}
	}
}

func peekDoesNotCount(h *harness) {
	rate := h.steady(3)
	for range 10 {
		h.expect("peek at an unknown key", h.peek("a", rate), 3, false)
	}
	h.get("a", rate)
	for range 10 {
		h.expect("peek after one hit", h.peek("a", rate), 2, false)
	}
	if got := 1 + h.exhaust("a", rate); got != 3 {
		h.Errorf("%d let through after peeking, want 3", got)
	}
}

func resetForgets(h *harness) {
	rate := h.steady(3)
	h.exhaust("a", rate)
	h.exhaust("b", rate)
	h.expect("reset", h.reset("a", rate), 3, false)
	h.expect("reset of what is reset", h.reset("a", rate), 3, false)
	h.expect("reset of an unknown key", h.reset("c", rate), 3, false)
	h.expect("peek after the reset", h.peek("a", rate), 3, false)
	h.expect("hit after the reset", h.get("a", rate), 2, false)
	h.expect("the other key", h.get("b", rate), 0, true)
}

func incrementCounts(h *harness) {
	rate := h.steady(10)
	h.expect("4 of 10", h.increment("a", 4, rate), 6, false)
	h.expect("a single one", h.get("a", rate), 5, false)
	h.expect("the rest at once", h.increment("a", 5, rate), 0, false)
	h.expect("one more", h.increment("a", 1, rate), 0, true)
	h.expect("11 of 10", h.increment("b", 11, rate), 0, true)
	h.expect("after that", h.get("b", rate), 0, true)
	h.increment("c", 7, rate)
	h.expect("more than remains", h.increment("c", 1_000_000, rate), 0, true)
}

// keysAreIndependent gives each key a count of its own.
func keysAreIndependent(h *harness) {
	long := strings.Repeat("k", 10<<10)
	keys := []string{
		"", "a", "b", "A", "a:b", "a:", ":a", " a", "a ", "a\n", "a\r\n",
		"\x00", "\x00\x00", "a\x00b", "a\x00", "\xff", "\xff\xfe", "\xc3\x28", "ä", "a\u0308",
		"{a}", "{b}", "*", "a*", "%s", "'; --", "192.0.2.1", "192.0.2.10", "::1",
		long, long + "x", "x" + long, long[:len(long)-1] + "x", "x" + long[1:],
	}
	rate := h.steady(int64(len(keys)) + 1)
	for i, key := range keys {
		for range i + 1 {
			h.get(key, rate)
		}
	}
	for i, key := range keys {
		h.expect(fmt.Sprintf("key %d (%.20q, %d bytes)", i, key, len(key)), h.peek(key, rate), int64(len(keys)-i), false)
	}
}

// concurrentCountsAreExact wants not one more and not one less than the limit,
// and every number of remaining ones told exactly once.
func concurrentCountsAreExact(h *harness) {
	const workers, each, limit = 32, 40, 500
	var (
		rate  = h.steady(limit)
		wg    sync.WaitGroup
		mu    sync.Mutex
		told  = map[int64]int{}
		trial error
	)
	for range workers {
		wg.Go(func() {
			for range each {
				// Not h.get: Fatalf must not be called here.
				c, err := h.store.Get(context.Background(), h.prefix+"a", rate)
				mu.Lock()
				if err != nil {
					trial = err
				} else if !c.Reached {
					told[c.Remaining]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if trial != nil {
		h.Fatalf("Get: %v", trial)
	}
	admitted := 0
	for remaining, n := range told {
		admitted += n
		if n != 1 {
			h.Errorf("%d callers were told that %d remain", n, remaining)
		}
	}
	if admitted != limit {
		h.Errorf("%d let through at a limit of %d", admitted, limit)
	}
}

func contextIsRespected(h *harness) {
	rate := h.steady(3)
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	expired, cancel := context.WithDeadline(context.Background(), time.Unix(1, 0))
	defer cancel()
	for _, ctx := range []context.Context{cancelled, expired} {
		if _, err := h.store.Get(ctx, h.prefix+"a", rate); err == nil {
			h.Errorf("Get: no error although %v", ctx.Err())
		}
		if _, err := h.store.Peek(ctx, h.prefix+"a", rate); err == nil {
			h.Errorf("Peek: no error although %v", ctx.Err())
		}
		if _, err := h.store.Increment(ctx, h.prefix+"a", 2, rate); err == nil {
			h.Errorf("Increment: no error although %v", ctx.Err())
		}
		if _, err := h.store.Reset(ctx, h.prefix+"a", rate); err == nil {
			h.Errorf("Reset: no error although %v", ctx.Err())
		}
	}
	h.expect("after four calls that failed", h.peek("a", rate), 3, false)
}

func contextIsIgnored(h *harness) {
	rate := h.steady(3)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := h.store.Get(ctx, h.prefix+"a", rate); err != nil {
		h.Errorf("Get: %v; the store respects contexts, so leave IgnoresContext out", err)
	}
	h.expect("after a hit nobody waits for", h.peek("a", rate), 2, false)
}

// floodStaysUnderCap floods the store with keys seen once. Who was refused
// before must still be refused after.
func floodStaysUnderCap(h *harness) {
	rate := h.steady(5)
	guilty := []string{"guilty1", "guilty2", "guilty3"}
	for _, key := range guilty {
		h.exhaust(key, rate)
	}
	for i := range 10 * h.opts.Cap {
		h.get(fmt.Sprint("flood", i), rate)
		if i%97 == 0 || i == 10*h.opts.Cap-1 {
			if n := h.opts.Len(h.store); n > h.opts.Cap {
				h.Fatalf("%d keys after a flood of %d, cap %d", n, i+1, h.opts.Cap)
			}
		}
	}
	for _, key := range guilty {
		h.expect("who was refused before the flood", h.get(key, rate), 0, true)
	}
}

func manyKeysAreRemembered(h *harness) {
	const keys = 5000
	rate := h.steady(3)
	for i := range keys {
		h.get(fmt.Sprint("many", i), rate)
	}
	for i := range keys {
		h.expect(fmt.Sprint("key ", i), h.peek(fmt.Sprint("many", i), rate), 2, false)
	}
}
