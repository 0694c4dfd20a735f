package recognize

import (
	"bytes"
	"hash/maphash"
	"math/bits"
	"net/url"
	"strings"
)

// Shape is how an answer looks, without what differs from user to user: status,
// redirect target, cookie names, kind and size of its content, and a few marks
// in it. The answers of one route to wrong passwords have one or two shapes,
// those to right ones another.
//
// Shapes are comparable. They hold hashes under a key of this process, so they
// must not outlive it.
type Shape struct {
	status  int16
	content content
	size    uint8
	marks   marks
	target  uint64
	cookies uint64
}

// content is the sort of an answer's body.
type content uint8

const (
	contentNone content = iota
	contentPage
	contentJSON
	contentOther
)

func (c content) String() string {
	return [...]string{"no body", "a page", "JSON", "a text"}[c]
}

// marks are signs in a body that are there or not.
type marks uint8

const (
	markPassword marks = 1 << iota // the word password
	markToken
	markError
	markCut // the body is longer than what was inspected
)

// marked are the words looked for. They need not mean what they say: it is
// enough that the answers of one outcome have them and the others do not.
var marked = []struct {
	mark  marks
	words [2][]byte
}{
	{markPassword, [2][]byte{[]byte("assword"), []byte("ASSWORD")}},
	{markToken, [2][]byte{[]byte("oken"), []byte("OKEN")}},
	{markError, [2][]byte{[]byte("rror"), []byte("RROR")}},
}

var shapeSeed = maphash.MakeSeed()

// IsZero reports whether s is the shape of no answer.
func (s Shape) IsZero() bool { return s == Shape{} }

// ShapeOf says how the answer of x looks. Its time is linear in the inspected
// body.
func ShapeOf(x Exchange) Shape {
	if x.shape != nil {
		return *x.shape
	}
	resp := x.Response
	if resp == nil || resp.Status == 0 {
		return Shape{}
	}
	s := Shape{status: int16(resp.Status), content: contentOf(resp), cookies: hashCookieNames(resp)}
	if target := shapeTarget(x); target != "" {
		s.target = maphash.String(shapeSeed, target)
	}
	if !resp.Complete {
		s.marks |= markCut
	}
	for _, m := range marked {
		if bytes.Contains(resp.Body, m.words[0]) || bytes.Contains(resp.Body, m.words[1]) {
			s.marks |= m.mark
		}
	}
	s.size = sizeBucket(len(resp.Body))
	return s
}

// Parted returns x without the body of its answer, whose shape it keeps: for
// attempts that are settled after the body is gone.
func (x Exchange) Parted() Exchange {
	if x.Response == nil {
		return x
	}
	shape, resp := ShapeOf(x), *x.Response
	resp.Body = nil
	x.Response, x.shape = &resp, &shape
	return x
}

// sizeBucket is one of four per power of two: names and times in a page change
// its length by less, a form that is gone by more.
func sizeBucket(n int) uint8 {
	if n < 8 {
		return uint8(n)
	}
	top := bits.Len(uint(n))
	return uint8(top<<2 | n>>(top-3)&3)
}

func contentOf(resp *Response) content {
	contentType := resp.Header.Get("Content-Type")
	switch {
	case len(resp.Body) == 0 && resp.Complete:
		return contentNone
	case holdsFold(contentType, "html"):
		return contentPage
	case holdsFold(contentType, "json"):
		return contentJSON
	}
	return contentOther
}

// maxShapeTarget is how much of a redirect target makes a shape.
const maxShapeTarget = 128

// shapeTarget is where the answer leads, in general form: the path with what
// varies and what the request named replaced, the query by its keys. A user
// whose page is /~alice must not make a shape of his own, nor show in status.
func shapeTarget(x Exchange) string {
	location := x.Response.Header.Get("Location")
	if location == "" || len(location) > maxLocation {
		return ""
	}
	u, err := url.Parse(location)
	if err != nil {
		return "?"
	}
	path := u.Path
	for i, echo := range x.Echoes {
		if i == maxEchoes {
			break
		}
		if len(echo) > 1 && len(echo) <= maxEchoBytes {
			path = strings.ReplaceAll(path, echo, "*")
		}
	}
	var target strings.Builder
	target.WriteString(generalise(path))
	if u.Host != "" && x.Host != "" && !strings.EqualFold(u.Hostname(), x.Host) {
		target.Reset()
		target.WriteString("another host")
	}
	for n := 0; u.RawQuery != "" && n < 8; n++ {
		var pair string
		pair, u.RawQuery, _ = strings.Cut(u.RawQuery, "&")
		key, _, _ := strings.Cut(pair, "=")
		target.WriteByte('?')
		target.WriteString(key)
	}
	return target.String()[:min(target.Len(), maxShapeTarget)]
}

// hashCookieNames does not depend on the order of the cookies.
func hashCookieNames(resp *Response) (sum uint64) {
	for _, c := range answerCookies(resp.Header) {
		name := c.name
		if c.deleted {
			name = "-" + name
		}
		sum += maphash.String(shapeSeed, name)
	}
	return sum
}

// describeShape tells a shape to an operator, without anything a user is named
// by.
func describeShape(x Exchange, s Shape) string {
	says := []string{"status " + itoa(int(s.status)), s.content.String()}
	if target := shapeTarget(x); target != "" {
		says = append(says, "leads to "+target)
	}
	for i, c := range answerCookies(x.Response.Header) {
		switch {
		case i == 4:
			return strings.Join(append(says, "…"), ", ")
		case c.deleted:
			says = append(says, "deletes cookie "+operationOr(c.name))
		default:
			says = append(says, "sets cookie "+operationOr(c.name))
		}
	}
	return strings.Join(says, ", ")
}

// operationOr shows a name that looks like one.
func operationOr(name string) string {
	if len(name) > 32 {
		name = name[:32]
	}
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c >= 0x7f {
			return "*"
		}
	}
	return name
}
