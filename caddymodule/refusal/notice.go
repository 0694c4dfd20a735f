package refusal

import (
	"net/http"
	"strconv"
	"time"

	"github.com/doorward/doorward/config"
)

// Notice is what is known about a refusal.
type Notice struct {
	// Status is 429 (limited) or 403 (blocked); it also chooses the words: those
	// of a block for 403, those of a limit for any other. Anything but a 4xx
	// becomes 429.
	Status int
	// ID leads to the explanation: `caddy doorward explain ID`.
	ID string
	// Until is when it ends. Zero: not known, or never.
	Until time.Time
	// Class is what is refused. [config.ClassAll] and anything unknown speak of
	// the whole site.
	Class config.Class
	// Contact is the operator's line, shown as text. Empty: none.
	Contact string
	// Now is the time to count from. Zero: the current time.
	Now time.Time
}

// maxID is how many characters an id in the header may have.
const maxID = 64

// maxSeconds keeps Retry-After within what 32-bit clients can hold.
const maxSeconds = 1<<31 - 1

// SetHeaders sets the headers of the refusal that hold for any body, for
// `refusal error`, where handle_errors writes the body: Cache-Control, the id,
// and Retry-After when the end is known. It writes nothing.
func SetHeaders(w http.ResponseWriter, _ *http.Request, n Notice) {
	n = n.complete()
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if isPlain(n.ID) {
		h.Set("Doorward-Id", n.ID)
	}
	if s := n.seconds(); s > 0 {
		h.Set("Retry-After", strconv.FormatInt(s, 10))
	}
}

// Write answers r. The form is chosen as [form] says, the language by
// Accept-Language among the sixteen in messages/, English when none fits. A
// HEAD request gets the headers of GET and no body. Errors of the connection
// are ignored: there is nobody left to tell.
func Write(w http.ResponseWriter, r *http.Request, n Notice) {
	n = n.complete()
	lang := inLanguage(r.Header.Get("Accept-Language"))
	text := n.speak(lang)
	f := chooseForm(r.Header)
	body := f.render(text, n)

	SetHeaders(w, r, n)
	h := w.Header()
	for _, name := range [...]string{"Content-Encoding", "Etag", "Last-Modified"} {
		h.Del(name) // of the body that is not sent
	}
	h.Add("Vary", "Accept, Accept-Language")
	h.Set("Content-Type", f.contentType())
	h.Set("Content-Language", lang.tag)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Content-Type-Options", "nosniff")
	if f == formHTML {
		h.Set("Content-Security-Policy", contentSecurityPolicy)
	}
	w.WriteHeader(n.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

// complete returns n with a valid status and a time.
func (n Notice) complete() Notice {
	if n.Status < 400 || n.Status > 499 {
		n.Status = http.StatusTooManyRequests
	}
	if n.Now.IsZero() {
		n.Now = time.Now()
	}
	return n
}

// seconds is how long it is until the end, rounded up, at least 1; 0 when the
// end is not known.
func (n Notice) seconds() int64 {
	if n.Until.IsZero() {
		return 0
	}
	left := n.Until.Sub(n.Now)
	s := int64(left / time.Second)
	if left%time.Second > 0 {
		s++
	}
	return min(max(s, 1), maxSeconds)
}

// isPlain reports whether an id can stand in a header and a URI as it is.
func isPlain(id string) bool {
	if id == "" || len(id) > maxID {
		return false
	}
	for _, c := range []byte(id) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}
