package selftest

import (
	"strings"
	"testing"

	"github.com/doorward/doorward/config"
)

func form(name, key string) config.Field {
	return config.Field{Name: name, From: config.PlaceForm, Key: key}
}

func at(from config.Place, key string) *config.Field { return &config.Field{From: from, Key: key} }

func login(path string, identifiers ...config.Field) config.Route {
	return config.Route{Kind: config.KindLogin, Method: "POST", Path: path, Identifiers: identifiers}
}

func status(codes ...string) config.Condition {
	return config.Condition{{Of: config.PartStatus, Values: codes}}
}

// lastDeclaration checks the last of the routes, which must be valid.
func lastDeclaration(t *testing.T, s *Site) Check {
	t.Helper()
	if err := s.Config.Validate(nil); err != nil {
		t.Fatalf("the routes are refused at load: %v", err)
	}
	checks := Declarations(s)
	return checks[len(checks)-1]
}

func TestDeclaredRoutesRecogniseTheirOwnRequests(t *testing.T) {
	t.Parallel()
	password := login("/session", form("email", "user[email]"))
	password.Password = at(config.PlaceForm, "user[pw]")
	nested := login("/api", config.Field{Name: "email", From: config.PlaceJSON, Key: "variables.input.email"})
	nested.Password = at(config.PlaceJSON, "variables.input.secret")
	list := login("/api", config.Field{Name: "email", From: config.PlaceJSON, Key: "users.0.email"})
	basic := config.Route{
		Kind: config.KindLogin, Method: "GET", Path: "/dav/*",
		Identifiers: []config.Field{{Name: "user", From: config.PlaceBasic}}, Password: at(config.PlaceBasic, ""),
	}
	digest := basic
	digest.Identifiers, digest.Password = []config.Field{{Name: "user", From: config.PlaceDigest}}, at(config.PlaceDigest, "")
	header := login("/in", config.Field{Name: "user", From: config.PlaceHeader, Key: "X-User"})
	header.Password = at(config.PlaceHeader, "X-Key")
	inPath := login("/users/*", config.Field{Name: "user", From: config.PlacePath, Key: "2"})
	deep := login("/users/*", config.Field{Name: "user", From: config.PlacePath, Key: "4"})
	query := config.Route{
		Kind: config.KindLogin, Method: "GET", Path: "/in",
		Identifiers: []config.Field{{Name: "user", From: config.PlaceQuery, Key: "u"}}, Password: at(config.PlaceQuery, "p"),
	}
	host := login("/session", form("email", "email"), config.Field{Name: "shop", From: config.PlaceHost}, config.Field{Name: "app", From: config.PlaceValue, Key: "Web-1"})
	elsewhere := login("/session", form("email", "email"))
	elsewhere.Password = at(config.PlaceBasic, "")
	told := login("/index.php", form("email", "who"))
	told.When = []config.Match{
		{From: config.PlaceQuery, Key: "do", Values: []string{"login*"}},
		{From: config.PlaceForm, Key: "who"},
		{From: config.PlaceForm, Key: "token", Values: []string{"", "x"}},
		{From: config.PlaceHeader, Key: "X-App"},
	}
	answers := login("/session", form("email", "email"))
	answers.Success = []config.Condition{
		{{Of: config.PartStatus, Values: []string{"3xx"}}, {Of: config.PartRedirect, Values: []string{"/home*", "/"}}},
		{{Of: config.PartCookie, Name: "sid"}, {Of: config.PartJSON, Name: "user.roles.0", Values: []string{"*admin*"}}},
		{{Of: config.PartJSON, Name: "ok"}, {Of: config.PartBody, Values: []string{`<b>hello</b>`}}},
	}
	answers.Failure = []config.Condition{
		{{Of: config.PartHeader, Name: "X-Result", Values: []string{"no*"}}},
		{{Of: config.PartBody, Values: []string{"wrong password"}}},
		status("4xx"), status("5xx"),
		{{Of: config.PartRedirect, Values: []string{"*error=*"}}},
	}
	for name, route := range map[string]config.Route{
		"nothing but a path":          {Kind: config.KindLogin, Path: "/session"},
		"an identifier alone":         login("/session", form("email", "user[email]")),
		"both fields":                 password,
		"fields deep in JSON":         nested,
		"a list in JSON":              list,
		"Basic":                       basic,
		"Digest":                      digest,
		"headers":                     header,
		"a name in the path":          inPath,
		"a name deep in the path":     deep,
		"a query":                     query,
		"host and fixed value as ids": host,
		"a long path":                 login("/" + strings.Repeat("long/", 60) + "session"),
		"password in Basic alone":     elsewhere,
		"names of all sorts":          login("/session", form("Email", "e"), form("user-name", "u"), form("user name", "n"), form("platform_id", "p"), form("ID", "i")),
		"a phone number by its name":  login("/session", form("phone", "tel")),
		"told apart by a field":       told,
		"any path":                    login("", form("email", "email")),
		"conditions of every sort":    answers,
		"signup":                      {Kind: config.KindSignup, Path: "/users"},
		"second factor":               {Kind: config.KindMFA, Path: "/otp"},
		"logout by link":              {Kind: config.KindLogout, Method: "GET", Path: "/bye"},
		"reset request":               {Kind: config.KindResetRequest, Path: "/forgot"},
		"reset":                       {Kind: config.KindReset, Path: "/reset/*"},
		"password change":             {Kind: config.KindPasswordChange, Path: "/me"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := lastDeclaration(t, siteOf(config.Site{Routes: []config.Route{route}}))
			if c.Level != OK || strings.Contains(c.What, "could ") {
				t.Errorf("%s: %s; %s", c.Level, c.What, c.Why)
			}
		})
	}
}

func TestDeclarationsThatContradictThemselvesFail(t *testing.T) {
	t.Parallel()
	view := config.Route{Kind: config.KindResetRequest, Method: "GET", Path: "/forgot", Identifiers: []config.Field{{Name: "email", From: config.PlaceQuery, Key: "email"}}}
	always := login("/session")
	always.Success = []config.Condition{{{Of: config.PartRedirect, Values: []string{"/home"}}}}
	always.Failure = []config.Condition{{{Of: config.PartRedirect, Values: []string{"/*"}}}}
	for name, c := range map[string]struct {
		routes    []config.Route
		bodyLimit config.Size
		want      string
	}{
		"the same segment for everybody":    {routes: []config.Route{login("/users/login", config.Field{Name: "user", From: config.PlacePath, Key: "1"})}, want: "the same for everybody"},
		"a segment that is not there":       {routes: []config.Route{login("/login", config.Field{Name: "user", From: config.PlacePath, Key: "3"})}, want: "nobody is named"},
		"a fixed segment before the open":   {routes: []config.Route{login("/users/*", config.Field{Name: "user", From: config.PlacePath, Key: "1"})}, want: "the same for everybody"},
		"nobody told apart":                 {routes: []config.Route{login("/login", config.Field{Name: "shop", From: config.PlaceHost})}, want: "same for everybody"},
		"two names for one field":           {routes: []config.Route{login("/login", form("email", "who"), form("username", "who"))}, want: "username is not found"},
		"a page view without credentials":   {routes: []config.Route{view}, want: "page view"},
		"a failure that holds for success":  {routes: []config.Route{always}, want: "is read as failure"},
		"a route before it takes it":        {routes: []config.Route{{Kind: config.KindSignup, Path: "/api/*"}, login("/API/login")}, want: "the route signup /api/* before it"},
		"a body limit below its own fields": {routes: []config.Route{login("/session")}, bodyLimit: 20, want: "20 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := lastDeclaration(t, siteOf(config.Site{Routes: c.routes, BodyLimit: c.bodyLimit}))
			if got.Level != Failed || !strings.Contains(got.Why, c.want) || got.Advice == "" {
				t.Errorf("%s: %s; %s; %s; want failed because of %q", got.Level, got.What, got.Why, got.Advice, c.want)
			}
		})
	}
}

func TestWhatNeedsAMatcherIsNotTried(t *testing.T) {
	t.Parallel()
	s := siteOf(config.Site{Routes: []config.Route{{Kind: config.KindSignup, Path: "/api/*"}, login("/api/login")}})
	s.Matched = []bool{true}
	checks := Declarations(s)
	if checks[0].Level != OK || !strings.Contains(checks[0].What, "matcher was not tried") {
		t.Errorf("a route with a matcher: %+v", checks[0])
	}
	if checks[1].Level != OK {
		t.Errorf("a route behind one whose matcher may leave it free: %+v", checks[1])
	}
	both := login("/in", config.Field{Name: "a", From: config.PlaceJSON, Key: "user"}, config.Field{Name: "b", From: config.PlaceJSON, Key: "user.name"})
	if c := lastDeclaration(t, siteOf(config.Site{Routes: []config.Route{both}})); c.Level != OK || !strings.Contains(c.What, "could not be tried") {
		t.Errorf("fields that exclude each other: %+v", c)
	}
}

func TestBlocksWithoutASampleAreTold(t *testing.T) {
	t.Parallel()
	route := login("/session")
	route.Success = []config.Condition{{{Of: config.PartRedirect, Values: []string{"/a"}}, {Of: config.PartRedirect, Values: []string{"/b"}}}, status("302")}
	c := lastDeclaration(t, siteOf(config.Site{Routes: []config.Route{route}}))
	if c.Level != OK || !strings.Contains(c.What, "no answer could be made for 1 of its blocks") {
		t.Errorf("two redirects at once: %+v", c)
	}
}

// FuzzDeclarations: whatever an operator may write, nothing panics and every
// check says something.
func FuzzDeclarations(f *testing.F) {
	f.Add("/session", "user[email]", "form", "302", "/home*", int64(0))
	f.Add("/users/*", "2", "path", "4xx", "*", int64(7))
	f.Add("", "a.0.b", "json", "5xx", "x*y", int64(1<<20))
	f.Add("//", "..", "query", "1xx", "", int64(1))
	f.Fuzz(func(t *testing.T, path, key, place, code, text string, limit int64) {
		route := login(path, config.Field{Name: "email", From: config.Place(place), Key: key})
		route.Success = []config.Condition{status(code), {{Of: config.PartRedirect, Values: []string{text}}}}
		route.Failure = []config.Condition{{{Of: config.PartJSON, Name: key, Values: []string{text}}, {Of: config.PartBody, Values: []string{text}}}}
		s := siteOf(config.Site{Routes: []config.Route{route}, BodyLimit: config.Size(limit), ResponseLimit: config.Size(limit)})
		if s.Config.Validate(nil) != nil {
			return
		}
		for _, c := range Declarations(s) {
			if c.What == "" || c.Level == Failed && (c.Why == "" || c.Advice == "") {
				t.Errorf("%+v says too little", c)
			}
		}
	})
}
