package recognize

import (
	"testing"

	"github.com/doorward/doorward/config"
)

// readAny checks what holds whatever is read: no panic, bounds, evidence in our
// words only. It also reads the request as one of a declared route.
func readAny(t *testing.T, r *Request) {
	t.Helper()
	MayCarry(r.Method, r.Path, r.RawQuery, r.Header, int64(len(r.Body)))
	c, ok := Automatic(r)
	checkInvariants(t, "automatic", c, ok)
	route := config.Route{
		Kind: config.KindLogin, Path: "/login",
		Identifiers: []config.Field{{Name: "email", From: config.PlaceForm, Key: "user[email]"}, {Name: "host", From: config.PlaceHost}},
		Password:    &config.Field{From: config.PlaceJSON, Key: "user.password"},
	}
	c, ok = Declared(r, &route)
	checkInvariants(t, "declared", c, ok)
}

func FuzzForm(f *testing.F) {
	f.Add("email=a%40x.test&password=x1&p%61ss[]=2&u=&p=%zz&%=&=&&a")
	f.Add("user[email][$ne]=1&user[password][first]=x&pwd%00x=1&log=%ff")
	f.Add("payload={\"password\":\"x\",\"email\":[\"a\",\"b\"]}&grant_type=password")
	f.Fuzz(func(t *testing.T, body string) { readAny(t, formPost("/login", body)) })
}

func FuzzQuery(f *testing.F) {
	f.Add("/login?/signin&username=a&password=b")
	f.Add("/?u=a&p=b&action=logout&input=%7B%22pwd%22:1}")
	f.Fuzz(func(t *testing.T, target string) {
		for _, method := range []string{"GET ", "POST ", "DELETE ", "OPTIONS "} {
			readAny(t, asked(method+target, "", ""))
		}
	})
}

func FuzzJSON(f *testing.F) {
	f.Add(`{"user":{"email":"a@x.test","password":"\u0061\ud83d\ude00\u"},"password":{"$ne":null},"a":[1,true,null,[]]}`)
	f.Add(`[{"operationName":"L","query":"mutation{a:login{b}}","variables":{"email":"a","password":1.0}},{"":{"":"x"}}]`)
	f.Add(`{"a":"b"}}]{"jsonrpc":"2.0","method":"user.login"`)
	f.Fuzz(func(t *testing.T, body string) { readAny(t, jsonPost("/login", body)) })
}

func FuzzMultipart(f *testing.F) {
	f.Add("multipart/form-data; boundary=XX", multipartBody(`name="email"`, "a", `name=password`, "b", `name="f"; filename="x\"`, ""))
	f.Add("multipart/form-data", "--X\nContent-Disposition:;;name\n\n--X")
	f.Add("multipart/mixed; boundary=\"\"", "--")
	f.Fuzz(func(t *testing.T, contentType, body string) { readAny(t, asked("POST /login", contentType, body)) })
}

func FuzzAuthorization(f *testing.F) {
	f.Add("Basic Ym9iOnM=")
	f.Add("XbasicY Ym9i.On!M")
	f.Add(`Digest username="a\"b", response=x,,=,username*=UTF-8''%c3`)
	f.Add(`Digest username="`)
	f.Add("\v Digest") // white space that is neither space nor tab
	f.Fuzz(func(t *testing.T, value string) {
		r := with(asked("GET /", "", ""), "Authorization", value)
		readAny(t, r)
		if _, ok := Automatic(r); ok && !carriesPassword(r.Header) {
			t.Error("an attempt that the glance at the header does not see")
		}
	})
}

func FuzzEncoding(f *testing.F) {
	f.Add("gzip", []byte(packed("email=a&password=b", false)))
	f.Add("deflate", []byte(packed("email=a&password=b", true)))
	f.Add("br, gzip", []byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, encoding string, body []byte) {
		readAny(t, with(formPost("/login", string(body)), "Content-Encoding", encoding))
	})
}

func FuzzAutomatic(f *testing.F) {
	f.Add("POST", "/login", "a=b", formType, "", "email=a&password=b", true)
	f.Add("PUT", "/users/5;x/login.php/logout", "/x", "application/json; charset=utf-16", "Basic eDp5", `{"password":"b"}`, false)
	f.Add("DELETE", "/session", "", "", "Digest username=a", "\xff\xfe", true)
	f.Fuzz(func(t *testing.T, method, path, query, contentType, auth, body string, complete bool) {
		r := asked(method+" /", contentType, body)
		r.Path, r.RawQuery, r.Complete = path, query, complete
		with(r, "Authorization", auth)
		readAny(t, r)
	})
}
