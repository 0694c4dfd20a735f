package integration

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestOperatorCommands walks the way of an operator whose customer calls with
// an id: see it, explain it, end it; block a source, allow one, look again.
func TestOperatorCommands(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401")
	edge := startEdge(t, edgeConfig{sites: []site{{host: "shop.test", doorward: "mode enforce", app: apps.address("default401")}}})
	v := edge.visitor(t, "shop.test", "127.0.0.3")
	if got := v.guess(t, alice, "wrong", 12); got[429] != 2 {
		t.Fatalf("twelve wrong passwords: %v; want two refused", got)
	}
	ev := edge.waitEvent(t, "the sanction", func(ev event) bool { return ev.Type == "sanction" })
	says := func(what, out string, words ...string) {
		t.Helper()
		for _, word := range words {
			if !strings.Contains(out, word) {
				t.Errorf("%s does not say %q:\n%s", what, word, out)
			}
		}
	}
	says("status", edge.doorward(t, "status"), "site shop.test", "attempts 12, refused 2", "login  /login  automatic  12        0          10", "sanctions running: 1", "survives:")
	says("explain ADDRESS", edge.doorward(t, "explain", "127.0.0.3"), "failures: 10.00 in 10m, 10 are let through", "brute_force")
	says("explain ID", edge.doorward(t, "explain", ev.SanctionID), ev.SanctionID, "brute_force", "10 are let through")
	says("explain IDENTITY", edge.doorward(t, "explain", alice), "different wrong passwords of strangers", "latest events:", "failure")
	says("explain of a stranger", edge.doorward(t, "explain", "192.0.2.99"), "nothing is known")
	if out := edge.doorward(t, "events", "-n", "5", "--type", "sanction"); strings.Count(out, "\n") != 1 || !json.Valid([]byte(out)) {
		t.Errorf("events of type sanction: %q; want one JSON line", out)
	}

	says("unblock", edge.doorward(t, "unblock", ev.SanctionID), "ended 1")
	if got := v.login(t, alice, alicePassword); got.status == 429 {
		t.Error("the customer is still refused after unblock")
	}
	if r := edge.run(t, "doorward", "unblock", "s-0000000000000", "--address", edge.admin()); r.code == 0 {
		t.Error("unblocking nothing ended with 0")
	}

	says("block", edge.doorward(t, "block", "127.0.0.9", "--for", "1h", "--reason", "scraper"), "block 127.0.0.9/32 until")
	blocked := edge.visitor(t, "shop.test", "127.0.0.9")
	if got := blocked.get(t, "/"); got.status != 403 {
		t.Errorf("a page for a blocked source: %v; want 403", got)
	}
	says("status", edge.doorward(t, "status"), "block 127.0.0.9/32", "scraper")
	edge.doorward(t, "unblock", "127.0.0.9")
	if got := blocked.get(t, "/"); got.status == 403 {
		t.Error("still blocked after unblock")
	}

	edge.doorward(t, "block", "127.0.0.10", "--class", "login", "--answer", "limit")
	some := edge.visitor(t, "shop.test", "127.0.0.10")
	if page, login := some.get(t, "/"), some.login(t, alice, alicePassword); page.status == 429 || login.status != 429 {
		t.Errorf("blocked for logins: page %v, login %v; want only the login refused", page, login)
	}

	edge.doorward(t, "allow", "127.0.0.11", "--reason", "uptime monitor")
	office := edge.visitor(t, "shop.test", "127.0.0.11")
	for i := range 20 {
		if got := office.login(t, string(rune('a'+i))+"@x.test", "wrong"); got.status != 401 {
			t.Fatalf("attempt %d of an allowed source: %v; want the app's 401", i+1, got)
		}
	}
	edge.waitEvents(t, 20, "attempts of the allowed source", func(ev event) bool { return ev.SourceIP == "127.0.0.11" })
}

// TestOperatorMistakesAreExplained: what is wrong, and nothing changes.
func TestOperatorMistakesAreExplained(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401")
	edge := startEdge(t, edgeConfig{sites: []site{{host: "shop.test", doorward: "mode enforce", app: apps.address("default401")}}})
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no address":            {[]string{"block", "shop.test"}, "no address or range"},
		"most of the internet":  {[]string{"block", "0.0.0.0/0"}, "most of the internet"},
		"unknown class":         {[]string{"block", "192.0.2.1", "--class", "pages"}, "pages"},
		"an answer that passes": {[]string{"block", "192.0.2.1", "--answer", "tag"}, "tag"},
		"no duration":           {[]string{"allow", "192.0.2.1", "--for", "soon"}, "soon"},
		"unknown mode":          {[]string{"mode", "panic"}, "panic"},
		"unblock of a name":     {[]string{"unblock", "alice"}, "alice"},
		"too many events":       {[]string{"events", "-n", "99999999"}, "number"},
	} {
		r := edge.run(t, append(append([]string{"doorward"}, c.args...), "--address", edge.admin())...)
		if r.code == 0 || !strings.Contains(r.stdout+r.stderr, c.want) {
			t.Errorf("%s: ended with %d and says %q%q; want an error that names %q", name, r.code, r.stdout, r.stderr, c.want)
		}
	}
	if out := edge.doorward(t, "status"); strings.Contains(out, "block ") || strings.Contains(out, "OVERRIDDEN") {
		t.Errorf("a mistake changed something:\n%s", out)
	}
}
