package caddymodule

import (
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/doorward/doorward/caddymodule/devicecookie"
	"github.com/doorward/doorward/caddymodule/interstitial"
	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/clearance"
	"github.com/doorward/doorward/detector/identity"
)

// challenger is what a handler needs for challenges. Without one there are none,
// and a verdict of challenge is answered like limit.
type challenger struct {
	config.Challenge
	off      bool
	site     string
	contact  string
	name     devicecookie.Name
	template *template.Template
	// previous is the secret before the one that holds, empty if there is none.
	previous config.Secret
	gate     atomic.Pointer[keyedGate]
}

// keyedGate is a gate and the keys that it was made of.
type keyedGate struct {
	keys *identity.Keys
	gate *clearance.Gate
}

// newChallenger reads the operator's template, if there is one.
func newChallenger(site *config.Site, previous config.Secret) (*challenger, error) {
	c := &challenger{
		Challenge: site.Challenge, off: site.ChallengeOff, site: site.Name, contact: site.Contact,
		name: devicecookie.NewName(site.Challenge.Cookie), previous: previous,
	}
	if site.Challenge.Template == "" {
		return c, nil
	}
	t, err := interstitial.LoadTemplate(site.Challenge.Template)
	if err != nil {
		return nil, fmt.Errorf("challenge template: %w", err)
	}
	c.template = t
	return c, nil
}

// gateOf returns what issues and redeems the site's challenges, nil before the
// site has keys.
func (h *Handler) gateOf() *clearance.Gate {
	c := h.challenge
	if c == nil || c.off {
		return nil
	}
	site := h.app.state.detector.Site(c.site)
	if site == nil {
		return nil
	}
	keys := site.Keys()
	if made := c.gate.Load(); made != nil && made.keys == keys {
		return made.gate
	}
	var before []clearance.Key
	if c.previous != "" {
		if old, err := identity.DeriveKeys([]byte(c.previous), c.site); err == nil {
			before = append(before, clearanceKey(old))
		}
	}
	seal, err := clearance.NewSeal(c.site, clearanceKey(keys), before...)
	if err != nil {
		return nil
	}
	gate := clearance.NewGate(c.site, seal, h.app.state.challenges, c.Bits, c.Life.Std())
	c.gate.Store(&keyedGate{keys, gate})
	return gate
}

func clearanceKey(keys *identity.Keys) clearance.Key {
	id, _ := strconv.ParseUint(keys.ID(), 16, 32) // 8 hexadecimal digits
	return clearance.Key{ID: uint32(id), Secret: keys.Clearance()}
}

const clearanceVar = "doorward_clearance"

// takeClearance takes the cookies of clearances out of the request: the app sees
// none. Without one it allocates nothing.
func (h *Handler) takeClearance(r *http.Request) {
	if h.challenge == nil || !h.challenge.name.In(r.Header) {
		return
	}
	secure := isSecure(r)
	found := h.challenge.name.Take(r.Header, secure)
	caddyhttp.SetVar(r.Context(), clearanceVar, &broughtDevice{found, secure})
}

// broughtClearance is the value of the clearance that a request brought, "" if
// there is none. several tells that there was more than one, or one of the other
// scheme.
func broughtClearance(r *http.Request) (value string, several bool) {
	brought, _ := caddyhttp.GetVar(r.Context(), clearanceVar).(*broughtDevice)
	if brought == nil {
		return "", false
	}
	return brought.found.Value, brought.found.Result != ""
}

// setClearance gives the browser a clearance.
func (h *Handler) setClearance(w http.ResponseWriter, r *http.Request, value string, life time.Duration) {
	secure := isSecure(r)
	line := h.challenge.name.For(secure) + "=" + value + "; Path=/; Max-Age=" + strconv.Itoa(int(life/time.Second)) + "; HttpOnly; SameSite=Lax"
	if secure {
		line += "; Secure"
	}
	w.Header().Add("Set-Cookie", line)
}

// clientPath is the path and query that the client asked for, whatever was
// rewritten since.
func clientPath(r *http.Request) (path, address string) {
	if original, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok && original.URL != nil {
		return original.URL.Path, original.URL.RequestURI()
	}
	return r.URL.Path, r.URL.RequestURI()
}

// reserved is the name below the reserved prefix that a request asks for.
func (h *Handler) reserved(r *http.Request) (name string, yes bool) {
	c := h.challenge
	if c == nil || c.off {
		return "", false
	}
	path, _ := clientPath(r)
	return strings.CutPrefix(path, c.Prefix)
}

// asksForPage reports whether a browser shows the answer to a person, in a window
// of its own: no frame shows the page of a challenge. Fetch and XMLHttpRequest say
// so by Sec-Fetch-Mode, programs by not asking for HTML.
func asksForPage(h http.Header) bool {
	if mode := h.Get("Sec-Fetch-Mode"); mode != "" {
		dest := h.Get("Sec-Fetch-Dest")
		return mode == "navigate" && (dest == "" || dest == "document")
	}
	return wantsPage(h) && h.Get("X-Requested-With") == ""
}

// pageFor is what the page of a challenge says.
func (h *Handler) pageFor(token string, c *clearance.Challenge, id string) interstitial.Page {
	ch := h.challenge
	return interstitial.Page{
		ID: id, Token: token, Parts: clearance.Parts, Bits: c.Bits, Lifetime: clearance.TokenLife,
		Prefix: ch.Prefix, Return: c.Return, Retype: c.Retype, WaitAction: ch.Prefix + waitName,
		Wait:     clearance.FirstWait << max(c.Bits-ch.Bits, 0),
		SiteName: ch.Name, Logo: ch.Logo, Contact: ch.contact, Template: ch.template,
	}
}
