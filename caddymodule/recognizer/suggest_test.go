package recognizer

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/doorward/doorward/detector/recognize"
	"github.com/doorward/doorward/detector/recognize/har"
)

// TestSuggestionChangesNothing plays every session again with the routes that
// were suggested for it.
func TestSuggestionChangesNothing(t *testing.T) {
	t.Parallel()
	pinned := 0
	for _, name := range sessions {
		f := archive(t, name)
		s := played(t, Options{}, f)
		for _, site := range Suggest(s) {
			var o Options
			o.Site.Routes = site.Routes
			pinned += len(site.Routes)
			again := played(t, o, f)
			for i, want := range s.Lines() {
				got := again.Lines()[i]
				if got.Kind != want.Kind || got.Outcome != want.Outcome || who(got.Identity) != who(want.Identity) {
					t.Errorf("%s: entry %d is %+v with the suggestion, %+v without", name, i, got, want)
				}
			}
			if more := Suggest(again); len(more) > 0 && len(more[0].Routes) > 0 {
				t.Errorf("%s: what is declared is suggested again: %s", name, more[0].Text())
			}
		}
	}
	if pinned < 6 {
		t.Errorf("only %d routes were suggested", pinned)
	}
}

// post is an entry with a form.
func post(path, body string, status int, location string) har.Entry {
	e := har.Entry{
		Request: recognize.Request{
			Method: "POST", Host: "a.example", Path: path, Body: []byte(body), Complete: true,
			Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Cookie": {"sid=0123456789abcdef"}},
		},
		Response: recognize.Response{Status: status, Header: http.Header{}, Complete: true},
	}
	if location != "" {
		e.Response.Header.Set("Location", location)
	}
	if location == "/home" {
		e.Response.Header.Set("Set-Cookie", "auth_token=0123456789abcdef")
	}
	return e
}

func as(e har.Entry, kind, body string) har.Entry {
	e.Request.Header = http.Header{"Content-Type": {kind}}
	e.Request.Body = []byte(body)
	return e
}

const good1, bad1 = "username=ada&password=right", "username=ada&password=wrong"

func TestSuggestedText(t *testing.T) {
	t.Parallel()
	from := "# a.example: lines for the block of doorward, from the answers in this file alone\n"
	long := strings.Repeat("x", 200)
	tests := []struct {
		name    string
		entries []har.Entry
		want    string
	}{
		{"told apart by status", []har.Entry{post("/login", bad1, 401, ""), post("/login", good1, 302, "/home")}, from +
			"login POST /login {\n\tidentifier username form username\n\tpassword form password\n" +
			"\tsuccess {\n\t\tstatus 302\n\t}\n\tfailure {\n\t\tstatus 401\n\t}\n}\n"},
		{"told apart by target", []har.Entry{post("/login", bad1, 302, "/login?error=1"), post("/login", good1, 302, "/home")}, from +
			"login POST /login {\n\tidentifier username form username\n\tpassword form password\n" +
			"\tfailure {\n\t\tredirect /login\n\t}\n}\n"},
		{"an id in the path", []har.Entry{post("/shops/4711/login", bad1, 401, ""), post("/shops/4712/login", bad1, 401, "")}, from +
			"# login POST /shops/*/login: no success was recorded, so its answer is not declared\n" +
			"login POST /shops/* {\n\tidentifier username form username\n\tpassword form password\n}\n"},
		{"users named in two ways", []har.Entry{post("/signup", "email=ada%40a.example&password=x1x1", 409, ""), post("/signup", "email=ada%40a.example&username=ada&password=x1x1", 409, "")}, from +
			"# signup POST /signup: no success was recorded, so its answer is not declared\n" +
			"signup POST /signup {\n\tpassword form password\n}\n"},
		{"a space in the path", []har.Entry{post("/log in/login", bad1, 401, "")}, from +
			"# login POST /*/login is left to the automatic mode: its addresses have no common beginning\n" +
			"# login POST /*/login: no success was recorded, so its answer is not declared\n"},
		{"nested JSON", []har.Entry{as(post("/login", "", 401, ""), "application/json", `{"user":{"email":"ada@a.example","password":"x1x1"}}`)}, from +
			"# login POST /login: no success was recorded, so its answer is not declared\n" +
			"login POST /login {\n\tidentifier email json user.email\n\tpassword json user.password\n}\n"},
		{"multipart", []har.Entry{as(post("/login", "", 401, ""), "multipart/form-data; boundary=b",
			"--b\r\nContent-Disposition: form-data; name=\"user[email]\"\r\n\r\nada@a.example\r\n--b\r\nContent-Disposition: form-data; name=\"user[password]\"\r\n\r\nx1x1\r\n--b--\r\n")}, from +
			"# login POST /login: no success was recorded, so its answer is not declared\n" +
			"login POST /login {\n\tidentifier email form user[email]\n\tpassword form user[password]\n}\n"},
		{"a password typed twice", []har.Entry{post("/signup", "confirm=x1x1&email=ada%40a.example&password=x1x1", 409, "")}, from +
			"# signup POST /signup: no success was recorded, so its answer is not declared\n" +
			"signup POST /signup {\n\tidentifier email form email\n\tpassword form password\n}\n"},
		{"fields that cannot be written", []har.Entry{post("/login", "user%7Bname%7D=ada&pass%22word=wrong&username=bo&password=x", 401, "")}, from +
			"# login POST /login: no success was recorded, so its answer is not declared\n" +
			"login POST /login {\n\tidentifier username form username\n\tpassword form password\n}\n"},
		{"a path that is a placeholder", []har.Entry{post("/x/{env.HOME}\n}/login", bad1, 401, "")}, from +
			"# login POST /x/*/login: no success was recorded, so its answer is not declared\n" +
			"login POST /x/* {\n\tidentifier username form username\n\tpassword form password\n}\n"},
		{"another request at the same place", []har.Entry{post("/do", bad1, 401, ""), post("/do", "comment=x", 200, "")}, from +
			"# login POST /do: no success was recorded, so its answer is not declared\n" +
			"login POST /do {\n\twhen form username\n\tidentifier username form username\n\tpassword form password\n}\n"},
		{"a wider route gives way", []har.Entry{post("/a/4711/login", bad1, 401, ""), post("/a/login", bad1, 401, "")}, from +
			"# login POST /a/login: no success was recorded, so its answer is not declared\n" +
			"# login POST /a/*/login: no success was recorded, so its answer is not declared\n" +
			"login POST /a/login {\n\tidentifier username form username\n\tpassword form password\n}\n" +
			"login POST /a/* {\n\tidentifier username form username\n\tpassword form password\n}\n"},
		{"a long path", []har.Entry{post("/"+long+"/login", bad1, 401, "")}, from +
			"# login POST /*/login is left to the automatic mode: its addresses have no common beginning\n" +
			"# login POST /*/login: no success was recorded, so its answer is not declared\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got strings.Builder
			for _, site := range Suggest(played(t, Options{}, &har.File{Entries: test.entries})) {
				got.WriteString(site.Text())
			}
			if got.String() != test.want {
				t.Errorf("got\n%s\nwant\n%s", got.String(), test.want)
			}
		})
	}
}

func TestBasicIsSuggestedOnlyWhereItIsAskedFor(t *testing.T) {
	t.Parallel()
	f := archive(t, "basic")
	f.Entries = f.Entries[2:3]
	sites := Suggest(played(t, Options{}, f))
	if len(sites) != 1 || len(sites[0].Routes) != 0 || !strings.Contains(sites[0].Text(), "nothing here was seen to ask") {
		t.Errorf("got %+v", sites)
	}
}

// TestUnknownIsTakenForWhatWasNotRecorded: an API whose 418 to wrong credentials
// says nothing, next to a success at the same place.
func TestUnknownIsTakenForWhatWasNotRecorded(t *testing.T) {
	t.Parallel()
	basic := func(credentials string, status int) har.Entry {
		e := post("/api/me", "", status, "")
		e.Request.Method, e.Request.Body, e.Response.Complete = "GET", nil, true
		e.Request.Header = http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(credentials))}}
		return e
	}
	f := &har.File{Entries: []har.Entry{basic("ada:wrong", 418), basic("ada:right", 200)}}
	s := played(t, Options{}, f)
	if got := s.Lines()[0].Outcome; got != recognize.Unknown {
		t.Fatalf("a 418 is %s", got)
	}
	sites := Suggest(s)
	if len(sites) != 1 || len(sites[0].Routes) != 1 {
		t.Fatalf("suggested %+v", sites)
	}
	var o Options
	o.Site.Routes = sites[0].Routes
	again := played(t, o, f).Lines()
	if again[0].Outcome != recognize.Failure || again[1].Outcome != recognize.Success {
		t.Errorf("with the suggestion %s and %s", again[0].Outcome, again[1].Outcome)
	}
	if text := sites[0].Text(); !strings.Contains(text, "1 of 2 outcomes are unknown; taken for failure") || strings.Contains(text, "no failure was recorded") {
		t.Errorf("the operator is not asked to check:\n%s", text)
	}
	f = &har.File{Entries: []har.Entry{basic("ada:wrong", 418), basic("ada:right", 200), basic("bob:wrong", 401)}}
	for _, site := range Suggest(played(t, Options{}, f)) {
		if strings.Contains(site.Text(), "taken for") {
			t.Errorf("a failure was recorded, so the unknown may be anything:\n%s", site.Text())
		}
	}
}

func TestWritable(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		"/login": true, "user[email]": true, "a b": true, "jürgen": true, strings.Repeat("x", maxToken): true,
		"": false, "{$HOME}": false, "a\nb": false, "a\"b": false, "a`b": false, `a\b`: false, "<<EOF": false,
		"\x1b[31m": false, strings.Repeat("x", maxToken+1): false,
	}
	for s, want := range tests {
		if got := writable(s); got != want {
			t.Errorf("%q: got %v, want %v", s, got, want)
		}
	}
}
