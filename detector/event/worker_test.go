package event

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// recorder is a sink that keeps what it is given. Each field may be left out.
type recorder struct {
	name string
	// stuck: Write does not return before it is closed. With deaf, not even
	// when its context ends.
	stuck chan struct{}
	deaf  bool
	fail  func(*Event) error

	mu     sync.Mutex
	got    []*Event
	closed int
}

func (r *recorder) Name() string { return r.name }

func (r *recorder) Write(ctx context.Context, e *Event) error {
	if r.stuck != nil {
		done := ctx.Done()
		if r.deaf {
			done = nil
		}
		select {
		case <-r.stuck:
		case <-done:
			return ctx.Err()
		}
	}
	if r.fail != nil {
		if err := r.fail(e); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, e)
	return nil
}

func (r *recorder) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed++
	return nil
}

// reasons are the Reasons of what arrived, in order.
func (r *recorder) reasons() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []string
	for _, e := range r.got {
		all = append(all, e.Reason)
	}
	return strings.Join(all, " ")
}

func (r *recorder) total() (n uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.got {
		n += e.Total()
	}
	return n
}

func note(reason string) Event { return Event{Type: TypeHealth, Reason: reason} }

func statsOf(t *testing.T, w *Worker, name string) SinkStats {
	t.Helper()
	all := w.Sinks()
	i := slices.IndexFunc(all, func(s SinkStats) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("no counters of %s in %+v", name, all)
	}
	return all[i]
}

// startWorker returns a running worker. A bubble of synctest fails when a
// goroutine is left, so every test is a test for leaks.
func startWorker(opts Options) (*Queue, *Worker) {
	q := NewQueue(100)
	w := NewWorker(q, opts)
	w.Start()
	w.Start()
	return q, w
}

func closeWorker(t *testing.T, w *Worker) {
	t.Helper()
	if err := w.Close(t.Context()); err != nil {
		t.Errorf("closing: %v", err)
	}
}

func TestEverySinkGetsEveryEventInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, w := startWorker(Options{})
		a, b := &recorder{name: "a"}, &recorder{name: "b"}
		w.Bind(a, b)
		for i := range 50 {
			q.Offer(note(fmt.Sprint(i)))
		}
		synctest.Wait()
		if a.reasons() != b.reasons() || !strings.HasPrefix(a.reasons(), "0 1 2 3 ") || len(a.got) != 50 {
			t.Errorf("got %q and %q", a.reasons(), b.reasons())
		}
		closeWorker(t, w)
		closeWorker(t, w)
		if a.closed != 1 || b.closed != 1 {
			t.Errorf("closed %d and %d times", a.closed, b.closed)
		}
	})
}

func TestAStuckSinkHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, w := startWorker(Options{})
		free, stuck := &recorder{name: "free"}, &recorder{name: "stuck", stuck: make(chan struct{}), deaf: true}
		w.Bind(stuck, free)
		begin := time.Now()
		for range 1000 {
			q.Offer(failure())
			q.Offer(refused("203.0.113.7"))
			synctest.Wait()
		}
		if !q.Offer(success()) {
			t.Error("the takeover was not taken")
		}
		synctest.Wait()
		if n := free.total(); n != 2001 || !time.Now().Equal(begin) {
			t.Errorf("the free sink got %d of 2001 after %v", n, time.Since(begin))
		}
		s := statsOf(t, w, "stuck")
		if s.Waiting != 76 || s.Dropped == 0 {
			t.Errorf("before it comes free: %+v; want 75 places of failures and the takeover's", s)
		}

		close(stuck.stuck)
		time.Sleep(defaultEvery)
		synctest.Wait()
		s = statsOf(t, w, "stuck")
		if n := stuck.total(); n != s.Written || n+s.Dropped != 2001 {
			t.Errorf("it got %d, counters %+v", n, s)
		}
		if !slices.ContainsFunc(stuck.got, func(e *Event) bool { return e.Rule == "takeover" }) {
			t.Error("the takeover was lost behind the stuck sink")
		}
		var counted uint64
		for _, e := range stuck.got {
			counted += e.Count
		}
		if counted < 900 {
			t.Errorf("only %d refused attempts came as counts", counted)
		}
		closeWorker(t, w)
	})
}

func TestErrorsAndPanicsOfASinkAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, w := startWorker(Options{})
		bad := &recorder{name: "bad", fail: func(e *Event) error {
			switch e.Reason {
			case "error":
				return errors.New(strings.Repeat("disk full ", 100))
			case "panic":
				panic("out of cheese")
			}
			return nil
		}}
		good := &recorder{name: "good"}
		w.Bind(bad, good)
		for _, reason := range []string{"panic", "error", "1", "error", "2"} {
			q.Offer(note(reason))
		}
		synctest.Wait()
		if bad.reasons() != "1 2" || good.total() != 5 {
			t.Errorf("got %q and %d", bad.reasons(), good.total())
		}
		s := statsOf(t, w, "bad")
		if s.Panicked != 1 || s.Failed != 2 || s.Written != 2 || s.Dropped != 0 {
			t.Errorf("counters %+v", s)
		}
		if !strings.HasPrefix(s.LastError, "disk full") || len(s.LastError) > maxText || !s.LastTime.Equal(time.Now()) {
			t.Errorf("last error %q at %v", s.LastError, s.LastTime)
		}
		closeWorker(t, w)
	})
}

func TestAWriteIsEndedAfterItsTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, w := startWorker(Options{})
		hung := &recorder{name: "hung", stuck: make(chan struct{})}
		w.Bind(hung)
		q.Offer(note("1"))
		time.Sleep(writeTimeout)
		synctest.Wait()
		if s := statsOf(t, w, "hung"); s.Failed != 1 {
			t.Errorf("counters %+v", s)
		}
		closeWorker(t, w)
	})
}

func TestCountsOfRefusedAttemptsArriveWithinTheInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := NewQueue(8)
		for range 20 {
			q.Offer(refused("203.0.113.7")) // nobody consumes yet: 4 wait, 16 are counted
		}
		w := NewWorker(q, Options{Every: time.Second})
		sink := &recorder{name: "a"}
		w.Bind(sink)
		w.Start()
		synctest.Wait()
		if sink.total() != 4 {
			t.Errorf("%d before the interval, want 4", sink.total())
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if sink.total() != 20 || len(sink.got) != 5 {
			t.Errorf("%d attempts in %d events, want 20 in 5", sink.total(), len(sink.got))
		}
		closeWorker(t, w)
	})
}

func TestCloseDeliversWhatWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := NewQueue(100)
		w := NewWorker(q, Options{}) // never started
		sink := &recorder{name: "a"}
		w.Bind(sink)
		for range 80 {
			q.Offer(refused("203.0.113.7"))
		}
		closeWorker(t, w)
		if sink.total() != 80 || sink.closed != 1 {
			t.Errorf("%d of 80 delivered, closed %d times", sink.total(), sink.closed)
		}
		if q.Offer(success()) {
			t.Error("an event was taken after Close")
		}
		late := &recorder{name: "late"}
		w.Unbind(w.Bind(late))
		if late.closed != 0 || len(w.Sinks()) != 1 {
			t.Error("a closed worker started a sink")
		}
	})
}

func TestCloseIsBounded(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		deaf     bool
		timeout  time.Duration
		within   time.Duration
		complain bool
	}{
		{"a sink that heeds its context", false, time.Second, time.Second, false},
		{"a sink that does not", true, time.Second, time.Second + leaveTimeout, true},
		{"a caller that would wait for ever", true, time.Hour, closeTimeout + leaveTimeout, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q, w := startWorker(Options{})
				stuck := make(chan struct{})
				a, b := &recorder{name: "a", stuck: stuck, deaf: tt.deaf}, &recorder{name: "b", stuck: stuck, deaf: tt.deaf}
				free := &recorder{name: "free"}
				w.Bind(a, b, free)
				for range 3 {
					q.Offer(note("x"))
				}
				synctest.Wait()
				ctx, cancel := context.WithTimeout(t.Context(), tt.timeout)
				defer cancel()
				begin := time.Now()
				err := w.Close(ctx)
				if took := time.Since(begin); took != tt.within {
					t.Errorf("took %v, want %v", took, tt.within)
				}
				for _, name := range []string{"sink a", "sink b"} {
					if complained := err != nil && strings.Contains(err.Error(), name); complained != tt.complain {
						t.Errorf("error %v", err)
					}
				}
				if err != nil && strings.Contains(err.Error(), "free") {
					t.Errorf("a sink that has returned is blamed: %v", err)
				}
				close(stuck)
				synctest.Wait()
				if s := statsOf(t, w, "a"); s.Written+s.Failed+s.Dropped != 3 {
					t.Errorf("3 events, counters %+v", s)
				}
			})
		})
	}
}

func TestTickIsCalledAndCannotDoHarm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var times []time.Time
		release := make(chan struct{})
		q, w := startWorker(Options{Every: time.Second, Tick: func(ctx context.Context) {
			times = append(times, time.Now())
			switch len(times) {
			case 1:
				panic("first")
			case 3:
				<-release
			}
		}})
		sink := &recorder{name: "a"}
		w.Bind(sink)
		time.Sleep(10 * time.Second) // hangs from the third on
		q.Offer(note("x"))
		synctest.Wait()
		if len(times) != 3 || w.TickPanics() != 1 || sink.total() != 1 {
			t.Errorf("%d calls, %d panics, %d events", len(times), w.TickPanics(), sink.total())
		}
		if err := w.Close(t.Context()); err == nil || !strings.Contains(err.Error(), "periodic") {
			t.Errorf("closing: %v", err)
		}
		close(release)
	})
}

func TestEventsWithoutASinkAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, w := startWorker(Options{})
		q.Offer(note("x"))
		synctest.Wait()
		if w.Unsent() != 1 {
			t.Errorf("%d unsent", w.Unsent())
		}
		closeWorker(t, w)
	})
}

func BenchmarkWorkerToOneSink(b *testing.B) {
	q := NewQueue(8192)
	w := NewWorker(q, Options{})
	w.Bind(&discard{})
	w.Start()
	e := fullEvent()
	b.ReportAllocs()
	for b.Loop() {
		q.Offer(e)
	}
	b.StopTimer()
	_ = w.Close(context.Background())
}

type discard struct{}

func (discard) Name() string                        { return "discard" }
func (discard) Write(context.Context, *Event) error { return nil }
