package caddymodule

import (
	"net/http"
	"net/url"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/follow"
	"github.com/doorward/doorward/detector/recognize"
)

// patience is how long an attempt waits for its client to ask for the page that
// tells. Browsers follow a redirect at once, so this is for slow networks.
const patience = 5 * time.Second

// likelySuccess is the confidence from which nobody waits for the page: the
// answer brought a new session along.
const likelySuccess = 0.85

// park lets the attempt wait for the page that its answer leads the client to,
// with what Admit has reserved: until then it counts as a failure. It reports
// false when the answer speaks for itself or there is no room.
func (v *visit) park(header http.Header) bool {
	if !v.outcome.Next || v.attempt.Basic || v.likely() {
		return false
	}
	wait := &follow.Wait[*visit]{Jar: follow.JarAfter(v.r.Header, header, v.r.URL.Path), Value: v, Age: patience}
	v.sent, v.header = only(v.r.Header, "Cookie"), only(header, "Set-Cookie")
	client := v.client()
	v.exchange = v.exchange.Parted()
	v.leave()
	if v.h.watch.pending.Add(time.Now(), client, wait) {
		return true
	}
	v.giveUp()
	return true
}

// likely reports whether the answer is settled as the success it looks like: it
// brought a new session along, and no answer like it was ever proved a failure.
// Programs that never ask for the page would otherwise be charged for every
// right password. It earns nothing.
func (v *visit) likely() bool {
	return v.outcome.Result == recognize.Success && v.outcome.Confidence >= likelySuccess &&
		!v.exchange.Known.Shapes.Failed(v.exchange)
}

// giveUp settles an attempt whose page was not seen. What looked like a success
// until then is none, and it stays charged, as an attempt does whose client hung
// up: else who looks at the page from elsewhere, or with another session, would
// guess for nothing.
func (v *visit) giveUp() {
	if v.outcome.Result == recognize.Success {
		v.outcome.Result, v.outcome.Confidence = recognize.Unknown, 0
	}
	v.outcome.Aborted = true
	v.outcome.Evidence = append(v.outcome.Evidence, "the page that tells was not seen")
	v.finish()
}

// only is a header with one field of h, nil without it.
func only(h http.Header, name string) http.Header {
	if len(h[name]) == 0 {
		return nil
	}
	return http.Header{name: h[name]}
}

// leave lets go of the request, whose handler is about to return.
func (v *visit) leave() { v.r, v.watch = nil, nil }

func (v *visit) client() follow.Client {
	return follow.ClientOf(v.attempt.Source.Addr, v.origin.userAgent)
}

// session remembers who is logged in. body is that of the answer, nil when it is
// gone.
func (v *visit) session(sent, answered http.Header, body []byte) {
	if v.outcome.Result != recognize.Success || v.outcome.Kind == config.KindNone {
		return
	}
	v.expectDevice(sent, answered)
	v.h.watch.pages.learn(v.origin.page, v.attempt.Kind.Class())
	switch v.attempt.Kind {
	case config.KindLogin, config.KindMFA:
		if !v.attempt.Basic {
			v.h.watch.sessions.Opened(v.began, sent, answered, body)
		}
	case config.KindSignup:
		v.h.watch.sessions.Joined(v.began, sent, answered, body)
	case config.KindLogout:
		v.h.watch.sessions.Ended(sent)
	}
}

// awaitProof lets a success on a route that has not proved itself wait for what
// the session it opened does next. Only a session that did not exist before can
// prove anything: one that is merely renewed may have been opened elsewhere.
func (v *visit) awaitProof(sent, answered http.Header) {
	if v.outcome.Result != recognize.Success || v.outcome.Kind == config.KindNone || v.attempt.Basic || v.site.Confirmed(&v.attempt) {
		return
	}
	v.h.watch.wanted.Store(true)
	if !follow.Sets(sent, answered) {
		return
	}
	// The visit itself holds the request, which may be a megabyte.
	waits := &visit{site: v.site, attempt: v.attempt, exchange: v.exchange.Parted()}
	wait := &follow.Wait[*visit]{Jar: follow.JarAfter(sent, answered, v.origin.path), Value: waits}
	v.h.watch.proofs.Add(time.Now(), v.client(), wait)
}

// opened tells of the sessions that a request bears, because a page that is
// closed to visitors was shown to it.
func (h *Handler) opened(r *http.Request, client follow.Client) {
	borne := follow.BorneBy(r.Header)
	h.proved(client, func(w *follow.Wait[*visit]) bool { return w.Jar.Bears(borne, r.URL.Path) })
}

// ended tells of the session that a logout took away.
func (v *visit) ended(sent, answered http.Header) {
	if v.attempt.Kind != config.KindLogout || v.outcome.Result != recognize.Success || v.h.watch.proofs.Idle() {
		return
	}
	borne := follow.BorneBy(sent)
	v.h.proved(v.client(), func(w *follow.Wait[*visit]) bool {
		return w.Jar.Bears(borne, v.origin.path) && w.Jar.EndedBy(answered)
	})
}

func (h *Handler) proved(client follow.Client, by func(*follow.Wait[*visit]) bool) {
	proved, _ := h.watch.proofs.Take(client, by)
	for _, w := range proved {
		w.Value.site.Proved(&w.Value.attempt, w.Value.exchange)
		h.watch.wanted.Store(false)
	}
}

// locationPath is the path that an answer leads to, "" if there is none.
func locationPath(h http.Header) string {
	u, err := url.Parse(h.Get("Location"))
	if err != nil {
		return ""
	}
	return u.Path
}
