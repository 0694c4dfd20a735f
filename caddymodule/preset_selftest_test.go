package caddymodule

import (
	"testing"

	"github.com/doorward/doorward/caddymodule/selftest"
	"github.com/doorward/doorward/config"
)

// Every route of every preset recognises requests and answers made of its own
// lines.
func TestRoutesOfPresetsProveThemselves(t *testing.T) {
	t.Parallel()
	for _, name := range config.PresetNames() {
		routes, err := presetRoutes(config.Preset{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		site := selftest.Site{}
		for _, r := range routes {
			site.Config.Routes = append(site.Config.Routes, r.Route)
			site.Matched = append(site.Matched, len(r.MatcherSetsRaw) > 0)
		}
		site.Config = site.Config.WithDefaults()
		for _, c := range selftest.Declarations(&site) {
			if c.Level != selftest.OK {
				t.Errorf("%s: %s: %s; %s", name, c.What, c.Why, c.Advice)
			}
		}
	}
}
