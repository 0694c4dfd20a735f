package recognize

import (
	"strconv"
	"strings"
	"testing"

	"github.com/doorward/doorward/config"
)

// xmlParams are untyped values.
func xmlParams(values ...string) string {
	var b strings.Builder
	for _, v := range values {
		b.WriteString("<param><value>" + v + "</value></param>")
	}
	return b.String()
}

func xmlCallBody(method string, values ...string) string {
	return `<?xml version="1.0"?><methodCall><methodName>` + method + "</methodName><params>" + xmlParams(values...) + "</params></methodCall>"
}

func xmlPost(method string, values ...string) *Request {
	return asked("POST /xmlrpc", "text/xml", xmlCallBody(method, values...))
}

// inBatch is one call of a system.multicall.
func inBatch(method string, values ...string) string {
	var b strings.Builder
	for _, v := range values {
		b.WriteString("<value><string>" + v + "</string></value>")
	}
	return "<value><struct><member><name>methodName</name><value><string>" + method + "</string></value></member>" +
		"<member><name>params</name><value><array><data>" + b.String() + "</data></array></value></member></struct></value>"
}

func multicall(calls ...string) *Request {
	return asked("POST /xmlrpc", "text/xml", "<methodCall><methodName>system.multicall</methodName><params><param><value><array><data>"+
		strings.Join(calls, "")+"</data></array></value></param></params></methodCall>")
}

func guessed(w wantAttempt, n int) wantAttempt {
	w.guesses, w.ambiguous = n, n > 1
	return w
}

func TestXMLRPCCalls(t *testing.T) {
	t.Parallel()
	bob := wantAttempt{kind: config.KindLogin, format: FormatXML, ids: []string{"username=bob"}, secrets: []string{"x1"}}
	missing := wantAttempt{kind: config.KindLogin, format: FormatXML, ids: []string{"username=bob"}, missing: true}
	alone := wantAttempt{kind: config.KindLogin, format: FormatXML, secrets: []string{"x1"}}
	numbered := bob
	numbered.ids = []string{"username=2"}
	login := bob
	login.ids = []string{"login=bob"}
	hidden := wantAttempt{kind: config.KindLogin, format: FormatXML, uninspectable: true, ambiguous: true}
	cut := xmlPost("pingback.ping", "a")
	cut.Body, cut.Complete = []byte("<?xml version='1.0'?><!-- "+strings.Repeat("x", 500)), false
	upload := xmlPost("metaWeblog.newMediaObject", "1", "bob", "x1", "<base64>AAAA")
	upload.Body, upload.Complete = upload.Body[:len(upload.Body)-60], false
	uploadWant := bob
	uploadWant.ambiguous, uploadWant.uninspectable = true, true
	checkRows(t, []attemptRow{
		{"user first", xmlPost("wp.getUsersBlogs", "bob", "x1"), bob},
		{"id first", xmlPost("wp.getPosts", "<int>1</int>", "<string>bob</string>", "<string>x1</string>"), bob},
		{"a call whose name speaks of a profile", xmlPost("wp.editProfile", "1", "bob", "x1", "z"), bob},
		{"key first", xmlPost("blogger.getUsersBlogs", "key", "bob", "x1"), bob},
		{"key and blog first", xmlPost("blogger.newPost", "key", "7", "bob", "x1", "text", "<boolean>1</boolean>"), bob},
		{"metaWeblog", xmlPost("metaWeblog.getRecentPosts", "1", "bob", "x1", "<int>3</int>"), bob},
		{"metaWeblog with a key", xmlPost("metaWeblog.deletePost", "key", "1", "bob", "x1", "<boolean>1</boolean>"), bob},
		{"Movable Type", xmlPost("mt.getCategoryList", "1", "bob", "x1"), bob},
		{"login", xmlPost("wiki.login", "bob", "x1"), bob},
		{"login with a lifetime", xmlPost("auth.login", "bob", "x1", "<int>3600</int>"), bob},
		{"login at a database", xmlPost("login", "shop", "bob", "x1"), bob},
		{"authenticate at a database", xmlPost("authenticate", "shop", "bob", "x1", "<struct></struct>"), bob},
		{"credentials with every call", xmlPost("execute_kw", "shop", "<int>2</int>", "x1", "res.partner", "read"), numbered},
		{"user beside an object", xmlPost("common.db.login", "bob", "<struct></struct>", "en"), wantAttempt{}},
		{"password alone", xmlPost("auth.login", "x1"), alone},
		{"struct", xmlPost("User.login", "<struct><member><name>login</name><value>bob</value></member><member><name>password</name><value>x1</value></member></struct>"), login},
		{"arguments in one array", xmlPost("wp.getUsersBlogs", "<array><data><value>bob</value><value>x1</value></data></array>"), bob},
		{"parameters before the method", asked("POST /xmlrpc", "", "<methodCall><params>"+xmlParams("bob", "x1")+"</params><methodName>wp.getUsersBlogs</methodName></methodCall>"), bob},
		{"values without params", asked("POST /xmlrpc", "text/xml", "<methodCall><methodName>wp.getUsersBlogs</methodName><value>bob</value><value>x1</value></methodCall>"), bob},
		{"CDATA, comments, entities", xmlPost("wp.get<!-- -->UsersBlogs", "<![CDATA[bob]]>", "<string>&#120;<!-- > -->&#x31;</string>"), bob},
		{"base64", xmlPost("wp.getUsersBlogs", "<base64>Ym9i</base64>", "<base64>\nej\nE=</base64>"), wantAttempt{kind: config.KindLogin, ids: []string{"username=bob"}, secrets: []string{"z1"}}},
		{"content type of a form", formPost("/xmlrpc", xmlCallBody("wp.getUsersBlogs", "bob", "x1")), bob},
		{"white space before", asked("POST /xmlrpc", "application/xml", "\r\n  "+xmlCallBody("wp.getUsersBlogs", "bob", "x1")), bob},
		{"empty password", xmlPost("wp.getUsersBlogs", "bob", "<string></string>"), missing},
		{"empty elements", xmlPost("wp.getUsersBlogs", "bob", "<string/>"), missing},
		{"document type", asked("POST /xmlrpc", "text/xml", `<!DOCTYPE a [<!ENTITY m "wp.getUsersBlogs">]><methodCall><methodName>&m;</methodName></methodCall>`), hidden},
		{"padding before the call", cut, hidden},
		{"a file behind the credentials", upload, uploadWant},

		{"no credentials", xmlPost("system.listMethods"), wantAttempt{}},
		{"pingback", xmlPost("pingback.ping", "http://a.test/", "http://b.test/"), wantAttempt{}},
		{"filters of Movable Type", xmlPost("mt.supportedTextFilters", "a", "b", "c"), wantAttempt{}},
		{"too few arguments", xmlPost("wp.getPosts", "1", "bob"), wantAttempt{}},
		{"settings", xmlPost("mailer.configure", "<struct><member><name>username</name><value>bob</value></member><member><name>password</name><value>x1</value></member></struct>"), wantAttempt{}},
		{"logout", xmlPost("User.logout", "a", "b"), wantAttempt{kind: config.KindLogout}},
		{"another document", asked("PROPFIND /dav", "text/xml", `<?xml version="1.0"?><propfind xmlns="DAV:"><prop><user>bob</user><password>x</password></prop></propfind>`), wantAttempt{}},
		{"a page", asked("PUT /page.html", "text/html", "<!DOCTYPE html><html><p>login</p></html>"), wantAttempt{}},
	})
	c, _ := Automatic(xmlPost("wp.getUsersBlogs", "bob", "x1"))
	if c.Route != "/xmlrpc#wp.getUsersBlogs" {
		t.Errorf("route = %q", c.Route)
	}
}

func TestMulticallCountsEveryCall(t *testing.T) {
	t.Parallel()
	var wrong, same, people []string
	secrets := []string{}
	for i := range 300 {
		n := strconv.Itoa(i)
		wrong = append(wrong, inBatch("wp.getUsersBlogs", "bob", "guess"+n))
		same = append(same, inBatch("wp.getPosts", "1", "bob", "x1"))
		people = append(people, inBatch("blogger.getUsersBlogs", "key", "user"+n, "x1"))
		if i < maxCandidates {
			secrets = append(secrets, "guess"+n)
		}
	}
	guesses := wantAttempt{kind: config.KindLogin, format: FormatXML, ids: []string{"username=bob"}, secrets: secrets, guesses: 300, ambiguous: true}
	crowd := wantAttempt{
		kind: config.KindLogin, ids: []string{"username=user0", "username=user1"}, secrets: []string{"x1"},
		guesses: 300, ambiguous: true, crowd: true,
	}
	checkRows(t, []attemptRow{
		{"guesses at one user", multicall(wrong...), guesses},
		{"a client that works with its password", multicall(same...), wantAttempt{kind: config.KindLogin, ids: []string{"username=bob"}, secrets: []string{"x1"}}},
		{"one password, many users", multicall(people...), crowd},
		{"calls without credentials", multicall(inBatch("pingback.ping", "a", "b"), inBatch("demo.sayHello")), wantAttempt{}},
		{"parameters in one more array", multicall(strings.ReplaceAll(inBatch("wp.getUsersBlogs", "bob", "x1"), "<data>", "<data><value><array><data>")), login("username=bob", "x1")},
	})
	c, _ := Automatic(multicall(wrong...))
	if c.Route != "/xmlrpc#system.multicall" {
		t.Errorf("route = %q", c.Route)
	}
}

func graphQL(query string) *Request {
	return jsonPost("/graphql", `{"query":`+strconv.Quote(query)+`}`)
}

func TestGraphQLCredentialsInTheText(t *testing.T) {
	t.Parallel()
	mail := login("email=a@x.test", "x1")
	bob := login("username=bob", "x1")
	signup := wantAttempt{kind: config.KindSignup, ids: []string{"email=a@x.test"}, secrets: []string{"x1"}}
	three := wantAttempt{
		kind: config.KindLogin, ids: []string{"email=a@x.test"}, secrets: []string{"1", "2", "3"}, ambiguous: true, guesses: 3,
	}
	missing := wantAttempt{kind: config.KindLogin, ids: []string{"email=a@x.test"}, missing: true}
	inQuery := mail
	inQuery.format, inQuery.inQuery = FormatQuery, true
	variables := func(query, variables string) *Request {
		return jsonPost("/graphql", `{"variables":`+variables+`,"query":`+strconv.Quote(query)+`}`)
	}
	checkRows(t, []attemptRow{
		{"anonymous", graphQL(`mutation { login(email: "a@x.test", password: "x1") { token } }`), mail},
		{"named", graphQL(`mutation L { login(email: "a@x.test", password: "x1") { token } }`), mail},
		{"at the root", jsonPost("/", `{"query":"mutation{loginCustomer(email:\"a@x.test\",password:\"x1\"){token}}"}`), mail},
		{"escapes and block strings", graphQL(`mutation { signIn(email: "a@x\u002etest", password: """x1""") { id } }`), mail},
		{"comments and commas", graphQL("#{\nmutation,{#(\nlogin,(,email:\"a@x.test\"#)\n,password:\"x1\",){id}}"), mail},
		{"input object", graphQL(`mutation { tokenAuth(input: {email: "a@x.test", password: "x1"}) { token } }`), mail},
		{"namespaced", graphQL(`mutation { auth { emailSignIn(input: {data: {email: "a@x.test", password: "x1"}}) { id } } }`), mail},
		{"a query that logs in", graphQL(`{ login(username: "bob", password: "x1") }`), bob},
		{"a field that only makes a token", graphQL(`mutation { customerAccessTokenCreate(input: {email: "a@x.test", password: "x1"}) { token } }`), mail},
		{"a field of unknown name", graphQL(`mutation { enter(user: "bob", password: "x1") }`), bob},
		{"fragment", graphQL(`fragment F on Mutation { login(username: "bob", password: "x1") } mutation { ...F }`), bob},
		{"default value of a variable", graphQL(`mutation($q: String = "x1") { login(username: "bob", password: $q) }`), bob},
		{"aliases", graphQL(`mutation { a: login(email: "a@x.test", password: "1") {t} b: login(email: "a@x.test", password: "2") {t} c: login(email: "a@x.test", password: "3") {t} }`), three},
		{"objects in a list", graphQL(`mutation { login(input: [{email: "a@x.test", password: "1"}, {email: "a@x.test", password: "2"}, {email: "a@x.test", password: "3"}]) }`), three},
		{"aliases of variables", variables(`mutation($e: E!, $a: P, $b: P, $c: P) { a: login(email: $e, password: $a) b: login(email: $e, password: $b) c: login(email: $e, password: $c) }`, `{"e":"a@x.test","a":"1","b":"2","c":"3"}`), three},
		{"aliases of objects", variables(`mutation($a: I, $b: I, $c: I) { a: login(input: $a) b: login(input: $b) c: login(input: $c) }`, `{"a":{"email":"a@x.test","password":"1"},"b":{"email":"a@x.test","password":"2"},"c":{"email":"a@x.test","password":"3"}}`), three},
		{"batch", jsonPost("/graphql", `[{"query":"mutation{login(email:\"a@x.test\",password:\"1\")}"},{"query":"mutation{login(email:\"a@x.test\",password:\"2\")}"},{"query":"mutation($p:P){login(email:\"a@x.test\",password:$p)}","variables":{"p":"3"}}]`), three},
		{"variables", variables(`mutation($email: E!, $password: P!) { login(email: $email, password: $password) { id } }`, `{"email":"a@x.test","password":"x1"}`), mail},
		{"variables of other names", variables(`mutation($a: E!, $b: P!) { login(email: $a, password: $b) { id } }`, `{"a":"a@x.test","b":"x1"}`), mail},
		{"password left out", variables(`mutation($email: E!, $password: P!) { login(email: $email, password: $password) { id } }`, `{"email":"a@x.test"}`), missing},
		{"document as body", asked("POST /graphql", "application/graphql", `mutation { login(email: "a@x.test", password: "x1") }`), mail},
		{"shorthand document as body", asked("POST /graphql", "application/graphql", `{ login(email: "a@x.test", password: "x1") }`), mail},
		{"query of a GET", asked("GET /graphql?query="+`mutation%7Blogin(email:%22a@x.test%22,password:%22x1%22)%7D`, "", ""), inQuery},
		{"query and variables of a GET", asked("GET /graphql?variables=%7B%22q%22:%22x1%22%7D&query="+`mutation(%24q:P)%7Blogin(email:%22a@x.test%22,password:%24q)%7D`, "", ""), inQuery},
		{"form", formPost("/graphql", `query=mutation+{login(email:"a@x.test",password:"x1")}`), mail},
		{"upload form", asked("POST /graphql", "multipart/form-data; boundary=XX", multipartBody(`name="operations"`, `{"query":"mutation{login(email:\"a@x.test\",password:\"x1\")}"}`)), mail},

		{"signup", graphQL(`mutation { signup(name: "A B", email: "a@x.test", password: "x1") { token } }`), signup},
		{"register", graphQL(`mutation { userRegister(input: {email: "a@x.test", password: "x1"}) { id } }`), signup},
		{"createUser", graphQL(`mutation { createUser(input: {email: "a@x.test", password: "x1"}) { id } }`), signup},
		{"logout", graphQL(`mutation { logout }`), wantAttempt{kind: config.KindLogout}},
		{"reset request", graphQL(`mutation { requestPasswordReset(email: "a@x.test") }`), wantAttempt{kind: config.KindResetRequest, ids: []string{"email=a@x.test"}}},
		{"reset", graphQL(`mutation { resetPassword(token: "t", password: "x1") }`), wantAttempt{kind: config.KindReset, secrets: []string{"x1"}}},
		{"change", graphQL(`mutation { changePassword(oldPassword: "x1", newPassword: "x2") }`), wantAttempt{kind: config.KindPasswordChange, secrets: []string{"x1", "x2"}}},

		{"a query", graphQL(`query Login { me { id email } logoutUrl }`), wantAttempt{}},
		{"a search for users", graphQL(`{ users(search: "password", email: "a@x.test") { id } }`), wantAttempt{}},
		{"admin edits a user", graphQL(`mutation { updateUser(id: 5, input: {email: "a@x.test", password: "x1"}) { id } }`), wantAttempt{}},
		{"settings of a mailer", graphQL(`mutation { saveSmtpSettings(username: "bob", password: "x1") { id } }`), wantAttempt{}},
		{"a connection", graphQL(`mutation { createConnection(host: "h", username: "bob", password: "x1") { id } }`), wantAttempt{}},
		{"a comment", graphQL(`mutation { addComment(name: "bob", email: "a@x.test", text: "password") { id } }`), wantAttempt{}},
		{"another kind of query", jsonPost("/search", `{"query":"mutation of cells","email":"a@x.test"}`), wantAttempt{}},
	})
	c, _ := Automatic(graphQL(`mutation { __typename login(email: "a@x.test", password: "x1") { token } }`))
	if c.Route != "/graphql#login" {
		t.Errorf("route = %q", c.Route)
	}
}

func TestJSONBatches(t *testing.T) {
	t.Parallel()
	bob := login("username=bob", "x1")
	three := guessed(login("username=bob", "1", "2", "3"), 3)
	rpc := func(body string) *Request { return asked("POST /api", "application/json-rpc", body) }
	call := func(p string) string {
		return `{"jsonrpc":"2.0","method":"user.login","params":{"user":"bob","password":"` + p + `"},"id":1}`
	}
	signup := wantAttempt{kind: config.KindSignup, ids: []string{"email=a@x.test"}, secrets: []string{"x1"}}
	checkRows(t, []attemptRow{
		{"JSON-RPC batch", rpc("[" + call("1") + "," + call("2") + "," + call("3") + "]"), three},
		{"JSON-RPC batch of one client", rpc("[" + call("x1") + "," + call("x1") + "]"), bob},
		{"JSON-RPC with positions", rpc(`{"jsonrpc":"2.0","method":"session.login_with_password","params":["bob","x1","1.0","me"],"id":1}`), bob},
		{"JSON-RPC without version", rpc(`{"params":["bob","x1"],"method":"login","id":1}`), bob},
		{"JSON-RPC with named service", rpc(`{"jsonrpc":"2.0","method":"call","params":{"service":"common","method":"login","args":["shop","bob","x1"]}}`), bob},
		{"JSON-RPC with a password alone", rpc(`{"method":"auth.login","params":["x1"],"id":1}`), wantAttempt{kind: config.KindLogin, secrets: []string{"x1"}}},
		{"JSON-RPC positions in a batch", rpc(`[{"method":"login","params":["bob","1"]},{"method":"login","params":["bob","2"]},{"method":"login","params":["bob","3"]}]`), three},
		{"struct among positions", rpc(`{"jsonrpc":"2.0","id":1,"method":"call","params":["0","session","login",{"username":"bob","password":"x1"}]}`), bob},
		{"tRPC batch", jsonPost("/trpc/auth.login,auth.login,auth.login?batch=1", `{"0":{"json":{"user":"bob","password":"1"}},"1":{"json":{"user":"bob","password":"2"}},"2":{"json":{"user":"bob","password":"3"}}}`), three},
		{"tRPC signup", jsonPost("/trpc/auth.register?batch=1", `{"0":{"email":"a@x.test","password":"x1"}}`), signup},
		{"array of logins", jsonPost("/login", `[{"user":"bob","password":"1"},{"user":"bob","password":"2"},{"user":"bob","password":"3"}]`), three},

		{"JSON-RPC with the password in an object", rpc(`{"id":2,"method":"common.db.login","params":["bob",{"password":"x1"},"en"]}`), bob},
		{"JSON-RPC that asks what is wanted", rpc(`{"id":1,"method":"common.db.login","params":["bob",{},"en"]}`), wantAttempt{}},
		{"JSON-RPC of a user's creation", rpc(`{"id":6,"method":"model.res.user.create","params":[[{"name":"G","login":"bob","password":"x1"}],{}]}`), wantAttempt{}},
		{"JSON-RPC of own preferences", rpc(`{"id":6,"method":"model.res.user.set_preferences","params":[{"password":"x1"},{}]}`), wantAttempt{kind: config.KindPasswordChange, secrets: []string{"x1"}}},
		{"JSON-RPC logout", rpc(`{"id":6,"method":"auth.delete_session","params":[]}`), wantAttempt{kind: config.KindLogout}},
		{"JSON-RPC of an administrator", rpc(`{"jsonrpc":"2.0","method":"user.update","params":{"username":"bob","password":"x1"},"id":1}`), wantAttempt{}},
		{"JSON-RPC of something else", rpc(`{"jsonrpc":"2.0","method":"item.get","params":["bob","x1"],"id":1}`), wantAttempt{}},
		{"a method beside the fields hides nothing", jsonPost("/", `{"user":"bob","password":"x1","method":"user.update","params":{}}`), bob},
	})
}

func TestProtobufMessages(t *testing.T) {
	t.Parallel()
	text := func(n int, s string) string { return string(rune(n<<3|2)) + string(rune(len(s))) + s }
	post := func(path, contentType, body string) *Request { return asked("POST "+path, contentType, body) }
	framed := func(m string) string { return "\x00\x00\x00\x00" + string(rune(len(m))) + m }
	bob := wantAttempt{kind: config.KindLogin, format: FormatProtobuf, ids: []string{"username=bob"}, secrets: []string{"s3cret"}}
	mail := bob
	mail.ids = []string{"email=a@x.test"}
	signup := wantAttempt{kind: config.KindSignup, format: FormatProtobuf, ids: []string{"username=bob"}, secrets: []string{"s3cret"}}
	both := signup
	both.ids = []string{"email=a@x.test,username=bob"}
	missing := wantAttempt{kind: config.KindLogin, format: FormatProtobuf, ids: []string{"username=bob"}, missing: true}
	unread := wantAttempt{kind: config.KindLogin, uninspectable: true}
	plain := text(1, "bob") + text(2, "s3cret")
	const proto = "application/proto"
	checkRows(t, []attemptRow{
		{"flat", post("/api.AuthService/SignIn", proto, plain), bob},
		{"nested", post("/api.AuthService/SignIn", proto, text(1, plain)+"\x18\x01"), bob},
		{"nested twice", post("/v1/Login", "application/x-protobuf", text(3, "\x08\x01"+text(2, plain))), bob},
		{"mail address", post("/api.Auth/Login", proto, text(1, "a@x.test")+text(2, "s3cret")), mail},
		{"gRPC-Web", post("/api.Auth/Login", "application/grpc-web+proto", framed(plain)), bob},
		{"gRPC-Web as text", post("/api.Auth/Login", "application/grpc-web-text", basicAuth(framed(plain))[6:]), bob},
		{"gRPC", post("/api.Auth/Login", "application/grpc", framed(plain)), bob},
		{"streaming Connect", post("/api.Auth/Login", "application/connect+proto", framed(plain)), bob},
		{"signup", post("/api.UserService/CreateUser", proto, text(1, "\x10\x03"+text(3, "bob")+text(8, "s3cret"))), signup},
		{"signup with both names", post("/api.Users/Register", proto, text(1, "bob")+text(2, "a@x.test")+text(3, "s3cret")), both},
		{"password left out", post("/api.Auth/Login", proto, text(1, "bob")), missing},
		{"compressed", post("/api.Auth/Login", "application/grpc", "\x01\x00\x00\x00\x03abc"), unread},
		{"broken", post("/api.Auth/Login", proto, "\x0a\x7fbob"), unread},

		{"another call", post("/api.NoteService/CreateNote", proto, plain), wantAttempt{}},
		{"refresh", post("/api.AuthService/RefreshToken", proto, plain), wantAttempt{}},
	})
}

func TestSOAPEnvelopes(t *testing.T) {
	t.Parallel()
	envelope := func(header, body string) *Request {
		return asked("POST /soap", "text/xml; charset=utf-8", `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header>`+
			header+"</s:Header><s:Body>"+body+"</s:Body></s:Envelope>")
	}
	bob := wantAttempt{kind: config.KindLogin, format: FormatXML, ids: []string{"username=bob"}, secrets: []string{"x1"}}
	missing := bob
	missing.secrets, missing.missing = nil, true
	hidden := wantAttempt{kind: config.KindLogin, format: FormatXML, ids: []string{"username=&b;"}, secrets: []string{"x1"}, ambiguous: true, uninspectable: true}
	defined := envelope("", `<Login><username>&b;</username><password>x1</password></Login>`)
	defined.Body = append([]byte(`<!DOCTYPE a [<!ENTITY b "bob">]>`), defined.Body...)
	checkRows(t, []attemptRow{
		{"login", envelope("", `<t:Login xmlns:t="urn:a"><t:username>bob</t:username><t:password>x1</t:password></t:Login>`), bob},
		{"authentication request", envelope("<context/>", `<AuthRequest><account by="name">bob</account><password><![CDATA[x1]]></password></AuthRequest>`), bob},
		{"user name token", envelope(`<w:Security><w:UsernameToken><w:Username>bob</w:Username><w:Password Type="t">x1</w:Password></w:UsernameToken></w:Security>`, `<GetReport><id>5</id></GetReport>`), bob},
		{"empty password", envelope("", `<Login><username>bob</username><password/></Login>`), missing},
		{"document type", defined, hidden},

		{"another operation", envelope("", `<SaveMailer><username>bob</username><password>x1</password></SaveMailer>`), wantAttempt{}},
		{"no envelope", asked("POST /soap", "text/xml", `<Login><username>bob</username><password>x1</password></Login>`), wantAttempt{}},
	})
}
