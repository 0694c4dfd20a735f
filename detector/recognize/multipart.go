package recognize

import (
	"bytes"
	"mime"
)

const (
	// maxPartHeader is how much of the header of a part is looked at.
	maxPartHeader = 2 << 10
	// maxBoundary is the longest boundary (RFC 2046 §5.1.1 says 70).
	maxBoundary = 256
)

// scanMultipart reads the fields of multipart/form-data (RFC 7578). Files are
// passed over. It reads in place and stops after maxPairs parts. Where the
// header names no boundary, or one that does not occur, the first line of the
// body is taken for it.
func scanMultipart(rd *reading, text []byte, contentType string) {
	mark := boundaryOf(contentType)
	start := -1
	if len(mark) > 0 {
		start = bytes.Index(text, mark)
	}
	if start < 0 {
		line, _, _ := bytes.Cut(bytes.TrimLeft(text, "\r\n"), []byte{'\n'})
		mark = bytes.TrimRight(line, "\r ")
		if !looksLikeBoundary(mark) {
			rd.unread = true
			return
		}
		start = bytes.Index(text, mark)
	}
	text = text[start+len(mark):]
	for n := 0; ; n++ {
		if bytes.HasPrefix(text, []byte("--")) {
			return
		}
		if n == maxPairs {
			rd.cut = true
			return
		}
		part, rest, ended := cutPart(text, mark)
		rd.part(part)
		if !ended {
			rd.cut = true
			return
		}
		text = rest
	}
}

// boundaryOf returns the delimiter line without its line break, nil if the
// header names none.
func boundaryOf(contentType string) []byte {
	_, params, err := mime.ParseMediaType(contentType)
	b := params["boundary"]
	if err != nil || b == "" || len(b) > maxBoundary {
		return nil
	}
	return append([]byte("--"), b...)
}

func looksLikeBoundary(line []byte) bool {
	return len(line) > 2 && len(line) <= maxBoundary && line[0] == '-' && line[1] == '-'
}

// cutPart splits text before the next delimiter line.
func cutPart(text, mark []byte) (part, rest []byte, ended bool) {
	for from := 0; ; {
		i := bytes.Index(text[from:], mark)
		if i < 0 {
			return text, nil, false
		}
		i += from
		if i > 0 && text[i-1] == '\n' {
			return bytes.TrimSuffix(text[:i-1], []byte{'\r'}), text[i+len(mark):], true
		}
		from = i + 1
	}
}

// part reads one part: its header, an empty line, its value.
func (rd *reading) part(part []byte) {
	_, part, _ = bytes.Cut(part, []byte{'\n'}) // the rest of the delimiter line
	var name []byte
	file, named := false, false
	for size := 0; ; {
		line, rest, ok := bytes.Cut(part, []byte{'\n'})
		if !ok {
			return
		}
		if size += len(line); size > maxPartHeader {
			rd.cut = true
			return
		}
		part = rest
		line = bytes.TrimRight(line, "\r")
		if len(line) == 0 {
			break
		}
		key, value, _ := bytes.Cut(line, []byte{':'})
		if bytes.EqualFold(bytes.TrimSpace(key), []byte("content-disposition")) {
			name, file = dispositionName(value)
			named = len(name) > 0
		}
	}
	if !named || file {
		return
	}
	if path := appendName(rd.name[:0], name); len(path) > 0 {
		rd.leaf(path, part, identityDecoder, textValue)
	}
}

// dispositionName returns the name parameter of a Content-Disposition, and
// whether the part is a file.
func dispositionName(value []byte) (name []byte, file bool) {
	_, params, _ := bytes.Cut(value, []byte{';'})
	for n := 0; len(params) > 0 && n < 16; n++ {
		params = bytes.TrimLeft(params, " \t;")
		i := bytes.IndexAny(params, "=;")
		if i < 0 {
			break
		}
		key := bytes.TrimSpace(params[:i])
		if params[i] == ';' {
			params = params[i:]
			continue
		}
		var v []byte
		if rest := bytes.TrimLeft(params[i+1:], " \t"); len(rest) > 0 && rest[0] == '"' {
			v, params = quotedString(rest)
		} else if j := bytes.IndexByte(rest, ';'); j >= 0 {
			v, params = bytes.TrimSpace(rest[:j]), rest[j:]
		} else {
			v, params = bytes.TrimSpace(rest), nil
		}
		switch {
		case bytes.EqualFold(key, []byte("name")):
			name = v
		case bytes.EqualFold(key, []byte("filename")), bytes.EqualFold(key, []byte("filename*")):
			file = true
		}
	}
	return name, file
}
