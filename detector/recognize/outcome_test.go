package recognize

import (
	"net/http"
	"strings"
	"testing"

	"github.com/doorward/doorward/config"
)

// reply makes an answer of a status, header lines ("Name: value") and a body.
func reply(status int, body string, lines ...string) *Response {
	h := http.Header{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		h.Add(name, value)
	}
	return &Response{Status: status, Header: h, Body: []byte(body), Complete: true}
}

// cutReply is a reply of which only the beginning was inspected.
func cutReply(status int, body string, lines ...string) *Response {
	r := reply(status, body, lines...)
	r.Complete = false
	return r
}

const (
	asJSON  = "Content-Type: application/json; charset=utf-8"
	asPage  = "Content-Type: text/html; charset=utf-8"
	asText  = "Content-Type: text/plain; charset=utf-8"
	session = "Set-Cookie: connect.sid=s%3AQm9yZWQgb2YgY29va2llcw.c2ln; Path=/; HttpOnly"

	loginForm = `<form method="post" action="/login"><input name="email"><input type="password" name="password"><button>Log in</button></form>`
	homePage  = `<html><body><h1>Hello Ada</h1><a href="/logout">Log out</a></body></html>`
)

// attempt is a login with both fields at /login.
func attempt(resp *Response) Exchange {
	return Exchange{
		Host: "app.example", Path: "/login", Cookies: []string{"theme"},
		Credentials: &Credentials{Kind: config.KindLogin, Format: FormatForm},
		Response:    resp,
	}
}

func emptyAttempt(resp *Response) Exchange {
	x := attempt(resp)
	x.Credentials.Missing = true
	return x
}

func nameAlone(resp *Response) Exchange {
	x := emptyAttempt(resp)
	x.Credentials.NameOnly = true
	return x
}

func withFormat(f Format, resp *Response) Exchange {
	x := attempt(resp)
	x.Credentials.Format = f
	return x
}

func withKind(k config.Kind, path string, resp *Response) Exchange {
	x := attempt(resp)
	x.Credentials.Kind = k
	x.Path = path
	return x
}

type outcomeRow struct {
	name string
	x    Exchange
	want Result
	// sure is the least, notSure the most confidence; 0: not checked.
	sure, notSure float32
}

func checkOutcomes(t *testing.T, rows []outcomeRow) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := Classify(row.x)
			if got.Result != row.want {
				t.Fatalf("got %s %.2f %q, want %s", got.Result, got.Confidence, got.Evidence, row.want)
			}
			if row.sure > 0 && got.Confidence < row.sure {
				t.Errorf("confidence %.2f, want at least %.2f: %q", got.Confidence, row.sure, got.Evidence)
			}
			if row.notSure > 0 && got.Confidence > row.notSure {
				t.Errorf("confidence %.2f, want at most %.2f: %q", got.Confidence, row.notSure, got.Evidence)
			}
			if len(got.Evidence) == 0 {
				t.Error("no evidence")
			}
		})
	}
}

// The rows are those of the truth table observed for express with passport,
// passport-local and passport-http.
func TestClassifyPassportTruthTable(t *testing.T) {
	t.Parallel()
	basic401 := reply(401, "Unauthorized", `WWW-Authenticate: Basic realm="Users"`)
	digest401 := reply(401, "Unauthorized", `WWW-Authenticate: Digest realm="Users", nonce="Zx8fd", qop="auth"`)
	checkOutcomes(t, []outcomeRow{
		{name: "default, right password", x: attempt(reply(200, "ok", session)), want: Success, sure: 0.85},
		{name: "default, wrong password", x: attempt(reply(401, "Unauthorized")), want: Failure, sure: 0.9},
		{name: "default, empty field", x: emptyAttempt(reply(400, "Bad Request")), want: Malformed},
		{name: "default, lookup fails", x: attempt(reply(500, "Internal Server Error")), want: Unknown},

		{name: "redirects, right password", x: attempt(reply(302, "", "Location: /", session)), want: Success, sure: 0.9},
		{name: "redirects, wrong password", x: attempt(reply(302, "", "Location: /login")), want: Failure, sure: 0.95},
		{name: "redirects, empty field", x: emptyAttempt(reply(302, "", "Location: /login")), want: Malformed},
		{name: "redirects, lookup fails", x: attempt(reply(500, "")), want: Unknown},

		{name: "failureRedirect only, right password", x: attempt(reply(200, homePage, asPage, session)), want: Success, sure: 0.9},
		{name: "failureRedirect only, wrong password", x: attempt(reply(302, "", "Location: /login")), want: Failure, sure: 0.95},
		{name: "failureRedirect only, empty field", x: emptyAttempt(reply(302, "", "Location: /login")), want: Malformed},

		{name: "failureFlash, right password", x: attempt(reply(302, "", "Location: /", session)), want: Success, sure: 0.9},
		{name: "failureFlash, first wrong password sets a cookie", x: attempt(reply(302, "", "Location: /login", session)), want: Failure, sure: 0.9},
		{name: "failureFlash, next wrong password sets none", x: attempt(reply(302, "", "Location: /login")), want: Failure, sure: 0.9},
		{name: "failureMessage, lookup fails with a cookie", x: attempt(reply(500, "", session)), want: Unknown},

		{name: "JSON callback, right password", x: attempt(reply(200, `{"success":true}`, asJSON, session)), want: Success, sure: 0.9},
		{name: "JSON callback, wrong password", x: attempt(reply(200, `{"success":false,"message":"Incorrect password."}`, asJSON)), want: Failure, sure: 0.9},
		{name: "JSON callback, empty field", x: emptyAttempt(reply(200, `{"success":false,"message":"Missing credentials"}`, asJSON)), want: Malformed},

		{name: "re-render, right password", x: attempt(reply(302, "", "Location: /", session)), want: Success, sure: 0.9},
		{name: "re-render, wrong password", x: attempt(reply(200, loginForm, asPage)), want: Failure, sure: 0.9},
		{name: "re-render, empty field", x: emptyAttempt(reply(200, loginForm, asPage)), want: Malformed},

		{name: "failWithError, right password", x: attempt(reply(200, homePage, asPage, session)), want: Success, sure: 0.9},
		{name: "failWithError, wrong password", x: attempt(reply(401, "<h1>Unauthorized</h1>", asPage)), want: Failure, sure: 0.9},
		{name: "failWithError, empty field", x: emptyAttempt(reply(400, "<h1>Bad Request</h1>", asPage)), want: Malformed},

		{name: "session:false, right password", x: attempt(reply(200, "hello", asText)), want: Success, notSure: 0.8},
		{name: "session:false, right password, JSON", x: attempt(reply(200, `{"greeting":"hello"}`, asJSON)), want: Success, notSure: 0.8},
		{name: "session:false, wrong password", x: attempt(reply(401, "Unauthorized")), want: Failure, sure: 0.9},
		{name: "session:false, empty field", x: emptyAttempt(reply(400, "Bad Request")), want: Malformed},

		{name: "Basic, right password", x: withFormat(FormatBasic, reply(200, `{"user":"ada"}`, asJSON)), want: Success},
		{name: "Basic, wrong password", x: withFormat(FormatBasic, basic401), want: Failure, sure: 0.9},
		{name: "Basic, unreadable header", x: withFormat(FormatBasic, reply(400, "Bad Request")), want: Malformed},
		{name: "Basic, empty password", x: func() Exchange {
			x := withFormat(FormatBasic, basic401)
			x.Credentials.Missing = true
			return x
		}(), want: Malformed},
		{name: "Digest, right password", x: withFormat(FormatDigest, reply(200, "hello")), want: Success},
		{name: "Digest, wrong password", x: withFormat(FormatDigest, digest401), want: Failure, sure: 0.9},
		{name: "Digest, other address in the header", x: withFormat(FormatDigest, reply(400, "Bad Request")), want: Malformed},
		{name: "Digest, stale nonce", x: withFormat(FormatDigest, reply(401, "", `WWW-Authenticate: Digest realm="Users", nonce="n2", stale=true, qop="auth"`)), want: Rejected},
		{name: "Digest, stale=FALSE is a wrong password", x: withFormat(FormatDigest, reply(401, "", `WWW-Authenticate: Digest realm="Users", stale=FALSE`)), want: Failure},

		{name: "logout with a new cookie", x: withKind(config.KindLogout, "/logout", reply(302, "", "Location: /", session)), want: Success},
	})
}

func TestClassifyBasicCountsWhoeverWasLetIn(t *testing.T) {
	t.Parallel()
	guarded := func(resp *Response) Exchange {
		x := withFormat(FormatBasic, resp)
		x.Known.Challenges = true
		return x
	}
	checkOutcomes(t, []outcomeRow{
		{name: "missing page behind the gate", x: guarded(reply(404, "not found")), want: Success, sure: 0.9},
		{name: "method not allowed behind the gate", x: guarded(reply(405, "")), want: Success, sure: 0.9},
		{name: "redirect behind the gate", x: guarded(reply(302, "", "Location: /docs/")), want: Success, sure: 0.9},
		{name: "no permission behind the gate", x: guarded(reply(403, "Forbidden")), want: Success},
		{name: "place that never asked", x: withFormat(FormatBasic, reply(200, "public page")), want: Success, notSure: 0.6},
		{name: "403 of a place that never asked", x: withFormat(FormatBasic, reply(403, "Forbidden")), want: Failure, notSure: 0.6},
		{name: "403 of which the body was not seen", x: withFormat(FormatBasic, cutReply(403, "")), want: Unknown},
		{name: "404 of a place that never asked", x: withFormat(FormatBasic, reply(404, "not found")), want: Unknown},
		{name: "JSON that blames the password, of a place that never asked", x: withFormat(FormatBasic, reply(200, `{"status":"failed","error":{"message":"Wrong username or password"}}`, asJSON)), want: Failure},
		{name: "JSON that holds nothing, of a place that never asked", x: withFormat(FormatBasic, reply(200, "{}", asJSON)), want: Unknown},
		{name: "403 that blames the password", x: withFormat(FormatBasic, reply(403, `{"error":"invalid password"}`, asJSON)), want: Failure},
		{name: "redirect to the login page: ignored", x: withFormat(FormatBasic, func() *Response {
			return reply(302, "", "Location: /signin?next=%2F")
		}()), want: Unknown},
		{name: "one-time password asked for", x: withFormat(FormatBasic, reply(401, `{"message":"OTP required"}`, asJSON)), want: Challenge},
	})
}

func TestClassifyServerAnswers(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name              string
		resp              *Response
		want              Result
		aborted, upstream bool
	}{
		{"no answer at all", nil, Unknown, false, true},
		{"upstream down", &Response{UpstreamError: true}, Unknown, false, true},
		{"bad gateway", reply(502, ""), Unknown, false, true},
		{"gateway timeout", reply(504, ""), Unknown, false, true},
		{"the app's own 500 is no gateway error", reply(500, "oops"), Unknown, false, false},
		{"client gone before the answer", &Response{ClientAborted: true}, Unknown, true, false},
		{"client gone, status of the proxy", &Response{Status: 499, ClientAborted: true}, Unknown, true, false},
		{"429", reply(429, "slow down"), Throttled, false, false},
		{"423", reply(423, ""), Throttled, false, false},
		{"500 that speaks of too many logins", reply(500, `{"error":"server_error","error_description":"Too many login attempts"}`, asJSON), Throttled, false, false},
		{"upgrade", reply(101, ""), Unknown, false, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := Classify(attempt(row.resp))
			if got.Result != row.want || got.Aborted != row.aborted || got.Upstream != row.upstream {
				t.Errorf("got %s aborted=%v upstream=%v %q, want %s %v %v",
					got.Result, got.Aborted, got.Upstream, got.Evidence, row.want, row.aborted, row.upstream)
			}
		})
	}
}

// Hostile reading H8: what was seen decides, and nothing is concluded from what
// was not seen.
func TestClassifyCutAnswers(t *testing.T) {
	t.Parallel()
	padding := "<html><body><p>" + strings.Repeat("padding ", 500)
	checkOutcomes(t, []outcomeRow{
		{name: "page without its end, new cookie", x: attempt(cutReply(200, padding, asPage, session)), want: Unknown},
		{name: "page without its end, way to log out", x: attempt(cutReply(200, homePage, asPage, session)), want: Unknown},
		{name: "page cut after the form", x: attempt(cutReply(200, loginForm+padding, asPage)), want: Failure, sure: 0.9},
		{name: "headers only", x: attempt(cutReply(200, "", asPage, session)), want: Unknown},
		{name: "text without its end", x: attempt(cutReply(200, "Ok", asText, session)), want: Unknown},
		{name: "JSON without its end", x: attempt(cutReply(200, `{"user":{"email":"a@example.org"},`, asJSON, session)), want: Unknown},
		{name: "JSON cut after the token", x: attempt(cutReply(200, `{"token":"0123456789abcdef","us`, asJSON)), want: Success, sure: 0.9},
		{name: "JSON cut after the flag", x: attempt(cutReply(200, `{"success":false,"mess`, asJSON)), want: Failure, sure: 0.9},
		{name: "unread encoding", x: attempt(reply(200, "\x8b\x02\x80", asPage, session, "Content-Encoding: br")), want: Unknown},
		{name: "signup page without its end", x: withKind(config.KindSignup, "/signup", cutReply(200, padding, asPage, session)), want: Unknown},
		{name: "XML-RPC without its end", x: attempt(cutReply(200, `<?xml version="1.0"?><methodResponse><params>`, "Content-Type: text/xml")), want: Unknown},
	})
}

func TestClassifyClientAbortSettlesWhatWasSeen(t *testing.T) {
	t.Parallel()
	hangUp := func(resp *Response) Exchange {
		resp.ClientAborted, resp.Complete = true, false
		return attempt(resp)
	}
	if got := Classify(hangUp(reply(302, "", "Location: /login"))); got.Result != Failure || got.Aborted {
		t.Errorf("302 read, stream reset: got %s aborted=%v, want failure", got.Result, got.Aborted)
	}
	if got := Classify(hangUp(reply(401, ""))); got.Result != Failure {
		t.Errorf("401 read, stream reset: got %s, want failure", got.Result)
	}
	if got := Classify(hangUp(reply(200, "<html>", asPage, session))); got.Result != Unknown || !got.Aborted {
		t.Errorf("page cut by the client: got %s aborted=%v, want unknown and aborted", got.Result, got.Aborted)
	}
	lost := reply(200, "<html>", asPage, session)
	lost.UpstreamError, lost.Complete = true, false
	if got := Classify(attempt(lost)); got.Result != Unknown || !got.Upstream || got.Aborted {
		t.Errorf("page cut by the app: got %s upstream=%v aborted=%v, want unknown and upstream", got.Result, got.Upstream, got.Aborted)
	}
}

func TestClassifyMayReadNilCredentials(t *testing.T) {
	t.Parallel()
	if got := Classify(Exchange{Response: reply(401, "")}); got.Result != Failure {
		t.Errorf("got %s, want failure", got.Result)
	}
}

// Words that the request brought along excuse nothing.
func TestClassifyIgnoresEchoedExcuses(t *testing.T) {
	t.Parallel()
	body := `{"error":"no such user: too many attempts csrf"}`
	x := attempt(reply(400, body, asJSON))
	if got := Classify(x); got.Result != Throttled {
		t.Fatalf("without an echo: got %s, want throttled: the test proves nothing", got.Result)
	}
	x.Echoes = []string{"too many attempts csrf"}
	if got := Classify(x); got.Result != Failure {
		t.Errorf("name repeated by the answer: got %s %q, want failure", got.Result, got.Evidence)
	}
	x.Echoes, x.RawQuery = nil, "msg=too+many%20attempts+csrf"
	if got := Classify(x); got.Result != Failure {
		t.Errorf("query repeated by the answer: got %s %q, want failure", got.Result, got.Evidence)
	}
}

func TestClassifyNeverQuotesTheAnswer(t *testing.T) {
	t.Parallel()
	const secret = "hunter2-Ada"
	for _, resp := range []*Response{
		reply(400, `{"error":"invalid password `+secret+`","message":"`+secret+`"}`, asJSON),
		reply(302, "", "Location: /login?error="+secret),
		reply(200, `<div class="error">wrong password `+secret+`</div>`+loginForm, asPage, "Set-Cookie: sid="+secret),
		reply(200, "Bad login "+secret, asText),
	} {
		o := Classify(attempt(resp))
		if strings.Contains(strings.Join(o.Evidence, " "), secret) {
			t.Errorf("evidence quotes the answer: %q", o.Evidence)
		}
	}
}
