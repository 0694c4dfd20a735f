package replay

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"
)

// Progress tells people how far a run has come. The nil Progress tells nothing.
type Progress struct {
	out   io.Writer
	total int64 // bytes of all files, 0 when not known
	now   func() time.Time
	began time.Time
	last  time.Time
	lines int64
	bytes atomic.Int64 // written by the goroutines that read
}

// progressEvery is how often something is told, and progressLines after how
// many lines the time is looked at.
const (
	progressEvery = time.Second
	progressLines = 4096
)

// NewProgress tells on out, of files with total bytes together; 0 when that is
// not known.
func NewProgress(out io.Writer, total int64) *Progress {
	now := time.Now()
	return &Progress{out: out, total: total, now: time.Now, began: now, last: now}
}

// IsTerminal reports whether people read what is written to f.
func IsTerminal(f *os.File) bool {
	about, err := f.Stat()
	return err == nil && about.Mode()&os.ModeCharDevice != 0 && about.Mode()&os.ModeDevice != 0
}

// tell counts lines, and bytes that no watched file has counted.
func (p *Progress) tell(bytes, lines int64) {
	if p == nil {
		return
	}
	p.bytes.Add(bytes)
	p.lines += lines
	if p.lines%progressLines != 0 {
		return
	}
	if now := p.now(); now.Sub(p.last) >= progressEvery {
		p.last = now
		_, _ = fmt.Fprintf(p.out, "\r\x1b[K%s", p.text(now.Sub(p.began)))
	}
}

// text says how far the run has come after some time.
func (p *Progress) text(after time.Duration) string {
	speed := float64(p.lines) / max(after.Seconds(), 0.001)
	done := p.bytes.Load()
	if p.total <= 0 || done <= 0 {
		return fmt.Sprintf("%d lines, %.0f lines/s", p.lines, speed)
	}
	share := min(float64(done)/float64(p.total), 1)
	left := time.Duration(float64(after) * (1 - share) / share).Round(time.Second)
	return fmt.Sprintf("%.0f %%, %d lines, %.0f lines/s, %s left", 100*share, p.lines, speed, left)
}

// done wipes the line.
func (p *Progress) done() {
	if p != nil && p.last != p.began {
		_, _ = io.WriteString(p.out, "\r\x1b[K")
	}
}

// watch counts the bytes that are read of a file.
func (p *Progress) watch(open func() (io.ReadCloser, error)) func() (io.ReadCloser, error) {
	if p == nil {
		return open
	}
	return func() (io.ReadCloser, error) {
		file, err := open()
		if err != nil {
			return nil, err
		}
		return &counted{file, &p.bytes}, nil
	}
}

// counted counts what is read.
type counted struct {
	io.ReadCloser
	bytes *atomic.Int64
}

func (w *counted) Read(b []byte) (int, error) {
	n, err := w.ReadCloser.Read(b)
	w.bytes.Add(int64(n))
	return n, err
}
