package caddymodule

import (
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/encode"
	"go.uber.org/zap"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/geo"
	"github.com/doorward/doorward/detector/recognize"
)

// visit is one attempt on its way through the handler. It belongs to the
// request's goroutine.
type visit struct {
	h       *Handler
	r       *http.Request
	site    *detector.Site
	began   time.Time
	found   recognize.Credentials
	attempt detector.Attempt
	place   geo.Place // of its source
	verdict detector.Verdict
	watch   *observer
	settled bool
	outcome recognize.Outcome
	status  int // of the answer, or what the returned error stands for
	// header is that of the answer as it passed. Handlers around this one,
	// such as encode and header, change the map that the client's is sent from.
	header  http.Header
	learned detector.Settlement
	known   bool     // the account had logged in before the attempt
	told    lateText // {vars.doorward_outcome}
	result  string   // its value
	noted   notes    // for the access log
	hex     string   // the pseudonym as text, once it was asked for

	origin   origin
	exchange recognize.Exchange
	counted  recognize.Credentials // those of exchange
	// sent is the header of the request, of an attempt that waits.
	sent http.Header

	device    visitedDevice
	clearance visitedClearance
}

// origin is what an event tells of the request; an attempt that waits for its
// outcome outlives it.
type origin struct{ method, path, userAgent, requestID, page string }

func originOf(r *http.Request) origin {
	return origin{method: r.Method, path: r.URL.Path, userAgent: r.UserAgent(), requestID: requestID(r), page: pageOf(r)}
}

// newVisit turns credentials into an attempt. The secrets become a fingerprint
// here and are dropped.
func newVisit(h *Handler, r *http.Request, found recognize.Credentials, now time.Time) *visit {
	state := h.app.state
	v := &visit{h: h, r: r, began: now, found: found, origin: originOf(r), site: state.detector.Site(h.policy.Site().Name)}
	v.attempt = detector.Attempt{
		Time: now, Kind: found.Kind, Route: found.Route, Path: r.URL.Path, Declared: found.Declared != nil,
		Served: found.Served, Guesses: found.Guesses, Crowd: found.Crowd,
		Source:     sourceOf(r, h.strict, state.lists.Load()),
		UserAgent:  detector.AgentTag(r.UserAgent()),
		Identities: found.Identities, Ambiguous: found.Ambiguous, Confidence: found.Confidence,
		Uninspectable: found.Uninspectable,
		// On a declared route a name that was not found may be one that the
		// declaration misses: only the password tells there.
		Missing: found.Missing && !found.NameOnly && (len(found.Secrets) == 0 || found.Declared == nil),
		Basic:   found.Format == recognize.FormatBasic || found.Format == recognize.FormatDigest,
	}
	v.place = state.locate(&v.attempt.Source)
	h.critical.mark(&v.attempt.Source)
	v.attempt.Allowed = h.allowedPath(now, r)
	if v.site != nil && len(found.Secrets) > 0 {
		v.attempt.Credential = uint64(v.site.Keys().Fingerprint(found.Secrets))
	}
	v.found.Secrets = nil
	v.meetDevice()
	v.useClearance()
	v.attempt.LoggedIn = h.watch.sessions.Bears(now, r.Header)
	if found.InQuery {
		state.health.raise("password_in_query")
	}
	return v
}

// attempt lets the detector decide and watches the app's answer.
func (h *Handler) attempt(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, v *visit, body *peeked) error {
	h.sheltered("admit", func() {
		v.verdict = h.app.state.detector.Admit(v.began, h.policy, v.site, &v.attempt)
		v.noteKnown()
	})
	if !v.hold() {
		v.giveBackClearance()
		body.release()
		return caddyhttp.Error(statusClientClosed, errGone)
	}
	v.weighChallenge()
	v.annotate()
	if !v.verdict.LetsThrough() {
		v.giveBackClearance()
		body.release()
		id := v.report()
		return h.refuse(w, r, v, id)
	}
	v.tag()
	return v.pass(w, next, body)
}

// pass hands the request to the app and settles by what is seen of the answer,
// also when the app's handler panics, which is how the proxy ends a response
// that broke off.
func (v *visit) pass(w http.ResponseWriter, next caddyhttp.Handler, body *peeked) (err error) {
	room := int(v.h.policy.Site().ResponseLimit)
	switch {
	case v.attempt.Basic:
		room = min(room, maxRefusalRead)
	case v.r.Method == http.MethodConnect:
		room = 0 // a stream, whose copying may outlast the handler
	default:
		readable(v.r.Header)
	}
	buf := getBuffer()
	if cap(*buf) < room {
		*buf = make([]byte, 0, room)
	}
	watch := newObserver(w, *buf, room)
	v.watch = watch
	watch.onHead = func() {
		// Every asset bears the credentials: what they open tells by its status,
		// only a refusal may say why. An upgraded connection may last for days,
		// and tells no more.
		if v.attempt.Basic && watch.status < 400 {
			watch.room = 0
			v.settle(false, nil)
			return
		}
		if watch.status == http.StatusSwitchingProtocols {
			v.settle(false, nil)
			return
		}
		v.header = watch.Header().Clone()
	}
	done := false
	defer func() {
		v.settle(done, err) // the visit may be another goroutine's from here on
		if watch.status != http.StatusSwitchingProtocols {
			body.release()
			putBuffer(buf, len(watch.copied))
		}
	}()
	err = next.ServeHTTP(watch, v.r)
	done = true
	return err
}

// maxRefusalRead is how much is read of an answer that refuses Basic or Digest
// credentials: some apps say by a text what is wrong, and by 403 or 404 nothing.
const maxRefusalRead = 4 << 10

// readable asks the app for an answer that can be read: gzip if the client
// takes it, else none. Brotli has no decoder here. None is asked for by name:
// without the header the proxy would ask for gzip on its own account and unpack
// it, and the client would lose the length.
func readable(h http.Header) {
	if len(h["Accept-Encoding"]) == 0 {
		return
	}
	accepted := encode.AcceptedEncodings(&http.Request{Header: h}, nil)
	if slices.Contains(accepted, "gzip") {
		h["Accept-Encoding"] = []string{"gzip"}
	} else {
		h["Accept-Encoding"] = []string{"identity"}
	}
}

// settle reads the outcome and tells the detector, once.
func (v *visit) settle(done bool, err error) {
	if v.settled {
		return
	}
	v.settled = true
	response := v.response(done, err)
	v.status = response.Status
	v.h.sheltered("settle", func() {
		v.exchange = v.exchangeWith(&response)
		v.outcome = recognize.Classify(v.exchange)
		if v.h.automatic && response.Body != nil {
			r := requestOf(v.r)
			v.h.watch.forms.Read(v.began, &r, &response) // a refused login shows its form again
		}
	})
	v.annotateOutcome()
	sent := v.r.Header
	if v.park(response.Header) {
		return
	}
	v.finish()
	v.session(sent, response.Header, response.Body)
	v.awaitProof(sent, response.Header)
	v.ended(sent, response.Header)
}

// finish settles the attempt by its outcome, which is final, and tells it, unless
// the answer shows that it was none. Credentials in the header are told even so:
// what is a public page to one answer may be a closed one to the next.
func (v *visit) finish() {
	v.h.sheltered("settle", func() {
		v.site.Learn(&v.attempt, v.exchange, v.outcome)
		v.nameDevice()
		v.learned = v.h.app.state.detector.Settle(time.Now(), v.h.policy, v.site, &v.attempt, v.outcome)
	})
	v.settleClearance()
	if !v.learned.Repeat && (v.outcome.Kind != config.KindNone || v.attempt.Basic) {
		v.report()
	}
}

// response is what was seen of the answer. done tells that the handler
// returned, err what it returned.
func (v *visit) response(done bool, err error) recognize.Response {
	header := v.header
	if header == nil {
		header = v.watch.Header()
	}
	resp := recognize.Response{
		Status: v.watch.status, Header: header,
		ClientAborted: v.r.Context().Err() != nil,
	}
	if resp.Status == 0 {
		resp.Status = statusOf(err)
		// An error that a handler returns has no body yet: handle_errors
		// writes it later, outside of this handler.
		resp.UpstreamError = resp.Status >= 500 || (!done && !resp.ClientAborted)
		if done && err == nil {
			resp.Status = http.StatusOK
		}
	}
	if resp.Status == statusClientClosed {
		resp.Status, resp.ClientAborted = 0, true
	}
	body, whole, ok := recognize.DecodeBody(resp.Header, v.watch.copied, done && !v.watch.cut && resp.Status != http.StatusPartialContent, int(v.h.policy.Site().ResponseLimit))
	if ok {
		resp.Body, resp.Complete = body, whole
		if resp.Header.Get("Content-Encoding") != "" {
			resp.Header = resp.Header.Clone() // the client's own stays as it is
			resp.Header.Del("Content-Encoding")
		}
	}
	return resp
}

// statusClientClosed is what reverse_proxy writes when the client hung up
// before the app answered.
const statusClientClosed = 499

func (v *visit) exchangeWith(resp *recognize.Response) recognize.Exchange {
	v.counted = v.found
	if v.attempt.CountedAsLogin() {
		v.counted.Kind = config.KindLogin
	}
	r := requestOf(v.r)
	return r.Exchange(&v.counted, resp, v.site.Facts(&v.attempt))
}

// sheltered runs f; should the detector ever panic, the request goes on and
// the metric tells.
func (h *Handler) sheltered(what string, f func()) {
	defer func() {
		if p := recover(); p != nil {
			panics.WithLabelValues(what).Inc()
			h.app.state.health.raise("detector_panic")
			h.log.Error("detector panicked; the request goes on", zap.String("in", what), zap.Stack("stack"))
		}
	}()
	f()
}

// annotate sets what other directives and the access log can use. The verdict
// is known before the app answers.
func (v *visit) annotate() {
	ctx := v.r.Context()
	caddyhttp.SetVar(ctx, "doorward_outcome", &v.told)
	v.noted = notes{
		{"doorward_kind", string(v.attempt.Kind)},
		{"doorward_verdict", string(v.verdict.Answer)},
		{"doorward_would", string(v.verdict.Would)},
		{"doorward_detection", string(v.verdict.Detection)},
		{"doorward_identity", v.pseudonym()},
	}
	for i, n := range v.noted {
		if i < alwaysNoted || n.value != "" {
			caddyhttp.SetVar(ctx, n.name, n.variable())
		}
	}
	logField(v.r, v.noted.field())
}

// handled reports whether a handler doorward around this one has the attempt
// already: the directive is there twice, or a route with it lies within a site
// that has it. Counting it again would halve every threshold. A client cannot
// set variables, and no other directive sets one of this type.
func handled(r *http.Request) bool {
	_, told := caddyhttp.GetVar(r.Context(), "doorward_outcome").(*lateText)
	return told
}

// lateText is a variable that gets its value after the app has answered. The
// map of variables must not be written to then: a dial that the proxy began
// and did not need may still read it, on a goroutine of its own.
type lateText struct{ text atomic.Pointer[string] }

// String returns the value, empty until it is known.
func (t *lateText) String() string {
	if text := t.text.Load(); text != nil {
		return *text
	}
	return ""
}

func (v *visit) annotateOutcome() {
	v.result = string(v.outcome.Result)
	v.told.text.Store(&v.result)
	logField(v.r, zap.String("doorward_outcome", v.result))
}

func logField(r *http.Request, f zap.Field) {
	if extra, ok := r.Context().Value(caddyhttp.ExtraLogFieldsCtxKey).(*caddyhttp.ExtraLogFields); ok {
		extra.Set(f)
	}
}

func (v *visit) pseudonym() string {
	if v.hex == "" && !v.attempt.Pseudonym().IsZero() {
		v.hex = v.attempt.Pseudonym().String()
	}
	return v.hex
}
