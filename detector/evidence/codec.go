package evidence

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unsafe"
)

// Codec writes entries of one type as bytes that another process, another
// version or another machine can read: the numbers of the entry one after the
// other, little-endian, without padding. What they mean is told by Layout, which
// is kept beside them. A reader whose entries have other fields takes those it
// knows by name and kind and leaves the rest zero, so fields may be added,
// removed and moved; a field whose meaning changes must change its name.
//
// A Codec is immutable and safe for concurrent use.
type Codec[E any] struct {
	leaves []leaf
	size   int
	layout string
}

// leaf is a number, or an array of numbers, in an entry.
type leaf struct {
	name   string
	kind   string // u8, u16, u32, u64, i8 … i64, f32, f64, bool
	size   int    // of one
	n      int
	offset uintptr // in the entry
}

func (l leaf) bytes() int { return l.size * l.n }

// NewCodec returns the codec of E, which must be free of pointers as the entries
// of a Table are.
func NewCodec[E any]() (*Codec[E], error) {
	if path := pointerIn(reflect.TypeFor[E]()); path != "" {
		return nil, fmt.Errorf("making a codec: entry %s holds a pointer; store a number or an array instead", path)
	}
	c := &Codec[E]{leaves: leavesOf(nil, "", reflect.TypeFor[E](), 0)}
	words := make([]string, 0, len(c.leaves))
	for _, l := range c.leaves {
		c.size += l.bytes()
		words = append(words, l.word())
	}
	c.layout = strings.Join(words, " ")
	return c, nil
}

// word is a leaf as the layout writes it: name:kind, or name:kind*n.
func (l leaf) word() string {
	if l.n == 1 {
		return l.name + ":" + l.kind
	}
	return l.name + ":" + l.kind + "*" + strconv.Itoa(l.n)
}

func leavesOf(list []leaf, name string, t reflect.Type, offset uintptr) []leaf {
	switch t.Kind() {
	case reflect.Struct:
		for f := range t.Fields() {
			inner := f.Name
			if name != "" {
				inner = name + "." + f.Name
			}
			list = leavesOf(list, inner, f.Type, offset+f.Offset)
		}
		return list
	case reflect.Array:
		if t.Len() == 0 {
			return list
		}
		if kind := kindOf(t.Elem()); kind != "" {
			return append(list, leaf{name: name, kind: kind, size: int(t.Elem().Size()), n: t.Len(), offset: offset})
		}
		for i := range t.Len() {
			list = leavesOf(list, name+"."+strconv.Itoa(i), t.Elem(), offset+uintptr(i)*t.Elem().Size())
		}
		return list
	}
	if name == "" {
		name = "value"
	}
	return append(list, leaf{name: name, kind: kindOf(t), size: int(t.Size()), n: 1, offset: offset})
}

func kindOf(t reflect.Type) string {
	bits := strconv.Itoa(int(t.Size()) * 8)
	switch t.Kind() {
	case reflect.Bool:
		return "bool"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return "u" + bits
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "i" + bits
	case reflect.Float32, reflect.Float64:
		return "f" + bits
	}
	return ""
}

// Layout describes the bytes that Append writes: the fields in their order,
// separated by spaces, each with its kind (u8 to u64, i8 to i64, f32, f64, bool)
// and behind a * how many of them follow each other. It belongs beside them.
func (c *Codec[E]) Layout() string { return c.layout }

// Size is how many bytes Append writes.
func (c *Codec[E]) Size() int { return c.size }

// Append appends the bytes of e.
func (c *Codec[E]) Append(dst []byte, e *E) []byte {
	for i := range c.leaves {
		dst = appendNumbers(dst, &c.leaves[i], numbersAt(unsafe.Pointer(e), &c.leaves[i]))
	}
	return dst
}

func numbersAt(e unsafe.Pointer, l *leaf) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(e, l.offset)), l.bytes())
}

// bigEndian tells that the machine keeps numbers the other way round.
var bigEndian = binary.NativeEndian.Uint16([]byte{1, 0}) != 1

func appendNumbers(dst []byte, l *leaf, from []byte) []byte {
	start := len(dst)
	dst = append(dst, from...)
	if bigEndian && l.size > 1 {
		turn(dst[start:], l.size)
	}
	return dst
}

// turn reverses the bytes of every number.
func turn(b []byte, size int) {
	for ; len(b) >= size; b = b[size:] {
		for i, j := 0, size-1; i < j; i, j = i+1, j-1 {
			b[i], b[j] = b[j], b[i]
		}
	}
}

// Reader reads entries that were written with one layout.
type Reader[E any] struct {
	size  int
	moves []move
}

// move copies the numbers of one field.
type move struct {
	from int
	to   leaf
}

// maxLayout bounds a layout that is read back, in bytes.
const maxLayout = 16 << 10

// Reader returns a reader of what was written with layout, which may be that of
// another version. An unreadable one is an error.
func (c *Codec[E]) Reader(layout string) (*Reader[E], error) {
	if len(layout) > maxLayout {
		return nil, fmt.Errorf("reading a layout: it has %d bytes, more than %d", len(layout), maxLayout)
	}
	known := make(map[string]leaf, len(c.leaves))
	for _, l := range c.leaves {
		known[l.name+":"+l.kind] = l
	}
	r := &Reader[E]{}
	for word := range strings.FieldsSeq(layout) {
		l, err := parseWord(word)
		if err != nil {
			return nil, err
		}
		if own, ok := known[l.name+":"+l.kind]; ok {
			own.n = min(own.n, l.n)
			r.moves = append(r.moves, move{from: r.size, to: own})
		}
		r.size += l.bytes()
	}
	if r.size == 0 {
		return nil, fmt.Errorf("reading a layout: %q names no field", layout)
	}
	return r, nil
}

var kindSizes = map[string]int{
	"bool": 1, "u8": 1, "i8": 1, "u16": 2, "i16": 2, "u32": 4, "i32": 4, "f32": 4, "u64": 8, "i64": 8, "f64": 8,
}

func parseWord(word string) (leaf, error) {
	name, kind, ok := strings.Cut(word, ":")
	kind, count, many := strings.Cut(kind, "*")
	l := leaf{name: name, kind: kind, size: kindSizes[kind], n: 1}
	if !ok || name == "" || l.size == 0 {
		return l, fmt.Errorf("reading a layout: %q is no field; one looks like fails.start:u32", word)
	}
	if many {
		n, err := strconv.Atoi(count)
		if err != nil || n < 1 || n > maxLayout {
			return l, fmt.Errorf("reading a layout: %q is no number of fields", count)
		}
		l.n = n
	}
	return l, nil
}

// Size is how many bytes an entry has in this layout.
func (r *Reader[E]) Size() int { return r.size }

// Read fills e from the first Size bytes of b, which must have so many. Fields
// that the layout does not name stay as they are.
func (r *Reader[E]) Read(b []byte, e *E) {
	for i := range r.moves {
		m := &r.moves[i]
		to := numbersAt(unsafe.Pointer(e), &m.to)
		copy(to, b[m.from:m.from+m.to.bytes()])
		switch {
		case m.to.kind == "bool":
			for i := range to { // any other byte is no bool
				to[i] = min(to[i], 1)
			}
		case bigEndian && m.to.size > 1:
			turn(to, m.to.size)
		}
		if m.to.kind == "f32" || m.to.kind == "f64" {
			keepFinite(to, m.to.size)
		}
	}
}

// keepFinite puts 0 in the place of what is no number or infinite: nothing writes
// such a one, and it would spread to everything that is computed with it.
func keepFinite(b []byte, size int) {
	for ; len(b) >= size; b = b[size:] {
		var value float64
		if size == 4 {
			value = float64(math.Float32frombits(binary.NativeEndian.Uint32(b)))
		} else {
			value = math.Float64frombits(binary.NativeEndian.Uint64(b))
		}
		if math.IsNaN(value) || math.IsInf(value, 0) {
			clear(b[:size])
		}
	}
}
