package integration

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
)

// received is what POST /hash of the app says it got.
type received struct {
	SHA256   string            `json:"sha256"`
	Length   int               `json:"length"`
	Headers  map[string]string `json:"headers"`
	Trailers map[string]string `json:"trailers"`
}

// body is one request body and how it is sent.
type body struct {
	name, contentType, content string

	unsized bool              // without a length: chunked over HTTP/1.1
	expect  bool              // Expect: 100-continue
	trailer string            // value of the trailer X-Checksum
	headers map[string]string // further headers
}

func bodies(t *testing.T) []body {
	t.Helper()
	credentials := form("username", alice, "password", "guess & more")
	mixed, mixedType := multipartForm(t, 0)
	large, largeType := multipartForm(t, 10<<20)
	list := []body{
		{name: "nothing", contentType: formType},
		{name: "a form", contentType: formType, content: credentials},
		{name: "JSON", contentType: "application/json", content: `{"user":{"email":"alice@x.test","password":"x"}}`},
		{name: "JSON with duplicate keys", contentType: "application/json", content: `{"email":"a@x.test","password":"x","password":"y"}`},
		{name: "JSON cut short", contentType: "application/json", content: `{"email":"a@x.test","password":"x`},
		{name: "multipart", contentType: mixedType, content: mixed},
		{name: "multipart with 10 MB", contentType: largeType, content: large},
		{name: "multipart with 10 MB and no length", contentType: largeType, content: large, unsized: true},
		{name: "10 MB of form", contentType: formType, content: credentials + "&pad=" + strings.Repeat("p", 10<<20)},
		{name: "10 MB of bytes", contentType: "application/octet-stream", content: strings.Repeat("\x00\xff\r\n--x", 10<<20/7)},
		{name: "a form without a length", contentType: formType, content: credentials, unsized: true},
		{name: "a form with a trailer", contentType: formType, content: credentials, unsized: true, trailer: "5d41402a"},
		{name: "a form that waits for 100 Continue", contentType: formType, content: credentials, expect: true},
		{name: "10 MB that wait for 100 Continue", contentType: largeType, content: large, expect: true},
		{name: "bytes that are no UTF-8", contentType: formType, content: "username=\xff\xfe&password=\x80\x81"},
		{
			name: "JSON compressed by gzip", contentType: "application/json", content: zipped(t, `{"email":"a@x.test","password":"x"}`),
			headers: map[string]string{"Content-Encoding": "gzip"},
		},
	}
	// Around the size that is looked at.
	for _, size := range []int{64<<10 - 1, 64 << 10, 64<<10 + 1} {
		pad := strings.Repeat("p", size-len(credentials)-len("&pad="))
		list = append(list,
			body{name: fmt.Sprintf("a form of %d bytes", size), contentType: formType, content: credentials + "&pad=" + pad},
			body{name: fmt.Sprintf("a form of %d bytes without a length", size), contentType: formType, content: credentials + "&pad=" + pad, unsized: true})
	}
	return list
}

func multipartForm(t *testing.T, fileSize int) (content, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	_ = w.WriteField("username", alice)
	_ = w.WriteField("password", "guess")
	file, err := w.CreateFormFile("avatar", "a.png")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(file, strings.Repeat("\x89PNG\r\n", fileSize/6))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestBodiesReachTheAppUntouched: whatever the edge looks at, the app gets the
// same bytes with the same framing headers, on automatic and declared routes
// and over every HTTP version.
func TestBodiesReachTheAppUntouched(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401")
	app := apps.address("default401")
	edge := startEdge(t, edgeConfig{sites: []site{
		{host: "automatic.test", doorward: "mode enforce", app: app},
		{host: "declared.test", doorward: "mode enforce\nlogin POST /hash", app: app},
		{host: "tls.test", doorward: "mode enforce\nlogin POST /hash", app: app, tls: true},
	}})
	for i, b := range bodies(t) {
		// Every body has a source of its own, so that none is refused.
		from := fmt.Sprintf("127.0.3.%d", i+1)
		for _, c := range []struct {
			name    string
			visitor *visitor
			http1   bool
		}{
			{"automatic route, HTTP/1.1", edge.visitor(t, "automatic.test", from), true},
			{"declared route, HTTP/1.1", edge.visitor(t, "declared.test", from), true},
			{"declared route, HTTP/2", edge.visitorHTTP2(t, "tls.test", from), false},
			{"declared route, HTTP/3", edge.visitorHTTP3(t, "tls.test", from), false},
		} {
			t.Run(b.name+"/"+c.name, func(t *testing.T) { checkBody(t, c.visitor, b, c.http1) })
		}
	}
}

func checkBody(t *testing.T, v *visitor, b body, http1 bool) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, v.base+"/hash", strings.NewReader(b.content))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", b.contentType)
	for name, value := range b.headers {
		req.Header.Set(name, value)
	}
	if b.unsized {
		req.Body, req.ContentLength, req.GetBody = io.NopCloser(strings.NewReader(b.content)), -1, nil
	}
	if b.trailer != "" {
		req.Trailer = http.Header{"X-Checksum": {b.trailer}}
	}
	if b.expect {
		req.Header.Set("Expect", "100-continue")
	}
	got := v.do(t, req)
	if got.status != 200 {
		t.Fatalf("%v; want the app's 200", got)
	}
	var r received
	if err := json.Unmarshal([]byte(got.body), &r); err != nil {
		t.Fatalf("reading what the app received: %v", err)
	}
	sum := sha256.Sum256([]byte(b.content))
	if r.SHA256 != hex.EncodeToString(sum[:]) || r.Length != len(b.content) {
		t.Errorf("the app received %d bytes with sha256 %s; sent %d with %x", r.Length, r.SHA256, len(b.content), sum)
	}
	checkFraming(t, b, r, http1)
}

func checkFraming(t *testing.T, b body, r received, http1 bool) {
	t.Helper()
	if r.Headers["content-type"] != b.contentType {
		t.Errorf("content-type %q; sent %q", r.Headers["content-type"], b.contentType)
	}
	if want := b.headers["Content-Encoding"]; r.Headers["content-encoding"] != want {
		t.Errorf("content-encoding %q; sent %q", r.Headers["content-encoding"], want)
	}
	switch length := r.Headers["content-length"]; {
	case b.unsized && http1 && (length != "" || r.Headers["transfer-encoding"] != "chunked"):
		t.Errorf("content-length %q, transfer-encoding %q; sent chunked", length, r.Headers["transfer-encoding"])
	case b.content == "" && length == "": // HTTP/3 says nothing about no body
	case !b.unsized && length != fmt.Sprint(len(b.content)):
		t.Errorf("content-length %q; sent %d", length, len(b.content))
	}
	if b.trailer != "" && http1 && r.Trailers["x-checksum"] != b.trailer {
		t.Errorf("trailers %v; sent X-Checksum: %s", r.Trailers, b.trailer)
	}
}
