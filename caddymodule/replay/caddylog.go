package replay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"time"

	"github.com/doorward/doorward/config"
)

// caddyLine is the part of Caddy's JSON access log that is used. Headers are
// read only for requests that may be attempts.
type caddyLine struct {
	TS      json.RawMessage `json:"ts"`
	Request *struct {
		RemoteIP string          `json:"remote_ip"`
		ClientIP string          `json:"client_ip"`
		Method   string          `json:"method"`
		URI      string          `json:"uri"`
		Headers  json.RawMessage `json:"headers"`
	} `json:"request"`
	UserID   string          `json:"user_id"`
	Status   int             `json:"status"`
	Duration json.RawMessage `json:"duration"`
	Answer   json.RawMessage `json:"resp_headers"`
}

// caddy reads a line of Caddy's JSON access log. Lines of other loggers are no
// attempts.
func (f *finder) caddy(text []byte, r *record) error {
	var c caddyLine
	if err := json.Unmarshal(text, &c); err != nil {
		return explainCaddy(err)
	}
	at, err := caddyTime(c.TS)
	if err != nil {
		return err
	}
	r.line = Line{Time: at, Kind: config.KindNone}
	if c.Request == nil {
		return nil
	}
	ip := c.Request.ClientIP
	if ip == "" {
		ip = c.Request.RemoteIP
	}
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return fmt.Errorf("client_ip %s is no address", short([]byte(ip)))
	}
	r.line.Addr, r.line.Latency = addr.Unmap().WithZone(""), min(caddyDuration(c.Duration), maxLatency)
	r.client, r.status = clientOf(r.line.Addr, agentIn(c.Request.Headers)), c.Status
	target := []byte(c.Request.URI)
	r.path, _, _ = bytes.Cut(target, []byte("?"))
	if len(f.routes) == 0 && c.Status != http.StatusUnauthorized && !bytes.Contains(c.Request.Headers, []byte("uthorization")) &&
		quickNo([]byte(c.Request.Method), target, "") {
		return nil
	}
	q := request{method: c.Request.Method, target: c.Request.URI, status: c.Status}
	if q.header, err = headersOf(c.Request.Headers); err != nil {
		return fmt.Errorf("headers: %w", err)
	}
	if q.answer, err = headersOf(c.Answer); err != nil {
		return fmt.Errorf("resp_headers: %w", err)
	}
	if hidden := q.header["Authorization"]; len(hidden) > 0 && hidden[0] == redacted && len(c.UserID) <= maxUser {
		q.user = c.UserID // otherwise it is the user of a session
	}
	f.judge(&q, r)
	return nil
}

// explainCaddy says what is wrong with a line without quoting more of it than
// the JSON error does.
func explainCaddy(err error) error {
	if wrong := new(json.UnmarshalTypeError); errors.As(err, &wrong) {
		return fmt.Errorf("reading JSON: %s holds a %s; is it a file of Caddy's access log?", wrong.Field, wrong.Value)
	}
	return fmt.Errorf("reading JSON: %w; is it a file of Caddy's access log with the json encoder?", err)
}

// agentIn finds the user agent without reading the other headers.
func agentIn(headers json.RawMessage) []byte {
	_, rest, _ := bytes.Cut(headers, []byte(`"User-Agent":`))
	rest = bytes.TrimLeft(rest, " [\"")
	agent, _, _ := bytes.Cut(rest, []byte(`"`))
	return agent
}

// headersOf reads the headers of a line; nil when it has none.
func headersOf(raw json.RawMessage) (http.Header, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var h http.Header
	if err := json.Unmarshal(raw, &h); err != nil {
		return nil, errors.New("not names with lists of values")
	}
	return canonical(h), nil
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

// maxUnix is the end of the year 2999.
const maxUnix = 32503679999

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
		if seconds > maxUnix {
			return time.Time{}, fmt.Errorf("ts %s is no time of this millennium", short(raw))
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
	return time.Time{}, fmt.Errorf("ts %s is no time Caddy writes", short(raw))
}

func caddyDuration(raw json.RawMessage) time.Duration {
	var seconds float64
	if json.Unmarshal(raw, &seconds) != nil || seconds < 0 || seconds > maxLatency.Seconds() {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}
