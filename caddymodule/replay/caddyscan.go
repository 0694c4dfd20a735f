package replay

import (
	"bytes"
	"encoding/json"
)

// caddyFields are the parts of a line of Caddy's access log that are used, as
// they stand in it.
type caddyFields struct {
	ts, userID, status, answer      []byte
	request                         []byte // nil: not a line about a request
	remoteIP, clientIP, method, uri []byte
	headers                         []byte
}

// scan finds the parts of a line in one pass, at a tenth of the cost of
// decoding it, which would be most of the cost of a replay. It looks no closer
// at what it skips than brackets and quotes ask for. False means that the line
// is no JSON object; a decoder says why.
func (c *caddyFields) scan(text []byte) bool {
	ok := members(text, func(key, value []byte) {
		switch string(key) {
		case "ts":
			c.ts = value
		case "request":
			c.request = value
		case "user_id":
			c.userID = value
		case "status":
			c.status = value
		case "resp_headers":
			c.answer = value
		}
	})
	if !ok || c.request == nil {
		return ok
	}
	return members(c.request, func(key, value []byte) {
		switch string(key) {
		case "remote_ip":
			c.remoteIP = value
		case "client_ip":
			c.clientIP = value
		case "method":
			c.method = value
		case "uri":
			c.uri = value
		case "headers":
			c.headers = value
		}
	})
}

// members calls visit for the members of a JSON object, in order.
func members(text []byte, visit func(key, value []byte)) bool {
	i := skipSpace(text, 0)
	if i == len(text) || text[i] != '{' {
		return false
	}
	i = skipSpace(text, i+1)
	if i < len(text) && text[i] == '}' {
		return skipSpace(text, i+1) == len(text)
	}
	for i < len(text) && text[i] == '"' {
		end := stringEnd(text, i)
		if end < 0 {
			return false
		}
		key := text[i+1 : end-1]
		i = skipSpace(text, end)
		if i == len(text) || text[i] != ':' {
			return false
		}
		begin := skipSpace(text, i+1)
		if i = valueEnd(text, begin); i < 0 {
			return false
		}
		visit(key, text[begin:i])
		i = skipSpace(text, i)
		if i < len(text) && text[i] == '}' {
			return skipSpace(text, i+1) == len(text)
		}
		if i == len(text) || text[i] != ',' {
			return false
		}
		i = skipSpace(text, i+1)
	}
	return false
}

func skipSpace(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\t' || text[i] == '\r' || text[i] == '\n') {
		i++
	}
	return i
}

// stringEnd returns where the string that begins at i has ended; -1 when it has
// no end.
func stringEnd(text []byte, i int) int {
	for i++; ; {
		n := bytes.IndexByte(text[i:], '"')
		if n < 0 {
			return -1
		}
		escape := bytes.IndexByte(text[i:i+n], '\\')
		if escape < 0 {
			return i + n + 1
		}
		if i += escape + 2; i > len(text) {
			return -1
		}
	}
}

// valueEnd returns where the value that begins at i has ended; -1 when it has no
// end.
func valueEnd(text []byte, i int) int {
	if i >= len(text) {
		return -1
	}
	switch text[i] {
	case '"':
		return stringEnd(text, i)
	case '{', '[':
		return nestedEnd(text, i)
	}
	begin := i
	for i < len(text) && text[i] != ',' && text[i] != '}' && text[i] != ']' && text[i] > ' ' {
		i++
	}
	if i == begin || !json.Valid(text[begin:i]) {
		return -1
	}
	return i
}

// maxNesting bounds brackets within brackets, as the decoder does.
const maxNesting = 10_000

func nestedEnd(text []byte, i int) int {
	depth := 0
	for i < len(text) {
		switch text[i] {
		case '"':
			if i = stringEnd(text, i); i < 0 {
				return -1
			}
			continue
		case '{', '[':
			if depth++; depth > maxNesting {
				return -1
			}
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return -1
}

// plainText decodes a string value; what is no string is "".
func plainText(value []byte) []byte {
	if len(value) < 2 || value[0] != '"' {
		return nil
	}
	if bytes.IndexByte(value, '\\') < 0 {
		return value[1 : len(value)-1]
	}
	var text string
	if json.Unmarshal(value, &text) != nil {
		return nil
	}
	return []byte(text)
}
