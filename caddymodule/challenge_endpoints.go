package caddymodule

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/doorward/doorward/caddymodule/interstitial"
	"github.com/doorward/doorward/caddymodule/refusal"
	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/clearance"
)

// The names below the reserved prefix, besides that of the worker.
const (
	challengeName = "challenge"
	waitName      = "wait"
)

// maxSolution is how long a form may be that brings a solution: a token, a proof
// and their names.
const maxSolution = 8 << 10

// knock is one request below the reserved prefix.
type knock struct {
	h      *Handler
	w      http.ResponseWriter
	r      *http.Request
	gate   *clearance.Gate
	now    time.Time
	source detector.Source
}

// answerReserved answers a request below the reserved prefix. The app sees none
// of them, also of those that there are not.
func (h *Handler) answerReserved(w http.ResponseWriter, r *http.Request, name string) error {
	if strings.HasSuffix(name, ".js") {
		interstitial.Script(w, r)
		return nil
	}
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Robots-Tag", "noindex")
	allow := "GET, HEAD, POST, OPTIONS"
	switch name {
	case challengeName:
	case waitName:
		allow = "POST, OPTIONS"
	default:
		writeWhole(w, r, http.StatusNotFound, "text/plain; charset=utf-8", []byte("no such page\n"))
		return nil
	}
	gate := h.gateOf()
	if gate == nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return nil
	}
	k := &knock{h: h, w: w, r: r, gate: gate, now: time.Now(), source: sourceOf(r, h.strict, nil)}
	switch r.Method {
	case http.MethodOptions:
		header.Set("Allow", allow)
		w.WriteHeader(http.StatusNoContent)
	case http.MethodPost:
		k.post(name)
	case http.MethodGet, http.MethodHead:
		if name == challengeName {
			k.show()
			return nil
		}
		fallthrough
	default:
		header.Set("Allow", allow)
		writeWhole(w, r, http.StatusMethodNotAllowed, "text/plain; charset=utf-8", []byte("write one of "+allow+"\n"))
	}
	return nil
}

// show shows a challenge to who asks for one: the address that problem details
// give to programs. A program gets it as JSON, and may solve it by itself.
func (k *knock) show() {
	query := k.r.URL.Query()
	class := config.Class(query.Get("class"))
	if parsed, err := config.ParseClass(string(class)); err != nil || parsed == config.ClassAll {
		class = config.ClassLogin
	}
	back := query.Get("return")
	if back == "" {
		back = "/"
	}
	token, c := k.gate.Issue(k.now, clearance.Ask{
		Source: k.source.Addr, Class: class, Return: clearance.ReturnPath(back, k.h.challenge.Prefix),
	})
	challenges.WithLabelValues(k.h.challenge.site, "asked").Inc()
	k.present(http.StatusOK, token, &c, false)
}

// machineChallenge is a challenge for programs.
type machineChallenge struct {
	Token     string `json:"token"`
	Algorithm string `json:"algorithm"`
	Parts     int    `json:"parts"`
	Bits      int    `json:"bits"`
	Expires   string `json:"expires"`
	Action    string `json:"action"`
	Wait      string `json:"wait_action"`
}

// present shows a challenge in the form that the client takes.
func (k *knock) present(status int, token string, c *clearance.Challenge, failed bool) {
	if !k.wantsJSON() {
		page := k.h.pageFor(token, c, "")
		page.Failed = failed
		interstitial.Write(k.w, k.r, status, page)
		return
	}
	if failed {
		status = http.StatusBadRequest
	}
	prefix := k.h.challenge.Prefix
	body, _ := json.MarshalIndent(machineChallenge{
		Token: token, Algorithm: "sha-256", Parts: clearance.Parts, Bits: c.Bits,
		Expires: c.Issued.Add(clearance.TokenLife).UTC().Format(time.RFC3339),
		Action:  prefix + challengeName, Wait: prefix + waitName,
	}, "", "\t")
	writeWhole(k.w, k.r, status, "application/json", append(body, '\n'))
}

// wantsJSON reports whether the client is a program that names JSON and no page.
func (k *knock) wantsJSON() bool {
	accept := k.r.Header.Get("Accept")
	return strings.Contains(accept, "json") && !strings.Contains(accept, "text/html")
}

// post takes a solution or a wait.
func (k *knock) post(name string) {
	form, status := k.form()
	if status != 0 {
		k.w.Header().Set("Connection", "close") // the rest of the body is not read
		writeWhole(k.w, k.r, status, "text/plain; charset=utf-8", []byte(http.StatusText(status)+"\n"))
		return
	}
	token := one(form, "token")
	if name == waitName {
		k.wait(token)
		return
	}
	cookie, c, result := k.gate.Redeem(k.now, token, one(form, "proof"), k.source.Addr)
	k.conclude(cookie, token, c, result)
}

// one is the value of a field that is there once, else "".
func one(form url.Values, name string) string {
	if values := form[name]; len(values) == 1 {
		return values[0]
	}
	return ""
}

// form reads the body, which is small and of one kind; else it returns the status
// to answer with.
func (k *knock) form() (url.Values, int) {
	kind, _, err := mime.ParseMediaType(k.r.Header.Get("Content-Type"))
	switch {
	case err != nil || kind != "application/x-www-form-urlencoded" || k.r.Header.Get("Content-Encoding") != "":
		return nil, http.StatusUnsupportedMediaType
	case k.r.ContentLength > maxSolution:
		return nil, http.StatusRequestEntityTooLarge
	}
	control := http.NewResponseController(k.w)
	if control.SetReadDeadline(k.now.Add(peekTimeout)) == nil {
		defer func() { _ = control.SetReadDeadline(time.Time{}) }()
	}
	k.r.Body = http.MaxBytesReader(nil, k.r.Body, maxSolution)
	if err := k.r.ParseForm(); err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return nil, http.StatusRequestEntityTooLarge
		}
		return nil, http.StatusBadRequest
	}
	return k.r.PostForm, 0
}

// wait begins a wait, or ends one that is over.
func (k *knock) wait(token string) {
	c, result := k.gate.Read(k.now, token, k.source.Addr)
	if result != clearance.Accepted {
		k.conclude("", token, c, result)
		return
	}
	if !c.Ready.IsZero() && !k.now.Before(c.Ready) {
		cookie, c, result := k.gate.RedeemWait(k.now, token, k.source.Addr)
		k.conclude(cookie, token, c, result)
		return
	}
	waiting, c, result := k.gate.Wait(k.now, token, k.source.Addr)
	if result != clearance.Accepted {
		k.tooMany()
		return
	}
	challenges.WithLabelValues(k.h.challenge.site, "wait").Inc()
	page := k.h.pageFor(waiting, &c, "")
	page.Wait = c.Ready.Sub(k.now)
	interstitial.WriteWait(k.w, k.r, http.StatusOK, page)
}

// tooMany refuses a wait: too many wait at this network.
func (k *knock) tooMany() {
	k.refuse(detector.Verdict{Answer: config.AnswerLimit, Until: k.now.Add(time.Minute)}, config.ClassLogin)
}

func (k *knock) refuse(v detector.Verdict, class config.Class) {
	refusal.Write(k.w, k.r, refusal.Notice{Status: statusFor(v), Until: v.Until, Class: class, Contact: k.h.challenge.contact, Now: k.now})
}

// conclude tells how a solution or a wait ended: with a clearance and back to
// the page, or with another challenge.
func (k *knock) conclude(cookie, token string, c clearance.Challenge, result clearance.Result) {
	solutions.WithLabelValues(k.h.challenge.site, string(result)).Inc()
	if result == clearance.Accepted {
		k.h.setClearance(k.w, k.r, cookie, k.gate.Life())
		if !k.wantsJSON() {
			k.gate.Book().Return(k.now, k.gate.Place(k.source.Addr), k.r.UserAgent())
		}
		k.goBack(c.Return)
		return
	}
	if result == clearance.Replayed && k.holds(c.Class) {
		k.goBack(c.Return) // the same form sent twice: the first one has brought it
		return
	}
	if s := k.gate.Book().Standing(k.now, k.gate.Place(k.source.Addr), c.Identity); s.Limited {
		v := detector.Verdict{Answer: config.AnswerLimit, Until: s.Until}
		if s.Blocked {
			v.Answer = config.AnswerBlock
		}
		k.refuse(v, c.Class)
		return
	}
	if c.Class == config.ClassNone { // nothing of it could be read
		c = clearance.Challenge{Class: config.ClassLogin, Return: "/"}
	}
	fresh, next := k.gate.Issue(k.now, clearance.Ask{
		Source: k.source.Addr, Class: c.Class, Identity: c.Identity, Return: c.Return, Retype: c.Retype,
	})
	k.w.Header().Set("Retry-After", "1")
	k.present(statusChallenge, fresh, &next, true)
}

func (k *knock) holds(class config.Class) bool {
	value, several := broughtClearance(k.r)
	return value != "" && !several && k.gate.Holds(k.now, value, k.source.Addr, class)
}

// goBack leads a browser back by GET, and tells a program that it is done.
func (k *knock) goBack(to string) {
	if k.wantsJSON() {
		writeWhole(k.w, k.r, http.StatusOK, "application/json", []byte("{\"cleared\":true}\n"))
		return
	}
	k.w.Header().Set("Location", to)
	writeWhole(k.w, k.r, http.StatusSeeOther, "text/plain; charset=utf-8", nil)
}
