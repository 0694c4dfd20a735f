package integration

import (
	"bufio"
	"context"
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

// patience is how long a test waits for something that must come at once. It is
// only reached when the test fails.
const patience = 30 * time.Second

// within waits for a signal.
func within(t *testing.T, what string, signal <-chan struct{}) {
	t.Helper()
	select {
	case <-signal:
	case <-time.After(patience):
		t.Fatalf("%s: nothing within %v", what, patience)
	}
}

// TestConformanceEventsArriveAsSent: the app sends its next event only after
// the client has told that it read the one before, so an answer that is held
// back anywhere never ends.
func TestConformanceEventsArriveAsSent(t *testing.T) {
	t.Parallel()
	up := startUpstream(t)
	edge := startPairs(t, up.address, shape{name: "site", lines: patient},
		shape{name: "encoded", outer: "encode", lines: patient})
	n := 0
	for _, site := range []string{"site", "encoded"} {
		for _, proto := range protocols {
			for _, w := range ways[:5] {
				n++
				name := fmt.Sprint("stream-", n)
				t.Run(site+"/"+proto+"/"+w.name, func(t *testing.T) {
					for _, side := range sides {
						v := edge.client(t, proto, side, site, newSource())
						readEventStream(t, up, v, w, name, n)
						if side == "guarded" {
							checkObserved(t, edge.edge, w, v, 1)
						}
					}
				})
			}
		}
	}
}

// readEventStream reads 20 events in lockstep with the app.
func readEventStream(t *testing.T, up *upstream, v *visitor, w way, name string, n int) {
	t.Helper()
	const events = 20
	read := make(chan struct{}, events)
	up.on(name, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range events {
			fmt.Fprintf(w, "id: %d\ndata: %s\n\n", i, strings.Repeat("x", 100*i))
			flush(w)
			select {
			case <-read:
			case <-r.Context().Done():
				return
			}
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	res, err := v.client.Do(w.request(t, v, name, n).WithContext(ctx))
	if err != nil {
		t.Fatalf("asking for the stream: %v", err)
	}
	defer res.Body.Close()
	lines := bufio.NewReader(res.Body)
	for i := range events {
		for _, want := range []string{fmt.Sprintf("id: %d\n", i), "data: " + strings.Repeat("x", 100*i) + "\n", "\n"} {
			if got, err := lines.ReadString('\n'); got != want || err != nil {
				t.Fatalf("event %d: %q, %v; want %q while the app waits", i, got, err, want)
			}
		}
		read <- struct{}{}
	}
	if rest, err := io.ReadAll(lines); len(rest) != 0 || err != nil {
		t.Errorf("at the end: %q, %v", rest, err)
	}
}

// TestConformanceWebSocket: messages go to and fro through the site, with and
// without Basic credentials, in the clear and over TLS.
func TestConformanceWebSocket(t *testing.T) {
	t.Parallel()
	up := startUpstream(t)
	up.on("socket", websocket.Handler(func(c *websocket.Conn) { _, _ = io.Copy(c, c) }).ServeHTTP)
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
			edge.waitEvent(t, "the upgraded login, told when its connection ends or before", func(ev event) bool {
				conn.Close()
				return fromAddress(from)(ev) && ev.attempt("login", "unknown")
			})
		}
	}
}

// TestConformanceFullDuplex: a call whose two directions depend on each other.
// The client sends its next message only after the answer to the one before.
func TestConformanceFullDuplex(t *testing.T) {
	t.Parallel()
	up := startUpstream(t)
	up.on("duplex", func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
		w.Header().Set("Trailer", "Grpc-Status")
		flush(w)
		piece := make([]byte, 1<<10)
		for {
			n, err := r.Body.Read(piece)
			_, _ = w.Write(piece[:n])
			flush(w)
			if err != nil {
				break
			}
		}
		w.Header().Set("Grpc-Status", "0")
	})
	edge := startPairs(t, up.address, shape{name: "site"})
	for _, proto := range protocols[1:] { // HTTP/1.1 has no such thing by default
		for _, side := range sides {
			t.Run(proto+"/"+side, func(t *testing.T) {
				talk(t, edge.client(t, proto, side, "site", newSource()))
			})
		}
	}
}

// talk exchanges messages as gRPC frames them: a flag, a length, the message.
func talk(t *testing.T, v *visitor) {
	t.Helper()
	sending, out := io.Pipe()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	context.AfterFunc(ctx, func() { sending.CloseWithError(context.Canceled) })
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.base+"/shop.Chat/duplex", sending)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/grpc+proto")
	req.Header.Set("Te", "trailers")
	message := func(i int) string { return "\x00\x00\x00\x00\x09message " + string(rune('a'+i)) }
	go func() { _, _ = io.WriteString(out, message(0)) }()
	res, err := v.client.Do(req)
	if err != nil {
		t.Fatalf("opening the call: %v", err)
	}
	defer res.Body.Close()
	got := make([]byte, len(message(0)))
	for i := range 10 {
		if _, err := io.ReadFull(res.Body, got); string(got) != message(i) || err != nil || res.StatusCode != 200 {
			t.Fatalf("answer %d: status %d, %q, %v; want %q", i, res.StatusCode, got, err, message(i))
		}
		if i == 9 {
			break
		}
		if _, err := io.WriteString(out, message(i+1)); err != nil {
			t.Fatalf("sending message %d: %v", i+1, err)
		}
	}
	out.Close()
	if rest, err := io.ReadAll(res.Body); len(rest) != 0 || err != nil || res.Trailer.Get("Grpc-Status") != "0" {
		t.Errorf("at the end: %q, %v, trailers %v", rest, err, res.Trailer)
	}
}
