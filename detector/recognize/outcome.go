package recognize

import (
	"net/http"

	"github.com/doorward/doorward/config"
)

// Exchange is one attempt together with the answer to it: all that Classify
// looks at. Nothing in it is modified or retained.
type Exchange struct {
	// Host is the host the request asked for, without port, lower case. Empty:
	// every absolute redirect is taken for one to the same host.
	Host string
	// Method is the method of the request. Empty: POST.
	Method string
	// Path is the decoded request path, RawQuery the query as sent.
	Path, RawQuery string
	// WithCode tells that a header of the request carried a second factor.
	WithCode bool
	// Referer is the Referer header of the request, empty when there was none:
	// the page with the form, if the client tells the truth.
	Referer string
	// Cookies are the names of the cookies the request bore.
	Cookies []string
	// Echoes are texts of the request that the answer may repeat, the
	// identifiers above all. Words that occur in them or in RawQuery excuse
	// nothing: a user named "too many attempts" is not the app's own limiter.
	// At most maxEchoes of them are looked at.
	Echoes []string
	// Credentials is what was tried; nil is read as a login.
	Credentials *Credentials
	// Response is the answer; nil is an answer that never came.
	Response *Response
	// Known is what the caller has learned about the route.
	Known RouteFacts
	// shape is that of an answer whose body is gone; see Parted.
	shape *Shape
}

// RouteFacts is what was learned about a route from earlier exchanges. It is
// passed by value and bounded; the zero value means that nothing is known.
type RouteFacts struct {
	// Refuses400 tells that the route was seen to answer 400 to wrong
	// passwords: with both fields filled in, a 400 is then a failure.
	Refuses400 bool
	// Accepts tells that the route was seen to answer accepted credentials with
	// 2xx or 3xx: a bare 403 is then more plainly a failure.
	Accepts bool
	// Challenges tells that the protection space of the route was seen to
	// answer 401 with WWW-Authenticate to missing or wrong credentials. Without
	// it a 200 to Basic credentials may just as well mean that nobody looked at
	// them (hostile reading, H1).
	Challenges bool
	// VisitorCookies are names of cookies that the app was seen to set for
	// visitors who are not logged in or whose attempt failed; they prove no
	// login. At most maxVisitorCookies are looked at. They count as known only
	// when VisitorsSeen is set.
	VisitorCookies []string
	// VisitorsSeen tells that answers to visitors were seen at all.
	VisitorsSeen bool
	// Shapes are the answers that the route is known by; nil when nothing is.
	Shapes *Shapes
}

// The bounds of what an Exchange may bring along.
const (
	maxEchoes         = 8
	maxEchoBytes      = 512
	maxVisitorCookies = 32
)

// Classify tells how an attempt ended. The first rule that applies decides:
// declared conditions; an answer that never came, server errors; the app's own
// limiter; then, by kind of attempt, refusals (4xx), JSON, redirects, pages and
// texts. Status, Location and cookies are each wrong for some app, so a rule
// that rests on one of them alone has a confidence below 0.9. A rule that rests
// on something missing needs the whole body.
//
// Where one answer cannot tell, Next is set and the page it leads to will: hand
// that one to [Follow]. Where the answer shows that something else was tried,
// Kind says what; KindNone costs nobody anything, so it rests on what the app
// says and never on a bare status that wrong passwords may have as well.
//
// Answers of the edge itself are no answers of the app and must not be passed.
//
// It is safe for concurrent use; its time and memory are linear in the
// inspected prefix.
func Classify(x Exchange) Outcome {
	if x.Response == nil {
		x.Response = &Response{UpstreamError: true}
	}
	if x.Credentials == nil {
		x.Credentials = &Credentials{Kind: config.KindLogin}
	}
	o, limits := byDeclaration(x.Credentials.Declared, x.Response)
	if x.Credentials.Token {
		return ofToken(x, o, limits)
	}
	if o.Result == "" {
		o = limits.apply(byShape(x, automatic(x)))
	}
	return closing(x, o)
}

// automatic reads an answer without declared conditions.
func automatic(x Exchange) Outcome {
	resp := x.Response
	switch {
	case resp.Status == 0, resp.Status == statusClientClosed:
		return unanswered(resp)
	case resp.Status < 200:
		return outcome(Unknown, 0, "the connection was upgraded")
	case resp.Status == http.StatusTooManyRequests, resp.Status == http.StatusLocked:
		return outcome(Throttled, 0.97, "status "+itoa(resp.Status))
	}
	a := readAnswer(x)
	if !a.byHeader() {
		if o, ok := a.revised(); ok {
			return o
		}
	}
	switch {
	case resp.Status >= 500:
		return a.serverError()
	case a.byHeader():
		return a.authorization()
	}
	return a.byKind()
}

// byKind reads an answer of the app by what was tried.
func (a *answer) byKind() Outcome {
	if target := scriptTarget(a.x.Response.Header); target != "" && (a.status < 300 || a.status == http.StatusConflict) {
		return a.scripted(target)
	}
	switch a.kind() {
	case config.KindLogout:
		return a.logout()
	case config.KindResetRequest:
		return a.resetRequest()
	case config.KindReset, config.KindPasswordChange:
		return a.passwordChange()
	case config.KindSignup:
		return a.signup()
	default:
		return a.creates(a.login())
	}
}

// scripted reads an answer that tells the page's script where to go.
func (a *answer) scripted(target string) Outcome {
	const why = "redirect for the page's script"
	switch a.kind() {
	case config.KindSignup:
		return a.signupRedirect(target, why)
	case config.KindLogin, config.KindMFA:
		return a.redirect(target, why)
	case config.KindReset, config.KindPasswordChange:
		return a.changeRedirect(target, why)
	}
	return outcome(Success, 0.8, why)
}

// statusClientClosed is what Caddy's reverse proxy writes when the client has
// hung up before the app answered.
const statusClientClosed = 499

// unanswered is the outcome of an attempt without an answer.
func unanswered(resp *Response) Outcome {
	switch {
	case resp.UpstreamError:
		return outcome(Unknown, 0, "the app gave no answer")
	case resp.ClientAborted, resp.Status == statusClientClosed:
		o := outcome(Unknown, 0, "the client hung up before the answer")
		o.Aborted = true
		return o
	default:
		return outcome(Unknown, 0, "nothing was answered")
	}
}

// closing applies what holds for every outcome: empty fields are no guess, and
// an open result says whose doing that is. A client that hangs up after the
// deciding part of the answer has settled nothing in its favour (H8).
func closing(x Exchange, o Outcome) Outcome {
	if x.Credentials.Declared != nil {
		o.Kind = "" // the operator knows what it is
	}
	if o.Kind == config.KindNone {
		o.Result, o.Confidence, o.Next = Unknown, 0, false
		return o
	}
	if x.Credentials.Missing && refusesEmpty(o, x.Response.Status) {
		o.Result, o.Confidence = Malformed, max(o.Confidence, 0.6)
		o.Evidence = append(o.Evidence, "a credential was empty")
	}
	if o.Result == Unknown {
		return open(x.Response, o)
	}
	return o
}

// refusesEmpty reports whether an outcome can be that of empty credentials, and
// so is no guess: all but a sure success and what was not answered by the app.
func refusesEmpty(o Outcome, status int) bool {
	switch o.Result {
	case Failure, Challenge, Throttled:
		return true
	case Success:
		return o.Confidence < 0.8
	case Unknown:
		return status >= 400 && status != statusClientClosed && !isGatewayStatus(status)
	}
	return false
}

// open says of an open result whose doing it is.
func open(resp *Response, o Outcome) Outcome {
	o.Confidence = 0
	o.Aborted = o.Aborted || resp.ClientAborted
	if resp.UpstreamError || isGatewayStatus(resp.Status) {
		o.Upstream = !o.Aborted
	}
	return o
}

// isGatewayStatus reports whether status is how proxies say that the app
// behind them gave no answer. A plain 500 is an answer of the app: who can
// provoke it must not be refunded for it.
func isGatewayStatus(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusServiceUnavailable ||
		status == http.StatusGatewayTimeout
}

// outcome makes an Outcome.
func outcome(r Result, confidence float32, evidence ...string) Outcome {
	return Outcome{Result: r, Confidence: confidence, Evidence: evidence}
}
