package har

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/doorward/doorward/detector/recognize"
)

// harEntry and the types below are the parts of HAR 1.2 that are read
// (http://www.softwareishard.com/blog/har-12-spec/).
type harEntry struct {
	Started  string       `json:"startedDateTime"`
	Time     float64      `json:"time"`
	ClientIP string       `json:"_clientIp"`
	Request  *harRequest  `json:"request"`
	Response *harResponse `json:"response"`
}

type harRequest struct {
	Method   string       `json:"method"`
	URL      string       `json:"url"`
	Headers  []harPair    `json:"headers"`
	PostData *harPostData `json:"postData"`
	BodySize int64        `json:"bodySize"`
}

type harPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type harPostData struct {
	MimeType string     `json:"mimeType"`
	Text     string     `json:"text"`
	Encoding string     `json:"encoding"`
	Params   []harParam `json:"params"`
}

type harParam struct {
	Name     string `json:"name"`
	Value    string `json:"value"`
	FileName string `json:"fileName"`
}

type harResponse struct {
	Status      *int       `json:"status"`
	Headers     []harPair  `json:"headers"`
	Content     harContent `json:"content"`
	RedirectURL string     `json:"redirectURL"`
}

type harContent struct {
	Size     int64  `json:"size"`
	MimeType string `json:"mimeType"`
	Text     string `json:"text"`
	Encoding string `json:"encoding"`
}

// took is the duration of the exchange; what is no sensible number is zero.
func (h harEntry) took() time.Duration {
	const maxMilliseconds = float64(24 * time.Hour / time.Millisecond)
	if !(h.Time > 0 && h.Time < maxMilliseconds) {
		return 0
	}
	return time.Duration(h.Time * float64(time.Millisecond))
}

func (h *harRequest) convert() (recognize.Request, error) {
	if h.Method == "" {
		return recognize.Request{}, errors.New("request.method is empty")
	}
	u, err := url.Parse(h.URL)
	if err != nil || h.URL == "" || u.Host == "" {
		// The parser's error would quote the address, which may hold a password.
		return recognize.Request{}, errors.New("request.url is no absolute address such as https://example.com/login")
	}
	r := recognize.Request{
		Method:   h.Method,
		Host:     strings.ToLower(u.Hostname()),
		Path:     u.Path,
		RawQuery: u.RawQuery,
		Header:   toHeader(h.Headers),
	}
	if r.Path == "" {
		r.Path = "/"
	}
	if h.PostData == nil {
		r.Complete = h.BodySize <= 0
		return r, nil
	}
	if r.Body, err = h.PostData.body(r.Header); err != nil {
		return recognize.Request{}, err
	}
	r.Complete = int64(len(r.Body)) >= h.BodySize || h.PostData.Text == "" && len(r.Body) > 0
	return r, nil
}

// body returns the body that was posted. Browsers write a text, or the
// parameters it was made of; from these an equal body is made again.
func (p *harPostData) body(header http.Header) ([]byte, error) {
	if header.Get("Content-Type") == "" && p.MimeType != "" {
		header.Set("Content-Type", p.MimeType)
	}
	if p.Text != "" || len(p.Params) == 0 {
		return decodeText(p.Text, p.Encoding, "request.postData")
	}
	kind, parameters, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err == nil && kind == "multipart/form-data" {
		return p.multipart(header, parameters["boundary"])
	}
	pairs := make([]string, len(p.Params))
	for i, param := range p.Params {
		pairs[i] = url.QueryEscape(param.Name) + "=" + url.QueryEscape(param.Value)
	}
	return []byte(strings.Join(pairs, "&")), nil
}

func (p *harPostData) multipart(header http.Header, boundary string) ([]byte, error) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	if boundary == "" || w.SetBoundary(boundary) != nil {
		header.Set("Content-Type", w.FormDataContentType())
	}
	for _, param := range p.Params {
		if err := param.writeTo(w); err != nil {
			return nil, fmt.Errorf("building the body of request.postData.params: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("building the body of request.postData.params: %w", err)
	}
	return body.Bytes(), nil
}

func (p harParam) writeTo(w *multipart.Writer) error {
	create := w.CreateFormField
	if p.FileName != "" {
		create = func(name string) (io.Writer, error) { return w.CreateFormFile(name, p.FileName) }
	}
	part, err := create(p.Name)
	if err != nil {
		return err
	}
	_, err = part.Write([]byte(p.Value))
	return err
}

func (h *harResponse) convert() (recognize.Response, error) {
	if h.Status == nil {
		return recognize.Response{}, errors.New("response.status is missing")
	}
	r := recognize.Response{Status: max(*h.Status, 0), Header: toHeader(h.Headers)}
	if r.Status > 999 {
		return recognize.Response{}, errors.New("response.status is no HTTP status")
	}
	if r.Header.Get("Location") == "" && h.RedirectURL != "" && r.Status/100 == 3 {
		r.Header.Set("Location", h.RedirectURL)
	}
	if r.Header.Get("Content-Type") == "" && h.Content.MimeType != "" && h.Content.MimeType != "x-unknown" {
		r.Header.Set("Content-Type", h.Content.MimeType)
	}
	r.Header.Del("Content-Encoding")
	body, err := decodeText(h.Content.Text, h.Content.Encoding, "response.content")
	if err != nil {
		return recognize.Response{}, err
	}
	r.Body = body
	r.Complete = int64(len(body)) >= h.Content.Size
	return r, nil
}

// toHeader makes a header of the listed pairs. HTTP/2 pseudo headers (:path)
// are left out; browsers join several Set-Cookie headers with line feeds.
func toHeader(pairs []harPair) http.Header {
	h := http.Header{}
	for _, p := range pairs {
		if p.Name == "" || strings.HasPrefix(p.Name, ":") {
			continue
		}
		for line := range strings.SplitSeq(p.Value, "\n") {
			h.Add(p.Name, strings.TrimSpace(line))
		}
	}
	return h
}

func decodeText(text, encoding, where string) ([]byte, error) {
	switch {
	case text == "":
		return nil, nil
	case strings.EqualFold(encoding, "base64"):
		body, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("decoding %s: it is no base64", where)
		}
		return body, nil
	case encoding != "":
		return nil, fmt.Errorf("decoding %s: its encoding must be base64 or absent", where)
	default:
		return []byte(text), nil
	}
}
