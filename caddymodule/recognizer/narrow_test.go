package recognizer

import (
	"strings"
	"testing"

	"github.com/doorward/doorward/detector/recognize/har"
)

// TestRoutesOfOneAddressAreToldApart checks what is suggested where requests of
// several kinds share method and path, and that playing it changes nothing.
func TestRoutesOfOneAddressAreToldApart(t *testing.T) {
	t.Parallel()
	const login, bad = "username=ada&password=wrong", 401
	get := func(path, query string) har.Entry {
		e := post(path, "", 302, "/login")
		e.Request.Method, e.Request.RawQuery, e.Request.Body = "GET", query, nil
		return e
	}
	object := func(body string) har.Entry { return as(post("/graphql", "", 200, ""), "application/json", body) }
	tests := []struct {
		name    string
		entries []har.Entry
		want    []string
		not     string
	}{
		{
			"by the user",
			[]har.Entry{post("/do", login, bad, ""), post("/do", "comment=x", 200, "")},
			[]string{"login POST /do {\n\twhen form username\n"},
			"left to",
		},
		{"by a word that both have", []har.Entry{
			post("/do", "task=login&"+login, bad, ""), post("/do", "task=signup&email=a%40a.example&password=x&username=b", 302, "/"),
			post("/do", "task=password-reset&email=a%40a.example", 302, "/sent"),
		}, []string{"when form task "}, ""},
		{
			"by a word of the query",
			[]har.Entry{get("/index", "do=logout"), get("/index", "do=show")},
			[]string{"logout GET /index {\n\twhen query do logout\n"},
			"left to",
		},
		{
			"by the label of a button never",
			[]har.Entry{post("/do", "logout=Abmelden", 302, "/login"), post("/do", "comment=x", 200, "")},
			[]string{"logout POST /do {\n\twhen form logout\n"},
			"Abmelden",
		},
		{"by nothing", []har.Entry{post("/logout", "", 302, "/login"), post("/logout", "", 302, "/login")}, []string{"logout POST /logout\n"}, "when"},
		{"an operation of many, by its name", []har.Entry{
			object(`{"operationName":"SignIn","query":"mutation SignIn($e:String!,$p:String!){login(email:$e,password:$p){token}}","variables":{"email":"a@a.example","password":"x"}}`),
		}, []string{"login POST /graphql {\n\twhen json operationName SignIn\n"}, "left to"},
		{"an operation of many, by its password", []har.Entry{
			object(`{"query":"mutation($e:String!,$p:String!){login(email:$e,password:$p){token}}","variables":{"email":"a@a.example","password":"x"}}`),
		}, []string{"login POST /graphql {\n\twhen json variables.password\n"}, "left to"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := &har.File{Entries: test.entries}
			before := played(t, Options{}, f)
			var o Options
			var text strings.Builder
			for _, site := range Suggest(before) {
				text.WriteString(site.Text())
				o.Site.Routes = append(o.Site.Routes, site.Routes...)
			}
			for _, want := range test.want {
				if !strings.Contains(text.String(), want) {
					t.Errorf("no %q in\n%s", want, text.String())
				}
			}
			if test.not != "" && strings.Contains(text.String(), test.not) {
				t.Errorf("%q in\n%s", test.not, text.String())
			}
			for i, got := range played(t, o, f).Lines() {
				if want := before.Lines()[i]; got.Kind != want.Kind || got.Outcome != want.Outcome || who(got.Identity) != who(want.Identity) {
					t.Errorf("entry %d is %+v with the suggestion, %+v without", i, got, want)
				}
			}
		})
	}
}

func TestIsWord(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		"login": true, "user.login": true, "/logout": true, "password-reset": true, "Special:UserLogin": true,
		"": false, "x": false, "/": false, "a1b2c3": false, "two words": false, "größe": false, strings.Repeat("a", maxValue+1): false,
	}
	for s, want := range tests {
		if got := isWord(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}
