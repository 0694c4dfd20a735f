package caddymodule

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/doorward/doorward/caddymodule/interstitial"
	"github.com/doorward/doorward/caddymodule/refusal"
	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/clearance"
)

// demand is what is known of a request that is answered with a challenge.
type demand struct {
	class    config.Class
	addr     netip.Addr
	identity clearance.Identity
	// retry is how long a program shall wait that can solve nothing.
	retry time.Duration
	// retype tells that a submitted form is thrown away.
	retype bool
	// private tells that the query holds what was submitted.
	private bool
	id      string
}

// statusChallenge is the status of a challenge. Browsers show the body of a 429
// as that of any page; no cache keeps it (RFC 6585, section 4), nor must one with
// no-store; programs know it as "not now" and read Retry-After, where a 403 would
// be for good and a 200 a success; and it is what a challenge was answered with
// before there was a page.
const statusChallenge = http.StatusTooManyRequests

// answerChallenge asks for the work: with a page where a person sees it, else
// with problem details. The submitted body is not looked at any more.
func (h *Handler) answerChallenge(w http.ResponseWriter, r *http.Request, gate *clearance.Gate, a demand) error {
	now := time.Now()
	h.refuseHeaders(w, r, now, a)
	link := h.challengeLink(r, a)
	caddyhttp.SetVar(r.Context(), "doorward_challenge", link)
	if h.policy.Site().Refusal == config.RefusalError {
		challenges.WithLabelValues(h.challenge.site, "error").Inc()
		return caddyhttp.Error(statusChallenge, errRefused)
	}
	if !asksForPage(r.Header) {
		gate.Book().Expect(now, gate.Place(a.addr), r.UserAgent(), a.class)
		challenges.WithLabelValues(h.challenge.site, "program").Inc()
		writeProblem(w, r, statusChallenge, challengeProblem(link, a))
		return nil
	}
	token, c := gate.Issue(now, clearance.Ask{
		Source: a.addr, Class: a.class, Identity: a.identity, Return: h.returnTo(r, a.private), Retype: a.retype,
	})
	challenges.WithLabelValues(h.challenge.site, "page").Inc()
	interstitial.Write(w, r, statusChallenge, h.pageFor(token, &c, a.id))
	return nil
}

func (h *Handler) refuseHeaders(w http.ResponseWriter, r *http.Request, now time.Time, a demand) {
	refusal.SetHeaders(w, r, refusal.Notice{
		Status: statusChallenge, ID: a.id, Until: now.Add(max(a.retry, time.Second)), Now: now,
	})
}

// returnTo is where a browser goes after it has solved: to the page it asked for,
// or to the page whose form it sent, if that is of this site. private tells that
// the query is part of what was submitted: it goes into no page and no address.
func (h *Handler) returnTo(r *http.Request, private bool) string {
	path, address := clientPath(r)
	if !private && !throwsAway(r) {
		return clearance.ReturnPath(address, h.challenge.Prefix)
	}
	if from, err := url.Parse(r.Referer()); !private && err == nil && from.Host == r.Host && r.Host != "" {
		return clearance.ReturnPath(from.RequestURI(), h.challenge.Prefix)
	}
	return clearance.ReturnPath((&url.URL{Path: path}).EscapedPath(), h.challenge.Prefix)
}

// throwsAway reports whether a challenge in the place of an answer loses more than
// the request for a page.
func throwsAway(r *http.Request) bool {
	return r.Method != http.MethodGet && r.Method != http.MethodHead
}

// challengeLink is the address of the challenge for whoever cannot be shown the
// page now.
func (h *Handler) challengeLink(r *http.Request, a demand) string {
	query := url.Values{"class": {string(a.class)}}
	// A script of another site sends nobody to the address of an interface.
	if from, err := url.Parse(r.Referer()); r.Method == http.MethodGet || err == nil && from.Host == r.Host {
		query.Set("return", h.returnTo(r, a.private))
	}
	return h.challenge.Prefix + challengeName + "?" + query.Encode()
}

// typeChallenge is the problem type; programs compare it.
const typeChallenge = "https://github.com/doorward/doorward#challenge"

// problem is an RFC 9457 problem detail with the members of a challenge.
type problem struct {
	Type       string `json:"type"`
	Title      string `json:"title"`
	Status     int    `json:"status"`
	Detail     string `json:"detail"`
	Instance   string `json:"instance,omitempty"`
	ID         string `json:"id,omitempty"`
	RetryAfter int64  `json:"retry_after,omitempty"`
	// Challenge is where the challenge is, relative to this answer.
	Challenge string `json:"challenge,omitempty"`
}

func challengeProblem(link string, a demand) problem {
	p := problem{
		Type: typeChallenge, Title: "A challenge must be solved first", Status: statusChallenge,
		Detail: "Nothing of this request was looked at. Open the address in challenge in the browser, or reload the page, " +
			"solve what it asks for, and send the request again.",
		ID: a.id, RetryAfter: int64(max(a.retry, time.Second) / time.Second), Challenge: link,
	}
	if a.id != "" {
		p.Instance = "urn:doorward:" + url.PathEscape(a.id)
	}
	return p
}

// writeProblem answers a program. A script of another origin may read it, whose
// page else would see nothing but a broken connection: it holds nothing of the
// visitor.
func writeProblem(w http.ResponseWriter, r *http.Request, status int, p problem) {
	body, err := json.MarshalIndent(p, "", "\t")
	if err != nil {
		body = []byte("{}") // cannot happen: strings and numbers only
	}
	h := w.Header()
	if origin := r.Header.Get("Origin"); origin != "" {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Set("Access-Control-Expose-Headers", "Retry-After, Doorward-Id")
		h.Add("Vary", "Origin")
	}
	h.Set("Content-Language", "en")
	writeWhole(w, r, status, "application/problem+json", append(body, '\n'))
}

// writeWhole writes an answer that nothing may keep.
func writeWhole(w http.ResponseWriter, r *http.Request, status int, contentType string, body []byte) {
	h := w.Header()
	for _, name := range [...]string{"Content-Encoding", "Etag", "Last-Modified"} {
		h.Del(name) // of the body that is not sent
	}
	h.Add("Vary", "Accept")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

// weighChallenge makes a limit out of a challenge that makes no sense: of one
// that was solved already, of a source that goes on failing after solving, of
// attempts that leave every challenge unsolved.
func (v *visit) weighChallenge() {
	if v.verdict.Answer != config.AnswerChallenge {
		return
	}
	gate := v.h.gateOf()
	if gate == nil {
		return
	}
	if v.attempt.Solved {
		v.verdict.Answer = config.AnswerLimit
		return
	}
	now, place := time.Now(), gate.Place(v.attempt.Source.Addr)
	if s := gate.Book().Standing(now, place, v.clearance.identity(v)); s.Limited {
		v.limitChallenge(s)
		return
	}
	retry, limited := gate.Book().Unsolved(now, place, v.clearance.identity(v))
	v.clearance.retry = retry
	if limited {
		v.verdict.Answer, v.verdict.Until = config.AnswerLimit, now.Add(retry)
		v.verdict.Reason = v.verdict.Reason.And("it left one challenge after the other unsolved")
		challenges.WithLabelValues(v.h.challenge.site, "unsolved").Inc()
	}
}

func (v *visit) limitChallenge(s clearance.Standing) {
	v.verdict.Answer, v.verdict.Until = config.AnswerLimit, s.Until
	v.verdict.Reason = v.verdict.Reason.And("who solved the challenges there failed all the same")
	label := "limited"
	if s.Blocked {
		v.verdict.Answer, label = config.AnswerBlock, "blocked"
	}
	challenges.WithLabelValues(v.h.challenge.site, label).Inc()
}

// refuseChallenge answers an attempt with a challenge.
func (v *visit) refuseChallenge(w http.ResponseWriter, gate *clearance.Gate, id string) error {
	byQuery := !throwsAway(v.r) && v.r.URL.RawQuery != "" && !v.attempt.Basic
	return v.h.answerChallenge(w, v.r, gate, demand{
		class: v.attempt.Kind.Class(), addr: v.attempt.Source.Addr, identity: v.clearance.identity(v),
		retry: v.clearance.retry, retype: throwsAway(v.r) || byQuery, private: byQuery, id: id,
	})
}

// challengedByGuard lets a request go on that the guard would challenge and that
// has solved one, or comes to solve one, or can bring no cookie (a preflight).
func (h *Handler) challengedByGuard(r *http.Request, verdict detector.Verdict, addr netip.Addr) (goOn bool) {
	if verdict.Answer != config.AnswerChallenge {
		return false
	}
	gate := h.gateOf()
	if gate == nil {
		return false
	}
	if _, own := h.reserved(r); own || r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
		return true
	}
	value, _ := broughtClearance(r)
	return value != "" && gate.Passed(time.Now(), value, addr)
}
