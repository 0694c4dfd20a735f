package intel

import (
	"context"
	"errors"
	"io/fs"
	"math/bits"
	"math/rand/v2"
	"time"

	"github.com/doorward/doorward/config"
)

const (
	// firstRetry is the wait after the first failure; it doubles with each
	// further one until it reaches the refresh interval.
	firstRetry = 30 * time.Second

	// fileLook is how often a file is looked at. Looking costs a system call,
	// and works on network disks and mounted volumes, of whose changes the
	// system tells nobody.
	fileLook = 5 * time.Second

	// copyAge bounds how much older than the truth the copy says the entries
	// are: it is written again when it is that old, although nothing changed.
	copyAge = 24 * time.Hour
)

// run is the goroutine of the list.
func (l *List) run(ctx context.Context) {
	defer close(l.done)
	defer l.markReady()
	l.loadCopy()
	for {
		err := l.check(ctx)
		l.markReady()
		if !l.wait(ctx, l.pause(err)) {
			return
		}
	}
}

// wait waits until the source is to be asked again, and drops entries whose time
// is over. It returns false when ctx has ended.
func (l *List) wait(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		var over <-chan time.Time
		var expiry *time.Timer
		if d, some := l.past.next(l.spec.Load().Keep, l.now()); some {
			expiry = time.NewTimer(max(d, time.Second)) // together what ends together
			over = expiry.C
		}
		swept := false
		select {
		case <-ctx.Done():
			return false
		case <-l.wake:
		case <-timer.C:
		case <-over:
			l.sweep()
			swept = true
		}
		if expiry != nil {
			expiry.Stop()
		}
		if !swept {
			return true
		}
	}
}

// sweep drops the entries whose time is over.
func (l *List) sweep() {
	before := len(l.past.gone)
	if !l.past.expire(l.spec.Load().Keep, l.now()) {
		return
	}
	set := l.past.all()
	l.publish(set)
	l.mu.Lock()
	l.status.Entries, l.status.Leaving = set.Len(), len(l.past.gone)
	l.mu.Unlock()
	l.log.Info("entries of the list have expired", "expired", before-len(l.past.gone), "entries", set.Len())
}

// pause is how long to wait after a check that ended with err.
func (l *List) pause(err error) time.Duration {
	spec := l.spec.Load()
	if isFile(spec.Origin) {
		return min(spec.Refresh, fileLook)
	}
	d := spec.Refresh
	if err != nil {
		doublings := min(l.Status().Failures-1, 20)
		d = min(d, firstRetry<<max(0, doublings))
	}
	d += time.Duration((rand.Float64()*2 - 1) * 0.1 * float64(d)) //nolint:gosec // jitter needs no secrecy
	if retry, ok := errors.AsType[*retryError](err); ok {
		d = max(d, retry.after)
	}
	return d
}

// loadCopy takes the last good copy into use.
func (l *List) loadCopy() {
	entries, head, err := l.copy.load()
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		l.log.Warn("the last good copy of the list is ignored", "path", l.copy.path, "error", err)
		l.setCopyError(err)
		return
	}
	spec := l.spec.Load()
	l.past, l.layout = entries, spec.Layout
	if head.Layout == spec.Layout.text() {
		l.last = Version{ETag: head.ETag, LastModified: head.LastModified}
	}
	l.savedAt = head.LoadedAt
	l.past.expire(spec.Keep, l.now())
	set := l.past.all()
	l.publish(set)
	l.mu.Lock()
	l.status.Entries, l.status.Leaving = set.Len(), len(l.past.gone)
	l.status.LoadedAt, l.status.PublishedAt = head.LoadedAt, head.PublishedAt
	l.status.FromCopy = true
	age := l.status.Age(l.now())
	l.mu.Unlock()
	l.markReady()
	l.log.Info("list loaded from the last good copy", "entries", set.Len(), "age", age)
}

// check asks the source once and takes what is good. An end of ctx leaves no
// trace.
func (l *List) check(ctx context.Context) error {
	spec := l.spec.Load()
	got, err := l.read(ctx, spec)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil && !got.unchanged {
		err = l.guard(got.set, spec.MaxLoss)
	}
	if err != nil {
		l.failed(err)
		return err
	}
	l.accept(got, spec)
	return nil
}

// failed records a check that brought nothing. Of many equal failures in a row
// it tells the 1st, 2nd, 4th, 8th …
func (l *List) failed(err error) {
	text := err.Error()
	l.mu.Lock()
	s := &l.status
	s.CheckedAt = l.now()
	s.Failures++
	if _, refused := errors.AsType[*RefusedError](err); refused {
		s.Refused++
	}
	tell := s.LastError != text || bits.OnesCount(uint(s.Failures)) == 1
	s.LastError = text
	entries, failures, age := s.Entries, s.Failures, s.Age(s.CheckedAt)
	l.mu.Unlock()
	if tell {
		l.log.Warn("list not refreshed; the entries in use are kept",
			"error", text, "failures", failures, "entries", entries, "age", age)
	}
}

// accept takes a good reading into use.
func (l *List) accept(got reading, spec *Spec) {
	now, old := l.now(), l.set.Load()
	set := old
	switch {
	case !got.unchanged:
		set = l.past.take(got.set, got.report.dates, spec.Keep, l.Status().LoadedAt, now)
	case l.past.expire(spec.Keep, now):
		set = l.past.all()
	}
	changed := old == nil || set != old && !set.Equal(old)
	if changed {
		l.publish(set)
	}
	validators := got.version != l.last
	l.last, l.layout = got.version, spec.Layout

	l.mu.Lock()
	s := &l.status
	recovered := s.Failures > 0
	s.LoadedAt, s.CheckedAt = now, now
	s.LastError, s.Failures, s.FromCopy = "", 0, false
	if !got.unchanged {
		s.read = got.report.Format
		s.Unreadable, s.FirstUnreadable = got.report.Unreadable, got.report.FirstUnreadable
	}
	s.Entries, s.Leaving = set.Len(), len(l.past.gone)
	if !got.published.IsZero() {
		s.PublishedAt = got.published
	} else if changed {
		s.PublishedAt = now
	}
	published := s.PublishedAt
	l.mu.Unlock()

	l.tell(got, changed, recovered, old.Len(), set.Len())
	if changed || validators || now.Sub(l.savedAt) >= copyAge || l.copy.removed() {
		l.save(copyHeader{
			LoadedAt: now, PublishedAt: published, ETag: got.version.ETag, LastModified: got.version.LastModified,
			Layout: spec.Layout.text(),
		})
	}
}

// text names the layout in the last good copy; empty for one that is found out.
func (l Layout) text() string {
	if l == (Layout{}) || l == (Layout{Format: config.FormatAuto}) {
		return ""
	}
	return string(l.Format) + " " + l.Field
}

func (l *List) tell(got reading, changed, recovered bool, was, is int) {
	if changed {
		l.log.Info("list loaded", "entries", is, "was", was)
		if n := got.report.Unreadable; n > 0 {
			l.log.Warn("lines of the list were skipped", "lines", n, "first", got.report.FirstUnreadable, "problem", expected)
		}
		return
	}
	if recovered {
		l.log.Info("list confirmed again", "entries", was)
	}
}

// save keeps the entries in use as the last good copy.
func (l *List) save(head copyHeader) {
	err := l.copy.save(l.past, head)
	if err == nil {
		l.savedAt = head.LoadedAt
	} else {
		l.savedAt = time.Time{}
	}
	if l.setCopyError(err) && err != nil {
		l.log.Warn("the last good copy of the list is not kept; a restart begins without it", "error", err)
	}
}

// setCopyError records err, which may be nil, and reports whether that is news.
func (l *List) setCopyError(err error) bool {
	text := ""
	if err != nil {
		text = err.Error()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	news := l.status.CopyError != text
	l.status.CopyError = text
	return news
}
