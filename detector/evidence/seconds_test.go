package evidence

import (
	"math"
	"testing"
	"time"
)

func TestToSeconds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   time.Time
		want Seconds
	}{
		{"never", time.Time{}, 0},
		{"before the epoch", time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC), 1},
		{"the epoch is not never", time.Unix(0, 0), 1},
		{"rounded down", time.Unix(1_700_000_000, 999_999_999), 1_700_000_000},
		{"the last second", time.Unix(math.MaxUint32, 0), math.MaxUint32},
		{"beyond the range", time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC), math.MaxUint32},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := ToSeconds(tt.in); got != tt.want {
				t.Errorf("ToSeconds(%s) = %d, want %d", tt.in, got, tt.want)
			}
		})
	}
	if got := Seconds(0).Time(); !got.IsZero() {
		t.Errorf("0 is %s, want the zero time", got)
	}
	if got := Seconds(1_700_000_000).Time().Unix(); got != 1_700_000_000 {
		t.Errorf("back and forth = %d", got)
	}
	if got, want := Seconds(math.MaxUint32).Time().Format(time.DateOnly), "2106-02-07"; got != want {
		t.Errorf("the range ends %s, the documentation says %s", got, want)
	}
}

func TestSpan(t *testing.T) {
	t.Parallel()
	for in, want := range map[time.Duration]Seconds{
		-time.Hour: 1, 0: 1, time.Millisecond: 1, time.Second: 1,
		1001 * time.Millisecond: 2, 10 * time.Minute: 600,
		math.MaxInt64: math.MaxUint32,
	} {
		if got := Span(in); got != want {
			t.Errorf("Span(%s) = %d, want %d", in, got, want)
		}
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	fixed := Clock(func() time.Time { return time.Unix(77, 0) })
	if got := fixed.Now(); got != 77 {
		t.Errorf("fixed clock = %d, want 77", got)
	}
	var none Clock
	if got, now := none.Now(), ToSeconds(time.Now()); now-got > 5 {
		t.Errorf("the nil clock says %d at %d", got, now)
	}
}
