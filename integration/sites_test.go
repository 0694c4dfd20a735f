package integration

import (
	"strings"
	"testing"
)

// TestSitesDoNotJudgeEachOther: two shops on one server, the same guesser, the
// same user. An attack on one changes no verdict on the other; sites joined by
// name share what they know.
func TestSitesDoNotJudgeEachOther(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401", "redirect")
	edge := startEdge(t, edgeConfig{sites: []site{
		{host: "a.test", doorward: "mode enforce\nlimit login 30/10m per source", app: apps.address("default401")},
		{host: "b.test", doorward: "mode enforce\nlimit login 30/10m per source", app: apps.address("redirect")},
		{host: "c.test", doorward: "mode enforce\nsite shop", app: apps.address("default401")},
		{host: "d.test", doorward: "mode enforce\nsite shop", app: apps.address("default401")},
	}})
	const office = "127.0.0.9"
	a, b := edge.visitor(t, "a.test", office), edge.visitor(t, "b.test", office)
	if got := a.guess(t, alice, "guess", 60); got[401] != 10 || got[429] != 50 {
		t.Fatalf("60 guesses at A: %v; want 10 let through", got)
	}
	if got := b.login(t, alice, alicePassword); got.status != 302 || got.header.Get("Location") != "/" {
		t.Errorf("the same user from the same source at B: %v; want a login", got)
	}
	// B's own budget is whole: the success above did not count.
	if got := b.guess(t, alice, "guess", 12); got[302] != 10 || got[429] != 2 {
		t.Errorf("12 guesses at B: %v; want 10 let through, as if A had not been", got)
	}
	pseudonyms := map[string]string{}
	for _, ev := range edge.waitEvents(t, 20, "logins", fromAddress(office)) {
		if ev.Kind == "login" {
			name, _, _ := strings.Cut(ev.Site, ":")
			pseudonyms[name] = ev.Pseudonym
		}
	}
	if pseudonyms["a.test"] == "" || pseudonyms["a.test"] == pseudonyms["b.test"] {
		t.Errorf("pseudonyms by site %v; want different ones for the same name", pseudonyms)
	}

	c, d := edge.visitor(t, "c.test", office), edge.visitor(t, "d.test", office)
	c.guess(t, bob, "guess", 12)
	if got := d.login(t, bob, "guess 13"); got.status != 429 {
		t.Errorf("a guess at D after twelve at C, which are one site: %v; want 429", got)
	}
}
