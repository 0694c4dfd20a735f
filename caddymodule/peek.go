package caddymodule

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// peekTimeout bounds how long a client may take to send the part of a body
// that is looked at. The default idle timeout alone is reset by every byte.
const peekTimeout = 10 * time.Second

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
	//nolint:bodyclose // as in FlushError
	control := http.NewResponseController(w)
	deadline := control.SetReadDeadline(time.Now().Add(peekTimeout)) == nil
	n, err := io.ReadFull(r.Body, b)
	if deadline {
		_ = control.SetReadDeadline(time.Time{})
	}
	*p.buf, p.used = b[:0], n
	switch {
	case err == nil:
		p.prefix = b[:limit]
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		p.prefix, p.complete = b[:n], true
	case errors.Is(err, os.ErrDeadlineExceeded):
		p.release()
		return peeked{}, caddyhttp.Error(http.StatusRequestTimeout, err)
	default:
		p.release()
		return peeked{}, caddyhttp.Error(http.StatusBadRequest, err)
	}
	r.Body = &restored{prefix: b[:n], tail: r.Body}
	return p, nil
}

// restored is a body whose beginning has been read already.
type restored struct {
	prefix []byte
	tail   io.ReadCloser
}

func (b *restored) Read(p []byte) (int, error) {
	if len(b.prefix) == 0 {
		return b.tail.Read(p)
	}
	n := copy(p, b.prefix)
	b.prefix = b.prefix[n:]
	return n, nil
}

func (b *restored) Close() error { return b.tail.Close() }

// release gives the buffer back. The proxy may hold the body until the next
// handler has returned, so it must not be called earlier; nor at all once the
// connection was taken over.
func (p *peeked) release() {
	if p.buf != nil {
		putBuffer(p.buf, p.used)
		p.buf = nil
	}
}
