package recognize

import (
	"testing"

	"github.com/doorward/doorward/config"
)

func TestKinds(t *testing.T) {
	t.Parallel()
	const user = "email=a@x.test&password=x1"
	for _, row := range []struct {
		name string
		req  *Request
		want config.Kind
	}{
		{"login", formPost("/login", user), config.KindLogin},
		{"sign_in", formPost("/users/sign_in", user), config.KindLogin},
		{"SignIn", formPost("/api.v1.AuthService/SignIn", user), config.KindLogin},
		{"admin login", formPost("/admin/login", user), config.KindLogin},
		{"session", jsonPost("/api/admin/session", `{"username":"a","password":"x1"}`), config.KindLogin},
		{"auth with password", jsonPost("/api/collections/users/auth-with-password", `{"identity":"a","password":"x1"}`), config.KindLogin},
		{"auth/password", jsonPost("/rest/auth/password", `{"username":"a","password":"x1"}`), config.KindLogin},
		{"password alone", formPost("/login", "password=x1"), config.KindLogin},
		{"login below another page", formPost("/registration/login", user), config.KindLogin},

		{"register", formPost("/register", user), config.KindSignup},
		{"sign-up", formPost("/sign-up", user), config.KindSignup},
		{"local register", jsonPost("/api/auth/local/register", `{"username":"a","email":"a@x.test","password":"x1"}`), config.KindSignup},
		{"users", formPost("/users", "user[email]=a@x.test&user[password]=x1&user[password_confirmation]=x1"), config.KindSignup},
		{"users by JSON", jsonPost("/api/users", `{"email":"a@x.test","password":"x1"}`), config.KindSignup},
		{"confirmation anywhere", formPost("/index.php", "email=a@x.test&password=x1&password2=x1"), config.KindSignup},
		{"operation in the query", formPost("/ucp.php?mode=register", user), config.KindSignup},
		{"signup without password", formPost("/wp-login.php?action=register", "user_login=bob&user_email=a@x.test"), config.KindSignup},
		{"setup of the first account", jsonPost("/rest/owner/setup", `{"email":"a@x.test","password":"x1"}`), config.KindSignup},
		{"invitation", jsonPost("/rest/invitations/5/accept", `{"firstName":"A","password":"x1"}`), config.KindSignup},
		{"GraphQL signup", jsonPost("/graphql", `{"variables":{"email":"a@x.test","password":"x1"},"query":"mutation S($e: E) { register(email: $e) { id } }"}`), config.KindSignup},

		// What the client chooses does not take a login away.
		{"decoy operation", formPost("/login.php?action=register", user), config.KindLogin},
		{"decoy confirmation", formPost("/login", user+"&password_confirmation=x1"), config.KindLogin},
		{"decoy path info", formPost("/login.php/register", user), config.KindLogin},
		{"decoy path parameter", formPost("/login;register", user), config.KindLogin},
		{"decoy logout field", formPost("/", user+"&logout=1"), config.KindLogin},
		{"decoy GraphQL name", jsonPost("/graphql", `{"operationName":"Register","variables":{"email":"a@x.test","password":"x1"},"query":"mutation Register($e: E) { register: login(email: $e) { id } }"}`), config.KindLogin},

		{"change", formPost("/account/change-password", "current_password=x1&new_password=x2&confirm_password=x2"), config.KindPasswordChange},
		{"change by fields", formPost("/index.php", "old_password=x1&new_password=x2"), config.KindPasswordChange},
		{"change of an own record", asked("PATCH /users/me", "application/json", `{"password":"x2"}`), config.KindPasswordChange},
		{"change with the profile", formPost("/users", "_method=put&user[email]=a@x.test&user[password]=x2&user[password_confirmation]=x2&user[current_password]=x1"), config.KindPasswordChange},

		{"reset request", formPost("/password/forgot", "email=a@x.test"), config.KindResetRequest},
		{"lostpassword in the query", formPost("/wp-login.php?action=lostpassword", "user_login=bob"), config.KindResetRequest},
		{"reset request at password/email", formPost("/password/email", "email=a@x.test"), config.KindResetRequest},
		{"reset", jsonPost("/auth/password/reset", `{"token":"t","password":"x2"}`), config.KindReset},
		{"reset with confirmation", formPost("/users/password", "_method=put&user[reset_password_token]=t&user[password]=x2&user[password_confirmation]=x2"), config.KindReset},

		{"logout", asked("GET /logout", "", ""), config.KindLogout},
		{"sign_out", asked("DELETE /users/sign_out", "", ""), config.KindLogout},
		{"DELETE session", asked("DELETE /session", "", ""), config.KindLogout},
		{"logout in the query", asked("GET /index.php?action=logout", "", ""), config.KindLogout},
		{"logout as operation", asked("POST /account?/logout", "", ""), config.KindLogout},
		{"logout field", formPost("/", "logout=Logout&token=t"), config.KindLogout},
		{"logoff", asked("POST /Account/LogOff", "", ""), config.KindLogout},

		{"otp", formPost("/login/otp", "otp=123456"), config.KindMFA},
		{"code at 2fa", jsonPost("/auth/2fa/verify", `{"code":"123456"}`), config.KindMFA},
		{"otp on the login page", formPost("/users/sign_in", "user[otp_attempt]=123456"), config.KindMFA},
		{"one-time password as password", jsonPost("/auth-with-otp", `{"otpId":"i","password":"123456"}`), config.KindMFA},
		{"otp beside the password", jsonPost("/auth/login", `{"email":"a@x.test","password":"x1","otp":"123456"}`), config.KindLogin},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, ok := Automatic(row.req)
			if !ok || c.Kind != row.want {
				t.Errorf("kind = %q, want %q (evidence %q)", c.Kind, row.want, c.Evidence)
			}
			if need := MayCarry(row.req.Method, row.req.Path, row.req.RawQuery, row.req.Header, int64(len(row.req.Body))); need == NeedNothing {
				t.Error("MayCarry says it needs nothing")
			}
		})
	}
}

func TestANameAloneMayBeAFirstStep(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{
		"username=bob":              true,
		"username=bob&password=":    false, // the field is there
		"username=bob&password=x1":  false,
		"username=bob&remember=yes": false,
	} {
		if c, _ := Automatic(formPost("/login", body)); c.NameOnly != want {
			t.Errorf("%s: name only %t, want %t", body, c.NameOnly, want)
		}
	}
}

func TestWhatASignupNames(t *testing.T) {
	t.Parallel()
	checkRows(t, []attemptRow{
		{
			"email and user name are one user", formPost("/register", "username=bob&email=a@x.test&password=x1&password_confirmation=x1"),
			wantAttempt{kind: config.KindSignup, ids: []string{"email=a@x.test,username=bob"}, secrets: []string{"x1"}},
		},
		{
			"a wrong confirmation is left out", formPost("/register", "username=bob&password=x1&password_confirmation=x2"),
			wantAttempt{kind: config.KindSignup, ids: []string{"username=bob"}, secrets: []string{"x1"}},
		},
		{
			"the confirmed address is left out", formPost("/register", "email=a@x.test&email_confirmation=b@x.test&password=x1"),
			wantAttempt{kind: config.KindSignup, ids: []string{"email=a@x.test"}, secrets: []string{"x1"}},
		},
		{
			"names of the person do not name the user", formPost("/register", "name=Bob+B&first_name=Bob&email=a@x.test&password=x1"),
			wantAttempt{kind: config.KindSignup, ids: []string{"email=a@x.test"}, secrets: []string{"x1"}},
		},
		{
			"repeated field of a framework", formPost("/register", "form[email]=a@x.test&form[plainPassword][first]=x1&form[plainPassword][second]=x1"),
			wantAttempt{kind: config.KindSignup, ids: []string{"email=a@x.test"}, secrets: []string{"x1"}},
		},
		{
			"two addresses", formPost("/register", "username=bob&email=a@x.test&email=b@x.test&password=x1"),
			wantAttempt{kind: config.KindSignup, ids: []string{"email=a@x.test,username=bob", "email=b@x.test,username=bob"}, secrets: []string{"x1"}, ambiguous: true},
		},
		{
			"old and new are both kept in a change", formPost("/change-password", "old_password=x1&new_password=x2&repeat_password=x2"),
			wantAttempt{kind: config.KindPasswordChange, secrets: []string{"x1", "x2"}},
		},
	})
}

func TestConfidence(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		req  *Request
		want float32
	}{
		{"fields on a login path", formPost("/login", "email=a@x.test&password=x1"), sureLoginPath},
		{"fields elsewhere", formPost("/", "email=a@x.test&password=x1"), sureFields},
		{"auth path", formPost("/api/auth/local", "email=a@x.test&password=x1"), sureAuthPath},
		{"password alone", formPost("/login", "password=x1"), surePasswordOnly},
		{"Basic", with(asked("GET /", "", ""), "Authorization", basicAuth("a:b")), sureHeader},
		{"protobuf", asked("POST /api.Auth/Login", "application/proto", "\x0a\x03bob\x12\x02x1"), sureOrder},
		{"call", jsonPost("/rpc", `{"jsonrpc":"2.0","method":"login","params":["bob","x1"]}`), sureLoginPath},
		{"header", with(asked("GET /auth", "", ""), "Password", "x1"), sureHeader},
		{"unread", asked("POST /login", "application/octet-stream", "\x00\x05alice"), sureGuess},
	} {
		c, _ := Automatic(row.req)
		if c.Confidence != row.want {
			t.Errorf("%s: confidence = %v, want %v", row.name, c.Confidence, row.want)
		}
	}
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	long := ""
	for range 50 {
		long += "/abcdefgh"
	}
	for path, want := range map[string]string{
		"/login":          "/login",
		"/":               "/",
		"/users/42/login": "/users/*/login",
		"/t/3f2504e0-4f89-11d3-9a0c-0305e82c3301/login": "/t/*/login",
		"/t/9f86d081884c7d65/x":                         "/t/*/x",
		"/-/user/org.couchdb.user:bob":                  "/-/user/*",
		"/a/bob@x.test/b":                               "/a/*/b",
		"/a/\x00\xff/b":                                 "/a/*/b",
		"/session/kXq8Zr2LmN4pV7tY1":                    "/session/*",
		"/wp-login.php":                                 "/wp-login.php",
		long:                                            "/abcdefgh/abcdefgh/abcdefgh/abcdefgh/abcdefgh/abcdefgh/abcdefgh/abcdefgh/*",
	} {
		if got := generalise(path); got != want {
			t.Errorf("generalise(%.60q) = %q, want %q", path, got, want)
		}
	}
	c, _ := Automatic(jsonPost("/graphql", `{"operationName":"L","variables":{"email":"a@x.test","password":"x1"},"query":"mutation L { login { id } }"}`))
	if c.Route != "/graphql#login" {
		t.Errorf("route of a GraphQL login = %q", c.Route)
	}
	c, _ = Automatic(jsonPost("/api", `{"jsonrpc":"2.0","method":"user.login","params":{"user":"bob","password":"x"},"id":1}`))
	if c.Route != "/api#user.login" {
		t.Errorf("route of a JSON-RPC login = %q", c.Route)
	}
}

func TestScriptOf(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]struct {
		script string
		more   bool
	}{
		"/index.php/admin/users":  {"/index.php", true},
		"/app/login.ASPX/x":       {"/app/login.ASPX", true},
		"/index.php":              {"/index.php", false},
		"/index.php/":             {"/index.php", true},
		"/users/edit":             {"/users/edit", false},
		"/a.php/b.php/c":          {"/a.php", true},
		"/":                       {"/", false},
		"":                        {"", false},
		"no-slash.php/admin":      {"no-slash.php", true},
		"//index.php//admin/edit": {"//index.php", true},
	} {
		if script, more := ScriptOf(path); script != want.script || more != want.more {
			t.Errorf("%q: %q, %t; want %q, %t", path, script, more, want.script, want.more)
		}
	}
}
