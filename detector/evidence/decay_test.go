package evidence

import (
	"math"
	"math/rand/v2"
	"testing"
)

func about(got, want float64) bool { return math.Abs(got-want) <= 1e-5*max(1, math.Abs(want)) }

func TestDecayHalvesEveryHalfLife(t *testing.T) {
	t.Parallel()
	const half Seconds = 6 * 3600
	var d Decay
	if d.Value(aDay, half) != 0 || d.Rate(aDay, half) != 0 {
		t.Error("an empty count counts something")
	}
	d.Add(aDay, half, 8, 0)
	for after, want := range map[Seconds]float64{0: 8, half: 4, 2 * half: 2, 3 * half: 1, half / 2: 8 / math.Sqrt2} {
		if got := d.Value(aDay+after, half); !about(got, want) {
			t.Errorf("%v after %d seconds, want %v", got, after, want)
		}
	}
}

func TestDecayFadesNothingWhenTheClockGoesBack(t *testing.T) {
	t.Parallel()
	var d Decay
	d.Add(aDay, 3600, 4, 0)
	d.Add(aDay-7200, 3600, 1, 0)
	if got := d.Value(aDay-7200, 3600); !about(got, 5) {
		t.Errorf("%v after the clock went back, want 5", got)
	}
	if got := d.Value(aDay+3600, 3600); !about(got, 2.5) {
		t.Errorf("%v an hour later, want 2.5: it began to fade at the latest moment", got)
	}
}

func TestDecaySavesNoCreditBelowItsFloor(t *testing.T) {
	t.Parallel()
	var d Decay
	for range 1000 {
		d.Add(aDay, 3600, -2, -3)
	}
	if got := d.Value(aDay, 3600); !about(got, -3) {
		t.Errorf("%v, want the floor of -3", got)
	}
	if got := d.Value(aDay+3600, 3600); !about(got, -1.5) {
		t.Errorf("credit of %v after a half-life, want -1.5", got)
	}
}

func TestDecayRateIsWhatComesInAnHour(t *testing.T) {
	t.Parallel()
	var d Decay
	now := aDay
	for range 30 * 1000 { // 30 an hour for a thousand hours
		now += 120
		d.Add(now, 4*3600, 1, 0)
	}
	if got := d.Rate(now, 4*3600); math.Abs(got-30) > 0.3 {
		t.Errorf("a rate of %v, want 30 an hour", got)
	}
}

func TestDecayUntilIsTheFirstMoment(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		var d Decay
		half := Seconds(1 + random.IntN(100_000))
		d.Add(aDay*1000, half, 1+random.Float64()*20, 0)
		now := aDay*1000 + Seconds(random.IntN(1000))
		v := 0.5 + random.Float64()*10
		until := d.Until(now, half, v)
		if until < now || d.Value(until, half) > v*(1+1e-9) {
			t.Fatalf("%v counts at %d, more than %v", d.Value(until, half), until, v)
		}
		if until > now+1 && d.Value(until-1, half) <= v*(1-1e-9) {
			t.Fatalf("%v counted a second before %d already", d.Value(until-1, half), until)
		}
	}
	var d Decay
	d.Add(aDay, 3600, 5, 0)
	if got := d.Until(aDay, 3600, 0); got != aDay {
		t.Errorf("until %d for zero, which is never reached; want now", got)
	}
}

// What comes in one order fades to the same as in another.
func TestDecayDoesNotMindTheOrderWithinASecond(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 5))
	for range 200 {
		n := []float64{1, 2.5, 1, 4, 0.25}
		var a, b Decay
		for _, v := range n {
			a.Add(aDay, 3600, v, 0)
		}
		random.Shuffle(len(n), func(i, j int) { n[i], n[j] = n[j], n[i] })
		for _, v := range n {
			b.Add(aDay, 3600, v, 0)
		}
		if !about(a.Value(aDay+900, 3600), b.Value(aDay+900, 3600)) {
			t.Fatalf("%v and %v", a, b)
		}
	}
}
