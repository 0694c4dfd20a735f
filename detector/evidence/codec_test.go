package evidence

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

type codedInner struct {
	At   Seconds
	Held bool
	N    int16
}

type coded struct {
	Big   uint64
	Tags  [4]uint32
	List  [2]codedInner
	Ratio float32
	Sum   float64
	Small uint8
}

func codecOf[E any](t testing.TB) *Codec[E] {
	t.Helper()
	c, err := NewCodec[E]()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func sampleCoded(i int) coded {
	return coded{
		Big: rand.Uint64(), Tags: [4]uint32{1, 2, uint32(i)}, List: [2]codedInner{{At: Seconds(i), Held: true, N: -3}, {N: 7}},
		Ratio: 0.25, Sum: float64(i) / 3, Small: 255,
	}
}

func TestEntriesComeBackFromBytes(t *testing.T) {
	t.Parallel()
	c := codecOf[coded](t)
	reader, err := c.Reader(c.Layout())
	if err != nil {
		t.Fatal(err)
	}
	if c.Size() != 8+16+2*7+4+8+1 || reader.Size() != c.Size() {
		t.Errorf("%d and %d bytes; want the fields without padding", c.Size(), reader.Size())
	}
	for i := range 100 {
		in := sampleCoded(i)
		b := c.Append([]byte("before"), &in)
		var out coded
		reader.Read(b[len("before"):], &out)
		if out != in {
			t.Fatalf("%+v came back as %+v", in, out)
		}
	}
}

func TestLayoutNamesEveryField(t *testing.T) {
	t.Parallel()
	want := "Big:u64 Tags:u32*4 List.0.At:u32 List.0.Held:bool List.0.N:i16 List.1.At:u32 List.1.Held:bool List.1.N:i16 Ratio:f32 Sum:f64 Small:u8"
	if got := codecOf[coded](t).Layout(); got != want {
		t.Errorf("layout %q, want %q", got, want)
	}
	if got := codecOf[uint32](t).Layout(); got != "value:u32" {
		t.Errorf("layout %q", got)
	}
}

// TestVersionsReadEachOther: fields were added, removed, moved, made longer and
// shorter, and one has changed its kind.
func TestVersionsReadEachOther(t *testing.T) {
	t.Parallel()
	type later struct {
		New   uint32
		Small uint8
		Tags  [6]uint32
		Sum   float32 // was float64
		Big   uint64
	}
	type earlier struct {
		Tags [2]uint32
		Big  uint64
	}
	in := sampleCoded(9)
	now := codecOf[coded](t)
	b := now.Append(nil, &in)

	reader, err := codecOf[later](t).Reader(now.Layout())
	if err != nil {
		t.Fatal(err)
	}
	got := later{New: 5}
	reader.Read(b, &got)
	if want := (later{New: 5, Small: 255, Tags: [6]uint32{1, 2, 9}, Big: in.Big}); got != want {
		t.Errorf("the later version reads %+v, want %+v", got, want)
	}
	back, err := codecOf[earlier](t).Reader(now.Layout())
	if err != nil {
		t.Fatal(err)
	}
	var old earlier
	back.Read(b, &old)
	if want := (earlier{Tags: [2]uint32{1, 2}, Big: in.Big}); old != want {
		t.Errorf("the earlier version reads %+v, want %+v", old, want)
	}
}

func TestUnreadableLayoutsAreErrors(t *testing.T) {
	t.Parallel()
	c := codecOf[coded](t)
	for _, bad := range []string{
		"", " ", "Big", "Big:", ":u64", "Big:u65", "Big:string", "Tags:u32*", "Tags:u32*0", "Tags:u32*-1", "Tags:u32*99999999",
		"Tags:u32*x", strings.Repeat("Big:u64 ", 4000),
	} {
		if _, err := c.Reader(bad); err == nil {
			t.Errorf("layout %.40q was read", bad)
		}
	}
	if _, err := NewCodec[struct{ Name string }](); err == nil {
		t.Error("a type with a pointer has a codec")
	}
}

// FuzzReader: what a damaged file says about its entries neither panics nor
// writes beside the entry.
func FuzzReader(f *testing.F) {
	c := codecOf[coded](f)
	f.Add(c.Layout(), []byte{1, 2, 3})
	f.Add("Tags:u32*400 Big:u64", make([]byte, 2000))
	f.Add("List.0.Held:bool*9", []byte("123456789"))
	f.Fuzz(func(t *testing.T, layout string, data []byte) {
		reader, err := c.Reader(layout)
		if err != nil {
			return
		}
		guarded := struct {
			before uint64
			e      coded
			after  uint64
		}{before: 1, after: 2}
		if len(data) >= reader.Size() {
			reader.Read(data, &guarded.e)
		}
		if guarded.before != 1 || guarded.after != 2 {
			t.Errorf("layout %q writes beside the entry", layout)
		}
	})
}

// TestWhatIsNoNumberIsReadAsZero: it would spread, and comparisons with it fail.
func TestWhatIsNoNumberIsReadAsZero(t *testing.T) {
	t.Parallel()
	type entry struct {
		A [3]float64
		B float32
		C float64
	}
	codec, err := NewCodec[entry]()
	if err != nil {
		t.Fatal(err)
	}
	reader, err := codec.Reader(codec.Layout())
	if err != nil {
		t.Fatal(err)
	}
	damaged := entry{A: [3]float64{math.NaN(), 1.5, math.Inf(-1)}, B: float32(math.Inf(1)), C: -2}
	var got entry
	reader.Read(codec.Append(nil, &damaged), &got)
	if want := (entry{A: [3]float64{0, 1.5, 0}, C: -2}); got != want {
		t.Errorf("read %+v; want %+v", got, want)
	}
}
