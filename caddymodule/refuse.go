package caddymodule

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/doorward/doorward/caddymodule/refusal"
	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/event"
	"github.com/doorward/doorward/detector/geo"
	"github.com/doorward/doorward/detector/sanction"
)

// errRefused is what handle_errors sees as {err.message}.
var errRefused = errors.New("attempt refused by doorward")

// errGone is told of a client that hung up while the answer delay held it.
var errGone = errors.New("the client hung up while it was held by doorward")

// refuse answers a refused attempt: by a page of its own, or by an error for
// handle_errors. id leads to the explanation.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, v *visit, id string) error {
	if v.verdict.Answer == config.AnswerChallenge {
		if gate := h.gateOf(); gate != nil {
			caddyhttp.SetVar(r.Context(), "doorward_id", id)
			return v.refuseChallenge(w, gate, id)
		}
	}
	return h.answer(w, r, v.verdict, v.attempt.Kind.Class(), id)
}

func (h *Handler) answer(w http.ResponseWriter, r *http.Request, verdict detector.Verdict, class config.Class, id string) error {
	caddyhttp.SetVar(r.Context(), "doorward_id", id)
	if verdict.Answer == config.AnswerDrop {
		panic(http.ErrAbortHandler) // as Caddy's `abort` does
	}
	notice := refusal.Notice{
		Status: statusFor(verdict), ID: id, Until: verdict.Until, Class: class,
		Contact: h.policy.Site().Contact,
	}
	if h.policy.Site().Refusal == config.RefusalError {
		refusal.SetHeaders(w, r, notice)
		return caddyhttp.Error(notice.Status, errRefused)
	}
	refusal.Write(w, r, notice)
	return nil
}

func statusFor(v detector.Verdict) int {
	switch {
	case v.Malformed:
		return http.StatusBadRequest
	case v.Answer == config.AnswerBlock:
		return http.StatusForbidden
	}
	return http.StatusTooManyRequests
}

// guardsEverything reports whether any request at all may be refused: an
// operator's block, or a list or a country for the class all.
func (h *Handler) guardsEverything() bool {
	return len(h.denied) > 0 || h.places || h.app.state.detector.Book.Blocks()
}

// guard refuses requests, attempts or not, of sources that may do nothing.
func (h *Handler) guard(w http.ResponseWriter, r *http.Request) (done bool, err error) {
	state, now := h.app.state, time.Now()
	source := sourceOf(r, h.strict, state.lists.Load())
	var place geo.Place
	if h.places {
		place = state.locate(&source)
	}
	h.critical.mark(&source)
	verdict := state.detector.Guard(now, h.policy, &source, h.denied)
	if verdict.LetsThrough() || h.challengedByGuard(r, verdict, source.Addr) {
		return false, nil
	}
	e := event.Event{
		ID: event.NewID(now), Time: now, Type: event.TypeAttempt, Kind: string(config.KindNone), Site: h.policy.Site().Name,
		Verdict: string(verdict.Answer), Rule: verdict.Rule, Detection: string(verdict.Detection), Reason: verdict.Reason.String(),
		SourceIP: source.Addr, Lists: source.Lists, Method: r.Method, Path: r.URL.Path, UserAgent: r.UserAgent(),
		SanctionID: sanction.FormatID(verdict.Sanction), Expires: verdict.Until,
	}
	tellPlace(&e, &place)
	state.offer(e)
	id := e.SanctionID
	if id == "" {
		id = e.ID
	}
	if gate := h.gateOf(); gate != nil && verdict.Answer == config.AnswerChallenge {
		if value, _ := broughtClearance(r); shownAlone(r) && keepsNoCookies(now, r, gate, source.Addr, value) {
			verdict.Answer, verdict.Until = config.AnswerLimit, now.Add(time.Minute)
			return true, h.answer(w, r, verdict, config.ClassAll, id)
		}
		return true, h.answerChallenge(w, r, gate, demand{class: config.ClassAll, addr: source.Addr, retype: throwsAway(r), id: id})
	}
	return true, h.answer(w, r, verdict, config.ClassAll, id)
}

// statusOf is the status that an error of a handler stands for.
func statusOf(err error) int {
	var he caddyhttp.HandlerError
	if errors.As(err, &he) && he.StatusCode != 0 {
		return he.StatusCode
	}
	if err != nil {
		return http.StatusInternalServerError
	}
	return 0
}

// hostOf is the host asked for, without port, lower case.
func hostOf(r *http.Request) string {
	host := r.Host
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:i]
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}
