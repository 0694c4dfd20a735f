package caddymodule

import (
	"bytes"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/doorward/doorward/config"
)

func TestTagTellsTheAppAndNobodyElseCan(t *testing.T) {
	t.Parallel()
	site := config.Site{
		Mode:     config.ModeEnforce,
		Policies: []config.Policy{{On: "brute_force", Answer: config.AnswerTag}},
	}
	h, _ := newTestHandler(t, site)
	var seen http.Header
	app := caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		seen = r.Header.Clone()
		return wrongPassword(w, r)
	})
	forge := func(r *http.Request) *http.Request {
		for _, name := range []string{"Doorward-Verdict", "Doorward_verdict", "doorward_detection", "DOORWARD-RISK", "Doorward-Anything"} {
			r.Header[name] = []string{"forged"}
		}
		r.Header["Doorwarden"] = []string{"kept"}
		r.Trailer = http.Header{"Doorward-Risk": nil, "X-Sum": nil}
		return r
	}
	reserved := func() (names []string) {
		for name := range seen {
			if len(name) > 8 && name != "Doorwarden" && (name[:8] == "Doorward" || name[:8] == "doorward" || name[:8] == "DOORWARD") {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		return names
	}
	for i := range 10 {
		_ = h.ServeHTTP(httptest.NewRecorder(), forge(guessOf(i)), app)
		if got := reserved(); len(got) != 0 || seen.Get("Doorwarden") != "kept" {
			t.Fatalf("attempt %d: the app sees %v", i, got)
		}
	}
	r := forge(guessOf(10))
	_ = h.ServeHTTP(httptest.NewRecorder(), r, app)
	want := map[string]string{HeaderVerdict: "tag", HeaderDetection: "brute_force"}
	got := map[string]string{HeaderVerdict: seen.Get(HeaderVerdict), HeaderDetection: seen.Get(HeaderDetection)}
	if !maps.Equal(got, want) || seen.Get(HeaderRisk) == "" || seen.Get(HeaderRisk) == "forged" || len(reserved()) != 3 {
		t.Errorf("the app sees %v in %v", got, reserved())
	}
	if _, there := r.Trailer["Doorward-Risk"]; there || len(r.Trailer) != 1 {
		t.Errorf("trailers %v, want X-Sum alone", r.Trailer)
	}
	page := forge(visitor(http.MethodGet, "/", ""))
	_ = h.ServeHTTP(httptest.NewRecorder(), page, app)
	if got := reserved(); len(got) != 0 {
		t.Errorf("with a page the app sees %v", got)
	}
}

func TestShieldStandsInFrontOfTheFirstRouteOnce(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]caddyhttp.MatcherSets{
		"no matcher": nil,
		"a host":     {{caddyhttp.MatchHost{"a.test"}}, {caddyhttp.MatchHost{"b.test"}}},
	} {
		server := &caddyhttp.Server{Routes: caddyhttp.RouteList{{MatcherSets: first}, {}}}
		shieldServer(server)
		shieldServer(server)
		for host, match := range map[string]bool{"a.test": true, "b.test": true, "c.test": first == nil} {
			r := visitor(http.MethodGet, "http://"+host+"/", "")
			r.Header.Set("Doorward-Verdict", "forged")
			got, err := server.Routes[0].MatcherSets.AnyMatchWithError(r)
			if err != nil || got != match || r.Header.Get("Doorward-Verdict") != "" {
				t.Errorf("%s, asked for %s: match %t (%v), header %q", name, host, got, err, r.Header.Get("Doorward-Verdict"))
			}
		}
		if n := len(server.Routes[0].MatcherSets[0]); n != 1+min(1, len(first)) {
			t.Errorf("%s: %d matchers in the first set", name, n)
		}
	}
}

// FuzzReservedHeaders: exactly the names that CGI would read as DOORWARD_… are
// Doorward's, whatever else a client makes up.
func FuzzReservedHeaders(f *testing.F) {
	for _, name := range []string{"Doorward-Verdict", "doorward_risk", "DOORWARD-", "Doorward", "Doorwarden", "X-Doorward-Risk", "ＤOORWARD-X", "doorſard-x", ""} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		variable := []byte(name)
		for i, c := range variable {
			switch {
			case c == '-':
				variable[i] = '_'
			case 'a' <= c && c <= 'z':
				variable[i] = c - 'a' + 'A'
			}
		}
		if got, want := reserved(name), bytes.HasPrefix(variable, []byte("DOORWARD_")); got != want {
			t.Errorf("%q: reserved %t, want %t", name, got, want)
		}
	})
}

func TestChallengeIsAnsweredLikeLimitForNow(t *testing.T) {
	t.Parallel()
	h, _ := newTestHandler(t, config.Site{Mode: config.ModeEnforce, Policies: []config.Policy{{On: "brute_force", Answer: config.AnswerChallenge}}})
	w := httptest.NewRecorder()
	for i := range 11 {
		w = httptest.NewRecorder()
		_ = h.ServeHTTP(w, guessOf(i), caddyhttp.HandlerFunc(wrongPassword))
	}
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d with Retry-After %q, want 429 and a time", w.Code, w.Header().Get("Retry-After"))
	}
}
