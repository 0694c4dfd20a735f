package caddymodule

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/doorward/doorward/caddymodule/devicecookie"
	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/identity"
)

// deviceJar is what a handler needs for device cookies.
type deviceJar struct {
	off  bool
	site string
	name devicecookie.Name
	// previous is the secret before the one that holds, empty if there is none.
	previous config.Secret
	seal     atomic.Pointer[keyedSeal]
}

// keyedSeal is a seal and the keys that it was made of: with another secret the
// site has others.
type keyedSeal struct {
	keys *identity.Keys
	seal *devicecookie.Seal
}

func newDeviceJar(site *config.Site, previous config.Secret) *deviceJar {
	return &deviceJar{
		off: site.DeviceCookie.Off, site: site.Name,
		name: devicecookie.NewName(site.DeviceCookie.Name), previous: previous,
	}
}

// sealOf returns what opens and makes the site's cookies, nil before the site has
// keys.
func (j *deviceJar) sealOf(keys *identity.Keys) *devicecookie.Seal {
	if keys == nil {
		return nil
	}
	if made := j.seal.Load(); made != nil && made.keys == keys {
		return made.seal
	}
	var before []devicecookie.Key
	if j.previous != "" {
		if old, err := identity.DeriveKeys([]byte(j.previous), j.site); err == nil {
			before = append(before, cookieKey(old))
		}
	}
	seal, err := devicecookie.NewSeal(j.site, j.name, cookieKey(keys), before...)
	if err != nil {
		return nil
	}
	j.seal.Store(&keyedSeal{keys, seal})
	return seal
}

func cookieKey(keys *identity.Keys) devicecookie.Key {
	id, _ := strconv.ParseUint(keys.ID(), 16, 32) // 8 hexadecimal digits
	return devicecookie.Key{ID: uint32(id), Secret: keys.Cookie()}
}

// broughtDevice is the device cookie that a request brought, on its way from
// where it is taken out to where an attempt may need it. It is opened only then.
type broughtDevice struct {
	found  devicecookie.Found
	secure bool
}

// Format hides the cookie, whatever the verb: the variable it travels in can be
// put into logs and answers.
func (*broughtDevice) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "REDACTED") }

const deviceVar = "doorward_device"

// takeDevice takes the device cookies out of the request: the app sees none,
// and recognition does not take them for the app's. Without one it allocates
// nothing.
func (h *Handler) takeDevice(r *http.Request) {
	if h.device == nil || !h.device.name.In(r.Header) {
		return
	}
	secure := isSecure(r)
	if found := h.device.name.Take(r.Header, secure); !h.device.off {
		caddyhttp.SetVar(r.Context(), deviceVar, &broughtDevice{found, secure})
	}
}

// isSecure reports whether the client is connected over TLS, to here or to a
// proxy that the operator trusts.
func isSecure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	trusted, _ := caddyhttp.GetVar(r.Context(), caddyhttp.TrustedProxyVarKey).(bool)
	return trusted && r.Header.Get("X-Forwarded-Proto") == "https"
}

// openDevice opens the device cookie that the request brought, if it did.
func (h *Handler) openDevice(now time.Time, r *http.Request) (devicecookie.Cookie, devicecookie.Result) {
	if h.device == nil || h.device.off {
		return devicecookie.Cookie{}, ""
	}
	brought, _ := caddyhttp.GetVar(r.Context(), deviceVar).(*broughtDevice)
	if brought == nil {
		return devicecookie.Cookie{}, ""
	}
	if brought.found.Value == "" {
		return devicecookie.Cookie{}, brought.found.Result
	}
	seal := h.device.sealOf(h.siteKeys())
	if seal == nil {
		return devicecookie.Cookie{}, ""
	}
	return seal.Open(now, brought.found.Value, brought.secure)
}

func (h *Handler) siteKeys() *identity.Keys {
	if site := h.app.state.detector.Site(h.device.site); site != nil {
		return site.Keys()
	}
	return nil
}
