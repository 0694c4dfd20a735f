package caddymodule

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/doorward/doorward/caddymodule/selftest"
	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/event"
	"github.com/doorward/doorward/detector/geo"
	"github.com/doorward/doorward/detector/geo/geotest"
)

// The addresses that worldMap knows.
const (
	oslo      = "192.0.2.1"    // NO, AS64500
	osloToo   = "192.0.2.200"  // the same
	pristina  = "203.0.113.77" // XK, AS64900
	annsVPN   = "198.51.100.7" // NO, AS64700, a VPN on rented servers
	torsExit  = "198.51.100.99"
	pyongyang = "2001:db8:66::1"
	nowhere   = "192.88.99.1"
)

func worldMap() geotest.Database {
	place := func(code, city string, asn uint32, organisation string) geotest.Map {
		return geotest.Map{
			"country": geotest.Map{"iso_code": code}, "city": geotest.Map{"names": geotest.Map{"en": city}},
			"location":                 geotest.Map{"latitude": 59.9, "longitude": 10.7},
			"autonomous_system_number": asn, "autonomous_system_organization": organisation,
		}
	}
	vpn := place("NO", "Oslo", 64700, "Example VPN")
	vpn["traits"] = geotest.Map{"is_anonymous_vpn": true, "is_hosting_provider": true}
	exit := place("NO", "Oslo", 64800, "Example Exit")
	exit["traits"] = geotest.Map{"is_tor_exit_node": true, "is_public_proxy": true}
	return geotest.Database{Type: "Test-City", Built: uint32(time.Now().Add(-24 * time.Hour).Unix()), Networks: map[string]geotest.Map{
		"192.0.2.0/24": place("NO", "Oslo", 64500, "Example Net"), "203.0.113.0/24": place("XK", "Pristina", 64900, "Example Tel"),
		"198.51.100.0/26": vpn, "198.51.100.64/26": exit, "2001:db8:66::/48": place("KP", "", 64950, "Example"),
	}}
}

// newGeoHandler is a handler whose process has the world's map.
func newGeoHandler(t *testing.T, site config.Site) (*Handler, *state) {
	t.Helper()
	h, s := newTestHandler(t, config.Site{})
	h.app.cfg = config.App{Geo: []string{worldMap().Write(t, "world.mmdb")}}
	site.Name = "shop.test"
	policy, err := detector.NewPolicy(site, h.app.cfg.Lists())
	if err != nil {
		t.Fatal(err)
	}
	h.Site, h.policy, h.denied = site, policy, policy.RefusesEverybody()
	h.places = h.guardsPlaces()
	for _, r := range site.Routes {
		h.Routes = append(h.Routes, Route{Route: r})
	}
	book := geo.NewBook(geo.Deps{})
	book.Use(h.app.cfg.Geo)
	book.Start()
	t.Cleanup(func() { _ = book.Close(t.Context()) })
	if err := book.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.geo.Store(book)
	s.app.Store(h.app)
	h.app.handlers = []*Handler{h}
	return h, s
}

// askFrom sends a request from an address and returns its status.
func askFrom(t *testing.T, h *Handler, addr, target, body string, app caddyhttp.HandlerFunc) int {
	t.Helper()
	method := http.MethodPost
	if body == "" {
		method = http.MethodGet
	}
	r := visitor(method, target, body)
	caddyhttp.SetVar(r.Context(), caddyhttp.ClientIPVarKey, addr)
	w := httptest.NewRecorder()
	if err := h.ServeHTTP(w, r, app); err != nil {
		t.Fatal(err)
	}
	return w.Code
}

func welcome(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Set-Cookie", "session=9f2c1b7e5d3a48f6a0b1c2d3e4f50617; Path=/")
	w.Header().Set("Location", "/home")
	w.WriteHeader(http.StatusFound)
	return nil
}

func TestEventsTellWhereAttemptsComeFrom(t *testing.T) {
	t.Parallel()
	h, s := newGeoHandler(t, strict)
	for _, addr := range []string{oslo, "::ffff:" + osloToo, pristina, annsVPN, torsExit, pyongyang, nowhere, "@"} {
		askFrom(t, h, addr, "/login", "username=ann&password=guess", wrongPassword)
	}
	seen := map[string]*event.Event{}
	for _, e := range toldEvents(t, s) {
		seen[e.SourceIP.String()] = e
	}
	for addr, want := range map[string]struct {
		country, city string
		asn           uint32
		organisation  string
		lists         string
		tor           bool
	}{
		oslo:         {"NO", "Oslo", 64500, "Example Net", "", false},
		osloToo:      {"NO", "Oslo", 64500, "Example Net", "", false},
		pristina:     {"XK", "Pristina", 64900, "Example Tel", "", false},
		annsVPN:      {"NO", "Oslo", 64700, "Example VPN", "hosting,vpn", false},
		torsExit:     {"NO", "Oslo", 64800, "Example Exit", "proxy,tor", true},
		pyongyang:    {"KP", "", 64950, "Example", "", false},
		nowhere:      {},
		"invalid IP": {},
	} {
		e := seen[addr]
		if e == nil {
			t.Errorf("%s: no event", addr)
			continue
		}
		lists := strings.Join(e.Lists, ",")
		if e.Country != want.country || e.City != want.city || e.ASN != want.asn || e.Organisation != want.organisation || lists != want.lists {
			t.Errorf("%s: %q %q %d %q %q, want %+v", addr, e.Country, e.City, e.ASN, e.Organisation, lists, want)
		}
		if got := slices.Contains(e.Evidence, "Accessed from the Tor network"); got != want.tor {
			t.Errorf("%s: evidence %q; told that it is Tor: %t, want %t", addr, e.Evidence, got, want.tor)
		}
	}
	h.app.cfg.TorOff = true
	source := detector.Source{Addr: netip.MustParseAddr(torsExit)}
	if s.locate(&source); slices.Contains(source.Lists, config.ListTor) {
		t.Error("a database names Tor where `tor off` is written")
	}
}

// The countries of logins are learned from databases, and told once (A53); so is
// a VPN that its owner never used (A52).
func TestNovelPlacesAreToldOnce(t *testing.T) {
	t.Parallel()
	site := strict
	site.Routes = []config.Route{{Kind: config.KindLogin, Path: "/login"}}
	h, s := newGeoHandler(t, site)
	askFrom(t, h, nowhere, "/login", "username=zoe&password=guess", wrongPassword)
	for range 10 {
		askFrom(t, h, oslo, "/login", "username=ann&password=right", welcome)
		askFrom(t, h, annsVPN, "/login", "username=bob&password=right", welcome)
	}
	for range 2 {
		askFrom(t, h, pristina, "/login", "username=ann&password=right", welcome)
		askFrom(t, h, annsVPN, "/login", "username=ann&password=right", welcome)
	}
	countries, vpns := 0, 0
	for _, e := range toldEvents(t, s) {
		if e.Type == event.TypeAttempt && slices.Contains(e.Evidence, "XK is a new country") {
			countries++
		}
		if e.Type == event.TypeDetection && e.Detection == string(config.UnusualVPN) {
			vpns++
			if e.SourceIP.String() != annsVPN || !strings.Contains(e.Reason, "list hosting, vpn") {
				t.Errorf("an unusual VPN: %s, %q", e.SourceIP, e.Reason)
			}
		}
	}
	if countries != 1 || vpns != 1 {
		t.Errorf("a new country told %d times, an unusual VPN %d times; want once each", countries, vpns)
	}
}

func TestRequestsByCountryAndNetwork(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		site                config.Site
		addr                string
		login, signup, page int
		places              bool
	}{
		"nothing said":                    {config.Site{}, pyongyang, 401, 401, 401, false},
		"denied":                          {config.Site{Countries: []config.Country{{Codes: []string{"KP"}}}}, pyongyang, 403, 403, 401, false},
		"denied, somebody else":           {config.Site{Countries: []config.Country{{Codes: []string{"KP"}}}}, oslo, 401, 401, 401, false},
		"denied, nobody knows where":      {config.Site{Countries: []config.Country{{Codes: []string{"KP"}}}}, nowhere, 401, 401, 401, false},
		"a fence, outside":                {config.Site{Countries: []config.Country{{Class: config.ClassSignup, Allow: true, Codes: []string{"NO"}}}}, pristina, 401, 403, 401, false},
		"a fence, inside":                 {config.Site{Countries: []config.Country{{Class: config.ClassSignup, Allow: true, Codes: []string{"NO"}}}}, oslo, 401, 401, 401, false},
		"every request":                   {config.Site{Countries: []config.Country{{Class: config.ClassAll, Codes: []string{"KP"}}}}, pyongyang, 403, 403, 403, true},
		"every request, observed":         {config.Site{Countries: []config.Country{{Class: config.ClassAll, Codes: []string{"KP"}, Observe: true}}}, pyongyang, 401, 401, 401, false},
		"a VPN at signup":                 {config.Site{Policies: []config.Policy{{On: "vpn", Class: config.ClassSignup, Answer: config.AnswerBlock}}}, annsVPN, 401, 403, 401, false},
		"a hosting company, all requests": {config.Site{Policies: []config.Policy{{On: "hosting", Class: config.ClassAll, Answer: config.AnswerBlock}}}, annsVPN, 403, 403, 403, true},
		"an exit that only the map knows": {config.Site{Policies: []config.Policy{{On: "tor", Class: config.ClassAll, Answer: config.AnswerBlock}}}, torsExit, 403, 403, 403, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := c.site
			site.Mode = config.ModeEnforce
			h, _ := newGeoHandler(t, site)
			if h.places != c.places {
				t.Errorf("every request is located: %t, want %t", h.places, c.places)
			}
			login := askFrom(t, h, c.addr, "/login", "username=ann&password=guess", wrongPassword)
			signup := askFrom(t, h, c.addr, "/signup", "email=ann@x.test&password=guess&password_confirmation=guess", wrongPassword)
			page := askFrom(t, h, c.addr, "/news", "", wrongPassword)
			if login != c.login || signup != c.signup || page != c.page {
				t.Errorf("login %d, signup %d, page %d; want %d, %d, %d", login, signup, page, c.login, c.signup, c.page)
			}
		})
	}
}

func TestLinesAboutCountriesNeedADatabase(t *testing.T) {
	t.Parallel()
	h, _ := newGeoHandler(t, config.Site{Countries: []config.Country{{Codes: []string{"KP"}}}})
	h.Countries = h.Site.Countries
	if err := h.needsCountries(); err != nil {
		t.Error(err)
	}
	h.app.cfg.Geo = nil
	if err := h.needsCountries(); err == nil || !strings.Contains(err.Error(), "country deny KP: countries are known from a database only") {
		t.Errorf("without one: %v", err)
	}
}

// The names are those of the interface that people know (A71).
func TestIPLookup(t *testing.T) {
	t.Parallel()
	h, s := newGeoHandler(t, strict)
	for i := range 30 {
		askFrom(t, h, pristina, "/login", fmt.Sprintf("username=u%d&password=guess%d", i, i), wrongPassword)
	}
	toldEvents(t, s)
	for addr, want := range map[string]string{
		oslo:      `{"ip":"192.0.2.1","ip_version":4,"risk_score":0,"is_known_attacker":false,"high_risk_security_events_count":0,"security_events_count":0,"ip_geo":{"latitude":59.9,"longitude":10.7,"country_code":"NOR","city":"Oslo"},"is_datacenter":false,"is_vpn":false,"is_proxy":false,"is_tor":false,"is_private":false}`,
		annsVPN:   `{"ip":"198.51.100.7","ip_version":4,"risk_score":51,"is_known_attacker":false,"high_risk_security_events_count":0,"security_events_count":0,"ip_geo":{"latitude":59.9,"longitude":10.7,"country_code":"NOR","city":"Oslo"},"is_datacenter":true,"is_vpn":true,"is_proxy":false,"is_tor":false,"is_private":false}`,
		torsExit:  `{"ip":"198.51.100.99","ip_version":4,"risk_score":73,"is_known_attacker":false,"high_risk_security_events_count":0,"security_events_count":0,"ip_geo":{"latitude":59.9,"longitude":10.7,"country_code":"NOR","city":"Oslo"},"is_datacenter":false,"is_vpn":false,"is_proxy":true,"is_tor":true,"is_private":false}`,
		"fd00::1": `{"ip":"fd00::1","ip_version":6,"risk_score":0,"is_known_attacker":false,"high_risk_security_events_count":0,"security_events_count":0,"ip_geo":null,"is_datacenter":false,"is_vpn":false,"is_proxy":false,"is_tor":false,"is_private":true}`,
	} {
		r := httptest.NewRequest(http.MethodGet, "/doorward/v1/ips/x", nil)
		r.SetPathValue("ip", addr)
		report, err := lookUpIP(s, r)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := json.Marshal(report); string(got) != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	attacker := s.reportIP(time.Now(), netip.MustParseAddr(pristina))
	if !attacker.IsKnownAttacker || attacker.RiskScore <= 80 || attacker.SecurityEventsCount < 20 || attacker.HighRiskSecurityEventsCount != 1 {
		t.Errorf("a source that guessed 30 times: %+v", attacker)
	}
	r := httptest.NewRequest(http.MethodGet, "/doorward/v1/ips/x", nil)
	r.SetPathValue("ip", "no address")
	if _, err := lookUpIP(s, r); err == nil {
		t.Error("a text that is no address is looked up")
	}
}

// One screen tells what is known of an address.
func TestExplainAddressOnOneScreen(t *testing.T) {
	t.Parallel()
	h, s := newGeoHandler(t, strict)
	var err error
	if h.critical, err = newCriticalBook(config.Critical{Ranges: []string{pristina}}, nil); err != nil {
		t.Fatal(err)
	}
	for i := range 30 {
		askFrom(t, h, annsVPN, "/login", fmt.Sprintf("username=u%d&password=guess%d", i, i), wrongPassword)
	}
	toldEvents(t, s)
	out := explained(t, s, annsVPN)
	for _, want := range []string{
		"address 198.51.100.7\n", "where: Oslo, NO, AS64700 Example VPN\n", "on the lists: hosting, vpn\n",
		"site shop.test: source 198.51.100.7/32\n", "  failures: ", "  accounts failed at first contact: 3.", "  sanction s-", "latest events:\n",
		"  limit (credential_stuffing)", "198.51.100.7 NO", "POST /login", "more with --json\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	if n := strings.Count(out, "\n"); n > 40 {
		t.Errorf("%d lines are more than a screen:\n%s", n, out)
	}
	if out := explained(t, s, pristina); !strings.Contains(out, "never shut out by a rule: shop.test: line `critical`\n") {
		t.Errorf("a critical address:\n%s", out)
	}
}

func explained(t *testing.T, s *state, subject string) string {
	t.Helper()
	answer, err := explain(s, httptest.NewRequest(http.MethodGet, "/doorward/explain?subject="+subject, nil))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := printExplanation(&out, text); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// What is wrong with a database is told everywhere where one looks.
func TestABrokenDatabaseIsTold(t *testing.T) {
	t.Parallel()
	h, s := newGeoHandler(t, config.Site{Countries: []config.Country{{Codes: []string{"KP"}}}})
	path := h.app.cfg.Geo[0]
	facts := func() string {
		var out strings.Builder
		report := selftest.Run(selftest.Facts{Now: time.Now(), Geo: s.geoStatuses(), Sites: []selftest.Site{h.tested()}})
		report.Print(&out)
		return out.String()
	}
	if out := facts(); !strings.Contains(out, "ok       geography    "+path+": Test-City, built ") {
		t.Errorf("the self-test of a good one:\n%s", out)
	}
	if _, bad := stands(s, "geo_unusable"); bad {
		t.Error("a good one is unusable")
	}
	if got := gathered(t, `caddy_doorward_geo_usable`, s); got != 1 {
		t.Errorf("usable %g, want 1", got)
	}
	geotest.Put(t, path, worldMap().Bytes()[:1000])
	for range 1000 {
		if s.geoStatuses()[0].LastError != "" {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	n, bad := stands(s, "geo_unusable")
	if !bad || !strings.Contains(n.About, "no whole MaxMind DB file") {
		t.Errorf("half a file: %+v, stands %t", n, bad)
	}
	if out := facts(); !strings.Contains(out, "warning  geography    "+path+" cannot be used") {
		t.Errorf("the self-test of half a file:\n%s", out)
	}
	if got := gathered(t, `caddy_doorward_geo_usable`, s); got != 0 {
		t.Errorf("usable %g, want 0", got)
	}
	if got := askFrom(t, h, pyongyang, "/login", "username=ann&password=guess", wrongPassword); got != 403 {
		t.Errorf("a login from a denied country: %d, want 403 by what was read before", got)
	}
	if out := printed(t, Status{Time: time.Now(), Geo: s.geoStatuses()}); !strings.Contains(out, "geo "+path+": Test-City, knows country, city, provider, hosting, vpn, proxy, tor, built ") ||
		!strings.Contains(out, "  last error: ") {
		t.Errorf("status:\n%s", out)
	}
	s.geo.Load().Use(nil)
	if out := facts(); !strings.Contains(out, "failed   geography    shop.test: the line `country deny KP` has no database with countries") {
		t.Errorf("the self-test without one:\n%s", out)
	}
	if out := printed(t, Status{Time: time.Now()}); !strings.Contains(out, "geo: off; countries and networks are unknown\n") {
		t.Errorf("status without one:\n%s", out)
	}
}

// gathered is the first value of a metric of the databases.
func gathered(t *testing.T, name string, s *state) (value float64) {
	t.Helper()
	value = -1
	send := func(d *prometheus.Desc, v float64, _ ...string) {
		if value < 0 && strings.Contains(d.String(), `"`+name+`"`) {
			value = v
		}
	}
	collectGeo(s, send, send)
	return value
}

func TestKindsOfNetworksHaveOneName(t *testing.T) {
	t.Parallel()
	want := append(slices.Clone(config.NetworkKinds), config.ListTor)
	if got := geo.KindNames(); !slices.Equal(got, want) {
		t.Errorf("databases tell %q, policies know %q", got, want)
	}
}
