package caddymodule

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/doorward/doorward/config"
)

// reaching counts how many of n requests reach an app that refuses them all.
func reaching(t *testing.T, h *Handler, n int, request func(i int) *http.Request) (reached int) {
	t.Helper()
	app := caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		reached++
		return wrongPassword(w, r)
	})
	for i := range n {
		if err := h.ServeHTTP(httptest.NewRecorder(), request(i), app); err != nil {
			t.Fatal(err)
		}
	}
	return reached
}

// Each row is a hundred guesses, written so that they should look like
// something else. None may get more than ten to the app.
func TestGuessesInDisguise(t *testing.T) {
	t.Parallel()
	declared := config.Site{Mode: config.ModeEnforce, Automatic: new(bool), Routes: []config.Route{
		{Kind: config.KindLogin, Method: http.MethodPost, Path: "/session"},
	}}
	basic := config.Site{Mode: config.ModeEnforce, Routes: []config.Route{{
		Kind:     config.KindLogin,
		Password: &config.Field{From: config.PlaceBasic},
	}}}
	both := basic
	both.Automatic = new(bool)
	both.Routes = append(both.Routes, config.Route{Kind: config.KindLogin, Method: http.MethodPost, Path: "/session"})
	pad := strings.Repeat("x=1&", 20_000)
	for name, row := range map[string]struct {
		site    config.Site
		request func(i int) *http.Request
	}{
		"JSON that claims to be a picture": {strict, func(i int) *http.Request {
			r := visitor(http.MethodPost, "/login", fmt.Sprintf(`{"username":"a","password":"g%d"}`, i))
			r.Header.Set("Content-Type", "image/png")
			return r
		}},
		"a guess behind a constant and padding": {strict, func(i int) *http.Request {
			return visitor(http.MethodPost, "/login", "username=d&password=c&"+pad+fmt.Sprintf("username=a&password=g%d", i))
		}},
		"a guess behind a constant and padding on a path that says nothing": {strict, func(i int) *http.Request {
			return visitor(http.MethodPost, "/enter", "username=d&password=c&"+pad+fmt.Sprintf("username=a&password=g%d", i))
		}},
		"a guess behind Basic and padding": {strict, func(i int) *http.Request {
			r := visitor(http.MethodPost, "/login", pad+fmt.Sprintf("username=a&password=g%d", i))
			r.SetBasicAuth("d", "c")
			return r
		}},
		"another spelling of a declared path": {declared, func(i int) *http.Request {
			path := []string{"/Session", "/session/", "//session", "/SESSION/"}[i%4]
			return visitor(http.MethodPost, path, fmt.Sprintf("username=a&password=g%d", i))
		}},
		"a form where Basic is declared": {basic, func(i int) *http.Request {
			return visitor(http.MethodPost, "/login", fmt.Sprintf("username=a&password=g%d", i))
		}},
		"a form declared after Basic": {both, func(i int) *http.Request {
			return visitor(http.MethodPost, "/session", fmt.Sprintf("username=a&password=g%d", i))
		}},
		"Basic with a WebSocket over HTTP/3": {strict, func(i int) *http.Request {
			r := visitor(http.MethodConnect, "/", "a stream that is no body")
			r.SetBasicAuth("a", fmt.Sprint("g", i))
			return r
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, _ := newTestHandler(t, row.site)
			if got := reaching(t, h, 100, row.request); got != 10 {
				t.Errorf("%d guesses reached the app, want 10", got)
			}
		})
	}
}

// The path says nothing, and the app answers a wrong password by leading
// elsewhere, as a signup does when it is done. A decoy field makes the guess
// look like a signup.
func TestDecoySignupIsReadAsTheLoginItIs(t *testing.T) {
	t.Parallel()
	h, _ := newTestHandler(t, strict)
	reached := 0
	app := caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		reached++
		if err := r.ParseForm(); err != nil {
			return err
		}
		if r.PostForm.Get("password") == "right" {
			w.Header().Set("Content-Type", "application/json")
			_, err := io.WriteString(w, `{"access_token":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ6In0.c2lnbmF0dXJl","token_type":"Bearer"}`)
			return err
		}
		http.Redirect(w, r, "/login", http.StatusFound)
		return nil
	})
	post := func(addr, body string) {
		r := visitor(http.MethodPost, "/enter", body)
		caddyhttp.SetVar(r.Context(), caddyhttp.ClientIPVarKey, addr)
		if err := h.ServeHTTP(httptest.NewRecorder(), r, app); err != nil {
			t.Fatal(err)
		}
	}
	post("198.51.100.1", "username=z&password=wrong")
	post("198.51.100.1", "username=z&password=right")
	reached = 0
	for i := range 100 {
		post("192.0.2.1", fmt.Sprintf("username=a&password=g%d&password_confirmation=g%d", i, i))
	}
	if reached != 10 {
		t.Errorf("%d guesses reached the app, want 10", reached)
	}
}

// Uploads with Basic credentials are large and come in parallel.
func TestParallelUploadsWithBasicAreOneLogin(t *testing.T) {
	t.Parallel()
	h, _ := newTestHandler(t, strict)
	var upload func(depth int) error
	deepest := 0
	upload = func(depth int) error {
		r := visitor(http.MethodPut, fmt.Sprintf("/dav/%d.txt", depth), strings.Repeat("name=value&", 10_000))
		r.SetBasicAuth("member", "right")
		return h.ServeHTTP(httptest.NewRecorder(), r, caddyhttp.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
			deepest = max(deepest, depth)
			if depth < 40 {
				if err := upload(depth + 1); err != nil { // while this one is under way
					return err
				}
			}
			w.WriteHeader(http.StatusCreated)
			return nil
		}))
	}
	if err := upload(1); err != nil {
		t.Fatal(err)
	}
	if deepest != 40 {
		t.Errorf("upload %d was refused", deepest+1)
	}
}

// A picture is not waited for beyond its first byte.
func TestPictureIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	picture := "\x89PNG\r\n\x1a\n" + strings.Repeat("\x00", 1000)
	r := httptest.NewRequest(http.MethodPut, "/a.png", strings.NewReader(picture))
	r.Header.Set("Content-Type", "image/png")
	p, err := peek(httptest.NewRecorder(), r, 100)
	if err != nil {
		t.Fatal(err)
	}
	defer p.release()
	if len(p.prefix) != 1 || p.complete {
		t.Errorf("looked at %d bytes, want 1", len(p.prefix))
	}
	if all, err := io.ReadAll(r.Body); string(all) != picture || err != nil {
		t.Errorf("the app reads %d bytes, %v", len(all), err)
	}
}

// A configuration that cannot be applied leaves the one before as it was, and
// one that is only looked at leaves no notice.
func TestFailedBindChangesNothing(t *testing.T) {
	t.Parallel()
	value, err := newState()
	if err != nil {
		t.Fatal(err)
	}
	s := value.(*state)
	t.Cleanup(func() { _ = s.Destruct() })
	app := func(secret byte) *App {
		cfg := config.App{TorOff: true, Secret: config.Secret(bytes.Repeat([]byte{secret}, 32))}
		return &App{state: s, log: zap.NewNop(), cfg: cfg.WithDefaults(), dir: t.TempDir(), ctx: caddy.Context{Context: t.Context()}}
	}
	good := app(1)
	if err := s.bind(good); err != nil {
		t.Fatal(err)
	}
	before := s.detector.Site("shop.test")
	bad := app(2)
	bad.spoofable = true
	bad.cfg.MaxTracked = 1 << 30
	if err := s.bind(bad); err == nil {
		t.Fatal("an impossible configuration was bound")
	}
	if s.detector.Site("shop.test") != before {
		t.Error("the sites of the running configuration were forgotten")
	}
	if s.log.Load() != good.log {
		t.Error("the state logs through the configuration that failed")
	}
	if got := s.health.standing(); len(got) != 0 {
		t.Errorf("notices %+v, want none", got)
	}
}
