package caddymodule

import (
	"io"
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// observer passes a response through as it comes and keeps a copy of the first
// bytes of its body. It never holds back, changes or adds a byte, and it
// leaves Flush, Hijack and the deadlines to the writer beneath, which
// http.ResponseController finds through Unwrap.
//
// It belongs to the request's goroutine, but for informational headers: the
// proxy's transport writes those from its own, so that branch touches nothing.
type observer struct {
	caddyhttp.ResponseWriterWrapper
	status int    // final status, 0 before
	copied []byte // prefix of the body; its capacity is the bound
	room   int    // how much more to copy
	cut    bool   // the body is longer than the copy
	onHead func() // called once when the final status is written; may be nil
}

// newObserver wraps w. buf is used for the copy up to room bytes.
func newObserver(w http.ResponseWriter, buf []byte, room int) *observer {
	return &observer{
		ResponseWriterWrapper: caddyhttp.ResponseWriterWrapper{ResponseWriter: w},
		copied:                buf[:0], room: room,
	}
}

// WriteHeader notes the final status. 101 is final: the connection is handed
// over.
func (o *observer) WriteHeader(code int) {
	if code < 200 && code != http.StatusSwitchingProtocols {
		o.ResponseWriter.WriteHeader(code)
		return
	}
	o.head(code)
	o.ResponseWriter.WriteHeader(code)
}

func (o *observer) head(code int) {
	if o.status != 0 {
		return
	}
	o.status = code
	if o.onHead != nil {
		o.onHead()
	}
}

// Write passes p on and copies what there is room for.
func (o *observer) Write(p []byte) (int, error) {
	o.head(http.StatusOK)
	n, err := o.ResponseWriter.Write(p)
	o.copy(p[:n])
	return n, err
}

func (o *observer) copy(p []byte) {
	if len(p) > o.room {
		p, o.cut = p[:o.room], true
	}
	o.copied = append(o.copied, p...)
	o.room -= len(p)
}

// ReadFrom lets the first bytes go through Write and gives the rest to the
// writer beneath, so that a large download may still use sendfile.
func (o *observer) ReadFrom(r io.Reader) (int64, error) {
	o.head(http.StatusOK)
	var total int64
	if o.room > 0 {
		n, err := io.Copy(writerOnly{o}, io.LimitReader(r, int64(o.room)))
		total = n
		if err != nil || o.room > 0 {
			return total, err
		}
	}
	n, err := o.ResponseWriterWrapper.ReadFrom(r)
	if n > 0 {
		o.cut = true
	}
	return total + n, err
}

// FlushError is found by http.ResponseController before Unwrap is tried: a
// flush sends the header, so the status must be noted.
func (o *observer) FlushError() error {
	o.head(http.StatusOK)
	return http.NewResponseController(o.ResponseWriter).Flush()
}

// writerOnly hides ReadFrom from io.Copy.
type writerOnly struct{ io.Writer }

// Interface guards
var (
	_ http.ResponseWriter = (*observer)(nil)
	_ io.ReaderFrom       = (*observer)(nil)
)
