package event

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Sink is a place events are delivered to: a log, a file, a webhook. A sink
// that is also an io.Closer is closed when it will get no more events.
type Sink interface {
	// Name is the name its counters are kept under. Sinks of later
	// configurations go on counting where those of the same name stopped.
	Name() string

	// Write delivers one event. It is called by one goroutine per sink; ctx
	// ends after ten seconds, or when the worker cannot wait any longer. The
	// event is shared and must not be changed; it may be kept. An error is
	// counted and the event is not offered again: a sink that can retry does so
	// itself. A panic is counted like an error.
	Write(ctx context.Context, e *Event) error
}

// SinkStats are the counters of all sinks of one name since the worker was
// made, in attempts: an event that stands for n refused attempts counts n.
type SinkStats struct {
	Name     string
	Written  uint64 // delivered without error
	Failed   uint64 // Write returned an error
	Panicked uint64 // Write panicked
	Dropped  uint64 // never given to Write: the sink was stuck or too slow
	Waiting  int    // events that wait now

	LastError string    // bounded text of the latest error or panic
	LastTime  time.Time // when that was
}

// otherSinks is the name that sinks beyond maxTallies names share.
const (
	otherSinks = "other"
	maxTallies = 64
)

// tally counts for one name.
type tally struct {
	name                      string
	written, failed, panicked atomic.Uint64
	lost                      losses

	mu       sync.Mutex
	lastText string
	lastTime time.Time
}

func (t *tally) note(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lastText, t.lastTime = clip(text, maxText), time.Now()
}

func (t *tally) stats() SinkStats {
	s := SinkStats{
		Name: t.name, Written: t.written.Load(), Failed: t.failed.Load(), Panicked: t.panicked.Load(),
	}
	for c := range t.lost.dropped {
		s.Dropped += t.lost.dropped[c].Load()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	s.LastError, s.LastTime = t.lastText, t.lastTime
	return s
}
