package integration

import (
	"fmt"
	"strings"
	"testing"
)

// TestSprayIsOneIncident: fifty addresses, each in a network of its own, try one
// password for an account each. Twenty reach the app; then the password is refused,
// and nobody else's. The incident says so without the password, which stands
// nowhere, nor does anything that could be checked against a list of passwords.
func TestSprayIsOneIncident(t *testing.T) {
	t.Parallel()
	const sprayed = "Winter2026!sprayed"
	apps, edge := shop(t, "default401", "")
	statuses := map[int]int{}
	for i := range 50 {
		v := edge.visitor(t, "shop.test", fmt.Sprintf("127.0.%d.9", 20+i))
		statuses[v.login(t, fmt.Sprintf("user-%d@x.test", i), sprayed).status]++
	}
	if statuses[401] != 20 || statuses[429] != 30 || apps.logins(t, "default401") != 20 {
		t.Errorf("one password from fifty addresses: %v; want 20 let through and 30 refused", statuses)
	}
	if got := edge.visitor(t, "shop.test", "127.0.90.9").login(t, alice, alicePassword); got.status != 200 {
		t.Errorf("Alice with another password meanwhile: %v", got)
	}
	edge.waitEvent(t, "the incident", func(ev event) bool { return ev.Type == "incident" && ev.Detection == "password_spray" })
	edge.lastWord(t, edge.visitor(t, "shop.test", "127.0.91.9"))
	list := edge.incidents(t)
	if len(list) != 1 || list[0].Detection != "password_spray" || list[0].Refused != 30 || len(list[0].Compromised) != 0 {
		t.Errorf("incidents %+v; want one spray with 30 refused attempts", list)
	}
	edge.stop(t)
	edge.checkNowhere(t, []string{sprayed, alicePassword})
}

// TestOwnAnswersAreNoFailures: what the edge refuses says nothing about a password.
// Ninety refusals leave the route with the ten failures the app has told of, and
// the source with no more evidence than led to its sanction.
func TestOwnAnswersAreNoFailures(t *testing.T) {
	t.Parallel()
	apps, edge := shop(t, "default401", "threshold pair 1000/1h\nthreshold contacts 1000/1d")
	v := edge.visitor(t, "shop.test", "127.0.0.9")
	if got := v.guess(t, alice, "guess", 100); got[401] != 10 || got[429] != 90 || apps.logins(t, "default401") != 10 {
		t.Fatalf("100 guesses: %v; want 10 let through", got)
	}
	edge.lastWord(t, edge.visitor(t, "shop.test", "127.0.0.10"))
	for _, ev := range edge.matching(t, fromAddress("127.0.0.9")) {
		if ev.Type == "attempt" && ev.Verdict == "limit" && ev.Outcome != "" {
			t.Errorf("a refused attempt is told with the outcome %q", ev.Outcome)
		}
	}
	failures := edge.matching(t, func(ev event) bool { return ev.SourceIP == "127.0.0.9" && ev.attempt("login", "failure") })
	if len(failures) != 10 {
		t.Errorf("%d failures are told; want the ten of the app", len(failures))
	}
	if out := edge.doorward(t, "explain", "127.0.0.9"); !strings.Contains(out, "failures: 10.00 in 10m, 10 are let through") {
		t.Errorf("explain tells other failures than the ten of the app:\n%s", out)
	}
}

// TestProbesForALogin: who keeps sending forms without a password is answered 400
// by the edge; a password from there is looked at as ever.
func TestProbesForALogin(t *testing.T) {
	t.Parallel()
	apps, edge := shop(t, "default401", "")
	v := edge.visitor(t, "shop.test", "127.0.0.9")
	before := apps.logins(t, "default401")
	for i := range 12 {
		if got := v.post(t, "/login", "username", fmt.Sprintf("user-%d", i), "password", ""); i >= 3 && got.status != 400 {
			t.Errorf("probe %d: %v; want 400", i, got)
		}
	}
	if n := apps.logins(t, "default401") - before; n > 3 {
		t.Errorf("%d probes reached the app; want 3", n)
	}
	edge.waitEvent(t, "the probes", func(ev event) bool { return ev.Detection == "missing_credentials" && ev.Verdict == "block" })
	if got := v.login(t, alice, alicePassword); got.status != 200 {
		t.Errorf("a login from there: %v", got)
	}
}

// TestSignupsThroughTor: where Tor is tightened a source makes half as many
// accounts, and none where the operator says so; logins are another matter.
func TestSignupsThroughTor(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "redirect")
	app := apps.address("redirect")
	edge := startEdge(t, edgeConfig{
		tor: torBlock(writeList(t, newDir(t), exitList(20))),
		sites: []site{
			{host: "warm.test", doorward: "mode enforce", app: app},
			{host: "half.test", doorward: "mode enforce\nthreshold signups 10/10m\non tor signup tighten", app: app},
			{host: "none.test", doorward: "mode enforce\non tor signup block\non tor login tighten", app: app},
		},
	})
	edge.waitListed(t, "warm.test", exit, true)
	for host, want := range map[string]map[int]int{"half.test": {302: 5, 429: 5}, "none.test": {403: 10}} {
		v := edge.visitor(t, host, exit)
		got := map[int]int{}
		for i := range 10 {
			v.client.Jar = nil
			got[v.post(t, "/signup", "email", fmt.Sprintf("%c@%s", 'a'+i, host), "password", "a b c", "confirm", "a b c").status]++
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("ten signups through Tor at %s: %v; want %v", host, got, want)
		}
	}
	if got := edge.visitor(t, "none.test", exit).login(t, alice, alicePassword); got.status != 302 {
		t.Errorf("a login through Tor where signups are blocked: %v", got)
	}
}
