package recognize

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// deflated compresses text, with a flush behind each of its parts.
func deflated(t testing.TB, level int, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	for i, part := range parts {
		if i > 0 {
			err = w.Flush()
		}
		if _, failed := w.Write([]byte(part)); failed != nil || err != nil {
			t.Fatal(failed, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func inflated(packed []byte) (text []byte, whole bool) {
	d := inflater{in: packed, out: make([]byte, 0, maxDecoded)}
	whole = d.run()
	return d.out, whole
}

func noise(n int) string {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.UintN(256))
	}
	return string(b)
}

func TestInflate(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty":              "",
		"short":              "a",
		"form":               "user=bob&password=x1",
		"repeated":           strings.Repeat("user=bob&", 5000),
		"no repetition":      noise(20_000),
		"text and noise":     strings.Repeat("abc", 300) + noise(3000) + strings.Repeat("q", 9000),
		"as long as allowed": strings.Repeat("0123456789abcdef", maxDecoded/16),
	} {
		for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
			got, whole := inflated(deflated(t, level, text))
			if string(got) != text || !whole {
				t.Errorf("%s, level %d: %d bytes of %d, whole %t", name, level, len(got), len(text), whole)
			}
		}
	}
}

func TestInflateIsBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789abcdef", maxDecoded/16) + "!"
	few, many := make([]string, maxBlocks/3), make([]string, maxBlocks+1)
	for i := range many {
		many[i] = "a"
	}
	copy(few, many)
	whole := deflated(t, flate.DefaultCompression, "user=bob&password=x1")
	for name, c := range map[string]struct {
		packed []byte
		want   string
		whole  bool
	}{
		"longer than is kept": {deflated(t, flate.DefaultCompression, long), long[:maxDecoded], false},
		"stored, longer":      {deflated(t, flate.NoCompression, long), long[:maxDecoded], false},
		"some flushes":        {deflated(t, flate.DefaultCompression, few...), strings.Join(few, ""), true},
		"cut":                 {whole[:len(whole)-3], "", false},
		"nothing":             {nil, "", false},
	} {
		got, ok := inflated(c.packed)
		if c.want != "" && string(got) != c.want || ok != c.whole {
			t.Errorf("%s: %d bytes, want %d; whole %t", name, len(got), len(c.want), ok)
		}
	}
	if got, ok := inflated(deflated(t, flate.DefaultCompression, many...)); ok || len(got) == 0 || len(got) == len(many) {
		t.Errorf("more blocks than are read: %d bytes, whole %t", len(got), ok)
	}
}

func TestPackedBodies(t *testing.T) {
	t.Parallel()
	const text = "user=bob&password=x1"
	pack := func(w io.WriteCloser, b *bytes.Buffer) string {
		if _, err := io.WriteString(w, text); err != nil || w.Close() != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	var g, n, z bytes.Buffer
	named := gzip.NewWriter(&n)
	named.Name, named.Comment, named.Extra = "form", "a form", []byte("extra")
	zip, names, lib, bare := pack(gzip.NewWriter(&g), &g), pack(named, &n), pack(zlib.NewWriter(&z), &z), string(deflated(t, 6, text))
	std := zstdOf(text)
	for name, c := range map[string]struct {
		encoding, body string
		want           string
		whole          bool
	}{
		"gzip":                  {"gzip", zip, text, true},
		"gzip, all of a header": {"gzip", names, text, true},
		"gzip, wrong checksum":  {"gzip", zip[:len(zip)-8] + "........", text, false},
		"gzip, two members":     {"gzip", zip + zip, text, false},
		"gzip, cut header":      {"gzip", names[:14], "", false},
		"gzip, cut at trailer":  {"gzip", zip[:len(zip)-8], text, false},
		"zlib":                  {"deflate", lib, text, true},
		"zlib, wrong checksum":  {"deflate", lib[:len(lib)-4] + "....", text, false},
		"bare":                  {"deflate", bare, text, true},
		"zstd":                  {"zstd", std, text, true},
		"zstd, two frames":      {"zstd", std + std, text, false},
		"zstd, skipped frame":   {"zstd", "\x50\x2a\x4d\x18\x01\x00\x00\x00a" + std, "", false},
		"zstd, cut":             {"zstd", std[:len(std)-6], "", false},
	} {
		rd := reading{}
		got, ok := unpack(&rd, []byte(c.body), map[string][]string{"Content-Encoding": {c.encoding}})
		if ok && string(got) != c.want || ok != (c.want != "") || ok && rd.cut == c.whole {
			t.Errorf("%s: %q, decoded %t, cut %t", name, got, ok, rd.cut)
		}
	}
}

// manyBlocks is a frame of n blocks of zstd that repeat one byte once.
func manyBlocks(n int) string {
	return "\x28\xb5\x2f\xfd\x00\x40" + strings.Repeat("\x0a\x00\x00a", n-1) + "\x0b\x00\x00a"
}

func TestBlocksOfZstdAreBounded(t *testing.T) {
	t.Parallel()
	for n, whole := range map[int]bool{1: true, maxBlocks: true, maxBlocks + 1: false} {
		if d, err := zstd.NewReader(nil); err != nil {
			t.Fatal(err)
		} else if all, err := d.DecodeAll([]byte(manyBlocks(n)), nil); err != nil || len(all) != n {
			t.Fatalf("%d blocks: %d bytes, %v", n, len(all), err)
		}
		got, ok := unzstd([]byte(manyBlocks(n)))
		if ok != whole || len(got) != min(n, maxBlocks) {
			t.Errorf("%d blocks: %d bytes, whole %t", n, len(got), ok)
		}
	}
}

func TestHostileBlocksAreValid(t *testing.T) {
	t.Parallel()
	for name, blocks := range map[string]string{"empty": emptyBlocks(8), "costly": costlyBlocks(8)} {
		// flate reads all of them, and misses the last one
		n, err := io.Copy(io.Discard, flate.NewReader(strings.NewReader(blocks)))
		if n != 0 || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %d bytes, %v", name, n, err)
		}
		d := inflater{in: []byte(blocks)}
		for i := range 8 {
			if header, ok := d.take(3); !ok || header != 4 || !d.block(2) {
				t.Fatalf("%s: block %d not read", name, i)
			}
		}
	}
}

// What is decoded is what compress/flate makes of it, or its beginning.
func FuzzInflate(f *testing.F) {
	for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
		f.Add(deflated(f, level, "user=bob&password=x1&user=bob", noise(300)))
	}
	f.Add([]byte(emptyBlocks(200)))
	f.Add([]byte(costlyBlocks(2)))
	f.Fuzz(func(t *testing.T, packed []byte) {
		packed = packed[:min(len(packed), worst)]
		got, whole := inflated(packed)
		want, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxDecoded+1))
		// Where the input ends, compress/flate gives up as soon as fewer bits are left
		// than the mark at the end of a block takes; shorter symbols may come before.
		cut := errors.Is(err, io.ErrUnexpectedEOF) && bytes.HasPrefix(got, want)
		if !bytes.HasPrefix(want, got) && !cut {
			t.Fatalf("%d bytes that are none of %d: %v", len(got), len(want), err)
		}
		if whole && (err != nil || len(want) != len(got)) {
			t.Fatalf("whole: %d bytes of %d, %v", len(got), len(want), err)
		}
	})
}
