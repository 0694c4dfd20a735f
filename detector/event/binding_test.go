package event

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheNewestLiveBindingGetsTheEvents(t *testing.T) {
	t.Parallel()
	const A, B, C = 0, 1, 2
	tests := []struct {
		name string
		do   func(w *Worker, bind func(int), unbind func(int))
		want int
	}{
		{"a reload", func(_ *Worker, bind, unbind func(int)) { bind(A); bind(B); unbind(A) }, B},
		{"before the old configuration stops", func(_ *Worker, bind, _ func(int)) { bind(A); bind(B) }, B},
		{"a reload that failed", func(_ *Worker, bind, unbind func(int)) { bind(A); bind(B); unbind(B) }, A},
		{"failed twice", func(_ *Worker, bind, unbind func(int)) { bind(A); bind(B); bind(C); unbind(B); unbind(C) }, A},
		{"requests that end after Stop", func(_ *Worker, bind, unbind func(int)) { bind(A); unbind(A) }, A},
		{"both stopped, newest first", func(_ *Worker, bind, unbind func(int)) { bind(A); bind(B); unbind(B); unbind(A) }, A},
		{"stopped, started again", func(_ *Worker, bind, unbind func(int)) { bind(A); unbind(A); bind(B) }, B},
		{"unbound twice", func(_ *Worker, bind, unbind func(int)) { bind(A); bind(B); unbind(A); unbind(A) }, B},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q, w := startWorker(Options{})
				sinks := []*recorder{{name: "a"}, {name: "b"}, {name: "c"}}
				bindings := make([]*Binding, len(sinks))
				bound := make(map[int]bool)
				tt.do(w, func(i int) { bindings[i], bound[i] = w.Bind(sinks[i]), true }, func(i int) { w.Unbind(bindings[i]) })
				q.Offer(note("x"))
				synctest.Wait()
				for i, s := range sinks {
					if got := s.total() == 1; got != (i == tt.want) {
						t.Errorf("sink %s got the event: %v", s.name, got)
					}
				}
				closeWorker(t, w)
				for i, s := range sinks {
					if bound[i] && s.closed != 1 {
						t.Errorf("sink %s was closed %d times", s.name, s.closed)
					}
				}
			})
		})
	}
}

func TestUnboundSinksDeliverWhatWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, w := startWorker(Options{})
		slow := &recorder{name: "slow", stuck: make(chan struct{})}
		old := w.Bind(slow)
		q.Offer(note("1"))
		q.Offer(note("2"))
		synctest.Wait()
		w.Bind()
		w.Unbind(old)
		time.Sleep(unbindGrace / 2)
		if slow.closed != 0 {
			t.Error("closed while events wait")
		}
		close(slow.stuck)
		synctest.Wait()
		if slow.reasons() != "1 2" || slow.closed != 1 {
			t.Errorf("got %q, closed %d times", slow.reasons(), slow.closed)
		}
		closeWorker(t, w)
	})
}

func TestTheLastBindingStaysUntilThereIsAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, w := startWorker(Options{})
		sink := &recorder{name: "a"}
		w.Unbind(w.Bind(sink))
		time.Sleep(time.Hour)
		if sink.closed != 0 {
			t.Error("closed though it is the last")
		}
		w.Bind()
		synctest.Wait()
		if sink.closed != 1 {
			t.Errorf("closed %d times after its successor was bound", sink.closed)
		}
		closeWorker(t, w)
	})
}

func TestUnboundSinksThatHangAreGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, w := startWorker(Options{})
		hung := &recorder{name: "hung", stuck: make(chan struct{})}
		old := w.Bind(hung)
		q.Offer(note("1"))
		q.Offer(note("2"))
		synctest.Wait()
		w.Bind()
		w.Unbind(old)
		time.Sleep(unbindGrace)
		synctest.Wait()
		if s := statsOf(t, w, "hung"); hung.closed != 1 || s.Failed != 1 || s.Dropped != 1 {
			t.Errorf("closed %d times, counters %+v", hung.closed, s)
		}
		closeWorker(t, w)
	})
}

func TestCountersOutliveBindingsAndAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, w := startWorker(Options{})
		for i := range 3 {
			old := w.Bind(&recorder{name: "file"})
			q.Offer(note(fmt.Sprint(i)))
			synctest.Wait()
			w.Unbind(old)
		}
		if s := statsOf(t, w, "file"); s.Written != 3 {
			t.Errorf("counters %+v", s)
		}
		for i := range 2 * maxTallies {
			w.Unbind(w.Bind(&recorder{name: fmt.Sprint("sink", i)}))
		}
		q.Offer(note("x"))
		synctest.Wait()
		if n, s := len(w.Sinks()), statsOf(t, w, otherSinks); n != maxTallies+1 || s.Written != 1 {
			t.Errorf("%d names, others %+v", n, s)
		}
		closeWorker(t, w)
		if len(w.leaving) > 2*maxTallies {
			t.Errorf("%d ended sinks are remembered", len(w.leaving))
		}
	})
}
