package caddymodule

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// onlyReader hides WriteTo from io.Copy.
type onlyReader struct{ io.Reader }

// TestObserverCopiesAPrefix: whichever way a body is written, the client gets
// it whole and the copy is its beginning, as long as there is room.
func TestObserverCopiesAPrefix(t *testing.T) {
	t.Parallel()
	const room = 1000
	for _, size := range []int{0, 1, room - 1, room, room + 1, 100 * room} {
		for name, write := range map[string]func(w http.ResponseWriter, body []byte){
			"at once": func(w http.ResponseWriter, body []byte) { _, _ = w.Write(body) },
			"in pieces": func(w http.ResponseWriter, body []byte) {
				for piece := range slices.Chunk(body, 7) {
					_, _ = w.Write(piece)
				}
			},
			"from a reader": func(w http.ResponseWriter, body []byte) {
				_, _ = io.Copy(w, onlyReader{bytes.NewReader(body)})
			},
			"from a slow reader": func(w http.ResponseWriter, body []byte) {
				_, _ = io.Copy(w, onlyReader{iotest.OneByteReader(bytes.NewReader(body))})
			},
			"in both ways": func(w http.ResponseWriter, body []byte) {
				half := len(body) / 2
				_, _ = w.Write(body[:half])
				_, _ = io.Copy(w, onlyReader{bytes.NewReader(body[half:])})
			},
		} {
			body := bytes.Repeat([]byte("0123456789"), size/10+1)[:size]
			client := httptest.NewRecorder()
			o := newObserver(client, make([]byte, 0, room), room)
			write(o, body)
			if !bytes.Equal(client.Body.Bytes(), body) {
				t.Errorf("%d bytes %s: the client received %d", size, name, client.Body.Len())
			}
			if want := body[:min(size, room)]; !bytes.Equal(o.copied, want) || o.cut != (size > room) {
				t.Errorf("%d bytes %s: copied %d, cut %t; want %d, %t", size, name, len(o.copied), o.cut, len(want), size > room)
			}
			if cap(o.copied) != room {
				t.Errorf("%d bytes %s: the copy grew to %d", size, name, cap(o.copied))
			}
		}
	}
}

// TestObserverNotesTheFinalStatusOnce: informational answers are none, 101 is
// one, and the first final status counts.
func TestObserverNotesTheFinalStatusOnce(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		answer func(w http.ResponseWriter)
		want   int
	}{
		{"nothing", func(http.ResponseWriter) {}, 0},
		{"a status", func(w http.ResponseWriter) { w.WriteHeader(401) }, 401},
		{"a body", func(w http.ResponseWriter) { _, _ = io.WriteString(w, "x") }, 200},
		{"an empty reader", func(w http.ResponseWriter) { _, _ = io.Copy(w, onlyReader{strings.NewReader("")}) }, 200},
		{"a flush", func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }, 200},
		{"early hints", func(w http.ResponseWriter) { w.WriteHeader(103) }, 0},
		{"early hints and a status", func(w http.ResponseWriter) { w.WriteHeader(103); w.WriteHeader(302) }, 302},
		{"switching protocols", func(w http.ResponseWriter) { w.WriteHeader(101) }, 101},
		{"two statuses", func(w http.ResponseWriter) { w.WriteHeader(302); w.WriteHeader(500) }, 302},
	} {
		heads := 0
		o := newObserver(httptest.NewRecorder(), nil, 0)
		o.onHead = func() { heads++ }
		row.answer(o)
		if o.status != row.want || heads != min(row.want, 1) {
			t.Errorf("%s: status %d, told %d times; want %d", row.name, o.status, heads, row.want)
		}
	}
}

// failing is a client whose connection breaks after some bytes.
type failing struct {
	http.ResponseWriter
	left int
}

var errBroken = errors.New("broken")

func (f *failing) Write(p []byte) (int, error) {
	if len(p) <= f.left {
		f.left -= len(p)
		return len(p), nil
	}
	n := f.left
	f.left = 0
	return n, errBroken
}

// TestObserverCopiesWhatWasSent: what the client did not get proves nothing.
func TestObserverCopiesWhatWasSent(t *testing.T) {
	t.Parallel()
	o := newObserver(&failing{httptest.NewRecorder(), 10}, make([]byte, 0, 100), 100)
	n, err := io.Copy(o, onlyReader{strings.NewReader(strings.Repeat("x", 50))})
	if n != 10 || !errors.Is(err, errBroken) || len(o.copied) != 10 {
		t.Errorf("%d bytes, %v, %d copied; want 10, the client's error, 10", n, err, len(o.copied))
	}
}
