package caddymodule

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/doorward/doorward/config"
)

// TestProbesWithoutCredentials: the first three learn what the app says to them,
// the others are answered 400 by the edge, and nobody with a password notices.
func TestProbesWithoutCredentials(t *testing.T) {
	t.Parallel()
	login := config.Route{Kind: config.KindLogin, Method: "POST", Path: "/session"}
	for name, c := range map[string]struct {
		site    config.Site
		target  string
		body    string
		refused bool
	}{
		"an empty password":                    {strict, "/login", "username=alice&password=", true},
		"an empty user name":                   {strict, "/login", "username=&password=x", true},
		"both empty":                           {strict, "/login", "username=&password=", true},
		"an empty password, declared route":    {config.Site{Mode: config.ModeEnforce, Routes: []config.Route{login}}, "/session", "username=alice&password=", true},
		"the first of two steps":               {strict, "/login", "username=alice", false},
		"observed":                             {config.Site{Mode: config.ModeObserve}, "/login", "username=alice&password=", false},
		"a line of the operator lets them all": {config.Site{Mode: config.ModeEnforce, Policies: []config.Policy{{On: string(config.MissingCredentials), Answer: config.AnswerAllow}}}, "/login", "username=alice&password=", false},
	} {
		h, _ := newTestHandler(t, c.site)
		reached := 0
		app := caddyhttp.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
			reached++
			w.WriteHeader(http.StatusBadRequest)
			return nil
		})
		var last *httptest.ResponseRecorder
		for range 8 {
			last = httptest.NewRecorder()
			if err := h.ServeHTTP(last, visitor(http.MethodPost, c.target, c.body), app); err != nil {
				t.Fatal(err)
			}
		}
		want := 8
		if c.refused {
			want = 3
		}
		if reached != want || last.Code != http.StatusBadRequest {
			t.Errorf("%s: %d of 8 reached the app, the last was answered %d; want %d and 400", name, reached, last.Code, want)
		}
		reached = 0
		if err := h.ServeHTTP(httptest.NewRecorder(), visitor(http.MethodPost, c.target, "username=alice&password=right"), app); err != nil || reached != 1 {
			t.Errorf("%s: a login with a password was refused (%v)", name, err)
		}
	}
}
