package evidence

import (
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"
)

func TestTagsForgetTheOldest(t *testing.T) {
	t.Parallel()
	var s Tags4
	for tag := uint32(1); tag <= 4; tag++ {
		if !s.Add(tag) {
			t.Errorf("tag %d was not new", tag)
		}
	}
	if !s.Full() || s.Distinct() != 4 {
		t.Fatalf("full %v with %d, want true with 4", s.Full(), s.Distinct())
	}
	if s.Add(1) {
		t.Error("a repeated tag was new")
	}
	s.Add(5)
	for tag, want := range map[uint32]bool{1: true, 2: false, 3: true, 4: true, 5: true, 6: false} {
		if got := s.Seen(tag); got != want {
			t.Errorf("Seen(%d) = %v, want %v", tag, got, want)
		}
	}
}

func TestTagsTakeZeroForOne(t *testing.T) {
	t.Parallel()
	var s Tags4
	if s.Seen(0) || s.Distinct() != 0 {
		t.Fatal("an empty set holds tag 0")
	}
	if !s.Add(0) || !s.Seen(0) || !s.Seen(1) || s.Distinct() != 1 {
		t.Error("tag 0 was not kept as 1")
	}
	if !s.Remove(0) || s.Distinct() != 0 {
		t.Error("tag 0 was not removed")
	}
}

// A slice is the model: newest first, cut to the size.
func TestTagsAgainstModel(t *testing.T) {
	t.Parallel()
	tagsAgainstModel[[4]uint32](t)
	tagsAgainstModel[[8]uint32](t)
	tagsAgainstModel[[12]uint32](t)
}

func tagsAgainstModel[A [4]uint32 | [8]uint32 | [12]uint32](t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var (
		s     Tags[A]
		model []uint32
		size  = len(s.tag)
	)
	for step := range 20_000 {
		tag := 1 + rng.Uint32N(uint32(size*3/2))
		at := slices.Index(model, tag)
		switch op := rng.IntN(100); {
		case op < 70:
			if got := s.Add(tag); got != (at < 0) {
				t.Fatalf("step %d: Add(%d) = %v", step, tag, got)
			}
			if at >= 0 {
				model = slices.Delete(model, at, at+1)
			}
			model = slices.Insert(model, 0, tag)
			model = model[:min(len(model), size)]
		case op < 99:
			if got := s.Remove(tag); got != (at >= 0) {
				t.Fatalf("step %d: Remove(%d) = %v", step, tag, got)
			}
			if at >= 0 {
				model = slices.Delete(model, at, at+1)
			}
		default:
			s.Clear()
			model = nil
		}
		if s.Distinct() != len(model) || s.Full() != (len(model) == size) {
			t.Fatalf("step %d: %d tags, full %v, want %d of %d", step, s.Distinct(), s.Full(), len(model), size)
		}
		for tag := uint32(1); tag <= uint32(size*3/2); tag++ {
			if s.Seen(tag) != slices.Contains(model, tag) {
				t.Fatalf("step %d: Seen(%d) = %v, model %v", step, tag, s.Seen(tag), model)
			}
		}
	}
}

func TestDocumentedSizes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		got, want uintptr
	}{
		{"Key", unsafe.Sizeof(Key{}), 16},
		{"Seconds", unsafe.Sizeof(Seconds(0)), 4},
		{"Counter", unsafe.Sizeof(Counter{}), 8},
		{"WideCounter", unsafe.Sizeof(WideCounter{}), 12},
		{"Tags4", unsafe.Sizeof(Tags4{}), 16},
		{"Tags8", unsafe.Sizeof(Tags8{}), 32},
		{"Tags12", unsafe.Sizeof(Tags12{}), 48},
		{"Sketch64", unsafe.Sizeof(Sketch64{}), 8},
		{"a line of the index", unsafe.Sizeof(bucket{}), 64},
		{"an entry of a limit store", unsafe.Sizeof(limitEntry{}), 28},
		{"alignment of Sketch64", unsafe.Alignof(Sketch64{}), 4},
		{"alignment of an entry of a limit store", unsafe.Alignof(limitEntry{}), 4},
		{"key and time of a stored entry", unsafe.Offsetof(slot[[10]uint32]{}.e), 20},
		{"the same before a field of 8 bytes", unsafe.Offsetof(slot[uint64]{}.e), 24},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %d bytes, documented %d", tt.name, tt.got, tt.want)
		}
	}
}
