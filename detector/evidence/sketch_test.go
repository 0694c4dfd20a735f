package evidence

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestSketchErrorIsAsDocumented(t *testing.T) {
	t.Parallel()
	tests := []struct {
		distinct int
		stderr   float64 // documented
	}{
		{1, 0}, {5, 0.5}, {10, 1}, {64, 7}, {100, 13}, {150, 25},
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for _, tt := range tests {
		const rounds = 4000
		var sum, squares float64
		for range rounds {
			var s Sketch64
			for range tt.distinct {
				hash := rng.Uint64()
				s.Add(hash)
				s.Add(hash)
			}
			d := float64(s.Estimate() - tt.distinct)
			sum += d
			squares += d * d
		}
		bias, rms := sum/rounds, math.Sqrt(squares/rounds)
		t.Logf("%3d distinct: bias %+.2f, error %.2f", tt.distinct, bias, rms)
		if math.Abs(rms-tt.stderr) > 0.5+tt.stderr/20 {
			t.Errorf("%d distinct: error %.2f, documented %.1f", tt.distinct, rms, tt.stderr)
		}
	}
}

func TestSketchTakesTagsOf32Bits(t *testing.T) {
	t.Parallel()
	var s Sketch64
	for i := range 60 {
		s.Add(uint64(numbered(i).Tag()))
	}
	if got := s.Estimate(); got < 40 || got > 85 {
		t.Errorf("60 tags are estimated as %d", got)
	}
}

func TestSketchEnds(t *testing.T) {
	t.Parallel()
	var s Sketch64
	if got := s.Estimate(); got != 0 {
		t.Errorf("an empty sketch estimates %d", got)
	}
	last := 0
	for i := range 100_000 {
		s.Add(uint64(numbered(i).Tag()))
		if got := s.Estimate(); got < last {
			t.Fatalf("the estimate fell from %d to %d", last, got)
		}
		last = s.Estimate()
	}
	if last != SketchMax {
		t.Errorf("a full sketch estimates %d, want %d", last, SketchMax)
	}
	if s.Clear(); s.Estimate() != 0 {
		t.Error("Clear left something")
	}
}
