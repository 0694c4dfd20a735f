package replay

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

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

// Check reports a format that does not exist.
func (f Format) Check() error {
	switch f {
	case FormatEvents, FormatCaddy, FormatCombined:
		return nil
	}
	return fmt.Errorf("unknown format %q; write events, caddy or combined", f)
}

// parser returns the parser of a log format. Routes that the site declares
// come before the automatic mode.
func (f Format) parser(site config.Site) parser {
	finder := newFinder(site)
	if f == FormatCaddy {
		return finder.caddy
	}
	return finder.combined
}

// parser reads a line of a log into a record whose number is set.
type parser func(text []byte, r *record) error

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

// Run plays files and prints to Out: as JSON an object per line and the
// summary; otherwise a report for people. It is used from one goroutine.
type Run struct {
	player   *Player
	format   Format
	json     bool
	out      *bufio.Writer
	progress *Progress
	parse    parser
	habits   *habits
	report   *report
	clock    clock

	sum    Summary
	lines  int // read so far, unreadable and empty ones too
	broken []error
}

// RunOptions of a Run.
type RunOptions struct {
	Options
	Format Format
	// JSON prints an object per line instead of a report.
	JSON bool
	Out  io.Writer
	// Progress is told how far the run has come; nil when nobody looks.
	Progress *Progress
}

// NewRun makes a run with a player of its own.
func NewRun(o RunOptions) (*Run, error) {
	if err := o.Format.Check(); err != nil {
		return nil, err
	}
	if o.Format != FormatEvents && o.Site.Thresholds.Cadence.IsZero() && o.Site.Thresholds.Source.IsZero() {
		o.Site.Thresholds.Cadence = logCadence
	}
	player, err := New(o.Options)
	if err != nil {
		return nil, err
	}
	r := &Run{
		player: player, format: o.Format, json: o.JSON, out: bufio.NewWriterSize(o.Out, 64<<10),
		progress: o.Progress, parse: o.Format.parser(o.Site), habits: newHabits(),
		sum: Summary{
			Summary: true, Unreadable: []Unreadable{},
			Verdicts: map[config.Answer]int{}, Detections: map[config.Detection]int{},
		},
	}
	if !o.JSON {
		r.report = newReport()
		player.landed = r.report.landed
	}
	return r, nil
}

// numbered is a verdict with the number of its line.
type numbered struct {
	Line int `json:"line"`
	Verdict
}

// Events plays lines of the format events. Each is answered and flushed before
// the next is read; one that cannot be read ends the run.
func (r *Run) Events(name string, in io.Reader) error {
	lines, err := newInput(in)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer lines.release()
	var text []byte
	for {
		text, err = lines.line(text[:0])
		if errors.Is(err, io.EOF) {
			return r.out.Flush()
		}
		if err == nil {
			err = r.event(name, lines.number, bytes.TrimRight(text, "\r\n"))
		}
		if err == nil {
			err = r.out.Flush()
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", name, lines.number, err)
		}
		r.progress.tell(int64(len(text)), 1)
	}
}

func (r *Run) event(name string, n int, text []byte) error {
	l, err := ParseEvent(text)
	if err != nil {
		return err
	}
	r.lines++
	return r.play(place{name, n}, l)
}

// place is where a line stands.
type place struct {
	file string
	line int
}

func (p place) String() string { return p.file + ":" + strconv.Itoa(p.line) }

func (r *Run) unreadable(at place, err error) {
	if len(r.sum.Unreadable) == maxNamed {
		r.sum.Unnamed++
		return
	}
	r.sum.Unreadable = append(r.sum.Unreadable, Unreadable{File: at.file, Line: at.line, Why: err.Error()})
}

func (r *Run) play(at place, l Line) error {
	v, err := r.player.Play(l)
	if err != nil {
		return err
	}
	r.sum.Lines++
	r.sum.Verdicts[v.Verdict]++
	if l.Kind != config.KindNone {
		r.sum.Attempts++
	}
	if v.Detection != "" {
		r.sum.Detections[v.Detection]++
	}
	if r.json {
		return r.print(v)
	}
	r.report.played(at, &l, &v)
	return nil
}

// print writes the verdict on a line.
func (r *Run) print(v Verdict) error {
	if v.Verdict == config.AnswerAllow && v.Rule == "" && v.Detection == "" && v.Score == 0 {
		// What most lines of a log get, without the cost of reflection.
		text := strconv.AppendInt(append(r.out.AvailableBuffer(), `{"line":`...), int64(r.lines), 10)
		_, err := r.out.Write(append(text, `,"verdict":"allow","rule":"","detection":"","score":0}`+"\n"...))
		return err
	}
	text, err := json.Marshal(numbered{r.lines, v})
	if err != nil {
		return err
	}
	_, err = r.out.Write(append(text, '\n'))
	return err
}

// Finish prints the summary, or the report. It returns an error when a file
// could not be read to its end.
func (r *Run) Finish() error {
	if r.report != nil {
		r.player.End()
	}
	r.progress.done()
	var err error
	if r.json {
		var text []byte
		if text, err = json.Marshal(r.sum); err == nil {
			_, err = r.out.Write(append(text, '\n'))
		}
	} else {
		err = r.report.print(r.out, &r.sum)
	}
	return errors.Join(err, r.out.Flush(), errors.Join(r.broken...))
}
