package recognize

import (
	"strings"
	"testing"

	"github.com/doorward/doorward/config"
)

const asXML = "Content-Type: text/xml; charset=utf-8"

// jsonAnswer is an answer of JSON to a login at an address of an API.
func jsonAnswer(status int, body string, lines ...string) Exchange {
	return at("/api/v1/auth", "", reply(status, body, append(lines, asJSON)...), "theme")
}

// Answers of services and frameworks as their documentation gives them,
// shortened.
func TestClassifyServices(t *testing.T) {
	t.Parallel()
	checkOutcomes(t, []outcomeRow{
		{name: "wiki API, passed", x: jsonAnswer(200, `{"clientlogin":{"status":"PASS","username":"Ada"}}`), want: Success},
		{name: "wiki API, refused", x: jsonAnswer(200, `{"clientlogin":{"status":"FAIL","message":"Incorrect username or password entered. Please try again.","messagecode":"wrongpassword"}}`), want: Failure, sure: 0.9},
		{name: "wiki API, second step", x: jsonAnswer(200, `{"clientlogin":{"status":"UI","message":"Please enter an authentication code from your authentication device.","requests":[{"id":"TOTPAuthenticationRequest","fields":{"OATHToken":{"type":"string"}}}]}}`), want: Challenge},
		{name: "wiki API, throttled", x: jsonAnswer(200, `{"clientlogin":{"status":"FAIL","message":"You have made too many recent login attempts. Please wait 5 minutes before trying again.","messagecode":"login-throttled"}}`), want: Throttled},
		{name: "wiki API, old login accepted", x: jsonAnswer(200, `{"login":{"result":"Success","lguserid":1,"lgusername":"Ada"}}`), want: Success},
		{name: "wiki API, old login refused", x: jsonAnswer(200, `{"login":{"result":"Failed","reason":"Incorrect username or password entered. Please try again."}}`), want: Failure},
		{name: "wiki API, old login needs a token", x: jsonAnswer(200, `{"login":{"result":"NeedToken","token":"0123456789abcdef+\\"}}`), want: Rejected},
		{name: "wiki API, wrong form token", x: jsonAnswer(200, `{"error":{"code":"badtoken","info":"Invalid CSRF token."}}`), want: Rejected},

		{name: "identity toolkit, unknown mail", x: jsonAnswer(400, `{"error":{"code":400,"message":"EMAIL_NOT_FOUND","errors":[{"message":"EMAIL_NOT_FOUND","domain":"global","reason":"invalid"}]}}`), want: Failure},
		{name: "identity toolkit, wrong password", x: jsonAnswer(400, `{"error":{"code":400,"message":"INVALID_PASSWORD"}}`), want: Failure},
		{name: "identity toolkit, too many", x: jsonAnswer(400, `{"error":{"code":400,"message":"TOO_MANY_ATTEMPTS_TRY_LATER : Access to this account has been temporarily disabled due to many failed login attempts."}}`), want: Throttled},
		{name: "identity toolkit, disabled", x: jsonAnswer(400, `{"error":{"code":400,"message":"USER_DISABLED"}}`), want: Failure},
		{name: "identity toolkit, accepted", x: jsonAnswer(200, `{"kind":"identitytoolkit#VerifyPasswordResponse","localId":"Zx1","email":"a@example.org","displayName":"","idToken":"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL3NlY3VyZXRva2VuIn0.c2ln","registered":true,"expiresIn":"3600"}`), want: Success, sure: 0.9},
		{name: "identity toolkit, second factor", x: jsonAnswer(200, `{"mfaPendingCredential":"AEThLlYx","mfaInfo":[{"phoneInfo":"+*******99"}],"email":"a@example.org","localId":"x"}`), want: Challenge},

		{name: "user pool, refused", x: jsonAnswer(400, `{"__type":"NotAuthorizedException","message":"Incorrect username or password."}`), want: Failure},
		{name: "user pool, unknown", x: jsonAnswer(400, `{"__type":"UserNotFoundException","message":"User does not exist."}`), want: Failure},
		{name: "user pool, unconfirmed", x: jsonAnswer(400, `{"__type":"UserNotConfirmedException","message":"User is not confirmed."}`), want: Failure},
		{name: "user pool, limit", x: jsonAnswer(400, `{"__type":"LimitExceededException","message":"Attempt limit exceeded, please try after some time."}`), want: Throttled},
		{name: "user pool, accepted", x: jsonAnswer(200, `{"AuthenticationResult":{"AccessToken":"eyJraWQiOiJ4In0.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl","ExpiresIn":3600,"TokenType":"Bearer"},"ChallengeParameters":{}}`), want: Success, sure: 0.9},
		{name: "user pool, challenge", x: jsonAnswer(200, `{"ChallengeName":"SOFTWARE_TOKEN_MFA","ChallengeParameters":{"USER_ID_FOR_SRP":"ada"},"Session":"AYABeK0123456789"}`), want: Challenge},

		{name: "identity cloud, factor", x: jsonAnswer(200, `{"stateToken":"007ucIX7PATyn94hsHfOLVaXAmOBkKHWnOOLG43bsb","expiresAt":"2026-11-03T10:15:57.000Z","status":"MFA_REQUIRED","_embedded":{"user":{"id":"00ub0"},"factors":[{"id":"ufs"}]}}`), want: Challenge},
		{name: "identity cloud, accepted", x: jsonAnswer(200, `{"expiresAt":"2026-11-03T10:15:57.000Z","status":"SUCCESS","sessionToken":"00Fpzf4en68pCXTsMjcX8JPMctzN2Wiw4LDOBL_9pe"}`), want: Success, sure: 0.9},
		{name: "identity cloud, locked", x: jsonAnswer(200, `{"status":"LOCKED_OUT","_links":{"next":{"name":"unlock"}}}`), want: Throttled},
		{name: "identity cloud, refused", x: jsonAnswer(401, `{"errorCode":"E0000004","errorSummary":"Authentication failed","errorLink":"E0000004","errorCauses":[]}`), want: Failure},

		{name: "grant, factor required", x: jsonAnswer(403, `{"error":"mfa_required","error_description":"Multifactor authentication required","mfa_token":"Fe26.2*0123456789"}`), want: Challenge},
		{name: "grant, wrong password", x: jsonAnswer(403, `{"error":"invalid_grant","error_description":"Wrong email or password."}`), want: Failure},
		{name: "grant, wrong password with 401", x: jsonAnswer(401, `{"error":"invalid_grant","error_description":"Invalid user credentials"}`), want: Failure},
		{name: "grant, factor in an invalid grant", x: jsonAnswer(400, `{"error":"invalid_grant","error_description":"Two factor required.","TwoFactorProviders":["0"],"TwoFactorProviders2":{"0":null},"ErrorModel":{"Message":"Two factor required."}}`), want: Challenge},
		{name: "grant, error model", x: jsonAnswer(400, `{"error":"","error_description":"","ErrorModel":{"Message":"Username or password is incorrect. Try again","Object":"error"}}`), want: Failure},

		{name: "flow, messages of the form", x: jsonAnswer(400, `{"id":"9f4e","ui":{"action":"https://id.example/login","messages":[{"id":4000006,"text":"The provided credentials are invalid, check for spelling mistakes in your password or username.","type":"error"}],"nodes":[{"attributes":{"name":"password","type":"password"}}]}}`), want: Failure},
		{name: "flow, session", x: jsonAnswer(200, `{"session_token":"ory_st_0123456789","session":{"id":"x","active":true,"identity":{"id":"y"}}}`), want: Success, sure: 0.9},
		{name: "flow, the browser is to go on", x: jsonAnswer(422, `{"error":{"id":"browser_location_change_required","code":422,"status":"Unprocessable Entity","reason":"In order to complete this flow please redirect the browser to: https://app.example/home","message":"browser location change required"},"redirect_browser_to":"https://app.example/home"}`, session), want: Success},

		{name: "status word blames the credentials", x: jsonAnswer(200, `{"status":"WRONG_CREDENTIALS_ERROR"}`), want: Failure},
		{name: "status OK with a user", x: jsonAnswer(200, `{"status":"OK","user":{"id":"1","emails":["a@example.org"]}}`, session), want: Success, sure: 0.9},
		{name: "status of a field error", x: jsonAnswer(200, `{"status":"FIELD_ERROR","formFields":[{"id":"email","error":"Email is invalid"}]}`), want: Failure},
		{name: "two factor redirect", x: jsonAnswer(200, `{"twoFactorRedirect":true,"twoFactorMethods":["totp"]}`), want: Challenge},
		{name: "redirect false, token", x: jsonAnswer(200, `{"redirect":false,"token":"0123456789abcdef","user":{"id":"1"}}`), want: Success, sure: 0.9},
		{name: "mail not verified", x: jsonAnswer(403, `{"code":"EMAIL_NOT_VERIFIED","message":"Email not verified"}`), want: Failure},
		{name: "more factors", x: jsonAnswer(401, `{"message":"More factors are required to complete the sign in process.","code":401,"type":"user_more_factors_required","version":"1.4"}`), want: Challenge},
		{name: "session created", x: jsonAnswer(201, `{"$id":"5e5ea5c16897e","userId":"5e5bb8c16897e","expire":"2027-10-15T06:38:00.000+00:00","provider":"email","secret":""}`, session), want: Success},

		{name: "JSON-RPC without a user id", x: jsonAnswer(200, `{"jsonrpc":"2.0","id":1,"result":{"uid":false}}`), want: Failure},
		{name: "JSON-RPC with a user id", x: jsonAnswer(200, `{"jsonrpc":"2.0","id":null,"result":{"uid":2,"is_admin":true,"username":"admin","name":"Ada"}}`, session), want: Success},
		{name: "JSON-RPC false", x: jsonAnswer(200, `{"jsonrpc":"2.0","id":1,"result":false}`), want: Failure},
		{name: "JSON-RPC number", x: jsonAnswer(200, `{"jsonrpc":"2.0","id":1,"result":2}`), want: Success},
		{name: "JSON-RPC server error that denies access", x: jsonAnswer(200, `{"jsonrpc":"2.0","id":1,"error":{"code":200,"message":"Server Error","data":{"name":"exceptions.AccessDenied","message":"Access Denied","debug":"Traceback (most recent call last): too many values"}}}`), want: Failure, sure: 0.9},
		{name: "bus: session in a list", x: jsonAnswer(200, `{"jsonrpc":"2.0","id":1,"result":[0,{"ubus_rpc_session":"0123456789abcdef0123456789abcdef","timeout":300}]}`), want: Success},
		{name: "bus: number of an error in a list", x: jsonAnswer(200, `{"jsonrpc":"2.0","id":1,"result":[6]}`), want: Unknown},

		{name: "logged in, home page", x: jsonAnswer(200, `{"message":"Logged In","home_page":"/app","full_name":"Ada"}`, session), want: Success},
		{name: "verification by an app", x: jsonAnswer(200, `{"verification":{"token_delivery":true,"method":"OTP App","setup":true},"tmp_id":"0123abcd"}`), want: Challenge},
		{name: "flow of steps, refused", x: jsonAnswer(200, `{"flow_id":"f1","type":"form","handler":["local",null],"step_id":"init","data_schema":[{"name":"username","type":"string"}],"errors":{"base":"invalid_auth"}}`), want: Failure, sure: 0.9},
		{name: "flow of steps, code", x: jsonAnswer(200, `{"flow_id":"f1","type":"form","handler":["local",null],"step_id":"mfa","data_schema":[{"name":"code","type":"string"}],"errors":{}}`), want: Challenge},
		{name: "flow of steps, done", x: jsonAnswer(200, `{"version":1,"type":"create_entry","flow_id":"f1","handler":["local",null],"result":"0123456789abcdef0123456789abcdef"}`), want: Success},
		{name: "number of an error", x: jsonAnswer(200, `{"error":{"code":400},"success":false}`), want: Failure},
		{name: "station asks for a code", x: jsonAnswer(200, `{"error":{"code":403,"errors":{"token":"0123456789","types":[{"type":"otp"}]}},"success":false}`), want: Challenge},
		{name: "station lets in", x: jsonAnswer(200, `{"data":{"sid":"0123456789abcdef"},"success":true}`), want: Success, sure: 0.9},
		{name: "ticket of a first step", x: jsonAnswer(200, `{"data":{"NeedTFA":1,"ticket":"PVE:!tfa!0123456789","username":"root@pam"}}`), want: Challenge},
		{name: "validity in a session object", x: jsonAnswer(401, `{"session":{"valid":false,"totp":false,"sid":null,"validity":-1,"message":"password incorrect"},"took":0.1}`), want: Failure},
		{name: "validity in a session object, accepted", x: jsonAnswer(200, `{"session":{"valid":true,"totp":false,"sid":"0123456789abcdef","csrf":"x0123456789","validity":1800,"message":"password correct"},"took":0.1}`), want: Success},
		{name: "422 credentials", x: jsonAnswer(422, `{"message":"Invalid credentials","details":"Unauthorized"}`), want: Failure},
		{name: "404 number of an error", x: jsonAnswer(404, `{"code":101,"error":"Invalid username/password."}`), want: Failure},
		{name: "object with a session token", x: jsonAnswer(200, `{"objectId":"g7y9tkhB7O","username":"ada","sessionToken":"r:pnktnjyb996sj4p156gjtp4im"}`), want: Success, sure: 0.9},
		{name: "message id of an API", x: jsonAnswer(401, `{"id":"api.user.login.invalid_credentials_email_username","message":"Enter a valid email or username and/or password.","detailed_error":"","status_code":401}`), want: Failure},
		{name: "message id of a second factor", x: jsonAnswer(401, `{"id":"mfa.validate_token.authenticate.app_error","message":"Invalid MFA token.","status_code":401}`), want: Challenge},
		{name: "chat, refused", x: jsonAnswer(401, `{"status":"error","error":401,"message":"Unauthorized"}`), want: Failure},
		{name: "chat, second factor", x: jsonAnswer(401, `{"status":"error","error":"totp-required","message":"TOTP Required","details":{"method":"totp"}}`), want: Challenge},
		{name: "chat, token", x: jsonAnswer(200, `{"status":"success","data":{"userId":"x","authToken":"0123456789abcdef"}}`), want: Success, sure: 0.9},
		{name: "forum, refused with 200", x: jsonAnswer(200, `{"error":"Incorrect username, email or password","reason":"invalid_credentials"}`), want: Failure, sure: 0.9},
		{name: "forum, second factor", x: jsonAnswer(200, `{"failed":"FAILED","ok":false,"error":"Please enter the code from your authenticator app.","reason":"invalid_second_factor_method","totp_enabled":true}`), want: Challenge},
		{name: "forum, accepted", x: jsonAnswer(200, `{"user":{"id":1,"username":"ada"}}`, session), want: Success, sure: 0.9},
		{name: "two factor true", x: jsonAnswer(200, `{"two_factor":true}`), want: Challenge},
		{name: "two factor false", x: jsonAnswer(200, `{"two_factor":false}`, session), want: Success},
		{name: "422 throttle", x: jsonAnswer(422, `{"message":"Too many login attempts. Please try again in 49 seconds.","errors":{"email":["Too many login attempts."]}}`), want: Throttled},
		{name: "unrecognized name", x: jsonAnswer(400, `{"message":"Sorry, unrecognized username or password."}`), want: Failure},
		{name: "content management, accepted", x: jsonAnswer(200, `{"current_user":{"uid":"1","name":"ada"},"csrf_token":"0123456789","logout_token":"0123456789"}`, session), want: Success},
		{name: "status 0 with a message", x: jsonAnswer(200, `{"status":0,"message":"Invalid login"}`), want: Failure},
		{name: "status 1", x: jsonAnswer(200, `{"status":1,"message":"Welcome back"}`), want: Success},
		{name: "code 0 means well", x: jsonAnswer(200, `{"code":0,"msg":"success","data":{"token":"0123456789abcdef"}}`), want: Success, sure: 0.9},
		{name: "code 500 with 200", x: jsonAnswer(200, `{"code":500,"msg":"用户不存在/密码错误"}`), want: Failure},
		{name: "code 200 with a token", x: jsonAnswer(200, `{"code":200,"msg":"操作成功","token":"0123456789abcdef"}`), want: Success, sure: 0.9},
		{name: "errcode 0", x: jsonAnswer(200, `{"errcode":0,"errmsg":"ok","data":{"uid":7}}`, session), want: Success},
		{name: "errno", x: jsonAnswer(200, `{"errno":1001,"errmsg":"password error"}`), want: Failure},
		{name: "page method, false in d", x: jsonAnswer(200, `{"d":false}`), want: Failure},
		{name: "page method, true in d", x: jsonAnswer(200, `{"d":true}`), want: Success},
		{name: "page method, JSON as text in d", x: jsonAnswer(200, `{"d":"{\"success\":false,\"message\":\"Wrong password\"}"}`), want: Failure, sure: 0.9},
		{name: "bare false", x: jsonAnswer(200, `false`), want: Failure},
		{name: "bare true", x: jsonAnswer(200, `true`), want: Success},
		{name: "bare text", x: jsonAnswer(200, `"Invalid password"`), want: Failure},
		{name: "markup with the form inside", x: jsonAnswer(200, `{"html":"<form><input type=\"password\" name=\"p\"><\/form>"}`), want: Failure},
		{name: "account is temporarily locked", x: jsonAnswer(200, `{"success":false,"error":"Account is temporarily locked"}`), want: Throttled},
		{name: "invalid CSRF token", x: jsonAnswer(403, `{"message":"invalid csrf token"}`), want: Rejected},
		{name: "token withheld", x: jsonAnswer(200, `{"data":{"authenticate":{"jwtToken":null}}}`), want: Failure},
		{name: "result of a query is null", x: jsonAnswer(200, `{"data":{"login":null}}`), want: Failure, notSure: 0.6},
		{name: "result of a query is null, yet a session", x: jsonAnswer(200, `{"data":{"login":null}}`, session), want: Success},
		{name: "number and session as the result of a call", x: jsonAnswer(200, `{"id":16,"result":[2,"3a1b6c5e23e95c4e0d2e440eaa29ce98"]}`), want: Success, sure: 0.9},
		{name: "own problem format", x: jsonAnswer(401, `{"type":"https://tools.ietf.org/html/rfc7235#section-3.1","title":"Unauthorized","status":401,"detail":"Failed"}`), want: Failure},
		{name: "problem that asks for a factor", x: jsonAnswer(401, `{"title":"Unauthorized","status":401,"detail":"RequiresTwoFactor"}`), want: Challenge},
	})
}

// Answers to the page's own script.
func TestClassifyAnswersToScripts(t *testing.T) {
	t.Parallel()
	page := func(status int, s string, lines ...string) Exchange {
		return attempt(reply(status, s, append(lines, asPage)...))
	}
	component := "Content-Type: text/x-component"
	checkOutcomes(t, []outcomeRow{
		{name: "header redirects, empty 200", x: page(200, "", "X-Example-Redirect: /dashboard"), want: Success},
		{name: "header redirects back", x: page(200, "", "Hx-Redirect: /login"), want: Failure},
		{name: "header leads on", x: page(200, "", "Hx-Redirect: /home", session), want: Success, sure: 0.9},
		{name: "header holds an object", x: page(200, "", `Hx-Location: {"path":"/home","target":"#main"}`, session), want: Success, sure: 0.9},
		{name: "header of a form token check", x: page(200, "", "X-Redirect-By: App", "Content-Location: /x"), want: Success, notSure: 0.6},
		{name: "visit elsewhere, 409", x: attempt(reply(409, "", "X-Inertia-Location: /dashboard", session)), want: Success},
		{name: "props with errors", x: attempt(reply(200, `{"component":"Auth/Login","props":{"errors":{"email":"These credentials do not match our records."}},"url":"/login","version":"1"}`, asJSON, "X-Inertia: true")), want: Failure, sure: 0.9},
		{name: "action redirects, whole page in the answer", x: attempt(reply(200, "1:\"$Sreact.fragment\"\n2:[[\"children\",{\"error\":\"$undefined\"}]]\n", component, "X-Action-Redirect: /dashboard;push", session)), want: Success, sure: 0.9},
		{name: "action refuses", x: attempt(reply(200, "0:{\"a\":\"$@1\",\"f\":\"\",\"b\":\"x\"}\n1:{\"error\":\"Invalid credentials\"}\n", component)), want: Failure, sure: 0.9},
		{name: "action has messages for fields", x: attempt(reply(200, "0:{\"a\":\"$@1\"}\n1:{\"errors\":{\"password\":[\"Be at least 8 characters long\"]}}\n", component)), want: Failure},
		{name: "action succeeds", x: attempt(reply(200, "0:{\"a\":\"$@1\"}\n1:{\"success\":true}\n", component, session)), want: Success, sure: 0.9},
		{name: "single fetch redirects", x: attempt(reply(202, `[["SingleFetchRedirect",1],{"_2":3,"_4":5,"_6":7,"_8":7},"redirect","/notes","status",302,"revalidate",false,"reload"]`, "Content-Type: text/x-script", session)), want: Success, sure: 0.9},
		{name: "single fetch redirects back", x: attempt(reply(202, `[["SingleFetchRedirect",1],{"_2":3},"redirect","/login","status",302]`, "Content-Type: text/x-script")), want: Failure},
		{name: "single fetch refuses", x: attempt(reply(400, `[{"_1":2},"data",{"_3":4},"errors",{"_5":6},"email","Invalid email or password"]`, "Content-Type: text/x-script")), want: Failure, sure: 0.9},
		{name: "single fetch refuses with 200", x: attempt(reply(200, `[{"_1":2},"data",{"_3":4},"error","Invalid email or password"]`, "Content-Type: text/x-script")), want: Failure},
		{name: "data request redirects", x: attempt(reply(204, "", "X-Remix-Redirect: /notes", "X-Remix-Status: 302", session)), want: Success, sure: 0.9},
		{name: "component redirects", x: attempt(reply(200, `{"components":[{"snapshot":"{\"data\":{\"email\":\"a\"},\"memo\":{\"id\":\"x\",\"errors\":[]}}","effects":{"redirect":"https://app.example/dashboard","returns":[null]}}],"assets":[]}`, asJSON, session)), want: Success},
		{name: "component refuses", x: attempt(reply(200, `{"components":[{"snapshot":"{\"data\":{\"email\":\"a\"},\"memo\":{\"id\":\"x\",\"errors\":{\"email\":[\"These credentials do not match our records.\"]}}}","effects":{"returns":[null],"html":"<div><input type=\"password\"></div>"}}],"assets":[]}`, asJSON, session)), want: Failure},
		{name: "partial page redirects", x: attempt(reply(200, `<?xml version='1.0' encoding='UTF-8'?><partial-response id="j_id1"><redirect url="/app/home.xhtml"></redirect></partial-response>`, asXML, session)), want: Success, sure: 0.9},
		{name: "partial page redirects back", x: attempt(reply(200, `<partial-response><redirect url="/login.xhtml?error=1"/></partial-response>`, asXML)), want: Failure},
		{name: "partial page with the form", x: attempt(reply(200, `<?xml version='1.0'?><partial-response><changes><update id="form"><![CDATA[<span class="ui-messages-error">Invalid credentials</span><form><input type="password" name="p"/></form>]]></update></changes></partial-response>`, asXML)), want: Failure, sure: 0.9},
		{name: "remote call raises", x: attempt(reply(200, `//EX[2,1,["com.example.LoginException/1","Invalid password"],0,7]`, asJSON)), want: Failure},
		{name: "remote call returns", x: attempt(reply(200, `//OK[1,["com.example.Session/1"],0,7]`, asJSON, session)), want: Success},
		{name: "guard of a framework", x: attempt(reply(200, `for(;;);{"success":false}`, asJSON)), want: Failure, sure: 0.9},
		{name: "call back with an object", x: attempt(reply(200, `jQuery123_456({"success":false,"msg":"Wrong password"});`, "Content-Type: application/javascript")), want: Failure, sure: 0.9},
		{name: "numbered event", x: attempt(reply(200, `430[{"ok":false,"msg":"Incorrect username or password."}]`, asText)), want: Failure},
		{name: "script alerts and goes back", x: page(200, `<script>alert('Invalid username or password');window.location='login.php';</script>`), want: Failure},
		{name: "script goes on", x: page(200, `<script type="text/javascript">window.location.href = "dashboard.php";</script>`, session), want: Success},
		{name: "script replaces the page", x: page(200, `<html><body><script>location.replace("/home")</script></body></html>`, session), want: Success},
		{name: "form that hands the login on", x: page(200, `<html><body onload="document.forms[0].submit()"><form method="post" action="https://sp.example/acs"><input type="hidden" name="SAMLResponse" value="PHNhbWxwOlJlc3BvbnNlIHhtbG5z"><input type="hidden" name="RelayState" value="x"><noscript><button>Continue</button></noscript></form></body></html>`), want: Success, sure: 0.9},
		{name: "form that hands a code on", x: page(200, `<form method="post" action="https://client.example/cb"><input type="hidden" name="code" value="0123456789abcdef"/><input type="hidden" name="state" value="x"/></form>`), want: Success},
		{name: "answer of an API beside the page", x: attempt(reply(200, "OK", asText, session)), want: Success, sure: 0.9},
		{name: "bare true as text", x: attempt(reply(200, "true", asPage)), want: Success},
		{name: "bare false as text", x: attempt(reply(200, "false", asPage)), want: Failure},
	})
}

func TestClassifyXMLHabits(t *testing.T) {
	t.Parallel()
	xml := func(status int, s string, lines ...string) Exchange {
		return at("/rest/ping.view", "", reply(status, `<?xml version="1.0" encoding="UTF-8"?>`+s, append(lines, asXML)...))
	}
	checkOutcomes(t, []outcomeRow{
		{name: "status failed", x: xml(200, `<subsonic-response xmlns="http://example.org/restapi" status="failed" version="1.16.1"><error code="40" message="Wrong username or password"/></subsonic-response>`), want: Failure, sure: 0.9},
		{name: "status ok", x: xml(200, `<subsonic-response status="ok" version="1.16.1"></subsonic-response>`), want: Success},
		{name: "the same in JSON, failed", x: jsonAnswer(200, `{"subsonic-response":{"status":"failed","version":"1.16.1","error":{"code":40,"message":"Wrong username or password"}}}`), want: Failure, sure: 0.9},
		{name: "the same in JSON, ok", x: jsonAnswer(200, `{"subsonic-response":{"status":"ok","version":"1.16.1"}}`), want: Success},
		{name: "fault with 500", x: xml(500, `<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Body><soap:Fault><soap:Code><soap:Value>soap:Sender</soap:Value></soap:Code><soap:Reason><soap:Text>authentication failed for [ada]</soap:Text></soap:Reason></soap:Fault></soap:Body></soap:Envelope>`), want: Failure},
		{name: "old fault", x: xml(500, `<SOAP-ENV:Envelope><SOAP-ENV:Body><SOAP-ENV:Fault><faultcode>SOAP-ENV:Client</faultcode><faultstring>Invalid username or password</faultstring></SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>`), want: Failure},
		{name: "fault about nothing known", x: xml(500, `<s:Envelope><s:Body><s:Fault><faultcode>s:Server</faultcode><faultstring>Object reference not set</faultstring></s:Fault></s:Body></s:Envelope>`), want: Unknown},
		{name: "login response with a session", x: xml(200, `<soapenv:Envelope><soapenv:Body><loginResponse><result><serverUrl>https://app.example/x</serverUrl><sessionId>00D0123456789!AQ</sessionId></result></loginResponse></soapenv:Body></soapenv:Envelope>`), want: Success, sure: 0.9},
		{name: "login result false", x: xml(200, `<soap:Envelope><soap:Body><LoginResponse><LoginResult>false</LoginResult></LoginResponse></soap:Body></soap:Envelope>`), want: Failure},
		{name: "meta with a failure", x: xml(200, `<ocs><meta><status>failure</status><statuscode>997</statuscode><message>Unauthorised</message></meta><data/></ocs>`), want: Failure},
		{name: "bare status of a response", x: xml(200, `<response><status>error</status><msg>Bad password</msg></response>`), want: Failure},
		{name: "user with a token", x: xml(201, `<user email="a@example.org" id="1" authToken="0123456789abcdef"></user>`), want: Success, sure: 0.9},
		{name: "errors with 401", x: xml(401, `<errors><error code="1001">User could not be authenticated</error></errors>`), want: Failure},
	})
}

func TestClassifyRemoteProcedures(t *testing.T) {
	t.Parallel()
	web := "Content-Type: application/grpc-web+proto"
	checkOutcomes(t, []outcomeRow{
		{name: "status in the header, refused", x: attempt(reply(200, "", web, "Grpc-Status: 16", "Grpc-Message: invalid credentials")), want: Failure, sure: 0.9},
		{name: "status in the header, throttled", x: attempt(reply(200, "", web, "Grpc-Status: 8")), want: Throttled},
		{name: "status in the header, no such route", x: attempt(reply(200, "", web, "Grpc-Status: 12")), want: Unknown},
		{name: "status in the trailer, refused", x: attempt(reply(200, "\x80\x00\x00\x00\x0fgrpc-status:16\r\n", web)), want: Failure, sure: 0.9},
		{name: "status in the trailer, accepted", x: attempt(reply(200, "\x00\x00\x00\x00\x02\x0a\x00\x80\x00\x00\x00\x0egrpc-status:0\r\n", web)), want: Success},
		{name: "invalid argument that blames the password", x: attempt(reply(200, "", web, "Grpc-Status: 3", "Grpc-Message: unmatched username and password")), want: Failure},
		{name: "message of a unary call", x: attempt(reply(200, "\x0a\x02hi", "Content-Type: application/proto")), want: Success},
		{name: "error of a unary call", x: attempt(reply(401, `{"code":"unauthenticated","message":"invalid credentials"}`, asJSON)), want: Failure, sure: 0.9},
	})
}

func TestClassifySignupHabits(t *testing.T) {
	t.Parallel()
	signup := func(resp *Response) Exchange { return withKind(config.KindSignup, "/signup", resp) }
	checkOutcomes(t, []outcomeRow{
		{name: "mail exists", x: signup(reply(400, `{"error":{"code":400,"message":"EMAIL_EXISTS"}}`, asJSON)), want: Failure, sure: 0.9},
		{name: "field error of a taken mail, 200", x: signup(reply(200, `{"status":"FIELD_ERROR","formFields":[{"id":"email","error":"This email already exists. Please sign in instead."}]}`, asJSON)), want: Failure, sure: 0.9},
		{name: "invented user without identities", x: signup(reply(200, `{"id":"114cab9b","aud":"authenticated","email":"a@example.org","confirmation_sent_at":"2026-11-20T06:58:27Z","identities":[]}`, asJSON)), want: Failure},
		{name: "created user with an identity", x: signup(reply(200, `{"id":"114cab9b","email":"a@example.org","identities":[{"id":"1","provider":"email"}]}`, asJSON)), want: Success},
		{name: "empty 204: nothing is known", x: signup(reply(204, "")), want: Success, notSure: 0.6},
		{name: "mail was sent", x: signup(reply(200, `<html><body><div class="alert">A confirmation link has been sent to your mail address.</div></body></html>`, asPage)), want: Success},
		{name: "error box without words", x: signup(reply(200, `<html><body><div class="message-negative alert"><span code="45"></span></div></body></html>`, asPage)), want: Failure, notSure: 0.8},
		{name: "welcome page of a wiki", x: signup(reply(200, `<html><body><h1>Welcome, Ada!</h1><p>Your account has been created.</p><a href="/logout">Log out</a></body></html>`, asPage, session)), want: Success},
		{name: "accept the terms", x: signup(reply(200, `<html><body><div class="error">You must accept the terms.</div><form><input type=password><input type=password></form></body></html>`, asPage)), want: Failure, sure: 0.9},
		{name: "registration closed", x: signup(reply(403, `{"message":"Registration is disabled"}`, asJSON)), want: Failure},
		{name: "JSON with messages for fields", x: signup(reply(200, `{"errors":{"password":["Be at least 8 characters long"]}}`, asJSON)), want: Failure},
	})
}

func TestClassifySideKindHabits(t *testing.T) {
	t.Parallel()
	reset := func(resp *Response) Exchange { return withKind(config.KindResetRequest, "/forgot", resp) }
	change := func(resp *Response) Exchange { return withKind(config.KindPasswordChange, "/password", resp) }
	second := func(resp *Response) Exchange { return withKind(config.KindMFA, "/mfa", resp) }
	checkOutcomes(t, []outcomeRow{
		{name: "mail sent", x: reset(reply(200, `{"message":"If the account exists, a mail has been sent."}`, asJSON)), want: Success},
		{name: "page that a mail was sent", x: reset(reply(200, `<html><div class="alert">A link has been sent to you. No mail? The address may be wrong.</div></html>`, asPage)), want: Success},
		{name: "page that knows no such user", x: reset(reply(200, `<html><div class="error">There is no account with that user name</div></html>`, asPage)), want: Failure},
		{name: "too many requests for mails", x: reset(reply(422, `{"message":"Too many requests. Please wait before retrying."}`, asJSON)), want: Throttled},
		{name: "changed, script goes on", x: change(reply(200, "", "Hx-Redirect: /profile", session)), want: Success},
		{name: "refused, old one wrong", x: change(reply(200, `<html><p class="error">The current password is incorrect</p></html>`, asPage)), want: Failure},
		{name: "refused by JSON", x: change(reply(400, `{"errors":[{"message":"Invalid current password"}]}`, asJSON)), want: Failure},
		{name: "refused by a fault", x: change(reply(200, `<?xml version="1.0"?><methodResponse><fault><value><string>Wrong password</string></value></fault></methodResponse>`, asXML)), want: Failure},
		{name: "changed, nothing more", x: change(reply(204, "")), want: Success},
		{name: "link of a reset is stale", x: withKind(config.KindReset, "/reset", reply(400, `{"message":"Token is invalid or has expired"}`, asJSON)), want: Rejected},
		{name: "second factor wrong", x: second(reply(401, `{"message":"Invalid code"}`, asJSON)), want: Failure},
		{name: "second factor right, session names its methods", x: second(reply(200, `{"session":{"active":true,"methods":[{"method":"totp"}]},"mfa":true}`, asJSON, session)), want: Success},
		{name: "second factor locked", x: second(reply(429, "")), want: Throttled},
		{name: "logout by JSON", x: withKind(config.KindLogout, "/logout", reply(200, `{"success":true}`, asJSON)), want: Success},
		{name: "logout with a redirect", x: withKind(config.KindLogout, "/logout", reply(302, "", "Location: /login")), want: Success},
	})
}

func TestClassifyLanguages(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"Falsches Passwort", "Mot de passe incorrect", "Contraseña incorrecta", "Senha incorreta", "Password errata",
		"Onjuist wachtwoord", "Nieprawidłowe hasło", "Fel lösenord", "Forkert adgangskode", "Feil passord", "Väärä salasana",
		"Неверный пароль", "Невірний пароль", "Hatalı şifre", "Nesprávné heslo", "Hibás jelszó", "Parolă greșită",
		"Λάθος κωδικός", "Kata sandi salah", "Mật khẩu không đúng", "كلمة المرور غير صحيحة", "סיסמה שגויה",
		"密码错误", "帳號或密碼錯誤", "パスワードが正しくありません", "비밀번호가 일치하지 않습니다",
	} {
		if got := Classify(jsonAnswer(200, `{"message":"`+text+`"}`)); got.Result != Failure {
			t.Errorf("%s: got %s %q, want failure", text, got.Result, got.Evidence)
		}
	}
}

func TestReadRowsStopsAtItsBound(t *testing.T) {
	t.Parallel()
	rows := strings.Repeat("1:[]\n", maxRows) + "9:{\"error\":\"Invalid credentials\"}\n"
	if f, whole := readRows([]byte(rows)); f.fault || whole {
		t.Errorf("fault=%v whole=%v beyond row %d", f.fault, whole, maxRows)
	}
	if f, _ := readRows([]byte(rows[len("1:[]\n"):])); !f.fault {
		t.Errorf("row %d was not read", maxRows)
	}
}

func TestAddressesAreReadDownToTheirDepth(t *testing.T) {
	t.Parallel()
	within := func(depth int, key string) jsonFacts {
		f, _ := readJSONFacts([]byte(strings.Repeat(`{"a":`, depth-1) + `{"` + key + `":"/x"}` + strings.Repeat("}", depth-1)))
		return f
	}
	for key, depth := range map[string]int{"url": maxLocationDepth, "redirectUrl": maxRedirectDepth} {
		if within(depth, key).location == "" || within(depth+1, key).location != "" {
			t.Errorf("%s is not read down to depth %d and no further", key, depth)
		}
	}
}

func TestStateOfAPageIsReadInShortScriptsOnly(t *testing.T) {
	t.Parallel()
	script := func(padding int) string {
		return `<html><body><div id="app"></div><script>window.STATE={"errorMessage":"invalidCredentials"};` +
			strings.Repeat(" ", padding) + `</script></body></html>`
	}
	if got := Classify(attempt(reply(200, script(0), asPage))); got.Result != Failure {
		t.Errorf("short script: got %s %q, want failure", got.Result, got.Evidence)
	}
	if got := Classify(attempt(reply(200, script(maxStateScript), asPage))); got.Result != Unknown {
		t.Errorf("long script: got %s %q, want unknown", got.Result, got.Evidence)
	}
}

func TestServerErrorsAreReadWhenShort(t *testing.T) {
	t.Parallel()
	refusal := `{"error":"Invalid password","stack":"`
	if got := Classify(attempt(reply(500, refusal+`"}`, asJSON))); got.Result != Failure || got.Confidence >= 0.9 {
		t.Errorf("got %s %.2f, want a failure below 0.9", got.Result, got.Confidence)
	}
	if got := Classify(attempt(reply(500, refusal+strings.Repeat("x", maxStatement)+`"}`, asJSON))); got.Result != Unknown {
		t.Errorf("long: got %s, want unknown", got.Result)
	}
	if got := Classify(attempt(reply(502, refusal+`"}`, asJSON))); got.Result != Unknown || !got.Upstream {
		t.Errorf("of a proxy: got %s, want unknown", got.Result)
	}
}
