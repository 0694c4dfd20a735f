package replay

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
)

// exchange is what an access log tells of a request and its answer.
type exchange struct {
	at       time.Time
	addr     netip.Addr
	method   string
	uri      string
	header   http.Header
	status   int
	answer   http.Header // nil when the log has none
	duration time.Duration
}

// caddyLine is the part of Caddy's JSON access log that is used.
type caddyLine struct {
	TS      json.RawMessage `json:"ts"`
	Request *struct {
		RemoteIP string      `json:"remote_ip"`
		ClientIP string      `json:"client_ip"`
		Method   string      `json:"method"`
		URI      string      `json:"uri"`
		Headers  http.Header `json:"headers"`
	} `json:"request"`
	Status   int             `json:"status"`
	Duration json.RawMessage `json:"duration"`
	Answer   http.Header     `json:"resp_headers"`
}

// ParseCaddy reads a line of Caddy's JSON access log. Lines of other loggers
// are no attempts.
func ParseCaddy(text []byte) (Line, error) {
	var c caddyLine
	if err := json.Unmarshal(text, &c); err != nil {
		return Line{}, fmt.Errorf("reading JSON: %w; is it a file of Caddy's access log with the json encoder?", err)
	}
	at, err := caddyTime(c.TS)
	if err != nil {
		return Line{}, err
	}
	if c.Request == nil {
		return Line{Time: at, Kind: config.KindNone}, nil
	}
	ip := c.Request.ClientIP
	if ip == "" {
		ip = c.Request.RemoteIP
	}
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return Line{}, fmt.Errorf("client_ip %q is no address", ip)
	}
	return exchange{
		at: at, addr: addr, method: c.Request.Method, uri: c.Request.URI, header: canonical(c.Request.Headers),
		status: c.Status, answer: canonical(c.Answer), duration: caddyDuration(c.Duration),
	}.line()
}

// caddyTime reads the formats of Caddy's time_format option that carry a whole
// date: seconds (the default), RFC 3339 and ISO 8601 texts, milliseconds and
// nanoseconds.
func caddyTime(raw json.RawMessage) (time.Time, error) {
	var seconds float64
	if json.Unmarshal(raw, &seconds) == nil && seconds > 0 {
		switch {
		case seconds > 1e17:
			seconds /= 1e9
		case seconds > 1e11:
			seconds /= 1e3
		}
		whole, part := math.Modf(seconds)
		return time.Unix(int64(whole), int64(part*1e9)).UTC(), nil
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.000Z0700", "2006/01/02 15:04:05.000"} {
			if at, err := time.Parse(layout, text); err == nil {
				return at.UTC(), nil
			}
		}
	}
	return time.Time{}, fmt.Errorf("ts %s is no time Caddy writes", raw)
}

func caddyDuration(raw json.RawMessage) time.Duration {
	var seconds float64
	if json.Unmarshal(raw, &seconds) != nil || seconds < 0 || seconds > maxLatency.Seconds() {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}

func canonical(h http.Header) http.Header {
	if h == nil {
		return nil
	}
	out := make(http.Header, len(h))
	for name, values := range h {
		name = http.CanonicalHeaderKey(name)
		out[name] = append(out[name], values...)
	}
	return out
}

// combinedPattern is the combined log format of Apache and nginx; whatever a
// syslog puts in front of the address is skipped.
var combinedPattern = regexp.MustCompile(`(?:^|\s)([0-9a-fA-F.:]+) \S+ (\S+) \[([^\]]+)\] "([A-Z]+) ((?:[^"\\]|\\.)*?)(?: HTTP/[0-9.]+)?" ([0-9]{3}) \S+(?: "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*")?`)

// ParseCombined reads a line of the combined or common log format, with or
// without a syslog prefix.
func ParseCombined(text []byte) (Line, error) {
	m := combinedPattern.FindSubmatch(text)
	if m == nil {
		return Line{}, errors.New(`not in the combined log format: address - user [time] "METHOD /path HTTP/1.1" status size "referer" "agent"`)
	}
	addr, err := netip.ParseAddr(string(m[1]))
	if err != nil {
		return Line{}, fmt.Errorf("%q is no address", m[1])
	}
	at, err := time.Parse("02/Jan/2006:15:04:05 -0700", string(m[3]))
	if err != nil {
		return Line{}, fmt.Errorf("time %q: expected 02/Jan/2006:15:04:05 -0700", m[3])
	}
	x := exchange{at: at.UTC(), addr: addr, method: string(m[4]), uri: string(m[5]), header: http.Header{}}
	_, err = fmt.Sscanf(string(m[6]), "%d", &x.status)
	if user := string(m[2]); user != "-" && user != "" {
		// The server logs the user of Basic credentials it was sent.
		x.header.Set("Authorization", redacted)
	}
	if err != nil {
		return Line{}, fmt.Errorf("status %q: %w", m[6], err)
	}
	return x.line()
}

// redacted is what Caddy writes for a header that holds credentials.
const redacted = "REDACTED"

// line looks for an attempt.
func (x exchange) line() (Line, error) {
	l := Line{Time: x.at, Kind: config.KindNone, Addr: x.addr.Unmap().WithZone(""), Latency: min(x.duration, maxLatency)}
	u, err := url.ParseRequestURI(x.uri)
	if err != nil {
		return l, nil //nolint:nilerr // scanners send such requests; they are no attempts
	}
	found, ok := x.credentials(u)
	if !ok {
		return l, nil
	}
	l.Kind, l.Route, l.Identities, l.Ambiguous = found.Kind, found.Route, found.Identities, found.Ambiguous
	l.Basic = found.Format == recognize.FormatBasic
	l.Outcome = x.outcome(u, &found)
	return l, nil
}

func (x exchange) credentials(u *url.URL) (recognize.Credentials, bool) {
	if values := x.header["Authorization"]; len(values) > 0 && values[0] == redacted {
		return recognize.Credentials{Kind: config.KindLogin, Route: u.Path, Format: recognize.FormatBasic, Confidence: 0.8}, true
	}
	request := recognize.Request{Method: x.method, Path: u.Path, RawQuery: u.RawQuery, Header: x.header, Complete: true}
	if x.method == http.MethodPost {
		request.Body, request.Complete = bodyNotLogged, false
	}
	return recognize.Automatic(&request)
}

// bodyNotLogged stands for the body of a POST: there was one, and none of it
// was logged.
var bodyNotLogged = []byte{' '}

// outcome reads status and headers. A body is never logged: what only a body
// could tell stays unknown, but for the one habit that half the web shares: a
// login form that answers 200 shows itself again.
func (x exchange) outcome(u *url.URL, found *recognize.Credentials) recognize.Outcome {
	if x.status == http.StatusOK && found.Format != recognize.FormatBasic && found.Kind == config.KindLogin && x.showsForm(u.Path) {
		return recognize.Outcome{Result: recognize.Failure, Confidence: 0.7, Evidence: []string{"a login form answered 200"}}
	}
	header := x.answer
	if header == nil {
		header = http.Header{}
	}
	return recognize.Classify(recognize.Exchange{
		Path: u.Path, RawQuery: u.RawQuery, Credentials: found,
		Response: &recognize.Response{Status: x.status, Header: header},
	})
}

func (x exchange) showsForm(path string) bool {
	if kind := x.answer.Get("Content-Type"); kind != "" {
		return strings.HasPrefix(kind, "text/html")
	}
	return !strings.Contains(path, "/api/") && !strings.HasSuffix(path, ".json")
}
