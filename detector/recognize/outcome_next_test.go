package recognize

import (
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward/config"
)

const (
	portalSession = "Set-Cookie: portal=0123456789abcdef"
	longText      = `<p>Here are the lists that you made, the last one first, with what is still to be done today.</p>`
	memberPage    = `<html><body><h1>Hello</h1><a href="/logout">Log out</a>` + longText + `</body></html>`
	silentHome    = `<html><body>` + longText + `</body></html>`
)

// portal is a login at a script that serves everything, in a session that was
// there before.
func portal(resp *Response) Exchange { return at("/db/", "", resp, "portal") }

func TestNextIsSetWhereTheFollowingPageTells(t *testing.T) {
	t.Parallel()
	to := func(location string, lines ...string) *Response {
		return reply(302, "", append(lines, "Location: "+location)...)
	}
	withReferer := at("/do_auth", "", to("/welcome", portalSession), "portal")
	withReferer.Referer = "https://app.example/welcome"
	rows := []struct {
		name string
		x    Exchange
		next bool
		// path and query are where the answer leads.
		path, query string
	}{
		{"same script, user name added", portal(to("?server=x&username=ada", portalSession)), true, "/db/", "server=x&username=ada"},
		{"same script, token added", portal(to("/db/?token=0123456789abcdef0123", portalSession)), true, "/db/", "token=0123456789abcdef0123"},
		{"same script, nothing changed", portal(to("/db/")), true, "/db/", ""},
		{"page with the form", withReferer, true, "/welcome", ""},
		{"login page, session changed", at("/login", "", to("/login", portalSession), "portal"), true, "/login", ""},
		{"login page, nothing changed", at("/login", "", to("/login"), "portal"), false, "", ""},
		{"login page that tries the cookies", at("/login/index.php", "", to("https://app.example/login/index.php?testsession=7", portalSession), "portal"), true, "/login/index.php", "testsession=7"},
		{"elsewhere with a new session", attempt(to("/home", session)), false, "", ""},
		{"elsewhere without one", attempt(to("/home")), true, "/home", ""},
		{"another host", attempt(to("https://other.example/home")), false, "", ""},
		{"error in the address", attempt(to("/?error=1")), false, "", ""},
		{"refresh page", at("/db/", "", reply(200, `<meta http-equiv="refresh" content="0;url=/db/">`, asPage, portalSession), "portal"), true, "/db/", ""},
		{"refresh header", at("/db/", "", reply(200, "", "Refresh: 0;url=main.php", portalSession), "portal"), true, "/db/main.php", ""},
		{"form again", attempt(reply(200, loginForm, asPage, session)), false, "", ""},
		{"wrong password", attempt(reply(401, "")), false, "", ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			o := Classify(row.x)
			if o.Next != row.next {
				t.Fatalf("got next %v, want %v: %s %q", o.Next, row.next, o.Result, o.Evidence)
			}
			if row.next && !o.Leads(row.path, row.query) {
				t.Errorf("leads to %+v, want %s?%s", o.to, row.path, row.query)
			}
			if o.Leads("/elsewhere", row.query) || o.Leads(row.path, "other=1") {
				t.Error("leads to other addresses as well")
			}
		})
	}
}

func TestLeadsReadsAddressesAsClientsWriteThem(t *testing.T) {
	t.Parallel()
	o := Outcome{Next: true, to: address{"/db/", "server=127.0.0.1%3A33&user=ada+l"}}
	for query, want := range map[string]bool{
		"server=127.0.0.1%3A33&user=ada+l": true,
		"server=127.0.0.1:33&user=ada%20l": true,
		"server=127.0.0.1:33&user=bob":     false,
		"server=%zz":                       false,
		"":                                 false,
		"server=127.0.0.1:33&user=ada l" + strings.Repeat("x", 1<<12):    false,
		"server=127.0.0.1%3A33&user=ada+l&" + strings.Repeat("x", 1<<13): false,
	} {
		if got := o.Leads("/db", query); got != want {
			t.Errorf("%.40q: got %v, want %v", query, got, want)
		}
	}
	o.Next = false
	if o.Leads("/db/", o.to.query) {
		t.Error("an outcome without Next leads somewhere")
	}
}

func TestFollow(t *testing.T) {
	t.Parallel()
	back := func(lines ...string) *Response {
		return reply(302, "", append(lines, "Location: /db/")...)
	}
	rows := []struct {
		name    string
		next    *Response
		want    Result
		decided bool
		sure    float32
	}{
		{"page of a member", reply(200, memberPage, asPage), Success, true, 0.9},
		{"page without a password field", reply(200, silentHome, asPage), Success, true, 0.8},
		{"page without its end", cutReply(200, silentHome, asPage), Unknown, false, 0},
		{"page without its end, way to log out", cutReply(200, memberPage, asPage), Success, true, 0.7},
		{"page with a way to log in", reply(200, `<html><body><a href="/login">Log in</a>`+longText+`</body></html>`, asPage), Failure, true, 0.7},
		{"login form", reply(200, loginForm, asPage), Failure, true, 0.9},
		{"login form with an error", reply(200, `<p class="error">Wrong password</p>`+loginForm, asPage), Failure, true, 0.9},
		{"login form with 403", reply(403, loginForm, asPage), Failure, true, 0.9},
		{"form of a locked account", reply(403, `<p class="error">Too many unsuccessful logins, try again in 30 minutes.</p>`+loginForm, asPage), Throttled, true, 0.8},
		{"401", reply(401, ""), Failure, true, 0.9},
		{"403 about nothing", reply(403, "Forbidden", asText), Failure, true, 0.7},
		{"429", reply(429, ""), Throttled, true, 0.9},
		{"error message on a page without a form", reply(200, `<html><body><div class="alert">Invalid credentials</div>`+longText, asPage), Failure, true, 0.9},
		{"redirect to the login page", reply(302, "", "Location: /login"), Failure, true, 0.9},
		{"redirect with an error", reply(302, "", "Location: /db/?error=denied"), Failure, true, 0.85},
		{"redirect that goes on", reply(302, "", "Location: /db/start"), Unknown, false, 0},
		{"redirect with a code for another site", reply(302, "", "Location: https://client.example/cb?code=0123456789"), Success, true, 0.9},
		{"code asked for", reply(200, `<html><form><input name="otp_code" autocomplete="one-time-code"></form>`+longText+`</html>`, asPage), Challenge, true, 0.85},
		{"shell that scripts fill in", reply(200, `<html><body><div id="root"></div><script src="/app.js"></script></body></html>`, asPage), Unknown, false, 0},
		{"page of frames", reply(200, `<html><frameset cols="*"><frame src="a"></frameset><body>`+longText+`</body></html>`, asPage), Unknown, false, 0},
		{"not modified", reply(304, ""), Unknown, false, 0},
		{"server error", reply(500, "oops"), Unknown, false, 0},
		{"missing page", reply(404, "not found"), Unknown, false, 0},
		{"nothing", &Response{UpstreamError: true}, Unknown, false, 0},
		{"JSON of somebody", reply(200, `{"user":{"email":"a@example.org"},"success":true}`, asJSON), Success, true, 0.8},
		{"JSON that refuses", reply(200, `{"success":false}`, asJSON), Failure, true, 0.8},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			x := portal(back(portalSession))
			got, decided := Follow(Classify(x), x, "/db/", "", row.next)
			if got.Result != row.want || decided != row.decided {
				t.Fatalf("got %s decided=%v %q, want %s %v", got.Result, decided, got.Evidence, row.want, row.decided)
			}
			if got.Confidence < row.sure || got.Confidence > deferredSure {
				t.Errorf("confidence %.2f, want %.2f to %.2f", got.Confidence, row.sure, deferredSure)
			}
			if decided && !strings.HasPrefix(got.Evidence[0], "deferred") {
				t.Errorf("evidence %q does not begin with deferred", got.Evidence)
			}
			if decided == got.Next {
				t.Errorf("decided=%v next=%v", decided, got.Next)
			}
		})
	}
}

func TestFollowGoesOnToWhereARedirectLeads(t *testing.T) {
	t.Parallel()
	x := portal(reply(302, "", "Location: /db/", portalSession))
	o, decided := Follow(Classify(x), x, "/db/", "", reply(302, "", "Location: start?tab=1"))
	if decided || !o.Leads("/db/start", "tab=1") || o.Leads("/db/", "") {
		t.Fatalf("decided=%v, leads to %+v", decided, o.to)
	}
	o, decided = Follow(o, x, "/db/start", "tab=1", reply(200, memberPage, asPage))
	if !decided || o.Result != Success {
		t.Errorf("got %s decided=%v, want success", o.Result, decided)
	}
}

// Who is logged in to an account of his own gets his own page whatever he
// guesses of another's: that page alone earns nothing.
func TestFollowTrustsNoPageOfAnOlderSession(t *testing.T) {
	t.Parallel()
	x := portal(reply(302, "", "Location: /db/"))
	o, decided := Follow(Classify(x), x, "/db/", "", reply(200, memberPage, asPage))
	if !decided || o.Result != Success || o.Confidence >= 0.9 {
		t.Errorf("got %s %.2f decided=%v, want a success below 0.9", o.Result, o.Confidence, decided)
	}
}

func TestFollowKnowsALoginPageForThoseWhoAreIn(t *testing.T) {
	t.Parallel()
	to := reply(302, "", "Location: /login", portalSession)
	x := at("/login", "", to, "portal")
	for page, want := range map[string]Result{
		`<p>Logged in as Ada. <a href="/logout">Log out</a></p>` + loginForm: Success,
		`<p class="error">Access denied</p>` + loginForm:                     Failure,
		loginForm: Failure, // a cookie may hold no more than the place for a message
	} {
		o, decided := Follow(Classify(x), x, "/login", "", reply(200, page, asPage))
		if !decided || o.Result != want {
			t.Errorf("%s: got %s decided=%v, want %s", page, o.Result, decided, want)
		}
	}
}

// Form for a new password: the old one was right.
func TestFollowKnowsAForcedChange(t *testing.T) {
	t.Parallel()
	x := portal(reply(302, "", "Location: /db/"))
	o, _ := Follow(Classify(x), x, "/db/", "", reply(302, "", "Location: /db/change_password.php"))
	o, decided := Follow(o, x, "/db/change_password.php", "", reply(200,
		`<form><input type=password name=new><input type=password name=again></form>`, asPage))
	if !decided || o.Result != Success {
		t.Errorf("got %s decided=%v %q, want success", o.Result, decided, o.Evidence)
	}
}

func TestFollowKeepsWhatNothingWasDeferredOf(t *testing.T) {
	t.Parallel()
	x := attempt(reply(401, ""))
	first := Classify(x)
	o, decided := Follow(first, x, "/", "", reply(200, memberPage, asPage))
	if decided || o.Result != Failure {
		t.Errorf("got %s decided=%v, want the first failure", o.Result, decided)
	}
	if _, decided := Follow(Outcome{Next: true}, Exchange{}, "/", "", nil); decided {
		t.Error("decided without an answer")
	}
}

func TestRevisedKinds(t *testing.T) {
	t.Parallel()
	put := func(resp *Response) Exchange {
		x := at("/-/user/ada", "", resp)
		x.Method = "PUT"
		return x
	}
	accepts := func(x Exchange) Exchange { x.Known.Accepts = true; return x }
	named := func(x Exchange, name string) Exchange { x.Echoes = []string{name}; return x }
	rows := []struct {
		name string
		x    Exchange
		want Result
		kind config.Kind
	}{
		{"resource created", put(reply(201, `{"ok":"user 'ada' created","token":"0123456789abcdef"}`, asJSON)), Success, config.KindSignup},
		{"session created", attempt(reply(201, "Created", asText, session)), Success, ""},
		{"logged in at the same place", put(reply(201, `{"ok":"you are authenticated as 'ada'","token":"0123456789abcdef"}`, asJSON)), Success, ""},
		{"name that says created", named(attempt(reply(200, `{"success":true,"message":"Welcome back, user created"}`, asJSON)), "user created"), Success, ""},
		{"first of two requests", put(reply(409, `{"error":"username is already registered"}`, asJSON)), Unknown, config.KindNone},
		{"account exists", attempt(reply(409, `{"error":"Email already in use"}`, asJSON)), Failure, config.KindSignup},
		{"name alone, the password is asked for next", nameAlone(reply(200, loginForm, asPage)), Unknown, config.KindNone},
		{"name alone, the next step", nameAlone(reply(200, `{"step":"password","methods":["password"]}`, asJSON)), Unknown, config.KindNone},
		{"name alone, led on", nameAlone(reply(302, "", "Location: /login/password")), Unknown, config.KindNone},
		{"name alone, led back", nameAlone(reply(302, "", "Location: /login")), Malformed, ""},
		{"name alone, led home", nameAlone(reply(302, "", "Location: /")), Malformed, ""},
		{"name alone, said to be missing", nameAlone(reply(200, `{"error":"password is required"}`, asJSON)), Malformed, ""},
		{"name alone, refused", nameAlone(reply(400, `{"message":"x"}`, asJSON)), Malformed, ""},
		{"client refused", attempt(reply(401, `{"error":"invalid_client","error_description":"Invalid client credentials."}`, asJSON)), Unknown, config.KindNone},
		{"client refused on a route that accepts", accepts(attempt(reply(401, `{"error":"invalid_client"}`, asJSON))), Unknown, config.KindNone},
		{"grant refused", attempt(reply(400, `{"error":"invalid_grant"}`, asJSON)), Failure, ""},
		{"grant not supported", attempt(reply(400, `{"error":"unsupported_grant_type"}`, asJSON)), Unknown, config.KindNone},
		{"wording of a client error elsewhere", attempt(reply(400, `{"message":"invalid_client","error":"Wrong password"}`, asJSON)), Failure, ""},
		{"route is gone", attempt(reply(404, `{"status":404,"message":"Deprecated endpoint, use another one instead."}`, asJSON)), Unknown, config.KindNone},
		{"address not found", attempt(reply(404, `<h1>Not Found</h1><p>The requested URL /users/login was not found on this server.</p>`, asPage)), Unknown, config.KindNone},
		{"Cannot POST", attempt(reply(404, `<pre>Cannot POST /login</pre>`, asPage)), Unknown, config.KindNone},
		{"user not found", attempt(reply(404, `{"message":"User not found"}`, asJSON)), Failure, ""},
		{"user of the name page", named(attempt(reply(404, `{"message":"User page not found"}`, asJSON)), "page not found"), Failure, ""},
		{"empty 404", attempt(reply(404, "")), Unknown, ""},
		{"404 on a route that accepts", accepts(attempt(reply(404, `<h1>Not here</h1>`, asPage))), Unknown, ""},
		{"405", attempt(reply(405, "")), Unknown, config.KindNone},
		{"405 on a route that accepts", accepts(attempt(reply(405, ""))), Unknown, ""},
		{"501", attempt(reply(501, "Unsupported method", asText)), Unknown, config.KindNone},
		{"no such call", attempt(reply(200, "", "Content-Type: application/grpc", "Grpc-Status: 12")), Unknown, config.KindNone},
		{"public page", withFormat(FormatBasic, reply(200, silentHome, asPage)), Unknown, config.KindNone},
		{"missing page behind a gate", func() Exchange {
			x := withFormat(FormatBasic, reply(404, "not found"))
			x.Known.Challenges = true
			return x
		}(), Success, ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := Classify(row.x)
			if got.Result != row.want || got.Kind != row.kind {
				t.Errorf("got %s kind %q %q, want %s %q", got.Result, got.Kind, got.Evidence, row.want, row.kind)
			}
			if got.Kind == config.KindNone && (got.Confidence != 0 || got.Upstream || got.Aborted || got.Next) {
				t.Errorf("an attempt that is none has %+v", got)
			}
		})
	}
}

// The operator knows what a declared route is, whatever it answers.
func TestDeclaredKindsAreNotRevised(t *testing.T) {
	t.Parallel()
	x := attempt(reply(404, `<pre>Cannot POST /login</pre>`, asPage))
	x.Credentials.Declared = &config.Route{Kind: config.KindLogin}
	if got := Classify(x); got.Kind != "" {
		t.Errorf("kind %q, want none to be named", got.Kind)
	}
}

func TestLooksRandom(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"EA6907A8356F9BB37DA623D41157A31A": true,
		"ac5bdccbfac44543f024ede2":         true,
		"ac5bdccbfac44543f024ede":          false,
		"abcdefghijklmnopqrstuvwxyz":       false,
		"12345678901234567890123456":       false,
		"a sentence of 26 letters !":       false,
	} {
		if got := looksRandom(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

// A code that came along and was refused is a wrong one, though the answer is
// that to a missing one.
func TestSecondFactorThatCameAlong(t *testing.T) {
	t.Parallel()
	refused := func() Exchange {
		return attempt(reply(401, `{"errors":[{"extensions":{"code":"INVALID_OTP"}}]}`, asJSON))
	}
	if got := Classify(refused()); got.Result != Challenge {
		t.Errorf("without a code: got %s, want challenge", got.Result)
	}
	x := refused()
	x.Credentials.WithCode = true
	if got := Classify(x); got.Result != Failure {
		t.Errorf("with a code in the body: got %s, want failure", got.Result)
	}
	x = refused()
	x.WithCode = true
	if got := Classify(x); got.Result != Failure {
		t.Errorf("with a code in a header: got %s, want failure", got.Result)
	}
	r := &Request{
		Method: "POST", Path: "/login", Header: map[string][]string{"Content-Type": {"application/json"}},
		Body: []byte(`{"email":"ada@example.org","password":"x1","otp":"000000"}`), Complete: true,
	}
	if c, ok := Automatic(r); !ok || !c.WithCode {
		t.Errorf("found=%v, with a code: %v, want both", ok, c.WithCode)
	}
	r = &Request{Header: map[string][]string{"X-Example-Otp": {"123456"}}}
	if x := r.Exchange(&Credentials{Format: FormatBasic}, nil, RouteFacts{}); !x.WithCode {
		t.Error("a code in a header is not seen")
	}
}

func TestEmptyAttemptIsMalformedWhateverTheAnswer(t *testing.T) {
	t.Parallel()
	for _, status := range []int{401, 403, 429} {
		if got := Classify(emptyAttempt(reply(status, "Forbidden", asText))); got.Result != Malformed {
			t.Errorf("%d: got %s, want malformed", status, got.Result)
		}
	}
}

func FuzzFollow(f *testing.F) {
	f.Add("/db/", 200, "Content-Type: text/html", []byte(memberPage), true)
	f.Add("?user=ada", 302, "Location: //x", []byte(nil), true)
	f.Add("/login?testcookie=1", 403, "Content-Type: text/html", []byte(loginForm), false)
	f.Add("/x", 200, "Refresh: 0;url=/y", []byte(`<script>location="/z"</script>`), true)
	f.Fuzz(func(t *testing.T, location string, status int, header string, body []byte, complete bool) {
		if strings.ContainsAny(location, "\r\n") || !strings.Contains(header, ": ") {
			return
		}
		x := portal(reply(302, "", "Location: "+location, portalSession))
		first := Classify(x)
		next := reply(status, string(body), strings.Split(header, "\n")[0])
		next.Complete = complete
		o, decided := Follow(first, x, "/db/", "", next)
		switch {
		case !slices.Contains(allResults, o.Result), o.Confidence < 0, decided && o.Confidence > deferredSure:
			t.Fatalf("got %q %v", o.Result, o.Confidence)
		case decided && !first.Next:
			t.Fatal("decided what was not open")
		case !decided && o.Result != first.Result:
			t.Fatalf("undecided, yet %s became %s", first.Result, o.Result)
		}
	})
}
