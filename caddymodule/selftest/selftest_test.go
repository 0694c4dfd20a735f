package selftest

import (
	"strings"
	"testing"

	"github.com/doorward/doorward/config"
)

func siteOf(c config.Site) *Site {
	c.Name = "shop.test"
	return &Site{Config: c.WithDefaults()}
}

func TestUsualRequestsAreReadUnderTheDefaults(t *testing.T) {
	t.Parallel()
	s := siteOf(config.Site{})
	for _, u := range usualRequests() {
		if why := u.misread(s); why != "" {
			t.Errorf("%s: %s", u.name, why)
		}
	}
	checks := usual(s)
	if len(checks) != 1 || checks[0].Level != OK || !strings.Contains(checks[0].What, "9 of 9") {
		t.Errorf("checks %+v, want one that says 9 of 9", checks)
	}
}

func TestRequestsOfDeclaredRoutesAreLeftToThem(t *testing.T) {
	t.Parallel()
	below := func(method string) config.Route {
		return config.Route{Kind: config.KindLogin, Method: method, Path: "/*"}
	}
	for name, c := range map[string]struct {
		routes []config.Route
		want   string
	}{
		"all posts":   {[]config.Route{below("")}, "2 of 2 made-up"}, // a page view and a token refresh
		"everything":  {[]config.Route{below(""), below("GET")}, "2 of 2 made-up"},
		"another one": {[]config.Route{{Kind: config.KindLogin, Path: "/session"}}, "9 of 9 made-up"},
	} {
		checks := usual(siteOf(config.Site{Routes: c.routes}))
		if len(checks) != 1 || checks[0].Level != OK || !strings.Contains(checks[0].What, c.want) {
			t.Errorf("%s: %+v, want one check that says %q", name, checks, c.want)
		}
	}
}
