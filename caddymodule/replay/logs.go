package replay

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/doorward/doorward/config"
)

// Log is a file of an access log.
type Log struct {
	Name string
	// Open opens it. It is called twice when Again is set: once to see when the
	// file begins, once to read it.
	Open  func() (io.ReadCloser, error)
	Again bool
}

// OpenLog describes the file called name; - is standard input.
func OpenLog(name string) (Log, error) {
	if name == "-" {
		return Log{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(os.Stdin), nil }}, nil
	}
	about, err := os.Stat(name)
	if err != nil {
		return Log{}, fmt.Errorf("opening history: %w", err)
	}
	if about.IsDir() {
		return Log{}, fmt.Errorf("opening history: %s is a folder; write the files in it, such as %s/*", name, name)
	}
	open := func() (io.ReadCloser, error) {
		file, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("opening history: %w", err)
		}
		return file, nil
	}
	return Log{Name: name, Open: open, Again: about.Mode().IsRegular()}, nil
}

// Logs plays access logs, given in any order. They are read in that of their
// first lines, those that overlap at the same time, the earlier line first. A
// line that cannot be read is counted and named, and loses no other; a file that
// cannot be read to its end is told by Finish.
func (r *Run) Logs(logs []Log) error {
	waiting := make([]*feed, 0, len(logs))
	for _, l := range logs {
		f := &feed{name: l.Name, open: r.progress.watch(l.Open), parse: r.parse}
		if l.Again && len(logs) > 1 {
			f.open = l.Open
			if err := f.look(); err != nil {
				return err
			}
			f.open = r.progress.watch(l.Open)
		}
		waiting = append(waiting, f)
	}
	slices.SortStableFunc(waiting, func(a, b *feed) int { return a.first.Compare(b.first) })
	return r.merge(waiting)
}

// merge plays the records of all files in the order of their times. A file is
// opened when the others have come to its first line.
func (r *Run) merge(waiting []*feed) error {
	var active []*feed
	defer func() {
		for _, f := range active {
			f.end()
		}
	}()
	for len(active)+len(waiting) > 0 {
		i, at := earliest(active)
		if len(waiting) > 0 && (i < 0 || !waiting[0].first.After(at)) {
			if err := waiting[0].begin(); err != nil {
				return err
			}
			active, waiting = append(active, waiting[0]), waiting[1:]
			continue
		}
		f := active[i]
		head := f.head()
		if head == nil {
			r.close(f)
			active = slices.Delete(active, i, i+1)
			continue
		}
		if err := r.record(f, head); err != nil {
			return err
		}
		f.pass()
	}
	return nil
}

// earliest finds the file whose next line comes first. Lines that cannot be
// read, and ends of files, come at once.
func earliest(active []*feed) (index int, at time.Time) {
	index = -1
	for i, f := range active {
		head := f.head()
		if head == nil || head.bad != nil {
			return i, time.Time{}
		}
		if index < 0 || head.line.Time.Before(at) {
			index, at = i, head.line.Time
		}
	}
	return index, at
}

// close notes how a file ended.
func (r *Run) close(f *feed) {
	if f.now != nil && f.now.err != nil && !errors.Is(f.now.err, io.EOF) {
		r.broken = append(r.broken, fmt.Errorf("%s: %w", f.name, f.now.err))
	}
}

// record plays one line of a log.
func (r *Run) record(f *feed, head *record) error {
	r.lines += head.number - f.counted
	f.counted = head.number
	at := place{f.name, head.number}
	r.progress.tell(0, 1)
	if head.bad == nil {
		head.bad = r.clock.set(head)
	}
	if head.bad != nil {
		r.unreadable(at, head.bad)
		return nil
	}
	r.habits.read(head)
	if r.report != nil && head.line.Kind == config.KindNone {
		r.report.quietly(head.quiet)
	}
	return r.play(at, head.line)
}
