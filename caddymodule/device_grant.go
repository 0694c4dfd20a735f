package caddymodule

import (
	"net/http"
	"time"

	"github.com/doorward/doorward/caddymodule/devicecookie"
	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/follow"
	"github.com/doorward/doorward/detector/recognize"
)

// visitedDevice is the client of an attempt as far as its cookies tell.
type visitedDevice struct {
	// browser tells that a cookie may be given for a success.
	browser bool
	// brought tells that the request bore a cookie that holds, renew that it is
	// to be made anew.
	brought, renew bool
}

// meetDevice notes by which client the attempt is made.
func (v *visit) meetDevice() {
	if v.h.device == nil || v.h.device.off {
		return
	}
	cookie, result := v.h.openDevice(v.began, v.r)
	if result != "" {
		deviceCookies.WithLabelValues(v.h.device.site, string(result)).Inc()
	}
	v.attempt.Client = cookie.Client
	v.device = visitedDevice{
		browser: !v.attempt.Basic && devicecookie.Browses(v.r.Header),
		brought: cookie.Client != 0, renew: cookie.Renew,
	}
}

// nameDevice gives a client that has succeeded without a cookie its number, so
// that the engine can remember the pair. Of what succeeded and earns nothing the
// number is forgotten.
func (v *visit) nameDevice() {
	if v.device.browser && v.attempt.Client == 0 && v.outcome.Result == recognize.Success &&
		(v.attempt.Kind == config.KindLogin || v.attempt.Kind == config.KindMFA) {
		v.attempt.Client = devicecookie.NewClient()
	}
}

// expectDevice lets the client of a login that earned something wait for its
// cookie. The answer to the login itself is gone.
func (v *visit) expectDevice(sent, answered http.Header) {
	if !v.learned.Entered || !v.device.browser || v.device.brought && !v.device.renew {
		return
	}
	v.h.watch.devices.Add(time.Now(), v.client(), v.attempt.Client, v.device.brought, sent, answered)
}

// deviceCarrier is the writer of an answer that may carry a device cookie. It is
// the outermost of this handler, so that what reads the answer further in does
// not take the cookie for one of the app.
type deviceCarrier struct {
	*observer
	h       *Handler
	due     *devicecookie.Due
	secure  bool
	carried bool
}

// carrier returns the writer for an answer that a client waits for with its
// cookie due, nil for all others. Where nobody waits it costs an atomic load.
func (h *Handler) carrier(w http.ResponseWriter, r *http.Request) *deviceCarrier {
	if h.device == nil || h.device.off || h.watch.devices.Idle() ||
		r.Method != http.MethodGet && r.Method != http.MethodPost || !devicecookie.Browses(r.Header) {
		return nil
	}
	now := time.Now()
	who := follow.ClientOf(sourceOf(r, h.strict, nil).Addr, r.UserAgent())
	due := h.watch.devices.Take(now, who, r.Header)
	if due == nil {
		return nil
	}
	if cookie, _ := h.openDevice(now, r); cookie.Client != 0 && cookie.Client != due.Client {
		return nil // from a login beside this one: one number is enough
	}
	c := &deviceCarrier{observer: newObserver(w, nil, 0), h: h, due: due, secure: isSecure(r)}
	c.onHead = c.carry
	return c
}

// carry puts the cookie into the headers that are about to leave, if this answer
// may have it.
func (c *deviceCarrier) carry() {
	seal := c.h.device.sealOf(c.h.siteKeys())
	if seal == nil {
		return
	}
	now := time.Now()
	c.carried = devicecookie.Carry(now, c.status, c.Header(), c.h.device.name, seal.Make(now, c.due.Client, c.secure), c.secure)
	if c.carried {
		deviceCookies.WithLabelValues(c.h.device.site, issuedOr(c.due.Renewal)).Inc()
	}
}

func issuedOr(renewal bool) string {
	if renewal {
		return "renewed"
	}
	return "issued"
}

// done lets the client wait on if this answer did not carry the cookie.
func (c *deviceCarrier) done() {
	if !c.carried {
		c.h.watch.devices.Back(time.Now(), c.due)
	}
}
