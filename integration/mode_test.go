package integration

import "testing"

// TestModes sends the same traffic through the three modes: off does nothing,
// observe tells and lets pass, enforce tells and refuses.
func TestModes(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401", "redirect", "rerender")
	sites := []site{
		{host: "off.test", doorward: "mode off", app: apps.address("default401")},
		{host: "observe.test", doorward: "mode observe", app: apps.address("redirect")},
		{host: "enforce.test", doorward: "mode enforce", app: apps.address("rerender")},
	}
	edge := startEdge(t, edgeConfig{sites: sites})
	const tries = 25
	refused := map[string]int{}
	for _, s := range sites {
		refused[s.host] = edge.visitor(t, s.host, "127.0.0.3").guess(t, alice, "wrong", tries)[429]
	}
	if refused["off.test"] != 0 || refused["observe.test"] != 0 || refused["enforce.test"] != tries-10 {
		t.Errorf("refused of %d wrong passwords: %v; want none, none and %d", tries, refused, tries-10)
	}
	reached := []int{apps.logins(t, "default401"), apps.logins(t, "redirect"), apps.logins(t, "rerender")}
	if reached[0] != tries || reached[1] != tries || reached[2] != 10 {
		t.Errorf("reached the app in off, observe and enforce: %v; want %d, %d and 10", reached, tries, tries)
	}
	observed := func(ev event) bool { return ev.at("observe.test") && ev.Type == "attempt" }
	edge.waitEvents(t, tries, "attempts in observe", observed)
	would := edge.matching(t, func(ev event) bool { return observed(ev) && ev.Would != "" })
	if len(would) < tries-10 {
		t.Errorf("observe: %d events say what would have been done; want %d", len(would), tries-10)
	}
	for _, ev := range would {
		if ev.Verdict != "allow" || ev.Detection == "" || ev.Rule == "" {
			t.Errorf("observe: event %+v; want it allowed, with the detection and rule that would have refused it", ev)
			break
		}
	}
	edge.waitEvent(t, "a refusal in enforce", func(ev event) bool { return ev.at("enforce.test") && ev.Verdict == "limit" })
	if got := edge.matching(t, func(ev event) bool { return ev.at("off.test") }); len(got) != 0 {
		t.Errorf("off: %d events; want none", len(got))
	}
}

// TestModeWithoutReload: the kill switch of an operator at night.
func TestModeWithoutReload(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401")
	edge := startEdge(t, edgeConfig{sites: []site{{host: "shop.test", doorward: "mode enforce", app: apps.address("default401")}}})
	v := edge.visitor(t, "shop.test", "127.0.0.3")
	if got := v.guess(t, alice, "before", 12); got[429] != 2 {
		t.Fatalf("twelve wrong passwords: %v; want two refused", got)
	}
	edge.doorward(t, "mode", "observe")
	if got := v.login(t, alice, alicePassword); got.status != 200 {
		t.Errorf("the real user after `mode observe`: %v; want 200", got)
	}
	edge.doorward(t, "mode", "enforce")
	other := edge.visitor(t, "shop.test", "127.0.0.4")
	if got := other.guess(t, bob, "after", 12); got[429] != 2 {
		t.Errorf("twelve wrong passwords after `mode enforce`: %v; want two refused", got)
	}
}

// TestGentleStart: without `mode`, a route that was found automatically is not
// enforced at the normal threshold on its first day, and the events tell what
// would have been refused; a declared one is.
func TestGentleStart(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401", "redirect")
	edge := startEdge(t, edgeConfig{sites: []site{
		{host: "automatic.test", app: apps.address("default401")},
		{host: "declared.test", doorward: "login POST /login", app: apps.address("redirect")},
	}})
	if got := edge.visitor(t, "automatic.test", "127.0.0.3").guess(t, alice, "wrong", 20); got[429] != 0 {
		t.Errorf("20 wrong passwords on a route found automatically: %v; want none refused yet", got)
	}
	edge.waitEvent(t, "what would have been refused", func(ev event) bool { return ev.at("automatic.test") && ev.Would != "" })
	if got := edge.visitor(t, "declared.test", "127.0.0.4").guess(t, alice, "wrong", 20); got[429] != 10 {
		t.Errorf("20 wrong passwords on a declared route: %v; want 10 refused", got)
	}
	if got := edge.visitor(t, "automatic.test", "127.0.0.5").guess(t, alice, "more", 120); got[429] == 0 {
		t.Errorf("120 wrong passwords on a route found automatically: %v; want some refused, at ten times the threshold", got)
	}
}
