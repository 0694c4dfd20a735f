package replay

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"
)

// The size of a batch. Some are under way per open file, so that reading and
// parsing keep other processors busy while this one plays. An open file costs
// about 4 MB.
const (
	batchBytes = 256 << 10
	batchLines = 1024
	batchAhead = 3
)

// batch is some lines of a file, in order.
type batch struct {
	text    []byte
	ends    []int // of the lines in text
	records []record
	err     error // why the file ends, io.EOF or errBroken; nil when it goes on
}

// parse reads all lines.
func (b *batch) parse(parse parser) {
	from := 0
	for i := range b.records {
		r := &b.records[i]
		text := bytes.TrimRight(b.text[from:b.ends[i]], "\r\n")
		from = b.ends[i]
		if r.bad == nil {
			r.bad = parse(text, r)
		}
	}
}

// feed is a log that is being read: its records in their order.
type feed struct {
	name    string
	first   time.Time // of its first lines
	parse   parser
	open    func() (io.ReadCloser, error)
	batches chan chan *batch
	stop    chan struct{}
	free    chan *batch
	now     *batch
	later   *batch // behind now, when it was looked at before
	next    int
	counted int // lines that were counted
	ahead   ahead
	checked bool // the head
}

// start begins to read in the background.
func (f *feed) start(in *input, closer io.Closer) {
	f.batches, f.stop, f.free = make(chan chan *batch, batchAhead), make(chan struct{}), make(chan *batch, batchAhead+2)
	go func() {
		defer close(f.batches)
		defer closer.Close()
		defer in.release()
		for {
			b := f.read(in)
			parsed := make(chan *batch, 1)
			select {
			case f.batches <- parsed:
			case <-f.stop:
				return
			}
			ended := b.err != nil
			go func() {
				b.parse(f.parse)
				parsed <- b
			}()
			if ended {
				return
			}
		}
	}()
}

// read fills a batch.
func (f *feed) read(in *input) *batch {
	var b *batch
	select {
	case b = <-f.free:
		b.text, b.ends, b.records, b.err = b.text[:0], b.ends[:0], b.records[:0], nil
	default:
		b = &batch{text: make([]byte, 0, batchBytes+4096)}
	}
	for len(b.text) < batchBytes && len(b.records) < batchLines {
		before := len(b.text)
		text, err := in.line(b.text)
		b.text = text
		if errors.Is(err, io.EOF) {
			b.err = io.EOF
			break
		}
		if errors.Is(err, errBroken) {
			b.err = err
		}
		if err == nil && len(bytes.TrimSpace(text[before:])) == 0 {
			b.text = b.text[:before]
			continue
		}
		b.records = append(b.records, record{number: in.number, bad: err})
		b.ends = append(b.ends, len(b.text))
		if b.err != nil {
			break
		}
	}
	return b
}

// head returns the next record, nil at the end of the file.
func (f *feed) head() *record {
	for f.now == nil || f.next == len(f.now.records) {
		if f.now != nil {
			if f.now.err != nil {
				return nil
			}
			f.recycle()
		}
		if f.now, f.next = f.fetch(), 0; f.now == nil {
			return nil
		}
	}
	r := &f.now.records[f.next]
	if !f.checked {
		f.checked = true
		if r.bad == nil {
			r.bad = f.ahead.check(r, f.rest)
		}
	}
	return r
}

// fetch returns the next batch, nil when there is none.
func (f *feed) fetch() *batch {
	if b := f.later; b != nil {
		f.later = nil
		return b
	}
	parsed, ok := <-f.batches
	if !ok {
		return nil
	}
	return <-parsed
}

// rest returns the records behind the head: those of its batch or, when it is
// the last one, of the next.
func (f *feed) rest() []record {
	if rest := f.now.records[f.next+1:]; len(rest) > 0 || f.now.err != nil {
		return rest
	}
	if f.later = f.fetch(); f.later == nil {
		return nil
	}
	return f.later.records
}

// pass goes on to the next record.
func (f *feed) pass() {
	f.next++
	f.checked = false
}

func (f *feed) recycle() {
	select {
	case f.free <- f.now:
	default:
	}
	f.now = nil
}

// peekLines is how many lines of a file are read to find when it begins, and
// peekTimes how many times among them: the first may be wrong.
const (
	peekLines = 200
	peekTimes = 4
)

// look finds when the file begins. The file is opened for it and closed again,
// so that a thousand rotated logs are not all open at once.
func (f *feed) look() error {
	closer, err := f.open()
	if err != nil {
		return err
	}
	defer closer.Close()
	in, err := newInput(closer)
	if err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	defer in.release()
	f.first = f.earliest(in)
	return nil
}

// earliest returns the earliest of the first times, zero when there is none.
func (f *feed) earliest(in *input) (first time.Time) {
	var text []byte
	for n, times := 0, 0; n < peekLines && times < peekTimes; n++ {
		var err error
		text, err = in.line(text[:0])
		if errors.Is(err, errLong) {
			continue
		}
		if err != nil {
			break // said again when the file is read
		}
		var r record
		if f.parse(bytes.TrimRight(text, "\r\n"), &r) != nil {
			continue
		}
		if t := r.line.Time; times == 0 || t.Before(first) {
			first = t
		}
		times++
	}
	return first
}

// begin opens the file to be read.
func (f *feed) begin() error {
	closer, err := f.open()
	if err != nil {
		return err
	}
	in, err := newInput(closer)
	if err != nil {
		_ = closer.Close()
		return fmt.Errorf("%s: %w", f.name, err)
	}
	f.start(in, closer)
	return nil
}

// end stops the reading of a file that is not read to its end.
func (f *feed) end() {
	if f.stop != nil {
		close(f.stop)
	}
}
