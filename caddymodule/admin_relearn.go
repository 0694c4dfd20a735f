package caddymodule

import (
	"net/http"
	"slices"
	"time"

	"github.com/doorward/doorward/detector/event"
)

// RelearnRequest is the body of relearn.
type RelearnRequest struct {
	// Site restricts it to one site, by its name or one of its hosts; empty: all
	// that run.
	Site string `json:"site,omitempty"`
}

// RelearnAnswer is the answer to relearn.
type RelearnAnswer struct {
	Sites []string `json:"sites"`
	// Routes is how many routes were forgotten.
	Routes int `json:"routes"`
}

// relearn forgets what was learned of routes: what their answers look like,
// which forms the app serves, which pages are closed, how far they had
// graduated. Evidence and sanctions stay. It is for an app that was replaced, or
// for outcomes that were misread and are declared now.
func relearn(s *state, r *http.Request) (any, error) {
	var req RelearnRequest
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	sites, _ := s.testedSites(time.Now(), nil)
	names := siteNames(sites)
	if req.Site != "" {
		all := slices.Clone(names)
		names = slices.DeleteFunc(names, func(site string) bool { return !isSite(site, req.Site) })
		if len(names) == 0 {
			return nil, unknownSite(req.Site, all)
		}
	}
	answer := RelearnAnswer{Sites: names}
	for _, name := range names {
		if site := s.detector.Site(name); site != nil {
			answer.Routes += site.Forget()
		}
		s.watches.of(name).forget()
		s.offer(event.Event{Type: event.TypeOperator, Rule: "relearn", Site: name, Reason: "what was learned of routes is forgotten"})
	}
	return answer, nil
}
