package caddymodule

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector"
)

func TestCriticalSources(t *testing.T) {
	t.Parallel()
	proxy := `{"handler":"subroute","routes":[{"handle":[{"handler":"reverse_proxy","upstreams":[
		{"dial":"198.51.100.9:3000"},{"dial":"[2001:db8::9]:3000"},{"dial":"app.internal:3000"},{"dial":"127.0.0.2:80"},{"dial":"unix//run/app.sock"}]}]}]}`
	server := &caddyhttp.Server{Routes: caddyhttp.RouteList{{HandlersRaw: []json.RawMessage{json.RawMessage(proxy)}}}}
	book, err := newCriticalBook(config.Critical{Ranges: []string{"203.0.113.0/24", "2001:db8:cd::/48"}}, server)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, addr string
		source     detector.Source
		want       detector.Critical
	}{
		{"a stranger", "192.0.2.1", detector.Source{}, ""},
		{"private", "10.1.2.3", detector.Source{}, detector.CriticalPrivate},
		{"private IPv6", "fd00::1", detector.Source{}, detector.CriticalPrivate},
		{"link-local", "fe80::1", detector.Source{}, detector.CriticalPrivate},
		{"a carrier's shared address is its customers'", "100.64.0.1", detector.Source{}, ""},
		{"this machine", "127.0.0.1", detector.Source{}, detector.CriticalLoopback},
		{"this machine, IPv6", "::1", detector.Source{}, detector.CriticalLoopback},
		{"upstream", "198.51.100.9", detector.Source{}, detector.CriticalUpstream},
		{"upstream, IPv6", "2001:db8::9", detector.Source{}, detector.CriticalUpstream},
		{"a configured range", "203.0.113.77", detector.Source{}, detector.CriticalConfigured},
		{"a configured range, IPv6", "2001:db8:cd::5", detector.Source{}, detector.CriticalConfigured},
		{"trusted proxy without a client", "192.0.2.1", detector.Source{Critical: detector.CriticalProxy}, detector.CriticalProxy},
		{"chosen by the client", "10.1.2.3", detector.Source{Spoofable: true}, ""},
		{"no address", "", detector.Source{}, detector.CriticalUnknown},
	} {
		s := test.source
		if test.addr != "" {
			s.Addr = netip.MustParseAddr(test.addr)
		}
		if book.mark(&s); s.Critical != test.want {
			t.Errorf("%s: %q, want %q", test.name, s.Critical, test.want)
		}
		if (*criticalBook)(nil).mark(&s); s.Critical != "" {
			t.Errorf("%s: %q though critical is off", test.name, s.Critical)
		}
	}
}

func TestAllowedPathIsExact(t *testing.T) {
	t.Parallel()
	site := strict
	site.Allow = []config.AllowPath{
		{Path: "/health"}, {Path: "/status/*"}, {Path: "/old", Until: time.Now().Add(-time.Hour)}, {Path: "/soon", Until: time.Now().Add(time.Hour)},
	}
	h, _ := newTestHandler(t, site)
	for path, want := range map[string]bool{
		"/health": true, "/healthx": false, "/health/x": false, "/health/": true, "/": false, "/x/health": false,
		"/status/a": true, "/statusx": false, "/old": false, "/soon": true,
		"/health/../login": false, "/login;/health": false,
	} {
		if got := h.allowedPath(time.Now(), visitor(http.MethodGet, path, "")); got != want {
			t.Errorf("%s: allowed %t, want %t", path, got, want)
		}
	}
}
