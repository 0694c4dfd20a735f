package integration

import (
	"strings"
	"sync"
	"testing"
)

// TestReloadKeepsCountsAndSanctions: a reload, with whatever changes, is no
// amnesty.
func TestReloadKeepsCountsAndSanctions(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401", "redirect")
	edge := startEdge(t, edgeConfig{sites: []site{
		{host: "shop.test", doorward: "mode enforce", app: apps.address("default401")},
		{host: "limit.test", doorward: "mode enforce\nlimit login 6/10m per source", app: apps.address("redirect")},
	}})
	v := edge.visitor(t, "shop.test", "127.0.0.9")
	limited := edge.visitor(t, "limit.test", "127.0.0.9")

	v.guess(t, alice, "before", 5)
	limited.guess(t, alice, "before", 3)
	edge.config.sites[0].extra = "header X-Version 2"
	edge.config.global = "queue 4096"
	edge.reload(t)
	if got := v.get(t, "/"); got.header.Get("X-Version") != "2" {
		t.Fatalf("the reload changed nothing: %v", got)
	}
	if got := v.guess(t, alice, "after", 7); got[401] != 5 || got[429] != 2 {
		t.Errorf("seven guesses after five and a reload: %v; want 5 let through and 2 refused", got)
	}
	if got := limited.guess(t, alice, "after", 5); got[302] != 3 || got[429] != 2 {
		t.Errorf("five attempts after three and a reload, with a limit of six: %v; want 3 let through and 2 refused", got)
	}
	for i := range 3 {
		edge.reload(t)
		if got := v.login(t, alice, alicePassword); got.status != 429 {
			t.Errorf("after reload %d of a running sanction: %v; want 429", i+1, got)
		}
	}
	if got := edge.visitor(t, "shop.test", "127.0.0.10").login(t, alice, alicePassword); got.status != 200 {
		t.Errorf("the real user after four reloads: %v; want 200", got)
	}
}

// TestRefusedReloadChangesNothing: an impossible line is named with its file
// and line, and the running configuration, its counts and sanctions stay.
func TestRefusedReloadChangesNothing(t *testing.T) {
	t.Parallel()
	apps, edge := shop(t, "default401", "")
	refused := refuse(t, edge, "shop.test", "127.0.0.9")
	counted := edge.visitor(t, "shop.test", "127.0.0.8")
	counted.guess(t, bob, "before", 6)

	good := edge.config.sites[0]
	for _, bad := range []string{"threshold source 0/10m", "on brute_force shout", "on tor login challenge", "login POST session", "mode perhaps"} {
		edge.config.sites[0].doorward = bad
		r := edge.tryReload(t)
		if r.code == 0 || !strings.Contains(r.stderr, "Caddyfile:") {
			t.Errorf("a reload with `%s` ended with %d: %s; want an error with file and line", bad, r.code, r.stderr)
		}
	}
	// A configuration that is found wrong only when it is started: the address
	// (RFC 5737) is no machine's.
	edge.config.sites = []site{good, {host: "other.test", extra: "bind 192.0.2.1"}}
	if r := edge.tryReload(t); r.code == 0 {
		t.Error("a reload with an address that cannot be listened on was accepted")
	}
	edge.config.sites = []site{good}

	if got := refused.login(t, alice, alicePassword); got.status != 429 {
		t.Errorf("a refused source after refused reloads: %v; want 429", got)
	}
	if got := counted.guess(t, bob, "after", 6); got[401] != 4 || got[429] != 2 {
		t.Errorf("six guesses after six and refused reloads: %v; want 4 let through and 2 refused", got)
	}
	if got := edge.visitor(t, "shop.test", "127.0.0.10").login(t, alice, alicePassword); got.status != 200 {
		t.Errorf("the real user: %v; want 200", got)
	}
	if reached := apps.logins(t, "default401"); reached != 21 {
		t.Errorf("%d logins reached the app; want 10 and 10 guesses and the real user", reached)
	}
}

// TestReloadUnderLoad: nobody is let through because a reload happens
// meanwhile. A reload of any Caddy on Linux may drop the connections that wait
// in the accept queue of the old listener; this client has one at a time.
func TestReloadUnderLoad(t *testing.T) {
	t.Parallel()
	apps, edge := shop(t, "slow", "")
	v := edge.visitor(t, "shop.test", "127.0.0.9")
	stop := make(chan struct{})
	var guessing sync.WaitGroup
	statuses := map[int]int{}
	var dropped []error
	guessing.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			req := v.guessRequest(alice, i)
			req.Close = true // a reload closes idle connections, whoever is about to use one
			got, err := v.try(req)
			if err != nil {
				dropped = append(dropped, err)
				continue
			}
			statuses[got.status]++
		}
	})
	const reloads = 5
	for range reloads {
		if r := edge.tryReload(t); r.code != 0 {
			t.Errorf("caddy reload ended with %d:\n%s", r.code, r.stderr)
		}
	}
	close(stop)
	guessing.Wait()
	if len(dropped) > reloads {
		t.Errorf("%d connections dropped during %d reloads: %v", len(dropped), reloads, dropped)
	}
	if statuses[401] != 10 || statuses[429] == 0 || len(statuses) != 2 {
		t.Errorf("guesses during five reloads: %v; want 10 answered by the app and the rest refused", statuses)
	}
	if reached := apps.logins(t, "slow"); reached != 10 {
		t.Errorf("%d guesses reached the app; want 10", reached)
	}
}
