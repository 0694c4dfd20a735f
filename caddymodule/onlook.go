package caddymodule

import (
	"net/http"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/doorward/doorward/detector/follow"
	"github.com/doorward/doorward/detector/recognize"
)

// onlook is one look at the answer to a request that is no attempt.
type onlook struct {
	h       *Handler
	r       *http.Request
	client  follow.Client
	pending []*follow.Wait[*visit]
	// proof: the request bears a session that waits for its proof to a page
	// that is closed to visitors.
	proof bool
	// visitor: the request bears no credentials, and its answer is one of those
	// that are looked at to learn what the site shows to visitors.
	visitor bool
	// page: that answer may be a page with a form.
	page bool
}

// onlooking reports what there is to see in the answer to a request that is no
// attempt, nil when nothing: then it does not allocate, and on a site where
// nobody is logging in it costs two atomic loads and, for a GET, one look into
// the budget of looks, at which readers do not wait for each other.
func (h *Handler) onlooking(r *http.Request) *onlook {
	var client follow.Client
	w, waiting := h.watch, false
	if !w.pending.Idle() || !w.proofs.Idle() {
		client = follow.ClientOf(sourceOf(r, h.strict, nil).Addr, r.UserAgent())
		waiting = w.pending.Waits(client) || w.proofs.Waits(client)
	}
	visitor := h.automatic && r.Method == http.MethodGet && len(r.Header["Authorization"]) == 0 &&
		w.looks.take(time.Now(), r.URL.Path)
	if !waiting && !visitor {
		return nil
	}
	l := &onlook{h: h, r: r, client: client, visitor: visitor, page: visitor && wantsPage(r.Header)}
	if waiting {
		l.await()
	}
	if len(l.pending) == 0 && !l.proof && !l.visitor {
		return nil
	}
	return l
}

// wantsPage reports whether a browser asks for a page.
func wantsPage(h http.Header) bool {
	accept := h["Accept"]
	return len(accept) > 0 && strings.Contains(accept[0], "text/html")
}

// await finds what waits for this answer.
func (l *onlook) await() {
	w, path, query := l.h.watch, l.r.URL.Path, l.r.URL.RawQuery
	var over []*follow.Wait[*visit]
	borne := follow.BorneBy(l.r.Header)
	l.pending, over = w.pending.Take(l.client, func(wait *follow.Wait[*visit]) bool {
		bears := wait.Jar.Bears(borne, path)
		if !bears {
			wait.Spare()
		}
		if l.r.Method != http.MethodGet || !wait.Value.outcome.Leads(path, query) {
			return false
		}
		return bears
	})
	w.held.add(time.Now(), l.pending)
	for _, wait := range over {
		wait.Value.giveUp()
	}
	l.proof = l.r.Method == http.MethodGet && w.proofs.Waits(l.client) && w.closed.has(page(l.r))
}

// serve passes the request on and looks at the answer.
func (l *onlook) serve(w http.ResponseWriter, next caddyhttp.Handler) (err error) {
	room := 0
	if len(l.pending) > 0 || l.page {
		room = int(l.h.policy.Site().ResponseLimit)
		readable(l.r.Header)
	}
	buf := getBuffer()
	if cap(*buf) < room {
		*buf = make([]byte, 0, room)
	}
	o := newObserver(w, *buf, room)
	var header http.Header
	o.onHead = func() {
		if len(l.pending) == 0 && !recognize.MayShowForm(o.status, o.Header()) {
			o.room = 0
		}
		header = o.Header().Clone()
	}
	done := false
	defer func() {
		l.h.sheltered("onlook", func() { l.see(o, header, done && err == nil) })
		putBuffer(buf, len(o.copied))
	}()
	err = next.ServeHTTP(o, l.r)
	done = true
	return err
}

func (l *onlook) see(o *observer, header http.Header, whole bool) {
	h := l.h
	resp := recognize.Response{Status: o.status, Header: header, UpstreamError: o.status == 0}
	if o.status != 0 && o.room+len(o.copied) > 0 {
		body, complete, ok := recognize.DecodeBody(header, o.copied, whole && !o.cut && o.status != http.StatusPartialContent, int(h.policy.Site().ResponseLimit))
		if ok {
			resp.Body, resp.Complete = body, complete
			resp.Header = header.Clone()
			resp.Header.Del("Content-Encoding")
		}
	}
	l.decide(&resp)
	if o.status == 0 {
		return
	}
	if l.proof && o.status >= 200 && o.status < 300 {
		h.opened(l.r, l.client)
	}
	if l.visitor {
		l.learn(&resp)
	}
	if l.page {
		r := requestOf(l.r)
		h.watch.forms.Read(time.Now(), &r, &resp)
	}
}

// page names a page with its query: many apps have all theirs at one path, open
// and closed ones.
func page(r *http.Request) string { return r.URL.Path + "?" + r.URL.RawQuery }

// learn notes what a page answers to a visitor.
func (l *onlook) learn(resp *recognize.Response) {
	h, path := l.h, l.r.URL.Path
	site := h.app.state.detector.Site(h.policy.Site().Name)
	if site == nil {
		return
	}
	site.Asks(path, resp)
	if h.watch.wanted.Load() && len(l.r.Header["Cookie"]) == 0 {
		h.watch.closed.see(page(l.r), isClosed(site, resp.Status, resp.Header))
	}
}

// decide settles the attempts that waited for this answer, or lets them wait on.
func (l *onlook) decide(resp *recognize.Response) {
	known, contested := l.h.watch.sessions.Bears(time.Now(), l.r.Header), l.contested()
	for _, wait := range l.pending {
		if !l.h.watch.held.take(wait) {
			continue
		}
		v := wait.Value
		v.attempt.LoggedIn = v.attempt.LoggedIn || known
		if contested {
			v.giveUp()
			continue
		}
		o, decided := recognize.Follow(v.outcome, v.exchange, l.r.URL.Path, l.r.URL.RawQuery, resp)
		if decided {
			o.Deferred = true
			v.outcome = o
			v.finish()
			v.session(v.sent, v.header, nil)
			continue
		}
		v.outcome = o
		wait.Jar = follow.JarAfter(l.r.Header, resp.Header, l.r.URL.Path)
		if !l.h.watch.pending.Back(time.Now(), wait) {
			v.giveUp()
		}
	}
}

// contested reports whether different credentials were tried in the session that
// the page is shown to. Apps that keep a session over the login would show a
// guesser the page of his own account, as proof of a guess made beside it.
func (l *onlook) contested() bool {
	for _, wait := range l.pending[min(1, len(l.pending)):] {
		first, a := &l.pending[0].Value.attempt, &wait.Value.attempt
		if a.Credential != first.Credential || a.Pseudonym() != first.Pseudonym() {
			return true
		}
	}
	return false
}
