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
	fetchTimeout  = 30 * time.Second // everything, the body included
	dialTimeout   = 10 * time.Second // also for the TLS handshake
	headerTimeout = 15 * time.Second // from request to response header
	maxRedirects  = 3
	maxHeader     = 64 << 10 // bytes of response header
	maxValidator  = 512      // bytes of an ETag worth keeping
	// maxRetryAfter bounds how long a server may ask to be left alone.
	maxRetryAfter = 24 * time.Hour
	userAgent     = "doorward"
)

// webOrigin is an http or https URL. Certificates are verified. Private and
// loopback destinations are allowed: the operator wrote the URL, and a mirror
// on one's own network is a good idea.
type webOrigin struct {
	url     string
	client  *http.Client
	timeout time.Duration
	now     func() time.Time
}

func newWebOrigin(source string, transport http.RoundTripper, now func() time.Time) *webOrigin {
	if transport == nil {
		transport = newTransport()
	}
	client := &http.Client{Transport: transport, CheckRedirect: checkRedirect}
	return &webOrigin{url: source, client: client, timeout: fetchTimeout, now: now}
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

func (o *webOrigin) read(ctx context.Context, last stamp) (reading, error) {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, o.url, nil)
	if err != nil {
		return reading{}, fmt.Errorf("making the request: %w", withoutURL(err))
	}
	req.Header.Set("User-Agent", userAgent)
	conditional := last.etag != "" || last.modified != ""
	if last.etag != "" {
		req.Header.Set("If-None-Match", last.etag)
	}
	if last.modified != "" {
		req.Header.Set("If-Modified-Since", last.modified)
	}
	resp, err := o.client.Do(req)
	if err != nil {
		return reading{}, fmt.Errorf("asking the server: %w", withoutURL(err))
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotModified && conditional:
		return reading{unchanged: true, stamp: last}, nil
	case resp.StatusCode != http.StatusOK:
		return reading{}, o.refuseStatus(resp)
	}
	set, report, err := Parse(resp.Body)
	if err != nil {
		return reading{}, err
	}
	return reading{set: set, report: report, stamp: o.stampOf(resp.Header)}, nil
}

// withoutURL drops what net/http adds: it shows the query.
func withoutURL(err error) error {
	if urlErr, ok := errors.AsType[*url.Error](err); ok {
		return urlErr.Err
	}
	return err
}

func (o *webOrigin) stampOf(h http.Header) stamp {
	var st stamp
	if etag := h.Get("ETag"); len(etag) <= maxValidator {
		st.etag = etag
	}
	modified := h.Get("Last-Modified")
	if t, err := http.ParseTime(modified); err == nil && len(modified) <= maxValidator {
		st.modified = modified
		if !t.After(o.now()) {
			st.published = t
		}
	}
	return st
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
