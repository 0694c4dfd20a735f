package integration

import "testing"

// style is how one app answers a login: the truth table that passport,
// passport-local and express give, seen without cookies.
type style struct {
	name string
	// field is the user field of the login form; json submits JSON instead,
	// with the same field names.
	field string
	json  bool
	// nested submits {"user":{"email":…}} as JSON.
	nested bool

	success, failure, missing reaction
}

// reaction is an answer and what it means.
type reaction struct {
	status  int
	cookie  bool
	outcome string
}

// styles are the app styles that log in at POST /login.
var styles = []style{
	{
		name: "default401", field: "username",
		success: reaction{200, true, "success"}, failure: reaction{401, false, "failure"}, missing: reaction{400, false, "malformed"},
	},
	{
		name: "redirect", field: "username",
		success: reaction{302, true, "success"}, failure: reaction{302, false, "failure"}, missing: reaction{302, false, "malformed"},
	},
	{
		name: "failureredirect", field: "username",
		success: reaction{200, true, "success"}, failure: reaction{302, false, "failure"}, missing: reaction{302, false, "malformed"},
	},
	{
		name: "flash", field: "email",
		success: reaction{302, true, "success"}, failure: reaction{302, true, "failure"}, missing: reaction{302, true, "malformed"},
	},
	{
		name: "message", field: "username",
		success: reaction{302, true, "success"}, failure: reaction{302, true, "failure"}, missing: reaction{302, true, "malformed"},
	},
	{
		name: "json", field: "email", json: true,
		success: reaction{200, true, "success"}, failure: reaction{200, false, "failure"}, missing: reaction{200, false, "malformed"},
	},
	{
		name: "rerender", field: "username",
		success: reaction{302, true, "success"}, failure: reaction{200, false, "failure"}, missing: reaction{200, false, "malformed"},
	},
	{
		name: "failwitherror", field: "username",
		success: reaction{200, true, "success"}, failure: reaction{401, false, "failure"}, missing: reaction{400, false, "malformed"},
	},
	{
		name: "sessionless", field: "username",
		success: reaction{200, false, "success"}, failure: reaction{401, false, "failure"}, missing: reaction{400, false, "malformed"},
	},
	{
		name: "nested", field: "user[email]",
		success: reaction{200, true, "success"}, failure: reaction{401, false, "failure"}, missing: reaction{400, false, "malformed"},
	},
	{
		name: "nested", field: "user[email]", nested: true,
		success: reaction{200, true, "success"}, failure: reaction{401, false, "failure"}, missing: reaction{400, false, "malformed"},
	},
	{
		name: "plain", field: "username",
		success: reaction{302, true, "success"}, failure: reaction{302, false, "failure"}, missing: reaction{302, false, "malformed"},
	},
	{
		name: "slow", field: "username",
		success: reaction{200, true, "success"}, failure: reaction{401, false, "failure"}, missing: reaction{400, false, "malformed"},
	},
}

// styleNames are the distinct names in styles.
func styleNames() []string {
	var names []string
	seen := map[string]bool{}
	for _, s := range styles {
		if !seen[s.name] {
			seen[s.name] = true
			names = append(names, s.name)
		}
	}
	return names
}

// host is the site the tests put the style behind.
func (s style) host() string { return s.name + ".test" }

// label tells the rows of styles apart.
func (s style) label() string {
	if s.nested {
		return s.name + " as JSON"
	}
	return s.name
}

// submit sends the login form as this style's page or script does.
func (s style) submit(t *testing.T, v *visitor, user, password string) answer {
	t.Helper()
	v.headers.Set("Referer", v.base+"/login")
	switch {
	case s.nested:
		return v.postJSON(t, "/login", map[string]any{"user": map[string]string{"email": user, "password": password}})
	case s.json:
		return v.postJSON(t, "/login", map[string]string{s.field: user, "password": password})
	case s.field == "user[email]":
		return v.followed(t, v.post(t, "/login", s.field, user, "user[password]", password))
	}
	return v.followed(t, v.post(t, "/login", s.field, user, "password", password))
}

// step is one try with the reaction it must find.
type step struct {
	what, user, password string
	reaction
}

// steps are the four columns of the truth table. The failures come first: a
// success is believed, and its name shown, only where the route was seen to
// fail as well.
func (s style) steps() []step {
	return []step{
		{"a wrong password", alice, "wrong horse", s.failure},
		{"an unknown user", "nobody@x.test", "wrong horse", s.failure},
		{"the right password", alice, alicePassword, s.success},
		{"no password", alice, "", s.missing},
	}
}
