package caddymodule

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/doorward/doorward/caddymodule/selftest"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/event"
)

// notices are the health notices, each with what it means and what to do.
var notices = map[string]string{
	"client_address_absent":    "most attempts come through trusted proxies that do not say for whom: everybody has the address of the proxy; let it send X-Forwarded-For, or name its header by `client_ip_headers`",
	"client_address_spoofable": "trusted_proxies is set without trusted_proxies_strict: clients choose the address they are counted by; add `trusted_proxies_strict`",
	"clients_hidden":           "most attempts come from one peer that sends forwarding headers, but no proxy is trusted: sanctions on sources are suspended for it; set `trusted_proxies` and `trusted_proxies_strict` in the `servers` option",
	"clients_together":         "all attempts come from one address, or from a few private ones, though many accounts log in: there is a proxy, a port forwarding or a load balancer in front that hides the clients; let it send X-Forwarded-For or the PROXY protocol, and set `trusted_proxies` and `trusted_proxies_strict`",
	"detector_panic":           "the detector panicked while handling a request; the request went on; please report the stack in the log",
	"geo_old":                  "a database of countries and networks is older than 90 days, or does not say of when it is: networks have moved since; look at its updater",
	"geo_unusable":             "a database of countries and networks cannot be used; what was read of it before stays in use; give the path of a whole .mmdb file",
	"handled_twice":            "an attempt came to two handlers doorward: the directive stands twice in a site block, or a route with it lies within a site that has it; the outer one counts; keep one",
	"keys_in_memory":           "keys are kept in memory: pseudonyms change at every start; make the state directory writable or set `secret`",
	"list_stale":               "an address list missed three refreshes or was never loaded; see its last error",
	"machine_failing":          "the logins of a source that only ever logs in to one account fail: a monitor or job whose secret was changed? Give it the new one; until then it gets a guess a minute once its first ten are used up",
	"rule_hurts_owners":        "a rule refused more than 20 accounts in 10,000 good logins of the last day that then logged in from the same place: it answers no harder than challenge for now; raise its threshold, or write the answer you want: `on RULE limit`",
	"nothing_protected":        "no route is declared and `automatic off` is written, or no site uses the directive: no request is ever an attempt; declare routes, like `login POST /session`, or remove `automatic off`",
	"outcomes_unknown":         "more than a fifth of the outcomes of a route with many attempts cannot be read: they count a quarter for their source and nothing for the account; see `caddy doorward selftest`",
	"password_in_query":        "a password came in the query string: access logs hold it; add to the site's log: `format filter { request>uri query { replace password REDACTED } }` with the field's name",
	"route_silent":             "not one outcome of a declared route could be read: its `success` and `failure` blocks hold for no answer; see `caddy doorward selftest`",
	"store_damaged":            "the store is damaged and could not be replaced: what is learned now ends with the process; see the state folder",
	"store_failing":            "the store cannot be opened or written: what is learned now ends with the process; see `store` in `caddy doorward status`",
	"store_full":               "less than a tenth of the disk, or of a large one less than 1 GiB, is free, or the store has reached its bound: nothing is written, what is learned now ends with the process; make room",
	"store_in_use":             "another process has the store open: this one has read it, and what it learns ends with it unless it gets the store; give each process a state_dir of its own, or end the other one",
	"store_newer":              "the store was written by a later version that this one cannot read: what is learned now ends with the process; use that version, or move the file state.db away",
	"store_read_only":          "the state folder cannot be written: what is learned now ends with the process; make it writable, or write `store memory`",
	"store_set_aside":          "the store was damaged and a new one was begun; the damaged file was kept: what it held is forgotten unless `caddy doorward restore` brings a backup back",
	"too_many_exempt":          "more than a fifth of the attempts come from allowed sources; narrow the allow list",
}

// Notice is a health notice that stands.
type Notice struct {
	Notice string `json:"notice"`
	// About is the site, or the route, if it is about one.
	About  string    `json:"about,omitempty"`
	Since  time.Time `json:"since"`
	Advice string    `json:"advice"`
}

// healthBook holds the notices that stand. The zero value holds none.
type healthBook struct {
	mu    sync.Mutex
	since map[string]time.Time
	about map[string]string
	fresh []string // raised, not told yet
}

// raise lets a notice stand. Unknown names are ignored, so that what is held
// is bounded by the list above.
func (b *healthBook) raise(name string) {
	if _, known := notices[name]; !known {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, stands := b.since[name]; stands {
		return
	}
	if b.since == nil {
		b.since = make(map[string]time.Time)
	}
	b.since[name] = time.Now()
	b.fresh = append(b.fresh, name)
}

// set raises or clears a notice.
func (b *healthBook) set(name string, stands bool) {
	if stands {
		b.raise(name)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.since, name)
	delete(b.about, name)
}

// setAbout lets a notice stand about something, or clears it when that is "".
func (b *healthBook) setAbout(name, about string) {
	b.set(name, about != "")
	if about == "" {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.about == nil {
		b.about = make(map[string]string)
	}
	b.about[name] = about
}

// standing returns the notices that stand, by name.
func (b *healthBook) standing() []Notice {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]Notice, 0, len(b.since))
	for name, since := range b.since {
		list = append(list, Notice{Notice: name, About: b.about[name], Since: since, Advice: notices[name]})
	}
	slices.SortFunc(list, func(a, b Notice) int { return strings.Compare(a.Notice, b.Notice) })
	return list
}

// untold returns what was raised since it was last asked.
func (b *healthBook) untold() []Notice {
	b.mu.Lock()
	defer b.mu.Unlock()
	fresh := make([]Notice, 0, len(b.fresh))
	for _, name := range b.fresh {
		fresh = append(fresh, Notice{Notice: name, About: b.about[name], Advice: notices[name]})
	}
	b.fresh = nil
	return fresh
}

// checkHealth is called by the worker: it looks at what nobody reports by
// itself and tells what is new.
func (s *state) checkHealth(now time.Time) {
	hidden, exempt, untold, together := false, false, false, false
	statuses := s.detector.Status(now)
	for _, site := range statuses {
		hidden = hidden || site.Hidden.IsValid() || site.HiddenBySocket
		untold = untold || site.Untold
		together = together || site.Together
		exempt = exempt || site.TooManyExempt
	}
	s.checkPeople(statuses)
	s.checkSites(now, statuses)
	stale := false
	for _, list := range s.listStatuses() {
		stale = stale || list.Stale
	}
	s.checkGeo(now)
	s.health.set("clients_hidden", hidden)
	s.health.set("client_address_absent", untold)
	s.health.set("clients_together", together)
	s.health.set("too_many_exempt", exempt)
	s.health.set("keys_in_memory", s.memKey.Load())
	s.health.set("list_stale", stale)
	for _, n := range s.health.untold() {
		reason := n.Advice
		if n.About != "" {
			reason = n.About + ": " + reason
		}
		s.offer(event.Event{Type: event.TypeHealth, Health: n.Notice, Reason: reason})
	}
}

// checkPeople looks at who is refused that belongs.
func (s *state) checkPeople(statuses []detector.SiteStatus) {
	var failing, hurts string
	for i := range statuses {
		site := &statuses[i]
		if m := site.FailingMachine(); m != "" {
			failing = cmp.Or(failing, site.Site+" "+m)
		}
		if rule := site.HurtsOwners(); rule != "" {
			hurts = cmp.Or(hurts, site.Site+" "+rule)
		}
	}
	s.health.setAbout("machine_failing", failing)
	s.health.setAbout("rule_hurts_owners", hurts)
}

// checkSites looks at the sites of the configuration that holds: what sites of
// earlier ones learned troubles nobody any more.
func (s *state) checkSites(now time.Time, statuses []detector.SiteStatus) {
	sites, known := s.testedSites(now, statuses)
	if !known {
		return
	}
	var unread, silent, bare string
	for i := range sites {
		site := &sites[i]
		unread = cmp.Or(unread, selftest.Unread(site))
		silent = cmp.Or(silent, selftest.Silent(site))
		if selftest.ProtectsNothing(site.Config) {
			bare = cmp.Or(bare, site.Config.Name)
		}
	}
	if len(sites) == 0 {
		bare = "the global option alone"
	}
	s.health.setAbout("outcomes_unknown", unread)
	s.health.setAbout("route_silent", silent)
	s.health.setAbout("nothing_protected", bare)
}
