package evidence

import (
	"math/rand/v2"
	"testing"
)

// admit is a limiter of n whole events a window: it lets one through whenever
// that does not exceed n.
func admit(c *Counter, now, window Seconds, n int) bool {
	if c.Value(now, window) > (n-1)*Quarters {
		return false
	}
	c.Add(now, window, Quarters)
	return true
}

// worst is how far the log of admitted events exceeds n*(1+s/window) in any
// interval of s seconds up to a window, and the most that any window holds.
func worst(log []Seconds, window Seconds, n int) (excess float64, most int) {
	excess = -float64(n)
	for i := range log {
		for j := i; j < len(log) && log[j]-log[i] <= window; j++ {
			bound := float64(n) * (1 + float64(log[j]-log[i])/float64(window))
			excess = max(excess, float64(j-i+1)-bound)
			if log[j]-log[i] < window {
				most = max(most, j-i+1)
			}
		}
	}
	return excess, most
}

// The bound of the documentation, over histories of bursts, trickles and pauses
// of random density, with the boundary visited at random.
func TestAdmittedStaysUnderTheBound(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	over := 0
	for round := range 150 {
		var (
			c      Counter
			log    []Seconds
			n      = 1 + rng.IntN(40)
			window = Seconds(10 + rng.IntN(600))
			now    = Seconds(1000 + rng.IntN(1000))
			lately []Seconds // admitted in the last two windows
		)
		for range 300 {
			switch rng.IntN(4) {
			case 0:
				now += Seconds(rng.IntN(int(2 * window)))
			case 1:
				now += Seconds(rng.IntN(int(window)/10 + 1))
			}
			for range rng.IntN(n + 3) {
				for len(lately) > 0 && lately[0]+2*window <= now {
					lately = lately[1:]
				}
				ok := admit(&c, now, window, n)
				if !ok && len(lately) < n {
					t.Fatalf("round %d: refused with %d of %d in the last two windows", round, len(lately), n)
				}
				if ok {
					log, lately = append(log, now), append(lately, now)
				}
			}
		}
		excess, most := worst(log, window, n)
		if excess > 0 {
			t.Fatalf("round %d: %.2f more than n*(1+s/w) with n=%d w=%d", round, excess, n, window)
		}
		if most > n {
			over++
		}
	}
	t.Logf("a window held more than n in %d of 150 histories, never more than the bound", over)
}

// The bound is not generous: this adversary comes within a few percent of it.
func TestTheBoundIsReached(t *testing.T) {
	t.Parallel()
	const n, window = 100, 600
	var (
		c   Counter
		log []Seconds
	)
	try := func(now Seconds) {
		for admit(&c, now, window, n) {
			log = append(log, now)
		}
	}
	admit(&c, 1000, window, n) // opens the bucket
	for now := Seconds(1000 + window - 1); now < 1000+2*window; now++ {
		try(now)
	}
	excess, most := worst(log, window, n)
	if most < 195 || most >= 2*n {
		t.Errorf("a window holds %d, documented close to but under %d", most, 2*n)
	}
	if excess < -3 || excess > 0 {
		t.Errorf("%.2f from the bound", excess)
	}
}

func TestNoSecondBurstAtTheBoundary(t *testing.T) {
	t.Parallel()
	const n, window = 20, 600
	for offset := Seconds(0); offset < window; offset += 7 {
		var c Counter
		admit(&c, 1000, window, n)
		first, second := 0, 0
		for range 3 * n {
			if admit(&c, 1000+offset, window, n) {
				first++
			}
		}
		for range 3 * n {
			if admit(&c, 1000+window+1, window, n) {
				second++
			}
		}
		if first != n-1 || second > 1 {
			t.Fatalf("at %d: %d, then %d right after the boundary; want %d and at most 1", offset, first, second, n-1)
		}
	}
}

// Who hammers all the time gets n a window and no more.
func TestHammeringGetsTheRate(t *testing.T) {
	t.Parallel()
	const window = 600
	for _, n := range []int{1, 2, 10, 100} {
		var (
			c   Counter
			log []Seconds
		)
		for now := Seconds(1000); now < 1000+20*window; now++ {
			for range 5 {
				if admit(&c, now, window, n) {
					log = append(log, now)
				}
			}
		}
		_, most := worst(log, window, n)
		t.Logf("n=%d: %d in 20 windows, at most %d in one", n, len(log), most)
		if most > n {
			t.Errorf("n=%d: a window holds %d", n, most)
		}
		if n > 1 && len(log) < 20*(n-1) {
			t.Errorf("n=%d: only %d admitted in 20 windows, documented n-1 in each", n, len(log))
		}
		if n == 1 && len(log) != 10 {
			t.Errorf("n=1: %d admitted in 20 windows, documented one in two", len(log))
		}
	}
}
