package selftest

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
)

// usualRequest is a request as apps of a habit get it, with their answers.
type usualRequest struct {
	name    string
	kind    config.Kind // KindNone: it is no attempt
	request recognize.Request
	known   recognize.RouteFacts
	yes, no recognize.Response
}

func post(path, contentType, body string) recognize.Request {
	return recognize.Request{
		Method: http.MethodPost, Host: specimenHost, Path: path, Complete: true,
		Header: http.Header{"Content-Type": {contentType}}, Body: []byte(body),
	}
}

func answer(status int, body string, header ...string) recognize.Response {
	resp := recognize.Response{Status: status, Header: http.Header{}, Body: []byte(body), Complete: true}
	for i := 0; i+1 < len(header); i += 2 {
		resp.Header.Set(header[i], header[i+1])
	}
	return resp
}

const (
	formType  = "application/x-www-form-urlencoded"
	jsonType  = "application/json"
	boundary  = "selftest"
	newCookie = "session=9f2c1b7e5d3a48f6a0b1c2d3e4f50617; Path=/; HttpOnly"
)

// usualRequests are attempts in each format that is read without a
// declaration, and requests that must not be taken for one.
func usualRequests() []usualRequest {
	home := answer(http.StatusSeeOther, "", "Location", "/", "Set-Cookie", newCookie)
	token := answer(http.StatusOK, `{"token":"9f2c1b7e5d3a48f6a0b1c2d3e4f50617"}`, "Content-Type", jsonType)
	unauthorized := answer(http.StatusUnauthorized, `{"error":"invalid credentials"}`, "Content-Type", jsonType)
	part := func(name, value string) string {
		return "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
	}
	basic := recognize.Request{
		Method: http.MethodGet, Host: specimenHost, Path: "/selftest/private", Complete: true,
		Header: http.Header{"Authorization": {"Basic c2VsZnRlc3Q6c2VsZnRlc3QtU2VjcmV0LTE="}},
	}
	none := config.KindNone
	return []usualRequest{
		{
			name: "form", kind: config.KindLogin, yes: home, no: unauthorized,
			request: post("/selftest/login", formType, "username=selftest&password=selftest-Secret-1"),
		},
		{
			name: "JSON", kind: config.KindLogin, yes: token, no: unauthorized,
			request: post("/selftest/login", jsonType, `{"email":"selftest1@example.com","password":"selftest-Secret-1"}`),
		},
		{
			name: "multipart", kind: config.KindLogin, yes: home, no: unauthorized,
			request: post("/selftest/login", "multipart/form-data; boundary="+boundary,
				part("username", "selftest")+part("password", "selftest-Secret-1")+"--"+boundary+"--\r\n"),
		},
		{
			name: "Basic", kind: config.KindLogin, request: basic, known: recognize.RouteFacts{Challenges: true},
			yes: answer(http.StatusOK, "hello"), no: answer(http.StatusUnauthorized, "", "WWW-Authenticate", `Basic realm="x"`),
		},
		{
			name: "XML-RPC", kind: config.KindLogin,
			request: post("/selftest/rpc", "text/xml", `<?xml version="1.0"?><methodCall><methodName>user.login</methodName><params>`+
				`<param><value><string>selftest</string></value></param><param><value><string>selftest-Secret-1</string></value></param></params></methodCall>`),
			yes: answer(http.StatusOK, `<?xml version="1.0"?><methodResponse><params><param><value><struct><member><name>token</name>`+
				`<value><string>9f2c1b7e5d3a48f6a0b1c2d3e4f50617</string></value></member></struct></value></param></params></methodResponse>`, "Content-Type", "text/xml"),
			no: answer(http.StatusOK, `<?xml version="1.0"?><methodResponse><fault><value><struct><member><name>faultCode</name><value><int>403</int></value></member>`+
				`<member><name>faultString</name><value><string>Incorrect username or password.</string></value></member></struct></value></fault></methodResponse>`, "Content-Type", "text/xml"),
		},
		{
			name: "GraphQL", kind: config.KindLogin,
			request: post("/selftest/graphql", jsonType, `{"query":"mutation Login($email: String!, $password: String!) { login(email: $email, password: $password) { token } }",`+
				`"variables":{"email":"selftest1@example.com","password":"selftest-Secret-1"}}`),
			yes: answer(http.StatusOK, `{"data":{"login":{"token":"9f2c1b7e5d3a48f6a0b1c2d3e4f50617"}}}`, "Content-Type", jsonType),
			no:  answer(http.StatusOK, `{"errors":[{"message":"Invalid credentials"}],"data":{"login":null}}`, "Content-Type", jsonType),
		},
		{name: "a page view", kind: none, request: recognize.Request{Method: http.MethodGet, Host: specimenHost, Path: "/selftest/news", Header: http.Header{}, Complete: true}},
		{name: "a search", kind: none, request: post("/selftest/search", formType, "q=shoes&page=2")},
		{name: "a token refresh", kind: none, request: post("/selftest/oauth/token", formType, "grant_type=refresh_token&refresh_token=9f2c1b7e5d3a48f6")},
	}
}

// usual proves that the automatic mode recognises attempts under this site's
// configuration, and reads how they ended. Requests that a declared route takes
// are that route's affair.
func usual(s *Site) []Check {
	c := Check{Level: OK, Name: Recognition, Site: s.Config.Name}
	if s.Config.Automatic != nil && !*s.Config.Automatic {
		if !ProtectsNothing(s.Config) {
			c.What = "only declared routes are recognised, because of `automatic off`"
			return []Check{c}
		}
		return nil
	}
	var names []string
	var checks []Check
	for _, u := range usualRequests() {
		if s.declares(&u.request) {
			continue
		}
		names = append(names, u.name)
		if why := u.misread(s); why != "" {
			bad := c
			bad.Level, bad.What, bad.Why = Failed, "a request of the usual kind is misread: "+u.name, why
			bad.Advice = "please report it with the lines of this site"
			if len(u.request.Body) > int(s.Config.BodyLimit) {
				bad.Advice = fmt.Sprintf("write a larger `body_limit` than %d bytes; 64KiB is the default", s.Config.BodyLimit)
			} else if len(u.yes.Body) > int(s.Config.ResponseLimit) {
				bad.Advice = fmt.Sprintf("write a larger `response_limit` than %d bytes; 64KiB is the default", s.Config.ResponseLimit)
			}
			checks = append(checks, bad)
		}
	}
	c.What = fmt.Sprintf("%d of %d made-up requests are read rightly, with their answers: %s", len(names)-len(checks), len(names), strings.Join(names, ", "))
	return append([]Check{c}, checks...)
}

// declares reports whether a declared route takes the request.
func (s *Site) declares(r *recognize.Request) bool {
	for i := range s.Config.Routes {
		if s.matched(i) || !recognize.RouteMatches(r, &s.Config.Routes[i]) {
			continue
		}
		if _, ok := recognize.Declared(r, &s.Config.Routes[i]); ok {
			return true
		}
	}
	return false
}

// misread says what is read wrongly, "" when nothing is.
func (u *usualRequest) misread(s *Site) string {
	r := cutRequest(u.request, s.Config.BodyLimit)
	need := recognize.MayCarry(r.Method, r.Path, r.RawQuery, r.Header, int64(len(u.request.Body)))
	var found recognize.Credentials
	attempt := false
	if need != recognize.NeedNothing {
		found, attempt = recognize.Automatic(&r)
	}
	switch {
	case u.kind == config.KindNone && attempt:
		return "it is taken for a " + string(found.Kind)
	case u.kind == config.KindNone:
		return ""
	case !attempt || found.Kind != u.kind:
		return "it is not recognised as a " + string(u.kind)
	case found.Uninspectable || len(found.Secrets) == 0 || len(found.Identities) == 0:
		return "who logs in, and by what, is not read"
	}
	for _, a := range []struct {
		resp recognize.Response
		want recognize.Result
	}{{u.yes, recognize.Success}, {u.no, recognize.Failure}} {
		resp := cutAnswer(a.resp, s.Config.ResponseLimit)
		if o := recognize.Classify(r.Exchange(&found, &resp, u.known)); o.Result != a.want {
			return fmt.Sprintf("an answer that means %s is read as %s: %s", a.want, o.Result, strings.Join(o.Evidence, ", "))
		}
	}
	return ""
}
