package evidence

import (
	"math/rand/v2"
	"sync"
	"testing"
)

func TestPopularCountsANameOnce(t *testing.T) {
	t.Parallel()
	p := NewPopular(1000, aDay)
	for range 100 {
		for name := range uint64(7) {
			p.Add(42, name, aDay)
		}
	}
	if got := p.Names(42, aDay); got != 7 {
		t.Errorf("%d names, want 7", got)
	}
	if got := p.Names(43, aDay); got != 0 {
		t.Errorf("%d names of a password nobody tried", got)
	}
}

func TestPopularForgetsAfterOneToTwoPeriods(t *testing.T) {
	t.Parallel()
	p := NewPopular(1000, aDay)
	for name := range uint64(20) {
		p.Add(1, name, 10*aDay)
	}
	p.Add(2, 1, 11*aDay)
	for name, c := range map[string]struct {
		at   Seconds
		want int
	}{
		"at once":                      {10 * aDay, 20},
		"a clock that went back":       {10*aDay - 900, 20},
		"in the next period":           {11 * aDay, 20},
		"at the end of that":           {12*aDay - 1, 20},
		"nothing was added ever since": {13 * aDay, 0},
	} {
		if got := p.Names(1, c.at); got != c.want {
			t.Errorf("%s: %d names, want %d", name, got, c.want)
		}
	}
	p.Add(3, 1, 12*aDay)
	if got := p.Names(1, 12*aDay); got != 0 {
		t.Errorf("%d names two periods later, want 0", got)
	}
	if got := p.Names(2, 12*aDay); got != 1 {
		t.Errorf("%d names a period later, want 1", got)
	}
}

func TestPopularBeginsAnewAfterALongQuiet(t *testing.T) {
	t.Parallel()
	p := NewPopular(1000, aDay)
	for name := range uint64(20) {
		p.Add(1, name, 10*aDay)
		p.Add(1, 100+name, 11*aDay)
	}
	p.Add(2, 1, 14*aDay)
	if got := p.Names(1, 14*aDay); got != 0 {
		t.Errorf("%d names after three quiet days, want 0", got)
	}
}

// Within the budget and a period it never counts too few but for what the guard
// mistakes for a repeat, and hardly ever too many.
func TestPopularCountsAboutRight(t *testing.T) {
	t.Parallel()
	const budget = 1 << 14
	for seed := range uint64(3) {
		random := rand.New(rand.NewPCG(seed, 2))
		p, want := NewPopular(budget, aDay), map[uint64]int{}
		for pairs := 0; pairs < budget-100; {
			tag := random.Uint64()
			names := 1
			if random.IntN(100) == 0 {
				names = 1 + random.IntN(50)
			}
			for range names {
				p.Add(tag, random.Uint64(), aDay)
			}
			want[tag] = names
			pairs += names
		}
		under, over := 0, 0
		for tag, n := range want {
			got := p.Names(tag, aDay)
			if got < n-1 {
				t.Errorf("seed %d: %d names, want %d or one less", seed, got, n)
			}
			under += max(n-got, 0)
			over += max(got-n, 0)
		}
		if under > budget/420 {
			t.Errorf("seed %d: %d names were not counted of %d", seed, under, budget)
		}
		if over > len(want)/2 {
			t.Errorf("seed %d: %d names too many over %d passwords, want less than half a name each", seed, over, len(want))
		}
	}
}

func TestPopularBeyondItsBudgetTakesNoMoreMemory(t *testing.T) {
	t.Parallel()
	p := NewPopular(1000, aDay)
	most := int64(2*popularRows*p.cells*4) + int64(2*p.guard.words*8)
	random := rand.New(rand.NewPCG(3, 4))
	for i := range 100_000 {
		p.Add(random.Uint64(), random.Uint64(), aDay+Seconds(i))
		if got := p.Bytes(); got > most {
			t.Fatalf("%d bytes after %d pairs, want at most %d", got, i, most)
		}
	}
	if p.Spent() == 0 {
		t.Error("the budget is not told as spent")
	}
}

func TestPopularTogether(t *testing.T) {
	t.Parallel()
	p := NewPopular(1<<12, aDay)
	var wg sync.WaitGroup
	for g := range uint64(4) {
		wg.Go(func() {
			for name := range uint64(500) {
				p.Add(g, name, aDay+Seconds(name))
				p.Names(g, aDay)
			}
		})
	}
	wg.Wait()
	for g := range uint64(4) {
		if got := p.Names(g, 2*aDay); got < 495 || got > 505 {
			t.Errorf("%d names, want about 500", got)
		}
	}
}

func TestPopularBeyondItsBudgetHasNoEvidence(t *testing.T) {
	t.Parallel()
	const period = 3600
	p := NewPopular(1024, period)
	for name := range uint64(30) {
		p.Add(7, 1+name, 10_000)
	}
	if n := p.Names(7, 10_000); n < 30 {
		t.Fatalf("%d names, want 30", n)
	}
	for i := range uint64(100_000) {
		p.Add(1_000+i, 5, 10_001)
	}
	if n := p.Names(7, 10_002); n != 0 || p.Spent() == 0 {
		t.Errorf("%d names of a flooded sketch, want no evidence", n)
	}
	p.Add(7, 99, 10_001+3*period)
	if n := p.Names(7, 10_001+3*period); n != 1 {
		t.Errorf("%d names in the next period, want 1", n)
	}
}

func TestPopularSaysWhenItIsBelow(t *testing.T) {
	t.Parallel()
	p := NewPopular(1000, aDay)
	if got := p.Below(1, 10, 10*aDay); got != 10*aDay {
		t.Errorf("a password nobody tried is below at %d, want now", got)
	}
	for name := range uint64(8) {
		p.Add(1, name, 10*aDay)
	}
	for name := range uint64(8) {
		p.Add(1, 100+name, 11*aDay)
	}
	for n, want := range map[int]Seconds{20: 11*aDay + 60, 10: 12 * aDay, 5: 13 * aDay} {
		got := p.Below(1, n, 11*aDay+60)
		if got != want {
			t.Errorf("below %d at %d, want %d", n, got, want)
		}
	}
	p.Add(2, 1, 12*aDay) // others go on
	if got := p.Names(1, 12*aDay); got >= 10 {
		t.Errorf("%d names at the time it said, want fewer than 10", got)
	}
}
