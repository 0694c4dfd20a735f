package config

import "testing"

func TestValidatePath(t *testing.T) {
	t.Parallel()
	tests := []struct{ path, want string }{
		{"", ""},
		{"/", ""},
		{"/login", ""},
		{"/login*", ""},
		{"/*", ""},
		{"/v1/accounts:signInWithPassword", ""},
		{"/Anmelden/größe", ""},
		{"/100% sure", ""},
		{"login", "write it with a leading slash: /login"},
		{"*", "leading slash"},
		{"https://a.test/login", "the part behind the host"},
		{"/login?x=1", `write "/login"`},
		{"/login#top", `write "/login"`},
		{"/*/login", "write * at the end only"},
		{"/login**", "write * at the end only"},
		{"/a%2Fb", "decoded"},
		{"/users/{id}", "no patterns"},
		{"/users/:id", "no patterns"},
	}
	for _, test := range tests {
		t.Run("path "+test.path, func(t *testing.T) {
			t.Parallel()
			checkError(t, ValidatePath(test.path), test.want)
		})
	}
}

func TestRouteHides(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name                         string
		method, path, method2, path2 string
		want                         bool
	}{
		{"the same", "POST", "/login", "POST", "/login", true},
		{"any method", "", "/login", "PUT", "/login", true},
		{"any method, but not GET", "", "/login", "GET", "/login", false},
		{"one method before any", "POST", "/login", "", "/login", false},
		{"other method", "POST", "/login", "PUT", "/login", false},
		{"prefix", "", "/auth*", "POST", "/auth/login", true},
		{"prefix of a prefix", "", "/auth*", "", "/auth/v1*", true},
		{"longer prefix", "", "/auth/v1*", "", "/auth*", false},
		{"everything", "", "/*", "", "/x", true},
		{"exact before prefix", "", "/auth", "", "/auth*", false},
		{"no path", "", "", "", "/auth", false},
		{"before no path", "", "/auth", "", "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			first, second := Route{Method: test.method, Path: test.path}, Route{Method: test.method2, Path: test.path2}
			if got := first.Hides(second); got != test.want {
				t.Errorf("%v", got)
			}
		})
	}
}

func TestRouteValidate(t *testing.T) {
	t.Parallel()
	route := func(change func(*Route)) Route {
		r := Route{Kind: KindLogin, Path: "/login"}
		change(&r)
		return r
	}
	identifier := func(f Field) Route { return route(func(r *Route) { r.Identifiers = []Field{f} }) }
	password := func(f Field) Route { return route(func(r *Route) { r.Password = &f }) }
	failure := func(tests ...Test) Route { return route(func(r *Route) { r.Failure = []Condition{tests} }) }
	tests := []struct {
		name  string
		route Route
		want  string
	}{
		{"path only", route(func(*Route) {}), ""},
		{"no kind", Route{}, "unknown kind"},
		{"method", route(func(r *Route) { r.Method = "post" }), "in capitals"},
		{"identifier", identifier(Field{"email", PlaceForm, "user[email]"}), ""},
		{"identifier without a name", identifier(Field{"", PlaceForm, "email"}), "without a name"},
		{"identifier twice", route(func(r *Route) { r.Identifiers = []Field{{"a", PlaceHost, ""}, {"a", PlaceBasic, ""}} }), "another name"},
		{"unknown place", identifier(Field{"email", "body", "email"}), "unknown place"},
		{"form without key", identifier(Field{"email", PlaceForm, ""}), "`form email`"},
		{"value without value", identifier(Field{"shop", PlaceValue, ""}), "`value shop-1`"},
		{"host with key", identifier(Field{"shop", PlaceHost, "x"}), "leave it out"},
		{"segment", identifier(Field{"tenant", PlacePath, "64"}), ""},
		{"segment beyond", identifier(Field{"tenant", PlacePath, "65"}), "from 1 to 64"},
		{"segment by name", identifier(Field{"tenant", PlacePath, "tenant"}), "from 1 to 64"},
		{"header", identifier(Field{"user", PlaceHeader, "X-User"}), ""},
		{"header with space", identifier(Field{"user", PlaceHeader, "X User"}), "no header name"},
		{"dotted path", identifier(Field{"user", PlaceJSON, "items.0.$type"}), ""},
		{"JSONPath", identifier(Field{"user", PlaceJSON, "$.items[0].name"}), "like items.0.name"},
		{"JSON Pointer", identifier(Field{"user", PlaceJSON, "/items/0"}), "like items.0"},
		{"two dots", identifier(Field{"user", PlaceJSON, "a..b"}), "like a.b"},
		{"only dots", identifier(Field{"user", PlaceJSON, ".."}), "like user.email"},
		{"password", password(Field{"", PlaceJSON, "pwd"}), ""},
		{"password with a name", password(Field{"pwd", PlaceJSON, "pwd"}), "no name of its own"},
		{"password fixed", password(Field{"", PlaceValue, "x"}), "proves nothing"},
		{"password is the host", password(Field{"", PlaceHost, ""}), "proves nothing"},
		{"conditions", failure(Test{PartStatus, "", []string{"4xx", "302"}}, Test{PartJSON, "error", nil}, Test{PartJSON, "user", []string{""}}), ""},
		{"empty condition", failure(), "write at least one line"},
		{"unknown part", failure(Test{"length", "", []string{"5"}}), "unknown response part"},
		{"status by name", failure(Test{PartStatus, "code", []string{"302"}}), "no name"},
		{"no status", failure(Test{PartStatus, "", nil}), "status 302 4xx"},
		{"impossible status", failure(Test{PartStatus, "", []string{"9xx"}}), "can never match"},
		{"two statuses", failure(Test{PartStatus, "", []string{"200"}}, Test{PartStatus, "", []string{"302"}}), "alternatives"},
		{"header without name", failure(Test{PartHeader, "", []string{"x"}}), "needs a name"},
		{"cookie with equals sign", failure(Test{PartCookie, "session=1", nil}), "no cookie name"},
		{"json with brackets", failure(Test{PartJSON, "errors[0]", nil}), "like errors.0"},
		{"redirect without target", failure(Test{PartRedirect, "", nil}), "redirect /home*"},
		{"body with a name", failure(Test{PartBody, "x", []string{"y"}}), "leave it out"},
		{"star inside", failure(Test{PartRedirect, "", []string{"/a*b"}}), "at either end"},
		{"star in a body", failure(Test{PartBody, "", []string{"a*b"}}), ""},
		{"stars at both ends", failure(Test{PartRedirect, "", []string{"*login*", "*"}}), ""},
		{"empty value", failure(Test{PartBody, "", []string{""}}), "empty value"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			checkError(t, test.route.Validate(), test.want)
		})
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	list := []string{"mode", "login", "logout", "limit", "threshold", "max_tracked"}
	tests := []struct{ word, want string }{
		{"mdoe", "mode"},
		{"Mode", "mode"},
		{"max-tracked", "max_tracked"},
		{"treshold", "threshold"},
		{"thres", "threshold"},
		{"loign", "login"},
		{"", ""},
		{"x", ""},
		{"frobnicate", ""},
		{string(make([]byte, 65)), ""},
	}
	for _, test := range tests {
		if got := Nearest(test.word, list); got != test.want {
			t.Errorf("%q: %q, want %q", test.word, got, test.want)
		}
	}
}
