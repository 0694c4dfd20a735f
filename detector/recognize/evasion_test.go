package recognize

import (
	"strings"
	"testing"

	"github.com/doorward/doorward/config"
)

// Every row hides a login of bob from a reader that is less lenient than some
// server. It is either read all the same or counts as uninspectable.
func TestLoginsInDisguise(t *testing.T) {
	t.Parallel()
	const form, js = "username=bob&password=x1", `{"username":"bob","password":"x1"}`
	packedAs := func(encoding, name, body string) *Request {
		return with(formPost("/login", string(encoded(t, encoding, body))), "Content-Encoding", name)
	}
	cut := formPost("/login", "pad="+strings.Repeat("x", 100)+"&username=bob")
	cut.Complete = false
	wide := func(s string) string { return strings.Join(strings.Split(s, ""), "\x00") + "\x00" }
	for _, row := range []struct {
		name string
		req  *Request
		seen bool // else uninspectable
	}{
		{"gzip", packedAs("gzip", "gzip", form), true},
		{"gzip in capitals", packedAs("gzip", "GZip", form), true},
		{"zlib", packedAs("zlib", "deflate", form), true},
		{"bare deflate", packedAs("flate", "deflate", form), true},
		{"zstd", packedAs("zstd", "zstd", form), true},
		{"gzip twice", packedAs("gzip", "gzip, gzip", string(encoded(t, "gzip", form))), true},
		{"gzip within zstd", packedAs("zstd", "gzip, zstd", string(encoded(t, "gzip", form))), true},
		{"three encodings", packedAs("gzip", "gzip, gzip, gzip", "x"), false},
		{"Brotli", with(formPost("/login", "\x0b\x0c\x80\x03"), "Content-Encoding", "br"), false},
		{"Brotli named, plain sent", with(formPost("/login", form), "Content-Encoding", "br"), true},
		{"beyond the inspected prefix", cut, false},

		{"UTF-16", jsonPost("/login", wide(js)), false},
		{"UTF-16 declared", asked("POST /login", "application/json; charset=utf-16", js), false},
		{"UTF-7 declared", asked("POST /login", formType+"; charset=utf-7", form), false},
		{"EBCDIC declared", asked("POST /login", formType+";charset=cp037", form), false},
		{"Windows code page declared", asked("POST /login", formType+"; charset=windows-1252", form), true},
		{"byte order mark before JSON", jsonPost("/login", "\xef\xbb\xbf"+js), true},
		{"byte order mark before a form", formPost("/login", "\xef\xbb\xbf"+form), true},

		{"form as JSON", jsonPost("/login", form), true},
		{"JSON as a form", formPost("/login", js), true},
		{"JSON as text", asked("POST /login", "text/plain", js), true},
		{"JSON as protobuf", asked("POST /login", "application/proto", js), true},
		{"JSON as gRPC", asked("POST /login", "application/grpc", js), true},
		{"form as protobuf", asked("POST /login", "application/x-protobuf", form), true},
		{"form as an image", asked("POST /login", "image/png", form), true},
		{"form without a type", asked("POST /login", "", form), true},
		{"form behind XML-RPC", formPost("/login", "<methodCall></methodCall>=1&"+form), true},
		{"form behind GraphQL", formPost("/login", "query={a}&"+form), true},
		{"multipart as a form", formPost("/login", multipartBody(`name="username"`, "bob", `name="password"`, "x1")), true},

		{"line comment in JSON", jsonPost("/login", "{// {\n\"username\":\"bob\", \"password\":\"x1\"}"), true},
		{"block comment in JSON", jsonPost("/login", `{/*"*/"username":"bob",/* } */"password":"x1"}`), true},
		{"hash comment in JSON", jsonPost("/login", "{\"username\":\"bob\",# }\n\"password\":\"x1\"}"), true},
		{"trailing comma in JSON", jsonPost("/login", `{"username":"bob","password":"x1",}`), true},
		{"single quotation marks in JSON", jsonPost("/login", `{'username':'bob','password':'x1'}`), true},
		{"bare keys in JSON", jsonPost("/login", `{username:"bob",password:"x1"}`), true},
		{"bare values in JSON", jsonPost("/login", `{"username":bob,"password":"x1"}`), false},
		{"text behind JSON", jsonPost("/login", js+"\x00"), true},
		{"two JSON texts", jsonPost("/login", "{} "+js), true},
		{"open JSON", jsonPost("/login", `{"username":"bob","password":"x1"`), true},
		{"escapes in keys of JSON", jsonPost("/login", `{"\u0075sername":"bob","pass\u0077ord":"x1"}`), true},

		{"capitals in the path", formPost("/LOGIN", form), true},
		{"slashes in the path", formPost("//login//", form), true},
		{"path information", formPost("/login.php/x/y.png", form), true},
		{"session in the path", formPost("/login;jsessionid=0A1B", form), true},
		{"escaped query", asked("POST /login?%75sername=bob&p%61ssword=x1", "", ""), true},
		{"semicolon after the path", formPost("/login;register=1", form), true},
		{"dots", formPost("/x/../login", form), true},

		{"method override by header", with(formPost("/login", form), "X-HTTP-Method-Override", "DELETE"), true},
		{"method override by field", formPost("/login", form+"&_method=delete"), true},
		{"GET with a body", asked("GET /login", formType, form), true},
		{"PUT", asked("PUT /login", "application/json", js), true},
		{"PATCH", asked("PATCH /login", "application/json", js), true},
		{"unknown method", asked("LOGIN /login", formType, form), true},

		{"user twice", formPost("/login", "username=x&"+form), true},
		{"password twice", formPost("/login", "password=y&"+form), true},
		{"keys twice", jsonPost("/login", `{"password":"y","username":"bob","password":"x1"}`), true},
		{"list", jsonPost("/login", `[`+js+`]`), true},
		{"named as a signup", formPost("/login?action=register", form), true},
		{"named as a call", jsonPost("/login", `{"jsonrpc":"2.0","method":"user.update","username":"bob","password":"x1"}`), true},
		{"named as a mutation", jsonPost("/login", `{"query":"mutation{updateUser{id}}","username":"bob","password":"x1"}`), true},
		{"access token beside", with(jsonPost("/login", js), "Authorization", "Bearer "+strings.Repeat("t", 40)), true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, ok := Automatic(row.req)
			if !ok || c.Kind != config.KindLogin {
				t.Fatalf("attempt %t, kind %q, want a login", ok, c.Kind)
			}
			named := strings.Contains(strings.Join(identityTexts(c), " "), "=bob")
			guessed := strings.Contains(strings.Join(secretTexts(c), " "), "x1")
			if row.seen && (!named || !guessed) {
				t.Errorf("identities %q, secrets %q; want bob and his password among them", identityTexts(c), secretTexts(c))
			}
			if !row.seen && !c.Uninspectable {
				t.Errorf("not uninspectable; identities %q", identityTexts(c))
			}
			if need := MayCarry(row.req.Method, row.req.Path, row.req.RawQuery, row.req.Header, int64(len(row.req.Body))); need == NeedNothing {
				t.Error("the glance sees nothing to look at")
			}
		})
	}
}

// A crowd is told from an attempt at one user: it counts for its source.
func TestCrowds(t *testing.T) {
	t.Parallel()
	three := wantAttempt{
		kind: config.KindLogin, ids: []string{"username=a", "username=b"}, secrets: []string{"x1"},
		crowd: true, ambiguous: true, guesses: 3,
	}
	batch := three
	batch.secrets = []string{"1", "2", "3"}
	checkRows(t, []attemptRow{
		{"one field three times", formPost("/login", "username=a&username=b&username=c&password=x1"), three},
		{"list of names", jsonPost("/login", `{"username":["a","b","c"],"password":"x1"}`), three},
		{"batch", jsonPost("/login", `[{"username":"a","password":"1"},{"username":"b","password":"2"},{"username":"c","password":"3"}]`), batch},
		{"aliases", graphQL(`mutation { a: login(username: "a", password: "1") b: login(username: "b", password: "2") c: login(username: "c", password: "3") }`), batch},
		{"calls", multicall(inBatch("wp.getUsersBlogs", "a", "1"), inBatch("wp.getUsersBlogs", "b", "2"), inBatch("wp.getUsersBlogs", "c", "3")), batch},
	})
	names := fill("", "username=u#&", "password=x1")
	c, _ := Automatic(formPost("/login", names))
	if want := min(strings.Count(names, "username"), maxPairs); !c.Crowd || c.Guesses != want {
		t.Errorf("crowd %t, %d guesses, want %d", c.Crowd, c.Guesses, want)
	}
}
