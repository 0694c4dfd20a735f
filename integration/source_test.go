package integration

import (
	"fmt"
	"testing"
)

// trustedProxy declares the proxy at 127.0.0.2, whose forwarding header is
// read from the right.
const trustedProxy = "trusted_proxies static 127.0.0.2/32\ntrusted_proxies_strict"

// TestForwardingHeadersOfStrangers: a client that invents a new
// X-Forwarded-For for every guess is one source all the same.
func TestForwardingHeadersOfStrangers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, servers string
	}{
		{"no proxy declared", ""},
		{"another proxy declared", trustedProxy},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			apps := startApps(t, "default401")
			edge := startEdge(t, edgeConfig{
				servers: c.servers,
				sites:   []site{{host: "shop.test", doorward: "mode enforce", app: apps.address("default401")}},
			})
			v := edge.visitor(t, "shop.test", "127.0.0.9")
			for i := range 50 {
				for _, name := range []string{"X-Forwarded-For", "X-Real-IP", "Client-IP", "True-Client-IP", "CF-Connecting-IP", "Forwarded"} {
					v.headers.Set(name, fmt.Sprintf("203.0.113.%d", i+1))
				}
				v.login(t, fmt.Sprintf("user-%d@x.test", i), fmt.Sprint("guess ", i))
			}
			if reached := apps.logins(t, "default401"); reached != 10 {
				t.Errorf("%d of 50 reached the app; want 10", reached)
			}
			for _, ev := range edge.waitEvents(t, 10, "logins", fromAddress("127.0.0.9")) {
				if ev.SourceIP != "127.0.0.9" {
					t.Errorf("event of %s; want the address of the connection", ev.SourceIP)
				}
			}
		})
	}
}

// TestClientsBehindATrustedProxy: the proxy's header separates the clients; the
// part of it that a client wrote does not count.
func TestClientsBehindATrustedProxy(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401")
	edge := startEdge(t, edgeConfig{
		servers: trustedProxy,
		sites:   []site{{host: "shop.test", doorward: "mode enforce", app: apps.address("default401")}},
	})
	proxy := edge.visitor(t, "shop.test", "127.0.0.2")
	refused := 0
	for i := range 30 {
		// The client's own invention, then what the proxy appends.
		proxy.headers.Set("X-Forwarded-For", fmt.Sprintf("198.51.100.%d, 203.0.113.9", i+1))
		if proxy.login(t, alice, fmt.Sprint("guess ", i)).status == 429 {
			refused++
		}
	}
	if reached := apps.logins(t, "default401"); reached != 10 || refused != 20 {
		t.Errorf("%d of 30 guesses of one client reached the app and %d were refused; want 10 and 20", reached, refused)
	}
	edge.waitEvent(t, "a login of the client", fromAddress("203.0.113.9"))
	proxy.headers.Set("X-Forwarded-For", "203.0.113.10")
	if got := proxy.login(t, alice, alicePassword); got.status != 200 {
		t.Errorf("another client behind the proxy: %v; want 200", got)
	}
}

// TestOneNetworkIsOneSource: IPv6 gives every customer 2^64 addresses; a /64 is
// one source, the next /64 another.
func TestOneNetworkIsOneSource(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401")
	edge := startEdge(t, edgeConfig{
		servers: trustedProxy,
		sites:   []site{{host: "shop.test", doorward: "mode enforce", app: apps.address("default401")}},
	})
	proxy := edge.visitor(t, "shop.test", "127.0.0.2")
	for i := range 40 {
		proxy.headers.Set("X-Forwarded-For", fmt.Sprintf("2001:db8:0:1:%x::%x", i*7+1, i+1))
		proxy.login(t, fmt.Sprintf("user-%d@x.test", i), fmt.Sprint("guess ", i))
	}
	if reached := apps.logins(t, "default401"); reached != 10 {
		t.Errorf("%d of 40 guesses from one /64 reached the app; want 10", reached)
	}
	proxy.headers.Set("X-Forwarded-For", "2001:db8:0:2::1")
	if got := proxy.login(t, alice, alicePassword); got.status != 200 {
		t.Errorf("a client of the next /64: %v; want 200", got)
	}
}
