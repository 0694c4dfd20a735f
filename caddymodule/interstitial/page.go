package interstitial

import (
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Page is what the two pages are made of. [Write] and [WriteWait] read it only.
type Page struct {
	// ID leads to the explanation: `caddy doorward explain ID`. Empty: none.
	ID string
	// Token is what the proof is made for and sent back with: printable ASCII.
	Token string
	// Parts and Bits are the work: so many counters, each for so many zero bits.
	// 2^Bits hashes a part are to be expected. Bits above 32 cannot be met.
	Parts, Bits int
	// Lifetime is how long the server takes the token. When it is over, the page
	// says so and comes back by GET. Zero: it never says so.
	Lifetime time.Duration

	// Prefix is the reserved path of the site, with a slash at both ends, such as
	// "/.doorward/". The proof goes to Prefix + "challenge"; the worker is at
	// Prefix + [ScriptName].
	Prefix string
	// Return is the path, with its query, of the page the person wanted. Anything
	// that is not a path of this site becomes "/".
	Return string
	// Retype says that a form was discarded: the page says that it must be filled
	// again and goes on only at a click.
	Retype bool
	// Failed says that the proof before this one was not accepted.
	Failed bool

	// WaitAction is where the form of those who cannot compute goes, by POST with
	// the field token: on the page of the work to ask for the wait, on the page to
	// wait on to end it.
	WaitAction string
	// Wait is how long the page to wait on holds back its button; zero: not at
	// all. On the page of the work it is the wait that is offered, 30 s when zero.
	Wait time.Duration

	// SiteName and Contact are lines of the operator, shown as text.
	SiteName, Contact string
	// Logo is a path of this site or a data URL, as [CheckLogo] wants it. Another
	// one is not shown.
	Logo string
	// Template replaces everything around the work; see [LoadTemplate]. Nil: the
	// page of the package.
	Template *template.Template
}

// defaultWait is offered when Page.Wait is zero on the page of the work.
const defaultWait = 30 * time.Second

// Write answers r with the page of the work. The language is chosen by
// Accept-Language, English when none fits. A HEAD request gets the headers of GET
// and no body. Nothing may keep the answer: it holds a token.
func Write(w http.ResponseWriter, r *http.Request, status int, p Page) {
	p.write(w, r, status, "challenge")
}

// WriteWait answers r with the page to wait on: a bar that takes Wait to fill and
// then a button that sends Token to WaitAction. It needs no script. Where style
// sheets are not applied the button is there at once: the server must answer who
// is too early with this page again.
func WriteWait(w http.ResponseWriter, r *http.Request, status int, p Page) {
	p.write(w, r, status, "wait")
}

func (p Page) write(w http.ResponseWriter, r *http.Request, status int, kind string) {
	text := inLanguage(r.Header.Get("Accept-Language"))
	nonce := newNonce()
	var body []byte
	if kind == "challenge" && p.Template == nil {
		body = molds.of(text, &p).fill(&p, nonce)
	} else {
		body = p.render(text, kind, nonce)
	}

	h := w.Header()
	for _, name := range [...]string{"Content-Encoding", "Etag", "Last-Modified"} {
		h.Del(name) // of the body that is not sent
	}
	h.Add("Vary", "Accept-Language")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", text.tag)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Content-Security-Policy", p.contentSecurityPolicy(nonce))
	// "no-referrer" would make the form's Origin null.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Robots-Tag", "noindex")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

// returnPath is Return if a browser can only understand it as a path of this
// site: a backslash is a slash to it, and a control character nothing at all.
func (p Page) returnPath() string {
	path := p.Return
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsFunc(path, unsafeInPath) {
		return "/"
	}
	return path
}

func unsafeInPath(r rune) bool { return r == '\\' || r <= ' ' || r == 0x7f }

// seconds rounds up.
func seconds(d time.Duration) int64 { return int64((max(d, 0) + time.Second - 1) / time.Second) }
