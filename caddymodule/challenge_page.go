package caddymodule

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/clearance"
	"github.com/doorward/doorward/detector/event"
	"github.com/doorward/doorward/detector/recognize"
	"github.com/doorward/doorward/detector/sanction"
)

// greet shows the challenge instead of a page, where one is due: instead of the
// login or signup page to a suspicious source, so that nobody types a password
// only to see it thrown away; and once instead of any page to a browser whose
// script was refused. It reports whether it has answered.
func (h *Handler) greet(w http.ResponseWriter, r *http.Request) (done bool, err error) {
	if h.challenge == nil || h.challenge.off || !shownAlone(r) {
		return false, nil
	}
	now := time.Now()
	expected := h.app.state.challenges.Expecting(now) && r.Method == http.MethodGet && r.Header.Get("Sec-Purpose") == ""
	class := h.pageClass(r)
	if class == config.ClassNone && !expected || handled(r) {
		return false, nil
	}
	gate := h.gateOf()
	if gate == nil {
		return false, nil
	}
	source := sourceOf(r, h.strict, h.app.state.lists.Load())
	h.critical.mark(&source)
	verdict := h.suspect(now, r, &source, class)
	// A page may hold both forms, that of the login and that of the signup: a
	// clearance for one of them opens it, or who needs the other would go in
	// circles. A script needs the one that it was refused for.
	needed := config.ClassNone
	if expected {
		if asked, told := h.awaited(now, r, gate, &source); asked != config.ClassNone {
			class, needed, verdict = asked, asked, told
		}
	}
	if verdict.Answer != config.AnswerChallenge || h.cleared(now, r, gate, &source, needed) {
		return false, nil
	}
	return true, h.showChallenge(w, r, now, gate, &source, class, verdict)
}

// awaited asks whether a script of the browser was challenged before.
func (h *Handler) awaited(now time.Time, r *http.Request, gate *clearance.Gate, source *detector.Source) (config.Class, detector.Verdict) {
	class := gate.Book().Expected(now, gate.Place(source.Addr), r.UserAgent())
	if mode := h.app.state.detector.Mode(now, h.policy); class == config.ClassNone || mode == config.ModeOff || mode == config.ModeObserve {
		class = config.ClassNone
		return class, detector.Verdict{}
	}
	return class, detector.Verdict{Answer: config.AnswerChallenge, Rule: "challenge", Reason: detector.Because("a script of this browser was challenged before")}
}

// suspect asks whether an attempt on the page would be challenged.
func (h *Handler) suspect(now time.Time, r *http.Request, source *detector.Source, class config.Class) (verdict detector.Verdict) {
	if class == config.ClassNone || h.welcome(now, r) {
		return verdict
	}
	h.sheltered("suspect", func() {
		verdict = h.app.state.detector.Suspect(now, h.policy, h.app.state.detector.Site(h.policy.Site().Name), source, class)
	})
	return verdict
}

// shownAlone reports whether the answer fills the window of a browser.
func shownAlone(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	if dest := r.Header["Sec-Fetch-Dest"]; len(dest) > 0 && dest[0] != "document" {
		return false
	}
	return asksForPage(r.Header)
}

// pageClass tells which attempts the page is for: that of a declared route, one
// whose address says so, or one from which somebody has logged in.
func (h *Handler) pageClass(r *http.Request) config.Class {
	for i := range h.Routes {
		route := &h.Routes[i]
		class := route.Kind.Class()
		if class != config.ClassLogin && class != config.ClassSignup {
			continue
		}
		if route.Path != "" && recognize.PathMatches(route.Path, r.URL.Path) {
			return class
		}
	}
	if !h.automatic {
		return config.ClassNone
	}
	if class := recognize.PageClass(r.URL.Path); class != config.ClassNone {
		return class
	}
	return h.watch.pages.class(r.URL.Path)
}

// welcome reports whether the client is known, or logged in: then the page is
// shown, and an attempt decides for itself.
func (h *Handler) welcome(now time.Time, r *http.Request) bool {
	if len(h.Site.Allow) > 0 && h.allowedPath(now, r) || h.watch.sessions.Bears(now, r.Header) {
		return true
	}
	cookie, _ := h.openDevice(now, r)
	return cookie.Client != 0
}

// cleared reports whether a challenge would be in vain: the browser holds a
// clearance for class, or for any with ClassNone; it has solved one just now and
// keeps no cookies, or its network is limited, which the attempt is told.
func (h *Handler) cleared(now time.Time, r *http.Request, gate *clearance.Gate, source *detector.Source, class config.Class) bool {
	value, several := broughtClearance(r)
	if keepsNoCookies(now, r, gate, source.Addr, value) {
		return true
	}
	if value != "" && !several && gate.Holds(now, value, source.Addr, class) {
		return true
	}
	return gate.Book().Standing(now, gate.Place(source.Addr), clearance.Identity{}).Limited
}

// keepsNoCookies reports whether the browser comes straight from a challenge that
// it has solved, without the clearance that it was given for it.
func keepsNoCookies(now time.Time, r *http.Request, gate *clearance.Gate, addr netip.Addr, value string) bool {
	return gate.Book().Returned(now, gate.Place(addr), r.UserAgent()) && value == ""
}

func (h *Handler) showChallenge(w http.ResponseWriter, r *http.Request, now time.Time, gate *clearance.Gate,
	source *detector.Source, class config.Class, verdict detector.Verdict,
) error {
	e := event.Event{
		ID: event.NewID(now), Time: now, Type: event.TypeAttempt, Kind: string(config.KindNone), Site: h.policy.Site().Name,
		Verdict: string(verdict.Answer), Rule: verdict.Rule, Detection: string(verdict.Detection), Reason: verdict.Reason.String(),
		SourceIP: source.Addr, Lists: source.Lists, Method: r.Method, Path: r.URL.Path, UserAgent: r.UserAgent(),
		SanctionID: sanction.FormatID(verdict.Sanction), Expires: verdict.Until,
	}
	h.app.state.offer(e)
	return h.answerChallenge(w, r, gate, demand{class: class, addr: source.Addr, id: e.ID})
}
