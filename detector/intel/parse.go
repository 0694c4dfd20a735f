package intel

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
)

// The bounds of a list.
const (
	// MaxBytes is the largest list that is read, after decompression. A
	// million IPv6 prefixes of full length are 45 MiB.
	MaxBytes = 64 << 20
	// MaxEntries is how many entries a list may have, repeated ones included.
	MaxEntries = 1 << 20

	// maxLine is the longest line in bytes, comments included.
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

// firstMapped is the first IPv4-mapped address (RFC 4291 §2.5.5.2).
var firstMapped = netip.MustParseAddr("::ffff:0.0.0.0")

const expected = "expected one address or range per line, like 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32"

// Report tells what was read besides the entries.
type Report struct {
	// Lines is the number of lines, comments and blank ones included.
	Lines int
	// Unreadable is how many lines were skipped because they are neither
	// address, range nor comment.
	Unreadable int
	// FirstUnreadable is the number of the first such line, from 1; 0: none.
	FirstUnreadable int
}

// Parse reads a list: one IPv4 or IPv6 address or CIDR range per line. Host
// bits of a range are cleared; IPv4-mapped entries become IPv4. Blank lines,
// what follows # or ;, a byte order mark and CR before LF are ignored. The Tor
// Project's exit-addresses format is understood too: of it the ExitAddress
// lines count, its other keyword lines are skipped.
//
// A list that must not be used gives a [*RefusedError]; any other error comes
// from r. Time and memory are bounded by [MaxBytes] and [MaxEntries]; r is not
// read further than that.
func Parse(r io.Reader) (*Set, Report, error) {
	src := bufio.NewReaderSize(&io.LimitedReader{R: r, N: MaxBytes + 1}, maxLine)
	p := parser{set: new(Set)}
	size := 0
	for {
		line, err := src.ReadSlice('\n')
		size += len(line)
		if size > MaxBytes {
			return nil, p.report, refuse(ReasonTooLarge, 0, "the list is larger than %d MiB", MaxBytes>>20)
		}
		atEnd, tooLong := errors.Is(err, io.EOF), errors.Is(err, bufio.ErrBufferFull)
		if err != nil && !atEnd && !tooLong {
			return nil, p.report, readingFailed(err)
		}
		if len(line) > 0 {
			p.report.Lines++
			// An over-long line is looked at first: HTML is often one line.
			if err := p.line(line, !atEnd); err != nil {
				return nil, p.report, err
			}
		}
		if tooLong {
			return nil, p.report, refuse(ReasonTooLarge, p.report.Lines, "longer than %d bytes; %s", maxLine, expected)
		}
		if atEnd {
			break
		}
	}
	if err := p.finish(); err != nil {
		return nil, p.report, err
	}
	return p.set, p.report, nil
}

func readingFailed(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return refuse(ReasonTruncated, 0, "the list ended before its announced length")
	}
	return fmt.Errorf("reading the list: %w", err)
}

type parser struct {
	set    *Set
	report Report
	// entries counts readable entries, repeated ones included.
	entries int
	// exitFormat is set once a line of the exit-addresses format was seen;
	// from then on unknown keywords are skipped, because formats grow.
	exitFormat bool
}

// line takes one line; whole says that it ended with a line feed. The bytes
// are not retained.
func (p *parser) line(raw []byte, whole bool) error {
	n := p.report.Lines
	if n == 1 {
		raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	}
	if hasControl(raw) {
		return refuse(ReasonBinary, n, "control bytes: this is no plain text; %s", expected)
	}
	text := raw
	if i := bytes.IndexAny(text, "#;"); i >= 0 {
		text = text[:i]
	}
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return nil
	}
	text, skip := p.keyword(text)
	if skip {
		return nil
	}
	prefix, ok := parseEntry(text)
	if !ok {
		return p.unreadable(raw, whole)
	}
	return p.entry(prefix)
}

// entry adds a prefix, unless it is a reason to refuse the whole list.
func (p *parser) entry(prefix netip.Prefix) error {
	n := p.report.Lines
	least := minBits6
	if prefix.Addr().Is4() {
		least = minBits4
	}
	// A range that contains all IPv4-mapped addresses means all of IPv4.
	if prefix.Bits() < least || prefix.Contains(firstMapped) {
		return refuse(ReasonTooBroad, n, "a /%d names too much of the address space; the shortest prefixes are /%d (IPv4) and /%d (IPv6)",
			prefix.Bits(), minBits4, minBits6)
	}
	if p.entries++; p.entries > MaxEntries {
		return refuse(ReasonTooLarge, n, "more than %d entries", MaxEntries)
	}
	p.set.insert(prefix)
	return nil
}

// unreadable counts a line that is no entry, or refuses the list when the line
// shows what the list really is.
func (p *parser) unreadable(raw []byte, whole bool) error {
	n := p.report.Lines
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("<")) || bytes.Contains(bytes.ToLower(raw), []byte("<html")) {
		return refuse(ReasonHTML, n, "this is an HTML or XML page, not a list; %s", expected)
	}
	if !whole {
		return refuse(ReasonTruncated, n, "the list ends in the middle of a line; %s", expected)
	}
	if p.report.Unreadable == 0 {
		p.report.FirstUnreadable = n
	}
	p.report.Unreadable++
	return nil
}

// finish judges the list as a whole.
func (p *parser) finish() error {
	bad := p.report.Unreadable
	p.set.sort()
	switch {
	case bad*unreadableOneIn > p.entries+bad:
		return refuse(ReasonUnreadable, p.report.FirstUnreadable, "no address or range, the first of %d such lines out of %d; %s",
			bad, p.entries+bad, expected)
	case p.entries == 0:
		return refuse(ReasonEmpty, 0, "the list is empty; %s", expected)
	case p.set.share4() > maxShare:
		return refuse(ReasonTooBroad, 0, "the ranges together name more than half of all IPv4 addresses")
	case p.set.share6() > maxShare:
		return refuse(ReasonTooBroad, 0, "the ranges together name more than half of all IPv6 addresses in use")
	}
	return nil
}

// keyword reads the exit-addresses format (Tor's exit list, TorDNSEL): lines
// ExitNode, Published, LastStatus and `ExitAddress <address> <date> <time>`,
// after an optional `@type` annotation. It returns what is left to read as an
// entry, or skip for a line that holds none.
func (p *parser) keyword(text []byte) (rest []byte, skip bool) {
	i := bytes.IndexAny(text, " \t")
	if i < 0 {
		return text, false
	}
	switch word := string(text[:i]); word {
	case "ExitAddress":
		p.exitFormat = true
		return bytes.Fields(text)[1], false
	case "ExitNode", "@type":
		p.exitFormat = true
		return nil, true
	default:
		return text, p.exitFormat && isKeyword(word)
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

// parseEntry reads an address or a range. Zones and octets with leading zeros
// are refused: they mean different things to different programs.
func parseEntry(text []byte) (netip.Prefix, bool) {
	const longest = len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128")
	if len(text) > longest {
		return netip.Prefix{}, false
	}
	s := string(text)
	if !strings.Contains(s, "/") {
		addr, err := netip.ParseAddr(s)
		if err != nil || addr.Zone() != "" {
			return netip.Prefix{}, false
		}
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), true
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, false
	}
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), true
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
