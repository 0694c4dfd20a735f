package evidence

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ulule/limiter/v3"

	"github.com/doorward/doorward/detector/store/limittest"
)

var _ limiter.Store = (*LimitStore)(nil)

func openStore(t testing.TB, max int, clock Clock) *LimitStore {
	t.Helper()
	s, err := NewLimitStore(max, testHasher, clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestLimitStoreConforms(t *testing.T) {
	t.Parallel()
	const keys = 1000
	opts := limittest.Options{
		Cap: keys,
		Len: func(s limiter.Store) int { return s.(*LimitStore).Stats().Len },
	}
	open := func(t *testing.T, clock func() time.Time) limiter.Store { return openStore(t, keys, clock) }
	t.Run("given clock", func(t *testing.T) { t.Parallel(); limittest.Run(t, open, opts) })
	t.Run("a period that is no whole number of seconds", func(t *testing.T) {
		t.Parallel()
		opts := opts
		opts.Period = 1537 * time.Millisecond
		limittest.Run(t, open, opts)
	})
	t.Run("31 days", func(t *testing.T) {
		t.Parallel()
		opts := opts
		opts.Period = 31 * 24 * time.Hour
		limittest.Run(t, open, opts)
	})
	t.Run("real time", func(t *testing.T) {
		t.Parallel()
		opts := opts
		opts.RealTime = true
		limittest.Run(t, open, opts)
	})
}

// stepClock is a time that tests move.
type stepClock struct{ t time.Time }

func (c *stepClock) now() time.Time { return c.t }

func get(t *testing.T, s *LimitStore, rate limiter.Rate) limiter.Context {
	t.Helper()
	c, err := s.Get(context.Background(), "k", rate)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A limit of one in ten minutes means one every ten minutes.
func TestAWholePeriodOfQuietGivesEverythingBack(t *testing.T) {
	t.Parallel()
	clock := &stepClock{time.Unix(1_700_000_000, 0)}
	s := openStore(t, 10, clock.now)
	for _, n := range []int64{1, 5} {
		rate := limiter.Rate{Limit: n, Period: 10 * time.Minute}
		for range 5 {
			for i := range n {
				if get(t, s, rate).Reached {
					t.Fatalf("limit %d: refused at %d", n, i)
				}
			}
			c := get(t, s, rate)
			if wait := c.Reset - clock.t.Unix(); !c.Reached || wait != 600 {
				t.Fatalf("limit %d: %+v, reset in %d s, want 600", n, c, wait)
			}
			clock.t = clock.t.Add(10*time.Minute - time.Millisecond)
			if !get(t, s, rate).Reached {
				t.Fatalf("limit %d: let through a millisecond early", n)
			}
			clock.t = clock.t.Add(time.Millisecond)
		}
		clock.t = clock.t.Add(time.Hour)
	}
}

func TestLimitStoreResetTimes(t *testing.T) {
	t.Parallel()
	rate := limiter.Rate{Limit: 4, Period: 100 * time.Second}
	clock := &stepClock{time.Unix(1_700_000_000, 250e6)}
	s := openStore(t, 10, clock.now)
	if c := get(t, s, rate); c.Reset != 1_700_000_000 {
		t.Errorf("something remains: reset %d, want now", c.Reset)
	}
	clock.t = clock.t.Add(90 * time.Second)
	for range 3 {
		get(t, s, rate)
	}
	// Four from the bucket that ends at 100.25 s; one of them fades in 25 s.
	if c := get(t, s, rate); c.Reset != 1_700_000_126 || !c.Reached {
		t.Errorf("%+v, want a reset at …126", c)
	}
	clock.t = time.Unix(1_700_000_125, 249e6)
	if !get(t, s, rate).Reached {
		t.Error("let through early")
	}
	clock.t = time.Unix(1_700_000_125, 250e6)
	if get(t, s, rate).Reached {
		t.Error("refused when one has faded")
	}
}

func TestLimitStoreWithAChangedRate(t *testing.T) {
	t.Parallel()
	clock := &stepClock{time.Unix(1_700_000_000, 0)}
	s := openStore(t, 10, clock.now)
	for range 5 {
		get(t, s, limiter.Rate{Limit: 5, Period: time.Minute})
	}
	if c := get(t, s, limiter.Rate{Limit: 8, Period: time.Minute}); c.Reached || c.Remaining != 2 {
		t.Errorf("raised: %+v, want 2 of 8 remaining", c)
	}
	if c := get(t, s, limiter.Rate{Limit: 3, Period: time.Minute}); !c.Reached || c.Remaining != 0 {
		t.Errorf("lowered: %+v, want it reached", c)
	}
	clock.t = clock.t.Add(30 * time.Second)
	if c := get(t, s, limiter.Rate{Limit: 3, Period: 10 * time.Second}); c.Reached {
		t.Errorf("a shorter period: %+v, want it to be over", c)
	}
}

func TestLimitStoreWithAClockThatGoesBack(t *testing.T) {
	t.Parallel()
	rate := limiter.Rate{Limit: 3, Period: time.Minute}
	clock := &stepClock{time.Unix(1_700_000_000, 0)}
	s := openStore(t, 10, clock.now)
	for range 3 {
		get(t, s, rate)
	}
	clock.t = clock.t.Add(-10 * time.Second)
	if !get(t, s, rate).Reached {
		t.Error("a clock that goes back a little opens the limit")
	}
	// A clock that was a year ahead must not close a key for a year.
	clock.t = clock.t.Add(-365 * 24 * time.Hour)
	for i := range 4 {
		if c := get(t, s, rate); c.Reached != (i == 3) {
			t.Errorf("hit %d after the clock was set right: %+v", i, c)
		}
	}
	for _, at := range []time.Time{{}, time.Unix(-5, 0), time.Unix(0, 0), time.Date(2500, 1, 1, 0, 0, 0, 0, time.UTC)} {
		clock.t = at
		_, _ = s.Reset(context.Background(), "k", rate)
		for i := range 4 {
			if c := get(t, s, rate); c.Reached != (i == 3) {
				t.Errorf("%s, hit %d: %+v", at, i, c)
			}
		}
	}
}

func TestLimitStoreRefusesImpossibleCalls(t *testing.T) {
	t.Parallel()
	ctx, s := context.Background(), openStore(t, 10, nil)
	minute := limiter.Rate{Limit: 5, Period: time.Minute}
	_, negative := s.Increment(ctx, "k", -1, minute)
	_, none := s.Get(ctx, "k", limiter.Rate{Period: time.Minute})
	_, huge := s.Peek(ctx, "k", limiter.Rate{Limit: 1 << 32, Period: time.Minute})
	_, short := s.Reset(ctx, "k", limiter.Rate{Limit: 1, Period: 999 * time.Millisecond})
	_, long := s.Get(ctx, "k", limiter.Rate{Limit: 1, Period: MaxLimitPeriod + 1})
	_, room := NewLimitStore(0, testHasher, nil)
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"a negative count": {negative, "positive"},
		"a limit of zero":  {none, "limit of 0"},
		"a huge limit":     {huge, "4294967296"},
		"a short period":   {short, "999ms"},
		"a long period":    {long, "give a period"},
		"no room":          {room, "making a limit store"},
	} {
		if tt.err == nil || !strings.Contains(tt.err.Error(), tt.want) {
			t.Errorf("%s: error %v, want it to say %q", name, tt.err, tt.want)
		}
	}
	if c, err := s.Increment(ctx, "k", 0, minute); err != nil || c.Remaining != 5 || s.Stats().Len != 0 {
		t.Errorf("counting zero: %+v, %v, %d keys", c, err, s.Stats().Len)
	}
	largest := limiter.Rate{Limit: 1<<32 - 1, Period: MaxLimitPeriod}
	if c, err := s.Increment(ctx, "k", 1<<62, largest); err != nil || !c.Reached {
		t.Errorf("the largest numbers there are: %+v, %v", c, err)
	}
}

func TestLimitStoreClosed(t *testing.T) {
	t.Parallel()
	ctx, s, rate := context.Background(), openStore(t, 10, nil), limiter.Rate{Limit: 5, Period: time.Minute}
	get(t, s, rate)
	if got := s.Stats(); got.Len != 1 || got.Cap != 10 || got.Bytes == 0 {
		t.Errorf("stats %+v", got)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	_, a := s.Get(ctx, "k", rate)
	_, b := s.Peek(ctx, "k", rate)
	_, c := s.Reset(ctx, "k", rate)
	for _, err := range []error{a, b, c} {
		if !errors.Is(err, ErrStoreClosed) {
			t.Errorf("after Close: %v", err)
		}
	}
	if s.Stats() != (LimitStats{}) {
		t.Errorf("stats after Close: %+v", s.Stats())
	}
}

func TestLimitStoreAllocatesNothing(t *testing.T) {
	ctx, s, rate := context.Background(), openStore(t, 10, nil), limiter.Rate{Limit: 5, Period: time.Minute}
	key := strings.Repeat("k", 300)
	got := testing.AllocsPerRun(100, func() {
		_, _ = s.Get(ctx, key, rate)
		_, _ = s.Peek(ctx, key, rate)
		_, _ = s.Reset(ctx, key, rate)
		_, _ = s.Increment(ctx, key, 9, rate)
	})
	if got > 0 {
		t.Errorf("%v allocations, want none", got)
	}
}

// FuzzLimitStore: any key and any number, nothing panics and the answer is
// sane.
func FuzzLimitStore(f *testing.F) {
	f.Add("a", int64(1), int64(5), int64(60_000))
	f.Add("\x00\xff", int64(-1), int64(0), int64(0))
	f.Add(strings.Repeat("k", 10_000), int64(1)<<62, int64(1)<<32-1, int64(1)<<32-1)
	f.Fuzz(func(t *testing.T, key string, n, limit, millis int64) {
		ctx, clock := context.Background(), &stepClock{time.Unix(1_700_000_000, 999e6)}
		s := openStore(t, 100, clock.now)
		rate := limiter.Rate{Limit: limit, Period: time.Duration(millis%(1<<33)) * time.Millisecond}
		for range 4 {
			c, err := s.Increment(ctx, key, n, rate)
			if err != nil {
				return
			}
			wait := time.Duration(c.Reset-clock.t.Unix()) * time.Second
			if c.Remaining < 0 || c.Remaining > limit || c.Reached && c.Remaining > 0 || wait < 0 || wait > 2*rate.Period+time.Second {
				t.Fatalf("%+v, reset in %s", c, wait)
			}
			if n > limit && !c.Reached {
				t.Fatalf("%d let through at a limit of %d", n, limit)
			}
			clock.t = clock.t.Add(rate.Period / 3)
		}
	})
}

// With a limit of one every key of a flood has used all of its limit. Who was
// refused on top of that still stays.
func TestAFloodAtALimitOfOneFreesNobody(t *testing.T) {
	t.Parallel()
	ctx, rate := context.Background(), limiter.Rate{Limit: 1, Period: time.Hour}
	clock := &stepClock{time.Unix(1_700_000_000, 0)}
	s := openStore(t, 500, clock.now)
	for range 2 {
		get(t, s, rate)
	}
	for i := range 10_000 {
		clock.t = clock.t.Add(time.Millisecond)
		if _, err := s.Get(ctx, "flood"+strconv.Itoa(i), rate); err != nil {
			t.Fatal(err)
		}
	}
	if !get(t, s, rate).Reached {
		t.Error("the flood freed a key that had been refused")
	}
}
