package integration

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/detector/geo/geotest"
)

// atlas is a database of a few networks; country is where 203.0.113.0/24 is.
func atlas(country string) geotest.Database {
	return geotest.Database{Type: "Test-City", Built: uint32(time.Now().Unix()), Networks: map[string]geotest.Map{
		"203.0.113.0/24":   {"country": geotest.Map{"iso_code": country}, "autonomous_system_number": uint32(64500), "autonomous_system_organization": "Example Net"},
		"198.51.100.0/24":  {"country": geotest.Map{"iso_code": "DE"}, "traits": geotest.Map{"is_anonymous_vpn": true, "is_hosting_provider": true}},
		"2001:db8:66::/48": {"country": geotest.Map{"iso_code": "KP"}},
	}}
}

// placeOf is what an event says of where its source is.
func (e *edge) placeOf(t *testing.T, address string) (country string, lists []string) {
	t.Helper()
	var last struct {
		Country string   `json:"country"`
		Lists   []string `json:"lists"`
	}
	for line := range strings.Lines(e.read(eventsFile)) {
		var ev struct {
			SourceIP string   `json:"source_ip"`
			Country  string   `json:"country"`
			Lists    []string `json:"lists"`
		}
		if json.Unmarshal([]byte(line), &ev) == nil && ev.SourceIP == address {
			last.Country, last.Lists = ev.Country, ev.Lists
		}
	}
	return last.Country, last.Lists
}

// TestCountriesAndNetworks: lines about countries and kinds of networks refuse
// what they say and nothing else; the database is replaced while the server
// runs, and a broken one replaces nothing.
func TestCountriesAndNetworks(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401")
	app := apps.address("default401")
	file := filepath.Join(newDir(t), "atlas.mmdb")
	geotest.Put(t, file, atlas("FR").Bytes())
	edge := startEdge(t, edgeConfig{
		global: "geo " + file, servers: trustedProxy,
		sites: []site{
			{host: "warm.test", doorward: "mode enforce", app: app},
			{host: "fence.test", doorward: "mode enforce\ncountry signup allow DE AT", app: app},
			{host: "deny.test", doorward: "mode enforce\ncountry deny KP", app: app},
			{host: "all.test", doorward: "mode enforce\ncountry all deny KP", app: app},
			{host: "vpn.test", doorward: "mode enforce\non vpn signup block", app: app},
		},
	})
	const french, german, korean, unknown = "203.0.113.9", "198.51.100.9", "2001:db8:66::9", "192.0.2.9"
	warm := edge.visitor(t, "warm.test", "127.0.0.2")
	if !eventually(20*time.Second, func() bool {
		before := len(edge.matching(t, fromAddress(french)))
		warm.headers.Set("X-Forwarded-For", french)
		warm.login(t, "someone@x.test", "the same")
		edge.waitEvents(t, before+1, "a login", fromAddress(french))
		country, _ := edge.placeOf(t, french)
		return country == "FR"
	}) {
		t.Fatal("no country is known after 20 s")
	}
	for _, c := range []struct {
		host, from          string
		login, signup, page int
	}{
		{"fence.test", german, 200, 302, 200},
		{"fence.test", french, 200, 403, 200},
		{"fence.test", unknown, 200, 302, 200},
		{"deny.test", korean, 403, 403, 200},
		{"deny.test", french, 200, 302, 200},
		{"all.test", korean, 403, 403, 403},
		{"all.test", german, 200, 302, 200},
		{"vpn.test", german, 200, 403, 200},
		{"vpn.test", french, 200, 302, 200},
	} {
		v := edge.visitor(t, c.host, "127.0.0.2")
		v.headers.Set("X-Forwarded-For", c.from)
		page := v.get(t, "/").status
		name := strings.NewReplacer(".", "-", ":", "-").Replace(c.host+c.from) + "@x.test"
		signup := v.post(t, "/signup", "email", name, "password", "secret horse", "confirm", "secret horse").status
		login := v.login(t, alice, alicePassword).status
		if login != c.login || signup != c.signup || page != c.page {
			t.Errorf("%s from %s: login %d, signup %d, page %d; want %d, %d, %d", c.host, c.from, login, signup, page, c.login, c.signup, c.page)
		}
	}
	if _, lists := edge.placeOf(t, german); strings.Join(lists, " ") != "hosting vpn" {
		t.Errorf("the lists of a VPN: %q", lists)
	}

	moved := func(country string) bool {
		before := len(edge.matching(t, fromAddress(french)))
		warm.login(t, "someone@x.test", "the same")
		edge.waitEvents(t, before+1, "a login", fromAddress(french))
		got, _ := edge.placeOf(t, french)
		return got == country
	}
	geotest.Put(t, file, atlas("BE").Bytes())
	if !eventually(30*time.Second, func() bool { return moved("BE") }) {
		t.Fatal("the new database is not in use after 30 s")
	}
	half := atlas("LU").Bytes()
	geotest.Put(t, file, half[:len(half)/2])
	if !eventually(30*time.Second, func() bool { return edge.metric(t, `caddy_doorward_unhealthy{notice="geo_unusable"}`) == 1 }) {
		t.Error("half a database is no notice after 30 s")
	}
	if !moved("BE") {
		t.Error("half a database has replaced the whole one")
	}
	out := edge.doorward(t, "explain", french)
	for _, want := range []string{"where: BE, AS64500 Example Net\n", "site ", "latest events:\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("explain does not say %q:\n%s", want, out)
		}
	}
	if out := edge.doorward(t, "status"); !strings.Contains(out, "geo "+file+": Test-City, knows country, provider, hosting, vpn, built ") || !strings.Contains(out, "last error: ") {
		t.Errorf("status:\n%s", out)
	}
}

// TestRefusedSignupsTellOfTor: they are answered as the line says; logins are not
// concerned.
func TestRefusedSignupsTellOfTor(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401")
	edge := startEdge(t, edgeConfig{
		tor: torBlock(writeList(t, newDir(t), exitList(20))),
		sites: []site{
			{host: "warm.test", doorward: "mode enforce", app: apps.address("default401")},
			{host: "shop.test", doorward: "mode enforce\non tor signup block\non tor login tag", app: apps.address("default401")},
		},
	})
	edge.waitListed(t, "warm.test", exit, true)
	for from, want := range map[string]struct{ signup, login int }{exit: {403, 200}, "127.0.0.67": {302, 200}} {
		v := edge.visitor(t, "shop.test", from)
		name := "new-" + from + "@x.test"
		signup, login := v.post(t, "/signup", "email", name, "password", "secret horse", "confirm", "secret horse"), v.login(t, alice, alicePassword)
		if signup.status != want.signup || login.status != want.login {
			t.Errorf("from %s: signup %v, login %v; want %d, %d", from, signup, login, want.signup, want.login)
		}
	}
	ev := edge.waitEvent(t, "the refused signup", func(ev event) bool { return ev.Kind == "signup" && ev.SourceIP == exit })
	if ev.Verdict != "block" || ev.Rule != "list tor" || !strings.Contains(strings.Join(ev.Evidence, ";"), "Accessed from the Tor network") {
		t.Errorf("%+v, want it blocked by the list, and told that it is Tor", ev)
	}
}
