package replay

import (
	"net/http"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
)

// habits add to a line of an access log what other lines tell of it: how the
// route answers others, and what the client does next. It is what a person reads
// a log by.
//
//   - Who sends the login again, opens it again or asks for a new password within
//     seconds did not get in; who goes on to another page after a redirect did.
//   - A login that answers some with a page and others with a redirect lets in
//     those it redirects; one that answers 401 to some lets in those it answers
//     200.
//
// Memory is bounded: maxRouteHabits routes, maxFollowed clients.
type habits struct {
	routes    map[uint64]*routeHabit
	clients   map[uint64]*clientHabit
	asksBasic bool
	swept     time.Time
}

const (
	maxRouteHabits = 4096
	maxFollowed    = 1 << 16
	// followFor is how long what a client does next tells of its attempt.
	followFor = 10 * time.Second
)

// logCadence is the default of threshold cadence for access logs: where there are
// neither names nor passwords, half as many failures at the speed of a program
// must do, because that they come so fast is nearly all there is to see.
var logCadence = config.Rate{N: 5, Window: config.Duration(10 * time.Second)}

// routeHabit counts what a route answered to attempts.
type routeHabit struct{ content, redirect, refusal int }

// clientHabit is the last attempt of a client.
type clientHabit struct {
	route   uint64
	path    string
	at      time.Time
	outcome *recognize.Outcome // what is still open; nil when nothing is
	guess   recognize.Outcome  // what it is when nothing more is seen
	page    bool
	status  int
}

func newHabits() *habits {
	return &habits{routes: make(map[uint64]*routeHabit), clients: make(map[uint64]*clientHabit)}
}

// read completes the line of r, whose time is not before that of earlier ones.
func (h *habits) read(r *record) {
	h.asksBasic = h.asksBasic || r.asked
	h.follow(r)
	l := &r.line
	if l.Kind == config.KindNone {
		return
	}
	if r.unsure && !h.asksBasic && r.status < 400 {
		l.Kind = config.KindNone // a token, as far as anybody knows
		return
	}
	if l.Kind != config.KindLogin && l.Kind != config.KindMFA {
		return
	}
	c := h.client(r)
	habit := h.route(r.route)
	*c = clientHabit{route: r.route, path: shortPath(r), at: l.Time, page: r.page, status: r.status}
	if r.open {
		h.leaveOpen(r, c, habit)
	}
	habit.count(r)
}

// leaveOpen makes the outcome one that what follows decides.
func (h *habits) leaveOpen(r *record, c *clientHabit, habit *routeHabit) {
	c.guess = habit.guess(r)
	r.line.Outcome = c.guess
	if c.guess.Result == recognize.Failure && (c.guess.Confidence >= 0.9 || r.page) {
		return // what a client does behind the form can only tell the same
	}
	late := c.guess
	c.outcome = &late
	r.line.Late = &late
	r.line.Latency = followFor
}

// guess is how an attempt ended when nothing but the habits of the route tells.
func (h *routeHabit) guess(r *record) recognize.Outcome {
	switch {
	case r.status >= 300 && h.content+h.refusal > 0:
		return likely(recognize.Success, 0.7, "answered with a redirect, where others were not")
	case r.status >= 300:
		return r.line.Outcome // unknown
	case h.redirect > 0 && r.page:
		return likely(recognize.Failure, 0.9, "answered 200, where others were redirected")
	case h.refusal > 0:
		return likely(recognize.Success, 0.7, "answered 200, where others were refused")
	case r.page && r.status == http.StatusOK:
		return likely(recognize.Failure, 0.7, "a login form answered 200")
	}
	return r.line.Outcome
}

func (h *routeHabit) count(r *record) {
	switch {
	case r.status >= 200 && r.status < 300:
		h.content++
	case r.status >= 300 && r.status < 400:
		h.redirect++
	case r.line.Outcome.Result == recognize.Failure:
		h.refusal++
	}
}

// follow looks whether a request tells how the last attempt of its client ended.
func (h *habits) follow(r *record) {
	c := h.clients[r.client]
	if c == nil || c.outcome == nil {
		return
	}
	if r.line.Time.Sub(c.at) > followFor {
		c.outcome = nil
		return
	}
	o, told := c.next(r)
	if !told {
		return
	}
	*c.outcome = o
	c.outcome = nil
}

// next reads the request that follows an attempt.
func (c *clientHabit) next(r *record) (o recognize.Outcome, told bool) {
	path := shortPath(r)
	switch {
	case r.line.Kind != config.KindNone && r.route == c.route:
		return likely(recognize.Failure, 0.7, "the client sent the login again"), true
	case r.line.Kind != config.KindNone || isAsset(path) || r.status >= 400:
		return recognize.Outcome{}, false
	case path == c.path:
		return likely(recognize.Failure, 0.8, "the client opened the login again"), true
	case recognize.SaysAccount(path):
		return recognize.Outcome{}, false // a second step, or the way to a new password
	case c.status >= 300:
		return likely(recognize.Success, 0.8, "the redirect led past the login"), true
	case !c.page:
		return likely(recognize.Success, 0.6, "the client went on"), true
	}
	return recognize.Outcome{}, false
}

// shortPath is as much of a path as is compared and remembered.
func shortPath(r *record) string {
	const most = 256
	return string(r.path[:min(len(r.path), most)])
}

// isAsset reports whether a path is that of a picture, script or style, which
// pages of every kind bring along.
func isAsset(path string) bool {
	for i := len(path) - 1; i >= 0 && i >= len(path)-7; i-- {
		switch path[i] {
		case '/':
			return false
		case '.':
			switch path[i:] {
			case ".php", ".asp", ".aspx", ".jsp", ".html", ".htm", ".do", ".cgi":
				return false
			}
			return true
		}
	}
	return false
}

// route returns the habits of a route. Beyond the bound further routes have
// none: they are inventions of a scanner.
func (h *habits) route(key uint64) *routeHabit {
	if known := h.routes[key]; known != nil {
		return known
	}
	fresh := new(routeHabit)
	if len(h.routes) < maxRouteHabits {
		h.routes[key] = fresh
	}
	return fresh
}

// client returns what is known of the client. When there are too many, those
// whose last attempt is old are forgotten; when there are none, this one is not
// remembered.
func (h *habits) client(r *record) *clientHabit {
	if known := h.clients[r.client]; known != nil {
		return known
	}
	now := r.line.Time
	if len(h.clients) >= maxFollowed && now.Sub(h.swept) > followFor {
		h.swept = now
		for key, c := range h.clients {
			if now.Sub(c.at) > followFor {
				delete(h.clients, key)
			}
		}
	}
	fresh := new(clientHabit)
	if len(h.clients) < maxFollowed {
		h.clients[r.client] = fresh
	}
	return fresh
}
