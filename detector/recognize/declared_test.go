package recognize

import (
	"net/http"
	"strings"
	"testing"

	"github.com/doorward/doorward/config"
)

var loginRoute = config.Route{
	Kind: config.KindLogin, Method: "POST", Path: "/session",
	Identifiers: []config.Field{
		{Name: "email", From: config.PlaceForm, Key: "user[email]"},
		{Name: "platform_id", From: config.PlaceHost},
	},
	Password: &config.Field{From: config.PlaceForm, Key: "user[secret]"},
}

func TestRouteMatches(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name         string
		method, path string
		line         string
		auth         string
		want         bool
	}{
		{"method and path", "POST", "/login", "POST /login", "", true},
		{"other method", "POST", "/login", "PUT /login", "", false},
		{"other path", "POST", "/login", "POST /logins", "", false},
		{"path below", "POST", "/login", "POST /login/x", "", false},
		{"slash at the end", "POST", "/login", "POST /login/", "", true},
		{"declared with a slash at the end", "POST", "/login/", "POST /login", "", true},
		{"capitals", "POST", "/login", "POST /LoGin", "", true},
		{"slashes", "POST", "/login", "POST ///login", "", true},
		{"prefix in capitals", "POST", "/api/*", "POST /API//login", "", true},
		{"prefix", "POST", "/api/*", "POST /api/login", "", true},
		{"prefix elsewhere", "POST", "/api/*", "POST /login", "", false},
		{"any path", "POST", "", "POST /x", "", true},
		{"default method", "", "/login", "PATCH /login", "", true},
		{"page", "", "/login", "GET /login", "", false},
		{"Basic on a page", "", "/login", "GET /login", "Basic eDp5", true},
		{"Basic with a declared method", "POST", "/login", "GET /login", "Basic eDp5", false},
		{"Bearer on a page", "", "/login", "GET /login", "Bearer x", false},
	} {
		r := asked(row.line, "", "")
		if row.auth != "" {
			with(r, "Authorization", row.auth)
		}
		if got := RouteMatches(r, &config.Route{Kind: config.KindLogin, Method: row.method, Path: row.path}); got != row.want {
			t.Errorf("%s: %t, want %t", row.name, got, row.want)
		}
	}
}

func TestDeclaredFields(t *testing.T) {
	t.Parallel()
	both := wantAttempt{kind: config.KindLogin, ids: []string{"email=a@x.test,platform_id=shop.test"}, secrets: []string{"x1"}}
	missing := wantAttempt{kind: config.KindLogin, missing: true}
	noID := missing
	noID.secrets = []string{"x1"}
	unread := wantAttempt{kind: config.KindLogin, uninspectable: true}
	uninspectable := unread
	uninspectable.ambiguous = true
	decoyFirst := formPost("/session", "user[email]=a@x.test&user[secret]=x1&pad=x")
	decoyFirst.Complete = false
	behindDecoy := both
	behindDecoy.ambiguous, behindDecoy.uninspectable = true, true
	two := wantAttempt{
		kind: config.KindLogin, secrets: []string{"x1"}, ambiguous: true,
		ids: []string{"email=a@x.test,platform_id=shop.test", "email=b@x.test,platform_id=shop.test"},
	}
	decoy := both
	decoy.secrets, decoy.ambiguous = []string{"CONST", "x1"}, true
	inQuery := both
	inQuery.inQuery = true
	cut := formPost("/session", "pad=x")
	cut.Complete = false
	for _, row := range []attemptRow{
		{"form", formPost("/session", "user[email]=a@x.test&user[secret]=x1"), both},
		{"nested JSON for form fields", jsonPost("/session", `{"user":{"email":"a@x.test","secret":"x1"}}`), both},
		{"multipart", asked("POST /session", "multipart/form-data; boundary=XX", multipartBody(`name="user[email]"`, "a@x.test", `name="user[secret]"`, "x1")), both},
		{"query", asked("POST /session?user[email]=a@x.test&user[secret]=x1", "", ""), inQuery},
		{"other fields name nobody", formPost("/session", "user[email]=a@x.test&user[secret]=x1&username=eve"), both},
		{"duplicate identifier", formPost("/session", "user[email]=a@x.test&user[email]=b@x.test&user[secret]=x1"), two},
		{"decoy password", formPost("/session", "user[email]=a@x.test&password=CONST&user[secret]=x1"), decoy},
		{"something else's Basic", with(formPost("/session", "user[email]=a@x.test&user[secret]=x1"), "Authorization", basicAuth("staging:x")), both},
		{"empty password", formPost("/session", "user[email]=a@x.test&user[secret]="), wantAttempt{kind: config.KindLogin, ids: both.ids, missing: true}},
		{"host alone is nobody", formPost("/session", "user[secret]=x1"), noID},
		{"nothing", formPost("/session", "a=b"), missing},
		{"cut", cut, uninspectable},
		{"cut behind credentials", decoyFirst, behindDecoy},
		{"unreadable", asked("POST /session", "application/proto", "\x0a\x01\x02"), unread},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, ok := Declared(row.req, &loginRoute)
			row.want.check(t, c, ok)
			if c.Declared != &loginRoute || c.Route != "/session" || c.Confidence != 1 {
				t.Errorf("declared %p, route %q, confidence %v", c.Declared, c.Route, c.Confidence)
			}
		})
	}
}

func TestDeclaredPlaces(t *testing.T) {
	t.Parallel()
	field := func(name string, from config.Place, key string) config.Field {
		return config.Field{Name: name, From: from, Key: key}
	}
	for _, row := range []struct {
		name  string
		req   *Request
		route config.Route
		want  wantAttempt
	}{
		{
			"fields found by their names", jsonPost("/x", `{"email":"a@x.test","password":"x1"}`),
			config.Route{Kind: config.KindLogin},
			login("email=a@x.test", "x1"),
		},
		{
			"JSON path through an array", jsonPost("/x", `{"items":[{"name":"bob"}],"password":"x1"}`),
			config.Route{Kind: config.KindLogin, Identifiers: []config.Field{field("user", config.PlaceJSON, "items.0.name")}},
			login("user=bob", "x1"),
		},
		{
			"header, path segment and fixed value", with(with(formPost("/t/acme/login", ""), "X-User", "bob"), "X-Pass", "x1"),
			config.Route{Kind: config.KindLogin, Password: &config.Field{From: config.PlaceHeader, Key: "x-pass"}, Identifiers: []config.Field{
				field("user", config.PlaceHeader, "X-User"), field("tenant", config.PlacePath, "2"), field("app", config.PlaceValue, "shop"),
			}},
			login("app=shop,tenant=acme,user=bob", "x1"),
		},
		{
			"a fixed user", formPost("/login", "password=x1"),
			config.Route{Kind: config.KindLogin, Identifiers: []config.Field{field("username", config.PlaceValue, "admin")}},
			login("username=admin", "x1"),
		},
		{
			"Basic", with(asked("GET /x", "", ""), "Authorization", basicAuth("bob:x1")),
			config.Route{Kind: config.KindLogin, Identifiers: []config.Field{field("account", config.PlaceBasic, "")}},
			login("account=bob", "x1"),
		},
		{
			"Basic absent is no attempt", formPost("/x", "a=b"),
			config.Route{Kind: config.KindLogin, Identifiers: []config.Field{field("account", config.PlaceBasic, "")}},
			wantAttempt{},
		},
		{"a page view is no attempt", asked("GET /x", "", ""), config.Route{Kind: config.KindLogin, Method: "GET"}, wantAttempt{}},
		{"an OAuth client is no attempt", formPost("/token", "grant_type=client_credentials&client_id=c"), config.Route{Kind: config.KindLogin}, wantAttempt{}},
		{"logout", asked("GET /bye", "", ""), config.Route{Kind: config.KindLogout, Method: "GET"}, wantAttempt{kind: config.KindLogout}},
		{"second factor", formPost("/step2", "digits=123456"), config.Route{Kind: config.KindMFA}, wantAttempt{kind: config.KindMFA}},
		{
			"reset request", formPost("/help", "email=a@x.test"),
			config.Route{Kind: config.KindResetRequest},
			wantAttempt{kind: config.KindResetRequest, ids: []string{"email=a@x.test"}},
		},
		{
			"signup", formPost("/new", "email=a@x.test&username=bob&password=x1&password2=x1"),
			config.Route{Kind: config.KindSignup},
			wantAttempt{kind: config.KindSignup, ids: []string{"email=a@x.test,username=bob"}, secrets: []string{"x1"}},
		},
		{
			"more than two identities", formPost("/x", "m=a&m=b&m=c&password=x1"),
			config.Route{Kind: config.KindLogin, Identifiers: []config.Field{field("member", config.PlaceForm, "m")}},
			wantAttempt{kind: config.KindLogin, ids: []string{"member=a", "member=b"}, secrets: []string{"x1"}, ambiguous: true, crowd: true, guesses: 3},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, ok := Declared(row.req, &row.route)
			row.want.check(t, c, ok)
		})
	}
}

func TestDeclaredRouteNamesAreBounded(t *testing.T) {
	t.Parallel()
	route := config.Route{Kind: config.KindLogin, Path: "/" + strings.Repeat("x", 500)}
	r := formPost(route.Path, "email=a@x.test&password=x1")
	c, ok := Declared(r, &route)
	if !ok || len(c.Route) > maxRoute {
		t.Errorf("route of %d bytes", len(c.Route))
	}
	for range maxAuthorization + 3 {
		r.Header.Add("Authorization", basicAuth("u:p"))
	}
	if got := r.Header[http.CanonicalHeaderKey("authorization")]; len(got) != maxAuthorization+3 {
		t.Fatal("the request was changed")
	}
}
