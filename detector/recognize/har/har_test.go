package har

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"strings"
	"testing"
	"time"
)

// archive wraps entries into a HAR document.
func archive(entries ...string) string {
	return `{"log":{"version":"1.2","entries":[` + strings.Join(entries, ",") + `]}}`
}

const goodResponse = `"response":{"status":200,"headers":[],"content":{"size":0,"text":""}}`

// entryOf makes an entry of a request and, if given, of a response.
func entryOf(request, response string) string {
	if response == "" {
		response = goodResponse
	}
	return `{"request":{` + request + `},` + response + `}`
}

func readOne(t *testing.T, entry string) Entry {
	t.Helper()
	f, err := Read(strings.NewReader(archive(entry)))
	if err != nil {
		t.Fatal(err)
	}
	return f.Entries[0]
}

func TestReadTakesInAnExchange(t *testing.T) {
	t.Parallel()
	e := readOne(t, `{
		"_clientIp":"203.0.113.7","_secretNote":{"any":["thing"]},"pageref":"p1",
		"startedDateTime":"2026-01-02T03:04:05.678+01:00","time":120.5,
		"request":{"method":"POST","url":"https://App.Example:8443/sign%20in?next=%2F","bodySize":12,"_x":1,
			"headers":[{"name":":path","value":"/"},{"name":"cookie","value":"a=1; b=2"},{"name":"Accept","value":"x"},{"name":"accept","value":"y"}],
			"postData":{"mimeType":"application/x-www-form-urlencoded","text":"u=ada&p=pass"}},
		"response":{"status":302,"redirectURL":"/home","headers":[{"name":"Set-Cookie","value":"a=1; Path=/\nb=2"},{"name":"content-encoding","value":"gzip"}],
			"content":{"size":5,"mimeType":"text/html","text":"hello"}}}`)
	if e.Client.String() != "203.0.113.7" || e.Took != 120500*time.Microsecond || e.URL != "https://App.Example:8443/sign%20in?next=%2F" {
		t.Errorf("got client %s, took %s, url %s", e.Client, e.Took, e.URL)
	}
	if want := time.Date(2026, 1, 2, 2, 4, 5, 678e6, time.UTC); !e.Started.Equal(want) {
		t.Errorf("started %s, want %s", e.Started, want)
	}
	r := e.Request
	if got := fmt.Sprintf("%s %s %s %s %s %v", r.Method, r.Host, r.Path, r.RawQuery, r.Body, r.Complete); got != "POST app.example /sign in next=%2F u=ada&p=pass true" {
		t.Errorf("got request %s", got)
	}
	if got := fmt.Sprint(r.Header); got != "map[Accept:[x y] Content-Type:[application/x-www-form-urlencoded] Cookie:[a=1; b=2]]" {
		t.Errorf("got request header %s", got)
	}
	resp := e.Response
	if resp.Status != 302 || string(resp.Body) != "hello" || !resp.Complete {
		t.Errorf("got response %+v", resp)
	}
	if got := fmt.Sprint(resp.Header); got != "map[Content-Type:[text/html] Location:[/home] Set-Cookie:[a=1; Path=/ b=2]]" {
		t.Errorf("got response header %s", got)
	}
}

func TestReadBodies(t *testing.T) {
	t.Parallel()
	const request = `"method":"POST","url":"http://a.example/",`
	rows := []struct {
		name, entry  string
		wantReq      string
		reqComplete  bool
		wantResp     string
		respComplete bool
	}{
		{"none", entryOf(`"method":"GET","url":"http://a.example"`, ""), "", true, "", true},
		{"sizes unknown", entryOf(`"method":"GET","url":"http://a.example","bodySize":-1`, `"response":{"status":200,"content":{"size":-1}}`), "", true, "", true},
		{"posted but not kept", entryOf(request+`"bodySize":9`, ""), "", false, "", true},
		{"cut request", entryOf(request+`"bodySize":9,"postData":{"mimeType":"text/plain","text":"abc"}`, ""), "abc", false, "", true},
		{"base64 request", entryOf(request+`"postData":{"mimeType":"x","encoding":"base64","text":"AAEC"}`, ""), "\x00\x01\x02", true, "", true},
		{"parameters", entryOf(request+`"postData":{"mimeType":"application/x-www-form-urlencoded","params":[{"name":"u","value":"a b"},{"name":"p&","value":"ü"}]}`, ""), "u=a+b&p%26=%C3%BC", true, "", true},
		{"base64 response", entryOf(request+`"x":1`, `"response":{"status":200,"content":{"size":3,"encoding":"base64","text":"AAEC"}}`), "", true, "\x00\x01\x02", true},
		{"cut response", entryOf(request+`"x":1`, `"response":{"status":200,"content":{"size":4,"text":"abc"}}`), "", true, "abc", false},
		{"response not kept", entryOf(request+`"x":1`, `"response":{"status":200,"content":{"size":4}}`), "", true, "", false},
		{"more bytes than letters", entryOf(request+`"x":1`, `"response":{"status":200,"content":{"size":2,"text":"ü"}}`), "", true, "ü", true},
		{"blocked by the browser", entryOf(request+`"x":1`, `"response":{"status":0,"content":{}}`), "", true, "", true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			e := readOne(t, row.entry)
			if string(e.Request.Body) != row.wantReq || e.Request.Complete != row.reqComplete {
				t.Errorf("request: got %q complete=%v, want %q %v", e.Request.Body, e.Request.Complete, row.wantReq, row.reqComplete)
			}
			if string(e.Response.Body) != row.wantResp || e.Response.Complete != row.respComplete {
				t.Errorf("response: got %q complete=%v, want %q %v", e.Response.Body, e.Response.Complete, row.wantResp, row.respComplete)
			}
		})
	}
}

func TestReadMakesMultipartAgain(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"multipart/form-data; boundary=xyz", "multipart/form-data"} {
		e := readOne(t, entryOf(`"method":"POST","url":"http://a.example/","postData":{"mimeType":"`+kind+
			`","params":[{"name":"user","value":"ada"},{"name":"photo","fileName":"a.png","value":"PNG"}]}`, ""))
		_, parameters, err := mime.ParseMediaType(e.Request.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		form, err := multipart.NewReader(bytes.NewReader(e.Request.Body), parameters["boundary"]).ReadForm(1 << 10)
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if form.Value["user"][0] != "ada" || form.File["photo"][0].Filename != "a.png" {
			t.Errorf("%s: got %v %v", kind, form.Value, form.File)
		}
	}
}

func TestReadRefusals(t *testing.T) {
	t.Parallel()
	const good = `"method":"GET","url":"http://a.example/"`
	rows := []struct{ name, file, want string }{
		{"empty file", ``, "parsing the archive: it is no JSON from byte 0 on"},
		{"cut file", archive(entryOf(good, ""))[:40], "it is no JSON from byte"},
		{"something behind", archive() + "x", "it is no JSON from byte"},
		{"another JSON file", `{"entries":[]}`, "no HTTP archive"},
		{"no entries", `{"log":{}}`, "no HTTP archive"},
		{"entries of another type", `{"log":{"entries":7}}`, "log.entries has the wrong type"},
		{"second entry without a request", archive(entryOf(good, ""), `{}`), "reading entry 1: it needs a request and a response"},
		{"no method", archive(entryOf(`"url":"http://a.example/"`, "")), "reading entry 0: request.method is empty"},
		{"relative address", archive(entryOf(`"method":"GET","url":"/login?p=hunter2"`, "")), "reading entry 0: request.url is no absolute address"},
		{"unreadable address", archive(entryOf(`"method":"GET","url":"http://[hunter2"`, "")), "request.url is no absolute address"},
		{"no status", archive(entryOf(good, `"response":{}`)), "response.status is missing"},
		{"status out of range", archive(entryOf(good, `"response":{"status":1000}`)), "response.status is no HTTP status"},
		{"status of another type", archive(entryOf(good, `"response":{"status":"hunter2"}`)), "reading entry 0: response.status has the wrong type: it must be of type int"},
		{"time", archive(`{"startedDateTime":"yesterday","request":{` + good + `},` + goodResponse + `}`), "startedDateTime is no time"},
		{"client address", archive(`{"_clientIp":"hunter2","request":{` + good + `},` + goodResponse + `}`), "_clientIp is no IP address"},
		{"base64", archive(entryOf(good+`,"postData":{"text":"hunter2!","encoding":"base64"}`, "")), "request.postData: it is no base64"},
		{"encoding", archive(entryOf(good, `"response":{"status":200,"content":{"text":"x","encoding":"gzip"}}`)), "its encoding must be base64"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := Read(strings.NewReader(row.file))
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Fatalf("got error %v, want %q", err, row.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error quotes the archive: %v", err)
			}
		})
	}
}

func TestReadBounds(t *testing.T) {
	t.Parallel()
	file := archive(entryOf(`"method":"GET","url":"http://a.example/"`, ""), entryOf(`"method":"GET","url":"http://a.example/"`, ""))
	if _, err := read(strings.NewReader(file), len(file), 2); err != nil {
		t.Errorf("at the bounds: %v", err)
	}
	if _, err := read(strings.NewReader(file), len(file)-1, 2); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("one byte more than allowed: got %v", err)
	}
	if _, err := read(strings.NewReader(file), len(file), 1); err == nil || !strings.Contains(err.Error(), "2 entries") {
		t.Errorf("one entry more than allowed: got %v", err)
	}
}

func TestReadSkipsByteOrderMark(t *testing.T) {
	t.Parallel()
	if _, err := Read(strings.NewReader("\xef\xbb\xbf" + archive())); err != nil {
		t.Error(err)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestReadReportsReadErrors(t *testing.T) {
	t.Parallel()
	if _, err := Read(brokenReader{}); err == nil || !strings.Contains(err.Error(), "reading the archive") {
		t.Errorf("got %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(archive())
	f.Add(archive(entryOf(`"method":"POST","url":"http://a.example/x?y","bodySize":3,"postData":{"mimeType":"multipart/form-data","params":[{"name":"a","value":"b"}]}`, "")))
	f.Add(archive(entryOf(`"method":"GET","url":"http://[::1]/"`, `"response":{"status":200,"headers":[{"name":"x","value":"a\nb"}],"content":{"encoding":"base64","text":"AAEC"}}`)))
	f.Add(`{"log":{"entries":[null]}}`)
	f.Fuzz(func(t *testing.T, file string) {
		got, err := Read(strings.NewReader(file))
		if err != nil {
			return
		}
		if !json.Valid([]byte(strings.TrimPrefix(file, "\xef\xbb\xbf"))) {
			t.Error("read a file that is no JSON")
		}
		for i, e := range got.Entries {
			if e.Request.Method == "" || e.Request.Path == "" || e.Request.Header == nil || e.Response.Header == nil {
				t.Errorf("entry %d is not usable: %+v", i, e)
			}
		}
	})
}
