package recognize

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// maxEncodings is how many encodings of one body are undone. One is what
// servers apply; every further one multiplies what few bytes may become.
const maxEncodings = 2

// maxZstdWindow bounds the memory of one zstd decoder. RFC 8878, section
// 3.1.1.1.2, asks decoders of untrusted content to support 8 MiB.
const maxZstdWindow = 8 << 20

// DecodeBody undoes the Content-Encoding of a body of which prefix was seen,
// up to limit bytes of output: gzip, deflate and zstd. complete tells that
// prefix is the whole body; whole tells the same of what is returned. A cut
// body yields what its beginning decodes to. ok is false when the encoding is
// not read here (br, or more than maxEncodings) or the bytes are not of that
// encoding: nothing may be concluded from such a body.
//
// Without an encoding the prefix itself is returned, cut to limit; otherwise
// the result is a copy. Memory is bounded by limit and the decoder's window.
func DecodeBody(header http.Header, prefix []byte, complete bool, limit int) (body []byte, whole, ok bool) {
	limit = max(limit, 0)
	encodings := contentEncodings(header)
	if len(encodings) > maxEncodings {
		return nil, false, false
	}
	body, whole = prefix, complete
	for _, encoding := range slices.Backward(encodings) {
		body, whole, ok = decodeOne(encoding, body, whole, limit)
		if !ok {
			return nil, false, false
		}
	}
	if len(body) > limit {
		return body[:limit], false, true
	}
	return body, whole, true
}

// contentEncodings lists the encodings in the order they were applied.
func contentEncodings(header http.Header) []string {
	var encodings []string
	for _, line := range header.Values("Content-Encoding") {
		for e := range strings.SplitSeq(line, ",") {
			e = strings.ToLower(strings.TrimSpace(e))
			if e != "" && e != "identity" {
				encodings = append(encodings, e)
			}
			if len(encodings) > maxEncodings {
				return encodings
			}
		}
	}
	return encodings
}

func decodeOne(encoding string, prefix []byte, complete bool, limit int) (body []byte, whole, ok bool) {
	if len(prefix) == 0 {
		// HEAD, 204 and 304 name an encoding without a body.
		return nil, complete, true
	}
	r, err := decoderOf(encoding, prefix, maxZstdWindow)
	if err != nil {
		return nil, false, false
	}
	defer r.Close()
	body, err = io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if len(body) > limit {
		return body[:limit], false, true
	}
	if err == nil {
		return body, complete, true
	}
	// The end of a cut body is missing; the end of a whole one must not be.
	cut := errors.Is(err, io.ErrUnexpectedEOF) && !complete
	return body, false, cut && len(body) > 0
}

func decoderOf(encoding string, prefix []byte, window uint64) (io.ReadCloser, error) {
	src := bytes.NewReader(prefix)
	switch encoding {
	case "gzip", "x-gzip":
		return gzip.NewReader(src)
	case "deflate":
		// RFC 9110 means zlib; some servers send bare deflate.
		if r, err := zlib.NewReader(src); err == nil {
			return r, nil
		}
		return flate.NewReader(bytes.NewReader(prefix)), nil
	case "zstd":
		d, err := zstd.NewReader(src, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(window))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	default:
		return nil, errors.New("unknown content encoding")
	}
}
