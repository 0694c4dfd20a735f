package limittest

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ulule/limiter/v3"
)

// faulty is a plain exact store (it keeps the time of every hit) that can be
// told to do one thing wrong, to show that the suite notices.
type faulty struct {
	fault string
	clock func() time.Time
	cap   int

	mu      sync.Mutex
	hits    map[string][]time.Time
	refused map[string]bool
}

func (f *faulty) Get(ctx context.Context, key string, rate limiter.Rate) (limiter.Context, error) {
	return f.Increment(ctx, key, 1, rate)
}

func (f *faulty) Increment(ctx context.Context, key string, n int64, rate limiter.Rate) (limiter.Context, error) {
	if err := f.begin(ctx); err != nil {
		return limiter.Context{}, err
	}
	defer f.mu.Unlock()
	key = f.key(key)
	free := rate.Limit - f.count(key, rate)
	if f.fault == "one too many" {
		free++
	}
	if f.fault == "increments count one" {
		n = min(n, 1)
	}
	if f.fault == "not atomic" {
		f.mu.Unlock()
		runtime.Gosched()
		f.mu.Lock()
	}
	take := min(n, max(free, 0))
	if f.fault == "refusals count" {
		take = n
	}
	for range min(take, rate.Limit+1) {
		f.hits[key] = append(f.hits[key], f.clock())
	}
	f.refused[key] = n > free
	return f.state(key, rate), nil
}

func (f *faulty) Peek(ctx context.Context, key string, rate limiter.Rate) (limiter.Context, error) {
	if err := f.begin(ctx); err != nil {
		return limiter.Context{}, err
	}
	defer f.mu.Unlock()
	key = f.key(key)
	if f.fault == "peek counts" {
		f.hits[key] = append(f.hits[key], f.clock())
	}
	return f.state(key, rate), nil
}

func (f *faulty) Reset(ctx context.Context, key string, rate limiter.Rate) (limiter.Context, error) {
	if err := f.begin(ctx); err != nil {
		return limiter.Context{}, err
	}
	defer f.mu.Unlock()
	key = f.key(key)
	switch f.fault {
	case "reset does nothing":
	case "reset forgets everybody":
		clear(f.hits)
		clear(f.refused)
	default:
		delete(f.hits, key)
		delete(f.refused, key)
	}
	return f.state(key, rate), nil
}

// begin leaves the lock held unless it fails.
func (f *faulty) begin(ctx context.Context) error {
	if f.fault != "ignores the context" && ctx.Err() != nil {
		return ctx.Err()
	}
	f.mu.Lock()
	return nil
}

func (f *faulty) key(key string) string {
	if f.fault == "cuts keys" {
		return key[:min(len(key), 1000)]
	}
	if _, known := f.hits[key]; !known && f.cap > 0 && len(f.hits) >= f.cap && f.fault != "no bound" {
		f.evict()
	}
	return key
}

func (f *faulty) evict() {
	for key := range f.hits {
		if !f.refused[key] || f.fault == "a flood frees the guilty" {
			delete(f.hits, key)
			delete(f.refused, key)
			return
		}
	}
}

// count drops what has left the window and counts the rest.
func (f *faulty) count(key string, rate limiter.Rate) int64 {
	hits, now := f.hits[key], f.clock()
	switch {
	case len(hits) == 0:
	case f.fault == "never forgets":
	case f.fault == "fixed window":
		if now.Sub(hits[0]) >= rate.Period {
			hits = nil
		}
	default:
		for len(hits) > 0 && now.Sub(hits[0]) >= rate.Period {
			hits = hits[1:]
		}
	}
	f.hits[key] = hits
	return int64(len(hits))
}

func (f *faulty) state(key string, rate limiter.Rate) limiter.Context {
	free := max(rate.Limit-f.count(key, rate), 0)
	reset := f.clock()
	if hits := f.hits[key]; free == 0 && f.fault != "reset time too early" {
		reset = hits[max(int64(len(hits))-rate.Limit, 0)].Add(rate.Period + time.Second - 1)
	}
	if hits := f.hits[key]; f.fault == "fixed window" && len(hits) > 0 {
		reset = hits[0].Add(rate.Period) // rounded down, as the limiter's stores do
	}
	if f.fault == "reset time far off" {
		reset = reset.Add(time.Hour)
	}
	remaining := free
	if f.fault == "tells the limit as remaining" {
		remaining = rate.Limit
	}
	return limiter.Context{
		Limit: rate.Limit, Remaining: remaining, Reset: reset.Unix(),
		Reached: f.refused[key] && free == 0,
	}
}

// failures collects what a check complains about instead of failing the test.
type failures struct {
	testing.TB
	mu sync.Mutex
	n  int
}

func (f *failures) Helper() {}

func (f *failures) Errorf(string, ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n++
}

func (f *failures) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	runtime.Goexit()
}

// complaints runs all checks and returns the names of those that complain.
func complaints(t *testing.T, fault string, opts Options) (names []string) {
	t.Helper()
	opts = opts.withDefaults(t)
	for _, c := range checks(opts) {
		clk, rec := newClock(false), &failures{TB: t}
		store := &faulty{
			fault: fault, clock: clk.now, cap: opts.Cap,
			hits: map[string][]time.Time{}, refused: map[string]bool{},
		}
		done := make(chan struct{})
		go func() { // Fatalf ends the goroutine it is called in
			defer close(done)
			c.run(newHarness(rec, store, clk, opts))
		}()
		<-done
		if rec.n > 0 {
			names = append(names, c.name)
		}
	}
	return names
}

func keysOf(s limiter.Store) int {
	f := s.(*faulty)
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.hits)
}

func TestTheSuiteNoticesFaults(t *testing.T) {
	t.Parallel()
	bounded := Options{Cap: 200, Len: keysOf}
	tests := []struct {
		fault string
		opts  Options
		want  string // a check that must complain; "" for none at all
	}{
		{"", Options{}, ""},
		{"", bounded, ""},
		{"fixed window", Options{FixedWindow: true}, ""},
		{"ignores the context", Options{IgnoresContext: true}, ""},

		{"one too many", Options{}, "lets as many through as the limit says and tells what remains"},
		{"tells the limit as remaining", Options{}, "lets as many through as the limit says and tells what remains"},
		{"peek counts", Options{}, "peek does not count"},
		{"reset does nothing", Options{}, "reset forgets the key and no other"},
		{"reset forgets everybody", Options{}, "reset forgets the key and no other"},
		{"increments count one", Options{}, "increment counts several at once"},
		{"cuts keys", Options{}, "keys of any length and bytes are independent"},
		{"not atomic", Options{}, "concurrent counts are exact"},
		{"never forgets", Options{}, "a quiet key has its whole limit again"},
		{"reset time too early", Options{}, "the reset time is when the next one is let through"},
		{"reset time far off", Options{}, "lets as many through as the limit says and tells what remains"},
		{"refusals count", Options{}, "hammering gets the rate and no lasting penalty"},
		{"fixed window", Options{}, "no second burst at the boundary"},
		{"fixed window", Options{}, "no interval lets through more than its share"},
		{"", Options{FixedWindow: true}, "the burst of twice the limit of a fixed window"},
		{"ignores the context", Options{}, "a context that is over is an error and counts nothing"},
		{"", Options{IgnoresContext: true}, "a context that is over is ignored"},
		{"no bound", bounded, "a flood of keys stays under the cap and frees nobody"},
		{"a flood frees the guilty", bounded, "a flood of keys stays under the cap and frees nobody"},
	}
	for _, tt := range tests {
		name := tt.fault + " → " + tt.want
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := complaints(t, tt.fault, tt.opts)
			if tt.want == "" {
				if len(got) > 0 {
					t.Errorf("a store without that fault is blamed: %q", got)
				}
				return
			}
			if !slices.Contains(got, tt.want) {
				t.Errorf("complaints %q, want %q among them", got, tt.want)
			}
		})
	}
}
