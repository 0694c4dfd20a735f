package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"time"
)

// app answers at once: a page, or a login that succeeds.
type app struct {
	address string
	count   atomic.Uint64 // requests that arrived
	server  *http.Server
}

const page = "<!doctype html><title>Shop</title><p>Welcome.</p>\n"

func startApp() (*app, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for the app: %w", err)
	}
	a := &app{address: ln.Addr().String()}
	a.server = &http.Server{Handler: a, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = a.server.Serve(ln) }() // ends with Close
	return a, nil
}

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.count.Add(1)
	if r.Method == http.MethodPost {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Set-Cookie", "session=0123456789abcdef; Path=/; HttpOnly")
		w.Header().Set("Location", "/home")
		w.WriteHeader(http.StatusFound)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, page)
}

func (a *app) stop() { _ = a.server.Close() }

// caddyfile has the places of address, folder, directive and app. The load
// comes from one address: the thresholds and the pairs in flight must allow it.
const caddyfile = `{
	admin off
	persist_config off
	auto_https off
	storage file_system %[2]q
	log {
		output file %[2]s/caddy.log {
			roll_disabled
		}
	}
	doorward {
		tor off
		state_dir %[2]q
	}
}

http://%[1]s {
	%[3]s
	reverse_proxy %[4]s
}
`

const directive = `doorward {
		mode enforce
		threshold source 1000/1m
		threshold source_slow 1000/1m
	}`

// server is one Caddy process.
type server struct {
	address, dir string
	cmd          *exec.Cmd
	errs         bytes.Buffer  // to be read when ended
	ended        chan struct{} // closed when the process has ended
}

func startServer(b *bench, directed bool) (*server, error) {
	s := &server{dir: filepath.Join(b.dir, fmt.Sprintf("caddy%d", b.runs))}
	if err := os.Mkdir(s.dir, 0o700); err != nil {
		return nil, fmt.Errorf("making a folder: %w", err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("finding a free port: %w", err)
	}
	s.address = ln.Addr().String()
	_ = ln.Close()
	line := ""
	if directed {
		line = directive
	}
	file := filepath.Join(s.dir, "Caddyfile")
	text := fmt.Sprintf(caddyfile, s.address, s.dir, line, b.app.address)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("writing the Caddyfile: %w", err)
	}
	s.cmd = exec.Command(b.binary, "run", "--config", file, "--adapter", "caddyfile")
	s.cmd.Stderr = &s.errs
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting Caddy: %w", err)
	}
	s.ended = make(chan struct{})
	go func() {
		defer close(s.ended)
		_ = s.cmd.Wait()
	}()
	if err := s.warmUp(); err != nil {
		log := s.tail()
		s.stop()
		return nil, fmt.Errorf("%w\n%s%s", err, log, s.errs.Bytes())
	}
	return s, nil
}

// warmUp waits until the page is there.
func (s *server) warmUp() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+"/", http.NoBody)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
			_ = resp.Body.Close()
			if err == nil && resp.StatusCode == http.StatusOK && string(text) == page {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for Caddy: no page from %s: %w", s.address, err)
		case <-s.ended:
			return errors.New("waiting for Caddy: it has ended")
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(os.Interrupt)
	<-s.ended
	_ = os.RemoveAll(s.dir)
}

// tail is the end of Caddy's log.
func (s *server) tail() []byte {
	const most = 2000
	text, err := os.ReadFile(filepath.Join(s.dir, "caddy.log"))
	if err != nil {
		return nil
	}
	return text[max(0, len(text)-most):]
}
