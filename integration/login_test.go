package integration

import (
	"fmt"
	"strings"
	"testing"
)

// styleSites puts every style behind a site of its own.
func styleSites(apps *apps, doorward string) []site {
	var sites []site
	for _, name := range styleNames() {
		sites = append(sites, site{host: name + ".test", doorward: doorward, app: apps.address(name)})
	}
	return sites
}

// TestLoginOutcomes goes through the truth table of Express and passport: each
// style tells success, failure and missing credentials in its own way, and
// each is read right without a word of configuration.
func TestLoginOutcomes(t *testing.T) {
	t.Parallel()
	apps := startApps(t, styleNames()...)
	edge := startEdge(t, edgeConfig{sites: styleSites(apps, "mode enforce\nplaintext_identities")})
	for _, s := range styles {
		// A route is believed once the app was seen to serve the form for it.
		edge.browser(t, s.host(), "127.0.0.2").get(t, "/login")
	}
	pseudonyms := map[string]map[string]bool{} // by "site user"
	for row, s := range styles {
		for column, step := range s.steps() {
			from := fmt.Sprintf("127.0.%d.%d", row+1, column+1)
			got := s.submit(t, edge.visitor(t, s.host(), from), step.user, step.password)
			if got.status != step.status || (got.header.Get("Set-Cookie") != "") != step.cookie {
				t.Errorf("%s, %s: %v; want the app's own answer %d, cookie %v", s.label(), step.what, got, step.status, step.cookie)
			}
			ev := edge.waitEvent(t, s.label()+", "+step.what, fromAddress(from))
			checkLoginEvent(t, s, step, ev)
			if step.outcome == "malformed" {
				continue
			}
			key := s.name + " " + step.user
			if pseudonyms[key] == nil {
				pseudonyms[key] = map[string]bool{}
			}
			pseudonyms[key][ev.Pseudonym] = true
		}
	}
	for _, s := range styles {
		known, unknown := pseudonyms[s.name+" "+alice], pseudonyms[s.name+" nobody@x.test"]
		if len(known) != 1 || len(unknown) != 1 {
			t.Errorf("%s: pseudonyms %v and %v; want one each: success and failure are the same identity", s.label(), known, unknown)
		}
		for p := range known {
			if unknown[p] || p == "" {
				t.Errorf("%s: different users share the pseudonym %q", s.label(), p)
			}
		}
	}
	for _, s := range styles {
		edge.lastWord(t, s.visitor(t, edge, lastWordAddress))
	}
	for row, s := range styles {
		for column, step := range s.steps() {
			from := fmt.Sprintf("127.0.%d.%d", row+1, column+1)
			if n := len(edge.matching(t, fromAddress(from))); n != 1 {
				t.Errorf("%s, %s: %d events; want exactly one", s.label(), step.what, n)
			}
		}
	}
}

func checkLoginEvent(t *testing.T, s style, step step, ev event) {
	t.Helper()
	wantKey := "username"
	if strings.Contains(s.field, "email") {
		wantKey = "email"
	}
	if !ev.attempt("login", step.outcome) || ev.Status != step.status || ev.Verdict != "allow" {
		t.Errorf("%s, %s: event %+v; want a login, %s, status %d, allowed", s.label(), step.what, ev, step.outcome, step.status)
	}
	if ev.PrimaryKey != wantKey || ev.Route != "/login" {
		t.Errorf("%s, %s: primary key %q on route %q; want %s on /login", s.label(), step.what, ev.PrimaryKey, ev.Route, wantKey)
	}
	// Names are shown only once they have logged in beyond doubt, with a new
	// session, and here only because the operator asked for it.
	if step.outcome == "success" && ev.Confidence >= 0.9 && ev.Identity != alice {
		t.Errorf("%s, %s: identity %q; want %s as submitted", s.label(), step.what, ev.Identity, alice)
	}
	if step.outcome == "success" && step.cookie && s.name != "plain" && ev.Confidence < 0.9 {
		t.Errorf("%s, %s: confidence %.2f of %q; want at least 0.9", s.label(), step.what, ev.Confidence, ev.Evidence)
	}
	if step.user != alice && ev.Identity != "•••" {
		t.Errorf("%s, %s: identity %q of a name that never logged in; want it hidden", s.label(), step.what, ev.Identity)
	}
}

// visitor is a client that knows the style's user field.
func (s style) visitor(t *testing.T, edge *edge, from string) *visitor {
	t.Helper()
	v := edge.visitor(t, s.host(), from)
	v.field = s.field
	return v
}

// TestFailuresAndSuccessAreOneIdentity: three wrong passwords and the right one
// make four events of one identity.
func TestFailuresAndSuccessAreOneIdentity(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "redirect")
	edge := startEdge(t, edgeConfig{sites: []site{{host: "shop.test", doorward: "mode enforce", app: apps.address("redirect")}}})
	v := edge.visitor(t, "shop.test", "127.0.0.3")
	for _, password := range []string{"right hose", "Right Horse", "right horse!", alicePassword} {
		v.login(t, alice, password)
	}
	outcomes := map[string]int{}
	pseudonyms := map[string]bool{}
	for _, ev := range edge.waitEvents(t, 4, "four logins", fromAddress("127.0.0.3")) {
		outcomes[ev.Kind+" "+ev.Outcome]++
		pseudonyms[ev.Pseudonym] = true
	}
	if len(pseudonyms) != 1 || outcomes["login failure"] != 3 || outcomes["login success"] != 1 {
		t.Errorf("pseudonyms %v, outcomes %v; want one identity with 3 failures and 1 success", pseudonyms, outcomes)
	}
}

// TestPageViewsAreNoLogins: one login and fifty views of a page for members
// are one event; pages that set cookies for everybody are none.
func TestPageViewsAreNoLogins(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401", "message")
	edge := startEdge(t, edgeConfig{sites: []site{
		{host: "shop.test", doorward: "mode enforce", app: apps.address("default401")},
		{host: "forum.test", doorward: "mode enforce", app: apps.address("message")},
	}})
	member := edge.visitor(t, "shop.test", "127.0.0.3")
	member.login(t, alice, alicePassword)
	for range 50 {
		if got := member.get(t, "/profile"); got.status != 200 {
			t.Fatalf("a page for members: %v; want 200", got)
		}
	}
	guest := edge.visitor(t, "forum.test", "127.0.0.4")
	for _, path := range []string{"/", "/login", "/signup", "/products/7"} {
		guest.client.Jar = nil
		if got := guest.get(t, path); got.status != 200 || got.header.Get("Set-Cookie") == "" {
			t.Fatalf("GET %s: %v; want 200 and a cookie", path, got)
		}
	}
	edge.lastWord(t, edge.visitor(t, "shop.test", lastWordAddress))
	edge.lastWord(t, edge.visitor(t, "forum.test", lastWordAddress))
	got := edge.matching(t, func(ev event) bool { return ev.SourceIP != lastWordAddress })
	if len(got) != 1 || !got[0].attempt("login", "success") {
		t.Errorf("events %+v; want one successful login", got)
	}
}

// TestServerErrorsAreNoFailures: the app answers 500 because its database is
// away. Nobody failed to log in: thirty errors close no account, and for the
// source each weighs a quarter of a failure at most.
func TestServerErrorsAreNoFailures(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "verifyerror")
	app := apps.address("verifyerror")
	edge := startEdge(t, edgeConfig{sites: []site{
		{host: "shop.test", doorward: "mode enforce", app: app},
		{host: "open.test", doorward: "mode enforce\nthreshold source 500/10m", app: app},
	}})
	v := edge.visitor(t, "shop.test", "127.0.0.3")
	for i := range 3 {
		if got := v.login(t, fmt.Sprintf("lost-%d@x.test", i), "any password"); got.status != 500 {
			t.Fatalf("a login while the database is away: %v; want 500", got)
		}
	}
	for _, ev := range edge.waitEvents(t, 3, "three logins", fromAddress("127.0.0.3")) {
		if !ev.attempt("login", "unknown") {
			t.Errorf("event %+v; want a login of unknown outcome", ev)
		}
	}
	if got := v.guess(t, alice, "wrong", 12); got[401] < 9 || got[429] < 2 {
		t.Errorf("twelve wrong passwords after three server errors: %v; want 9 or 10 answered by the app", got)
	}
	if got := edge.visitor(t, "open.test", "127.0.0.4").guess(t, "lost@x.test", "any", 30); got[500] != 30 {
		t.Errorf("thirty different passwords for one name while the database is away: %v; want none refused", got)
	}
}

// TestNestedIdentifiers: user[email] in a form and {"user":{"email":…}} in JSON
// name the same identity as each other.
func TestNestedIdentifiers(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "nested")
	edge := startEdge(t, edgeConfig{sites: []site{{host: "nested.test", doorward: "mode enforce\nplaintext_identities", app: apps.address("nested")}}})
	edge.browser(t, "nested.test", "127.0.0.2").get(t, "/login") // the app serves a form for this address
	edge.visitor(t, "nested.test", "127.0.0.9").post(t, "/login", "user[email]", bob, "user[password]", "wrong")
	pseudonyms := map[string]bool{}
	for i, s := range []style{{name: "nested", field: "user[email]"}, {name: "nested", field: "user[email]", nested: true}} {
		from := fmt.Sprintf("127.0.0.%d", 3+i)
		s.submit(t, edge.visitor(t, "nested.test", from), bob, bobPassword)
		ev := edge.waitEvent(t, s.label(), fromAddress(from))
		if !ev.attempt("login", "success") || ev.PrimaryKey != "email" || ev.Identity != bob {
			t.Errorf("%s: event %+v; want a success of %s by email", s.label(), ev, bob)
		}
		pseudonyms[ev.Pseudonym] = true
	}
	if len(pseudonyms) != 1 {
		t.Errorf("pseudonyms %v; want the same for both", pseudonyms)
	}
}
