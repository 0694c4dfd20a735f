package selftest

import (
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/event"
	"github.com/doorward/doorward/detector/geo"
	"github.com/doorward/doorward/detector/intel"
)

// Facts is what is known of the running server.
type Facts struct {
	Now   time.Time
	Sites []Site
	Lists []intel.Status
	// Geo are the databases of countries and networks.
	Geo []geo.Status
	// KeysInMemory tells that the key file could not be kept.
	KeysInMemory bool
	// Survives says what a restart leaves.
	Survives string
	// Dropped are the events that found the queue full, by class.
	Dropped map[string]uint64
	Sinks   []event.SinkStats
	// Override is the mode set by command or file, with OverrideBy; empty By:
	// there is none.
	Override   config.Mode
	OverrideBy string
	// Notices are the health notices that no check here looks at by itself.
	Notices []Notice
}

// Notice is a health notice that stands.
type Notice struct{ Name, About, Advice string }

// Site is one handler of the configuration that runs.
type Site struct {
	// Config is its configuration with the defaults.
	Config config.Site
	// Matched tells of the declared routes which of them a matcher of Caddy
	// narrows down: that is not tried. It may be shorter than the routes.
	Matched []bool
	// Status is what was counted; several handlers may share it.
	Status detector.SiteStatus
	// Mode is the one that holds now.
	Mode config.Mode
	// Spoofable tells that the server believes forwarding headers without
	// trusted_proxies_strict.
	Spoofable bool
	// Pending is how many attempts wait for the page that tells their outcome.
	Pending int
}

func (s *Site) matched(i int) bool { return i < len(s.Matched) && s.Matched[i] }

// Run makes all checks, those of each site first.
func Run(f Facts) *Report {
	r := new(Report)
	if len(f.Sites) == 0 {
		r.add(Check{
			Level: Failed, Name: Protection, What: "no site uses the directive",
			Why: "the global option alone protects nothing", Advice: "write `doorward` into the site block",
		})
	}
	for i := range f.Sites {
		s := &f.Sites[i]
		r.add(protection(s, f)...)
		r.add(usual(s)...)
		r.add(Declarations(s)...)
		r.add(outcomes(s)...)
		r.add(arrivals(s)...)
		r.add(addresses(s)...)
	}
	r.add(lists(f)...)
	r.add(geography(f)...)
	r.add(keys(f), Check{Level: OK, Name: Store, What: "there is no shared or lasting store in this version: " + f.Survives})
	r.add(told(f)...)
	for _, n := range f.Notices {
		r.add(Check{Level: Warning, Name: Health, What: about(n.Name, n.About), Advice: n.Advice})
	}
	return r
}

func about(what, subject string) string {
	if subject == "" {
		return what
	}
	return what + " (" + subject + ")"
}
