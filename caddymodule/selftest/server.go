package selftest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/geo"
)

// ProtectsNothing reports whether a site recognises no attempt at all.
func ProtectsNothing(s config.Site) bool {
	return s.Automatic != nil && !*s.Automatic && len(s.Routes) == 0
}

// protection looks at what the operator has switched off.
func protection(s *Site, f Facts) []Check {
	c := Check{Level: OK, Name: Protection, Site: s.Config.Name}
	switch {
	case ProtectsNothing(s.Config):
		c.Level, c.What = Failed, "`automatic off` and no route is declared"
		c.Why, c.Advice = "no request is ever an attempt", "remove `automatic off`, or declare routes, like `login POST /session`"
	case s.Mode == config.ModeOff:
		c.Level, c.What, c.Why = Warning, "the mode is off", "attempts are neither counted nor refused"
	case s.Mode == config.ModeObserve:
		c.Level, c.What, c.Why = Warning, "the mode is observe", "nobody is refused; what would have been is recorded"
	case s.Mode == config.ModeGraduated:
		c.What = "attempts are refused, gently on routes that have not graduated"
	default:
		c.What = "attempts are refused from the thresholds on"
	}
	if c.Level != Warning {
		return []Check{c}
	}
	c.Advice = "end it by `mode enforce`, or no mode line, in the configuration"
	if f.OverrideBy != "" {
		c.What += ", by " + f.OverrideBy
		c.Advice = "end it with `caddy doorward mode configured`, or by removing the file OBSERVE from the state directory"
	}
	return []Check{c}
}

// addresses looks at whether clients can be told apart, and cannot choose as
// whom they are counted.
func addresses(s *Site) []Check {
	const write = "write `trusted_proxies static RANGES` and `trusted_proxies_strict` into the global option `servers`"
	c := Check{Level: OK, Name: Addresses, Site: s.Config.Name, What: "clients are told apart by addresses that they cannot choose"}
	switch {
	case s.Status.Hidden.IsValid():
		c.Level, c.What = Failed, fmt.Sprintf("nearly all logins come through %s, with forwarding headers that nobody declared trusted", s.Status.Hidden)
		c.Why, c.Advice = "everybody looks like one source: sanctions on sources are suspended for it", write
	case s.Status.HiddenBySocket:
		c.Level, c.What = Failed, "nearly all logins come over a unix socket, with forwarding headers that nobody declared trusted"
		c.Why, c.Advice = "everybody looks like one source: sanctions on sources are suspended for it", "write `trusted_proxies_unix` and `trusted_proxies_strict` into the global option `servers`"
	case s.Status.Untold:
		c.Level, c.What = Failed, "most attempts come through trusted proxies that do not say for whom"
		c.Why, c.Advice = "everybody has the address of the proxy, which no rule shuts out", "let the proxy send X-Forwarded-For, or name the header it sends by `client_ip_headers`"
	case s.Status.Together:
		c.Level, c.What = Failed, "all attempts come from one address, or from a few private ones, though many accounts log in"
		c.Why = "what hides the clients makes everybody one source"
		c.Advice = "let what stands in front send X-Forwarded-For or the PROXY protocol; then " + write
	case s.Spoofable:
		c.Level, c.What = Failed, "trusted_proxies is set without trusted_proxies_strict"
		c.Why, c.Advice = "clients choose the address they are counted by", write
	case s.Status.TooManyExempt:
		c.Level, c.What = Warning, "more than a fifth of the attempts come from allowed sources"
		c.Why, c.Advice = "no detection refuses them", "narrow the `allow` lines"
	}
	return []Check{c}
}

func lists(f Facts) (checks []Check) {
	for _, l := range f.Lists {
		c := Check{Level: OK, Name: Lists, What: fmt.Sprintf("%s: %d entries, %s old", l.Name, l.Entries, config.Duration(l.Age(f.Now).Round(time.Second)))}
		switch {
		case l.Stale:
			c.Level, c.Why = Warning, "it has not been refreshed as it should"
			c.Advice = "look whether this machine may reach " + l.Source + ", or name a file; `tor off` does without"
		case l.Entries == 0:
			c.Level, c.Why, c.Advice = Warning, "it has not been loaded yet", "ask again in a minute"
		}
		if l.LastError != "" && c.Level != OK {
			c.Why += ": " + l.LastError
		}
		checks = append(checks, c)
	}
	if len(checks) == 0 {
		return []Check{{Level: OK, Name: Lists, What: "none is used"}}
	}
	return checks
}

// geography looks at whether the databases can be used, and whether lines about
// countries have one.
func geography(f Facts) (checks []Check) {
	countries := false
	for i := range f.Geo {
		db := &f.Geo[i]
		countries = countries || slices.Contains(db.Gives, "country")
		checks = append(checks, database(f.Now, db))
	}
	if len(checks) == 0 {
		checks = []Check{{Level: OK, Name: Geography, What: "off: countries and networks are unknown"}}
	}
	for _, s := range f.Sites {
		if len(s.Config.Countries) > 0 && !countries {
			checks = append(checks, Check{
				Level: Failed, Name: Geography, Site: s.Config.Name, What: "the line `" + s.Config.Countries[0].String() + "` has no database with countries",
				Why: "it lets everybody in", Advice: "write `geo /var/lib/GeoIP/GeoLite2-Country.mmdb` with the path of yours into the global option",
			})
		}
	}
	return checks
}

func database(now time.Time, db *geo.Status) Check {
	c := Check{Level: OK, Name: Geography, What: fmt.Sprintf("%s: %s", db.File, db.Type)}
	switch {
	case db.LastError != "":
		c.Level, c.What, c.Why = Warning, db.File+" cannot be used", db.LastError
		c.Advice = "give the path of a whole .mmdb file; a good one is taken into use by itself"
	case db.LoadedAt.IsZero():
		c.Level, c.What, c.Why, c.Advice = Warning, db.File, "it has not been loaded yet", "ask again in a minute"
	case db.Stale(now):
		c.Level, c.Why, c.Advice = Warning, "it is older than 90 days, or does not say of when it is", "look at the updater of its vendor"
	default:
		c.What += fmt.Sprintf(", built %s, knows %s", db.Built.Format(time.DateOnly), strings.Join(db.Gives, ", "))
	}
	return c
}

func keys(f Facts) Check {
	if f.KeysInMemory {
		return Check{
			Level: Warning, Name: Keys, What: "keys are kept in memory", Why: "pseudonyms change at every start",
			Advice: "make the state directory writable, or write `secret {env.DOORWARD_SECRET}` into the global option",
		}
	}
	return Check{Level: OK, Name: Keys, What: "pseudonyms stay the same over a restart"}
}

// told looks at whether events were lost.
func told(f Facts) (checks []Check) {
	var lost []string
	for _, class := range slices.Sorted(maps.Keys(f.Dropped)) {
		if n := f.Dropped[class]; n > 0 {
			lost = append(lost, fmt.Sprintf("%d %s", n, class))
		}
	}
	if len(lost) > 0 {
		checks = append(checks, Check{
			Level: Warning, Name: Events, What: "events found the queue full: " + strings.Join(lost, ", "),
			Why: "they are in no log; verdicts do not depend on them", Advice: "write a larger `queue` into the global option",
		})
	}
	for _, s := range f.Sinks {
		if bad := s.Failed + s.Panicked + s.Dropped; bad > 0 {
			checks = append(checks, Check{
				Level: Warning, Name: Events, What: fmt.Sprintf("the sink %s did not take %d events", s.Name, bad),
				Why: s.LastError, Advice: "look at its disk and its rights; the other sinks are not affected",
			})
		}
	}
	if len(checks) == 0 {
		return []Check{{Level: OK, Name: Events, What: fmt.Sprintf("all were delivered, to %d sinks", len(f.Sinks))}}
	}
	return checks
}
