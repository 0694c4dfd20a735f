package replay

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/doorward/doorward/config"
)

// Format names a format of lines.
type Format string

// The formats.
const (
	FormatEvents   Format = "events"
	FormatCaddy    Format = "caddy"
	FormatCombined Format = "combined"
)

func (f Format) parser() (func([]byte) (Line, error), error) {
	switch f {
	case FormatEvents:
		return ParseEvent, nil
	case FormatCaddy:
		return ParseCaddy, nil
	case FormatCombined:
		return ParseCombined, nil
	}
	return nil, fmt.Errorf("unknown format %q; write events, caddy or combined", f)
}

// maxLine bounds a line: longer ones are unreadable.
const maxLine = 1 << 20

// maxNamed bounds how many unreadable lines the summary names; the rest are
// counted.
const maxNamed = 100

// Unreadable names a line that could not be read.
type Unreadable struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Why  string `json:"why"`
}

// Summary is what a run ends with.
type Summary struct {
	Summary    bool                     `json:"summary"`
	Lines      int                      `json:"lines"`
	Attempts   int                      `json:"attempts"`
	Unreadable []Unreadable             `json:"unreadable"`
	Unnamed    int                      `json:"unreadable_unnamed,omitempty"`
	Verdicts   map[config.Answer]int    `json:"verdicts"`
	Detections map[config.Detection]int `json:"detections"`
}

// Run plays files one after the other and prints to w: an object per line and
// the summary as JSON, or what was refused and the summary as text.
type Run struct {
	Player *Player
	Format Format
	JSON   bool
	Out    *bufio.Writer

	sum   Summary
	lines int
}

// numbered is a verdict with the number of its line.
type numbered struct {
	Line int `json:"line"`
	Verdict
}

// File plays one file. A line of events that cannot be read ends the run; a
// line of a log is counted and named, and loses no other line. Every line of
// events is answered and flushed before the next is read.
func (r *Run) File(name string, in io.Reader) error {
	parse, err := r.Format.parser()
	if err != nil {
		return err
	}
	reader := bufio.NewReaderSize(in, 64<<10)
	for n := 1; ; n++ {
		text, err := readLine(reader)
		if errors.Is(err, io.EOF) {
			return r.Out.Flush()
		}
		var l Line
		if err == nil {
			if len(bytes.TrimSpace(text)) == 0 && r.Format != FormatEvents {
				continue
			}
			l, err = parse(text)
		}
		if err == nil {
			err = r.play(name, n, l)
		}
		if err != nil {
			if r.Format == FormatEvents || !errors.As(err, new(*json.SyntaxError)) && errors.Is(err, errReading) {
				return fmt.Errorf("%s:%d: %w", name, n, err)
			}
			r.unreadable(name, n, err)
		}
		if r.Format == FormatEvents {
			if err := r.Out.Flush(); err != nil {
				return err
			}
		}
	}
}

// errReading marks that a file cannot be read on.
var errReading = errors.New("reading")

// errLong is a line beyond maxLine; the rest of it is skipped.
var errLong = fmt.Errorf("longer than %d bytes", maxLine)

func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := r.ReadSlice('\n')
		if long = long || len(line)+len(part) > maxLine; !long {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(line) == 0 && !long:
			return nil, io.EOF
		case err != nil && !errors.Is(err, io.EOF):
			return nil, fmt.Errorf("%w: %w", errReading, err)
		case long:
			return nil, errLong
		default:
			return line, nil
		}
	}
}

func (r *Run) unreadable(name string, n int, err error) {
	if len(r.sum.Unreadable) == maxNamed {
		r.sum.Unnamed++
		return
	}
	r.sum.Unreadable = append(r.sum.Unreadable, Unreadable{File: name, Line: n, Why: err.Error()})
}

func (r *Run) play(name string, n int, l Line) error {
	v, err := r.Player.Play(l)
	if err != nil {
		return err
	}
	r.lines++
	r.sum.Lines++
	r.count(l, v)
	if r.JSON {
		text, err := json.Marshal(numbered{r.lines, v})
		if err != nil {
			return err
		}
		_, err = r.Out.Write(append(text, '\n'))
		return err
	}
	if v.Verdict.LetsThrough() && v.Score < suspicious {
		return nil
	}
	_, err = fmt.Fprintf(r.Out, "%s:%d %s %s %s %s: %s\n", name, n, l.Time.Format("2006-01-02 15:04:05"), l.Addr, v.Verdict, l.Kind, v.reason)
	return err
}

func (r *Run) count(l Line, v Verdict) {
	if r.sum.Verdicts == nil {
		r.sum.Verdicts, r.sum.Detections = map[config.Answer]int{}, map[config.Detection]int{}
	}
	r.sum.Verdicts[v.Verdict]++
	if l.Kind != config.KindNone {
		r.sum.Attempts++
	}
	if v.Detection != "" {
		r.sum.Detections[v.Detection]++
	}
}

// Finish prints the summary.
func (r *Run) Finish() error {
	r.sum.Summary = true
	if r.sum.Unreadable == nil {
		r.sum.Unreadable = []Unreadable{}
	}
	if r.sum.Verdicts == nil {
		r.sum.Verdicts, r.sum.Detections = map[config.Answer]int{}, map[config.Detection]int{}
	}
	if r.JSON {
		text, err := json.Marshal(r.sum)
		if err != nil {
			return err
		}
		if _, err := r.Out.Write(append(text, '\n')); err != nil {
			return err
		}
		return r.Out.Flush()
	}
	fmt.Fprintf(r.Out, "%d lines, %d attempts\n", r.sum.Lines, r.sum.Attempts)
	for _, answer := range config.Answers {
		if n := r.sum.Verdicts[answer]; n > 0 {
			fmt.Fprintf(r.Out, "  %s: %d\n", answer, n)
		}
	}
	for _, u := range r.sum.Unreadable {
		fmt.Fprintf(r.Out, "unreadable: %s:%d: %s\n", u.File, u.Line, u.Why)
	}
	return r.Out.Flush()
}
