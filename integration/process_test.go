package integration

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// output collects what a process writes. It is safe for concurrent use.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// process is a child that is ended with the test.
type process struct {
	cmd  *exec.Cmd
	log  *output
	done chan struct{} // closed when it has ended
	err  error         // of Wait; read after done
}

// startProcess starts cmd and kills it at the end of the test if it still
// runs. Standard error goes to log; standard output too unless cmd has one.
func startProcess(t testing.TB, cmd *exec.Cmd, log *output) *process {
	t.Helper()
	cmd.Stderr = log
	if cmd.Stdout == nil {
		cmd.Stdout = log
	}
	bindToParent(cmd)
	p := &process{cmd: cmd, log: log, done: make(chan struct{})}
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting %s: %v", cmd.Path, err)
	}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() { p.kill(t) })
	return p
}

func (p *process) running() bool { return !isClosed(p.done) }

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// kill ends the process at once, as a power cut would.
func (p *process) kill(t testing.TB) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("killing %s: %v", p.cmd.Path, err)
	}
	<-p.done
}

// terminate asks the process to end and reports whether it did in time.
func (p *process) terminate(limit time.Duration) bool {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
		return true
	case <-time.After(limit):
		return false
	}
}

// eventually asks until holds is true, for at most limit.
func eventually(limit time.Duration, holds func() bool) bool {
	for deadline := time.Now().Add(limit); ; {
		if holds() {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// lastPort is where the search for free ports goes on. The range lies below
// the ones systems give to outgoing connections, so that no client takes a
// port between its choice and the server's bind.
var lastPort = func() *atomic.Int32 {
	var n atomic.Int32
	n.Store(int32(20000 + os.Getpid()%8000))
	return &n
}()

// freePort returns a port nothing listens on, over TCP and UDP, and that no
// other call has returned.
func freePort(t *testing.T) int {
	t.Helper()
	for range 2000 {
		port := int(lastPort.Add(1))
		if port >= 30000 {
			lastPort.CompareAndSwap(int32(port), 20000)
		}
		if isFree(port) {
			return port
		}
	}
	t.Fatal("no free port between 20000 and 30000")
	return 0
}

func isFree(port int) bool {
	address := net.JoinHostPort("", strconv.Itoa(port))
	tcp, err := net.Listen("tcp", address)
	if err != nil {
		return false
	}
	defer tcp.Close()
	udp, err := net.ListenPacket("udp", address)
	if err != nil {
		return false
	}
	return udp.Close() == nil
}

// tail returns the last n bytes of a log.
func tail(log string, n int) string {
	if len(log) <= n {
		return log
	}
	return "…" + log[len(log)-n:]
}
