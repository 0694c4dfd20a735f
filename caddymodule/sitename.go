package caddymodule

import (
	"net"
	"net/netip"
	"reflect"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// catchAll is the host part of the name of a site without hosts.
const catchAll = "*"

// siteName is the default name of the site whose handler is being provisioned:
// its hosts, sorted and joined by commas, and the port when it is not that of
// HTTP or HTTPS. It stays the same over reloads as long as the site block has
// the same addresses.
//
// Caddy provisions the routes of a server one after the other and tells no
// handler which one it is in, but the route under way is the first one that
// has handlers to load and none loaded.
func siteName(server *caddyhttp.Server) string {
	if server == nil {
		return catchAll
	}
	hosts := []string{catchAll}
	if route := underway(server); route != nil {
		if found := hostsOf(route); len(found) > 0 {
			hosts = found
		}
	}
	slices.Sort(hosts)
	name := strings.Join(slices.Compact(hosts), ",")
	if port := oddPort(server.Listen); port != "" {
		name += ":" + port
	}
	return name
}

func underway(server *caddyhttp.Server) *caddyhttp.Route {
	for i := range server.Routes {
		route := &server.Routes[i]
		if len(route.Handlers) == 0 && len(route.HandlersRaw) > 0 {
			return route
		}
	}
	return nil
}

func hostsOf(route *caddyhttp.Route) (hosts []string) {
	for _, set := range route.MatcherSets {
		for _, matcher := range set {
			switch m := matcher.(type) {
			case caddyhttp.MatchHost:
				hosts = append(hosts, m...)
			case *caddyhttp.MatchHost:
				hosts = append(hosts, *m...)
			}
		}
	}
	return hosts
}

// oddPort returns the port of the first listener unless it is 80 or 443.
func oddPort(listen []string) string {
	if len(listen) == 0 {
		return ""
	}
	_, port, err := net.SplitHostPort(listen[0])
	if err != nil || port == "80" || port == "443" {
		return ""
	}
	return port
}

// trustsProxies reports whether the server has a source of trusted proxies.
// When handlers are provisioned its raw configuration has been loaded and
// cleared, and what it was loaded into is not exported; reflection may look
// whether it is there. A Caddy that renames the field is taken for one that
// trusts nobody, and the check at run time (Source.Spoofable) still holds.
func trustsProxies(server *caddyhttp.Server) bool {
	field := reflect.ValueOf(server).Elem().FieldByName("trustedProxies")
	return len(server.TrustedProxiesRaw) > 0 || server.TrustedProxiesUnix || (field.IsValid() && !field.IsNil())
}

// private reports whether a range is one that no client on the internet has.
func private(p netip.Prefix) bool {
	a := p.Addr()
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified()
}
