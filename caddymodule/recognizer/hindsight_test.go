package recognizer

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
	"github.com/doorward/doorward/detector/recognize/har"
)

// visit is a GET of a client without a session.
func visit(path, query, authorization string, status int, location string) har.Entry {
	e := post(path, "", status, location)
	e.Request.Method, e.Request.RawQuery, e.Request.Body, e.Request.Header = "GET", query, nil, http.Header{}
	if authorization != "" {
		e.Request.Header.Set("Authorization", authorization)
	}
	return e
}

func userPass(s string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(s)) }

func answering(e har.Entry, contentType, body string) har.Entry {
	e.Response.Header.Set("Content-Type", contentType)
	e.Response.Body = []byte(body)
	return e
}

// suggested returns the text for a session, and its lines played again with it.
func suggested(t *testing.T, entries []har.Entry) (string, []Line) {
	t.Helper()
	f := &har.File{Entries: entries}
	var text strings.Builder
	var o Options
	for _, site := range Suggest(played(t, Options{}, f)) {
		text.WriteString(site.Text())
		o.Site.Routes = append(o.Site.Routes, site.Routes...)
	}
	return text.String(), played(t, o, f).Lines()
}

// TestHindsight holds what the whole session shows to what is suggested, and to how
// it is read with that.
func TestHindsight(t *testing.T) {
	t.Parallel()
	wrong, right := post("/login", bad1, 401, ""), post("/login", good1, 302, "/home")
	invite := func(token string, status int) har.Entry {
		return answering(post("/signup", "email=ada%40a.example&password=x1x1&token="+token, status, ""), "application/json", `{"errors":[{"message":"not found"}]}`)
	}
	accepted := post("/signup", "email=bo%40a.example&password=x1x1&token=good", 201, "")
	const noPassword, notFound = "refused as incomplete", "404 is taken for a failure"
	const toldNothing, aToken, aLink = "declared to tell nothing", "leave these lines out", "a mailed link"
	for name, test := range map[string]struct {
		entries []har.Entry
		remark  string // in the text; "" for none of all
		entry   int
		kind    config.Kind
		outcome recognize.Result
	}{
		"an invitation that is not found, where others are": {
			[]har.Entry{invite("bogus", 404), accepted}, notFound, 0, config.KindSignup, recognize.Failure,
		},
		"no password, refused as incomplete": {
			[]har.Entry{
				as(post("/login", "", 401, ""), "application/json", `{"email":"ada@a.example","password":"wrong"}`),
				as(post("/login", "", 200, ""), "application/json", `{"email":"ada@a.example","password":"right"}`),
				as(post("/login", "", 400, ""), "application/json", `{"email":"ada@a.example"}`),
			}, noPassword, 2, config.KindLogin, recognize.Malformed,
		},
		"no password, as the first step of two": {
			[]har.Entry{wrong, right, post("/login", "username=ada", 200, "")}, "", 1, config.KindLogin, recognize.Success,
		},
		"no password, refused as nobody's": {
			[]har.Entry{
				as(post("/login", "", 401, ""), "application/json", `{"email":"ada@a.example","password":"wrong"}`),
				as(post("/login", "", 401, ""), "application/json", `{"email":"ada@a.example"}`),
			}, "", 1, config.KindNone, "",
		},
		"no password at another address": {
			[]har.Entry{wrong, right, post("/subscribe", "username=ada", 400, "")}, "", 2, config.KindNone, "",
		},
		"an account that was in use is created": {
			[]har.Entry{
				post("/login", "email=ada%40a.example&password=right", 302, "/home"),
				post("/register", "email=ada%40a.example&password=x1x1", 201, ""),
				post("/register", "email=bad&password=x1x1", 400, ""),
			}, toldNothing, 1, config.KindSignup, recognize.Unknown,
		},
		"two accounts are created": {
			[]har.Entry{
				post("/register", "email=ada%40a.example&password=x1x1", 201, ""),
				post("/register", "email=bo%40a.example&password=x1x1", 201, ""),
			}, "", 1, config.KindSignup, recognize.Success,
		},
		"two passwords of one user": {
			[]har.Entry{wrong, right, visit("/me", "", userPass("ada:wrong"), 200, ""), visit("/me", "", userPass("ada:right"), 200, "")},
			toldNothing, 2, config.KindLogin, recognize.Unknown,
		},
		"two passwords of one user, one being changed between": {
			[]har.Entry{
				visit("/me", "", userPass("ada:right"), 200, ""),
				post("/account/password", "current_password=right&new_password=new1", 302, "/home"),
				visit("/me", "", userPass("ada:new1"), 200, ""),
			}, "", 0, config.KindLogin, recognize.Success,
		},
		"a token in a page's address": {
			[]har.Entry{wrong, right, visit("/tree", "", "", 302, "/login"), visit("/tree", "token=wrong", "", 302, "/login"), visit("/tree", "token=right", "", 200, "")},
			aToken, 3, config.KindLogin, recognize.Failure,
		},
		"the same, accepted": {
			[]har.Entry{wrong, right, visit("/tree", "", "", 302, "/login"), visit("/tree", "token=wrong", "", 302, "/login"), visit("/tree", "token=right", "", 200, "")},
			aToken, 4, config.KindLogin, recognize.Success,
		},
		"a mailed link that opens nothing but itself": {
			[]har.Entry{wrong, right, visit("/unsubscribe", "token=wrong", "", 403, ""), visit("/unsubscribe", "token=right", "", 200, "")},
			"", 2, config.KindNone, "",
		},
		"a token in a header, refused": {
			[]har.Entry{wrong, right, visit("/api/me", "", "Bearer wrong", 401, ""), visit("/api/me", "", "Bearer right", 200, "")},
			aToken, 2, config.KindLogin, recognize.Failure,
		},
		"a token in a header, accepted": {
			[]har.Entry{wrong, right, visit("/api/me", "", "Bearer wrong", 401, ""), visit("/api/me", "", "Bearer right", 200, "")},
			aToken, 3, config.KindNone, "",
		},
		"a session that the login gave": {
			[]har.Entry{
				wrong, answering(post("/login", good1, 200, ""), "application/json", `{"token":"0123456789abcdef"}`),
				visit("/api/me", "", "Bearer stale", 401, ""), visit("/api/me", "", "Bearer 0123456789abcdef", 200, ""),
			}, "", 2, config.KindNone, "",
		},
		"a token that has run out": {
			[]har.Entry{wrong, right, visit("/api/me", "", "Bearer one", 200, ""), visit("/api/me", "", "Bearer one", 401, ""), visit("/api/me", "", "Bearer two", 200, "")},
			"", 3, config.KindNone, "",
		},
		"a token that may not be used here": {
			[]har.Entry{wrong, right, visit("/api/me", "", "Bearer one", 200, ""), visit("/api/admin", "", "Bearer one", 403, ""), visit("/api/admin", "", "Bearer two", 200, "")},
			"", 3, config.KindNone, "",
		},
		"a link that creates the account": {
			[]har.Entry{
				answering(post("/register", "email=ada%40a.example", 200, ""), "text/html", "<p>Registration successful</p>"),
				visit("/register", "register_token=0123456789abcdef0123", "", 200, ""),
			}, aLink, 1, config.KindSignup, recognize.Success,
		},
		"a link that stood in a page": {
			[]har.Entry{
				answering(post("/register", "email=ada%40a.example", 200, ""), "text/html", "<p>Registration successful: register_token=0123456789abcdef0123</p>"),
				visit("/register", "register_token=0123456789abcdef0123", "", 200, ""),
			}, "", 1, config.KindNone, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, lines := suggested(t, test.entries)
			for _, remark := range []string{noPassword, notFound, toldNothing, aToken, aLink} {
				if strings.Contains(text, remark) != (remark == test.remark) {
					t.Errorf("%q is said wrongly, or not at all:\n%s", remark, text)
				}
			}
			if got := lines[test.entry]; got.Kind != test.kind || got.Outcome != test.outcome {
				t.Errorf("entry %d is %s %s (%q) with\n%s", test.entry, got.Kind, got.Outcome, got.Evidence, text)
			}
		})
	}
}

// TestSuggestedPlacesOfTokensAreBounded reaches maxTokenGroups.
func TestSuggestedPlacesOfTokensAreBounded(t *testing.T) {
	t.Parallel()
	entries := []har.Entry{post("/login", bad1, 401, ""), post("/login", good1, 302, "/home")}
	for i := range maxTokenGroups + 5 {
		path := "/api/" + strings.Repeat("x", i+1)
		entries = append(entries, visit(path, "", "Bearer wrong", 401, ""), visit(path, "", "Bearer right", 200, ""))
	}
	if text, _ := suggested(t, entries); strings.Count(text, "password bearer") != maxTokenGroups {
		t.Errorf("%d places of tokens, want %d", strings.Count(text, "password bearer"), maxTokenGroups)
	}
}

// TestCredentialsOfOneAddressAreToldApart: a route that another one hides would be
// refused.
func TestCredentialsOfOneAddressAreToldApart(t *testing.T) {
	t.Parallel()
	text, lines := suggested(t, []har.Entry{
		visit("/ping", "username=ada&password=wrong", "", 401, ""), visit("/ping", "username=ada&password=right", "", 200, ""),
		visit("/ping", "", userPass("bo:wrong"), 200, ""), visit("/ping", "", userPass("bo:right"), 200, ""),
	})
	if !strings.Contains(text, "when header Authorization Basic*") {
		t.Errorf("nothing tells them apart:\n%s", text)
	}
	for i, want := range []recognize.Result{recognize.Failure, recognize.Success, recognize.Unknown, recognize.Unknown} {
		if lines[i].Kind != config.KindLogin || lines[i].Outcome != want {
			t.Errorf("entry %d is %s %s, want %s", i, lines[i].Kind, lines[i].Outcome, want)
		}
	}
}

func TestHiddenRoutesAreLeft(t *testing.T) {
	t.Parallel()
	at := func(method, path string) *group {
		return &group{route: config.Route{Kind: config.KindLogin, Method: method, Path: path}}
	}
	groups := []*group{at("POST", "/a/*"), at("POST", "/a/login"), at("GET", "/a/login"), at("POST", "/b")}
	leaveHidden(groups)
	for i, hidden := range []bool{false, true, false, false} {
		if (groups[i].left != "") != hidden {
			t.Errorf("%s %s is left: %q", groups[i].route.Method, groups[i].route.Path, groups[i].left)
		}
	}
}
