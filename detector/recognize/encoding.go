package recognize

import (
	"bytes"
	"mime"
	"strings"
)

// scanBody reads the inspected prefix of the body in whatever format it comes.
func scanBody(rd *reading, r *Request) {
	if len(r.Body) == 0 {
		rd.unread = rd.unread || !r.Complete
		return
	}
	rd.place = inBody
	body, decoded := unpack(rd, r.Body, r.Header)
	rd.cut = rd.cut || !r.Complete
	contentType := strings.Join(r.Header["Content-Type"], ",")
	if isProtobuf(contentType) {
		scanProtobuf(rd, body, contentType)
	}
	if rd.body == "" && readableCharset(contentType) && !isUTF16(body) {
		scanText(rd, body, contentType)
	}
	rd.plain = body
	// A body that could not be unpacked was read as it is: an app that ignores
	// Content-Encoding does the same.
	if rd.body == "" || !decoded && len(rd.passwords) == 0 {
		rd.unread = true
	}
}

// rescan looks for the variables that a GraphQL document made credentials of:
// they may stand before it.
func (rd *reading) rescan(r *Request) {
	counted := rd.tally
	rd.binding = true
	rd.place, rd.format = inQuery, FormatQuery
	scanForm(rd, []byte(rd.boundQuery(r.RawQuery)))
	rd.place = inBody
	scanText(rd, rd.plain, strings.Join(r.Header["Content-Type"], ","))
	rd.binding = false
	rd.tally = counted
}

// scanText chooses the format by content type and, where that says nothing or
// something else than the body plainly is, by the look of the body.
func scanText(rd *reading, body []byte, contentType string) {
	body = bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(body) == 0 {
		rd.body = FormatForm
		return
	}
	if holdsFold(contentType, "multipart/") {
		rd.format, rd.body = FormatMultipart, FormatMultipart
		scanMultipart(rd, body, contentType)
		return
	}
	form := holdsFold(contentType, "x-www-form-urlencoded")
	if looksLikeXML(body) {
		scanXMLRPC(rd, body)
		if rd.body != "" && !form {
			return
		}
	}
	if holdsFold(contentType, "application/graphql") && looksLikeDocument(body) {
		rd.format, rd.body = FormatJSON, FormatJSON
		rd.readDocument(nil, body)
		return
	}
	// A form that looks like something else is read both ways: what the app takes
	// it for is unknown.
	if body[0] == '{' || body[0] == '[' {
		rd.body = FormatJSON
		cut := rd.cut
		scanJSON(rd, body, nil)
		if !form {
			return
		}
		rd.cut = cut
	}
	scanPairs(rd, body, form)
}

// scanPairs reads a form or the parts of one, by the look of the body.
func scanPairs(rd *reading, body []byte, form bool) {
	cut := rd.cut
	if looksLikeBoundary(body[:min(len(body), 3)]) {
		rd.format = FormatMultipart
		if !form {
			rd.body = FormatMultipart
		}
		scanMultipart(rd, body, "")
	}
	if !form && (rd.body == FormatMultipart || !looksLikeForm(body)) {
		return
	}
	rd.format, rd.cut = FormatForm, cut
	if rd.body == "" {
		rd.body = FormatForm
	}
	scanForm(rd, body)
}

// readableCharset reports whether names can be read byte by byte: in UTF-8, in
// Latin and in the East Asian charsets that leave ASCII alone. UTF-16, UTF-7
// and EBCDIC hide field names from us and not from the apps that decode them.
func readableCharset(contentType string) bool {
	if !holdsFold(contentType, "charset") {
		return true
	}
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return !holdsFold(contentType, "utf-16") && !holdsFold(contentType, "utf-32") &&
			!holdsFold(contentType, "utf-7") && !holdsFold(contentType, "ibm") &&
			!holdsFold(contentType, "cp")
	}
	name := strings.ToLower(strings.Trim(params["charset"], `'" `))
	switch name {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "latin1", "latin-1", "shift_jis", "gbk", "gb2312",
		"gb18030", "big5", "euc-jp", "euc-kr", "koi8-r", "koi8-u":
		return true
	}
	return strings.HasPrefix(name, "iso-8859-") || strings.HasPrefix(name, "windows-125")
}

// isUTF16 reports whether text bears a UTF-16 mark or has the zero bytes of
// Latin text in UTF-16.
func isUTF16(text []byte) bool {
	if len(text) < 4 {
		return false
	}
	mark := text[0] == 0xff && text[1] == 0xfe || text[0] == 0xfe && text[1] == 0xff
	return mark || text[0] == 0 && text[2] == 0 || text[1] == 0 && text[3] == 0
}
