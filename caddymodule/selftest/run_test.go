package selftest

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/event"
	"github.com/doorward/doorward/detector/intel"
)

func off() *bool { return new(bool) }

// counted is a login route with that many attempts, all answered.
func counted(path string, declared bool, attempts, success, failure, unknown uint32) detector.RouteStatus {
	return detector.RouteStatus{
		Path: path, Kind: config.KindLogin, Declared: declared, Attempts: attempts, Answered: success + failure + unknown,
		Successes: success, Failures: failure, Unknown: unknown, Confirmed: declared || success > 0 && failure > 0, Unconfirmed: "a success that is plain",
	}
}

// find returns the first check of a name with that level.
func find(r *Report, name Name, level Level) (Check, bool) {
	for _, c := range r.Checks {
		if c.Name == name && c.Level == level {
			return c, true
		}
	}
	return Check{}, false
}

func TestEveryMisconfigurationIsTold(t *testing.T) {
	t.Parallel()
	peer := netip.MustParseAddr("10.0.0.7")
	declared := config.Site{Routes: []config.Route{login("/session", form("email", "email"))}}
	now := time.Now()
	for name, c := range map[string]struct {
		site  config.Site
		facts func(*Facts)
		check Name
		level Level
		want  string
	}{
		"nothing declared, nothing found": {config.Site{Automatic: off()}, nil, Protection, Failed, "no route is declared"},
		"no site at all":                  {config.Site{}, func(f *Facts) { f.Sites = nil }, Protection, Failed, "no site uses the directive"},
		"mode off":                        {config.Site{Mode: config.ModeOff}, func(f *Facts) { f.Sites[0].Mode = config.ModeOff }, Protection, Warning, "the mode is off"},
		"mode observe": {config.Site{}, func(f *Facts) {
			f.Sites[0].Mode, f.Override, f.OverrideBy = config.ModeObserve, config.ModeObserve, "command"
		}, Protection, Warning, "observe, by command"},
		"a body limit below a login":     {config.Site{BodyLimit: 30}, nil, Recognition, Failed, "misread"},
		"a response limit below a token": {config.Site{ResponseLimit: 10}, nil, Recognition, Failed, "misread"},
		"a declaration that holds for nothing": {
			config.Site{Routes: []config.Route{login("/login", config.Field{Name: "user", From: config.PlacePath, Key: "1"})}},
			nil, Declaration, Failed, "does not recognise",
		},
		"an undeclared proxy":       {config.Site{}, func(f *Facts) { f.Sites[0].Status.Hidden = peer }, Addresses, Failed, "10.0.0.7"},
		"addresses clients choose":  {config.Site{}, func(f *Facts) { f.Sites[0].Spoofable = true }, Addresses, Failed, "trusted_proxies_strict"},
		"an allow list for all":     {config.Site{}, func(f *Facts) { f.Sites[0].Status.TooManyExempt = true }, Addresses, Warning, "a fifth"},
		"a list that was not found": {config.Site{}, func(f *Facts) { f.Lists = []intel.Status{{Name: "tor", Stale: true, LastError: "refused"}} }, Lists, Warning, "tor: 0 entries"},
		"a list on its way":         {config.Site{}, func(f *Facts) { f.Lists = []intel.Status{{Name: "tor", CreatedAt: now}} }, Lists, Warning, "tor: 0 entries"},
		"keys in memory":            {config.Site{}, func(f *Facts) { f.KeysInMemory = true }, Keys, Warning, "in memory"},
		"a full queue":              {config.Site{}, func(f *Facts) { f.Dropped = map[string]uint64{"cheap": 7, "normal": 0} }, Events, Warning, "7 cheap"},
		"a full disk":               {config.Site{}, func(f *Facts) { f.Sinks = []event.SinkStats{{Name: "file", Failed: 3, LastError: "no space left"}} }, Events, Warning, "file did not take 3"},
		"a handler twice":           {config.Site{}, func(f *Facts) { f.Notices = []Notice{{Name: "handled_twice", Advice: "keep one"}} }, Health, Warning, "handled_twice"},
		"outcomes that are unknown": {config.Site{}, func(f *Facts) {
			f.Sites[0].Status.Routes = []detector.RouteStatus{counted("/in", false, 30, 9, 9, 2)}
		}, Outcomes, Warning, "login /in: 10 % of 20"},
		"a declared route without outcome": {declared, func(f *Facts) {
			f.Sites[0].Status.Routes = []detector.RouteStatus{counted("/session", true, 25, 0, 0, 25)}
		}, Outcomes, Failed, "login /session: 100 % of 25"},
		"a declared route without attempts": {declared, func(f *Facts) {
			f.Sites[0].Status.Routes = []detector.RouteStatus{counted("/api/login", false, 5, 5, 0, 0)}
		}, Routes, Warning, "declared login POST /session saw no attempt, while 5 arrived at /api/login"},
		"a route that never proves itself": {config.Site{}, func(f *Facts) {
			f.Sites[0].Status.Routes = []detector.RouteStatus{counted("/in", false, 20, 20, 0, 0)}
		}, Routes, Warning, "20 attempts succeeded"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := Facts{Now: now, Sites: []Site{*siteOf(c.site)}}
			f.Sites[0].Mode = config.ModeEnforce
			if c.facts != nil {
				c.facts(&f)
			}
			r := Run(f)
			got, ok := find(r, c.check, c.level)
			if !ok || !strings.Contains(got.What, c.want) || got.Advice == "" {
				t.Errorf("no check %s is %s and says %q with an advice:\n%+v", c.check, c.level, c.want, r.Checks)
			}
		})
	}
}

func TestAHealthySiteHasNeitherWarningsNorFailures(t *testing.T) {
	t.Parallel()
	s := siteOf(config.Site{Routes: []config.Route{login("/session", form("email", "email"))}})
	s.Status.Routes = []detector.RouteStatus{
		counted("/session", true, 500, 300, 190, 9),
		counted("/other", false, 4, 0, 4, 0), // too few to be missed elsewhere
		{Path: "/logout", Kind: config.KindLogout, Attempts: 90, Answered: 90, Unknown: 90},
		{Path: "/forgot", Kind: config.KindResetRequest, Attempts: 90, Answered: 90, Unknown: 90},
	}
	s.Mode = config.ModeGraduated
	r := Run(Facts{Now: time.Now(), Sites: []Site{*s, *s}, Survives: "the key", Lists: []intel.Status{{Name: "tor", Entries: 9, LoadedAt: time.Now()}}})
	if n := r.Count(Warning) + r.Count(Failed); n != 0 {
		t.Errorf("%d warnings or failures: %+v", n, r.Checks)
	}
	names := map[Name]int{}
	for _, c := range r.Checks {
		names[c.Name]++
	}
	for _, name := range []Name{Protection, Recognition, Declaration, Outcomes, Routes, Addresses, Lists, Keys, Store, Events} {
		if names[name] != 1 {
			t.Errorf("%d checks called %s, want 1 though two handlers share the site", names[name], name)
		}
	}
}

func TestNoticesNeedMoreThanWarnings(t *testing.T) {
	t.Parallel()
	declared := config.Site{Routes: []config.Route{login("/session", form("email", "email"))}}
	for name, c := range map[string]struct {
		route          detector.RouteStatus
		unread, silent bool
	}{
		"few attempts, nothing known": {counted("/in", false, 49, 0, 0, 49), false, false},
		"a fifth, exactly":            {counted("/in", false, 50, 40, 0, 10), false, false},
		"more than a fifth":           {counted("/in", false, 50, 39, 0, 11), true, false},
		"nearly all refused here":     {counted("/in", false, 9000, 5, 30, 15), true, false},
		"declared, few":               {counted("/session", true, 19, 0, 0, 19), false, false},
		"declared, none known":        {counted("/session", true, 20, 0, 0, 20), false, true},
		"declared, one known":         {counted("/session", true, 20, 1, 0, 19), false, false},
		"declared before this reload": {counted("/old", true, 20, 0, 0, 20), false, false},
		"automatic, none known":       {counted("/session", false, 20, 0, 0, 20), false, false},
	} {
		s := siteOf(declared)
		s.Status.Routes = []detector.RouteStatus{c.route}
		if unread := Unread(s) != ""; unread != c.unread {
			t.Errorf("%s: outcomes unknown %t, want %t", name, unread, c.unread)
		}
		if silent := Silent(s) != ""; silent != c.silent {
			t.Errorf("%s: silent %t, want %t", name, silent, c.silent)
		}
	}
}

func TestOpenRoutesAreNamedUpToABound(t *testing.T) {
	t.Parallel()
	s := siteOf(config.Site{})
	for i := range 3 * maxNamed {
		s.Status.Routes = append(s.Status.Routes, counted(fmt.Sprintf("/in\n%d", i), false, 1, 0, 1, 0))
	}
	c := arrivals(s)[0]
	if strings.Count(c.What, "login /in") != maxNamed || !strings.Contains(c.What, "… 10 more") || strings.Contains(c.What, "\n") {
		t.Errorf("%q; want %d routes, that there are 10 more, and no line end of a path", c.What, maxNamed)
	}
}

func TestAReportIsALinePerCheckAndASum(t *testing.T) {
	t.Parallel()
	var r Report
	bad := Check{Level: Failed, Name: Addresses, Site: "shop.test", What: "hidden", Why: "one source", Advice: "write this"}
	r.add(bad, bad, Check{Level: OK, Name: Keys, What: "kept"})
	var out strings.Builder
	r.Print(&out)
	want := "failed   addresses    shop.test: hidden\n" +
		"                      one source\n" +
		"                      write this\n" +
		"ok       keys         kept\n" +
		"1 ok, 0 warnings, 1 failed\n"
	if out.String() != want {
		t.Errorf("printed\n%swant\n%s", &out, want)
	}
}
