package replay

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strconv"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
)

var errCombined = errors.New(`not in the combined log format: address - user [time] "METHOD /path HTTP/1.1" status size "referer" "agent"`)

// combined reads a line of the combined or common log format of Apache and
// nginx. What a syslog or a host name puts in front of the address is skipped.
// Lines of the error logs of both are read too, as far as they tell of Basic
// credentials. Requests that no browser sends (TLS sent to a plain port, no
// request at all) are no attempts.
func (f *finder) combined(text []byte, r *record) error {
	if mayBeErrorLog(text) {
		if err := readErrorLog(text, r); !errors.Is(err, errCombined) {
			return err
		}
	}
	head, stamp, rest, ok := cutStamp(text)
	if !ok {
		return errCombined
	}
	addr, user, err := clientAndUser(head)
	if err != nil {
		return err
	}
	at, err := combinedTime(stamp)
	if err != nil {
		return err
	}
	sent, rest, ok := cutQuoted(rest)
	if !ok {
		return errCombined
	}
	status, rest, err := statusAndSize(rest)
	if err != nil {
		return err
	}
	_, rest, _ = cutQuoted(rest) // the referer
	agent, _, _ := cutQuoted(rest)
	r.line = Line{Time: at, Kind: config.KindNone, Addr: addr}
	r.client, r.status = clientOf(addr, agent), status
	method, target, ok := cutRequest(sent)
	if !ok {
		return nil
	}
	r.path, _, _ = bytes.Cut(target, []byte("?"))
	if len(f.routes) == 0 && quickNo(method, target, user) {
		if status == 401 {
			r.quiet = quietAsked
		}
		return nil
	}
	f.judge(&request{method: string(method), target: string(target), user: user, status: status}, r)
	return nil
}

// quickNo reports whether a request is plainly no attempt: a page without
// anything in its address that may be a password or end a session. Without a
// query it does not allocate.
func quickNo(method, target []byte, user string) bool {
	if user != "" || string(method) != "GET" && string(method) != "HEAD" || bytes.IndexByte(target, '%') >= 0 {
		return false
	}
	if path, query, has := bytes.Cut(target, []byte("?")); has {
		return recognize.MayCarry(string(method), string(path), string(query), nil, 0) == recognize.NeedNothing
	}
	// What may be a logout is looked at.
	return !bytes.Contains(target, []byte("out")) && !bytes.Contains(target, []byte("off")) && !holdsUpper(target)
}

func holdsUpper(b []byte) bool {
	for _, c := range b {
		if c >= 'A' && c <= 'Z' || c >= 0x80 {
			return true
		}
	}
	return false
}

// cutStamp finds the first [ that begins a time of the log format.
func cutStamp(text []byte) (head, stamp, rest []byte, ok bool) {
	for from := 0; ; {
		i := bytes.IndexByte(text[from:], '[')
		if i < 0 {
			return nil, nil, nil, false
		}
		i += from + 1
		if end := i + len("02/Jan/2006:15:04:05 -0700"); end < len(text) && text[i+2] == '/' && text[end] == ']' {
			return text[:i-1], text[i:end], text[end+1:], true
		}
		from = i
	}
}

// clientAndUser reads the address and the user in front of the time. The first
// address that is followed by - counts, because the user may hold anything, an
// address too.
func clientAndUser(head []byte) (netip.Addr, string, error) {
	head = bytes.TrimRight(head, " ")
	for left := head; len(left) > 0; {
		token, rest, _ := bytes.Cut(left, []byte(" "))
		left = rest
		identity, user, ok := bytes.Cut(rest, []byte(" "))
		if !ok {
			break
		}
		if !mayBeAddr(token) || string(identity) != "-" {
			continue
		}
		if addr, err := parseAddr(token); err == nil {
			return addr, userName(user), nil
		}
	}
	return byPosition(head)
}

// byPosition reads lines whose second field is the name an ident server gave.
func byPosition(head []byte) (netip.Addr, string, error) {
	fields := bytes.Fields(head)
	if len(fields) < 3 {
		return netip.Addr{}, "", errCombined
	}
	fields = fields[len(fields)-3:]
	addr, err := parseAddr(fields[0])
	if err != nil {
		return netip.Addr{}, "", fmt.Errorf("%s is no address; write addresses to the log, not names (HostnameLookups off)", short(fields[0]))
	}
	return addr, userName(fields[2]), nil
}

func mayBeAddr(token []byte) bool {
	return len(token) >= 2 && len(token) <= 45 && (bytes.IndexByte(token, '.') > 0 || bytes.IndexByte(token, ':') >= 0)
}

// maxUser bounds how much of a user name is read.
const maxUser = 256

func userName(b []byte) string {
	if len(b) == 0 || string(b) == "-" || string(b) == `""` || len(b) > maxUser {
		return ""
	}
	return string(b)
}

// cutQuoted returns what stands between the first quotes of text. A quote behind
// a backslash is part of it.
func cutQuoted(text []byte) (inside, rest []byte, ok bool) {
	begin := bytes.IndexByte(text, '"')
	if begin < 0 {
		return nil, nil, false
	}
	text = text[begin+1:]
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return text[:i], text[i+1:], true
		}
	}
	return nil, nil, false
}

// cutRequest splits a request line. False means that it is none.
func cutRequest(sent []byte) (method, target []byte, ok bool) {
	method, target, ok = bytes.Cut(sent, []byte(" "))
	if !ok || len(method) == 0 || len(method) > 32 {
		return nil, nil, false
	}
	for _, c := range method {
		if c < 'A' || c > 'Z' {
			return nil, nil, false
		}
	}
	if i := bytes.LastIndex(target, []byte(" HTTP/")); i >= 0 {
		target = target[:i]
	}
	return method, target, len(target) > 0
}

func statusAndSize(rest []byte) (status int, after []byte, err error) {
	rest = bytes.TrimLeft(rest, " ")
	if !isDigits(rest, 3) || len(rest) > 3 && rest[3] != ' ' {
		word, _, _ := bytes.Cut(rest, []byte(" "))
		return 0, nil, fmt.Errorf("status %s: expected three digits", short(word))
	}
	status = int(rest[0]-'0')*100 + int(rest[1]-'0')*10 + int(rest[2]-'0')
	return status, rest[3:], nil
}

func isDigits(b []byte, n int) bool {
	if len(b) < n {
		return false
	}
	for _, c := range b[:n] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// short quotes what stands in a line, for an error: its beginning only.
func short(b []byte) string {
	const most = 40
	if len(b) > most {
		return strconv.QuoteToASCII(string(b[:most])) + "…"
	}
	return strconv.QuoteToASCII(string(b))
}
