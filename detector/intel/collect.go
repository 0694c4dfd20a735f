package intel

import (
	"bytes"
	"net/netip"
	"time"
)

// firstMapped is the first IPv4-mapped address (RFC 4291 §2.5.5.2).
var firstMapped = netip.MustParseAddr("::ffff:0.0.0.0")

// collector takes the entries that a reader of some format finds.
type collector struct {
	set    *Set
	report Report
	// entries counts readable entries, repeated ones included.
	entries int
}

// take reads text as an entry of a line. raw is the whole line and whole says
// that it ended with a line feed; they tell what else it might be. The bytes are
// not retained.
func (c *collector) take(line int, text, raw []byte, whole bool) error {
	return c.takeSeen(line, text, raw, whole, time.Time{})
}

// takeSeen is take for an entry whose source says when it last saw it.
func (c *collector) takeSeen(line int, text, raw []byte, whole bool, seen time.Time) error {
	if first, last, ok := cutRange(text); ok {
		prefixes, ok := span(first, last)
		if !ok {
			return c.unreadable(line, raw, whole)
		}
		for _, p := range prefixes {
			if err := c.add(line, p, seen); err != nil {
				return err
			}
		}
		return nil
	}
	prefix, ok := parseEntry(text)
	if !ok {
		return c.unreadable(line, raw, whole)
	}
	return c.add(line, prefix, seen)
}

// add takes a prefix, unless it is a reason to refuse the whole list.
func (c *collector) add(line int, prefix netip.Prefix, seen time.Time) error {
	least := minBits6
	if prefix.Addr().Is4() {
		least = minBits4
	}
	// A range that contains all IPv4-mapped addresses means all of IPv4.
	if prefix.Bits() < least || prefix.Contains(firstMapped) {
		return refuse(ReasonTooBroad, line, "a /%d names too much of the address space; the shortest prefixes are /%d (IPv4) and /%d (IPv6)",
			prefix.Bits(), minBits4, minBits6)
	}
	if c.entries++; c.entries > MaxEntries {
		return refuse(ReasonTooLarge, line, "more than %d entries", MaxEntries)
	}
	c.set.insert(prefix)
	if !seen.IsZero() {
		c.report.dates = append(c.report.dates, dated{prefix, seen.Unix()})
	}
	return nil
}

// unreadable counts a line that is no entry, or refuses the list when the line
// shows what the list really is.
func (c *collector) unreadable(line int, raw []byte, whole bool) error {
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("<")) || bytes.Contains(bytes.ToLower(raw), []byte("<html")) {
		return refuse(ReasonHTML, line, "this is an HTML or XML page, not a list; %s", expected)
	}
	if !whole {
		return refuse(ReasonTruncated, line, "the list ends in the middle of a line; %s", expected)
	}
	if c.report.Unreadable == 0 {
		c.report.FirstUnreadable = line
	}
	c.report.Unreadable++
	return nil
}

// finish judges the list as a whole.
func (c *collector) finish() error {
	bad := c.report.Unreadable
	c.set.sort()
	switch {
	case bad*unreadableOneIn > c.entries+bad:
		return refuse(ReasonUnreadable, c.report.FirstUnreadable, "no address or range, the first of %d such lines out of %d; %s",
			bad, c.entries+bad, expected)
	case c.entries == 0:
		return refuse(ReasonEmpty, 0, "the list is empty; %s", expected)
	case c.set.share4() > maxShare:
		return refuse(ReasonTooBroad, 0, "the ranges together name more than half of all IPv4 addresses")
	case c.set.share6() > maxShare:
		return refuse(ReasonTooBroad, 0, "the ranges together name more than half of all IPv6 addresses in use")
	}
	return nil
}
