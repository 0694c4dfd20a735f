package intel

import (
	"context"
	"errors"
	"io/fs"
	"math/bits"
	"math/rand/v2"
	"time"
)

const (
	// keepAtLeast: a new list with fewer than 1/keepAtLeast of the entries in
	// use is refused. The Tor exit list changes by a few percent a day; to
	// lose half between two looks takes a broken generator, a cut transfer or
	// somebody who wants his addresses off the list.
	keepAtLeast = 2

	// firstRetry is the wait after the first failure; it doubles with each
	// further one until it reaches the refresh interval.
	firstRetry = 30 * time.Second

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
		timer := time.NewTimer(l.pause(err))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-l.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// pause is how long to wait after a check that ended with err.
func (l *List) pause(err error) time.Duration {
	d := time.Duration(l.refresh.Load())
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
	set, head, err := l.copy.load()
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		l.log.Warn("the last good copy of the list is ignored", "path", l.copy.path, "error", err)
		l.setCopyError(err)
		return
	}
	l.publish(set)
	l.last = stamp{etag: head.ETag, modified: head.LastModified}
	l.savedAt = head.LoadedAt
	l.mu.Lock()
	l.status.Entries = set.Len()
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
	got, err := l.origin.read(ctx, l.last)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil && !got.unchanged {
		err = l.guard(got.set)
	}
	if err != nil {
		l.failed(err)
		return err
	}
	l.accept(got)
	return nil
}

// guard refuses a list that has lost too much. The operator consents by
// deleting the last good copy: a deed that needs no restart and cannot happen
// by a typo.
func (l *List) guard(fresh *Set) error {
	have := l.set.Load().Len()
	if fresh.Len()*keepAtLeast >= have || l.copy.removed() {
		return nil
	}
	consent := "restart"
	if l.copy.kept {
		consent = "delete " + l.copy.path
	}
	return refuse(ReasonShrunken, 0, "the list shrank from %d to %d entries, by more than half at once; if that is meant, %s",
		have, fresh.Len(), consent)
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
func (l *List) accept(got reading) {
	now, old := l.now(), l.set.Load()
	changed := !got.unchanged && (old == nil || !got.set.Equal(old))
	if changed {
		l.publish(got.set)
	}
	validators := got.stamp.etag != l.last.etag || got.stamp.modified != l.last.modified
	l.last = got.stamp

	l.mu.Lock()
	s := &l.status
	recovered := s.Failures > 0
	s.LoadedAt, s.CheckedAt = now, now
	s.LastError, s.Failures, s.FromCopy = "", 0, false
	if !got.unchanged {
		s.Unreadable = got.report.Unreadable
	}
	if changed {
		s.Entries = got.set.Len()
	}
	if !got.stamp.published.IsZero() {
		s.PublishedAt = got.stamp.published
	} else if changed {
		s.PublishedAt = now
	}
	published := s.PublishedAt
	l.mu.Unlock()

	l.tell(got, changed, recovered, old.Len())
	if changed || validators || now.Sub(l.savedAt) >= copyAge || l.copy.removed() {
		l.save(copyHeader{LoadedAt: now, PublishedAt: published, ETag: got.stamp.etag, LastModified: got.stamp.modified})
	}
}

func (l *List) tell(got reading, changed, recovered bool, was int) {
	if changed {
		l.log.Info("list loaded", "entries", got.set.Len(), "was", was)
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
	err := l.copy.save(l.set.Load(), head)
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
