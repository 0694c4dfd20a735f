// Package geotest makes MaxMind DB files for tests: small, with what a test
// needs, and none of anybody's data. Only tests import it.
//
// The format is that of the specification 2.0, https://maxmind.github.io/MaxMind-DB/.
package geotest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Map is a record, or a map in one. Values are string, bool, uint32, float64,
// Map or []any.
type Map = map[string]any

// Database describes a file.
type Database struct {
	// Type is what it calls itself.
	Type string
	// Version is 4 or 6: which addresses the tree is for. Default 6.
	Version int
	// Networks are the records; the narrower network wins.
	Networks map[string]Map
	// Built is when it was made, in Unix seconds.
	Built uint32
}

// marker stands before the metadata.
const marker = "\xab\xcd\xefMaxMind.com"

// recordSize is the size of a record of the tree in bits; a node has two.
const recordSize = 32

// Bytes is the file. It panics for a network that is none.
func (d Database) Bytes() []byte {
	version := d.Version
	if version == 0 {
		version = 6
	}
	t := tree{nodes: []node{{}}, version: version}
	data := &encoder{offsets: map[string]uint32{}}
	prefixes := make([]netip.Prefix, 0, len(d.Networks))
	records := map[netip.Prefix]Map{}
	for text, record := range d.Networks {
		p := netip.MustParsePrefix(text).Masked()
		prefixes = append(prefixes, p)
		records[p] = record
	}
	slices.SortFunc(prefixes, func(a, b netip.Prefix) int { return a.Bits() + width(version, a) - b.Bits() - width(version, b) })
	for _, p := range prefixes {
		t.insert(p, data.place(records[p])+1)
	}
	out := t.encode()
	out = append(out, make([]byte, 16)...) // separates the tree from the data
	out = append(out, data.buf.Bytes()...)
	meta := &encoder{}
	meta.value(Map{
		"binary_format_major_version": uint32(2), "binary_format_minor_version": uint32(0),
		"build_epoch": d.Built, "database_type": d.Type, "description": Map{"en": "made for a test"},
		"ip_version": uint32(version), "languages": []any{"en"},
		"node_count": uint32(len(t.nodes)), "record_size": uint32(recordSize),
	})
	return append(append(out, marker...), meta.buf.Bytes()...)
}

// Write puts the file into a folder of the test and returns its path.
func (d Database) Write(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	Put(t, path, d.Bytes())
	return path
}

// Put puts content at a path at once, as an updater does.
func Put(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// width is how many bits stand before those of an address in the tree: IPv4 is
// kept below ::/96.
func width(version int, p netip.Prefix) int {
	if version == 6 && p.Addr().Is4() {
		return 96
	}
	return 0
}

// node has two records: 0 is nothing, negative a place in the data, else the
// number of a node.
type node [2]int

type tree struct {
	nodes   []node
	version int
}

func (t *tree) insert(p netip.Prefix, place uint32) {
	bits := width(t.version, p)
	address := make([]byte, bits/8, 16)
	address = append(address, p.Addr().AsSlice()...)
	bits += p.Bits()
	at := 0
	for i := range bits - 1 {
		at = t.child(at, bit(address, i))
	}
	t.nodes[at][bit(address, bits-1)] = -int(place)
}

// child returns the node below a record, which may have been data of a wider
// network: then both sides of it keep that.
func (t *tree) child(at, side int) int {
	record := t.nodes[at][side]
	if record > 0 {
		return record
	}
	t.nodes = append(t.nodes, node{record, record})
	t.nodes[at][side] = len(t.nodes) - 1
	return len(t.nodes) - 1
}

func bit(address []byte, i int) int { return int(address[i/8]>>(7-i%8)) & 1 }

func (t *tree) encode() (out []byte) {
	for _, n := range t.nodes {
		for _, record := range n {
			switch {
			case record == 0:
				record = len(t.nodes)
			case record < 0:
				record = len(t.nodes) + 16 - record - 1
			}
			out = binary.BigEndian.AppendUint32(out, uint32(record))
		}
	}
	return out
}

// encoder writes values. Equal records are written once, as vendors do.
type encoder struct {
	buf     bytes.Buffer
	offsets map[string]uint32
}

// place writes a record and returns where it stands.
func (e *encoder) place(record Map) uint32 {
	one := &encoder{}
	one.value(record)
	text := one.buf.String()
	offset, known := e.offsets[text]
	if !known {
		offset = uint32(e.buf.Len())
		e.offsets[text] = offset
		e.buf.WriteString(text)
	}
	return offset
}

// The types of values.
const (
	typeString = 2
	typeDouble = 3
	typeUint32 = 6
	typeMap    = 7
	typeArray  = 11
	typeBool   = 14
)

func (e *encoder) value(value any) {
	switch v := value.(type) {
	case string:
		e.control(typeString, len(v))
		e.buf.WriteString(v)
	case bool:
		n := 0
		if v {
			n = 1
		}
		e.control(typeBool, n)
	case uint32:
		e.control(typeUint32, 4)
		e.buf.Write(binary.BigEndian.AppendUint32(nil, v))
	case float64:
		e.control(typeDouble, 8)
		e.buf.Write(binary.BigEndian.AppendUint64(nil, math.Float64bits(v)))
	case []any:
		e.control(typeArray, len(v))
		for _, element := range v {
			e.value(element)
		}
	case Map:
		e.control(typeMap, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			e.value(key)
			e.value(v[key])
		}
	default:
		panic(fmt.Sprintf("geotest: a value of the type %T", value))
	}
}

// control writes type and size; sizes of 285 and more are not needed here.
func (e *encoder) control(kind, size int) {
	first, extended := byte(kind<<5), kind > 7
	if extended {
		first = 0
	}
	switch {
	case size < 29:
		e.buf.WriteByte(first | byte(size))
	case size < 285:
		e.buf.WriteByte(first | 29)
	default:
		panic("geotest: a value that is too long")
	}
	if extended {
		e.buf.WriteByte(byte(kind - 7))
	}
	if size >= 29 {
		e.buf.WriteByte(byte(size - 29))
	}
}
