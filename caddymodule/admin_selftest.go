package caddymodule

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/doorward/doorward/caddymodule/selftest"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/event"
)

// selfTest answers GET /doorward/selftest?site=NAME: it proves what runs and
// changes nothing.
func selfTest(s *state, r *http.Request) (any, error) {
	now := time.Now()
	sites, _ := s.testedSites(now, s.detector.Status(now))
	if name := r.URL.Query().Get("site"); name != "" {
		names := siteNames(sites)
		sites = slices.DeleteFunc(sites, func(site selftest.Site) bool { return !isSite(site.Config.Name, name) })
		if len(sites) == 0 {
			return nil, unknownSite(name, names)
		}
	}
	facts := selftest.Facts{
		Geo: s.geoStatuses(),
		Now: now, Sites: sites, Lists: s.listStatuses(), KeysInMemory: s.memKey.Load(), Survives: s.survives(),
		Dropped: s.dropped(), Sinks: s.sinks(),
	}
	facts.Override, facts.OverrideBy, _ = s.detector.Overridden(now)
	for _, n := range s.health.standing() {
		if !testedByItself[n.Notice] {
			facts.Notices = append(facts.Notices, selftest.Notice{Name: n.Notice, About: n.About, Advice: n.Advice})
		}
	}
	return selftest.Run(facts), nil
}

// testedByItself are the notices whose matter the self-test looks at closer.
var testedByItself = map[string]bool{
	"geo_old": true, "geo_unusable": true,
	"client_address_absent": true, "client_address_spoofable": true, "clients_hidden": true, "clients_together": true, "keys_in_memory": true, "list_stale": true,
	"nothing_protected": true, "outcomes_unknown": true, "route_silent": true, "too_many_exempt": true,
}

// testedSites returns what is known of the handlers of the configuration that
// holds, with what was counted; false before there is one.
func (s *state) testedSites(now time.Time, statuses []detector.SiteStatus) ([]selftest.Site, bool) {
	app := s.app.Load()
	if app == nil {
		return nil, false
	}
	counted := map[string]detector.SiteStatus{}
	for _, status := range statuses {
		counted[status.Site] = status
	}
	sites := make([]selftest.Site, 0, len(app.handlers))
	for _, h := range app.handlers {
		site := h.tested()
		site.Status = counted[site.Config.Name]
		site.Mode = s.detector.Mode(now, h.policy)
		site.Pending = h.watch.pending.Len()
		sites = append(sites, site)
	}
	return sites, true
}

// tested is the handler's configuration as the self-test looks at it.
func (h *Handler) tested() selftest.Site {
	site := selftest.Site{Config: h.policy.Site(), Spoofable: h.spoofable, Matched: make([]bool, len(h.Routes))}
	for i := range h.Routes {
		site.Matched[i] = len(h.Routes[i].matcherSets) > 0
	}
	return site
}

// dropped are the events that found the queue full, by class.
func (s *state) dropped() map[string]uint64 {
	counts := map[string]uint64{}
	if queue := s.queue.Load(); queue != nil {
		for _, class := range []event.Class{event.Reserved, event.Normal, event.Cheap} {
			counts[class.String()] = queue.Dropped(class)
		}
	}
	return counts
}

// isSite reports whether an operator means the site: by its whole name, or by
// one of the hosts that its default name is made of.
func isSite(site, name string) bool {
	if strings.EqualFold(site, name) {
		return true
	}
	for host := range strings.SplitSeq(site, ",") {
		host, _, _ = strings.Cut(host, ":")
		if host != "" && strings.EqualFold(host, name) {
			return true
		}
	}
	return false
}

// siteNames are the names of the sites that run, each once.
func siteNames(sites []selftest.Site) []string {
	names := make([]string, 0, len(sites))
	for i := range sites {
		names = append(names, sites[i].Config.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func unknownSite(name string, known []string) error {
	return fmt.Errorf("no site that runs is called %q; write one of: %s", name, strings.Join(known, "; "))
}
