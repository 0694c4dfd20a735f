package intel

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// The bounds of asking a server.
const (
	fetchTimeout  = 30 * time.Second // everything, the body included; a server that drips is given up
	dialTimeout   = 10 * time.Second // also for the TLS handshake
	headerTimeout = 15 * time.Second // from request to response header
	maxRedirects  = 3
	maxHeader     = 64 << 10 // bytes of response header
	maxValidator  = 512      // bytes of a version's texts that are kept
	// maxRetryAfter bounds how long a server may ask to be left alone.
	maxRetryAfter = 24 * time.Hour
	userAgent     = "doorward"
)

// webOrigin is an http or https URL. Certificates are verified.
type webOrigin struct {
	url    string
	client *http.Client
	now    func() time.Time
}

// NewURLOrigin is an http or https URL, that of a public address unless
// allowPrivate: what the name resolves to when it is asked, and what it
// redirects to, is judged. It does no I/O.
func NewURLOrigin(source string, allowPrivate bool) Origin {
	return newWebOrigin(source, allowPrivate, nil, time.Now)
}

func newWebOrigin(source string, allowPrivate bool, transport http.RoundTripper, now func() time.Time) *webOrigin {
	switch {
	case transport != nil:
	case allowPrivate:
		transport = newTransport()
	default:
		transport = newPublicTransport()
	}
	return &webOrigin{url: source, client: &http.Client{Transport: transport, CheckRedirect: checkRedirect}, now: now}
}

// newTransport keeps no connection open between two questions, an hour apart
// as a rule. HTTP_PROXY, HTTPS_PROXY and NO_PROXY are honoured.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout:    dialTimeout,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		ResponseHeaderTimeout:  headerTimeout,
		MaxResponseHeaderBytes: maxHeader,
		DisableKeepAlives:      true,
		ForceAttemptHTTP2:      true,
	}
}

// checkRedirect follows a few redirects and never leaves https. The Referer
// that net/http adds would tell the next server the query, tokens included.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return fmt.Errorf("more than %d redirects", maxRedirects)
	}
	if via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme != "https" {
		return errors.New("refusing a redirect from https to plain http")
	}
	req.Header.Del("Referer")
	return nil
}

// String is the URL without user, password and query.
func (o *webOrigin) String() string { return displayURL(o.url) }

func displayURL(source string) string {
	u, err := url.Parse(source)
	if err != nil {
		return "(unreadable URL)"
	}
	u.User, u.Fragment = nil, ""
	if u.RawQuery != "" {
		u.RawQuery = "…"
	}
	return u.String()
}

// Open asks the server, with the validators of have (RFC 9110 §13.1).
func (o *webOrigin) Open(ctx context.Context, have Version) (Content, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, o.url, nil)
	if err != nil {
		return Content{}, fmt.Errorf("making the request: %w", withoutURL(err))
	}
	req.Header.Set("User-Agent", userAgent)
	if have.ETag != "" {
		req.Header.Set("If-None-Match", have.ETag)
	}
	if have.LastModified != "" {
		req.Header.Set("If-Modified-Since", have.LastModified)
	}
	resp, err := o.client.Do(req)
	if err != nil {
		return Content{}, fmt.Errorf("asking the server: %w", withoutURL(err))
	}
	if resp.StatusCode == http.StatusOK {
		version, published := o.versionOf(resp.Header)
		return Content{Body: resp.Body, Version: version, Published: published}, nil
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotModified && have != (Version{}) {
		return Content{Unchanged: true, Version: have}, nil
	}
	return Content{}, o.refuseStatus(resp)
}

// withoutURL drops what net/http adds: it shows the query.
func withoutURL(err error) error {
	if urlErr, ok := errors.AsType[*url.Error](err); ok {
		return urlErr.Err
	}
	return err
}

func (o *webOrigin) versionOf(h http.Header) (v Version, published time.Time) {
	v.ETag = h.Get("ETag")
	modified := h.Get("Last-Modified")
	if t, err := http.ParseTime(modified); err == nil {
		v.LastModified = modified
		if !t.After(o.now()) {
			published = t
		}
	}
	return v, published
}

// retryError carries the server's wish to be asked later (RFC 9110 §10.2.3).
type retryError struct {
	error
	after time.Duration
}

func (e *retryError) Unwrap() error { return e.error }

func (o *webOrigin) refuseStatus(resp *http.Response) error {
	err := refuse(ReasonStatus, 0, "the server answered %d %s, not 200 OK", resp.StatusCode, http.StatusText(resp.StatusCode))
	value := resp.Header.Get("Retry-After")
	var after time.Duration
	if seconds, convErr := strconv.ParseUint(value, 10, 31); convErr == nil {
		after = time.Duration(seconds) * time.Second
	} else if t, dateErr := http.ParseTime(value); dateErr == nil {
		after = t.Sub(o.now())
	}
	if after <= 0 {
		return err
	}
	return &retryError{error: err, after: min(after, maxRetryAfter)}
}
