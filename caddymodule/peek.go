package caddymodule

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// peekTimeout bounds how long a client may take to send the part of a body
// that is looked at: 64 KiB at 3 KiB a second, slower than any mobile network
// of today. The default idle timeout alone is reset by every byte.
const peekTimeout = 20 * time.Second

// buffers pools what bodies and responses are copied to: byte slices of the
// default limit, grown by sites that want more.
var buffers = sync.Pool{New: func() any {
	b := make([]byte, 0, 64<<10+1)
	return &b
}}

// maxPooled is the largest buffer kept for reuse.
const maxPooled = 256 << 10

func getBuffer() *[]byte { return buffers.Get().(*[]byte) }

// putBuffer gives b back, of which used bytes were written: passwords do not
// wait in memory for the next request.
func putBuffer(b *[]byte, used int) {
	if cap(*b) > maxPooled {
		return
	}
	clear((*b)[:used])
	buffers.Put(b)
}

// peeked is the inspected prefix of a request body.
type peeked struct {
	buf      *[]byte
	prefix   []byte
	complete bool
	used     int // bytes of the buffer that were written
	restored *restored
}

// peek reads at most limit bytes of the body and puts them back in front of
// the rest: the app receives the body byte for byte. An error is for the
// client: the body could not be read.
func peek(w http.ResponseWriter, r *http.Request, limit int) (peeked, error) {
	p := peeked{buf: getBuffer()}
	b := *p.buf
	if cap(b) < limit+1 {
		b = make([]byte, 0, limit+1)
	}
	b = b[:limit+1]
	control := http.NewResponseController(w)
	deadline := control.SetReadDeadline(time.Now().Add(peekTimeout)) == nil
	n, err := readBeginning(r, b)
	if deadline {
		_ = control.SetReadDeadline(time.Time{})
	}
	*p.buf, p.used = b[:0], n
	switch {
	case err == nil:
		p.prefix = b[:min(n, limit)]
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		p.prefix, p.complete = b[:n], true
	case errors.Is(err, os.ErrDeadlineExceeded):
		p.release()
		return peeked{}, caddyhttp.Error(http.StatusRequestTimeout, err)
	default:
		p.release()
		return peeked{}, caddyhttp.Error(http.StatusBadRequest, err)
	}
	p.restored = &restored{prefix: b[:n], tail: r.Body}
	r.Body = p.restored
	return p, nil
}

// readBeginning fills b from the body, as io.ReadFull does. Of what its type and
// its first byte say is no text it reads that byte only.
func readBeginning(r *http.Request, b []byte) (int, error) {
	binary := binaryOf(r.Header.Get("Content-Type"))
	if binary == nil || r.Header.Get("Content-Encoding") != "" {
		return io.ReadFull(r.Body, b)
	}
	n, err := io.ReadFull(r.Body, b[:1])
	if err != nil || binary(b[0]) {
		return n, err
	}
	more, err := io.ReadFull(r.Body, b[1:])
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF // there was a beginning
	}
	return n + more, err
}

// binaryOf returns what tells a body of this type from a text by its first byte,
// nil when nothing does.
//
// A gRPC call may send its next message only after an answer to the first, so
// waiting for more would end it; a message begins with a flag of 0 or 1
// (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). Pictures and
// films are large, and most begin with a byte that no form and no JSON begins
// with. The type alone proves nothing: many apps never look at it.
func binaryOf(contentType string) func(first byte) bool {
	is := func(prefix string) bool {
		return len(contentType) >= len(prefix) && strings.EqualFold(contentType[:len(prefix)], prefix)
	}
	switch {
	case is("application/grpc"):
		return func(first byte) bool { return first <= 1 }
	case is("image/"), is("video/"), is("audio/"), is("font/"):
		// 0xef begins a byte order mark of UTF-8.
		return func(first byte) bool { return first < '\t' || first >= 0x80 && first != 0xef }
	}
	return nil
}

// restored is a body whose beginning has been read already. The proxy's
// transport reads it from a goroutine of its own, which may go on for a while
// after an early answer has ended the handler.
type restored struct {
	mu     sync.Mutex
	prefix []byte
	ended  bool
	tail   io.ReadCloser
}

// Read yields the prefix and then the rest. After the handler's end it fails as
// the bodies of net/http do: the prefix belongs to another request by then.
func (b *restored) Read(p []byte) (int, error) {
	b.mu.Lock()
	if b.ended {
		b.mu.Unlock()
		return 0, http.ErrBodyReadAfterClose
	}
	n := copy(p, b.prefix)
	b.prefix = b.prefix[n:]
	rest := len(b.prefix) == 0 && n == 0
	b.mu.Unlock()
	if rest {
		return b.tail.Read(p)
	}
	return n, nil
}

func (b *restored) Close() error { return b.tail.Close() }

func (b *restored) end() {
	b.mu.Lock()
	b.prefix, b.ended = nil, true
	b.mu.Unlock()
}

// release gives the buffer back and ends the body. The next handler needs the
// body until it has returned, so it must not be called earlier; nor at all once
// the connection was taken over.
func (p *peeked) release() {
	if p.restored != nil {
		p.restored.end()
	}
	if p.buf != nil {
		putBuffer(p.buf, p.used)
		p.buf = nil
	}
}
