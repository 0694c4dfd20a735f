package caddymodule

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector"
)

// Caddy says who the client is, and whom it trusts; headers are never read here.
func TestSourceOf(t *testing.T) {
	t.Parallel()
	addr := netip.MustParseAddr
	for name, c := range map[string]struct {
		remote, client  string
		trusted, strict bool
		header          string
		want            detector.Source
	}{
		"a client":                      {"192.0.2.1:1234", "192.0.2.1", false, false, "", detector.Source{Addr: addr("192.0.2.1"), Peer: addr("192.0.2.1")}},
		"IPv4 written as IPv6":          {"[::ffff:192.0.2.1]:1234", "::ffff:192.0.2.1", false, false, "", detector.Source{Addr: addr("192.0.2.1"), Peer: addr("192.0.2.1")}},
		"an interface behind the %":     {"[fe80::1%eth0]:1234", "fe80::1%eth0", false, false, "", detector.Source{Addr: addr("fe80::1"), Peer: addr("fe80::1")}},
		"a proxy nobody declared":       {"192.0.2.1:1234", "192.0.2.1", false, false, "203.0.113.9", detector.Source{Addr: addr("192.0.2.1"), Peer: addr("192.0.2.1"), Forwarded: true}},
		"a trusted proxy, strict":       {"10.0.0.1:1234", "203.0.113.9", true, true, "203.0.113.9", detector.Source{Addr: addr("203.0.113.9"), Peer: addr("10.0.0.1")}},
		"a trusted proxy, not strict":   {"10.0.0.1:1234", "203.0.113.9", true, false, "203.0.113.9", detector.Source{Addr: addr("203.0.113.9"), Peer: addr("10.0.0.1"), Spoofable: true}},
		"a trusted proxy that is quiet": {"10.0.0.1:1234", "10.0.0.1", true, true, "", detector.Source{Addr: addr("10.0.0.1"), Peer: addr("10.0.0.1"), Critical: detector.CriticalProxy, Untold: true}},
		"a unix socket":                 {"@", "", false, false, "", detector.Source{}},
		"a trusted unix socket":         {"@", "203.0.113.9", true, true, "203.0.113.9", detector.Source{Addr: addr("203.0.113.9")}},
		"the same, not strict":          {"@", "203.0.113.9", true, false, "203.0.113.9", detector.Source{Addr: addr("203.0.113.9"), Spoofable: true}},
		"the same, and it is quiet":     {"@", "@", true, true, "", detector.Source{Critical: detector.CriticalProxy, Untold: true}},
		"an address that is none":       {"pipe", "pipe", false, false, "", detector.Source{}},
	} {
		r := visitor(http.MethodPost, "/login", "username=a&password=b")
		r.RemoteAddr = c.remote
		caddyhttp.SetVar(r.Context(), caddyhttp.ClientIPVarKey, c.client)
		caddyhttp.SetVar(r.Context(), caddyhttp.TrustedProxyVarKey, c.trusted)
		if c.header != "" {
			r.Header.Set("X-Forwarded-For", c.header)
		}
		if got := sourceOf(r, c.strict, nil); fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// What has no address is one source, and no other shares its count.
func TestSocketsHaveABucketOfTheirOwn(t *testing.T) {
	t.Parallel()
	h, _ := newTestHandler(t, config.Site{Mode: config.ModeEnforce, Critical: config.Critical{Off: true}})
	refused := map[string]int{}
	for i := range 30 {
		for _, client := range []string{"@", "pipe", ""} {
			if askFrom(t, h, client, "/login", fmt.Sprintf("username=u%d%s&password=guess%d", i, client, i), wrongPassword) == http.StatusTooManyRequests {
				refused["no address"]++
			}
		}
	}
	if refused["no address"] < 80 {
		t.Errorf("%d of 90 guesses without an address were refused, want at least 80: they are one source", refused["no address"])
	}
	if got := askFrom(t, h, "0.0.0.0", "/login", "username=ann&password=guess", wrongPassword); got != http.StatusUnauthorized {
		t.Errorf("an address beside them: %d, want 401", got)
	}
}

// A proxy that took early data says so (RFC 8470 §5.1).
func TestEarlyDataOfAProxyIsTooEarly(t *testing.T) {
	t.Parallel()
	h, _ := newTestHandler(t, strict)
	for header, early := range map[string]bool{"1": true, "0": false, "": false} {
		r := visitor(http.MethodPost, "/login", "username=a&password=b")
		if header != "" {
			r.Header.Set("Early-Data", header)
		}
		err := h.ServeHTTP(httptest.NewRecorder(), r, caddyhttp.HandlerFunc(wrongPassword))
		var he caddyhttp.HandlerError
		if got := errors.As(err, &he) && he.StatusCode == http.StatusTooEarly; got != early {
			t.Errorf("Early-Data %q: too early %t, want %t", header, got, early)
		}
	}
}

// Believing unix sockets without looking from the right lets clients choose.
func TestTrustInSocketsIsTrust(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		server *caddyhttp.Server
		trusts bool
	}{
		"nobody":       {&caddyhttp.Server{}, false},
		"unix sockets": {&caddyhttp.Server{TrustedProxiesUnix: true}, true},
		"proxies":      {&caddyhttp.Server{TrustedProxiesRaw: []byte(`{"source":"static"}`)}, true},
	} {
		if got := trustsProxies(c.server); got != c.trusts {
			t.Errorf("%s: trusts proxies %t, want %t", name, got, c.trusts)
		}
	}
}

// Clients that no address tells apart are a notice, an event and a metric.
func TestHiddenClientsAreTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		remote, client string
		trusted        bool
		header, notice string
	}{
		"a port forwarding":             {"172.17.0.1:1", "172.17.0.1", false, "", "clients_together"},
		"a trusted proxy that is quiet": {"10.0.0.1:1", "10.0.0.1", true, "", "client_address_absent"},
		"a socket nobody declared":      {"@", "", false, "203.0.113.9", "clients_hidden"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := strict
			site.Routes = []config.Route{{Kind: config.KindLogin, Path: "/login"}}
			h, s := newTestHandler(t, site)
			h.strict = true
			for i := range 60 {
				app := welcome
				if i == 0 {
					app = wrongPassword
				}
				r := visitor(http.MethodPost, "/login", fmt.Sprintf("username=user%d&password=right", i))
				r.RemoteAddr = c.remote
				caddyhttp.SetVar(r.Context(), caddyhttp.ClientIPVarKey, c.client)
				caddyhttp.SetVar(r.Context(), caddyhttp.TrustedProxyVarKey, c.trusted)
				if c.header != "" {
					r.Header.Set("X-Forwarded-For", c.header)
				}
				if err := h.ServeHTTP(httptest.NewRecorder(), r, caddyhttp.HandlerFunc(app)); err != nil {
					t.Fatal(err)
				}
			}
			if _, told := stands(s, c.notice); !told {
				t.Errorf("%s does not stand; standing: %+v", c.notice, s.health.standing())
			}
			for _, n := range s.health.standing() {
				if n.Notice != c.notice && n.Notice != "keys_in_memory" && n.Notice != "nothing_protected" {
					t.Errorf("%s stands as well", n.Notice)
				}
			}
		})
	}
}
