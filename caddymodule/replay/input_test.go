package replay

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/doorward/doorward/config"
)

func TestLinesOfAnyLength(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want []int // lengths; -1 for too long
	}{
		"empty":                    {"", nil},
		"one":                      {"abc", []int{3}},
		"an empty one":             {"\n", []int{1}},
		"as long as may be":        {strings.Repeat("x", maxLine), []int{maxLine}},
		"one too long":             {strings.Repeat("x", maxLine+1), []int{-1}},
		"one too long, then one":   {strings.Repeat("x", 2*maxLine) + "\nab\n", []int{-1, 3}},
		"one, then one too long":   {"ab\n" + strings.Repeat("x", maxLine+1), []int{3, -1}},
		"longer than one buffer":   {strings.Repeat("x", 100_000) + "\n", []int{100_001}},
		"zeroes are bytes as well": {"\x00\x00\n\x00", []int{3, 1}},
	} {
		in, err := newInput(strings.NewReader(c.text))
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		for {
			text, err := in.line([]byte("kept"))
			if errors.Is(err, io.EOF) {
				break
			}
			if !bytes.HasPrefix(text, []byte("kept")) {
				t.Errorf("%s: what was there before is gone", name)
			}
			n := len(text) - len("kept")
			if errors.Is(err, errLong) {
				n = -1
			} else if err != nil {
				t.Fatal(err)
			}
			got = append(got, n)
		}
		if len(got) != len(c.want) || in.number != len(c.want)+1 {
			t.Errorf("%s: lines %v, want %v", name, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: line %d has %d bytes, want %d", name, i+1, got[i], c.want[i])
			}
		}
	}
}

// FuzzLog plays whole files, whatever they seem to be packed with.
func FuzzLog(f *testing.F) {
	f.Add([]byte(combinedPage + "\nrubbish\n" + caddyPage + "\n"))
	f.Add([]byte(failures(12, "192.0.2.1", newYear, 0)))
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"))
	f.Add([]byte("\x28\xb5\x2f\xfd\x04\x00\x11\x00\x00ab\n"))
	f.Add([]byte("BZh9"))
	f.Fuzz(func(t *testing.T, text []byte) {
		o := RunOptions{Options: Options{Open: true, App: config.App{MaxTracked: 1000}}, Format: FormatCombined, JSON: len(text)%2 == 0}
		if len(text)%4 < 2 {
			o.Format = FormatCaddy
		}
		// An error is fine: files may be damaged.
		_, _ = replay(t, o, file{"a", string(text)}, file{"b", string(text)})
	})
}
