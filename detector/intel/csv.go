package intel

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// maxColumns bounds the columns that are looked at; the rest of a line is
// ignored.
const maxColumns = 256

// csvReader reads one entry per line from a column. Without a configured field
// the column is the first that a header line gives a usual name, or else the
// first of a line that holds an entry. Columns called start and end of a range
// belong together. Quoted values may hold separators, and no line feeds. Lines
// that begin with # or ; are comments.
type csvReader struct {
	c     *collector
	field string

	separator byte // of the first line
	// column holds the entry, last the end of its range, from 0; -1: none.
	column, last int
	known        bool
	values       [][]byte // of the current line
}

func (v *csvReader) line(raw []byte, whole bool) error {
	text := bytes.TrimSpace(raw)
	if len(text) == 0 || text[0] == '#' || text[0] == ';' {
		return nil
	}
	if v.separator == 0 {
		v.separator = separatorOf(text)
	}
	v.values = splitValues(v.values[:0], text, v.separator)
	if !v.known && v.choose() {
		return nil // a header
	}
	if !v.known || v.column >= len(v.values) || v.last >= len(v.values) {
		return v.c.unreadable(v.c.report.Lines, raw, whole)
	}
	entry := v.values[v.column]
	if v.last >= 0 {
		entry = slices.Concat(entry, []byte("-"), v.values[v.last])
	}
	return v.c.take(v.c.report.Lines, entry, raw, whole)
}

// choose finds the column. It reports whether the line is a header.
func (v *csvReader) choose() (header bool) {
	v.column, v.last = -1, -1
	names := make([]string, len(v.values))
	for i, value := range v.values {
		names[i] = foldName(string(value))
	}
	if v.field != "" {
		if n, err := strconv.Atoi(v.field); err == nil && n >= 1 {
			v.column, v.known = n-1, true
			// A name over the column is no broken entry.
			return n <= len(v.values) && !isEntry(v.values[n-1]) && !v.anyEntry()
		}
		v.column = slices.Index(names, foldName(v.field))
		v.known = v.column >= 0
		return v.known
	}
	if from, to := slices.IndexFunc(names, in(startNames)), slices.IndexFunc(names, in(endNames)); from >= 0 && to >= 0 {
		v.column, v.last, v.known = from, to, true
		return true
	}
	if v.column = slices.IndexFunc(names, in(addressNames)); v.column >= 0 {
		v.known = true
		return true
	}
	v.column = slices.IndexFunc(v.values, isEntry)
	v.known = v.column >= 0
	return false
}

func (v *csvReader) anyEntry() bool { return slices.ContainsFunc(v.values, isEntry) }

func isEntry(value []byte) bool {
	if first, last, ok := cutRange(value); ok {
		_, ok = span(first, last)
		return ok
	}
	_, ok := parseEntry(value)
	return ok
}

// The usual names of columns and keys that hold an address or range, as
// foldName writes them.
var (
	addressNames = []string{
		"ip", "ips", "ipaddress", "ipaddresses", "address", "addresses", "addr", "cidr", "cidrs", "prefix", "prefixes", "network", "networks",
		"subnet", "range", "ranges", "iprange", "ipprefix", "ipv4", "ipv6", "ipv4prefix", "ipv6prefix", "ipv4cidr", "ipv6cidr", "ipv4cidrs", "ipv6cidrs", "netblock",
	}
	startNames = []string{"startip", "ipstart", "firstip", "ipfrom", "rangestart", "startaddress"}
	endNames   = []string{"endip", "ipend", "lastip", "ipto", "rangeend", "endaddress"}
)

func in(names []string) func(string) bool {
	return func(name string) bool { return slices.Contains(names, name) }
}

// foldName writes a name without case, spaces, - and _.
func foldName(name string) string { return strings.ToLower(unjoined.Replace(name)) }

// unjoined is made once: a list may have millions of names.
var unjoined = strings.NewReplacer("_", "", "-", "", " ", "")

// separatorOf is the first of comma, tab and semicolon that the line holds.
func separatorOf(line []byte) byte {
	for _, c := range []byte(",\t;") {
		if bytes.IndexByte(line, c) >= 0 {
			return c
		}
	}
	return ','
}

// splitValues appends the values of a line, without quotes and spaces around.
func splitValues(values [][]byte, line []byte, separator byte) [][]byte {
	for len(values) < maxColumns {
		line = bytes.TrimLeft(line, " ")
		var value []byte
		if len(line) > 0 && line[0] == '"' {
			value, line = quoted(line[1:])
		}
		i := bytes.IndexByte(line, separator)
		if value == nil {
			value = bytes.TrimSpace(line[:max(i, 0)])
			if i < 0 {
				value = bytes.TrimSpace(line)
			}
		}
		values = append(values, value)
		if i < 0 {
			break
		}
		line = line[i+1:]
	}
	return values
}

// quoted reads up to the closing quote; a doubled quote stands for one.
func quoted(line []byte) (value, rest []byte) {
	value = []byte{}
	for {
		i := bytes.IndexByte(line, '"')
		if i < 0 {
			return append(value, line...), nil
		}
		value, line = append(value, line[:i]...), line[i+1:]
		if len(line) == 0 || line[0] != '"' {
			return value, line
		}
		value, line = append(value, '"'), line[1:]
	}
}
