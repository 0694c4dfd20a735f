package replay

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
)

// read parses one line as the format does.
func read(t testing.TB, format Format, text string) (record, error) {
	t.Helper()
	r := record{number: 1}
	err := format.parser(config.Site{})([]byte(text), &r)
	return r, err
}

func TestLinesOfCombinedLogs(t *testing.T) {
	t.Parallel()
	const stamp = `[15/Sep/2021:16:13:46 +0200] `
	for name, c := range map[string]struct {
		text       string
		addr, user string
		kind       config.Kind
		outcome    recognize.Result
	}{
		"a page":                             {`1.2.3.4 - - ` + stamp + `"GET / HTTP/1.1" 200 5 "-" "curl"`, "1.2.3.4", "", "none", ""},
		"common log format":                  {`1.2.3.4 - - ` + stamp + `"POST /login HTTP/1.1" 401 5`, "1.2.3.4", "", "login", "failure"},
		"behind syslog":                      {`Sep 15 16:13:46 10.0.0.1 nginx[2869]: 1.2.3.4 - - ` + stamp + `"POST /login HTTP/1.1" 401 5`, "1.2.3.4", "", "login", "failure"},
		"behind a name in brackets":          {`[web] 1.2.3.4 - - ` + stamp + `"POST /login HTTP/1.1" 401 5`, "1.2.3.4", "", "login", "failure"},
		"behind a virtual host":              {`x.test:443 1.2.3.4 - - ` + stamp + `"POST /login HTTP/1.1" 401 5`, "1.2.3.4", "", "login", "failure"},
		"IPv6 with a zone":                   {`fe80::1%eth0 - - ` + stamp + `"POST /login HTTP/2.0" 401 5`, "fe80::1", "", "login", "failure"},
		"IPv4 in IPv6":                       {`::ffff:1.2.3.4 - - ` + stamp + `"POST /login HTTP/2.0" 401 5`, "1.2.3.4", "", "login", "failure"},
		"wrong Basic credentials":            {`1.2.3.4 - bob ` + stamp + `"GET /admin HTTP/1.1" 401 5`, "1.2.3.4", "bob", "login", "failure"},
		"right Basic credentials":            {`1.2.3.4 - bob ` + stamp + `"GET /admin HTTP/1.1" 200 5`, "1.2.3.4", "bob", "login", "success"},
		"a user with spaces":                 {`1.2.3.4 - bob the builder ` + stamp + `"GET /admin HTTP/1.1" 401 5`, "1.2.3.4", "bob the builder", "login", "failure"},
		"a user who writes another address":  {`1.2.3.4 - x 9.9.9.9 - y ` + stamp + `"GET /admin HTTP/1.1" 401 5`, "1.2.3.4", "x 9.9.9.9 - y", "login", "failure"},
		"a name of an ident server":          {`1.2.3.4 ident bob ` + stamp + `"GET /admin HTTP/1.1" 401 5`, "1.2.3.4", "bob", "login", "failure"},
		"the server asks":                    {`1.2.3.4 - - ` + stamp + `"GET /admin HTTP/1.1" 401 5`, "1.2.3.4", "", "none", ""},
		"no request":                         {`1.2.3.4 - - ` + stamp + `"-" 408 0 "-" "-"`, "1.2.3.4", "", "none", ""},
		"TLS sent to a plain port":           {`1.2.3.4 - - ` + stamp + `"\x16\x03\x01" 400 0 "-" "-"`, "1.2.3.4", "", "none", ""},
		"quotes in the request":              {`1.2.3.4 - - ` + stamp + `"GET /\"x\" HTTP/1.1" 200 0 "-" "-"`, "1.2.3.4", "", "none", ""},
		"a request for a new password":       {`1.2.3.4 - - ` + stamp + `"POST /wp-login.php?action=lostpassword HTTP/1.1" 302 0`, "1.2.3.4", "", "password_reset_request", ""},
		"a signup":                           {`1.2.3.4 - - ` + stamp + `"POST /register HTTP/1.1" 302 0`, "1.2.3.4", "", "signup", "success"},
		"a token endpoint refuses":           {`1.2.3.4 - - ` + stamp + `"POST /oauth/token HTTP/1.1" 401 0`, "1.2.3.4", "", "login", "failure"},
		"a token endpoint grants":            {`1.2.3.4 - - ` + stamp + `"POST /oauth/token HTTP/1.1" 200 0`, "1.2.3.4", "", "none", ""},
		"a session that ran out":             {`1.2.3.4 - - ` + stamp + `"POST /api/items HTTP/1.1" 401 0`, "1.2.3.4", "", "none", ""},
		"Rails refuses":                      {`1.2.3.4 - - ` + stamp + `"POST /users/sign_in HTTP/1.1" 422 9`, "1.2.3.4", "", "login", "failure"},
		"the app's own limiter":              {`1.2.3.4 - - ` + stamp + `"POST /login HTTP/1.1" 429 9`, "1.2.3.4", "", "login", "throttled"},
		"credentials in the address":         {`1.2.3.4 - - ` + stamp + `"GET /login?user=bob&password=x HTTP/1.1" 401 9`, "1.2.3.4", "bob", "login", "failure"},
		"a logout":                           {`1.2.3.4 - - ` + stamp + `"GET /logout HTTP/1.1" 302 9`, "1.2.3.4", "", "logout", ""},
		"a newsletter":                       {`1.2.3.4 - - ` + stamp + `"POST /newsletter/subscribe HTTP/1.1" 200 9`, "1.2.3.4", "", "none", ""},
		"who asks which authors there are":   {`1.2.3.4 - - ` + stamp + `"GET /?author=2 HTTP/1.1" 200 35436`, "1.2.3.4", "", "none", ""},
		"nginx: no such user":                {`2021/09/30 09:23:53 [error] 19#19: *17 user "foo" was not found in "/a.htpasswd", client: 1.2.3.4, server: x.test, request: "GET / HTTP/1.1", host: "x.test"`, "1.2.3.4", "foo", "login", "failure"},
		"nginx: wrong password":              {`2021/09/30 09:23:53 [error] 19#19: *17 user "foo": password mismatch, client: 1.2.3.4, server: x.test, request: "GET / HTTP/1.1", host: "x.test"`, "1.2.3.4", "foo", "login", "failure"},
		"nginx: another error":               {`2021/09/30 09:23:53 [error] 19#19: *17 open() "/x" failed (2: No such file), client: 1.2.3.4, server: x.test`, "", "", "none", ""},
		"nginx: no credentials":              {`2021/09/30 09:23:53 [info] 19#19: *17 no user/password was provided for basic authentication, client: 1.2.3.4, server: x.test`, "", "", "none", ""},
		"Apache: wrong password":             {`[Thu Sep 30 09:23:53.123456 2021] [auth_basic:error] [pid 7] [client 1.2.3.4:4711] AH01617: user bob: authentication failure for "/": Password Mismatch`, "1.2.3.4", "bob", "login", "failure"},
		"Apache: no such user":               {`[Thu Sep 30 09:23:53 2021] [auth_basic:error] [pid 7] [client 2001:db8::1] AH01618: user bob not found: /`, "2001:db8::1", "bob", "login", "failure"},
		"Apache: no such user, IPv6 port":    {`[Thu Sep 30 09:23:53 2021] [auth_basic:error] [pid 7] [client [2001:db8::1]:80] AH01618: user bob not found: /`, "2001:db8::1", "bob", "login", "failure"},
		"Apache: no such user, as it writes": {`[Thu Sep 30 09:23:53 2021] [auth_basic:error] [pid 7] [client ::1:38012] AH01618: user bob not found: /`, "::1", "bob", "login", "failure"},
		"Apache: another error":              {`[Thu Sep 30 09:23:53 2021] [core:error] [pid 7] [client 1.2.3.4:1] AH00124: Request exceeded the limit`, "", "", "none", ""},
		"a user name too long to be one":     {`1.2.3.4 - ` + strings.Repeat("x", 300) + ` ` + stamp + `"GET /admin HTTP/1.1" 401 5`, "1.2.3.4", "", "none", ""},
		"a bracket in front of the time":     {`1.2.3.4 - [x] ` + stamp + `"GET / HTTP/1.1" 200 5`, "1.2.3.4", "[x]", "login", "success"},
		"a user who begins with a bracket":   {`1.2.3.4 - [15/Sep/2021 ` + stamp + `"GET / HTTP/1.1" 401 5`, "1.2.3.4", "[15/Sep/2021", "login", "failure"},
		"a login page nobody is answered on": {`1.2.3.4 - - ` + stamp + `"POST /login HTTP/1.1" 502 5`, "1.2.3.4", "", "login", "unknown"},
	} {
		r, err := read(t, FormatCombined, c.text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		l := r.line
		if addr := l.Addr; addr.IsValid() != (c.addr != "") || addr.IsValid() && addr.String() != c.addr {
			t.Errorf("%s: address %s, want %q", name, addr, c.addr)
		}
		if l.Kind != c.kind || c.outcome != "" && l.Outcome.Result != c.outcome {
			t.Errorf("%s: %s %s %v, want %s %s", name, l.Kind, l.Outcome.Result, l.Outcome.Evidence, c.kind, c.outcome)
		}
		if c.user == "" && len(l.Identities) > 0 {
			t.Errorf("%s: names %d identities, want none", name, len(l.Identities))
		}
		if c.user != "" && (len(l.Identities) != 1 || l.Identities[0].AppendValues(nil)[0] != c.user) {
			t.Errorf("%s: names %d identities, want %q", name, len(l.Identities), c.user)
		}
		if want := time.Date(2021, 9, 15, 14, 13, 46, 0, time.UTC); strings.Contains(c.text, "15/Sep/2021:") && !l.Time.Equal(want) {
			t.Errorf("%s: at %s, want %s", name, l.Time, want)
		}
	}
}

func TestLinesThatCannotBeReadSayWhy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		format     Format
		text, want string
	}{
		"rubbish":                  {FormatCombined, "rubbish", "combined log format"},
		"binary":                   {FormatCombined, "\x00\xff\xfe[", "combined log format"},
		"a name for an address":    {FormatCombined, `host.test - - [15/Sep/2021:16:13:46 +0200] "GET / HTTP/1.1" 200 5`, "HostnameLookups"},
		"a month there is none of": {FormatCombined, `1.2.3.4 - - [15/Foo/2021:16:13:46 +0200] "GET / HTTP/1.1" 200 5`, "expected 02/Jan"},
		"an hour there is none of": {FormatCombined, `1.2.3.4 - - [15/Sep/2021:26:13:46 +0200] "GET / HTTP/1.1" 200 5`, "expected 02/Jan"},
		"no status":                {FormatCombined, `1.2.3.4 - - [15/Sep/2021:16:13:46 +0200] "GET / HTTP/1.1" - 5`, "three digits"},
		"cut in the request":       {FormatCombined, `1.2.3.4 - - [15/Sep/2021:16:13:46 +0200] "GET /`, "combined log format"},
		"nginx: forged client":     {FormatCombined, `2021/09/30 09:23:53 [error] 19#19: *17 user "x" was not found in "f", client: 9.9.9.9, server: y" was not found in "f", client: 1.2.3.4, server: x`, "more than one client"},
		"nginx: no address":        {FormatCombined, `2021/09/30 09:23:53 [error] 19#19: *17 user "x" was not found in "f", client: unix:, server: x`, "no address"},
		"not JSON":                 {FormatCaddy, "rubbish", "json encoder"},
		"JSON, cut":                {FormatCaddy, `{"ts":1770000000,"request":{"client_ip":"1.2.3.4"`, "unexpected end"},
		"JSON, but a list":         {FormatCaddy, `[1]`, "no object"},
		"more than one object":     {FormatCaddy, `{"ts":1} {"ts":2}`, "after top-level value"},
		"no time":                  {FormatCaddy, `{"request":{"client_ip":"1.2.3.4"}}`, "no time"},
		"a time far away":          {FormatCaddy, `{"ts":1e300,"request":{"client_ip":"1.2.3.4"}}`, "millennium"},
		"no client":                {FormatCaddy, `{"ts":1770000000,"request":{"client_ip":"x"}}`, "no address"},
		"headers that are none":    {FormatCaddy, `{"ts":1770000000,"request":{"client_ip":"1.2.3.4","method":"POST","uri":"/login","headers":7}}`, "headers"},
	} {
		_, err := read(t, c.format, c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}

func TestAnErrorQuotesNoMoreThanTheBeginningOfAValue(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("s3cret", 50_000)
	for _, c := range []struct {
		format Format
		text   string
	}{
		{FormatCaddy, `{"ts":"` + long + `"}`},
		{FormatCaddy, `{"ts":1770000000,"request":{"client_ip":"` + long + `"}}`},
		{FormatCombined, long + ` x y [15/Sep/2021:16:13:46 +0200] "GET / HTTP/1.1" 200 5`},
		{FormatCombined, `1.2.3.4 - - [15/Sep/2021:16:13:46 +0200] "GET / HTTP/1.1" ` + long},
	} {
		if _, err := read(t, c.format, c.text); err == nil || len(err.Error()) > 250 {
			t.Errorf("%.40s: error %.300v", c.text, err)
		}
	}
}

func TestAuthorizationThatCaddyHides(t *testing.T) {
	t.Parallel()
	line := func(authorization, status, userID, answer string) string {
		return `{"ts":1770000000,"request":{"client_ip":"1.2.3.4","method":"GET","uri":"/","headers":{` + authorization + `}},"user_id":"` +
			userID + `","status":` + status + `,"resp_headers":{` + answer + `}}`
	}
	const hidden, asks = `"Authorization":["REDACTED"]`, `"Www-Authenticate":["Basic realm=\"x\""]`
	for name, c := range map[string]struct {
		text    string
		kind    config.Kind
		outcome recognize.Result
		quiet   quiet
	}{
		"a wrong password":             {line(hidden, "401", "", asks), "login", "failure", notQuiet},
		"a question":                   {line("", "401", "", asks), "none", "", quietAsked},
		"a token that ran out":         {line(hidden, "401", "", `"Www-Authenticate":["Bearer"]`), "none", "", quietToken},
		"a right password":             {line(hidden, "200", "bob", ""), "login", "success", notQuiet},
		"the user of a session":        {line("", "200", "bob", ""), "none", "", notQuiet},
		"credentials that were logged": {line(`"Authorization":["Basic Ym9iOng="]`, "401", "", asks), "login", "failure", notQuiet},
	} {
		r, err := read(t, FormatCaddy, c.text)
		if err != nil || r.line.Kind != c.kind || c.outcome != "" && r.line.Outcome.Result != c.outcome || r.quiet != c.quiet {
			t.Errorf("%s: %s %s, quiet %d (%v), want %s %s, quiet %d", name, r.line.Kind, r.line.Outcome.Result, r.quiet, err, c.kind, c.outcome, c.quiet)
		}
		if named := len(r.line.Identities) > 0; named != (c.outcome == "success" || strings.Contains(c.text, "Ym9i")) {
			t.Errorf("%s: the user is named: %t", name, named)
		}
	}
	// What may be a token is one, until the server was seen to ask for passwords.
	h := newHabits()
	for i, want := range []config.Kind{"none", "login", "login"} {
		text := line(hidden, "200", "", "")
		if i == 1 {
			text = line(hidden, "401", "", asks)
		}
		r, err := read(t, FormatCaddy, text)
		if h.read(&r); err != nil || r.line.Kind != want {
			t.Errorf("hidden credentials, request %d: %s (%v), want %s", i+1, r.line.Kind, err, want)
		}
	}
}

func TestDeclaredRoutesAreFoundInLogs(t *testing.T) {
	t.Parallel()
	site := config.Site{Routes: []config.Route{
		{Kind: config.KindLogin, Method: "POST", Path: "/enter", Success: []config.Condition{{{Of: config.PartStatus, Values: []string{"204"}}}}},
		{Kind: config.KindLogin}, // what narrows it down is a matcher
	}}
	for text, want := range map[string]struct {
		kind    config.Kind
		outcome recognize.Result
	}{
		"POST /enter HTTP/1.1\" 204": {"login", "success"},
		"POST /enter HTTP/1.1\" 401": {"login", "failure"},
		"GET /enter HTTP/1.1\" 200":  {"none", ""},
		"POST /other HTTP/1.1\" 204": {"none", ""},
	} {
		var r record
		err := FormatCombined.parser(site)([]byte(`1.2.3.4 - - [15/Sep/2021:16:13:46 +0200] "`+text+` 5`), &r)
		if err != nil || r.line.Kind != want.kind || want.outcome != "" && r.line.Outcome.Result != want.outcome {
			t.Errorf("%s: %s %s (%v), want %+v", text, r.line.Kind, r.line.Outcome.Result, err, want)
		}
	}
}

func FuzzCombined(f *testing.F) {
	f.Add([]byte(combinedPage))
	f.Add([]byte(`Sep 15 16:13:46 web nginx[2869]: ::1 - bob [15/Sep/2021:16:13:46 -0130] "POST /wp-login.php?action=register HTTP/1.1" 302 0 "-" "curl \" x"`))
	f.Add([]byte(`2021/09/30 09:23:53 [error] 19#19: *17 user "foo": password mismatch, client: 1.2.3.4, server: x`))
	f.Add([]byte(`[Thu Sep 30 09:23:53.123456 2021] [auth_basic:error] [pid 7] [client [::1]:80] AH01617: user bob: authentication failure for "/": x`))
	f.Fuzz(func(t *testing.T, text []byte) { checkRead(t, FormatCombined, text) })
}

func FuzzCaddy(f *testing.F) {
	f.Add([]byte(caddyPage))
	f.Add([]byte(`{"ts":"2026-02-02T02:40:00Z","request":{"remote_ip":"::1","method":"POST","uri":"/login\u0041?x","headers":{"Authorization":["REDACTED"]}},"status":401,"resp_headers":{"Www-Authenticate":["Basic"]}}`))
	f.Add([]byte(`{"a":[{"b":"]}\\\""}],"ts":1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		checkRead(t, FormatCaddy, text)
		var c caddyFields
		var object map[string]json.RawMessage
		if json.Unmarshal(text, &object) == nil && object != nil && !c.scan(text) && object["request"] == nil {
			t.Errorf("an object is not taken for one: %s", text)
		}
	})
}

// checkRead checks what holds for every line.
func checkRead(t *testing.T, format Format, text []byte) {
	t.Helper()
	r, err := read(t, format, string(text))
	if err != nil {
		if len(err.Error()) > 400 {
			t.Errorf("an error of %d bytes", len(err.Error()))
		}
		return
	}
	l := r.line
	if l.Latency < 0 || l.Latency > maxLatency || len(l.Identities) > recognize.MaxIdentities || len(l.Route) > 128 {
		t.Errorf("line out of bounds: %+v", l)
	}
	if l.Kind != config.KindNone && l.Outcome.Result == "" {
		t.Errorf("an attempt without an outcome: %s", text)
	}
	newHabits().read(&r)
}
