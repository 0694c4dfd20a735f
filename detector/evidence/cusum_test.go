package evidence

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestCusumOfABurstIsTheSumOfItsEvents(t *testing.T) {
	t.Parallel()
	var c Cusum
	for i := 1; i <= 9; i++ {
		if got, want := c.Event(aDay, 2, 4, 0), float64(i)*math.Log(4); !about(got, want) {
			t.Fatalf("%v after %d events, want %v", got, i, want)
		}
	}
	if c.Sum(aDay, 2, 4) < 12 {
		t.Error("nine events in a burst do not reach 12")
	}
}

func TestCusumDrainsAsTimePasses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		after    Seconds
		expected float64
		want     float64
	}{
		"at once":                   {0, 2, 10},
		"an hour at two expected":   {3600, 2, 4}, // (4-1)*2 an hour
		"half an hour":              {1800, 2, 7},
		"long after":                {1000 * 3600, 2, 0},
		"an hour when ten are":      {3600, 10, 0},
		"a clock that goes back":    {^Seconds(0) - 3599, 2, 10},
		"an hour when one expected": {3600, 1, 7},
	} {
		var s Cusum
		s.Reset(100*aDay, 10)
		if got := s.Sum(100*aDay+c.after, c.expected, 4); !about(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestCusumStaysBetweenZeroAndItsCeiling(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(4, 4))
	var c Cusum
	now := aDay
	for range 100_000 {
		now += Seconds(random.IntN(2000))
		sum := c.Event(now, 2, 4, 24)
		if sum < 0 || sum > 24 {
			t.Fatalf("a sum of %v", sum)
		}
	}
	for range 1000 {
		c.Event(now, 2, 4, 24)
	}
	if got := c.Sum(now+4*3600, 2, 4); got != 0 {
		t.Errorf("%v four hours after a flood, want 0: the ceiling drains in that time", got)
	}
}

// Of events at the expected rate the test hardly ever reaches twelve; at
// eight times the rate it does so within an hour or two.
func TestCusumTellsARaisedRateFromChance(t *testing.T) {
	t.Parallel()
	const expected = 5.0
	run := func(rate float64, hours int, seed uint64) (alarms int, first float64) {
		random := rand.New(rand.NewPCG(seed, 8))
		var c Cusum
		at := 0.0
		for at < float64(hours) {
			at += random.ExpFloat64() / rate
			if c.Event(aDay+Seconds(at*3600), expected, 4, 0) >= 12 {
				if alarms++; alarms == 1 {
					first = at
				}
				c.Reset(aDay+Seconds(at*3600), 0)
			}
		}
		return alarms, first
	}
	false_ := 0
	for seed := range uint64(20) {
		n, _ := run(expected, 24*365, seed)
		false_ += n
		if _, first := run(8*expected, 24, 100+seed); first == 0 || first > 2 {
			t.Errorf("seed %d: eight times the rate was seen after %.1f hours", seed, first)
		}
	}
	if false_ > 20 {
		t.Errorf("%d false alarms in twenty years, want at most one a year", false_)
	}
}

// More events never make the sum smaller.
func TestCusumIsMonotone(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(6, 6))
	for range 200 {
		var few, many Cusum
		now := aDay
		for range 100 {
			now += Seconds(random.IntN(1200))
			many.Event(now, 2, 4, 24)
			if random.IntN(2) == 0 {
				few.Event(now, 2, 4, 24)
			}
			if a, b := few.Sum(now, 2, 4), many.Sum(now, 2, 4); a > b+1e-9 {
				t.Fatalf("%v of fewer events, %v of more", a, b)
			}
		}
	}
}

func TestCusumDrainsAfterTheClockWasSetBack(t *testing.T) {
	t.Parallel()
	var c Cusum
	c.Reset(100*aDay, 12)
	if got := c.Sum(aDay, 2, 4); got != 12 {
		t.Errorf("%v when the clock is set back; want 12", got)
	}
	if got := c.Sum(aDay+2*3600, 2, 4); got != 0 {
		t.Errorf("%v two hours later; want 0", got)
	}
}
