package replay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/doorward/doorward/config"
)

// caddy reads a line of Caddy's JSON access log. Lines of other loggers are no
// attempts. Headers are decoded only for requests that may be attempts.
func (f *finder) caddy(text []byte, r *record) error {
	var c caddyFields
	if !c.scan(text) {
		return explainCaddy(text)
	}
	at, err := caddyTime(c.ts)
	if err != nil {
		return err
	}
	r.line = Line{Time: at, Kind: config.KindNone}
	if c.request == nil {
		return nil
	}
	ip := plainText(c.clientIP)
	if len(ip) == 0 {
		ip = plainText(c.remoteIP)
	}
	addr, err := parseAddr(ip)
	if err != nil {
		return fmt.Errorf("client_ip %s is no address", short(ip))
	}
	status := 0
	if len(c.status) == 3 {
		status = max(number(c.status), 0)
	}
	r.line.Addr = addr // no latency: Caddy writes the line when the answer is out
	r.client, r.status = clientOf(addr, agentIn(c.headers)), status
	method, target := plainText(c.method), plainText(c.uri)
	r.path, _, _ = bytes.Cut(target, []byte("?"))
	if len(f.routes) == 0 && status != http.StatusUnauthorized && !mayHoldPassword(c.headers) && quickNo(method, target, "") {
		return nil
	}
	return f.headers(&c, &request{method: string(method), target: string(target), status: status}, r)
}

// mayHoldPassword looks for Authorization, X-Authorization, Password and
// X-Password.
func mayHoldPassword(headers []byte) bool {
	return bytes.Contains(headers, []byte("uthorization")) || bytes.Contains(headers, []byte("assword"))
}

// headers decodes the headers of a line and judges it.
func (f *finder) headers(c *caddyFields, q *request, r *record) (err error) {
	if q.header, err = headersOf(c.headers); err != nil {
		return fmt.Errorf("headers: %w", err)
	}
	if q.answer, err = headersOf(c.answer); err != nil {
		return fmt.Errorf("resp_headers: %w", err)
	}
	if hidden := q.header["Authorization"]; len(hidden) > 0 && hidden[0] == redacted {
		q.user = userName(plainText(c.userID)) // otherwise it is the user of a session
	}
	f.judge(q, r)
	return nil
}

// parseAddr reads an address without its zone, an IPv4 one as such.
func parseAddr(text []byte) (netip.Addr, error) {
	addr, err := netip.ParseAddr(string(text))
	return addr.Unmap().WithZone(""), err
}

// explainCaddy says what is wrong with a line that is no JSON object.
func explainCaddy(text []byte) error {
	const ask = "is it a file of Caddy's access log with the json encoder?"
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil && !errors.As(err, new(*json.UnmarshalTypeError)) {
		return fmt.Errorf("reading JSON: %w; %s", err, ask)
	}
	return fmt.Errorf("reading JSON: no object; %s", ask)
}

// agentIn finds the user agent without reading the other headers.
func agentIn(headers []byte) []byte {
	_, rest, _ := bytes.Cut(headers, []byte(`"User-Agent":`))
	rest = bytes.TrimLeft(rest, " [\"")
	agent, _, _ := bytes.Cut(rest, []byte(`"`))
	return agent
}

// headersOf reads the headers of a line; nil when it has none.
func headersOf(raw []byte) (http.Header, error) {
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
func caddyTime(raw []byte) (time.Time, error) {
	if seconds, err := strconv.ParseFloat(string(raw), 64); err == nil && seconds > 0 {
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
	if text := string(plainText(raw)); text != "" {
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.000Z0700", "2006/01/02 15:04:05.000"} {
			if at, err := time.Parse(layout, text); err == nil {
				return at.UTC(), nil
			}
		}
	}
	return time.Time{}, fmt.Errorf("ts %s is no time Caddy writes", short(raw))
}
