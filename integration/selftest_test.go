package integration

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// selftest is the answer of `caddy doorward selftest --json`.
type selftest struct {
	Checks []struct{ Level, Check, Site, What, Why, Advice string }
}

func (s selftest) has(level, check, what string) bool {
	for _, c := range s.Checks {
		if c.Level == level && c.Check == check && strings.Contains(c.What, what) {
			return true
		}
	}
	return false
}

// selftest runs the command and returns what it found and how it ended.
func (e *edge) selftest(t *testing.T, args ...string) (selftest, result) {
	t.Helper()
	r := e.run(t, append([]string{"doorward", "selftest", "--json", "--address", e.admin()}, args...)...)
	var found selftest
	if err := json.Unmarshal([]byte(r.stdout), &found); err != nil {
		t.Fatalf("selftest ended with %d and prints no JSON: %v\n%s%s", r.code, err, r.stdout, r.stderr)
	}
	return found, r
}

// TestSelftestOfARunningServer: an operator asks before the first visitor comes
// and after some did; nothing of what the test makes up reaches app or counts.
func TestSelftestOfARunningServer(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401")
	edge := startEdge(t, edgeConfig{sites: []site{{host: "shop.test", doorward: "login POST /session {\nidentifier email form user[email]\npassword form user[password]\nsuccess {\nredirect /home*\n}\nfailure {\nstatus 401\n}\n}", app: apps.address("default401")}}})
	found, r := edge.selftest(t)
	if r.code != 0 || !found.has("ok", "recognition", "9 of 9") || !found.has("ok", "declaration", "login POST /session recognises") || !found.has("ok", "outcomes", "no attempt was seen yet") {
		t.Errorf("before any visitor it ended with %d: %+v", r.code, found)
	}
	v := edge.visitor(t, "shop.test", "127.0.0.3")
	for range 3 {
		v.login(t, alice, alicePassword)
		v.login(t, alice, "wrong")
	}
	found, r = edge.selftest(t, "--site", "shop.test")
	if r.code != 0 || !found.has("ok", "outcomes", "6 attempts, 6 answered by the app, 0 outcomes unknown") ||
		!found.has("warning", "routes", "declared login POST /session saw no attempt, while 6 arrived at /login") {
		t.Errorf("after six logins it ended with %d: %+v", r.code, found)
	}
	if reached := apps.logins(t, "default401"); reached != 6 {
		t.Errorf("%d logins reached the app, want the six of the visitor", reached)
	}
	text := edge.doorward(t, "selftest")
	for _, want := range []string{"ok       addresses ", "warning  routes ", "ok       store ", "0 failed\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("as text it does not say %q:\n%s", want, text)
		}
	}
	if r := edge.run(t, "doorward", "selftest", "--site", "other.test", "--address", edge.admin()); r.code == 0 || !strings.Contains(r.stderr, "shop.test") {
		t.Errorf("a site that is not there: ended with %d and says %s; want the names of those that are", r.code, r.stderr)
	}
}

// TestSelftestFailsWhereNothingIsProtected: its exit code is for scripts, and
// the log and the metrics tell by themselves.
func TestSelftestFailsWhereNothingIsProtected(t *testing.T) {
	t.Parallel()
	edge := startEdge(t, edgeConfig{
		servers: "trusted_proxies static 127.0.0.2/32",
		sites: []site{
			{host: "bare.test", doorward: "automatic off", extra: "respond hello"},
			{host: "odd.test", doorward: "login POST /users/login {\nidentifier user path 1\n}", extra: "respond hello"},
		},
	})
	found, r := edge.selftest(t)
	if r.code == 0 {
		t.Error("it ended with 0")
	}
	for check, what := range map[string]string{"protection": "automatic off", "declaration": "login POST /users/login", "addresses": "trusted_proxies_strict"} {
		if !found.has("failed", check, what) {
			t.Errorf("%s has not failed because of %s: %+v", check, what, found)
		}
	}
	for _, told := range []string{"nothing is protected", "login POST /users/login does not recognise what it declares"} {
		if !strings.Contains(edge.log.String(), told) {
			t.Errorf("at load the log did not say %q", told)
		}
	}
	if !eventually(10*time.Second, func() bool {
		return strings.Contains(edge.doorward(t, "status"), "HEALTH nothing_protected (bare.test")
	}) {
		t.Errorf("status does not say that nothing is protected:\n%s", edge.doorward(t, "status"))
	}
	if found, _ := edge.selftest(t, "--site", "odd.test"); found.has("failed", "protection", "") {
		t.Errorf("with --site it tells of another one: %+v", found)
	}
}

// TestHandlerTwiceInASite: the directive stands twice; attempts count once.
func TestHandlerTwiceInASite(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401")
	edge := startEdge(t, edgeConfig{sites: []site{{host: "shop.test", doorward: "mode enforce", extra: "doorward enforce", app: apps.address("default401")}}})
	v := edge.visitor(t, "shop.test", "127.0.0.3")
	if got := v.guess(t, alice, "wrong", 12); got[401] != 10 || got[429] != 2 {
		t.Errorf("twelve wrong passwords: %v; want ten let through", got)
	}
	if found, r := edge.selftest(t); r.code != 0 || !found.has("warning", "health", "handled_twice") {
		t.Errorf("selftest ended with %d: %+v; want a warning of handled_twice", r.code, found)
	}
	if got := edge.waitEvents(t, 12, "attempts", func(ev event) bool { return ev.Type == "attempt" }); len(got) != 12 {
		t.Errorf("%d events tell of twelve attempts", len(got))
	}
}

// TestLearnedAnswersSurviveAReload, and end by relearn, which leaves sanctions
// alone.
func TestLearnedAnswersSurviveAReload(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401")
	edge := startEdge(t, edgeConfig{sites: []site{{host: "shop.test", doorward: "mode enforce", app: apps.address("default401")}}})
	v := edge.visitor(t, "shop.test", "127.0.0.3")
	v.guess(t, alice, "wrong", 12)
	const learned, decides = "learned answers of login /login", "stands for failure"
	says := func(when string, want bool) {
		t.Helper()
		out := edge.doorward(t, "status")
		if got := strings.Contains(out, learned) && strings.Contains(out, decides); got != want {
			t.Errorf("%s status tells of learned answers: %t, want %t:\n%s", when, got, want, out)
		}
	}
	says("after ten failures", true)
	edge.config.sites[0].extra = "header X-Version 2"
	edge.reload(t)
	if got := v.get(t, "/"); got.header.Get("X-Version") != "2" {
		t.Fatalf("the reload changed nothing: %v", got)
	}
	says("after a reload", true)

	if out := edge.doorward(t, "relearn", "--site", "shop.test"); out != "forgot 1 routes of 1 sites\n" {
		t.Errorf("relearn says %q", out)
	}
	says("after relearn", false)
	edge.waitEvent(t, "the relearn", func(ev event) bool { return ev.Type == "operator" && ev.Rule == "relearn" })
	if got := v.login(t, alice, alicePassword); got.status != 429 {
		t.Errorf("the guesser after relearn: %v; want 429", got)
	}
	if r := edge.run(t, "doorward", "relearn", "--site", "other.test", "--address", edge.admin()); r.code == 0 || !strings.Contains(r.stderr, "shop.test") {
		t.Errorf("relearn of a site that is not there ended with %d: %s", r.code, r.stderr)
	}
}
