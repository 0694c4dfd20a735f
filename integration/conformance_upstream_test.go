package integration

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"
)

// upstream is the app of the conformance suite: a server of the test process,
// so that a test can hold back half an answer until its client has the other.
type upstream struct {
	address string

	mu    sync.Mutex
	pages map[string]http.HandlerFunc
}

// startUpstream starts a server that answers by the last segment of the path,
// whatever stands before it.
func startUpstream(t *testing.T) *upstream {
	t.Helper()
	u := &upstream{pages: map[string]http.HandlerFunc{}}
	server := httptest.NewUnstartedServer(u)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	u.address = server.Listener.Addr().String()
	return u
}

// on lets the upstream answer a name.
func (u *upstream) on(name string, page http.HandlerFunc) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.pages[name] = page
}

func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	u.mu.Lock()
	page := u.pages[path.Base(r.URL.Path)]
	u.mu.Unlock()
	if page == nil {
		http.NotFound(w, r)
		return
	}
	page(w, r)
}

// flush sends what was written so far, or at least the header.
func flush(w http.ResponseWriter) {
	if err := http.NewResponseController(w).Flush(); err != nil {
		panic(err) // an httptest server can flush
	}
}

// sumOf is a short name of a text.
func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// arrived is what tellArrival says of a request.
type arrived struct {
	Method, Proto, URI string
	Header             http.Header
	Framing            []string
	Length             int64
	Body               string
	Bytes              int
	Trailer            http.Header
}

// tellArrival answers with all that arrived of the request.
func tellArrival(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "reading the body: "+err.Error(), http.StatusBadRequest)
		return
	}
	header := r.Header.Clone()
	for name := range header {
		// The two sites differ in their names and in the client's port.
		if strings.HasPrefix(name, "X-Forwarded-") {
			delete(header, name)
		}
	}
	a := arrived{
		Method: r.Method, Proto: r.Proto, URI: r.RequestURI, Header: header, Framing: r.TransferEncoding,
		Length: r.ContentLength, Body: sumOf(body), Bytes: len(body), Trailer: r.Trailer,
	}
	if len(body) == 0 {
		// Over HTTP/3 it is chance whether the end of a request without a body
		// is known when it is passed on.
		a.Framing, a.Length = nil, 0
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(a)
}

// loginPage is the form of a login as an app shows it again after a wrong
// password.
const loginPage = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Log in</title></head><body>
<h1>Log in</h1>
<p class="error">Wrong name or password.</p>
<form action="/login" method="post">
<input name="username" autocomplete="username">
<input name="password" type="password" autocomplete="current-password">
<button>Log in</button>
</form>
</body></html>
`

// longLoginPage is a loginPage that `encode` finds worth compressing.
var longLoginPage = strings.Replace(loginPage, "</body>",
	strings.Repeat("<p>We are open on every day of the week.</p>\n", 100)+"</body>", 1)
