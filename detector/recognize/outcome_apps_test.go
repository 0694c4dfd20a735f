package recognize

import (
	"net/http"
	"strings"
	"testing"

	"github.com/doorward/doorward/config"
)

// at is an attempt at another path, with a query and the cookies it bore.
func at(path, query string, resp *Response, cookies ...string) Exchange {
	x := attempt(resp)
	x.Path, x.RawQuery, x.Cookies = path, query, cookies
	return x
}

func TestClassifyRedirects(t *testing.T) {
	t.Parallel()
	to := func(location string, lines ...string) *Response {
		return reply(302, "", append(lines, "Location: "+location)...)
	}
	fromForm := at("/do_auth", "", to("/welcome", "Set-Cookie: SID=changed-0123456789"), "SID")
	fromForm.Referer = "https://app.example/welcome"
	fromFormPlain := at("/do_auth", "", to("/welcome"), "SID")
	fromFormPlain.Referer = fromForm.Referer
	known := at("/", "", to("/", "Set-Cookie: portal=0123456789abcdef"))
	known.Known = RouteFacts{VisitorsSeen: true, VisitorCookies: []string{"lang"}}
	visitor := at("/", "", to("/", "Set-Cookie: portal=0123456789abcdef"), "lang")
	visitor.Known = RouteFacts{VisitorsSeen: true, VisitorCookies: []string{"portal"}}
	checkOutcomes(t, []outcomeRow{
		{name: "absolute address of the login page", x: attempt(to("https://app.example/login")), want: Failure, sure: 0.9},
		{name: "relative address of the login page", x: at("/app/login", "", to("login?again")), want: Failure, sure: 0.9},
		{name: "another login page than the one posted to", x: at("/dologin.html", "", to("/login.html")), want: Failure, sure: 0.9},
		{name: "sign_in path", x: at("/users/check", "", to("/users/sign_in")), want: Failure, sure: 0.9},
		{name: "error in the query", x: attempt(to("/?error=1")), want: Failure, sure: 0.9},
		{name: "error in the path", x: attempt(to("/auth/failed")), want: Failure, sure: 0.9},
		{name: "error code in a value", x: at("/api/callback", "", to("/page?status=CredentialsInvalid")), want: Failure, sure: 0.9},
		{name: "disabled account", x: at("/accounts/login/", "", to("/accounts/inactive/", session)), want: Failure},
		{name: "too many attempts", x: attempt(to("/login?reason=too_many_attempts")), want: Throttled},
		{name: "refused form", x: attempt(to("/signin?csrf=true")), want: Rejected},
		{name: "second factor in the path", x: attempt(to("/user/two_factor", session)), want: Challenge, sure: 0.85},
		{name: "second factor in the query", x: attempt(to("/login?step=otp")), want: Challenge, sure: 0.85},
		{name: "verification page", x: attempt(to("/verify")), want: Challenge},
		{name: "the wished page is called error", x: attempt(to("/login?next=%2Ferror%2F2fa")), want: Failure},
		{name: "user name repeated in the query", x: at("/db/", "", to("/home?username=invalid", session), "theme"), want: Success},
		{name: "code for another site", x: attempt(to("https://client.example/cb?code=0123456789&state=error")), want: Success, sure: 0.9},
		{name: "login page of another host", x: attempt(to("https://other.example/login", session)), want: Success},
		{name: "session in the path, no cookie", x: at("/cgi-bin/mail", "", to("/cgi-bin/mail/login/ada/EA6907A8356F9BB37DA623D41157A31A/17?folder=INBOX")), want: Success},
		{name: "no cookie before or after, to a page of its own", x: at("/login", "", to("/home")), want: Unknown},
		{name: "no cookie before or after", x: at("/login", "", to("/")), want: Failure, notSure: 0.8},
		{name: "address to be confirmed", x: attempt(to("/accounts/confirm-email/", session)), want: Failure, notSure: 0.8},
		{name: "without a session cookie", x: attempt(to("/home")), want: Success, notSure: 0.8},
		{name: "csrf cookie alone is no session", x: attempt(to("/home", "Set-Cookie: csrftoken=0123456789abcdef")), want: Success, notSure: 0.8},
		{name: "message cookie says failed", x: attempt(to("/home", "Set-Cookie: app_flash=error%3DWrong%2Bpassword")), want: Failure, sure: 0.9},
		{name: "message cookie says welcome", x: attempt(to("/home", "Set-Cookie: app_flash=success%3DWelcome", session)), want: Success, sure: 0.9},
		{name: "back to login, yet logged in", x: attempt(to("/login?action=confirm", "Set-Cookie: app_logged_in_77=ada%7C1234567")), want: Success, notSure: 0.89},
		{name: "task changes from login to mail", x: at("/mail/", "_task=login", to("./?_task=mail&_token=x", session), "sess"), want: Success, sure: 0.9},
		{name: "one page for all, nothing changed", x: at("/", "", to("/")), want: Failure, notSure: 0.89},
		{name: "one page for all, same cookie again", x: at("/db/", "", to("?server=x&username=ada", "Set-Cookie: db_sid=0123456789abcdef"), "db_sid"), want: Unknown},
		{name: "one page for all, bot without cookies", x: at("/db/", "", to("?server=x", "Set-Cookie: db_sid=0123456789abcdef")), want: Unknown},
		{name: "one page for all, a second cookie appears", x: at("/index.php", "route=/", to("/index.php?route=/", "Set-Cookie: pmaAuth-1=0123456789abcdef"), "php"), want: Success, notSure: 0.89},
		{name: "one page for all, visitors get no such cookie", x: known, want: Success, notSure: 0.89},
		{name: "one page for all, a cookie for visitors", x: visitor, want: Failure, notSure: 0.89},
		{name: "form in place of the page, session changed", x: fromForm, want: Success, notSure: 0.7},
		{name: "form in place of the page, nothing changed", x: fromFormPlain, want: Failure},
		{name: "no location", x: attempt(reply(302, "")), want: Unknown},
		{name: "unreadable location", x: attempt(to("http://[::1/%zz")), want: Unknown},
		{name: "endless location", x: attempt(to("/" + strings.Repeat("a", maxLocation))), want: Unknown},
		{name: "meta refresh to the login page", x: attempt(reply(200, `<meta http-equiv="Refresh" content="0; URL='/login'">`, asPage)), want: Failure},
		{name: "refresh header to home", x: attempt(reply(200, "", "Refresh: 0;url=/home", session)), want: Success},
	})
}

func TestClassifyJSONHabits(t *testing.T) {
	t.Parallel()
	body := func(s string, lines ...string) Exchange { return attempt(reply(200, s, append(lines, asJSON)...)) }
	checkOutcomes(t, []outcomeRow{
		{name: "ok false", x: body(`{"ok":false}`), want: Failure, sure: 0.9},
		{name: "authenticated true", x: body(`{"authenticated":true}`), want: Success, sure: 0.9},
		{name: "status error", x: body(`{"status":"error","msg":"password or code is incorrect, you have 4 remaining chances","data":null}`), want: Failure, sure: 0.9},
		{name: "status ok", x: body(`{"status":"ok","data":"org/ada"}`), want: Success, sure: 0.9},
		{name: "type failure", x: body(`{"type":"failure","status":400,"data":"[{\"incorrect\":1},true]"}`), want: Failure, sure: 0.9},
		{name: "type redirect", x: body(`{"type":"redirect","status":303,"location":"/account"}`, session), want: Success, sure: 0.9},
		{name: "type redirect to the login page", x: body(`{"type":"redirect","location":"/login"}`), want: Failure, sure: 0.9},
		{name: "address with an error", x: body(`{"url":"https://app.example/auth/error?error=CredentialsSignin"}`), want: Failure, sure: 0.9},
		{name: "result 0", x: body(`{"error":5,"result":0}`), want: Failure, sure: 0.9},
		{name: "result 1", x: body(`{"result":1,"error":"0","id":"0123456789"}`), want: Success, sure: 0.9},
		{name: "access token", x: body(`{"access_token":"0123456789abcdef","token_type":"Bearer"}`), want: Success, sure: 0.9},
		{name: "camel case token below data", x: body(`{"data":{"accessToken":"0123456789abcdef"}}`), want: Success, sure: 0.9},
		{name: "a form token is no session", x: body(`{"csrfToken":"0123456789abcdef","errors":["x"]}`), want: Failure},
		{name: "JWT under any name", x: body(`{"zz":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl"}`), want: Success, sure: 0.9},
		{name: "user object with cookie", x: body(`{"user":{"id":1,"email":"ada@example.org"}}`, session), want: Success, sure: 0.9},
		{name: "bare user", x: body(`{"id":1,"email":"ada@example.org","mfaEnabled":false}`), want: Success},
		{name: "field of a user that sounds like a refusal", x: body(`{"user":{"email":"wrong.password@example.org","name":"x"}}`), want: Success},
		{name: "nothing but a message", x: body(`{"message":"Wrong user name or password"}`), want: Failure},
		{name: "odd code", x: body(`{"code":1001}`), want: Unknown},
		{name: "nothing", x: body(`{}`), want: Unknown},
		{name: "MFA asked for", x: body(`{"mfaRequired":true,"ticket":null}`), want: Challenge, sure: 0.85},
		{name: "MFA not asked for", x: body(`{"mfaRequired":false,"token":"0123456789abcdef"}`), want: Success, sure: 0.9},
		{name: "second factor beside success false", x: body(`{"success":false,"requiresTwoFactor":true}`), want: Challenge},
		{name: "challenge name", x: body(`{"ChallengeName":"SMS_MFA","Session":"0123"}`), want: Challenge},
		{name: "GraphQL errors", x: body(`{"errors":[{"message":"Invalid password","path":["login"],"extensions":{"code":"INTERNAL","stacktrace":["Error: too many frames"]}}],"data":{"login":null}}`), want: Failure, sure: 0.9},
		{name: "GraphQL token", x: body(`{"data":{"login":{"token":"0123456789abcdef"}}}`), want: Success, sure: 0.9},
		{name: "batch: another call fails, the login succeeds", x: attempt(reply(207, `[{"error":{"message":"UNAUTHORIZED"}},{"result":{"data":{"token":"0123456789abcdef"}}}]`, asJSON)), want: Success, sure: 0.9},
		{name: "batch: the login fails, another call succeeds", x: body(`[{"error":{"message":"Invalid email or password"}},{"result":{"data":{"id":2,"title":"x"}}}]`), want: Failure, sure: 0.9},
		{name: "JSON-RPC session", x: body(`{"jsonrpc":"2.0","result":"d3200345e50a33c2","id":1}`), want: Success, sure: 0.9},
		{name: "JSON-RPC error", x: body(`{"jsonrpc":"2.0","error":{"code":-32500,"data":"Incorrect user name or password or account is temporarily blocked."},"id":1}`), want: Failure, sure: 0.9},
		{name: "locked", x: body(`{"status":"error","msg":"You have entered the wrong password too many times"}`), want: Throttled},
		{name: "text that holds JSON", x: attempt(reply(200, `{"success":false}`, asText)), want: Failure, sure: 0.9},
		{name: "guarded JSON", x: body(")]}',\n{\"success\":false}"), want: Failure, sure: 0.9},
		{name: "Chinese", x: body(`{"code":40001,"msg":"用户名或密码错误"}`), want: Failure},
		{name: "German lockout", x: body(`{"error":"Zu viele Anmeldeversuche"}`), want: Throttled},
		{name: "French refusal", x: body(`{"error":"Mot de passe incorrect"}`), want: Failure, sure: 0.9},
	})
}

func TestClassifyRefusals(t *testing.T) {
	t.Parallel()
	answer := func(status int, s string, lines ...string) Exchange {
		return attempt(reply(status, s, append(lines, asJSON)...))
	}
	seen400, accepts := answer(400, `{"code":7}`), attempt(reply(403, "Forbidden", asText))
	seen400.Known.Refuses400, accepts.Known.Accepts = true, true
	checkOutcomes(t, []outcomeRow{
		{name: "401 form page", x: attempt(reply(401, loginForm, asPage)), want: Failure, sure: 0.9},
		{name: "401 with a key of a second factor", x: answer(401, `{"mfaId":"q9zswq6blxua4zm"}`), want: Challenge},
		{name: "401 with an error about a second factor", x: answer(401, `{"errors":[{"extensions":{"code":"INVALID_OTP"}}]}`), want: Challenge},
		{name: "401 for a locked account", x: answer(401, `{"errors":[{"message":"This user is locked due to having too many failed login attempts."}]}`), want: Throttled},
		{name: "401 page whose help speaks of codes and tokens", x: attempt(reply(401, `<p>csrf two factor too many</p>`+loginForm, asPage)), want: Failure, sure: 0.9},
		{name: "400 bare", x: answer(400, `{"code":7}`), want: Malformed},
		{name: "400 on a route that answers so to wrong passwords", x: seen400, want: Failure, sure: 0.9},
		{name: "400 that blames the credentials", x: answer(400, `{"error":{"message":"Invalid identifier or password","name":"ValidationError"}}`), want: Failure, sure: 0.9},
		{name: "400 grant", x: answer(400, `{"error":"invalid_grant"}`), want: Failure, sure: 0.9},
		{name: "400 missing field", x: answer(400, `{"password":["This field may not be blank."]}`), want: Malformed},
		{name: "400 form again", x: attempt(reply(400, loginForm, asPage)), want: Failure, sure: 0.9},
		{name: "400 stale token", x: attempt(reply(400, "Invalid CSRF token.", asText)), want: Rejected},
		{name: "403 form again", x: attempt(reply(403, `<div class="error">Sorry, user name or password was wrong.</div>`+loginForm, asPage)), want: Failure, sure: 0.9},
		{name: "403 grant", x: answer(403, `{"error":"invalid_grant","error_description":"Invalid resource owner credentials"}`), want: Failure, sure: 0.9},
		{name: "403 whose key blames the password", x: answer(403, `{"LDAPPasswordPolicyError":65535}`), want: Failure, sure: 0.9},
		{name: "403 bare", x: attempt(reply(403, "Forbidden", asText)), want: Failure, notSure: 0.8},
		{name: "403 bare, accepted ones get 200", x: accepts, want: Failure, sure: 0.9},
		{name: "403 forgery page", x: attempt(reply(403, "<h1>Forbidden</h1><p>CSRF verification failed. Request aborted.</p>", asPage)), want: Rejected, sure: 0.9},
		{name: "403 foreign origin", x: attempt(reply(403, "Cross-site POST form submissions are forbidden", asText)), want: Rejected},
		{name: "403 banned address", x: attempt(reply(403, "Your IP address has been banned after too many failed attempts.", asText)), want: Throttled},
		{name: "403 page about nothing", x: attempt(reply(403, "<h1>403</h1>", asPage)), want: Rejected, notSure: 0.8},
		{name: "419", x: attempt(reply(419, "<title>Page Expired</title>", asPage)), want: Rejected},
		{name: "422 bare", x: attempt(reply(422, "", asPage)), want: Rejected, notSure: 0.8},
		{name: "422 refused form", x: attempt(reply(422, "<h1>The change you wanted was rejected.</h1>", asPage)), want: Rejected},
		{name: "422 form again", x: attempt(reply(422, loginForm, asPage)), want: Failure, sure: 0.9},
		{name: "422 JSON about the password", x: answer(422, `{"errors":[{"message":"Your password is incorrect.","code":"PASSWORD_INCORRECT"}]}`), want: Failure, sure: 0.9},
		{name: "422 credentials that do not match", x: answer(422, `{"message":"These credentials do not match our records."}`), want: Failure, sure: 0.9},
		{name: "404 unknown user", x: answer(404, `{"errors":[{"message":"There is no user with that email address."}]}`), want: Failure},
		{name: "404 of nothing", x: attempt(reply(404, "<h1>Not here</h1>", asPage)), want: Unknown},
		{name: "408 of a login page", x: attempt(reply(408, "", asPage)), want: Rejected},
		{name: "405", x: attempt(reply(405, "")), want: Unknown},
	})
}

func TestClassifyPagesAndTexts(t *testing.T) {
	t.Parallel()
	page := func(s string, lines ...string) Exchange { return attempt(reply(200, s, append(lines, asPage)...)) }
	checkOutcomes(t, []outcomeRow{
		{name: "form again with a new cookie", x: page(loginForm, session), want: Failure, sure: 0.9},
		{name: "form again, renewed analytics and form token", x: page(loginForm, "Set-Cookie: csrftoken=0123456789", "Set-Cookie: _ga=GA1.2.0123456789"), want: Failure, sure: 0.9},
		{name: "form in a template is no form", x: page(`<html><body><template>`+loginForm+`</template>Hello<a href="/logout">x</a></body></html>`, session), want: Success, sure: 0.9},
		{name: "form in a script is no form", x: page(`<html><script>var f='<input type="password">'</script>Hello</html>`, session), want: Success},
		{name: "form in a comment is no form", x: page(`<html><!-- `+loginForm+` -->Hello</html>`, session), want: Success},
		{name: "profile with two password fields after a login", x: page(`<html><form><input type=password><input type=password></form></html>`, session), want: Success, notSure: 0.7},
		{name: "unquoted attributes in capitals", x: page(`<FORM><INPUT NAME=u><INPUT TYPE=PASSWORD NAME=p></FORM>`), want: Failure, sure: 0.9},
		{name: "locked, form again", x: page(`<p class="alert">Your account is locked.</p>` + loginForm), want: Throttled},
		{name: "too many, form again", x: page(`<ul class="errorlist"><li>Too many failed login attempts. Try again later.</li></ul>` + loginForm), want: Throttled},
		{name: "help about lockouts beside the form", x: page(`<p>After too many attempts your account is locked.</p>` + loginForm), want: Failure, sure: 0.9},
		{name: "last attempt before the lockout", x: page(`<p class="alert">You have one more attempt before your account is locked.</p>` + loginForm), want: Failure, sure: 0.9},
		{name: "hidden error box for scripts", x: page(`<html><div class="error" style="display: none">Wrong password</div>Hello<a href="/logout">bye</a></html>`, session), want: Success, sure: 0.9},
		{name: "failed logins counted on the home page", x: page(`<html>2 failed login attempts since your last visit.<a href="/logout">bye</a></html>`, session), want: Success},
		{name: "error page without a form", x: page(`<html><body>Invalid user name and/or password, please try <a href="login.jsp">again</a></body></html>`), want: Failure, sure: 0.85},
		{name: "form behind an anchor that is never closed", x: page(`<html><body><a name=top>` + loginForm), want: Failure, sure: 0.9},
		{name: "refusal behind an anchor that is never closed", x: page(`<html><body><a name=top><div>Invalid password`, session), want: Failure},
		{name: "error paragraph that is never closed", x: page(`<p class=error>Wrong<p>After too many attempts your account is locked.` + loginForm), want: Failure, sure: 0.9},
		{name: "refusal behind more text than is listened to", x: page(`<html>`+strings.Repeat("word ", maxPageText/5)+`Invalid password</html>`, session), want: Unknown},
		{name: "refusal behind a text longer than is listened to", x: attempt(reply(200, strings.Repeat("word ", maxHeardBytes/5+1)+"Invalid password", asText, session)), want: Unknown},
		{name: "JSON nested beyond the bound before its error", x: attempt(reply(200, `{"a":`+strings.Repeat("[", maxAnswerNesting)+strings.Repeat("]", maxAnswerNesting)+`,"error":"x"}`, asJSON, session)), want: Unknown},
		{name: "code asked for", x: page(`<html><form><input name="otp_code" autocomplete="one-time-code"></form></html>`, session), want: Challenge},
		{name: "bare text sent as HTML", x: page(`Bad login`), want: Failure, sure: 0.9},
		{name: "whole page to a client without any cookie", x: at("/login", "", reply(200, "<html><body>Portal</body></html>", asPage)), want: Unknown},
		{name: "Fails.", x: attempt(reply(200, "Fails.", asText)), want: Failure, sure: 0.9},
		{name: "Ok. with a cookie", x: attempt(reply(200, "Ok.", asText, session)), want: Success, sure: 0.9},
		{name: "Unauthorized with 200", x: attempt(reply(200, "Unauthorized", asText)), want: Failure, sure: 0.9},
		{name: "Created", x: attempt(reply(201, "Created", asText, session)), want: Success, sure: 0.9},
		{name: "204 with a cookie", x: attempt(reply(204, "", session)), want: Success, sure: 0.9},
		{name: "204 without", x: attempt(reply(204, "")), want: Success},
		{name: "binary with a cookie", x: attempt(reply(200, "\x0a\x28\x0a\x0b", "Content-Type: application/proto", session)), want: Success},
		{name: "binary without", x: attempt(reply(200, "\x0a\x28\x0a\x0b", "Content-Type: application/octet-stream")), want: Unknown},
	})
}

func TestClassifyXMLRPC(t *testing.T) {
	t.Parallel()
	call := func(s string) Exchange {
		return attempt(reply(200, `<?xml version="1.0"?><methodResponse>`+s+`</methodResponse>`, "Content-Type: text/xml; charset=UTF-8"))
	}
	fault := `<value><struct><member><name>faultCode</name><value><int>403</int></value></member><member><name>faultString</name><value><string>Incorrect username or password.</string></value></member></struct></value>`
	good := `<value><array><data><value>x</value></data></array></value>`
	list := func(values string) string {
		return `<params><param><value><array><data>` + values + `</data></array></value></param></params>`
	}
	checkOutcomes(t, []outcomeRow{
		{name: "fault", x: call(`<fault>` + fault + `</fault>`), want: Failure, sure: 0.9},
		{name: "value", x: call(`<params><param><value><string>x</string></value></param></params>`), want: Success},
		{name: "true", x: call(`<params><param><value><boolean>1</boolean></value></param></params>`), want: Success},
		{name: "false", x: call("<params>\n<param>\n<value><boolean>0</boolean></value></param></params>"), want: Failure},
		{name: "list of calls, all refused", x: call(list(fault + fault)), want: Failure, sure: 0.9},
		{name: "list of calls, one accepted", x: call(list(good + fault)), want: Success},
		{name: "list of calls, one accepted after a refusal", x: call(list(fault + good)), want: Success},
	})
}

func TestClassifyOtherKinds(t *testing.T) {
	t.Parallel()
	signup := func(resp *Response) Exchange { return withKind(config.KindSignup, "/signup", resp) }
	second := func(resp *Response) Exchange { return withKind(config.KindMFA, "/user/two_factor", resp) }
	change := func(resp *Response) Exchange { return withKind(config.KindPasswordChange, "/profile", resp) }
	reset := func(resp *Response) Exchange { return withKind(config.KindResetRequest, "/forgot", resp) }
	checkOutcomes(t, []outcomeRow{
		{name: "signup 201", x: signup(reply(201, `{"id":7,"email":"x@example.org"}`, asJSON)), want: Success, sure: 0.9},
		{name: "signup leads away", x: signup(reply(302, "", "Location: /profile", session)), want: Success, sure: 0.9},
		{name: "signup leads to the login page", x: signup(reply(302, "", "Location: /login")), want: Success},
		{name: "signup leads back", x: signup(reply(302, "", "Location: /signup")), want: Failure, sure: 0.9},
		{name: "signup by mail on the same page", x: withKind(config.KindSignup, "/login.php", reply(302, "", "Location: /login.php?checkemail=registered")), want: Success, sure: 0.9},
		{name: "signup form again", x: signup(reply(200, `<ul class="errorlist"><li>This name is already taken</li></ul>`+loginForm, asPage, session)), want: Failure, sure: 0.9},
		{name: "signup done, login form shown", x: signup(reply(200, `<div class="success">The user has been created.</div>`+loginForm, asPage)), want: Success},
		{name: "signup refused on a page without fields", x: signup(reply(200, `<div class="error">A user with this login already exists.</div>`, asPage)), want: Failure, sure: 0.9},
		{name: "signup page with a session", x: signup(reply(200, homePage, asPage, session)), want: Success},
		{name: "signup 409", x: signup(reply(409, `{"message":"Email already in use"}`, asJSON)), want: Failure, sure: 0.9},
		{name: "signup 422", x: signup(reply(422, `{"errors":{"email":["has already been taken"]}}`, asJSON)), want: Failure, sure: 0.9},
		{name: "signup 400", x: signup(reply(400, "")), want: Failure},
		{name: "signup 403 forgery", x: signup(reply(403, "CSRF verification failed", asText)), want: Rejected},
		{name: "signup JSON error with 200", x: signup(reply(200, `{"status":"error","msg":"Username already exists"}`, asJSON)), want: Failure, sure: 0.9},
		{name: "signup 204", x: signup(reply(204, "")), want: Success},
		{name: "signup 500", x: signup(reply(500, "Internal Server Error", asText)), want: Unknown},
		{name: "signup 500 with the database's refusal of a second one", x: signup(reply(500,
			"<pre>Error: SQLITE_CONSTRAINT: UNIQUE constraint failed: users.username<br> at run</pre>", asPage)), want: Failure},
		{name: "signup 503 of a proxy, whatever it says", x: signup(reply(503, "duplicate request", asText)), want: Unknown},
		{name: "login 500 with a database error", x: attempt(reply(500, "UNIQUE constraint failed: sessions.id", asText)), want: Unknown},

		{name: "second factor right", x: second(reply(303, "", "Location: /", session)), want: Success, sure: 0.9},
		{name: "second factor wrong, asked again", x: second(reply(303, "", "Location: /user/two_factor")), want: Failure, sure: 0.9},
		{name: "second factor wrong, page again", x: second(reply(200, `<html><form><input name="passcode"></form></html>`, asPage)), want: Failure, sure: 0.9},
		{name: "second factor wrong, JSON", x: second(reply(422, `{"error_code":"mfa_verification_failed","msg":"Invalid TOTP code entered"}`, asJSON)), want: Failure},

		{name: "reset request taken", x: reset(reply(302, "", "Location: /forgot/done")), want: Success},
		{name: "reset request for an unknown name", x: reset(reply(404, `{"message":"User not found."}`, asJSON)), want: Failure},
		{name: "password changed", x: change(reply(302, "", "Location: /profile/done")), want: Success},
		{name: "password change leads back", x: change(reply(302, "", "Location: /profile")), want: Unknown},
		{name: "password change refused", x: change(reply(200, loginForm, asPage)), want: Failure},
		{name: "password change refused by message cookie", x: change(reply(303, "", "Location: /profile", "Set-Cookie: flash=error%3Dwrong")), want: Failure},
		{name: "password change JSON", x: change(reply(200, `{"data":{"success":true}}`, asJSON)), want: Success},
		{name: "logout page", x: withKind(config.KindLogout, "/logout", reply(200, "bye")), want: Success},
		{name: "logout page of those who left", x: byGet(withKind(config.KindLogout, "/logout", reply(200, `<html>Bye. <a href="/logout">Log out</a></html>`, asPage, "Set-Cookie: sid=; Max-Age=0"))), want: Success},
		{name: "logout page that asks first", x: byGet(withKind(config.KindLogout, "/logout", reply(200, `<html><form method="post" action="https://x.test/logout"><button>Log out</button></form></html>`, asPage))), want: Unknown},
		{name: "logout refused", x: withKind(config.KindLogout, "/logout", reply(403, "")), want: Failure},
	})
}

// Deleted cookies, settings and form tokens are no sessions.
func TestReadCookies(t *testing.T) {
	t.Parallel()
	const date = "Date: Wed, 07 Jan 2026 10:00:00 GMT"
	rows := []struct {
		name  string
		lines []string
		want  cookieSigns
	}{
		{"fresh", []string{"sid=0123456789abcdef; Path=/"}, cookieSigns{fresh: true}},
		{"borne before", []string{"old=0123456789abcdef"}, cookieSigns{renewed: true}},
		{"says logged in", []string{"wp_logged_in_1=0123456789"}, cookieSigns{login: true}},
		{"emptied", []string{"sid=; Path=/"}, cookieSigns{}},
		{"emptied in quotes", []string{`sid=""; Path=/`}, cookieSigns{}},
		{"Max-Age 0", []string{"sid=0123456789abcdef; Max-Age=0"}, cookieSigns{}},
		{"Max-Age wins over Expires", []string{"sid=0123456789abcdef; Expires=Thu, 01 Jan 1970 00:00:00 GMT; max-age=60"}, cookieSigns{fresh: true}},
		{"epoch", []string{"sid=0123456789abcdef; expires=Thu, 01 Jan 1970 00:00:00 GMT"}, cookieSigns{}},
		{"a minute before the answer", []string{"sid=0123456789abcdef; expires=Wed, 07 Jan 2026 09:59:00 GMT"}, cookieSigns{}},
		{"old date format", []string{"sid=0123456789abcdef; expires=Tue, 06-Jan-2026 09:59:00 GMT"}, cookieSigns{}},
		{"next month", []string{"sid=0123456789abcdef; expires=Sat, 07 Feb 2026 09:59:00 GMT"}, cookieSigns{fresh: true}},
		{"the word deleted", []string{"sid=deleted"}, cookieSigns{}},
		{"deleted and set again", []string{"sid=-del-; expires=Thu, 01 Jan 1970 00:00:00 GMT", "sid=0123456789abcdef"}, cookieSigns{fresh: true}},
		{"set and deleted again", []string{"sid=0123456789abcdef", "sid=; Max-Age=0"}, cookieSigns{}},
		{"settings and analytics", []string{
			"csrftoken=0123456789abcdef", "XSRF-TOKEN=0123456789abcdef", "lang=en-US-0123456", "_ga=GA1.2.0123456789",
			"cookie_consent=all-of-them-please", "ui_theme=solarized-dark", "AWSALB=0123456789abcdef",
		}, cookieSigns{}},
		{"too short", []string{"sid=1"}, cookieSigns{}},
		{"not a cookie", []string{"", "=x", "nonsense"}, cookieSigns{}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			lines := []string{date}
			for _, c := range row.lines {
				lines = append(lines, "Set-Cookie: "+c)
			}
			x := attempt(reply(302, "", lines...))
			x.Cookies = []string{"old"}
			if got := readCookies(x); got != row.want {
				t.Errorf("got %+v, want %+v", got, row.want)
			}
		})
	}
}

func TestReadCookiesLooksAtABoundedNumber(t *testing.T) {
	t.Parallel()
	h := http.Header{}
	for range maxSetCookies {
		h.Add("Set-Cookie", "lang=en")
	}
	h.Add("Set-Cookie", "sid=0123456789abcdef")
	if got := readCookies(attempt(&Response{Status: 200, Header: h})); got.session() {
		t.Errorf("cookie number %d was looked at", maxSetCookies+1)
	}
}

// byGet is an exchange whose request only looks.
func byGet(x Exchange) Exchange {
	x.Method = http.MethodGet
	return x
}
