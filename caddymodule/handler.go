package caddymodule

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/doorward/doorward/caddymodule/selftest"
	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/recognize"
)

func init() {
	caddy.RegisterModule(new(Handler))
}

// Handler is the middleware `http.handlers.doorward`: it recognises the
// attempts of one site, admits or refuses them, and reads their outcomes from
// the app's answers.
type Handler struct {
	config.Site

	// Routes are the declared routes, in order; the first that matches counts.
	Routes []Route `json:"routes,omitempty"`

	// Events are events of the app's own, in order; the first that matches is
	// recorded, whatever else the request is.
	Events []Event `json:"events,omitempty"`

	app       *App
	log       *zap.Logger
	policy    *detector.Policy
	automatic bool
	strict    bool     // trusted_proxies_strict is on
	spoofable bool     // forwarding headers are believed without it
	denied    []string // lists whose sources are refused for every request
	places    bool     // every request needs to be located
	watch     *watch
	device    *deviceJar  // nil without Provision
	challenge *challenger // nil without Provision
	critical  *criticalBook
	shielded  bool // the server removes what only Doorward may say
}

// Route is a declared route with Caddy's request matchers.
type Route struct {
	config.Route

	// MatcherSetsRaw narrows the route down further: any matcher of Caddy.
	MatcherSetsRaw caddyhttp.RawMatcherSets `json:"match,omitempty" caddy:"namespace=http.matchers"`

	matcherSets caddyhttp.MatcherSets
}

// CaddyModule returns the Caddy module information.
func (*Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.doorward", New: func() caddy.Module { return new(Handler) }}
}

// Provision makes the configuration ready. It does no I/O.
func (h *Handler) Provision(ctx caddy.Context) error {
	h.log = ctx.Logger()
	app, err := ctx.App("doorward")
	if err != nil {
		return fmt.Errorf("getting doorward app: %w", err)
	}
	h.app = app.(*App)
	if err := h.provisionRoutes(ctx); err != nil {
		return fmt.Errorf("doorward: %w", err)
	}
	site := h.site()
	server, _ := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if site.Name == "" {
		site.Name = siteName(server)
	}
	h.policy, err = detector.NewPolicy(site, h.app.cfg.Lists())
	if err != nil {
		return fmt.Errorf("doorward: %w", err)
	}
	site = h.policy.Site()
	h.automatic = *site.Automatic
	h.watch = h.app.state.watches.of(site.Name)
	h.device = newDeviceJar(&site, h.app.cfg.PreviousSecret)
	if h.challenge, err = newChallenger(&site, h.app.cfg.PreviousSecret); err != nil {
		return fmt.Errorf("doorward: %w", err)
	}
	h.denied = h.policy.RefusesEverybody()
	h.places = h.guardsPlaces()
	if err := h.needsCountries(); err != nil {
		return fmt.Errorf("doorward: %w", err)
	}
	h.warn()
	h.app.handlers = append(h.app.handlers, h)
	if h.critical, err = newCriticalBook(site.Critical, server); err != nil {
		return fmt.Errorf("doorward: critical: %w", err)
	}
	h.shielded = shieldServer(server)
	return h.trust(server)
}

// warn tells at load what no rule forbids and yet cannot be meant: nobody would
// look for it before the accounts are gone.
func (h *Handler) warn() {
	site := h.tested()
	if selftest.ProtectsNothing(site.Config) {
		h.log.Warn("nothing is protected: `automatic off` and no route is declared; declare routes, like `login POST /session`, or remove it",
			zap.String("site", site.Config.Name))
	}
	for _, c := range selftest.Declarations(&site) {
		if c.Level == selftest.Failed {
			h.log.Warn(c.What+": "+c.Why+"; "+c.Advice, zap.String("site", site.Config.Name))
		}
	}
}

// site is the plain configuration, with the routes.
func (h *Handler) site() config.Site {
	site := h.Site
	site.Routes = nil
	for _, r := range h.Routes {
		site.Routes = append(site.Routes, r.Route)
	}
	return site
}

// provisionRoutes puts the routes of the presets behind the declared ones and
// makes the matchers of all ready.
func (h *Handler) provisionRoutes(ctx caddy.Context) error {
	for i := range h.Routes { // first: provisioning clears what reachable compares
		if err := reachable(h.Routes[i], h.Routes[:i]); err != nil {
			return fmt.Errorf("routes[%d]: %w", i, err)
		}
	}
	if err := h.expandPresets(); err != nil {
		return err
	}
	for i := range h.Routes {
		if err := h.Routes[i].provision(ctx); err != nil {
			return fmt.Errorf("routes[%d]: %w", i, err)
		}
	}
	for i := range h.Events {
		if err := h.Events[i].provision(ctx); err != nil {
			return fmt.Errorf("events[%d]: %w", i, err)
		}
	}
	return nil
}

func (r *Route) provision(ctx caddy.Context) error {
	if len(r.MatcherSetsRaw) == 0 {
		return nil
	}
	sets, err := ctx.LoadModule(r, "MatcherSetsRaw")
	if err != nil {
		return fmt.Errorf("loading matchers: %w", err)
	}
	return r.matcherSets.FromInterface(sets)
}

// trust looks at how the server learns client addresses. An allow list of
// private ranges together with an address that the client can choose would
// let everybody in who writes 10.1.2.3 into a header.
func (h *Handler) trust(server *caddyhttp.Server) error {
	if server == nil {
		return nil
	}
	h.strict = server.TrustedProxiesStrict > 0
	if h.strict || !trustsProxies(server) {
		return nil
	}
	for _, entry := range h.app.allowed {
		if private(entry.Range) {
			return fmt.Errorf("doorward: allow %s: without `trusted_proxies_strict` clients choose their own address "+
				"by a header, so a private range cannot be allowed; add `trusted_proxies_strict` to the `servers` option", entry.Range)
		}
	}
	h.log.Warn("trusted_proxies is set without trusted_proxies_strict: clients can choose the address they are counted by; " +
		"add `trusted_proxies_strict` to the `servers` option")
	h.spoofable, h.app.spoofable = true, true
	return nil
}

// ServeHTTP serves one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	h.takeDevice(r)
	h.takeClearance(r)
	if c := h.carrier(w, r); c != nil {
		defer c.done()
		w = c
	}
	if !h.shielded && !handled(r) {
		untag(r)
	}
	if h.guardsEverything() && !h.allowedPath(time.Now(), r) {
		if done, err := h.guard(w, r); done {
			return err
		}
	}
	if name, own := h.reserved(r); own {
		return h.answerReserved(w, r, name)
	}
	if len(h.Events) == 0 || h.app.state.detector.Mode(time.Now(), h.policy) == config.ModeOff {
		return h.serve(w, r, next)
	}
	switch declared, err := h.happening(r); {
	case err != nil:
		return err
	case declared != nil:
		return h.witness(w, r, next, declared)
	}
	return h.serve(w, r, next)
}

// serve lets requests that are no attempts through untouched.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if done, err := h.greet(w, r); done {
		return err
	}
	route, err := h.declared(r, 0)
	if err != nil {
		return err
	}
	need := h.need(r, route)
	if need != recognize.NeedNothing {
		return h.inspect(w, r, next, route, need)
	}
	if look := h.onlooking(r); look != nil {
		return look.serve(w, next)
	}
	return next.ServeHTTP(w, r)
}

// need tells how far the request must be looked at. After a CONNECT comes a
// stream and no body.
func (h *Handler) need(r *http.Request, route int) recognize.Need {
	switch {
	case route < len(h.Routes) && r.Method == http.MethodConnect:
		return recognize.NeedHeaders
	case route < len(h.Routes):
		return recognize.NeedBody
	case !h.automatic:
		return recognize.NeedNothing
	}
	need := recognize.MayCarry(r.Method, r.URL.Path, r.URL.RawQuery, r.Header, r.ContentLength)
	if need == recognize.NeedNothing && r.URL.RawQuery != "" && h.watch.forms.Served(r.Method, r.URL.Path) {
		return recognize.NeedHeaders // a form that is sent by GET may have fields of any name
	}
	return need
}

// declared returns the first declared route from the given one on that the
// request matches, or how many there are.
func (h *Handler) declared(r *http.Request, from int) (int, error) {
	for i := from; i < len(h.Routes); i++ {
		route := &h.Routes[i]
		glance := recognize.Request{Method: r.Method, Path: r.URL.Path, Header: r.Header}
		if !recognize.RouteMatches(&glance, &route.Route) {
			continue
		}
		match, err := route.matcherSets.AnyMatchWithError(r)
		if err != nil || match {
			return i, err
		}
	}
	return len(h.Routes), nil
}

// inspect looks for an attempt and, if there is one, lets the detector decide.
func (h *Handler) inspect(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, route int, need recognize.Need) error {
	now := time.Now()
	if h.app.state.detector.Mode(now, h.policy) == config.ModeOff {
		return next.ServeHTTP(w, r)
	}
	if handled(r) {
		h.app.state.health.raise("handled_twice")
		return next.ServeHTTP(w, r)
	}
	var body peeked
	if need == recognize.NeedBody && r.ContentLength != 0 && r.Body != nil {
		var err error
		if body, err = peek(w, r, int(h.policy.Site().BodyLimit)); err != nil {
			return err
		}
	}
	var credentials recognize.Credentials
	var ok bool
	var err error
	h.sheltered("extract", func() { credentials, ok, err = h.extract(r, route, &body) })
	if err != nil {
		return err
	}
	if !ok {
		// A page asked for with ?user=… may be the one that tells.
		if look := h.onlooking(r); look != nil {
			err = look.serve(w, next)
		} else {
			err = next.ServeHTTP(w, r)
		}
		body.release()
		return err
	}
	if tooEarly(r) {
		return caddyhttp.Error(http.StatusTooEarly, errors.New("attempt before the end of the handshake"))
	}
	return h.attempt(w, r, next, newVisit(h, r, credentials, now), &body)
}

// Interface guards
var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
)
