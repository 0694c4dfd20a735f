package recognize

import (
	"bytes"
	"testing"
)

func FuzzXMLRPC(f *testing.F) {
	f.Add(xmlCallBody("wp.getUsersBlogs", "bob", "<![CDATA[x]]>&#120;<!-- -->&amp;"))
	f.Add(string(multicall(inBatch("wp.getPosts", "1", "bob", "x1"), inBatch("User.login", "a", "b")).Body))
	f.Add("<!DOCTYPE a [<!ENTITY b \"c\">]><methodCall><methodName>&b;</methodName><base64>x=\n</base64>")
	f.Add("<methodCall><struct></data></struct><name/><value/><a b='>'/><?x ?><![CDATA[")
	f.Add("<s:Envelope><s:Header><UsernameToken><Username>b</Username><Password>x</Password></UsernameToken></s:Header><s:Body><Login><user/>")
	f.Add("<a:methodCall>&#x110000;&#;&#99999999999;&unknown;&amp")
	f.Fuzz(func(t *testing.T, body string) {
		readAny(t, asked("POST /xmlrpc.php", "text/xml", body))
		readAny(t, formPost("/login", body))
	})
}

func FuzzXMLText(f *testing.F) {
	f.Add([]byte("a&lt;b&#65;&#x41;&"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if out := unescapeXML(text); len(out) > len(text) {
			t.Errorf("%q grew to %q", text, out)
		}
		// What the scanner returns lies within the text, and it ends.
		x := xmlScanner{text: text}
		for n := 0; ; n++ {
			token := x.next()
			if token.kind == xmlEnd {
				return
			}
			if n > len(text) || !bytes.Contains(text, token.name) || !bytes.Contains(text, token.text) {
				t.Fatalf("token %d of %q: %q %q", n, text, token.name, token.text)
			}
		}
	})
}

func FuzzGraphQL(f *testing.F) {
	f.Add(`mutation L($p: String = "x", $e: E! = """y""") { a: login(email: $e, password: $p) @x(if: true) { id } }`, `{"p":"z"}`)
	f.Add(`{login(input:[{email:"a\u0040x",password:"""b\""" """},{password:null}])}#`, `{"input":{"password":"1"}}`)
	f.Add(`fragment F on M{a{{{(}})$`, `[]`)
	f.Add("query\xef\xbb\xbf,,{...F(a:-1.5e3 b:$)", `{"":""}`)
	f.Fuzz(func(t *testing.T, document, variables string) {
		readAny(t, asked("POST /graphql", "application/graphql", document))
		body := append([]byte(`{"variables":`+variables+`,"query":"`), document...)
		readAny(t, jsonPost("/graphql", string(append(body, `"}`...))))
		readAny(t, asked("GET /graphql?variables="+variables+"&query="+document, "", ""))
	})
}

func FuzzProtobuf(f *testing.F) {
	f.Add("application/proto", []byte("\n\x09\n\x03bob\x12\x02x1\x18\x01"))
	f.Add("application/grpc-web+proto", []byte("\x00\x00\x00\x00\x05\n\x03bob"))
	f.Add("application/grpc-web-text", []byte("AAAAAAUKA2JvYg=="))
	f.Add("application/connect+proto", []byte("\x01\xff\xff\xff\xff"))
	f.Add("application/x-protobuf", []byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x2d\x00"))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		readAny(t, asked("POST /api.Auth/SignIn", contentType, string(body)))
		readAny(t, asked("POST /api.Users/Register", contentType, string(body)))
	})
}
