package evidence

import (
	"math"
	"testing"
)

func TestCounterWeighsThePreviousBucket(t *testing.T) {
	t.Parallel()
	const w = 100
	tests := []struct {
		name string
		add  map[Seconds]int // in quarters
		now  Seconds
		want int
	}{
		{"empty", nil, 1000, 0},
		{"at once", map[Seconds]int{1000: 4}, 1000, 4},
		{"a quarter counts", map[Seconds]int{1000: 1}, 1000, 1},
		{"whole until the window ends", map[Seconds]int{1000: 40}, 1099, 40},
		{"whole at the boundary", map[Seconds]int{1000: 40}, 1100, 40},
		{"a quarter of the window later", map[Seconds]int{1000: 40}, 1125, 30},
		{"rounded up", map[Seconds]int{1000: 40}, 1126, 30},
		{"rounded up to the last second", map[Seconds]int{1000: 40}, 1199, 1},
		{"gone after two windows", map[Seconds]int{1000: 40}, 1200, 0},
		{"gone for long", map[Seconds]int{1000: 40}, 9000, 0},
		{"two buckets", map[Seconds]int{1000: 40, 1110: 8}, 1150, 28},
		{"the boundary is the first event's", map[Seconds]int{1090: 40}, 1189, 40},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var c Counter
			for at := Seconds(1000); at <= tt.now; at++ {
				c.Add(at, w, tt.add[at])
			}
			before := c
			if got := c.Value(tt.now, w); got != tt.want {
				t.Errorf("value = %d, want %d", got, tt.want)
			}
			if c != before {
				t.Error("Value changed the counter")
			}
		})
	}
}

func TestCounterRefunds(t *testing.T) {
	t.Parallel()
	const w = 100
	tests := []struct {
		name    string
		at, now Seconds
		refund  int
		want    int
	}{
		// 40 at 1000, 8 at 1120; at 1150 the first weighs a half.
		{"nothing", 1120, 1150, 0, 28},
		{"negative", 1120, 1150, -4, 28},
		{"from the current bucket", 1120, 1150, 4, 24},
		{"from the previous bucket, by its weight", 1000, 1150, 20, 18},
		{"never below zero", 1120, 1150, 400, 20},
		{"the previous never below zero", 1000, 1150, 400, 8},
		{"of something that has left the window", 999, 1150, 400, 28},
		{"after everything is over", 1120, 5000, 400, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var c Counter
			c.Add(1000, w, 40)
			c.Add(1120, w, 8)
			c.Sub(tt.now, w, tt.at, tt.refund)
			if got := c.Value(tt.now, w); got != tt.want {
				t.Errorf("value = %d, want %d", got, tt.want)
			}
		})
	}
}

func TestCounterSaturates(t *testing.T) {
	t.Parallel()
	var c Counter
	for range 100 {
		c.Add(1000, 60, 4000)
	}
	if got := c.Value(1000, 60); got != math.MaxUint16 {
		t.Fatalf("value = %d, want %d", got, math.MaxUint16)
	}
	c.Sub(1000, 60, 1000, 4000)
	if got := c.Value(1000, 60); got != math.MaxUint16 {
		t.Errorf("a refund brought a saturated bucket to %d", got)
	}
	c.Add(1060, 60, math.MaxInt)
	if got := c.Value(1060, 60); got != 2*math.MaxUint16 {
		t.Errorf("two full buckets = %d, want %d", got, 2*math.MaxUint16)
	}
	if got := c.Value(1180, 60); got != 0 {
		t.Errorf("after two windows = %d, want 0", got)
	}
	var wide WideCounter
	wide.Add(1000, 60, math.MaxInt)
	if got := wide.Value(1000, 60); got != math.MaxUint32 {
		t.Errorf("wide = %d, want %d", got, uint32(math.MaxUint32))
	}
	// The largest counts and windows there are must not overflow on the way.
	wide.Add(1000+math.MaxUint32/2, math.MaxUint32/2, math.MaxInt)
	if got := wide.Value(1000+math.MaxUint32/2, math.MaxUint32/2); got != 2*math.MaxUint32 {
		t.Errorf("two full wide buckets = %d, want %d", got, 2*math.MaxUint32)
	}
}

func TestCounterWithAClockThatGoesBack(t *testing.T) {
	t.Parallel()
	const w = 100
	var c Counter
	c.Add(1000, w, 4)
	c.Add(990, w, 4)
	if got := c.Value(980, w); got != 8 {
		t.Errorf("a little back: %d, want 8", got)
	}
	if got := c.Value(1100, w); got != 8 {
		t.Errorf("forward again: %d, want 8", got)
	}
	if got := c.Value(500, w); got != 0 {
		t.Errorf("far back: %d, want 0", got)
	}
	c.Add(500, w, 4)
	if got := c.Value(550, w); got != 4 {
		t.Errorf("the new time: %d, want 4", got)
	}
	c.Sub(550, w, 1000, 4)
	if got := c.Value(550, w); got != 0 {
		t.Errorf("a refund from a time that was wrong: %d, want 0 (it is of the current bucket)", got)
	}
}

func TestCounterWithAChangedWindow(t *testing.T) {
	t.Parallel()
	var c Counter
	c.Add(1000, 600, 40)
	if got := c.Value(1100, 60); got != 14 {
		t.Errorf("shorter: %d, want 14 (40 s into the second minute)", got)
	}
	if got := c.Value(1100, 3600); got != 40 {
		t.Errorf("longer: %d, want 40", got)
	}
	if got := c.Value(1000, 0); got != 40 {
		t.Errorf("a window of zero is one second: %d, want 40", got)
	}
	if got := c.Value(1002, 0); got != 0 {
		t.Errorf("two seconds later: %d, want 0", got)
	}
}

func TestCounterBelow(t *testing.T) {
	t.Parallel()
	const w = 100
	for _, adds := range [][2]int{{40, 0}, {0, 40}, {40, 40}, {1, 39}, {39, 1}, {13, 27}, {400, 3}, {3, 400}} {
		for limit := -1; limit < 45; limit++ {
			var c Counter
			c.Add(1000, w, max(adds[0], 1))
			c.Add(1130, w, adds[1])
			for _, now := range []Seconds{1130, 1177, 1199, 1240} {
				want := now
				for c.Value(want, w) > max(limit, 0) {
					want++
				}
				if got := c.Below(now, w, limit); got != want {
					t.Fatalf("%v: at most %d is true from %d on, want %d (now %d)", adds, limit, got, want, now)
				}
			}
		}
	}
	var c Counter
	c.Add(1000, w, 40)
	if got := c.Below(950, w, 40); got != 950 {
		t.Errorf("a little back: %d, want now", got)
	}
	if got := c.Below(950, w, 20); got != 1150 {
		t.Errorf("a little back: %d, want 1150", got)
	}
}

// FuzzCounter: any history keeps the promises of the documentation, checked
// against an exact log.
func FuzzCounter(f *testing.F) {
	f.Add([]byte{0, 4, 0, 50, 4, 0, 200, 8, 1, 3, 0, 255})
	f.Add([]byte{255, 255, 0, 255, 255, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, history []byte) {
		const w = 60
		type added struct {
			at       Seconds
			quarters int
		}
		var (
			c   Counter
			log []added
			now = Seconds(1000)
		)
		for ; len(history) >= 3; history = history[3:] {
			now += Seconds(history[0] / 4)
			q := int(history[1])
			if history[2]%4 == 0 && len(log) > 0 {
				a := &log[int(history[1])%len(log)]
				c.Sub(now, w, a.at, a.quarters)
				a.quarters = 0
			} else {
				c.Add(now, w, q)
				log = append(log, added{now, q})
			}
			recent, live := 0, false
			for _, a := range log {
				if a.at+2*w > now {
					recent += a.quarters
				}
				live = live || a.at+w > now && a.quarters > 0
			}
			got := c.Value(now, w)
			if got > recent {
				t.Fatalf("value %d, but only %d were added in the last two windows", got, recent)
			}
			if live && got == 0 && recent < math.MaxUint16 {
				t.Fatal("something inside the window counts nothing")
			}
			if at := c.Below(now, w, got/2); c.Value(at, w) > got/2 || at > now && c.Value(at-1, w) <= got/2 {
				t.Fatalf("Below(%d) = %d, value there %d", got/2, at, c.Value(at, w))
			}
		}
		if got := c.Value(now+2*w, w); got != 0 {
			t.Fatalf("after two quiet windows: %d", got)
		}
	})
}
