package caddymodule

import (
	"net/http"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/recognize"
)

// requestOf is what recognition sees of a request before its body is read.
func requestOf(r *http.Request) recognize.Request {
	return recognize.Request{
		Method: r.Method, Host: hostOf(r), Path: r.URL.Path, RawQuery: r.URL.RawQuery, Header: r.Header,
	}
}

// extract reads the request as one of the declared route. If it is no attempt
// there, such as a form where Basic credentials are declared, it may be one of
// the next route that matches, or one that is found automatically.
func (h *Handler) extract(r *http.Request, route int, body *peeked) (recognize.Credentials, bool, error) {
	request := requestOf(r)
	request.Body, request.Complete = body.prefix, body.complete || body.buf == nil
	for route < len(h.Routes) {
		if found, ok := recognize.Declared(&request, &h.Routes[route].Route); ok {
			return found, true, nil
		}
		var err error
		if route, err = h.declared(r, route+1); err != nil {
			return recognize.Credentials{}, false, err
		}
	}
	if !h.automatic {
		return recognize.Credentials{}, false, nil
	}
	found, ok := h.find(r, &request)
	return found, ok, nil
}

// find looks for an attempt by what the request holds and the app was seen to
// serve.
func (h *Handler) find(r *http.Request, request *recognize.Request) (recognize.Credentials, bool) {
	request.Form = h.watch.forms.Lookup(request.Method, request.Path)
	found, ok := recognize.Automatic(request)
	if script, more := recognize.ScriptOf(request.Path); more && (!ok || found.Kind != config.KindLogin) && h.takesLogins(script) {
		// What follows a script is the client's: it makes nothing less of a login.
		request.Path = script
		if login, is := recognize.Automatic(request); is && login.Kind == config.KindLogin {
			found, ok = login, is
		}
	}
	if !ok || h.administers(r, &found) {
		return recognize.Credentials{}, false
	}
	if request.Form != nil && request.Form.Kind == found.Kind {
		found.Served = true // what arrives where the app's own form is sent to was asked for
	}
	if found.Served {
		h.watch.forms.Submitted(request.Method, request.Path)
	}
	return found, true
}

func (h *Handler) takesLogins(path string) bool {
	return h.app.state.detector.Site(h.policy.Site().Name).TakesLogins(path)
}

// administers reports whether what looks like an attempt is the work of
// somebody who is logged in. Where logins are known to arrive it is not: who
// has an account of his own must not guess at others unseen.
func (h *Handler) administers(r *http.Request, found *recognize.Credentials) bool {
	if !found.MayAdminister {
		return false
	}
	if found.Kind == config.KindLogin && h.takesLogins(found.Route) {
		return false
	}
	now := time.Now()
	return h.watch.sessions.Administers(now, r.Header) &&
		h.watch.work.take(now, evidence.SourcePrefix(sourceOf(r, h.strict, nil).Addr))
}
