package recognize

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/doorward/doorward/config"
)

const worst = 64 << 10

// fill repeats unit, numbered, up to the size of an inspected body.
func fill(begin, unit, end string) string {
	var b strings.Builder
	b.WriteString(begin)
	for i := 0; b.Len()+len(unit)+8+len(end) < worst; i++ {
		b.WriteString(strings.ReplaceAll(unit, "#", fmt.Sprint(i)))
	}
	return b.String() + end
}

// worstBodies are the most expensive bodies of 64 KiB we know for each parser
// (H13: at most 2 ms and 1 MiB each).
func worstBodies() map[string]*Request {
	parts := func(unit string) *Request {
		return asked("POST /login", "multipart/form-data; boundary=X", fill("", unit, "--X--"))
	}
	xml := func(begin, unit, end string) *Request {
		return asked("POST /login", "text/xml", fill(begin, unit, end))
	}
	call := "<methodCall><methodName>"
	proto := func(body string) *Request { return asked("POST /api.Auth/SignIn", "application/proto", body) }
	document := func(begin, unit, end string) *Request {
		return jsonPost("/graphql", `{"query":"`+fill(begin, unit, end+`"}`))
	}
	return map[string]*Request{
		"xmlrpc/multicall":      xml(call+"system.multicall</methodName><params><param><value><array><data>", inBatch("wp.getUsersBlogs", "u#", "p#"), "</data></array></value></param></params></methodCall>"),
		"xmlrpc/short values":   xml(call+"system.multicall</methodName>", "<struct><name>methodName</name><value>login</value><value>u#</value></struct>", "</methodCall>"),
		"xmlrpc/members":        xml(call+"user.login</methodName>", "<struct><name>user_login_name</name><value>#</value></struct>", "</methodCall>"),
		"xmlrpc/pieces":         xml(call+"login</methodName><value>", "&#97;<!---->", "</value></methodCall>"),
		"xmlrpc/entities":       xml(call+"login</methodName><value>", "&amp;", "</value></methodCall>"),
		"xmlrpc/depth":          xml(call+"login</methodName>", "<struct>", ""),
		"xmlrpc/open comment":   xml(call, "<!--", ""),
		"xmlrpc/open tags":      xml("<methodCall>", "<a", ""),
		"xmlrpc/quotes":         xml("<methodCall>", "<a b='", ""),
		"xmlrpc/base64":         xml(call+"login</methodName>", "<base64>YWFhYWFh</base64>", "</methodCall>"),
		"soap/fields":           xml("<Envelope><Body><Login>", "<user_login_name>#</user_login_name>", "</Login></Body></Envelope>"),
		"graphql/aliases":       document("mutation {", `a:login(email:\"u#\",password:\"p#\")`, "}"),
		"graphql/fields":        document("mutation {", "userLoginSignUp#(a:1)", "}"),
		"graphql/arguments":     document("mutation { a(", "p:1 ", ")}"),
		"graphql/passwords":     document("mutation { login(", "user_pass_word:1 ", ")}"),
		"graphql/variables":     document("mutation { login(", "password:$v# ", ")}"),
		"graphql/defaults":      document("mutation(", `$v#:S=\"x\" `, "){a(password:$v1)}"),
		"graphql/depth":         document("mutation { login(", "a:{", ""),
		"graphql/parentheses":   document("mutation ", "{a(", ""),
		"graphql/open strings":  document("mutation { login(", `p:\"\"\"`, ""),
		"graphql/comments":      document("mutation { login(", `#\n`, ""),
		"graphql/bound":         jsonPost("/graphql", fill(`{"query":"mutation($a:S){login(password:$a)}","variables":{`, `"a":"#",`, `"z":1}}`)),
		"jsonrpc/batch":         jsonPost("/api", fill("[", `{"method":"login","params":["u#","p#"]},`, "{}]")),
		"jsonrpc/methods":       jsonPost("/api", fill("[", `{"jsonrpc":"2","method":"userLoginSignUpOut","params":[1]},`, "{}]")),
		"json/comments":         jsonPost("/login", fill("{", "/**/", "}")),
		"json/bare keys":        jsonPost("/login", fill("{", "a:1,", "}")),
		"protobuf/texts":        proto(fill("", "\x0a\x01a", "")),
		"protobuf/numbers":      proto(strings.Repeat("\x08\x01", worst/2)),
		"protobuf/nested":       proto(strings.Repeat("\x0a\x02\x08\x01", worst/4)),
		"zstd/bomb":             with(formPost("/login", zstdOf(strings.Repeat("pwd=1&", 10<<20/6))), "Content-Encoding", "zstd"),
		"zstd/window":           with(formPost("/login", "\x28\xb5\x2f\xfd\x00\x88"+strings.Repeat("\x01", worst)), "Content-Encoding", "zstd"),
		"form/short pairs":      formPost("/login", fill("", "a=&", "")),
		"form/passwords":        formPost("/login", fill("", "pwd=%61#&", "")),
		"form/long words":       formPost("/login", fill("", "user_login_name_email_old_new_pass%5f=#&", "")),
		"form/one name":         formPost("/login", strings.Repeat("%5B", worst/3)+"=1"),
		"form/foreign letters":  formPost("/login", fill("", "ПАРОЛЬ_ЛОГИН_#=1&", "")),
		"form/nested JSON":      formPost("/login", fill("", "a={%22pwd%22:#}&", "")),
		"json/short keys":       jsonPost("/login", fill("{", `"a":1,`, `"z":1}`)),
		"json/passwords":        jsonPost("/login", fill("{", `"pwd":"\u0061#",`, `"z":1}`)),
		"json/array":            jsonPost("/login", fill("[", `1,`, `1]`)),
		"json/depth":            jsonPost("/login", strings.Repeat("[", worst)),
		"json/deep objects":     jsonPost("/login", strings.Repeat(`{"user":`, worst/8)),
		"json/wide at depth":    jsonPost("/login", fill(strings.Repeat(`{"user_and_more":`, 500), `"pwd":1,`, "")),
		"json/accounts":         jsonPost("/login", fill("[", `{"email":"u#@x.test","password":"p#"},`, `{}]`)),
		"json/open string":      jsonPost("/login", `{"a":"`+strings.Repeat(`\"`, worst/2-4)),
		"json/as form":          formPost("/login", fill("{", `"a":1,&pwd=#&`, `"z":1}`)),
		"multipart/parts":       parts("--X\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n"),
		"multipart/passwords":   parts("--X\r\nContent-Disposition: form-data; name=pwd\r\n\r\n#\r\n"),
		"multipart/bare":        parts("--X\n\n"),
		"multipart/boundaries":  asked("POST /login", "multipart/form-data; boundary=-", strings.Repeat("-", worst)),
		"multipart/parameters":  parts("--X\r\nContent-Disposition: a;" + strings.Repeat("b;", 900) + "\r\n\r\n\r\n"),
		"gzip/bomb":             with(formPost("/login", packed(strings.Repeat("pwd=1&", 10<<20/6), false)), "Content-Encoding", "gzip"),
		"gzip/json":             with(jsonPost("/login", packed(fill("{", `"pwd":"#",`, `"z":1}`), false)), "Content-Encoding", "gzip"),
		"query/pairs":           asked("GET /login?"+fill("", "pwd=%61#&", ""), "", ""),
		"authorization/basic":   with(asked("GET /", "", ""), "Authorization", basicAuth(strings.Repeat("a:", worst/3))),
		"authorization/digest":  with(asked("GET /", "", ""), "Authorization", "Digest "+fill("", "username=a#,", "")),
		"path/words":            formPost(strings.Repeat("/sign-in_out", worst/12), "email=a&password=b"),
		"graphql/document":      jsonPost("/graphql", `{"query":"{`+strings.Repeat(" a", worst/2-20)+`"}`),
		"identifiers/one large": formPost("/login", "password=x&email="+strings.Repeat("é", worst/2-20)),
	}
}

func zstdOf(text string) string {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		return ""
	}
	return string(w.EncodeAll([]byte(text), nil))
}

func BenchmarkWorstBodies(b *testing.B) {
	bodies := worstBodies()
	names := make([]string, 0, len(bodies))
	for name := range bodies {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		r := bodies[name]
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Automatic(r)
			}
		})
	}
}

func BenchmarkAutomatic(b *testing.B) {
	for _, row := range []struct {
		name string
		req  *Request
	}{
		{"form login", formPost("/login", "email=a%40x.test&password=x1&remember=1")},
		{"JSON login", jsonPost("/api/login", `{"email":"a@x.test","password":"x1"}`)},
		{"Basic", with(asked("GET /", "", ""), "Authorization", basicAuth("bob:x1"))},
		{"JSON, no attempt", jsonPost("/api/items", `{"items":[{"sku":"A1","count":2}],"currency":"EUR"}`)},
		{"form, no attempt", formPost("/comments", "post=7&comment=a+long+comment&_wpnonce=0a1b2c")},
	} {
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Automatic(row.req)
			}
		})
	}
}

// H13. Not parallel: it counts what the process allocates.
func TestWorstBodiesStayBounded(t *testing.T) {
	for name, r := range worstBodies() {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		c, ok := Automatic(r)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("%s: %d bytes allocated, want at most 1 MiB", name, n)
		}
		checkInvariants(t, name, c, ok)
		if ok && len(c.Secrets) > 1 && !c.Ambiguous {
			t.Errorf("%s: %d secrets and not ambiguous", name, len(c.Secrets))
		}
	}
}

func TestOneBodyNamesAtMostTwo(t *testing.T) {
	t.Parallel()
	c, ok := Automatic(worstBodies()["json/accounts"])
	if !ok || len(c.Identities) != MaxIdentities || !c.Ambiguous || !c.Crowd {
		t.Errorf("identities %d, ambiguous %t, crowd %t", len(c.Identities), c.Ambiguous, c.Crowd)
	}
	if n := strings.Count(string(worstBodies()["json/accounts"].Body), "email"); c.Guesses != n && c.Guesses != maxPairs/3 {
		t.Errorf("%d guesses, want %d", c.Guesses, n)
	}
	if len(c.Secrets) != maxCandidates {
		t.Errorf("%d secrets kept, want %d", len(c.Secrets), maxCandidates)
	}
}

// evidenceWords is everything Evidence may say. It is closed: no byte of a
// request can be in it.
func evidenceWords() map[string]bool {
	words := map[string]bool{}
	fields := []string{"u", "p", "basic", "digest", declaredWord, formWord}
	for w := range lexicon {
		fields = append(fields, w)
	}
	fields = append(fields, stems...)
	for _, what := range []string{"password", "identifier"} {
		for _, w := range fields {
			words[what+" field "+w] = true
			words[what+" field "+w+" in the query"] = true
		}
		for _, place := range []string{"Basic credentials", "Digest credentials", "a header", "an XML-RPC call", "a protobuf message"} {
			words[what+" in "+place] = true
		}
	}
	for _, k := range config.Kinds {
		words["declared "+string(k)+" route"] = true
		words["path of a "+string(k)] = true
		words["the app served a "+string(k)+" form for this address"] = true
		words["call of a "+string(k)] = true
	}
	all := Credentials{Ambiguous: true, Missing: true, Uninspectable: true, Hostile: true, InQuery: true}
	for _, e := range flagEvidence(&all, &reading{grant: passwordGrant}) {
		words[e] = true
	}
	return words
}

var allowedEvidence = evidenceWords()

// checkInvariants is what holds for the reading of any request.
func checkInvariants(t *testing.T, name string, c Credentials, ok bool) {
	t.Helper()
	if !ok {
		return
	}
	if c.Kind == config.KindNone || c.Kind == "" {
		t.Errorf("%s: an attempt of kind %q", name, c.Kind)
	}
	checkSecrets(t, name, c)
	if len(c.Identities) > MaxIdentities {
		t.Errorf("%s: %d identities", name, len(c.Identities))
	}
	if c.Guesses < 1 || c.Guesses > 2*worst || c.Crowd && c.Guesses <= MaxIdentities {
		t.Errorf("%s: %d guesses, crowd %t", name, c.Guesses, c.Crowd)
	}
	if len(c.Identities) > 1 && !c.Ambiguous {
		t.Errorf("%s: %d identities and not ambiguous", name, len(c.Identities))
	}
	if len(c.Route) > maxRoute {
		t.Errorf("%s: a route of %d bytes", name, len(c.Route))
	}
	if !(c.Confidence > 0 && c.Confidence <= 1) {
		t.Errorf("%s: confidence %v", name, c.Confidence)
	}
	for _, e := range c.Evidence {
		if !allowedEvidence[e] {
			t.Errorf("%s: evidence %q is not ours", name, e)
		}
	}
}

func checkSecrets(t *testing.T, name string, c Credentials) {
	t.Helper()
	if len(c.Secrets) > maxCandidates+1 {
		t.Errorf("%s: %d secrets", name, len(c.Secrets))
	}
	for i, s := range c.Secrets {
		if len(s) == 0 {
			t.Errorf("%s: an empty secret", name)
		}
		if slices.ContainsFunc(c.Secrets[:i], func(o []byte) bool { return bytes.Equal(o, s) }) {
			t.Errorf("%s: a secret twice", name)
		}
	}
	if c.Kind == config.KindLogin && len(c.Secrets) > 1 && !c.Ambiguous {
		t.Errorf("%s: %d secrets of a login and not ambiguous", name, len(c.Secrets))
	}
}
