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
