package recognize

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// encoded compresses text with one encoding.
func encoded(t testing.TB, encoding, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch encoding {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "zlib":
		w = zlib.NewWriter(&b)
	case "flate":
		w, err = flate.NewWriter(&b, flate.BestSpeed)
	case "zstd":
		w, err = zstd.NewWriter(&b)
	}
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func encodingHeader(values ...string) http.Header {
	return http.Header{"Content-Encoding": values}
}

func TestDecodeBody(t *testing.T) {
	t.Parallel()
	const text = `{"success":false,"message":"Incorrect password."}`
	gz := encoded(t, "gzip", text)
	twice := encoded(t, "gzip", string(gz))
	rows := []struct {
		name      string
		header    http.Header
		prefix    []byte
		complete  bool
		want      string
		whole, ok bool
	}{
		{"none", nil, []byte(text), true, text, true, true},
		{"none, cut", nil, []byte(text[:9]), false, text[:9], false, true},
		{"identity", encodingHeader("identity"), []byte(text), true, text, true, true},
		{"gzip", encodingHeader("gzip"), gz, true, text, true, true},
		{"x-gzip in capitals", encodingHeader("X-GZIP"), gz, true, text, true, true},
		{"deflate with zlib", encodingHeader("deflate"), encoded(t, "zlib", text), true, text, true, true},
		{"deflate without zlib", encodingHeader("deflate"), encoded(t, "flate", text), true, text, true, true},
		{"zstd", encodingHeader("zstd"), encoded(t, "zstd", text), true, text, true, true},
		{"two encodings in one header", encodingHeader("gzip, gzip"), twice, true, text, true, true},
		{"two encodings in two headers", encodingHeader("gzip", "gzip"), twice, true, text, true, true},
		{"whole body that ends early", encodingHeader("gzip"), gz[:len(gz)-9], true, "", false, false},
		{"not what it says", encodingHeader("gzip"), []byte(text), true, "", false, false},
		{"zstd, not what it says", encodingHeader("zstd"), []byte(text), true, "", false, false},
		{"br", encodingHeader("br"), []byte("\x8b\x02\x80"), true, "", false, false},
		{"three encodings", encodingHeader("gzip, gzip, gzip"), gz, true, "", false, false},
		{"empty body", encodingHeader("gzip"), nil, true, "", true, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			body, whole, ok := DecodeBody(row.header, row.prefix, row.complete, 1<<10)
			if string(body) != row.want || whole != row.whole || ok != row.ok {
				t.Errorf("got %q whole=%v ok=%v, want %q %v %v", body, whole, ok, row.want, row.whole, row.ok)
			}
		})
	}
}

func TestDecodeBodyOfACutBodyIsItsBeginning(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range 4000 {
		text.WriteString(itoa(i * 7919))
	}
	for encoding, name := range map[string]string{"gzip": "gzip", "zlib": "deflate", "zstd": "zstd"} {
		packed := encoded(t, encoding, text.String())
		body, whole, ok := DecodeBody(encodingHeader(name), packed[:len(packed)/2], false, 1<<20)
		if encoding == "zstd" && !ok {
			// One block holds it all, so nothing can be decoded before its end.
			continue
		}
		if !ok || whole || len(body) == 0 || !strings.HasPrefix(text.String(), string(body)) {
			t.Errorf("%s: got %d bytes whole=%v ok=%v, want a beginning", name, len(body), whole, ok)
		}
	}
}

func TestDecodeBodyStopsBombs(t *testing.T) {
	t.Parallel()
	const limit = 64 << 10
	zeros := strings.Repeat("\x00", 1<<20)
	for encoding, name := range map[string]string{"gzip": "gzip", "zlib": "deflate", "zstd": "zstd"} {
		body, whole, ok := DecodeBody(encodingHeader(name), encoded(t, encoding, zeros), true, limit)
		if len(body) != limit || whole || !ok {
			t.Errorf("%s: got %d bytes whole=%v ok=%v, want %d false true", name, len(body), whole, ok, limit)
		}
	}
	nested := encoded(t, "gzip", string(encoded(t, "gzip", zeros)))
	if body, whole, _ := DecodeBody(encodingHeader("gzip, gzip"), nested, true, limit); len(body) > limit || whole {
		t.Errorf("nested: got %d bytes whole=%v", len(body), whole)
	}
}

func FuzzDecodeBody(f *testing.F) {
	for _, e := range []string{"gzip", "zlib", "flate", "zstd"} {
		f.Add(e, encoded(f, e, "hello hello hello"), true)
	}
	f.Add("gzip, zstd", []byte("x"), false)
	f.Fuzz(func(t *testing.T, encoding string, prefix []byte, complete bool) {
		const limit = 4096
		body, whole, ok := DecodeBody(encodingHeader(encoding), prefix, complete, limit)
		if len(body) > limit {
			t.Errorf("%d bytes, more than %d", len(body), limit)
		}
		if whole && (!complete || !ok) {
			t.Error("a cut or unreadable body counts as whole")
		}
	})
}
