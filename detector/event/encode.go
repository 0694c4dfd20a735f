package event

import (
	"math"
	"net/netip"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"
)

// MaxEncoded is the length in bytes that no encoded event exceeds, whatever
// its fields hold: the sum of the bounds, six bytes for each escaped one, and
// the names.
const MaxEncoded = 96 << 10

// AppendJSON appends e as one JSON object on one line, without a line end. The
// names are those of the comments in [Event]; fields without a value are left
// out. It writes valid UTF-8 whatever the texts hold: bytes that are no UTF-8
// become U+FFFD; control, formatting and bidirectional characters, line
// separators and <, > and & are escaped, so that a line can neither be forged
// in a terminal nor break out of an HTML page.
//
// It appends at most [MaxEncoded] bytes and allocates only to grow dst, or when
// a text is longer than its bound.
func (e Event) AppendJSON(dst []byte) []byte {
	e.bound()
	o := object{append(dst, '{')}
	o.text("id", e.ID)
	o.time("time", e.Time)
	o.text("type", string(e.Type))
	o.text("site", e.Site)
	o.text("route", e.Route)
	o.text("kind", e.Kind)
	o.text("name", e.Name)
	o.text("outcome", e.Outcome)
	o.number("confidence", e.Confidence)
	o.list("evidence", e.Evidence)
	o.text("verdict", e.Verdict)
	o.text("would", e.Would)
	o.text("rule", e.Rule)
	o.text("detection", e.Detection)
	o.text("reason", e.Reason)
	o.addr("source_ip", e.SourceIP)
	o.list("lists", e.Lists)
	o.text("country", e.Country)
	o.text("city", e.City)
	o.count("asn", uint64(e.ASN))
	o.text("organisation", e.Organisation)
	o.list("identity_keys", e.IdentityKeys)
	o.text("primary_key", e.PrimaryKey)
	o.text("identity", e.Identity)
	o.text("pseudonym", e.Pseudonym)
	o.text("key_id", e.KeyID)
	o.text("format", e.Format)
	o.flag("ambiguous", e.Ambiguous)
	e.appendHTTP(&o)
	o.properties("properties", e.Properties)
	o.count("properties_dropped", e.PropertiesDropped)
	o.number("score", e.Score)
	o.text("sanction_id", e.SanctionID)
	o.time("expires", e.Expires)
	o.count("count", e.Count)
	o.text("health", e.Health)
	o.text("severity", e.Severity)
	o.incident("incident", e.Incident)
	return append(o.buf, '}')
}

func (e *Event) appendHTTP(o *object) {
	o.text("request_id", e.RequestID)
	o.text("method", e.Method)
	o.text("path", e.Path)
	o.count("status", uint64(max(e.Status, 0)))
	o.number("duration_ms", math.Round(e.Duration.Seconds()*1e6)/1e3)
	o.text("user_agent", e.UserAgent)
}

// MarshalJSON is AppendJSON for encoding/json.
func (e Event) MarshalJSON() ([]byte, error) { return e.AppendJSON(nil), nil }

// object is a JSON object being written: an opening brace and members.
type object struct{ buf []byte }

func (o *object) key(name string) {
	if o.buf[len(o.buf)-1] != '{' {
		o.buf = append(o.buf, ',')
	}
	o.buf = append(o.buf, '"')
	o.buf = append(o.buf, name...)
	o.buf = append(o.buf, '"', ':')
}

func (o *object) text(name, s string) {
	if s != "" {
		o.key(name)
		o.buf = appendText(o.buf, s)
	}
}

func (o *object) list(name string, list []string) {
	if len(list) == 0 {
		return
	}
	o.key(name)
	opener := byte('[')
	for _, s := range list {
		o.buf = appendText(append(o.buf, opener), s)
		opener = ','
	}
	o.buf = append(o.buf, ']')
}

// properties writes an object. Names may be there twice only if the event was
// not made from a checked configuration; then JSON readers take the last.
func (o *object) properties(name string, list []Property) {
	if len(list) == 0 {
		return
	}
	o.key(name)
	o.buf = append(o.buf, '{')
	for _, p := range list {
		if o.buf[len(o.buf)-1] != '{' {
			o.buf = append(o.buf, ',')
		}
		o.buf = append(appendText(o.buf, p.Name), ':')
		o.buf = appendText(o.buf, p.Value)
	}
	o.buf = append(o.buf, '}')
}

// number leaves out what JSON cannot say: NaN and the infinities.
func (o *object) number(name string, f float64) {
	if f != 0 && !math.IsNaN(f) && !math.IsInf(f, 0) {
		o.key(name)
		o.buf = strconv.AppendFloat(o.buf, f, 'g', -1, 64)
	}
}

func (o *object) count(name string, n uint64) {
	if n != 0 {
		o.key(name)
		o.buf = strconv.AppendUint(o.buf, n, 10)
	}
}

func (o *object) flag(name string, b bool) {
	if b {
		o.key(name)
		o.buf = append(o.buf, "true"...)
	}
}

// addr needs no escaping: the zone, which may be any text, is cut by bound.
func (o *object) addr(name string, a netip.Addr) {
	if a.IsValid() {
		o.key(name)
		o.buf = append(a.AppendTo(append(o.buf, '"')), '"')
	}
}

// time leaves out what RFC 3339 cannot say: years of other than four digits.
func (o *object) time(name string, t time.Time) {
	if t = t.UTC(); t.IsZero() || t.Year() < 0 || t.Year() > 9999 {
		return
	}
	o.key(name)
	o.buf = append(o.buf, '"')
	o.buf = t.AppendFormat(o.buf, time.RFC3339Nano)
	o.buf = append(o.buf, '"')
}

func appendText(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			dst = appendASCII(dst, c)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			dst = appendEscaped(dst, r)
		} else {
			dst = utf8.AppendRune(dst, r) // RuneError for bytes that are no UTF-8
		}
		i += size
	}
	return append(dst, '"')
}

func appendASCII(dst []byte, c byte) []byte {
	switch {
	case c == '"' || c == '\\':
		return append(dst, '\\', c)
	case c < ' ' || c == 0x7f || c == '<' || c == '>' || c == '&':
		return appendEscaped(dst, rune(c))
	default:
		return append(dst, c)
	}
}

// appendEscaped writes \uXXXX, twice for characters beyond 16 bits (RFC 8259 §7).
func appendEscaped(dst []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	unit := func(u rune) {
		dst = append(dst, '\\', 'u', hex[u>>12&15], hex[u>>8&15], hex[u>>4&15], hex[u&15])
	}
	if r <= 0xffff {
		unit(r)
		return dst
	}
	r -= 0x10000
	unit(0xd800 + r>>10)
	unit(0xdc00 + r&0x3ff)
	return dst
}
