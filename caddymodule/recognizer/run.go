package recognizer

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"github.com/doorward/doorward/detector/recognize/har"
)

// Run plays files one after the other and prints to Out: an object per entry,
// or a report with the lines of a Caddyfile.
type Run struct {
	Player *Player
	JSON   bool
	Out    *bufio.Writer
}

// File plays the archive that in holds. A file that cannot be read prints
// nothing: lines of half a session would look like all of it.
func (r *Run) File(name string, in io.Reader) error {
	archive, err := har.Read(in)
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	session, err := r.Player.Play(name, archive)
	if err != nil {
		return err
	}
	if r.JSON {
		return r.lines(session)
	}
	report(r.Out, name, session)
	return r.Out.Flush()
}

func (r *Run) lines(s *Session) error {
	encoder := json.NewEncoder(r.Out)
	encoder.SetEscapeHTML(false)
	for _, line := range s.Lines() {
		if err := encoder.Encode(line); err != nil {
			return err
		}
	}
	return r.Out.Flush()
}
