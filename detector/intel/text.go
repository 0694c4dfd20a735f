package intel

import (
	"bytes"
	"time"
)

// textReader reads lines of one entry each, and the exit-addresses format.
type textReader struct {
	c *collector
	// exitFormat is set once a line of the exit-addresses format was seen;
	// from then on unknown keywords are skipped, because formats grow.
	exitFormat bool
	// note is told the comment behind an entry, if it is set.
	note func(entry, comment []byte)
}

func (t *textReader) line(raw []byte, whole bool) error {
	text := bytes.TrimSpace(uncommented(raw))
	if len(text) == 0 {
		return nil
	}
	text, seen, skip := t.keyword(text)
	if skip {
		return nil
	}
	if t.note != nil {
		t.note(text, raw)
	}
	return t.c.takeSeen(t.c.report.Lines, text, raw, whole, seen)
}

func uncommented(line []byte) []byte {
	if i := bytes.IndexAny(line, "#;"); i >= 0 {
		return line[:i]
	}
	return line
}

// torTime is how the Tor Project writes times, in UTC.
const torTime = "2006-01-02 15:04:05"

// keyword reads the exit-addresses format (Tor's exit list, TorDNSEL): lines
// ExitNode, Published, LastStatus and `ExitAddress <address> <date> <time>`,
// after an optional `@type` annotation. It returns what is left to read as an
// entry and when the exit was seen, or skip for a line that holds no entry.
func (t *textReader) keyword(text []byte) (rest []byte, seen time.Time, skip bool) {
	i := bytes.IndexAny(text, " \t")
	if i < 0 {
		return text, seen, false
	}
	switch word := string(text[:i]); word {
	case "ExitAddress":
		t.exitFormat = true
		fields := bytes.Fields(text)
		if len(fields) == 4 {
			// A date that cannot be read is no date; the entry counts.
			seen, _ = time.Parse(torTime, string(fields[2])+" "+string(fields[3]))
		}
		return fields[1], seen, false
	case "ExitNode", "@type":
		t.exitFormat = true
		return nil, seen, true
	default:
		return text, seen, t.exitFormat && isKeyword(word)
	}
}

func isKeyword(word string) bool {
	for _, c := range []byte(word) {
		if c|0x20 < 'a' || c|0x20 > 'z' {
			return false
		}
	}
	return word != ""
}
