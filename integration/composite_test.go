package integration

import "testing"

// TestCompositeIdentities: two shops share an app and what is known of visitors,
// not their customers. With the shop's host as a second identifier the same
// address is two identities, at logins and at signups, and a refusal for one
// leaves the other alone.
func TestCompositeIdentities(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "flash")
	const identifiers = "{\nidentifier email form email\nidentifier platform_id host\n}\n"
	lines := "mode enforce\nsite shops\nthreshold source 500/10m\nlogin POST /login " + identifiers + "signup POST /signup " + identifiers
	var sites []site
	for _, host := range []string{"north.test", "south.test"} {
		sites = append(sites, site{host: host, doorward: lines, app: apps.address("flash")})
	}
	edge := startEdge(t, edgeConfig{sites: sites})
	of := func(host, from string) *visitor {
		v := edge.visitor(t, host, from)
		v.field = "email"
		return v
	}
	pseudonym := func(what, kind, from string) string {
		t.Helper()
		ev := edge.waitEvent(t, what, fromAddress(from))
		if !ev.attempt(kind, "success") || ev.PrimaryKey != "email" || ev.Pseudonym == "" {
			t.Errorf("%s: event %+v; want a success by email", what, ev)
		}
		return ev.Pseudonym
	}

	const carol, password = "carol@x.test", "green kettle"
	of("north.test", "127.0.0.3").post(t, "/signup", "email", carol, "password", password, "confirm", password)
	of("north.test", "127.0.0.4").login(t, carol, password)
	of("south.test", "127.0.0.5").login(t, carol, password)
	joined := pseudonym("a signup in the north", "signup", "127.0.0.3")
	north := pseudonym("a login in the north", "login", "127.0.0.4")
	south := pseudonym("a login in the south", "login", "127.0.0.5")
	if joined != north || north == south {
		t.Errorf("pseudonyms of the signup %s and of logins in the north %s and south %s; want the first two alike", joined, north, south)
	}

	const guesser = "127.0.0.9"
	refused := of("north.test", guesser).guess(t, carol, "guess", 12)[429]
	if refused != 2 {
		t.Errorf("%d of 12 guesses in the north refused; want 2", refused)
	}
	if got := of("south.test", guesser).login(t, carol, password); got.status != 302 || got.header.Get("Location") != "/" {
		t.Errorf("the same address in the south, from the same source: %v; want a login", got)
	}
}
