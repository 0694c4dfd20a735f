package caddymodule

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/event"
)

// stands returns the notice of that name, and whether it stands.
func stands(s *state, name string) (Notice, bool) {
	s.checkHealth(time.Now())
	for _, n := range s.health.standing() {
		if n.Notice == name {
			return n, true
		}
	}
	return Notice{}, false
}

// tryLogins sends attempts of that many users to path.
func tryLogins(t *testing.T, h caddyhttp.MiddlewareHandler, path string, n int, app caddyhttp.HandlerFunc) {
	t.Helper()
	for i := range n {
		r := visitor(http.MethodPost, path, fmt.Sprintf("username=user%d&password=guess", i))
		if err := h.ServeHTTP(httptest.NewRecorder(), r, app); err != nil {
			t.Fatal(err)
		}
	}
}

// saysNothing answers with an error that tells no outcome.
func saysNothing(w http.ResponseWriter, _ *http.Request) error {
	w.WriteHeader(http.StatusInternalServerError)
	return nil
}

var never = []config.Condition{{{Of: config.PartHeader, Name: "X-Never"}}}

func TestADeclaredRouteWithoutOutcomesIsTold(t *testing.T) {
	t.Parallel()
	h, s := newTestHandler(t, config.Site{Mode: config.ModeObserve, Routes: []config.Route{{
		Kind: config.KindLogin, Path: "/session", Success: never, Failure: []config.Condition{{{Of: config.PartHeader, Name: "X-Neither"}}},
	}}})
	s.app.Store(h.app)
	h.app.handlers = []*Handler{h}
	tryLogins(t, h, "/session", 19, wrongPassword)
	if n, ok := stands(s, "route_silent"); ok {
		t.Errorf("after 19 attempts: %+v", n)
	}
	tryLogins(t, h, "/session", 40, wrongPassword)
	if n, ok := stands(s, "route_silent"); !ok || n.About != "shop.test: login /session" {
		t.Errorf("after 59 attempts: %+v, stands %t", n, ok)
	}
	if n, ok := stands(s, "outcomes_unknown"); !ok || n.About != "shop.test: login /session" {
		t.Errorf("after 59 attempts: %+v, stands %t", n, ok)
	}
	told := 0
	for _, e := range toldEvents(t, s) {
		if e.Type == event.TypeHealth && e.Health == "route_silent" && strings.HasPrefix(e.Reason, "shop.test: login /session: ") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("%d events tell of it, want 1", told)
	}
}

func TestOutcomesOfASiteThatIsGoneTroubleNobody(t *testing.T) {
	t.Parallel()
	h, s := newTestHandler(t, config.Site{Mode: config.ModeObserve})
	s.app.Store(h.app)
	h.app.handlers = []*Handler{h}
	tryLogins(t, h, "/in", 60, saysNothing)
	if _, ok := stands(s, "outcomes_unknown"); !ok {
		t.Fatalf("no notice of an automatic route whose outcomes are unknown: %+v", s.detector.Status(time.Now()))
	}
	s.app.Store(&App{})
	if n, ok := stands(s, "outcomes_unknown"); ok {
		t.Errorf("%+v of a configuration that is gone", n)
	}
}

func TestNothingProtectedIsTold(t *testing.T) {
	t.Parallel()
	declared := []config.Route{{Kind: config.KindLogin, Path: "/session"}}
	for name, c := range map[string]struct {
		site  config.Site
		about string
	}{
		"automatic":                {config.Site{}, ""},
		"declared, not automatic":  {config.Site{Automatic: new(bool), Routes: declared}, ""},
		"neither":                  {config.Site{Automatic: new(bool)}, "shop.test"},
		"switched off by its mode": {config.Site{Mode: config.ModeOff}, ""},
	} {
		h, s := newTestHandler(t, c.site)
		s.app.Store(h.app)
		h.app.handlers = []*Handler{h}
		if n, ok := stands(s, "nothing_protected"); ok != (c.about != "") || n.About != c.about {
			t.Errorf("%s: %+v, stands %t, want %q", name, n, ok, c.about)
		}
	}
	_, s := newTestHandler(t, config.Site{})
	s.app.Store(&App{})
	if _, ok := stands(s, "nothing_protected"); !ok {
		t.Error("nothing tells of a configuration without the directive")
	}
}

// chain lets one handler pass to another and that to the app.
type chain struct{ outer, inner *Handler }

func (c chain) ServeHTTP(w http.ResponseWriter, r *http.Request, app caddyhttp.Handler) error {
	return c.outer.ServeHTTP(w, r, caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		return c.inner.ServeHTTP(w, r, app)
	}))
}

func TestAHandlerWithinAnotherCountsNothingTwice(t *testing.T) {
	t.Parallel()
	for name, outer := range map[string]config.Site{"the outer one acts": strict, "the outer one is off": {Mode: config.ModeOff}, "the outer one sees nothing": {Automatic: new(bool)}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inner, s := newTestHandler(t, strict)
			around, _ := newTestHandler(t, outer)
			around.app, around.watch = inner.app, inner.watch
			reached := 0
			tryLogins(t, chain{around, inner}, "/login", 3, func(w http.ResponseWriter, r *http.Request) error {
				reached++
				return wrongPassword(w, r)
			})
			status := s.detector.Status(time.Now())
			if len(status) != 1 || status[0].Attempts != 3 || reached != 3 {
				t.Errorf("three attempts are counted as %+v, %d reached the app", status, reached)
			}
			if told := len(attemptsOf(t, s)); told != 3 {
				t.Errorf("%d events tell of three attempts", told)
			}
			if _, twice := stands(s, "handled_twice"); twice != (outer.Mode == config.ModeEnforce) {
				t.Errorf("the notice stands: %t", twice)
			}
		})
	}
}
