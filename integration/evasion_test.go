package integration

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// decoy is a way to hide a guess among constants.
type decoy struct {
	name  string
	style string
	// request makes the i-th try.
	request func(t *testing.T, v *visitor, i int) *http.Request
}

func guessNumber(i int) string { return fmt.Sprintf("guess-%d", i) }

// decoys each send a hundred different guesses beside one constant, so that
// who looks at the wrong field sees one password repeated.
var decoys = []decoy{
	{"constant password, guess in pwd", "default401", func(t *testing.T, v *visitor, i int) *http.Request {
		return v.request(t, "POST", "/login", formType, form("username", alice, "password", "constant", "pwd", guessNumber(i)))
	}},
	{"guess, then a constant in pwd", "default401", func(t *testing.T, v *visitor, i int) *http.Request {
		return v.request(t, "POST", "/login", formType, form("username", alice, "password", guessNumber(i), "pwd", "constant"))
	}},
	{"password twice, the constant first", "plain", func(t *testing.T, v *visitor, i int) *http.Request {
		return v.request(t, "POST", "/login", formType, form("username", alice, "password", "constant", "password", guessNumber(i)))
	}},
	{"password twice, the constant last", "plain", func(t *testing.T, v *visitor, i int) *http.Request {
		return v.request(t, "POST", "/login", formType, form("username", alice, "password", guessNumber(i), "password", "constant"))
	}},
	{"constant in the query, guess in the body", "default401", func(t *testing.T, v *visitor, i int) *http.Request {
		return v.request(t, "POST", "/login?username=alice%40x.test&password=constant", formType, form("username", alice, "password", guessNumber(i)))
	}},
	{"guess in the query, constant under another name in the body", "default401", func(t *testing.T, v *visitor, i int) *http.Request {
		return v.request(t, "POST", "/login?username=alice%40x.test&password="+guessNumber(i), formType, form("user", alice, "pass", "constant"))
	}},
	{"constant by Basic, guess in the form", "default401", func(t *testing.T, v *visitor, i int) *http.Request {
		req := v.request(t, "POST", "/login", formType, form("username", alice, "password", guessNumber(i)))
		req.Header.Set("Authorization", basic(alice, "constant"))
		return req
	}},
	{"duplicate JSON keys", "json", func(t *testing.T, v *visitor, i int) *http.Request {
		return v.request(t, "POST", "/login", "application/json",
			fmt.Sprintf(`{"email":%q,"password":"constant","password":%q}`, alice, guessNumber(i)))
	}},
	{"constant deeper in the JSON", "json", func(t *testing.T, v *visitor, i int) *http.Request {
		return v.request(t, "POST", "/login", "application/json",
			fmt.Sprintf(`{"user":{"password":"constant"},"email":%q,"password":%q}`, alice, guessNumber(i)))
	}},
	{"JSON keys in escapes", "json", func(t *testing.T, v *visitor, i int) *http.Request {
		return v.request(t, "POST", "/login", "application/json",
			fmt.Sprintf(`{"email":%q,"pass":"constant","p\u0061ssword":%q}`, alice, guessNumber(i)))
	}},
	{"a new decoy name under email", "default401", func(t *testing.T, v *visitor, i int) *http.Request {
		return v.request(t, "POST", "/login", formType,
			form("email", fmt.Sprintf("decoy-%d@x.test", i), "username", alice, "password", guessNumber(i)))
	}},
	{"a new decoy name under username", "flash", func(t *testing.T, v *visitor, i int) *http.Request {
		return v.request(t, "POST", "/login", formType,
			form("username", fmt.Sprintf("decoy-%d@x.test", i), "email", alice, "password", guessNumber(i)))
	}},
	{"a new decoy name in the query", "default401", func(t *testing.T, v *visitor, i int) *http.Request {
		return v.request(t, "POST", fmt.Sprintf("/login?username=decoy-%d", i), formType, form("username", alice, "password", guessNumber(i)))
	}},
	{"the path in other letters", "default401", func(t *testing.T, v *visitor, i int) *http.Request {
		paths := []string{"/login", "/LOGIN", "/Login/", "/login/"} // one route to Express
		return v.request(t, "POST", paths[i%len(paths)], formType, form("username", alice, "password", guessNumber(i)))
	}},
	{"form fields in multipart", "default401", func(t *testing.T, v *visitor, i int) *http.Request {
		body := "--b\r\nContent-Disposition: form-data; name=\"pwd\"\r\n\r\nconstant\r\n" +
			"--b\r\nContent-Disposition: form-data; name=username\r\n\r\n" + alice + "\r\n" +
			"--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n" + guessNumber(i) + "\r\n--b--\r\n"
		return v.request(t, "POST", "/login", "multipart/form-data; boundary=b", body)
	}},
}

// TestDecoys: with a constant beside it every guess is a new guess still, for
// the source and, where sources are unlimited, for the account.
func TestDecoys(t *testing.T) {
	t.Parallel()
	for _, axis := range []struct{ name, doorward string }{
		{"counted by source", "mode enforce\nthreshold pair 500/24h"},
		{"counted by account and source", "mode enforce\nthreshold source 500/10m\nthreshold source_slow 500/24h"},
	} {
		t.Run(axis.name, func(t *testing.T) {
			t.Parallel()
			apps := startApps(t, "default401", "json", "flash", "plain")
			var sites []site
			for i, d := range decoys {
				sites = append(sites, site{host: fmt.Sprintf("site-%d.test", i), doorward: axis.doorward, app: apps.address(d.style)})
			}
			edge := startEdge(t, edgeConfig{sites: sites})
			for i, d := range decoys {
				v := edge.visitor(t, fmt.Sprintf("site-%d.test", i), "127.0.0.9")
				v.client.Jar = nil
				passed := 0
				for n := range 100 {
					if v.do(t, d.request(t, v, n)).status != 429 {
						passed++
					}
				}
				if passed != 10 {
					t.Errorf("%s: %d of 100 guesses reached the app; want 10", d.name, passed)
				}
			}
		})
	}
}

// TestHangingUp: a guesser who reads the status and resets the connection, or
// does not even wait for it, has guessed all the same.
func TestHangingUp(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "trickle", "slow")
	edge := startEdge(t, edgeConfig{sites: []site{
		{host: "trickle.test", doorward: "mode enforce", app: apps.address("trickle")},
		{host: "h2.test", doorward: "mode enforce", app: apps.address("trickle"), tls: true},
		{host: "slow.test", doorward: "mode enforce", app: apps.address("slow")},
	}})

	t.Run("after the status, HTTP/1.1", func(t *testing.T) { hangUpOnHTTP1(t, apps, edge) })
	t.Run("after the status, HTTP/2", func(t *testing.T) { hangUpOnHTTP2(t, apps, edge) })
	t.Run("before the status", func(t *testing.T) { hangUpBeforeStatus(t, apps, edge) })
}

// waitSettled waits until n guesses on a site have been told, and so settled:
// one that was wrongly taken back would make room for the next.
func (e *edge) waitSettled(t *testing.T, host string, n int) {
	t.Helper()
	e.waitEvents(t, n, "settled guesses", func(ev event) bool { return ev.Type == "attempt" && ev.at(host) })
}

func hangUpOnHTTP1(t *testing.T, apps *apps, edge *edge) {
	before := apps.logins(t, "trickle")
	for i := range 30 {
		edge.hangUpAfterStatus(t, "trickle.test", i)
		edge.waitSettled(t, "trickle.test", i+1)
	}
	if reached := apps.logins(t, "trickle") - before; reached != 10 {
		t.Errorf("%d of 30 guesses reached the app; want 10", reached)
	}
}

func hangUpOnHTTP2(t *testing.T, apps *apps, edge *edge) {
	before := apps.logins(t, "trickle")
	v := edge.visitorHTTP2(t, "h2.test", "127.0.0.9")
	for i := range 30 {
		ctx, cancel := context.WithCancel(t.Context())
		res, err := v.client.Do(v.guessRequest(alice, i).WithContext(ctx))
		cancel() // resets the stream
		if err != nil {
			t.Fatalf("guess %d: %v", i, err)
		}
		_ = res.Body.Close()
		edge.waitSettled(t, "h2.test", i+1)
	}
	if reached := apps.logins(t, "trickle") - before; reached != 10 {
		t.Errorf("%d of 30 guesses reached the app; want 10", reached)
	}
}

// hangUpBeforeStatus waits until the app has the guess, and no longer.
func hangUpBeforeStatus(t *testing.T, apps *apps, edge *edge) {
	v := edge.visitor(t, "slow.test", "127.0.0.9")
	for i := range 30 {
		before := apps.logins(t, "slow")
		ctx, cancel := context.WithCancel(t.Context())
		answered := make(chan struct{})
		go func() {
			defer close(answered)
			_, _ = v.try(v.guessRequest(alice, i).WithContext(ctx)) // hanging up is the point
		}()
		eventually(10*time.Second, func() bool { return isClosed(answered) || apps.logins(t, "slow") > before })
		cancel()
		<-answered
		edge.waitSettled(t, "slow.test", i+1)
	}
	if reached := apps.counts(t, "slow").Tries[alice]; reached != 10 {
		t.Errorf("%d of 30 guesses reached the app; want 10", reached)
	}
}

// hangUpAfterStatus sends a guess, reads the first line of the answer and
// resets the connection.
func (e *edge) hangUpAfterStatus(t *testing.T, host string, i int) {
	t.Helper()
	body := form("username", alice, "password", guessNumber(i))
	conn := e.raw(t, "127.0.0.9", fmt.Sprintf("POST /login HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
		host, formType, len(body), body))
	status, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || !strings.HasPrefix(status, "HTTP/1.1 ") {
		t.Fatalf("guess %d: %q, %v; want a status line", i, status, err)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // RST instead of FIN
	}
	_ = conn.Close()
}

// TestPaddingBeforeTheCredentials: what lies beyond the part that is looked at
// is counted for its source all the same.
func TestPaddingBeforeTheCredentials(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401", "redirect", "json")
	edge := startEdge(t, edgeConfig{sites: []site{
		{host: "automatic.test", doorward: "mode enforce", app: apps.address("default401")},
		{host: "declared.test", doorward: "mode enforce\nlogin POST /login", app: apps.address("redirect")},
		{host: "json.test", doorward: "mode enforce\nlogin POST /login", app: apps.address("json")},
	}})
	pad := strings.Repeat("p", 64<<10)
	for _, c := range []struct {
		host, style, contentType string
		body                     func(i int) string
	}{
		{"automatic.test", "default401", formType, func(i int) string {
			return form("pad", pad, "username", alice, "password", guessNumber(i))
		}},
		{"declared.test", "redirect", formType, func(i int) string {
			return form("pad", pad, "username", alice, "password", guessNumber(i))
		}},
		{"json.test", "json", "application/json", func(i int) string {
			return fmt.Sprintf(`{"pad":%q,"email":%q,"password":%q}`, pad, alice, guessNumber(i))
		}},
	} {
		v := edge.visitor(t, c.host, "127.0.0.9")
		refused := 0
		for i := range 60 {
			if v.do(t, v.request(t, "POST", "/login", c.contentType, c.body(i))).status == 429 {
				refused++
			}
		}
		// An unread body may weigh less than a failure that was read, but it
		// must not be free.
		if reached := apps.logins(t, c.style); reached > 40 || refused == 0 {
			t.Errorf("%s: %d of 60 guesses behind padding reached the app, %d were refused; want them counted for their source", c.host, reached, refused)
		}
		if got := edge.visitor(t, c.host, "127.0.0.10"); got.post(t, "/login", "username", alice, "email", alice, "password", alicePassword).status == 429 {
			t.Errorf("%s: a user from elsewhere is refused", c.host)
		}
	}
}
