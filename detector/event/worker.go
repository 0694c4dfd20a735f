package event

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Options of a [Worker]. Zero fields are defaults.
type Options struct {
	// Every is how often Tick is called and counts of refused attempts are
	// delivered. Default 2s.
	Every time.Duration

	// SinkQueue is how many events may wait for one sink. Default: as many as
	// the queue holds, so that a burst the queue takes is not lost behind it.
	// The events themselves are shared by all sinks.
	SinkQueue int

	// Tick is called every Every, never twice at once, from a goroutine of its
	// own: if it hangs, events go on. Its context ends when the worker closes.
	// Default: nothing.
	Tick func(context.Context)
}

// Bounds of waiting.
const (
	defaultEvery = 2 * time.Second
	// closeTimeout bounds Close whatever its context says: Caddy holds a lock
	// over reloads meanwhile.
	closeTimeout = 5 * time.Second
	// leaveTimeout is how long Close waits for sinks after their contexts were
	// ended.
	leaveTimeout = 250 * time.Millisecond
)

// Worker consumes a queue and hands every event to the sinks of the newest
// binding. It decides nothing and waits for no sink. All methods are safe for
// concurrent use.
type Worker struct {
	queue      *Queue
	opts       Options
	start      sync.Once
	ctx        context.Context // of Tick
	cancel     context.CancelFunc
	stop       chan struct{} // closed: drain the queue and end
	done       chan struct{} // closed: queue drained
	tickDone   chan struct{}
	tickPanics atomic.Uint64

	mu       sync.Mutex
	bindings []*Binding // oldest first; events go to the last
	// leaving are lanes that get no more events and may still be writing.
	leaving []*lane
	tallies map[string]*tally
	unsent  uint64
	closed  bool
}

// NewWorker returns the consumer of q. Nothing runs before Start.
func NewWorker(q *Queue, opts Options) *Worker {
	if opts.Every <= 0 {
		opts.Every = defaultEvery
	}
	if opts.SinkQueue <= 0 {
		opts.SinkQueue = q.Cap()
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Worker{
		queue: q, opts: opts, ctx: ctx, cancel: cancel,
		stop: make(chan struct{}), done: make(chan struct{}), tickDone: make(chan struct{}),
		tallies: make(map[string]*tally),
	}
}

// Start begins consuming. Later calls do nothing.
func (w *Worker) Start() {
	w.start.Do(func() {
		go w.run()
		go w.tick()
	})
}

func (w *Worker) run() {
	defer close(w.done)
	flush := time.NewTicker(w.opts.Every)
	defer flush.Stop()
	for {
		select {
		case e := <-w.queue.ch:
			w.queue.taken()
			w.deliver(e)
		case <-flush.C:
			w.queue.flush(w.deliver)
		case <-w.stop:
			w.queue.drain(w.deliver)
			return
		}
	}
}

// deliver holds mu while e is queued for the sinks, so that no lane ends
// between being chosen and being given an event. No sink runs under mu.
func (w *Worker) deliver(e *Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.bindings) == 0 {
		w.unsent += e.Total()
		return
	}
	for _, l := range w.bindings[len(w.bindings)-1].lanes {
		l.queue.share(e)
	}
}

func (w *Worker) tick() {
	defer close(w.tickDone)
	if w.opts.Tick == nil {
		return
	}
	ticker := time.NewTicker(w.opts.Every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			w.tickOnce()
		case <-w.ctx.Done():
			return
		}
	}
}

func (w *Worker) tickOnce() {
	defer func() {
		if recover() != nil {
			w.tickPanics.Add(1)
		}
	}()
	w.opts.Tick(w.ctx)
}

// TickPanics returns how often Tick has panicked.
func (w *Worker) TickPanics() uint64 { return w.tickPanics.Load() }

// Close makes the queue refuse further events, delivers what waits, closes the
// sinks and ends. It returns when all that is done or, at the latest, a quarter
// second after ctx has ended or five seconds have passed; the error then names
// the sinks that still have not returned. Events that could not be delivered
// are counted as dropped. Further calls wait for the same end.
func (w *Worker) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	w.Start() // also a worker that never ran has a queue to drain
	w.queue.Close()
	w.cancel()
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.stop)
	}
	w.mu.Unlock()
	<-w.done // waits for no sink

	err := waitFor(ctx, w.leaveAll())
	select {
	case <-w.tickDone:
	case <-ctx.Done():
		err = errors.Join(err, errors.New("closing worker: the periodic work has not returned"))
	}
	return err
}

// waitFor waits until all lanes have ended. Once ctx is over their sinks are
// told to give up, and leaveTimeout later they are given up.
func waitFor(ctx context.Context, lanes []*lane) error {
	last := make(chan struct{})
	unhook := context.AfterFunc(ctx, func() {
		for _, l := range lanes {
			l.abandon()
		}
		time.AfterFunc(leaveTimeout, func() { close(last) })
	})
	defer unhook()
	var errs []error
	for _, l := range lanes {
		select {
		case <-l.done:
			continue
		case <-last:
		}
		select {
		case <-l.done: // both are true: the sink is not to blame for others
		default:
			errs = append(errs, fmt.Errorf("closing sink %s: it has not returned", l.tally.name))
		}
	}
	return errors.Join(errs...)
}
