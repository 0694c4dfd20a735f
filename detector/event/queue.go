package event

import (
	"runtime"
	"sync/atomic"

	"github.com/doorward/doorward/config"
)

// Class says how dear an event is when there is no room for all.
type Class uint8

// The classes, dearest first.
const (
	// Reserved: successes, challenges, detections, sanctions, operator actions
	// and health notices. They may use the whole queue.
	Reserved Class = iota
	// Normal: failures and every other outcome of an attempt that reached the
	// app, and declared events. They may use three quarters.
	Normal
	// Cheap: attempts that were refused. They may use half; beyond it they are
	// counted per source.
	Cheap

	classes = 3
)

// String returns a word for metrics.
func (c Class) String() string {
	switch c {
	case Reserved:
		return "reserved"
	case Normal:
		return "normal"
	default:
		return "cheap"
	}
}

// Class returns how dear e is.
func (e *Event) Class() Class {
	switch {
	case e.Type == TypeCustom:
		return Normal
	case e.Type != TypeAttempt, e.Outcome == "success", e.Outcome == "challenge":
		return Reserved
	case !config.Answer(e.Verdict).LetsThrough():
		return Cheap
	default:
		return Normal
	}
}

// Capacities a queue may have, in events.
const (
	minCapacity = 8
	maxCapacity = 1 << 20
)

// Queue is a bounded queue of events that never makes its producers wait. Any
// number of goroutines may call Offer; one consumes (a [Worker]).
//
// Of the events offered every one is delivered, counted in an event that is
// delivered, or dropped and counted by [Queue.Dropped].
type Queue struct {
	ch chan *Event
	// places is how many of the channel's places are taken or promised to a
	// producer that is about to send: a promise makes the send immediate.
	places atomic.Int64
	limits [classes]int64
	closed atomic.Bool
	counts table
	lost   *losses
}

// losses counts events that reached nobody.
type losses struct{ dropped [classes]atomic.Uint64 }

// NewQueue returns a queue for at most capacity events; a number outside 8 to
// 1048576 is moved to the nearest of the two. It holds 8 bytes for each place
// and at most 12 KiB for each event, seldom more than one.
func NewQueue(capacity int) *Queue { return newQueue(capacity, new(losses)) }

func newQueue(capacity int, lost *losses) *Queue {
	capacity = min(max(capacity, minCapacity), maxCapacity)
	n := int64(capacity)
	return &Queue{
		ch:     make(chan *Event, capacity),
		limits: [classes]int64{Reserved: n, Normal: n - n/4, Cheap: n / 2},
		counts: newTable(),
		lost:   lost,
	}
}

// Offer queues a copy of e, or counts it when it is a refused attempt and the
// queue is more than half full. It returns false when the event is lost: there
// is no room for its class, or the queue is closed. It never waits, neither for
// the consumer nor for a sink.
//
// The slices of e must not be changed afterwards.
func (q *Queue) Offer(e Event) bool {
	if !q.promise(e.Class()) {
		return q.overflow(&e)
	}
	e.bound()
	kept := new(Event) // not &e, which would allocate for lost events too
	*kept = e
	q.ch <- kept
	return true
}

// share queues e itself, which is bounded already and belongs to several
// queues.
func (q *Queue) share(e *Event) bool {
	if !q.promise(e.Class()) {
		return q.overflow(e)
	}
	q.ch <- e
	return true
}

// promise takes a place for an event of class c. It looks whether the queue is
// closed only after it has taken the place, so that drain sees either the
// place or nothing.
func (q *Queue) promise(c Class) bool {
	for {
		n := q.places.Load()
		if n >= q.limits[c] {
			return false
		}
		if q.places.CompareAndSwap(n, n+1) {
			break
		}
	}
	if q.closed.Load() {
		q.places.Add(-1)
		return false
	}
	return true
}

// overflow must not keep e: it would make every Offer allocate.
func (q *Queue) overflow(e *Event) bool {
	c := e.Class()
	if c == Cheap && q.counts.add(e, &q.closed) {
		return true
	}
	q.lost.dropped[c].Add(e.Total())
	return false
}

// Dropped returns how many events of class c were lost, each counted as often
// as the attempts it stood for.
func (q *Queue) Dropped(c Class) uint64 {
	if c >= classes {
		return 0
	}
	return q.lost.dropped[c].Load()
}

// Counted returns how many refused attempts were counted instead of queued.
func (q *Queue) Counted() uint64 { return q.counts.total.Load() }

// Len returns how many events wait; Cap how many can.
func (q *Queue) Len() int { return len(q.ch) }

// Cap returns how many events can wait.
func (q *Queue) Cap() int { return cap(q.ch) }

// Close makes every later Offer return false: requests may end after the
// configuration that served them. What was accepted can still be consumed.
func (q *Queue) Close() { q.closed.Store(true) }

// taken gives the place of a received event back.
func (q *Queue) taken() { q.places.Add(-1) }

// flush delivers the counts of refused attempts. Consumer only.
func (q *Queue) flush(deliver func(*Event)) { q.counts.flush(deliver) }

// drain delivers all that was accepted before Close. Consumer only.
func (q *Queue) drain(deliver func(*Event)) {
	for q.places.Load() > 0 {
		select {
		case e := <-q.ch:
			q.taken()
			deliver(e)
		default:
			runtime.Gosched() // a producer is between its promise and its send
		}
	}
	q.flush(deliver)
}
