package event

import (
	"context"
	"fmt"
	"io"
	"time"
)

// writeTimeout is how long the context of one Write lasts.
const writeTimeout = 10 * time.Second

// lane is a sink with its own queue and goroutine, so that what it does to
// itself it does to nobody else.
type lane struct {
	sink  Sink
	tally *tally
	queue *Queue

	// ctx ends when waiting for the sink is over: what still waits is dropped.
	ctx     context.Context
	abandon context.CancelFunc
	stop    chan struct{} // closed: deliver what waits, then end
	done    chan struct{} // closed: ended
}

func startLane(s Sink, t *tally, capacity int, every time.Duration) *lane {
	ctx, abandon := context.WithCancel(context.Background())
	l := &lane{
		sink: s, tally: t, queue: newQueue(capacity, &t.lost),
		ctx: ctx, abandon: abandon,
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	go l.run(every)
	return l
}

func (l *lane) run(every time.Duration) {
	defer close(l.done)
	defer l.abandon()
	defer l.closeSink()
	flush := time.NewTicker(every)
	defer flush.Stop()
	for {
		select {
		case e := <-l.queue.ch:
			l.queue.taken()
			l.write(e)
		case <-flush.C:
			l.queue.flush(l.write)
		case <-l.stop:
			l.queue.drain(l.write)
			return
		}
	}
}

// finish makes the lane deliver what waits and end, within grace if its sink
// heeds its context. The caller makes sure that it is called once.
func (l *lane) finish(grace time.Duration) {
	l.queue.Close()
	close(l.stop)
	timer := time.AfterFunc(grace, l.abandon)
	context.AfterFunc(l.ctx, func() { timer.Stop() })
}

func (l *lane) write(e *Event) {
	if l.ctx.Err() != nil {
		l.tally.lost.dropped[e.Class()].Add(e.Total())
		return
	}
	ctx, cancel := context.WithTimeout(l.ctx, writeTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			l.tally.panicked.Add(e.Total())
			l.tally.note(fmt.Sprintf("panic: %v", p))
		}
	}()
	if err := l.sink.Write(ctx, e); err != nil {
		l.tally.failed.Add(e.Total())
		l.tally.note(err.Error())
		return
	}
	l.tally.written.Add(e.Total())
}

func (l *lane) closeSink() {
	c, ok := l.sink.(io.Closer)
	if !ok {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			l.tally.note(fmt.Sprintf("panic while closing: %v", p))
		}
	}()
	if err := c.Close(); err != nil {
		l.tally.note(err.Error())
	}
}
