package recognize

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"unicode/utf8"
)

const (
	// maxProtoDepth is how deep messages within messages are followed: a
	// request, its credentials, a wrapper.
	maxProtoDepth = 4
	// maxProtoTexts is how many texts of one message are kept.
	maxProtoTexts = 8
	// maxProtoFields is how many fields are looked at.
	maxProtoFields = maxPairs
)

// isProtobuf reports whether a content type is that of a protobuf message:
// Connect, Twirp, gRPC and gRPC-Web (not their JSON variants).
func isProtobuf(contentType string) bool {
	if !holdsFold(contentType, "proto") && !holdsFold(contentType, "application/grpc") {
		return false
	}
	return !holdsFold(contentType, "json")
}

// scanProtobuf reads a protobuf message (protobuf.dev, "Encoding"). Names are
// not on the wire, so what is what follows from the order of the texts in the
// message that has most of them. Only a path that says what is done there makes
// an attempt of it, so the texts are kept and [reading.settleProtobuf] decides.
func scanProtobuf(rd *reading, body []byte, contentType string) {
	message, ok := unframe(body, contentType)
	if !ok || isProtoText(message) {
		return // a text: the type lies
	}
	p := protoScan{}
	if !p.message(message, 0) || len(p.texts) == 0 {
		return
	}
	rd.body = FormatProtobuf
	rd.texts = p.texts
}

// unframe takes the envelope off a message of gRPC, gRPC-Web or streaming
// Connect: flags and four bytes of length. Compressed messages are not read.
func unframe(body []byte, contentType string) ([]byte, bool) {
	if holdsFold(contentType, "grpc-web-text") {
		plain := make([]byte, base64.StdEncoding.DecodedLen(len(body)))
		n, _ := base64.StdEncoding.Decode(plain, body)
		body = plain[:n]
	}
	if !holdsFold(contentType, "grpc") && !holdsFold(contentType, "connect") {
		return body, true
	}
	if len(body) < 5 || body[0]&1 != 0 {
		return nil, false
	}
	length := binary.BigEndian.Uint32(body[1:])
	body = body[5:]
	return body[:min(uint64(len(body)), uint64(length))], true
}

// protoScan collects the texts of the message that has most, the first of such.
type protoScan struct {
	texts  [][]byte
	fields int
}

// message reads one message; false if the bytes are none.
func (p *protoScan) message(b []byte, depth int) bool {
	var own [][]byte
	for len(b) > 0 {
		if p.fields++; p.fields > maxProtoFields {
			return false
		}
		tag, n := binary.Uvarint(b)
		if n <= 0 || tag>>3 == 0 {
			return false
		}
		value, rest, ok := protoField(b[n:], tag&7)
		if !ok {
			return false
		}
		b = rest
		if tag&7 != 2 || len(value) == 0 {
			continue
		}
		switch {
		case isProtoText(value):
			if len(own) < maxProtoTexts {
				own = append(own, value)
			}
		case depth < maxProtoDepth:
			nested := protoScan{fields: p.fields}
			if nested.message(value, depth+1) && len(nested.texts) > len(p.texts) {
				p.texts = nested.texts
			}
			p.fields = nested.fields
		}
	}
	if len(own) > len(p.texts) {
		p.texts = own
	}
	return true
}

// protoField splits b behind one field of the wire type; value is that of a
// length-delimited one.
func protoField(b []byte, wireType uint64) (value, rest []byte, ok bool) {
	switch wireType {
	case 0:
		_, n := binary.Uvarint(b)
		return nil, b[max(n, 0):], n > 0
	case 1:
		return nil, b[min(8, len(b)):], len(b) >= 8
	case 2:
		length, n := binary.Uvarint(b)
		if n <= 0 || length > uint64(len(b)-n) {
			return nil, nil, false
		}
		b = b[n:]
		return b[:length], b[length:], true
	case 5:
		return nil, b[min(4, len(b)):], len(b) >= 4
	}
	return nil, nil, false
}

// isProtoText tells a text from a nested message. A message begins with a tag,
// a control character up to field 3, and a length, one up to 31 bytes.
func isProtoText(value []byte) bool {
	for _, c := range value {
		if c < ' ' || c == 0x7f {
			return false
		}
	}
	return utf8.Valid(value)
}

// settleProtobuf makes credentials of the texts of a message, where the path
// says that it is one of a login, a signup or a reset. Where there is one text
// only it is the user, and the password is missing.
func (rd *reading) settleProtobuf(path pathSense) {
	if len(rd.texts) == 0 {
		return
	}
	if rd.wants != nil || path&(saysLogin|saysSignup) == 0 {
		rd.unread = true
		return
	}
	rd.place, rd.format = inBody, FormatProtobuf
	user := meaning{role: roleIdentifier, key: "username", word: "user"}
	if bytes.IndexByte(rd.texts[0], '@') > 0 {
		user.key, user.word = "email", "email"
	}
	rd.credential(user, protoHolder, rd.texts[0], textValue)
	password := meaning{role: rolePassword, word: "password"}
	rest := rd.texts[1:]
	switch {
	case len(rest) == 0:
		rd.empty(password)
		return
	case path&saysSignup != 0 && path&lastLogin == 0 && len(rest) > 1 && bytes.IndexByte(rest[0], '@') > 0:
		rd.credential(meaning{role: roleIdentifier, key: "email", word: "email"}, protoHolder, rest[0], textValue)
		rest = rest[1:]
	}
	rd.credential(password, protoHolder, rest[0], textValue)
}

var protoHolder = []byte("message.field")
