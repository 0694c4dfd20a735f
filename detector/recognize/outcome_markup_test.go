package recognize

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// tagsOf lists the tags of a text with their attributes, in order.
func tagsOf(text string) []string {
	var tags []string
	m := markup{body: []byte(text)}
	for m.next() {
		switch m.kind {
		case markupStart:
			var b strings.Builder
			b.WriteString(string(m.name()))
			for _, a := range m.list() {
				b.WriteString(" " + strings.ToLower(string(m.of(a.key))) + "=" + string(unescapeMarkup(m.of(a.value))))
			}
			tags = append(tags, b.String())
		case markupEnd:
			tags = append(tags, "/"+string(m.name()))
		case markupText:
		}
	}
	return tags
}

func TestMarkup(t *testing.T) {
	t.Parallel()
	rows := []struct{ name, text, want string }{
		{"quotes of both kinds and none", `<a HREF="/x>y" b='c"d' e=f g>`, `a href=/x>y b=c"d e=f g=`},
		{"spaces around the sign", "<a href = \n'x' >", "a href=x"},
		{"slash within", `<br/><p /x/>`, "br,p x="},
		{"comment", `<!-- <b> --><i>`, "i"},
		{"comment that ends with a bang", `<!--x--!><i>`, "i"},
		{"empty comments", `<!--><i><!---><b>`, "i,b"},
		{"comment without an end", `<!-- <b>`, ""},
		{"doctype and instruction", `<!doctype html><?xml version="1.0"?><i>`, "i"},
		{"text of a script", `<script>if (a<b) x="<p>"</script ><i>`, "script,/script,i"},
		{"script without an end", `<script><p>`, "script"},
		{"end of another element in a script", `<script></scripts></SCRIPT>`, "script,/script"},
		{"signs that are no tags", `a < b <3 </ <>`, ""},
		{"tag that is cut", `<i><b class="x`, "i"},
		{"end tag with an attribute", `</b x=y><i>`, "/b,i"},
		{"bogus end", `</3><i>`, "i"},
		{"references", `<a title="a&amp;b &lt;">`, "a title=a&b <"},
	}
	for _, row := range rows {
		if got := strings.Join(tagsOf(row.text), ","); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

func TestMarkupKeepsItsBounds(t *testing.T) {
	t.Parallel()
	m := markup{body: []byte("<" + strings.Repeat("n", 99) + strings.Repeat(" a=b", 2*maxPageAttributes) + ">")}
	if !m.next() || len(m.name()) > len(m.nameRoom) || len(m.list()) != maxPageAttributes {
		t.Errorf("name of %d bytes, %d attributes", len(m.name()), len(m.list()))
	}
}

func TestMarkupReadsSectionsOfXML(t *testing.T) {
	t.Parallel()
	m := markup{body: []byte(`<![CDATA[<p>]]><![CDATA[x`), xml: true}
	for _, want := range []string{"<p>", "x"} {
		if !m.next() || m.kind != markupText || string(m.text()) != want {
			t.Errorf("got %q, want %q", m.text(), want)
		}
	}
	if m.next() {
		t.Error("there is more")
	}
}

// The tags are those that golang.org/x/net/html finds.
func FuzzMarkup(f *testing.F) {
	f.Add([]byte(`<p class="error">Wrong<script>x</script><a href=x>y</a>`))
	f.Add([]byte(`<!-- x --><title>a</titl></title><input type=password / name=p>`))
	f.Add([]byte("<a =b c==d e='f'g>"))
	f.Add([]byte("<title/><A>"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if bytes.IndexByte(text, 0) >= 0 || bytes.IndexByte(text, '\r') >= 0 {
			return // replaced by the one, kept by the other
		}
		var want []string
		z := html.NewTokenizer(bytes.NewReader(text))
		for z.Next() != html.ErrorToken {
			token := z.Token()
			switch token.Type {
			case html.StartTagToken, html.SelfClosingTagToken:
				want = append(want, cutName(token.Data))
			case html.EndTagToken:
				want = append(want, "/"+cutName(token.Data))
			default:
			}
		}
		var got []string
		m := markup{body: text}
		for m.next() {
			switch m.kind {
			case markupStart:
				got = append(got, string(m.name()))
			case markupEnd:
				got = append(got, "/"+string(m.name()))
			case markupText:
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func cutName(name string) string { return name[:min(len(name), len(markup{}.nameRoom))] }

func FuzzReadXML(f *testing.F) {
	f.Add([]byte(`<?xml version="1.0"?><a:b status="failed"><error code="40" message="x"/></a:b>`))
	f.Add([]byte(`<x><![CDATA[<form><input type=password></form>]]></y></x>`))
	f.Add([]byte(strings.Repeat("<a>", maxXMLDepth+1)))
	f.Fuzz(func(t *testing.T, body []byte) {
		_, _, whole := readXML(body)
		if _, _, again := readXML(append(body, "<open>"...)); whole && again && bytes.HasSuffix(body, []byte(">")) {
			t.Error("an element without its end is whole")
		}
	})
}

func TestReadXMLStopsAtItsBound(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("<a>", maxXMLDepth) + `<error>wrong password</error>` + strings.Repeat("</a>", maxXMLDepth)
	if f, _, whole := readXML([]byte(deep)); f.fault || whole {
		t.Errorf("fault=%v whole=%v beyond the bound", f.fault, whole)
	}
}

func FuzzUnguarded(f *testing.F) {
	f.Add([]byte(`)]}',` + "\n{}"))
	f.Add([]byte(`cb({"a":1});`))
	f.Add([]byte(`430[{}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if got := unguarded(body); !bytes.Contains(body, got) {
			t.Errorf("%q is no part of %q", got, body)
		}
	})
}

func FuzzReadRows(f *testing.F) {
	f.Add([]byte("0:{\"a\":\"$@1\"}\n1:{\"error\":\"x\"}\n"))
	f.Fuzz(func(t *testing.T, body []byte) { readRows(body) })
}

func FuzzProcedureStatus(f *testing.F) {
	f.Add([]byte("\x80\x00\x00\x00\x0fgrpc-status:16\r\ngrpc-message: x\r\n"), "application/grpc-web")
	f.Fuzz(func(t *testing.T, body []byte, kind string) {
		resp := &Response{Status: 200, Header: map[string][]string{"Content-Type": {kind}}, Body: body}
		if _, _, known := procedureStatus(resp); known && !isProcedure(kind) {
			t.Error("a status of what is no call")
		}
	})
}
