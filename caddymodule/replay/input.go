package replay

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxLine bounds a line: longer ones are unreadable.
const maxLine = 1 << 20

// maxWindow bounds what zstd keeps of a file to unpack the rest of it.
const maxWindow = 128 << 20

// input reads lines of a file, whatever it is packed with: gzip (members one
// after the other too, as logrotate and pigz write them), zstd or bzip2.
type input struct {
	r       *bufio.Reader
	release func()
	number  int
	packed  string
}

// newInput looks at the first bytes of in.
func newInput(in io.Reader) (*input, error) {
	raw := bufio.NewReaderSize(in, 64<<10)
	first, err := raw.Peek(6)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading: %w", err)
	}
	i := &input{r: raw, release: func() {}}
	var unpacked io.Reader
	switch {
	case bytes.HasPrefix(first, []byte{0x1f, 0x8b}):
		i.packed = "gzip"
		unpacked, err = gzip.NewReader(raw)
	case bytes.HasPrefix(first, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		i.packed = "zstd"
		var d *zstd.Decoder
		d, err = zstd.NewReader(raw, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err == nil {
			i.release = d.Close
		}
		unpacked = d
	case bytes.HasPrefix(first, []byte("BZh")):
		i.packed = "bzip2"
		unpacked = bzip2.NewReader(raw)
	case bytes.HasPrefix(first, []byte{0xfd, '7', 'z', 'X', 'Z'}):
		return nil, errors.New("packed with xz, which is not read; write `xz -dc FILE | caddy doorward replay -`")
	case bytes.HasPrefix(first, []byte("PK\x03\x04")):
		return nil, errors.New("a zip archive, which is not read; write `unzip -p FILE | caddy doorward replay -`")
	default:
		i.skipMark(first)
		return i, nil
	}
	if err != nil {
		return nil, fmt.Errorf("unpacking %s: %w", i.packed, err)
	}
	i.r = bufio.NewReaderSize(unpacked, 64<<10)
	return i, nil
}

// skipMark drops the mark that some Windows programs write before UTF-8.
func (i *input) skipMark(first []byte) {
	if bytes.HasPrefix(first, []byte("\xef\xbb\xbf")) {
		_, _ = i.r.Discard(3)
	}
}

// errBroken marks that a file cannot be read on.
var errBroken = errors.New("reading on is impossible")

// errLong is a line beyond maxLine; the rest of it is skipped.
var errLong = fmt.Errorf("longer than %d bytes", maxLine)

// line appends the next line to text. io.EOF ends the file, errLong only the
// line; errBroken ends a file that is damaged.
func (i *input) line(text []byte) ([]byte, error) {
	i.number++
	from, long := len(text), false
	for {
		part, err := i.r.ReadSlice('\n')
		if long = long || len(text)-from+len(part) > maxLine; long {
			text = text[:from]
		} else {
			text = append(text, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(text) == from && !long:
			return text, io.EOF
		case err != nil && !errors.Is(err, io.EOF):
			return text[:from], i.broken(err)
		case long:
			return text, errLong
		default:
			return text, nil
		}
	}
}

// broken says why a file ends before its end.
func (i *input) broken(err error) error {
	if i.packed != "" && errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: the %s file is cut off here; the lines before it were read", errBroken, i.packed)
	}
	if i.packed != "" {
		return fmt.Errorf("%w: the %s file is damaged here (%w); the lines before it were read", errBroken, i.packed, err)
	}
	return fmt.Errorf("%w: %w", errBroken, err)
}
