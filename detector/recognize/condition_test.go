package recognize

import (
	"strings"
	"testing"

	"github.com/doorward/doorward/config"
)

func line(of config.Part, name string, values ...string) config.Test {
	return config.Test{Of: of, Name: name, Values: values}
}

func TestHolds(t *testing.T) {
	t.Parallel()
	resp := reply(302, `{"user":{"roles":["admin","staff"],"email":"ada@example.org"},"ok":false,"n":12,"none":null,"a.b":1}`,
		"Location: https://app.example/home/ada?tab=1", "X-Result: failed: bad password",
		"Set-Cookie: gone=; Max-Age=0", "Set-Cookie: state=loggedin-0001; Path=/")
	rows := []struct {
		name  string
		tests []config.Test
		want  bool
	}{
		{"empty condition", nil, false},
		{"status code", []config.Test{line(config.PartStatus, "", "401", "302")}, true},
		{"status class", []config.Test{line(config.PartStatus, "", "3xx")}, true},
		{"other class", []config.Test{line(config.PartStatus, "", "4xx")}, false},
		{"other code", []config.Test{line(config.PartStatus, "", "303")}, false},
		{"header present", []config.Test{line(config.PartHeader, "x-result")}, true},
		{"header absent", []config.Test{line(config.PartHeader, "X-Other")}, false},
		{"header begins", []config.Test{line(config.PartHeader, "X-Result", "failed*")}, true},
		{"header ends", []config.Test{line(config.PartHeader, "X-Result", "*password")}, true},
		{"header holds", []config.Test{line(config.PartHeader, "X-Result", "*bad*")}, true},
		{"header is not exactly", []config.Test{line(config.PartHeader, "X-Result", "bad")}, false},
		{"cookie set", []config.Test{line(config.PartCookie, "state")}, true},
		{"cookie deleted", []config.Test{line(config.PartCookie, "gone")}, false},
		{"cookie value", []config.Test{line(config.PartCookie, "state", "loggedin-*")}, true},
		{"cookie names have case", []config.Test{line(config.PartCookie, "State")}, false},
		{"redirect path", []config.Test{line(config.PartRedirect, "", "/home/ada")}, true},
		{"redirect path with star", []config.Test{line(config.PartRedirect, "", "/home*")}, true},
		{"redirect with query", []config.Test{line(config.PartRedirect, "", "*?tab=1")}, true},
		{"redirect elsewhere", []config.Test{line(config.PartRedirect, "", "/login*")}, false},
		{"body text", []config.Test{line(config.PartBody, "", "nope", `"staff"`)}, true},
		{"body without", []config.Test{line(config.PartBody, "", "nope")}, false},
		{"json flag", []config.Test{line(config.PartJSON, "ok", "false")}, true},
		{"json other flag", []config.Test{line(config.PartJSON, "ok", "true")}, false},
		{"json number", []config.Test{line(config.PartJSON, "n", "12")}, true},
		{"json null", []config.Test{line(config.PartJSON, "none", "null")}, true},
		{"json nested text", []config.Test{line(config.PartJSON, "user.email", "*@example.org")}, true},
		{"json list element", []config.Test{line(config.PartJSON, "user.roles.1", "staff")}, true},
		{"json element out of range", []config.Test{line(config.PartJSON, "user.roles.2")}, false},
		{"json object present", []config.Test{line(config.PartJSON, "user")}, true},
		{"json beginning of a path is another path", []config.Test{line(config.PartJSON, "use")}, false},
		{"json key with a dot", []config.Test{line(config.PartJSON, "a.b", "1")}, true},
		{"json absent", []config.Test{line(config.PartJSON, "token")}, false},
		{"all lines hold", []config.Test{line(config.PartStatus, "", "302"), line(config.PartCookie, "state")}, true},
		{"one line does not", []config.Test{line(config.PartStatus, "", "302"), line(config.PartCookie, "gone")}, false},
		{"unknown part", []config.Test{line("colour", "", "red")}, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := Holds(row.tests, resp); got != row.want {
				t.Errorf("got %v, want %v", got, row.want)
			}
		})
	}
	if Holds(config.Condition{line(config.PartStatus, "", "302")}, nil) {
		t.Error("a condition held for no response")
	}
}

func TestDeclaredConditionsDecide(t *testing.T) {
	t.Parallel()
	ok := config.Condition{line(config.PartStatus, "", "200")}
	bad := config.Condition{line(config.PartStatus, "", "200"), line(config.PartBody, "", "Sorry")}
	worse := config.Condition{line(config.PartStatus, "", "5xx")}
	rows := []struct {
		name             string
		success, failure []config.Condition
		resp             *Response
		want             Result
	}{
		{"success holds", []config.Condition{ok}, nil, reply(200, loginForm, asPage), Success},
		{"failure wins over success", []config.Condition{ok}, []config.Condition{bad}, reply(200, "Sorry"), Failure},
		{"second alternative holds", []config.Condition{worse, ok}, nil, reply(200, ""), Success},
		{"neither of both holds", []config.Condition{ok}, []config.Condition{bad}, reply(401, ""), Unknown},
		{"declared 500 is a failure", nil, []config.Condition{worse}, reply(500, ""), Failure},
		{"failure may be in the missing part", []config.Condition{ok}, []config.Condition{bad}, cutReply(200, "Hel"), Unknown},
		{"failure cannot be in the missing part", []config.Condition{ok}, []config.Condition{worse}, cutReply(200, "Hel"), Success},
		{"only success declared: failure is found automatically", []config.Condition{ok}, nil, reply(401, ""), Failure},
		{"only success declared: no other success is", []config.Condition{ok}, nil, reply(302, "", "Location: /", session), Unknown},
		{"only success declared: server errors stay open", []config.Condition{ok}, nil, reply(500, ""), Unknown},
		{"only failure declared: success is found automatically", nil, []config.Condition{bad}, reply(302, "", "Location: /", session), Success},
		{"only failure declared: no other failure is", nil, []config.Condition{bad}, reply(401, ""), Unknown},
		{"only failure declared: the app's limiter is found", nil, []config.Condition{bad}, reply(429, ""), Throttled},
		{"only failure declared, may be in the missing part", nil, []config.Condition{bad}, cutReply(200, `{"token":"0123456789abcdef"`, asJSON), Unknown},
		{"nothing declared", nil, nil, reply(401, ""), Failure},
		{"no answer matches nothing", nil, []config.Condition{{line(config.PartBody, "", "Sorry")}}, &Response{UpstreamError: true}, Unknown},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			x := attempt(row.resp)
			x.Credentials.Declared = &config.Route{Kind: config.KindLogin, Success: row.success, Failure: row.failure}
			got := Classify(x)
			if got.Result != row.want {
				t.Errorf("got %s %q, want %s", got.Result, got.Evidence, row.want)
			}
		})
	}
}

func TestAnswersDeclaredToTellNothing(t *testing.T) {
	t.Parallel()
	status := func(s string) []config.Condition { return []config.Condition{{line(config.PartStatus, "", s)}} }
	sorry := []config.Condition{{line(config.PartBody, "", "Sorry")}}
	for name, row := range map[string]struct {
		route config.Route
		resp  *Response
		want  Result
	}{
		"a redirect that would be a success":    {config.Route{Unknown: status("302")}, reply(302, "", "Location: /", session), Unknown},
		"other answers are read automatically":  {config.Route{Unknown: status("204")}, reply(401, ""), Failure},
		"failure wins":                          {config.Route{Unknown: status("2xx"), Failure: sorry}, reply(200, "Sorry"), Failure},
		"it wins over success":                  {config.Route{Success: status("2xx"), Unknown: status("204")}, reply(204, ""), Unknown},
		"success holds beside it":               {config.Route{Success: status("2xx"), Unknown: status("204")}, reply(200, ""), Success},
		"it may be in the missing part":         {config.Route{Success: status("2xx"), Unknown: sorry}, cutReply(200, "Hel"), Unknown},
		"automatic success, in a missing part":  {config.Route{Unknown: sorry}, cutReply(200, `{"token":"0123456789abcdef"`, asJSON), Unknown},
		"automatic success, in no missing part": {config.Route{Unknown: sorry}, reply(200, `{"token":"0123456789abcdef"}`, asJSON), Success},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := attempt(row.resp)
			x.Credentials.Declared = &row.route
			if got := Classify(x); got.Result != row.want {
				t.Errorf("got %s %q, want %s", got.Result, got.Evidence, row.want)
			}
		})
	}
}

func TestDeclaredFailureOfAnEmptyFieldIsMalformed(t *testing.T) {
	t.Parallel()
	x := emptyAttempt(reply(200, "Sorry"))
	x.Credentials.Declared = &config.Route{Failure: []config.Condition{{line(config.PartBody, "", "Sorry")}}}
	if got := Classify(x); got.Result != Malformed || got.Confidence != 1 {
		t.Errorf("got %s %.2f, want malformed with confidence 1", got.Result, got.Confidence)
	}
}

func TestWalkAnswerJSONStopsAtItsBounds(t *testing.T) {
	t.Parallel()
	nested := func(depth int) []byte {
		return []byte(strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth))
	}
	deepest := 0
	if !walkAnswerJSON(nested(maxAnswerNesting), func(n jsonNode) { deepest = max(deepest, len(n.frames)) }) {
		t.Error("a document of the deepest nesting was not read to its end")
	}
	if deepest != maxAnswerDepth {
		t.Errorf("visited depth %d, want %d", deepest, maxAnswerDepth)
	}
	if walkAnswerJSON(nested(maxAnswerNesting+1), func(jsonNode) {}) {
		t.Error("a document nested too deeply counts as whole")
	}
}

func TestWalkAnswerJSONTellsWholeFromCut(t *testing.T) {
	t.Parallel()
	for _, whole := range []string{`{}`, `[]`, `{"a":[1,{"b":null}],"c":"\\\""}`, `"x"`, `true`, ` [ 1 , 2 ] `} {
		if !walkAnswerJSON([]byte(whole), func(jsonNode) {}) {
			t.Errorf("%s counts as cut", whole)
		}
	}
	for _, cut := range []string{"", "{", `{"a"`, `{"a":1`, `[1,2`, "]", "}", `{"a":}`, `{1:2}`, `[}`, `{]`, `{"a":"b`, `{"a":tru`, `{{}}`} {
		if walkAnswerJSON([]byte(cut), func(jsonNode) {}) {
			t.Errorf("%s counts as whole", cut)
		}
	}
}

func FuzzHolds(f *testing.F) {
	f.Add([]byte(`{"a":{"b":[1,2]}}`), "a.b.1", "2")
	f.Add([]byte(`[[[[`), "0.0.0", "*")
	f.Add([]byte(`{"a.b":null}`), "a.b", "")
	f.Fuzz(func(t *testing.T, body []byte, path, value string) {
		resp := &Response{Status: 200, Body: body, Complete: true}
		with := Holds(config.Condition{line(config.PartJSON, path, value)}, resp)
		if with && !Holds(config.Condition{line(config.PartJSON, path)}, resp) {
			t.Error("a field has a value but is not present")
		}
		Holds(config.Condition{line(config.PartBody, "", value), line(config.PartHeader, path, value)}, resp)
	})
}
