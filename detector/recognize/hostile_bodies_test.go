package recognize

import (
	"fmt"
	"maps"
	"strings"
	"sync"

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
var worstBodies = sync.OnceValue(func() map[string]*Request {
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
	bodies := map[string]*Request{
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
		"json/wide at depth":    jsonPost("/login", fill(strings.Repeat(`{"user_and_more":`, 500)+"{", `"pwd":1,`, "")),
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
	maps.Copy(bodies, worseBodies())
	return bodies
})

// worseBodies make the one costliest step of a parser as often as 64 KiB can.
func worseBodies() map[string]*Request {
	long := strings.Repeat("a_", maxName/2)
	form := func(unit string) *Request { return formPost("/login", fill("", unit, "")) }
	packed := func(encoding, body string) *Request {
		return with(formPost("/login", body[:min(len(body), worst)]), "Content-Encoding", encoding)
	}
	served := formPost("/login", fill("", "pzz#=1&", ""))
	served.Form = &Form{Kind: config.KindLogin, Method: "POST", Path: "/login", Identifiers: []string{"pxx1", "pxx12", "pxx123", "pxx1234"}, Passwords: []string{"pyy1", "pyy12", "pyy123", "pyy1234"}}
	return map[string]*Request{
		"json/elements of a name":  jsonPost("/login", fill(`{"`+long+`":[`, "1,", "1]}")),
		"json/members of a name":   jsonPost("/login", fill(`{"`+long+`":{`, `"x":1,`, `"z":1}}`)),
		"json/lists in a list":     jsonPost("/login", fill(`{"`+long+`":[`, "1,[1],", "1]}")),
		"json/long holder":         jsonPost("/login", fill(`{"`+strings.Repeat("h", maxHolder)+`":{`, `"pwd":1,`, `"z":1}}`)),
		"json/users of one holder": jsonPost("/login", fill(`{"`+strings.Repeat("h", maxHolder)+`":{`, `"user":"#",`, `"z":1}}`)),
		"json/short words":         jsonPost("/login", fill("{", `"a_b_c_d":1,`, `"z":1}`)),
		"json/long words":          jsonPost("/login", fill("{", `"`+long+`":1,`, `"z":1}`)),
		"json/digits":              jsonPost("/login", "["+strings.Repeat("1", worst-2)+"]"),
		"json/operations":          jsonPost("/login", fill("{", `"act":"loginabc_xlogin_abclog",`, `"z":1}`)),
		"form/operations":          form("act=abclogi_signi_logou_regis_abcde_bcdefgh_cdefghi_defghij&"),
		"form/camel case":          form("aBaBaBaBaB=1&"),
		"form/long camel case":     form(strings.Repeat("aB", maxName/2) + "=1&"),
		"form/searched letters":    form(strings.Repeat("Ꭰ", maxName/3) + "=1&"),
		"form/letters of case":     form(strings.Repeat("Ա", maxName/2) + "=1&"),
		"form/stems":               form("xpassworxpassxpasswordnewx=#&"),
		"form/users":               form("user=#&"),
		"form/one user":            form("u=1&p=1&"),
		"form/served":              served,
		"form/documents":           form("query={a(b:1)}&"),
		"form/elements in JSON":    formPost("/login", fill("a={%22"+long+"%22:[", "1,", "1]}")),
		"form/brackets":            form("a[b][c][d][e]=1&"),
		"form/as multipart":        formPost("/login", fill("", "--X\n\na=1&pwd=#&\n", "--X--")),
		"form/as XML":              formPost("/login", fill("<a>", "<pwd>&a_b=</pwd>", "</a>")),
		"soap/short fields":        asked("POST /login", "text/xml", fill("<Envelope><Body><Login>", "<u>#</u>", "</Login></Body></Envelope>")),
		"soap/quoted attributes":   asked("POST /login", "text/xml", fill("<Envelope><Body><Login>", "<u a='>'/>", "</Login></Body></Envelope>")),
		"graphql/many documents":   jsonPost("/graphql", fill("[", `{"query":"{login(p:#)}"},`, "{}]")),
		"graphql/given defaults":   jsonPost("/graphql", `{"query":"mutation(`+strings.Repeat(`$v1:S=\"x\" `, maxBindings)+fill("){login(", "password:$v1 ", `)}"}`)),
		"graphql/own names":        jsonPost("/graphql", fill(`{"query":"mutation{login(`, "password:$user_log_in_# ", `)}"}`)),
		"trpc/batch":               jsonPost("/trpc/login?batch=1", fill("{", `"#":{"json":{"email":"u#","password":"p#"}},`, `"z":1}`)),
		"jsonrpc/dotted methods":   jsonPost("/api", fill("[", `{"method":"a.logib.login#"},`, "{}]")),
		"jsonrpc/weblogs":          jsonPost("/api", fill("[", `{"method":"wp.getUser","params":[1,"#","p"]},`, "{}]")),
		"multipart/headers":        asked("POST /login", "multipart/form-data; boundary=X", fill("", "--X\nContent-Disposition:;name=user;name=pwd;name=a_b\n\n#\n", "--X--")),
		"multipart/false ends":     asked("POST /login", "multipart/form-data; boundary=X", fill("--X\n\n", "--X", "")),
		"protobuf/deep":            asked("POST /api.Auth/SignIn", "application/proto", strings.Repeat("\x0a\x06\x0a\x04\x0a\x02\x08\x01", worst/8)),
		"authorization/four":       withAll(asked("GET /", "", ""), "Authorization", 4, basicAuth(strings.Repeat("a:", maxAuthorizationBytes/3))),
		"query/long names":         asked("GET /login?"+strings.Repeat(strings.Repeat("a_", maxHolder/2)+"=1&", 4096), "", ""),
		"query and body":           asked("POST /login?"+fill("", "pwd=%61#&", ""), formType, fill("", "pwd=%62#&", "")),
		"gzip/long words":          packed("gzip", packedText(fill("", "user_login_name_email_old_new_pass%5f=#&", ""))),
		"gzip/twice":               packed("gzip, gzip", packedText(packedText(fill("", "a_b_c_d_e_f=#&", "")))),
		"gzip/noise":               packed("gzip", packedText(noise(worst-64))),
		"gzip/empty blocks":        packed("gzip", gzipped(emptyBlocks(6000))),
		"gzip/costly blocks":       packed("gzip", gzipped(costlyBlocks(2000))),
		"gzip/members":             packed("gzip", strings.Repeat(packedText("a"), worst/20)),
		"deflate/flushes":          packed("deflate", strings.Repeat("\x00\x00\x00\xff\xff", worst/5)),
		"zstd/blocks":              packed("zstd", manyBlocks(worst/4-8)),
		"zstd/frames":              packed("zstd", zstdFrames()),
	}
}

func packedText(text string) string { return packed(text, false) }

func withAll(r *Request, name string, n int, value string) *Request {
	for range n {
		r.Header.Add(name, value)
	}
	return r
}

func zstdOf(text string) string {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		return ""
	}
	return string(w.EncodeAll([]byte(text), nil))
}
