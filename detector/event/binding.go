package event

import (
	"maps"
	"slices"
	"time"
)

// unbindGrace is how long the sinks of a binding that is given up may still
// deliver what waits for them.
const unbindGrace = 5 * time.Second

// Binding is a set of sinks that belongs to one configuration.
type Binding struct {
	lanes []*lane
	// unbound: its configuration has stopped. It goes when another is live.
	unbound bool
}

// Bind makes sinks the receivers of all further events and starts a goroutine
// for each. Configurations overlap during a reload: events go to the newest
// binding that has not been unbound, whatever the order of Bind and Unbind. A
// closed worker takes no sinks.
func (w *Worker) Bind(sinks ...Sink) *Binding {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := new(Binding)
	if w.closed {
		return b
	}
	for _, s := range sinks {
		b.lanes = append(b.lanes, startLane(s, w.tally(s.Name()), w.opts.SinkQueue, w.opts.Every))
	}
	w.bindings = append(w.bindings, b)
	w.sweep()
	return b
}

// Unbind gives b up: if an older binding is live, events go to it again. The
// sinks of b deliver what waits for them, for at most five seconds, and are
// closed; Unbind does not wait for that. The last binding is kept until there
// is another or the worker closes, because requests end after the
// configuration that served them. Unbinding twice does nothing.
func (w *Worker) Unbind(b *Binding) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b.unbound = true
	w.sweep()
}

// sweep lets unbound bindings go, but not the last. mu is held.
func (w *Worker) sweep() {
	live := slices.ContainsFunc(w.bindings, func(b *Binding) bool { return !b.unbound })
	last := len(w.bindings) - 1
	var kept []*Binding
	for i, b := range w.bindings {
		if !b.unbound || (!live && i == last) {
			kept = append(kept, b)
			continue
		}
		w.leave(b)
	}
	w.bindings = kept
}

// leave ends the lanes of b. mu is held.
func (w *Worker) leave(b *Binding) {
	w.leaving = slices.DeleteFunc(w.leaving, func(l *lane) bool {
		select {
		case <-l.done:
			return true
		default:
			return false
		}
	})
	for _, l := range b.lanes {
		l.finish(unbindGrace)
	}
	w.leaving = append(w.leaving, b.lanes...)
}

// leaveAll ends every lane and returns those that may still be running.
func (w *Worker) leaveAll() []*lane {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, b := range w.bindings {
		w.leave(b)
	}
	w.bindings = nil
	return slices.Clone(w.leaving)
}

// tally returns the counters kept under name. mu is held.
func (w *Worker) tally(name string) *tally {
	name = clip(name, maxWord)
	if _, known := w.tallies[name]; !known && len(w.tallies) >= maxTallies {
		name = otherSinks
	}
	t := w.tallies[name]
	if t == nil {
		t = &tally{name: name}
		w.tallies[name] = t
	}
	return t
}

// Sinks returns the counters of all sinks there have been, by name.
func (w *Worker) Sinks() []SinkStats {
	w.mu.Lock()
	defer w.mu.Unlock()
	waiting := make(map[string]int)
	for _, b := range w.bindings {
		for _, l := range b.lanes {
			waiting[l.tally.name] += l.queue.Len()
		}
	}
	for _, l := range w.leaving {
		waiting[l.tally.name] += l.queue.Len()
	}
	all := make([]SinkStats, 0, len(w.tallies))
	for _, name := range slices.Sorted(maps.Keys(w.tallies)) {
		s := w.tallies[name].stats()
		s.Waiting = waiting[name]
		all = append(all, s)
	}
	return all
}

// Unsent returns how many events there was no sink for: none was bound.
func (w *Worker) Unsent() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.unsent
}
