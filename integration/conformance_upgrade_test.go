package integration

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/websocket"
)

// TestConformanceWebSocket: messages go to and fro through the site, with and
// without Basic credentials, in the clear and over TLS.
func TestConformanceWebSocket(t *testing.T) {
	t.Parallel()
	up := startUpstream(t)
	up.on("socket", websocket.Handler(func(c *websocket.Conn) {
		var message string
		for websocket.Message.Receive(c, &message) == nil {
			_ = websocket.Message.Send(c, message)
		}
	}).ServeHTTP)
	edge := startPairs(t, up.address, shape{name: "site", lines: patient}, shape{name: "encoded", outer: "encode", lines: patient})
	for _, site := range []string{"site", "encoded"} {
		for _, secure := range []bool{false, true} {
			for _, authorization := range []string{"", basic("member@x.test", "right horse")} {
				for _, side := range sides {
					name := fmt.Sprintf("%s/%s/TLS %v/credentials %v", site, side, secure, authorization != "")
					t.Run(name, func(t *testing.T) {
						from := newSource()
						echoMessages(t, edge, host(side, site, secure), from, secure, authorization)
						if side == "guarded" && authorization != "" {
							ev := edge.waitEvent(t, "the upgrade", fromAddress(from))
							if !ev.attempt("login", "unknown") || ev.Status != http.StatusSwitchingProtocols {
								t.Errorf("event %+v; want a login with an unknown outcome, told while the connection lives", ev)
							}
						}
					})
				}
			}
		}
	}
}

// dialSite opens a connection to a site, as far as HTTP/1.1 is spoken.
func dialSite(t *testing.T, edge *pairs, name, from string, secure bool) net.Conn {
	t.Helper()
	port := edge.httpPort
	if secure {
		port = edge.httpsPort
	}
	conn, err := dialFrom(from)(t.Context(), "tcp", fmt.Sprintf("%s:%d", name, port))
	if err != nil {
		t.Fatalf("connecting to %s: %v", name, err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(2 * patience))
	if secure {
		conn = tls.Client(conn, edge.tlsFor(t, name, "http/1.1"))
	}
	return conn
}

func echoMessages(t *testing.T, edge *pairs, name, from string, secure bool, authorization string) {
	t.Helper()
	url := edge.url(name)
	config, err := websocket.NewConfig(strings.Replace(url, "http", "ws", 1)+"/live/socket", url)
	if err != nil {
		t.Fatal(err)
	}
	if authorization != "" {
		config.Header.Set("Authorization", authorization)
	}
	c, err := websocket.NewClient(config, dialSite(t, edge, name, from, secure))
	if err != nil {
		t.Fatalf("opening the socket: %v", err)
	}
	defer c.Close()
	for i := range 50 {
		sent := strings.Repeat("message ", i*i)
		if err := websocket.Message.Send(c, sent); err != nil {
			t.Fatalf("sending message %d: %v", i, err)
		}
		var got string
		if err := websocket.Message.Receive(c, &got); err != nil || got != sent {
			t.Fatalf("message %d: %d bytes came back, %v; want %d", i, len(got), err, len(sent))
		}
	}
}

// TestConformanceUpgradeOfALogin: a POST with credentials that is answered by
// 101 hands the connection over with every byte around it: the body to the
// app, what the app sent along with 101 to the client.
func TestConformanceUpgradeOfALogin(t *testing.T) {
	t.Parallel()
	up := startUpstream(t)
	bodies := make(chan string, 2)
	up.on("tunnel", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- string(body)
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello\n")
		_, _ = io.Copy(conn, buffered)
	})
	edge := startPairs(t, up.address, shape{name: "site"})
	_, form := nthForm(1)
	for _, side := range sides {
		from := newSource()
		name := host(side, "site", false)
		conn := dialSite(t, edge, name, from, false)
		fmt.Fprintf(conn, "POST /login/tunnel HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: echo\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
			name, formType, len(form), form)
		r := bufio.NewReader(conn)
		res, err := http.ReadResponse(r, nil)
		if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
			t.Fatalf("%s: %+v, %v; want 101", side, res, err)
		}
		if got := <-bodies; got != form {
			t.Errorf("%s: the app read %q; want %q", side, got, form)
		}
		for _, line := range []string{"hello\n", "one\n", strings.Repeat("two ", 50_000) + "\n"} {
			if line != "hello\n" {
				_, _ = io.WriteString(conn, line)
			}
			if got, err := r.ReadString('\n'); got != line || err != nil {
				t.Fatalf("%s: %d bytes through the tunnel, %v; want %d", side, len(got), err, len(line))
			}
		}
		if side == "guarded" {
			ev := edge.waitEvent(t, "the upgraded login, told while its connection lives", fromAddress(from))
			if !ev.attempt("login", "unknown") || ev.Status != http.StatusSwitchingProtocols {
				t.Errorf("event %+v; want an unknown outcome with status 101", ev)
			}
		}
	}
}
