package integration

import (
	"fmt"
	"testing"
)

// behindProxy is a server that believes the last address of X-Forwarded-For
// from connections of this machine.
const behindProxy = "trusted_proxies static 127.0.0.0/8\ntrusted_proxies_strict"

// stuffing tries one password at each of fifty accounts from the address that
// the proxy tells, and counts the statuses.
func stuffing(t *testing.T, edge *edge, host, address string) map[int]int {
	t.Helper()
	v := edge.visitor(t, host, "127.0.0.9")
	if address != "" {
		v.headers.Set("X-Forwarded-For", address)
	}
	statuses := map[int]int{}
	for i := range 50 {
		statuses[v.login(t, fmt.Sprintf("user-%d@x.test", i), fmt.Sprint("leaked ", i)).status]++
	}
	return statuses
}

// TestCriticalAddressesAreNeverBlockedByARule: private ranges, the proxy itself
// and what the operator names; strangers are, and all are where it is off.
func TestCriticalAddressesAreNeverBlockedByARule(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401")
	edge := startEdge(t, edgeConfig{servers: behindProxy, sites: []site{
		{host: "shop.test", doorward: "mode enforce\non credential_stuffing block 1h\ncritical 198.51.100.0/24", app: apps.address("default401")},
		{host: "off.test", doorward: "mode enforce\non credential_stuffing block 1h\ncritical off", app: apps.address("default401")},
	}})
	for _, c := range []struct {
		host, address string
		reached       int
	}{
		{"shop.test", "10.1.2.3", 50},
		{"shop.test", "fd00::7", 50},
		{"shop.test", "198.51.100.7", 50},
		{"shop.test", "", 50},
		{"shop.test", "203.0.113.7", 10},
		{"off.test", "10.1.2.3", 10},
		{"off.test", "", 10},
	} {
		got := stuffing(t, edge, c.host, c.address)
		if got[401] != c.reached || got[403] != 50-c.reached {
			t.Errorf("%s, from %q: %v; want %d let through and the rest blocked", c.host, c.address, got, c.reached)
		}
	}
	edge.waitEvent(t, "what would have been done", func(ev event) bool {
		return ev.SourceIP == "10.1.2.3" && ev.Verdict == "allow" && ev.Would == "block" && ev.Detection == "credential_stuffing"
	})
}

// TestAllowedPathsAndAddresses: exact paths, and what is allowed is recorded.
func TestAllowedPathsAndAddresses(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401")
	edge := startEdge(t, edgeConfig{
		global: `allow 127.0.0.5 "load test" for 1h`,
		sites:  []site{{host: "shop.test", doorward: "mode enforce\nallow /health", app: apps.address("default401")}},
	})
	allowed := edge.visitor(t, "shop.test", "127.0.0.5")
	if got := allowed.guess(t, alice, "guess", 30); got[401] != 30 {
		t.Errorf("30 guesses from an allowed address: %v; want all let through", got)
	}
	edge.waitEvents(t, 20, "would-be refusals of an allowed address", func(ev event) bool {
		return ev.SourceIP == "127.0.0.5" && ev.Verdict == "allow" && ev.Would == "limit"
	})
	edge.doorward(t, "block", "127.0.0.6", "--reason", "test")
	blocked := edge.visitor(t, "shop.test", "127.0.0.6")
	for path, refused := range map[string]bool{"/health": false, "/healthx": true, "/health/x": true, "/": true} {
		if got := blocked.get(t, path).status; (got == 403) != refused {
			t.Errorf("%s for a blocked address: %d; want it refused: %t", path, got, refused)
		}
	}
}
