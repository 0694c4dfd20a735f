package recognize

import (
	"strings"
	"testing"

	"github.com/doorward/doorward/config"
)

func tokenRoute(failure ...config.Condition) *config.Route {
	return &config.Route{Kind: config.KindLogin, Path: "/api/*", Password: &config.Field{From: config.PlaceBearer}, Failure: failure}
}

func TestDeclaredToken(t *testing.T) {
	t.Parallel()
	route, token := tokenRoute(), wantAttempt{kind: config.KindLogin, format: FormatHeader, secrets: []string{"t0p"}}
	for _, row := range []attemptRow{
		{"of RFC 6750", with(asked("GET /api/x", "", ""), "Authorization", "Bearer t0p"), token},
		{"of another scheme", with(asked("DELETE /api/x", "", ""), "Authorization", "token  t0p"), token},
		{"without a scheme", with(asked("GET /api/x", "", ""), "Authorization", "t0p"), token},
		{"Basic is none", with(asked("GET /api/x", "", ""), "Authorization", basicAuth("ada:x")), wantAttempt{}},
		{"an empty header is none", with(asked("GET /api/x", "", ""), "Authorization", " "), wantAttempt{}},
		{"no header", jsonPost("/api/x", `{"email":"a@x.test","password":"x1"}`), wantAttempt{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, ok := Credentials{}, RouteMatches(row.req, route)
			if ok {
				c, ok = Declared(row.req, route)
			}
			row.want.check(t, c, ok)
		})
	}
}

func TestTokenWithoutUserIsAnAttemptWhereDeclared(t *testing.T) {
	t.Parallel()
	route := &config.Route{Kind: config.KindLogin, Method: "GET", Path: "/tree", Password: &config.Field{From: config.PlaceQuery, Key: "token"}}
	want := wantAttempt{kind: config.KindLogin, format: FormatQuery, secrets: []string{"t0p"}, inQuery: true}
	c, ok := Declared(asked("GET /tree?token=t0p", "", ""), route)
	want.check(t, c, ok)
	if _, ok := Declared(asked("GET /tree?page=2", "", ""), route); ok {
		t.Error("a page without the token is an attempt")
	}
}

func TestManyAndLongTokensAreBounded(t *testing.T) {
	t.Parallel()
	r := asked("GET /api/x", "", "")
	for range maxAuthorization + 3 {
		with(r, "Authorization", "Bearer "+strings.Repeat("x", maxAuthorizationBytes))
	}
	got := tokens(r.Header)
	if len(got) != maxAuthorization || len(got[0]) != maxAuthorizationBytes-len("Bearer ") {
		t.Errorf("%d tokens, the first of %d bytes", len(got), len(got[0]))
	}
}

// TestAcceptedTokenIsNoAttempt holds to H24: a token comes with every request.
func TestAcceptedTokenIsNoAttempt(t *testing.T) {
	t.Parallel()
	forbidden := config.Condition{line(config.PartStatus, "", "403")}
	for name, row := range map[string]struct {
		route *config.Route
		resp  *Response
		want  Result
		none  bool
	}{
		"accepted":                                {tokenRoute(), reply(200, `{"error":"no such thing"}`, asJSON), Success, true},
		"accepted, nothing there":                 {tokenRoute(), reply(404, ""), Success, true},
		"accepted, the app failed":                {tokenRoute(), reply(500, ""), Success, true},
		"may not do that":                         {tokenRoute(), reply(403, ""), Success, true},
		"refused":                                 {tokenRoute(), reply(401, "", "WWW-Authenticate: Bearer"), Failure, false},
		"refused as declared":                     {tokenRoute(forbidden), reply(403, ""), Failure, false},
		"refused otherwise than declared":         {tokenRoute(forbidden), reply(401, ""), Unknown, false},
		"the app's limiter":                       {tokenRoute(), reply(429, ""), Throttled, false},
		"no answer":                               {tokenRoute(), &Response{UpstreamError: true}, Unknown, false},
		"a gateway's answer":                      {tokenRoute(), reply(502, ""), Unknown, false},
		"an answer that is declared to be open":   {&config.Route{Password: tokenRoute().Password, Unknown: []config.Condition{{line(config.PartStatus, "", "200")}}}, reply(200, ""), Unknown, false},
		"an answer that is declared to be enough": {&config.Route{Password: tokenRoute().Password, Success: []config.Condition{{line(config.PartStatus, "", "200")}}}, reply(200, ""), Success, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := attempt(row.resp)
			x.Credentials.Declared, x.Credentials.Token = row.route, true
			got := Classify(x)
			if got.Result != row.want || (got.Kind == config.KindNone) != row.none {
				t.Errorf("got %s of kind %q: %q", got.Result, got.Kind, got.Evidence)
			}
		})
	}
}

// TestTokenHidesNoGuess: what comes beside it may be what the app looks at.
func TestTokenHidesNoGuess(t *testing.T) {
	t.Parallel()
	alone := with(asked("GET /api/x", "", ""), "Authorization", "Bearer t0p")
	beside := with(asked("GET /api/x?password=guess", "", ""), "Authorization", "Bearer t0p")
	second := with(with(asked("GET /api/x", "", ""), "Authorization", "Bearer t0p"), "Authorization", "Bearer other")
	for r, want := range map[*Request]bool{alone: true, beside: false, second: false} {
		c, ok := Declared(r, tokenRoute())
		if !ok || c.Token != want {
			t.Errorf("%s %q: an attempt %t, by a token alone %t", r.RawQuery, r.Header, ok, c.Token)
		}
	}
}

func FuzzTokens(f *testing.F) {
	f.Add("Bearer x")
	f.Add("Basic eA==")
	f.Add("  \x00")
	f.Fuzz(func(t *testing.T, value string) {
		for _, token := range tokens(with(asked("GET /", "", ""), "Authorization", value).Header) {
			if token == "" || !strings.Contains(value, token) {
				t.Errorf("%q is no token of %q", token, value)
			}
		}
	})
}
