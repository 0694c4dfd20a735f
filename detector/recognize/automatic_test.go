package recognize

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"strings"
	"testing"

	"github.com/doorward/doorward/config"
)

const formType = "application/x-www-form-urlencoded"

func login(id string, secrets ...string) wantAttempt {
	return wantAttempt{kind: config.KindLogin, ids: []string{id}, secrets: secrets}
}

func multipartBody(pairs ...string) string {
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		b.WriteString("--XX\r\nContent-Disposition: form-data; " + pairs[i] + "\r\n\r\n" + pairs[i+1] + "\r\n")
	}
	return b.String() + "--XX--\r\n"
}

func packed(body string, deflate bool) string {
	var b bytes.Buffer
	if deflate {
		w := zlib.NewWriter(&b)
		_, _ = w.Write([]byte(body))
		_ = w.Close()
		return b.String()
	}
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(body))
	_ = w.Close()
	return b.String()
}

func TestFormatsThatCarryALogin(t *testing.T) {
	t.Parallel()
	bob := login("username=bob", "s3cret word")
	mail := login("email=a@x.test", "s3cret")
	in := func(w wantAttempt, f Format) wantAttempt { w.format = f; return w }
	query := in(bob, FormatQuery)
	query.inQuery = true
	checkRows(t, []attemptRow{
		{"plain form", formPost("/login", "username=bob&password=s3cret+word"), in(bob, FormatForm)},
		{"percent escapes in names and values", formPost("/login", "%75sername=b%6fb&p%61ssword=s3cret%20word"), in(bob, FormatForm)},
		{"nested form fields", formPost("/login", "user%5Bemail%5D=a%40x.test&user[password]=s3cret"), mail},
		{"dotted and capital names", formPost("/Account/Login", "Input.Email=a%40x.test&Input.Password=s3cret"), mail},
		{"names of web forms", formPost("/login.aspx", "ctl00$Main$txtUserName=bob&ctl00$Main$txtPassword=s3cret+word"), bob},
		{"log and pwd", formPost("/wp-login.php", "log=bob&pwd=x1y2&wp-submit=Log+In"), login("login=bob", "x1y2")},
		{"u and p", formPost("/", "u=bob&p=x1y2"), login("username=bob", "x1y2")},
		{"j_username", formPost("/app/j_security_check", "j_username=bob&j_password=x1y2"), login("username=bob", "x1y2")},
		{"a submit button called login", formPost("/dologin", "my_username=bob&my_password=x1y2&login=Login"), login("username=bob", "x1y2")},
		{"content type missing", asked("POST /login", "", "username=bob&password=s3cret+word"), bob},
		{"content type wrong", asked("POST /login", "application/octet-stream", "username=bob&password=s3cret+word"), bob},
		{"any path", formPost("/", "username=bob&password=s3cret+word"), bob},
		{"flat JSON", jsonPost("/api/login", `{"email":"a@x.test","password":"s3cret"}`), in(mail, FormatJSON)},
		{"nested JSON", jsonPost("/login", `{"user":{"email":"a@x.test","password":"s3cret"}}`), mail},
		{"JSON in an array", jsonPost("/trpc/auth.login?batch=1", `{"0":{"json":{"email":"a@x.test","password":"s3cret"}}}`), mail},
		{"JSON escapes", jsonPost("/login", `{"\u0065mail":"a\u0040x.test","pass\u0077ord":"s3\u0063ret"}`), mail},
		{"JSON as text/plain", asked("POST /login", "text/plain;charset=UTF-8", `{"email":"a@x.test","password":"s3cret"}`), mail},
		{"JSON as form", formPost("/login", `{"email":"a@x.test","password":"s3cret"}`), in(mail, FormatJSON)},
		{"JSON with byte order mark", jsonPost("/login", "\xef\xbb\xbf {\"email\":\"a@x.test\",\"password\":\"s3cret\"}"), mail},
		{"JSON numbers keep their text", jsonPost("/login", `{"userId":12345678901234567890,"password":1.0}`), login("username=12345678901234567890", "1.0")},
		{"names without regard to case", jsonPost("/login", `{"EMAIL":"a@x.test","pAsSwOrD":"s3cret"}`), mail},
		{"a long s in the name, as encoding/json takes it", jsonPost("/login", `{"email":"a@x.test","paſſword":"s3cret"}`), mail},
		{"name cut at NUL, as PHP takes it", formPost("/", "username=bob&pwd%00x=x1y2"), login("username=bob", "x1y2")},
		{"GraphQL variables", jsonPost("/graphql", `{"operationName":"Login","variables":{"input":{"email":"a@x.test","password":"s3cret"}},"query":"mutation Login($input: In!) { login(input: $input) { token } }"}`), mail},
		{"JSON-RPC", asked("POST /api", "application/json-rpc", `{"jsonrpc":"2.0","method":"user.login","params":{"user":"bob","password":"x1y2"},"id":1}`), login("username=bob", "x1y2")},
		{"multipart", asked("POST /login", "multipart/form-data; boundary=XX", multipartBody(`name="email"`, "a@x.test", `name="password"`, "s3cret")), in(mail, FormatMultipart)},
		{"multipart without boundary in the header", asked("POST /login", "multipart/form-data", multipartBody(`name="email"`, "a@x.test", `name="password"`, "s3cret")), mail},
		{"multipart with a wrong boundary", asked("POST /login", "multipart/form-data; boundary=YY", multipartBody(`name="email"`, "a@x.test", `name="password"`, "s3cret")), mail},
		{"multipart with unquoted names and a file", asked("POST /login", "multipart/form-data; boundary=XX", multipartBody(`name=avatar; filename="password"`, "x", `name=email`, "a@x.test", `name=password`, "s3cret")), mail},
		{"JSON in a multipart field", asked("POST /api/users/login", "multipart/form-data; boundary=XX", multipartBody(`name="_payload"`, `{"email":"a@x.test","password":"s3cret"}`)), mail},
		{"query of a POST", asked("POST /login?username=bob&password=s3cret+word", "", ""), query},
		{"query of a GET", asked("GET /feed?username=bob&password=s3cret+word", "", ""), query},
		{"body of a GET", asked("GET /login", formType, "username=bob&password=s3cret+word"), bob},
		{"gzip", with(formPost("/login", packed("username=bob&password=s3cret+word", false)), "Content-Encoding", "gzip"), bob},
		{"deflate", with(formPost("/login", packed("username=bob&password=s3cret+word", true)), "Content-Encoding", "deflate"), bob},
		{"encoding named but not used", with(formPost("/login", "username=bob&password=s3cret+word"), "Content-Encoding", "gzip"), bob},
		{"unknown encoding named but not used", with(formPost("/login", "username=bob&password=s3cret+word"), "Content-Encoding", "br"), bob},
		{"password grant", formPost("/oauth/token", "grant_type=password&username=bob&password=x1y2&client_id=c&client_secret=s"), login("username=bob", "x1y2")},
		{"password grant with client authentication", with(formPost("/oauth2/token", "grant_type=password&username=bob&password=x1y2"), "Authorization", basicAuth("client:secret")), login("username=bob", "x1y2")},
		{"password grant in the query", jsonPost("/token?grant_type=password", `{"email":"a@x.test","password":"s3cret"}`), mail},
		{"PUT to an own resource", asked("PUT /-/user/org.couchdb.user:bob", "application/json", `{"name":"bob","password":"x1y2","roles":[]}`), login("username=bob", "x1y2")},
		{"not UTF-8", formPost("/login", "username=b%ff&password=%fe%fd"), login("username=b\xff", "\xfe\xfd")},
	})
}

func TestBasicAndDigest(t *testing.T) {
	t.Parallel()
	get := func(auth string) *Request { return with(asked("GET /reports", "", ""), "Authorization", auth) }
	basic := func(secret string) wantAttempt {
		w := login("username=bob", secret)
		w.format = FormatBasic
		return w
	}
	malformed := wantAttempt{kind: config.KindLogin, format: FormatBasic, missing: true}
	noPassword := malformed
	noPassword.ids = []string{"username=bob"}
	noUser := malformed
	noUser.secrets = []string{"x"}
	digest := wantAttempt{kind: config.KindLogin, format: FormatDigest, ids: []string{"username=bo\"b"}, secrets: []string{"6629fae4"}}
	checkRows(t, []attemptRow{
		{"first colon splits", get(basicAuth("bob:s:x")), basic("s:x")},
		{"lower case", get("basic " + basicAuth("bob:s")[6:]), basic("s")},
		{"scheme within a word", get("XBasicY " + basicAuth("bob:s")[6:]), basic("s")},
		{"several spaces, no padding, foreign characters", get("Basic    Ym9i.On!M"), basic("s")},
		{"the alphabet of URLs", get("Basic Pz8_Ojx-Pg"), wantAttempt{kind: config.KindLogin, ids: []string{"username=???"}, secrets: []string{"<~>"}}},
		{"not UTF-8", get(basicAuth("bob:\xff\xfe")), basic("\xff\xfe")},
		{"no colon", get(basicAuth("bob")), malformed},
		{"one token", get("Basic"), malformed},
		{"empty password", get(basicAuth("bob:")), noPassword},
		{"empty user", get(basicAuth(":x")), noUser},
		{"empty both", get(basicAuth(":")), malformed},
		{"on a logout path", with(formPost("/logout", "a=b"), "Authorization", basicAuth("bob:s")), basic("s")},
		{"beside a name in the body", with(jsonPost("/repos", `{"name":"via-api"}`), "Authorization", basicAuth("bob:s")), basic("s")},
		{"HEAD", with(asked("HEAD /", "", ""), "Authorization", basicAuth("bob:s")), basic("s")},
		{"digest", get(`Digest username="bo\"b", realm="r, s", nonce="n", uri="/", response="6629fae4", qop=auth`), digest},
		{"digest without response", get(`Digest username="bob"`), wantAttempt{kind: config.KindLogin, format: FormatDigest, ids: []string{"username=bob"}, missing: true}},
		{"digest user in UTF-8", get(`Digest username*=UTF-8''J%C3%A4s%C3%B8n+1, response=x`), wantAttempt{kind: config.KindLogin, ids: []string{"username=Jäsøn+1"}, secrets: []string{"x"}}},
		{"a password in a header of its own", with(asked("GET /auth", "", ""), "Password", "x1"), wantAttempt{kind: config.KindLogin, format: FormatHeader, secrets: []string{"x1"}}},
		{"a header that browsers leave alone", with(asked("POST /jsonrpc", "application/json", `{"method":"version","params":[]}`), "X-Authorization", basicAuth("bob:s")), basic("s")},
		{"bearer", get("Bearer abc"), wantAttempt{}},
		{"negotiate", get("Negotiate abc"), wantAttempt{}},
		{"none", asked("GET /reports", "", ""), wantAttempt{}},
	})
}

// The decoys of H5: whatever stands beside the guess, every guess is a new one.
func TestDecoysDoNotHideGuesses(t *testing.T) {
	t.Parallel()
	const guess, victim = "GUESS", "victim@x.test"
	for _, row := range []struct {
		name string
		make func(guess string) *Request
	}{
		{"decoy field before", func(g string) *Request { return formPost("/login", "email="+victim+"&password=CONST&pwd="+g) }},
		{"decoy field after", func(g string) *Request { return formPost("/login", "email="+victim+"&pwd="+g+"&password=CONST") }},
		{"query and body", func(g string) *Request {
			return formPost("/login?password=CONST&email="+victim, "email="+victim+"&password="+g)
		}},
		{"Basic and form", func(g string) *Request {
			return with(formPost("/login", "email="+victim+"&password="+g), "Authorization", basicAuth("x:CONST"))
		}},
		{"form and Basic guess", func(g string) *Request {
			return with(formPost("/login", "email=x@x.test&password=CONST"), "Authorization", basicAuth(victim+":"+g))
		}},
		{"duplicate JSON keys", func(g string) *Request {
			return jsonPost("/login", `{"email":"`+victim+`","password":"CONST","password":"`+g+`"}`)
		}},
		{"duplicate form fields", func(g string) *Request {
			return formPost("/login", "email="+victim+"&password="+g+"&password=CONST")
		}},
		{"decoy object", func(g string) *Request {
			return jsonPost("/login", `{"user":{"email":"`+victim+`","password":"CONST"},"email":"`+victim+`","password":"`+g+`"}`)
		}},
		{"confirmation field on a login page", func(g string) *Request {
			return formPost("/login", "email="+victim+"&password="+g+"&password_confirmation=CONST")
		}},
		{"guess in the confirmation field of a login page", func(g string) *Request {
			return formPost("/login", "email="+victim+"&password_confirmation="+g+"&password=CONST")
		}},
		{"old and new password on a login page", func(g string) *Request {
			return formPost("/login", "email="+victim+"&password="+g+"&current_password=CONST&new_password=CONST")
		}},
		{"JSON body that is also a form", func(g string) *Request {
			return formPost("/login", `{"a":1}&email=`+victim+"&password="+g+"&pwd=CONST")
		}},
		{"multipart twice", func(g string) *Request {
			return asked("POST /login", "multipart/form-data; boundary=XX", multipartBody(`name="email"`, victim, `name="password"`, "CONST", `name="password"`, g))
		}},
		{"more fields than are kept", func(g string) *Request {
			var b strings.Builder
			for i := range 2 * maxCandidates {
				b.WriteString("&pass=" + strings.Repeat("c", i+1))
			}
			return formPost("/login", "email="+victim+b.String()+"&password="+g)
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			seen := map[string]bool{}
			for i := range 100 {
				g := guess + strings.Repeat("x", i)
				c, ok := Automatic(row.make(g))
				if !ok || c.Kind != config.KindLogin {
					t.Fatalf("guess %d: kind %q, want login", i, c.Kind)
				}
				if !c.Ambiguous {
					t.Fatalf("guess %d is not ambiguous: secrets %q", i, secretTexts(c))
				}
				if !strings.Contains(strings.Join(identityTexts(c), " "), victim) {
					t.Fatalf("guess %d does not charge the victim: %q", i, identityTexts(c))
				}
				seen[strings.Join(secretTexts(c), "\x00")] = true
			}
			if row.name != "more fields than are kept" && len(seen) != 100 {
				t.Errorf("%d distinct fingerprints of 100 guesses", len(seen))
			}
		})
	}
}

func TestIdentifiersThatCompete(t *testing.T) {
	t.Parallel()
	two := func(a, b string) wantAttempt {
		return wantAttempt{kind: config.KindLogin, ids: []string{a, b}, secrets: []string{"x1"}, ambiguous: true}
	}
	three := two("email=a@x.test", "username=bob")
	three.crowd, three.guesses = true, 3
	checkRows(t, []attemptRow{
		{"one field twice", formPost("/login", "email=a@x.test&email=b@x.test&password=x1"), two("email=a@x.test", "email=b@x.test")},
		{"one field twice, same value", formPost("/login", "email=a@x.test&email=a@x.test&password=x1"), login("email=a@x.test", "x1")},
		{"array", jsonPost("/login", `{"email":["a@x.test","b@x.test"],"password":"x1"}`), two("email=a@x.test", "email=b@x.test")},
		{"decoy of another name", formPost("/login", "email=a@x.test&username=bob&password=x1"), two("email=a@x.test", "username=bob")},
		{"same value under two names", formPost("/login", "username=a@x.test&email=a@x.test&password=x1"), login("email=a@x.test", "x1")},
		{"a bare name beside", formPost("/", "email=a@x.test&name=bob&password=x1"), two("email=a@x.test", "username=bob")},
		{"a bare name alone", formPost("/", "name=bob&password=x1"), login("username=bob", "x1")},
		{"more than two", formPost("/login", "email=a@x.test&username=bob&login=eve&password=x1"), three},
		{"an identifier of somebody else", jsonPost("/login", `{"user":{"email":"a@x.test","password":"x1"},"referrer":{"email":"b@x.test"}}`), login("email=a@x.test", "x1")},
		{"an id beside", jsonPost("/login", `{"id":7,"username":"bob","password":"x1"}`), login("username=bob", "x1")},
		{"fields that name nobody", formPost("/login", "username=bob&password=x1&csrf_token=c&redirect_to=/a&user_agent=u&client_id=9&device_name=d&remember_me=1"), login("username=bob", "x1")},
	})
}

func TestHostileAndMissingValues(t *testing.T) {
	t.Parallel()
	hostile := wantAttempt{kind: config.KindLogin, hostile: true}
	withSecret := hostile
	withSecret.ids, withSecret.secrets = []string{"email=a@x.test"}, []string{""}
	withSecret.secrets = nil
	missing := wantAttempt{kind: config.KindLogin, ids: []string{"email=a@x.test"}, missing: true}
	noUser := wantAttempt{kind: config.KindLogin, secrets: []string{"x1"}, missing: true}
	checkRows(t, []attemptRow{
		{"operators for both", jsonPost("/login", `{"email":{"$gt":""},"password":{"$gt":""}}`), hostile},
		{"operator in a form", formPost("/login", "email=a@x.test&password[$ne]="), withSecret},
		{"operator with a value", formPost("/login", "email=a@x.test&password[$regex]=^a"), wantAttempt{kind: config.KindLogin, ids: []string{"email=a@x.test"}, secrets: []string{"^a"}, hostile: true}},
		{"empty array", jsonPost("/login", `{"email":"a@x.test","password":[]}`), withSecret},
		{"true as password", jsonPost("/login", `{"email":"a@x.test","password":true}`), wantAttempt{kind: config.KindLogin, ids: []string{"email=a@x.test"}, secrets: []string{"true"}, hostile: true}},
		{"empty password", formPost("/login", "email=a@x.test&password="), missing},
		{"null password", jsonPost("/login", `{"email":"a@x.test","password":null}`), missing},
		{"nothing but a user name on a login path", jsonPost("/login", `{"username":"bob"}`), wantAttempt{kind: config.KindLogin, ids: []string{"username=bob"}, missing: true}},
		{"nothing but an address, which may ask for a link", formPost("/login", "email=a@x.test"), wantAttempt{}},
		{"the first step of a login", formPost("/login", "username=bob&csrf_token=t"), wantAttempt{}},
		{"empty user", formPost("/login", "email=+&password=x1"), noUser},
		{"empty p", formPost("/", "u=bob&p="), wantAttempt{kind: config.KindLogin, ids: []string{"username=bob"}, missing: true}},
	})
}

func TestRequestsThatAreNoAttempt(t *testing.T) {
	t.Parallel()
	rows := []attemptRow{}
	for name, r := range map[string]*Request{
		"a page":                       asked("GET /login", "", ""),
		"a page of a search":           asked("GET /list?u=3&p=2&q=password", "", ""),
		"a comment":                    formPost("/comments", "name=bob&email=a@x.test&comment=my+password+is+x"),
		"a newsletter":                 formPost("/newsletter", "email=a@x.test"),
		"words that only contain pass": formPost("/visa", "email=a@x.test&passport_number=X1&bypass=1&secretary=eve&compass=n"),
		"settings about passwords":     formPost("/config", "email=a@x.test&password_policy=strict&password_hint=cat&show_password=1&remember_password=1"),
		"client credentials":           formPost("/oauth/token", "grant_type=client_credentials&client_id=c&client_secret=s"),
		"token looked up by a client":  with(formPost("/oauth/introspect", "token=t"), "Authorization", basicAuth("client:secret")),
		"client credentials in Basic":  with(formPost("/oauth/token", "grant_type=client_credentials"), "Authorization", basicAuth("client:secret")),
		"refresh token":                with(formPost("/oauth/token", "grant_type=refresh_token&refresh_token=t"), "Authorization", basicAuth("client:secret")),
		"authorization code":           formPost("/token", "grant_type=authorization_code&code=c&client_id=x"),
		"admin adds a user":            formPost("/admin/auth/user/add/", "username=bob&password1=x1&password2=x1"),
		"admin edits a user":           asked("PUT /api/users/5", "application/json", `{"email":"a@x.test","password":"x1"}`),
		"profile with a filled field":  formPost("/profile", "email=a@x.test&password=x1"),
		"enabling a second factor":     jsonPost("/users/me/tfa/enable", `{"otp":"123456"}`),
		"preflight":                    asked("OPTIONS /logout", "", ""),
		"head of a logout":             asked("HEAD /logout", "", ""),
		"password alone elsewhere":     formPost("/posts/7/unlockpost", "post_password=x1"),
		"p and a page":                 asked("GET /thread?u=5&p=2", "", ""),
		"unreadable upload":            asked("POST /upload", "application/octet-stream", "\x00\x01\x02\x03"),
	} {
		rows = append(rows, attemptRow{name: name, req: r})
	}
	checkRows(t, rows)
}

func TestClientAuthenticationIsNoDisguise(t *testing.T) {
	t.Parallel()
	if c, _ := Automatic(with(formPost("/oauth/revoke", "token=t"), "Authorization", basicAuth("client:secret"))); c.Kind != config.KindLogout {
		t.Errorf("token revoked by a client: %s, want logout", c.Kind)
	}
	for target, body := range map[string]string{"/reports": "token=t", "/oauth/introspect": "x=t"} {
		if c, _ := Automatic(with(formPost(target, body), "Authorization", basicAuth("bob:x1"))); c.Kind != config.KindLogin {
			t.Errorf("Basic credentials at %s with %s: %s, want login", target, body, c.Kind)
		}
	}
	c, ok := Automatic(with(formPost("/reports", "grant_type=client_credentials"), "Authorization", basicAuth("bob:x1")))
	login("username=bob", "x1").check(t, c, ok)
	c, ok = Automatic(formPost("/login?grant_type=refresh_token", "email=a@x.test&password=x1&grant_type=refresh_token"))
	login("email=a@x.test", "x1").check(t, c, ok)
}

// H8: what could not be read is not taken for nothing on a login page.
func TestBodiesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	unread := wantAttempt{kind: config.KindLogin, uninspectable: true}
	cut := unread // there may be more, so what there is may be a decoy (H5, H8)
	cut.ambiguous = true
	cutBehind := login("email=a@x.test", "x1")
	cutBehind.ambiguous, cutBehind.uninspectable = true, true
	padded := formPost("/login", "pad="+strings.Repeat("x", 1000))
	padded.Complete = false
	half := formPost("/login", "email=a@x.test&pad=x")
	half.Complete = false
	halfWant := cut
	halfWant.ids = []string{"email=a@x.test"}
	whole := formPost("/login", "email=a@x.test&password=x1&pad=x")
	whole.Complete = false
	elsewhere := formPost("/upload", "pad="+strings.Repeat("x", 1000))
	elsewhere.Complete = false
	deep := jsonPost("/login", `{"email":"a@x.test","x":`+strings.Repeat("[", maxJSONDepth+1)+strings.Repeat("]", maxJSONDepth+1)+`,"password":"x1"}`)
	hidden := jsonPost("/login", strings.Repeat(`{"a":`, maxJSONDepth+1)+`{"email":"a@x.test","password":"x1"}`+strings.Repeat("}", maxJSONDepth+1))
	bomb := with(formPost("/login", packed("pad="+strings.Repeat("x", 10<<20)+"&email=a@x.test&password=x1", false)), "Content-Encoding", "gzip")
	cutGzip := with(formPost("/login", packed("email=a@x.test&password=x1", false)[:25]), "Content-Encoding", "gzip")
	wide := "e\x00m\x00a\x00i\x00l\x00=\x00a\x00"
	checkRows(t, []attemptRow{
		{"padding before the credentials", padded, cut},
		{"cut before the password", half, halfWant},
		{"cut behind the credentials", whole, cutBehind},
		{"cut elsewhere", elsewhere, wantAttempt{}},
		{"depth beside the credentials", deep, cutBehind},
		{"credentials too deep", hidden, cut},
		{"more pairs than are looked at", formPost("/login", strings.Repeat("a&", maxPairs+1)+"email=a@x.test&password=x1"), cut},
		{"zip bomb", bomb, cut},
		{"cut gzip", cutGzip, halfWant},
		{"unknown encoding", with(formPost("/login", "\x1b\x05\x00\x00"), "Content-Encoding", "br"), unread},
		{"UTF-16", jsonPost("/login", wide), unread},
		{"UTF-16 declared", asked("POST /login", "application/json; charset=utf-16le", `{"email":"a@x.test","password":"x1"}`), unread},
		{"EBCDIC declared", asked("POST /login", formType+"; charset=ibm037", "email=a@x.test&password=x1"), unread},
		{"binary on a login path", asked("POST /Auth/SignIn", "application/octet-stream", "\x00\x05alice\x12\x03pwd"), unread},
		{"no protobuf message", asked("POST /Auth/SignIn", "application/proto", "\x0a\x45alice\x12\x03pwd"), unread},
	})
	latin := asked("POST /login", formType+"; charset=ISO-8859-1", "email=a@x.test&password=x1")
	checkRows(t, []attemptRow{{"Latin declared", latin, login("email=a@x.test", "x1")}})
}
