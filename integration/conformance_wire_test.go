package integration

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// wire is what a client of HTTP/1 sends, as it stands on the wire. HOST is the
// site's name.
type wire struct {
	name, text string
	// attempts are how many of the requests are attempts.
	attempts int
	// slowly sends byte after byte. half ends the sending while the client
	// still reads. malformed text is answered by an error of either site's own.
	slowly, half, malformed bool
}

var wires = func() []wire {
	_, credentials := nthForm(7)
	head := func(path, more string) string {
		return "POST " + path + " HTTP/1.1\r\nHost: HOST\r\nContent-Type: " + formType + "\r\n" + more + "\r\n"
	}
	const chunks = "Transfer-Encoding: chunked\r\n"
	sized := head("/login/arrival", fmt.Sprintf("Content-Length: %d\r\n", len(credentials))) + credentials
	oldStyle := strings.Replace(sized, "HTTP/1.1", "HTTP/1.0", 1)
	last := "GET /shop/text HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n"
	unread := credentials + "&pad=" + strings.Repeat("p", 100_000)
	return []wire{
		{name: "two logins in one packet", text: sized + sized + last, attempts: 2},
		{name: "a login byte by byte", text: sized + last, attempts: 1, slowly: true},
		{name: "one chunk", text: head("/login/arrival", chunks) + chunked(credentials, 1<<10, "") + last, attempts: 1},
		{name: "chunks of one byte", text: head("/session/arrival", chunks) + chunked(credentials, 1, "") + last, attempts: 1},
		{name: "chunks byte by byte", text: head("/login/arrival", chunks) + chunked(credentials, 3, "") + last, attempts: 1, slowly: true},
		{name: "HTTP/1.0", text: oldStyle, attempts: 1},
		{name: "HTTP/1.0 that keeps the connection", text: strings.Replace(oldStyle, "\r\n", "\r\nConnection: keep-alive\r\n", 1) + last, attempts: 1},
		{name: "an absolute target", text: strings.Replace(sized, "/login/arrival", "http://HOST/login/arrival", 1) + last, attempts: 1},
		{name: "a GET with a body", text: strings.Replace(sized, "POST /login", "GET /session", 1) + last, attempts: 1},
		{name: "length and chunks", text: head("/login/arrival", "Content-Length: 3\r\n"+chunks) + chunked(credentials, 9, "") + last, attempts: 1},
		{name: "a body that nobody reads", text: head("/login/text", fmt.Sprintf("Content-Length: %d\r\n", len(unread))) + unread + last, attempts: 1},
		{name: "a body that ends early", text: head("/login/arrival", "Content-Length: 4000\r\n") + credentials, attempts: 1, half: true, malformed: true},
		{name: "chunks that end early", text: head("/login/arrival", chunks) + "40\r\n" + credentials, attempts: 1, half: true, malformed: true},
		{name: "a chunk of no number", text: head("/login/arrival", chunks) + "zz\r\n" + credentials + "\r\n0\r\n\r\n", malformed: true},
		{name: "an unknown transfer encoding", text: head("/login/arrival", "Transfer-Encoding: gzip\r\n") + credentials, malformed: true},
	}
}()

// chunked frames a body in pieces of n bytes, with extensions.
func chunked(body string, n int, trailer string) string {
	var b strings.Builder
	for len(body) > 0 {
		next := body[:min(n, len(body))]
		body = body[len(next):]
		fmt.Fprintf(&b, "%x;piece=\"a\"\r\n%s\r\n", len(next), next)
	}
	fmt.Fprintf(&b, "0\r\n%s\r\n", trailer)
	return b.String()
}

// TestConformanceWire: the same bytes sent to both sites are answered by the
// same bytes, apart from the date. What is no HTTP is refused by both.
func TestConformanceWire(t *testing.T) {
	t.Parallel()
	up := startUpstream(t)
	up.on("arrival", tellArrival)
	up.on("text", status(200))
	edge := startPairs(t, up.address, shape{name: "site", lines: patient})
	for _, w := range wires {
		t.Run(w.name, func(t *testing.T) {
			from := newSource()
			plain, guarded := w.speak(t, edge, "plain", from), w.speak(t, edge, "guarded", from)
			switch {
			case !w.malformed && guarded != plain:
				t.Errorf("the answers differ.\nWithout the directive:\n%q\nWith it:\n%q", plain, guarded)
			case w.malformed && (!refusal.MatchString(plain) || !refusal.MatchString(guarded)):
				t.Errorf("without the directive:\n%q\nwith it:\n%q; want an error and the end", plain, guarded)
			}
			checkObserved(t, edge.edge, way{name: w.name, attempt: w.attempts > 0}, &visitor{from: from}, w.attempts)
		})
	}
}

var (
	wireDate = regexp.MustCompile(`Date: [^\r]*`)
	refusal  = regexp.MustCompile(`^(HTTP/1\.1 [45][0-9][0-9] |$)`)
)

// speak sends the text to a site and reads until the site closes.
func (w wire) speak(t *testing.T, edge *pairs, side, from string) string {
	t.Helper()
	name := host(side, "site", false)
	conn := dialSite(t, edge, name, from, false)
	heard := make(chan string, 1)
	go func() {
		all, _ := io.ReadAll(conn)
		heard <- string(all)
	}()
	text := strings.ReplaceAll(w.text, "HOST", name)
	for piece := len(text); len(text) > 0; text = text[piece:] {
		if w.slowly {
			piece = 1
		}
		if _, err := io.WriteString(conn, text[:piece]); err != nil {
			break // the answer tells
		}
	}
	if w.half {
		_ = conn.(*net.TCPConn).CloseWrite()
	}
	select {
	case all := <-heard:
		return wireDate.ReplaceAllString(strings.ReplaceAll(all, name, "HOST"), "Date: then")
	case <-time.After(patience):
		t.Fatal("the connection stays open")
		return ""
	}
}

// TestConformanceExpectContinue: a client that waits for 100 Continue before it
// sends its body gets it, and gets the app's answer.
func TestConformanceExpectContinue(t *testing.T) {
	t.Parallel()
	up := startUpstream(t)
	up.on("arrival", tellArrival)
	up.on("refusing", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		status(http.StatusExpectationFailed)(w, nil)
	})
	edge := startPairs(t, up.address, shape{name: "site", lines: patient})
	_, credentials := nthForm(1)
	for _, path := range []string{"/login/", "/session/"} {
		for page, want := range map[string]int{"arrival": 200, "refusing": 417} {
			for _, side := range sides {
				t.Run(path+page+"/"+side, func(t *testing.T) {
					from, name := newSource(), host(side, "site", false)
					conn := dialSite(t, edge, name, from, false)
					fmt.Fprintf(conn, "POST %s%s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n",
						path, page, name, formType, len(credentials))
					continued, res := answerOf(t, conn, credentials)
					body, _ := io.ReadAll(res.Body)
					if res.StatusCode != want {
						t.Errorf("status %d, %q; want %d", res.StatusCode, body, want)
					}
					if want == 200 && (!continued || !strings.Contains(string(body), sumOf([]byte(credentials)))) {
						t.Errorf("100 Continue %v, the app received %s", continued, body)
					}
					if side == "guarded" {
						edge.waitEvent(t, "the login", fromAddress(from))
					}
				})
			}
		}
	}
}

// answerOf sends the body when it is asked for and returns the final answer.
func answerOf(t *testing.T, conn net.Conn, body string) (continued bool, res *http.Response) {
	t.Helper()
	r := bufio.NewReader(conn)
	for {
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatalf("reading an answer: %v", err)
		}
		if res.StatusCode != http.StatusContinue {
			return continued, res
		}
		if !continued {
			_, _ = io.WriteString(conn, body)
		}
		continued = true
	}
}
