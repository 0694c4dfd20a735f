package integration

import (
	"bufio"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
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
				if t.Failed() {
					return // each of the others would wait as long
				}
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
	if res.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(res.Body)
		if err != nil {
			t.Fatalf("unpacking the stream: %v", err)
		}
		lines = bufio.NewReader(unpacked)
	}
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
