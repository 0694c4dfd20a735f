package intel

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/netip"

	"github.com/doorward/doorward/config"
)

// The bounds of a list.
const (
	// MaxBytes is the largest list that is read, before and after
	// decompression. A million IPv6 prefixes of full length are 45 MiB.
	MaxBytes = 64 << 20
	// MaxEntries is how many entries a list may have, repeated ones included.
	MaxEntries = 1 << 20

	// maxLine is the longest line in bytes, comments included, and the longest
	// string of JSON.
	maxLine = 4096

	// One unreadable line in unreadableOneIn is tolerated and reported: a typo
	// in a long list must not take the list away. A wrong file has few
	// readable lines, so the exact share matters little.
	unreadableOneIn = 20

	// Shorter prefixes are refused, and the list with them. Nobody who lists
	// exits, VPNs or data centers names more than a /8 at once (the largest
	// blocks ever given to one holder), nor a v6 block shorter than /16; a
	// poisoned or mistyped list does, and would turn every visitor into a
	// suspect.
	minBits4 = 8
	minBits6 = 16

	// maxShare is how much of the IPv4 space, and of the global unicast IPv6
	// space, all prefixes together may cover: many /8 do what one /0 does.
	maxShare = 0.5
)

const expected = "expected one address or range per line, like 192.0.2.7, 192.0.2.0/24, 192.0.2.1-192.0.2.9 or 2001:db8::/32"

// Report tells what was read besides the entries.
type Report struct {
	// Format is how the list was read.
	Format config.ListFormat
	// Lines is the number of lines, comments and blank ones included.
	Lines int
	// Unreadable is how many lines, or strings of JSON, were skipped because
	// they should be an address or range and are none.
	Unreadable int
	// FirstUnreadable is the line of the first such, from 1; 0: none.
	FirstUnreadable int

	// dates are when entries were last seen, where the format tells.
	dates []dated
}

// dated is an entry and when its source last saw it, in Unix seconds.
type dated struct {
	prefix netip.Prefix
	seen   int64
}

// Layout says how the content of a list is written. The zero value finds out.
type Layout struct {
	// Format is one of [config.ListFormats].
	Format config.ListFormat
	// Field is the column of CSV, by name or number from 1, or the key of
	// JSON, that holds the addresses. Default: found by usual names.
	Field string
}

// Parse reads a list in any format; see [Layout.Parse].
func Parse(r io.Reader) (*Set, Report, error) { return Layout{}.Parse(r) }

// Parse reads a list. Entries are IPv4 and IPv6 addresses, CIDR ranges and
// ranges from first to last address. Host bits are cleared; IPv4-mapped entries
// become IPv4. gzip is unpacked, a byte order mark is skipped.
//
//   - text: one entry per line; blank lines, what follows # or ;, and CR before
//     LF are ignored. The Tor Project's exit-addresses format is text, too: of it
//     the ExitAddress lines count, its other keyword lines are skipped.
//   - csv: separated by comma, tab or semicolon; see csv.go.
//   - json: strings in arrays and under usual keys; see json.go. Onionoo's
//     details and summaries are recognised: of them exits count.
//
// A list that must not be used gives a [*RefusedError]; any other error comes
// from r. Time and memory are bounded by [MaxBytes] and [MaxEntries]; r is not
// read further than that.
func (l Layout) Parse(r io.Reader) (*Set, Report, error) {
	c := &collector{set: new(Set)}
	c.report.Format = l.Format
	err := l.read(c, r)
	if err == nil {
		err = c.finish()
	}
	if err != nil {
		return nil, c.report, err
	}
	return c.set, c.report, nil
}

func (l Layout) read(c *collector, r io.Reader) error {
	src, err := plain(r)
	if err != nil {
		return readingFailed(err)
	}
	if c.report.Format == "" || c.report.Format == config.FormatAuto {
		c.report.Format = recognise(src)
	}
	switch c.report.Format {
	case config.FormatCSV:
		return readLines(c, src, (&csvReader{c: c, field: l.Field}).line)
	case config.FormatJSON, config.FormatOnionoo:
		return (&jsonReader{c: c, field: l.Field, onionoo: c.report.Format == config.FormatOnionoo}).read(src)
	default:
		return readLines(c, src, (&textReader{c: c}).line)
	}
}

// plain unpacks gzip and drops a byte order mark.
func plain(r io.Reader) (*bufio.Reader, error) {
	src := bufio.NewReaderSize(&capped{r: r, left: MaxBytes}, maxLine)
	if head, _ := src.Peek(2); bytes.Equal(head, []byte("\x1f\x8b")) {
		z, err := gzip.NewReader(src)
		if err != nil {
			return nil, err
		}
		src = bufio.NewReaderSize(&capped{r: z, left: MaxBytes}, maxLine)
	}
	head, _ := src.Peek(3)
	switch {
	case bytes.Equal(head, []byte("\xef\xbb\xbf")):
		_, _ = src.Discard(len(head))
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return nil, refuse(ReasonBinary, 1, "this is UTF-16 text; write the list as UTF-8")
	}
	return src, nil
}

// recognise tells the format by the first bytes, which stay in src.
func recognise(src *bufio.Reader) config.ListFormat {
	head, _ := src.Peek(maxLine)
	for len(head) > 0 {
		line, rest, _ := bytes.Cut(head, []byte("\n"))
		head = rest
		text := bytes.TrimSpace(line)
		switch {
		case len(text) == 0 || text[0] == '#' || text[0] == ';':
		case text[0] == '{' || text[0] == '[':
			return config.FormatJSON
		case bytes.ContainsAny(uncommented(text), ",\t"):
			return config.FormatCSV
		default:
			return config.FormatText
		}
	}
	return config.FormatText
}

// capped is a reader that refuses a list beyond a number of bytes.
type capped struct {
	r    io.Reader
	left int
}

func (c *capped) Read(p []byte) (int, error) {
	// One byte more than is left tells whether there is more.
	n, err := c.r.Read(p[:min(len(p), c.left+1)])
	if n > c.left {
		n, err = c.left, refuse(ReasonTooLarge, 0, "the list is larger than %d MiB", MaxBytes>>20)
	}
	c.left -= n
	return n, err
}

// readLines gives every line to take, with its line feed if it has one.
func readLines(c *collector, src *bufio.Reader, take func(raw []byte, whole bool) error) error {
	for {
		line, err := src.ReadSlice('\n')
		atEnd, tooLong := errors.Is(err, io.EOF), errors.Is(err, bufio.ErrBufferFull)
		if err != nil && !atEnd && !tooLong {
			return readingFailed(err)
		}
		if len(line) > 0 {
			c.report.Lines++
			if hasControl(line) {
				return refuse(ReasonBinary, c.report.Lines, "control bytes: this is no plain text; %s", expected)
			}
			// An over-long line is looked at first: HTML is often one line.
			if err := take(line, !atEnd); err != nil {
				return err
			}
		}
		if tooLong {
			return refuse(ReasonTooLarge, c.report.Lines, "longer than %d bytes; %s", maxLine, expected)
		}
		if atEnd {
			return nil
		}
	}
}

// readingFailed tells what is wrong with the content from what is wrong with
// the way it came.
func readingFailed(err error) error {
	if _, ok := errors.AsType[*RefusedError](err); ok {
		return err
	}
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return refuse(ReasonTruncated, 0, "the list ended before its announced length")
	case corrupt, errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum):
		return refuse(ReasonBinary, 0, "it begins like gzip and cannot be unpacked")
	}
	return fmt.Errorf("reading the list: %w", err)
}

// hasControl finds bytes that no text list contains.
func hasControl(line []byte) bool {
	for _, c := range line {
		if c < 0x20 && (c < '\t' || c > '\r') {
			return true
		}
	}
	return false
}
