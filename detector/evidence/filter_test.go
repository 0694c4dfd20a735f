package evidence

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
)

const aDay Seconds = 86400

func TestFilterRemembersForOneToTwoPeriods(t *testing.T) {
	t.Parallel()
	const period Seconds = 3600
	for name, c := range map[string]struct {
		then  []Seconds // further hashes are added at these moments after the first
		at    Seconds
		known bool
	}{
		"at once":                       {nil, 0, true},
		"a second before the period":    {nil, period - 1, true},
		"later, nothing else was added": {nil, 2*period - 1, true},
		"two periods later":             {nil, 2 * period, false},
		"the other half is written":     {[]Seconds{period}, 2*period - 1, true},
		"both halves were begun anew":   {[]Seconds{period, 2 * period}, 2 * period, false},
		"the clock went back":           {nil, ^Seconds(0) - 899, true}, // by 15 minutes
	} {
		f := NewFilter(1000, period)
		start := Seconds(100_000)
		if !f.Add(1, start) {
			t.Errorf("%s: the first hash is not new", name)
		}
		for i, d := range c.then {
			f.Add(uint64(1000+i), start+d)
		}
		if got := f.Has(1, start+c.at); got != c.known {
			t.Errorf("%s: known %t, want %t", name, got, c.known)
		}
	}
}

func TestFilterForgetsNothingWithinAPeriod(t *testing.T) {
	t.Parallel()
	const budget = 1 << 12
	for seed := range uint64(5) {
		random := rand.New(rand.NewPCG(seed, 1))
		f, now := NewFilter(budget, aDay), 1000*aDay
		var added []uint64
		for range budget - 1 {
			h := random.Uint64()
			f.Add(h, now)
			added = append(added, h)
			now += Seconds(random.IntN(int(aDay) / budget))
		}
		for i, h := range added {
			if !f.Has(h, now) || f.Add(h, now) {
				t.Fatalf("seed %d: hash %d was forgotten", seed, i)
			}
		}
		if f.Spent() != 0 {
			t.Fatalf("seed %d: the budget was spent", seed)
		}
	}
}

// Patterned hashes are what keyed hashes never are; the filter spreads them all
// the same.
func TestFilterSeldomTakesAStrangerForKnown(t *testing.T) {
	t.Parallel()
	const budget, asked = 1 << 14, 1 << 18
	random := rand.New(rand.NewPCG(7, 7))
	for name, hash := range map[string]func(i uint64) uint64{
		"random":    func(uint64) uint64 { return random.Uint64() },
		"counting":  func(i uint64) uint64 { return i },
		"high bits": func(i uint64) uint64 { return i << 40 },
	} {
		f := NewFilter(budget, aDay)
		for i := range uint64(budget - 1) {
			f.Add(hash(i), aDay)
		}
		wrong := 0
		for i := range uint64(asked) {
			if f.Has(hash(budget+1+i), aDay) {
				wrong++
			}
		}
		// 1 in 420 of a full half, as documented, and a fifth for chance.
		if most := asked / 420 * 6 / 5; wrong > most {
			t.Errorf("%s: %d of %d strangers were taken for known, want at most %d", name, wrong, asked, most)
		}
	}
}

func TestFilterBeyondItsBudgetTurnsEarlyAndGrowsNot(t *testing.T) {
	t.Parallel()
	f := NewFilter(1000, aDay)
	full := int64(2 * f.words * 8)
	random := rand.New(rand.NewPCG(3, 3))
	for range 100_000 {
		h := random.Uint64()
		f.Add(h, aDay)
		if !f.Has(h, aDay) {
			t.Fatal("what was just added is not known")
		}
	}
	if turns := f.Spent(); turns < 90_000/int(f.budget) {
		t.Errorf("the halves changed places early %d times, want about %d", turns, 100_000/int(f.budget))
	}
	if got := f.Bytes(); got != full {
		t.Errorf("%d bytes, want the %d of two halves", got, full)
	}
	wrong := 0
	for range 100_000 {
		if f.Has(random.Uint64(), aDay) {
			wrong++
		}
	}
	if wrong > 2*100_000/420*6/5 { // two halves
		t.Errorf("%d of 100000 strangers were taken for known", wrong)
	}
}

// An attacker repeats what one half knows already, to fill the other one beyond
// its budget.
func TestFilterCountsWhatOnlyTheOtherHalfKnows(t *testing.T) {
	t.Parallel()
	const budget, asked = 1 << 12, 1 << 17
	f := NewFilter(budget, aDay)
	random := rand.New(rand.NewPCG(11, 11))
	var first []uint64
	for range budget - 1 {
		first = append(first, random.Uint64())
		f.Add(first[len(first)-1], aDay)
	}
	for _, h := range first {
		f.Add(h, 2*aDay)
	}
	for range budget - 1 {
		f.Add(random.Uint64(), 2*aDay)
	}
	if f.Spent() != 1 {
		t.Errorf("the halves changed places early %d times, want once", f.Spent())
	}
	wrong := 0
	for range asked {
		if f.Has(random.Uint64(), 2*aDay) {
			wrong++
		}
	}
	if most := asked / 210 * 6 / 5; wrong > most {
		t.Errorf("%d of %d strangers were taken for known, want at most %d", wrong, asked, most)
	}
}

func TestFilterTakesNoMemoryBeforeItsFirstAdd(t *testing.T) {
	t.Parallel()
	f := NewFilter(1<<20, aDay)
	if f.Has(1, aDay) || f.Bytes() != 0 {
		t.Errorf("an empty filter knows something, or takes %d bytes", f.Bytes())
	}
	f.Add(1, aDay)
	if got, want := f.Bytes(), int64(1<<20*filterBitsEach/8); got != want {
		t.Errorf("%d bytes after the first hash, want the %d of one half", got, want)
	}
}

func TestFilterTogether(t *testing.T) {
	t.Parallel()
	f := NewFilter(1<<14, aDay)
	var fresh atomic.Int64
	var wg sync.WaitGroup
	for g := range uint64(4) {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(g/2, 9)) // two and two add the same
			for range 3000 {
				h := random.Uint64()
				if f.Add(h, aDay) {
					fresh.Add(1)
				}
				if !f.Has(h, aDay) {
					t.Error("what was just added is not known")
					return
				}
			}
		})
	}
	wg.Wait()
	if n := fresh.Load(); n < 5950 || n > 12_000 {
		t.Errorf("%d of 6000 hashes were new", n)
	}
}

func TestFilterSaysWhenItForgets(t *testing.T) {
	t.Parallel()
	const period, start Seconds = 3600, 100_000
	for name, c := range map[string]struct {
		before []Seconds // of other hashes
		at     Seconds
	}{
		"the first":                 {nil, start},
		"late in a half":            {[]Seconds{start}, start + period - 1},
		"the half that comes next":  {[]Seconds{start}, start + period},
		"after others were dropped": {[]Seconds{start, start + period}, start + 2*period + 7},
	} {
		f := NewFilter(1000, period)
		for i, at := range c.before {
			f.Add(uint64(1000+i), at)
		}
		if got := f.Until(1, c.at); got != c.at {
			t.Errorf("%s: what is not known is forgotten at %d, want now", name, got-c.at)
		}
		f.Add(1, c.at)
		until := f.Until(1, c.at)
		if !f.Has(1, until-1) || f.Has(1, until) || until < c.at+period || until > c.at+2*period {
			t.Errorf("%s: forgotten %d seconds later, but known before %t and then %t", name, until-c.at, f.Has(1, until-1), f.Has(1, until))
		}
	}
}
