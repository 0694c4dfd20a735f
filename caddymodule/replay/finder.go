package replay

import (
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
)

// request is what an access log tells of a request and its answer.
type request struct {
	method, target string
	// user is the name that came in Basic or Digest credentials, "" when the log
	// has none.
	user   string
	header http.Header
	status int
	answer http.Header // nil when the log has none
}

// redacted is what Caddy writes for a header that holds credentials.
const redacted = "REDACTED"

// finder tells which requests of a log are attempts. It is safe for concurrent
// use.
type finder struct {
	routes    []config.Route
	automatic bool
}

// newFinder makes a finder for a site. Routes without a path are left out: what
// narrows them down, a matcher, cannot be asked about a log.
func newFinder(site config.Site) *finder {
	site = site.WithDefaults()
	f := &finder{automatic: *site.Automatic}
	for _, route := range site.Routes {
		if route.Path != "" {
			f.routes = append(f.routes, route)
		}
	}
	return f
}

// judge looks for an attempt in q and completes r, whose time and address are
// known.
func (f *finder) judge(q *request, r *record) {
	path, query, _ := strings.Cut(q.target, "?")
	r.status, r.located = q.status, q.answer != nil
	r.asked = q.status == http.StatusUnauthorized && asksForPassword(q.answer)
	if !strings.HasPrefix(path, "/") {
		return // scanners send such requests
	}
	if decoded, err := url.PathUnescape(path); err == nil {
		path = decoded
	}
	found, ok := f.find(q, path, query)
	if !ok {
		if q.status == http.StatusUnauthorized {
			r.quiet = quietOf(q)
		}
		return
	}
	l := &r.line
	l.Kind, l.Route, l.Identities, l.Ambiguous = found.Kind, found.Route, found.Identities, found.Ambiguous
	l.Basic = found.Format == recognize.FormatBasic || found.Format == recognize.FormatDigest
	r.route = routeOf(l.Route)
	r.unsure = l.Basic && q.user == "" && len(found.Identities) == 0 && !r.asked
	r.page = mayBePage(q, path)
	f.outcome(q, path, query, &found, r)
}

// find tells what a request tries. No log has bodies: of a POST it is known only
// that there was one.
func (f *finder) find(q *request, path, query string) (recognize.Credentials, bool) {
	if hidden := q.header["Authorization"]; len(hidden) > 0 && hidden[0] == redacted {
		return f.hidden(q, path)
	}
	r := recognize.Request{Method: q.method, Path: path, RawQuery: query, Header: q.headerWithUser(), Complete: true}
	if q.posts() {
		r.Body, r.Complete = bodyNotLogged, false
	}
	if found, ok := f.declared(&r); ok || !f.automatic {
		return found, ok
	}
	if !q.posts() {
		if recognize.MayCarry(q.method, path, query, r.Header, 0) == recognize.NeedNothing {
			return recognize.Credentials{}, false
		}
		return recognize.Automatic(&r)
	}
	if found, ok := byPath(r); ok {
		return found, true
	}
	if found, ok := recognize.Automatic(&r); ok {
		return found, true
	}
	return refusedToken(q, path)
}

func (q *request) posts() bool {
	return q.method == http.MethodPost || q.method == http.MethodPut || q.method == http.MethodPatch
}

// headerWithUser adds to the header what the server took a name from.
func (q *request) headerWithUser() http.Header {
	switch {
	case q.header == nil && q.user == "":
		return noHeader
	case q.user == "":
		return q.header
	}
	h := http.Header{}
	maps.Copy(h, q.header)
	// The password is not known: what stands for it is never looked at.
	h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(q.user+":-")))
	return h
}

func (f *finder) declared(r *recognize.Request) (recognize.Credentials, bool) {
	for i := range f.routes {
		if !recognize.RouteMatches(r, &f.routes[i]) {
			continue
		}
		if found, ok := recognize.Declared(r, &f.routes[i]); ok {
			return found, true
		}
	}
	return recognize.Credentials{}, false
}

var (
	noHeader = http.Header{}
	// bodyNotLogged stands for the body of a POST: there was one, and none of
	// it was logged.
	bodyNotLogged = []byte{' '}
	// bodyWithAddress is what is sent to sign up or to ask for a new password,
	// where the path says so.
	bodyWithAddress = []byte("email=a%40x.test")
	formHeader      = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
)

// byPath tells a signup and a request for a new password by the path alone,
// as if an address had been sent. That address is nobody's.
func byPath(r recognize.Request) (recognize.Credentials, bool) {
	if !recognize.SaysAccount(r.Path) {
		return recognize.Credentials{}, false
	}
	r.Header, r.Body, r.Complete = formHeader, bodyWithAddress, true
	found, ok := recognize.Automatic(&r)
	if !ok || found.Kind != config.KindSignup && found.Kind != config.KindResetRequest {
		return recognize.Credentials{}, false
	}
	found.Identities, found.Ambiguous = nil, false
	return found, true
}

// refusedToken takes a POST that was answered 401 for a login where the last
// word of the path speaks of accounts, such as /oauth/token.
func refusedToken(q *request, path string) (recognize.Credentials, bool) {
	last := path[strings.LastIndexByte(strings.TrimSuffix(path, "/"), '/')+1:]
	if q.method != http.MethodPost || q.status != http.StatusUnauthorized || !recognize.SaysAccount(last) {
		return recognize.Credentials{}, false
	}
	return recognize.Credentials{Kind: config.KindLogin, Route: path[:min(len(path), 128)], Confidence: 0.6}, true
}

// hidden judges a request whose Authorization the log hides: it may be a
// password or a token. The answer tells, or what others were answered.
func (f *finder) hidden(q *request, path string) (recognize.Credentials, bool) {
	if q.status == http.StatusUnauthorized && q.answer != nil && !asksForPassword(q.answer) {
		return recognize.Credentials{}, false
	}
	c := recognize.Credentials{Kind: config.KindLogin, Route: path[:min(len(path), 128)], Format: recognize.FormatBasic, Confidence: 0.8}
	if q.user != "" {
		named := *q
		named.header = nil
		if found, ok := f.find(&named, path, ""); ok {
			return found, true
		}
	}
	return c, true
}

// asksForPassword reports whether an answer asks for Basic or Digest credentials
// (RFC 7235).
func asksForPassword(answer http.Header) bool {
	for _, value := range answer["Www-Authenticate"] {
		value = strings.ToLower(value[:min(len(value), 256)])
		if strings.Contains(value, "basic") || strings.Contains(value, "digest") {
			return true
		}
	}
	return false
}

func quietOf(q *request) quiet {
	if len(q.header["Authorization"]) > 0 {
		return quietToken
	}
	return quietAsked
}

// mayBePage reports whether the answer may be a page, so that 200 may mean that
// the login form was shown again.
func mayBePage(q *request, path string) bool {
	if kind := q.answer.Get("Content-Type"); kind != "" {
		return strings.HasPrefix(kind, "text/html")
	}
	return !strings.Contains(path, "/api/") && !strings.HasSuffix(path, ".json")
}

// outcome reads status and headers.
func (f *finder) outcome(q *request, path, query string, found *recognize.Credentials, r *record) {
	answer := q.answer
	if answer == nil {
		answer = noHeader
	}
	r.line.Outcome = recognize.Classify(recognize.Exchange{
		Method: q.method, Path: path, RawQuery: query, Credentials: found,
		Response: &recognize.Response{Status: q.status, Header: answer},
	})
	unknown := r.line.Outcome.Result == recognize.Unknown
	switch {
	case unknown && r.line.Kind == config.KindSignup && q.status/100 == 3:
		r.line.Outcome = likely(recognize.Success, 0.6, "a signup answered with a redirect")
	case q.status == http.StatusUnprocessableEntity && r.line.Kind == config.KindLogin && found.Declared == nil:
		// Rails answers so to wrong passwords; a form that is incomplete is
		// rarer, because browsers do not send it.
		r.line.Outcome = likely(recognize.Failure, 0.7, "a login answered 422")
	default:
		r.open = unknown && !r.line.Basic && q.status >= 200 && q.status < 400 &&
			(r.line.Kind == config.KindLogin || r.line.Kind == config.KindMFA)
	}
}

func likely(result recognize.Result, confidence float32, why string) recognize.Outcome {
	return recognize.Outcome{Result: result, Confidence: confidence, Evidence: []string{why}}
}
