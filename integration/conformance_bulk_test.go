package integration

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// bulk is how long the long bodies are, and piece how much of one goes first.
const (
	bulk  = 100 << 20
	piece = 1 << 20
)

// bulkPiece is what long bodies are made of: bytes that no layer can compress.
var bulkPiece = sync.OnceValue(func() []byte {
	b := make([]byte, piece)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(b)
	return b
})

// bulkReader gives front and then pieces up to size. After the first piece it
// waits for next.
type bulkReader struct {
	front []byte
	left  int64
	sent  int64
	next  <-chan struct{}
	ctx   context.Context // of the request
}

func newBulkReader(ctx context.Context, front string, size int64, next <-chan struct{}) *bulkReader {
	return &bulkReader{front: []byte(front), left: size - int64(len(front)), next: next, ctx: ctx}
}

func (b *bulkReader) Read(p []byte) (int, error) {
	if len(b.front) > 0 {
		n := copy(p, b.front)
		b.front = b.front[n:]
		return n, nil
	}
	if b.left == 0 {
		return 0, io.EOF
	}
	if b.sent >= piece && b.next != nil {
		select {
		case <-b.next:
			b.next = nil
		case <-b.ctx.Done():
			return 0, errors.New("the first piece did not arrive while the rest was held back")
		}
	}
	at := b.sent % piece
	n := copy(p, bulkPiece()[at:])
	n = int(min(int64(n), b.left))
	b.sent, b.left = b.sent+int64(n), b.left-int64(n)
	return n, nil
}

// sumOfBulk is the hash of a body made by newBulkReader.
func sumOfBulk(front string, size int64) string {
	h := sha256.New()
	_, _ = io.Copy(h, newBulkReader(context.Background(), front, size, nil))
	return sum(h)
}

func sum(h hash.Hash) string { return fmt.Sprintf("%x", h.Sum(nil)) }

// memory is the resident set of a process in bytes, at present and at its
// peak. Systems without /proc tell nothing.
func memory(t *testing.T, pid int) (now, peak int64) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if errors.Is(err, os.ErrNotExist) {
		return 0, 0
	}
	if err != nil {
		t.Fatalf("reading the memory of Caddy: %v", err)
	}
	field := func(name string) int64 {
		_, after, ok := strings.Cut(string(text), name+":")
		words := strings.Fields(after)
		if !ok || len(words) == 0 {
			t.Fatalf("no %s in the status of a process", name)
		}
		n, err := strconv.ParseInt(words[0], 10, 64)
		if err != nil {
			t.Fatalf("reading %s: %v", name, err)
		}
		return n << 10
	}
	return field("VmRSS"), field("VmHWM")
}

// bounded fails the test if Caddy took much memory while f ran: far less than
// one of the bodies that went through.
func bounded(t *testing.T, edge *pairs, f func()) {
	t.Helper()
	pid := edge.process.cmd.Process.Pid
	before, _ := memory(t, pid)
	// 5 resets the peak; see proc_pid_clear_refs(5).
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0)
	f()
	if _, peak := memory(t, pid); peak-before > bulk/2 {
		t.Errorf("Caddy grew by %d MiB while a body of %d MiB passed", (peak-before)>>20, bulk>>20)
	}
}

// bulkProtocols are the versions that the long bodies are tried with. HTTP/3
// carries them through stacks in user space on both sides, which takes a minute
// under the race detector; shorter bodies test its streams.
var bulkProtocols = protocols[:2]

// TestConformanceLongDownload: 100 MiB reach the client byte for byte and
// without being collected on the way: the app sends the second piece only when
// the client has read the first.
func TestConformanceLongDownload(t *testing.T) {
	t.Parallel()
	up := startUpstream(t)
	edge := startPairs(t, up.address, shape{name: "site", lines: patient})
	want := sumOfBulk("", bulk)
	n := 0
	for _, proto := range bulkProtocols {
		for _, w := range []way{ways[0], ways[2], ways[4]} {
			n++
			name := fmt.Sprint("bulk-", n)
			t.Run(proto+"/"+w.name, func(t *testing.T) {
				v := edge.client(t, proto, "guarded", "site", newSource())
				bounded(t, edge, func() {
					if got := download(t, up, v, w.request(t, v, name, n), name); got != want {
						t.Errorf("hash %s; the app sent %s", got, want)
					}
				})
				checkObserved(t, edge.edge, w, v, 1)
			})
		}
	}
}

func download(t *testing.T, up *upstream, v *visitor, req *http.Request, name string) string {
	t.Helper()
	first := make(chan struct{})
	up.on(name, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Length", strconv.Itoa(bulk))
		_, _ = io.Copy(w, newBulkReader(r.Context(), "", bulk, first))
	})
	res, err := v.client.Do(req)
	if err != nil {
		t.Fatalf("asking for %s: %v", name, err)
	}
	defer res.Body.Close()
	h := sha256.New()
	if _, err := io.CopyN(h, res.Body, piece/2); err != nil {
		t.Fatalf("reading the first piece while the rest is held back: %v", err)
	}
	close(first)
	if n, err := io.Copy(h, res.Body); err != nil || n != bulk-piece/2 {
		t.Errorf("reading the rest: %d bytes, %v", n, err)
	}
	return sum(h)
}

// TestConformanceLongUpload: 100 MiB reach the app byte for byte, to a place
// where nobody logs in and with credentials in front to one where they do, with
// and without a length. The client sends the second piece only when the app has
// read the first.
func TestConformanceLongUpload(t *testing.T) {
	t.Parallel()
	up := startUpstream(t)
	edge := startPairs(t, up.address, shape{name: "site", lines: patient})
	n := 0
	for _, proto := range bulkProtocols {
		for _, u := range uploads {
			if proto != protocols[0] && !u.unsized {
				continue // one of each kind is enough
			}
			n++
			name := fmt.Sprint("bulk-", n)
			t.Run(proto+"/"+u.name, func(t *testing.T) {
				v := edge.client(t, proto, "guarded", "site", newSource())
				bounded(t, edge, func() { u.send(t, up, v, name) })
				checkObserved(t, edge.edge, way{name: u.name, attempt: u.attempt}, v, 1)
			})
		}
	}
}

type upload struct {
	name, method, path, contentType, front string
	unsized                                bool
	attempt                                bool
}

var uploads = []upload{
	{name: "a file", method: http.MethodPut, path: "/files/", contentType: "application/octet-stream"},
	{name: "a file without a length", method: http.MethodPost, path: "/files/", contentType: "application/zip", front: "PK", unsized: true},
	{name: "a picture", method: http.MethodPost, path: "/files/", contentType: "image/png", front: "\x89PNG"},
	{
		name: "a login and much more", method: http.MethodPost, path: "/login/", contentType: formType, attempt: true,
		front: "username=a%40x.test&password=guess&file=",
	},
	{
		name: "a login and much more without a length", method: http.MethodPost, path: "/login/", contentType: formType, attempt: true,
		front: "username=b%40x.test&password=guess&file=", unsized: true,
	},
}

func (u upload) send(t *testing.T, up *upstream, v *visitor, name string) {
	t.Helper()
	first := make(chan struct{})
	up.on(name, func(w http.ResponseWriter, r *http.Request) {
		h := sha256.New()
		if _, err := io.CopyN(h, r.Body, piece/2); err != nil {
			http.Error(w, "reading the first piece: "+err.Error(), http.StatusBadRequest)
			return
		}
		close(first)
		n, err := io.Copy(h, r.Body)
		fmt.Fprintf(w, "%d %v %s", n+piece/2, err, sum(h))
	})
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, u.method, v.base+u.path+name, newBulkReader(ctx, u.front, bulk, first))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", u.contentType)
	if req.ContentLength = bulk; u.unsized {
		req.ContentLength = -1
	}
	got := v.mustHear(t, req)
	if want := fmt.Sprintf("%d <nil> %s", bulk, sumOfBulk(u.front, bulk)); got.body != want {
		t.Errorf("the app received %s; sent %s", got.body, want)
	}
}

// TestConformanceFilesOfCaddy: files that Caddy serves itself go from the disk
// to the socket in one call when the connection can do so; the directive must
// neither lose nor repeat a byte of them, whatever their size.
func TestConformanceFilesOfCaddy(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	sizes := []int{0, 1, 511, 64<<10 - 1, 64 << 10, 64<<10 + 1, 1 << 20, 5<<20 + 3}
	for _, size := range sizes {
		content := bytes.Repeat(bulkPiece(), size/piece+1)[:size]
		if err := os.WriteFile(fmt.Sprintf("%s/%d.bin", dir, size), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	edge := startPairs(t, "", shape{
		name: "site", lines: patient,
		inner: "uri strip_prefix /login\nmethod GET\nroot " + dir + "\nfile_server",
	})
	n := 0
	for _, proto := range protocols {
		for _, w := range []way{ways[0], ways[2], ways[4], ways[5], ways[6], ways[7]} {
			plain := edge.client(t, proto, "plain", "site", newSource())
			guarded := edge.client(t, proto, "guarded", "site", newSource())
			if w.body == nil {
				w.path = "/"
			}
			for _, size := range sizes {
				n++
				t.Run(fmt.Sprintf("%s/%s/%d bytes", proto, w.name, size), func(t *testing.T) {
					name := fmt.Sprintf("%d.bin", size)
					got := guarded.mustHear(t, w.request(t, guarded, name, n))
					if w.body != nil && len(got.body) != size {
						t.Errorf("%d bytes of a file of %d", len(got.body), size)
					}
					same(t, withoutBoundary(plain.mustHear(t, w.request(t, plain, name, n))), withoutBoundary(got))
				})
			}
			checkObserved(t, edge.edge, w, guarded, len(sizes))
		}
	}
}

// withoutBoundary replaces the boundary of several ranges, which is random.
func withoutBoundary(h heard) heard {
	if _, boundary, ok := strings.Cut(h.header.Get("Content-Type"), "boundary="); ok {
		h.body = strings.ReplaceAll(h.body, boundary, "BOUNDARY")
		h.header.Set("Content-Type", "multipart/byteranges; boundary=BOUNDARY")
	}
	return h
}
