package caddymodule

import (
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/gaissmai/bart"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/recognize"
)

// criticalBook knows the sources of a site that no rule shuts out. It never
// changes once it is made; nil knows none.
type criticalBook struct {
	ranges    bart.Lite
	upstreams []netip.Addr
}

// newCriticalBook reads what the operator wrote, and the addresses that the
// reverse proxies of the site block ask.
func newCriticalBook(c config.Critical, server *caddyhttp.Server) (*criticalBook, error) {
	if c.Off {
		return nil, nil
	}
	prefixes, err := c.Prefixes()
	if err != nil {
		return nil, err
	}
	book := &criticalBook{upstreams: upstreamsOf(server)}
	for _, p := range prefixes {
		book.ranges.Insert(p)
	}
	return book, nil
}

// mark notes why the source is critical. An address that the client may have
// chosen never is.
func (b *criticalBook) mark(s *detector.Source) {
	switch {
	case b == nil || s.Spoofable:
		s.Critical = ""
	case s.Critical != "": // a trusted proxy
	case !s.Addr.IsValid():
		s.Critical = detector.CriticalUnknown
	case s.Addr == v4Loopback || s.Addr == netip.IPv6Loopback():
		s.Critical = detector.CriticalLoopback
	case s.Addr.IsPrivate() || s.Addr.IsLinkLocalUnicast():
		s.Critical = detector.CriticalPrivate
	case slices.Contains(b.upstreams, s.Addr):
		s.Critical = detector.CriticalUpstream
	case b.ranges.Contains(s.Addr):
		s.Critical = detector.CriticalConfigured
	}
}

var v4Loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// maxUpstreams bounds how many addresses of upstreams are compared.
const maxUpstreams = 256

// upstreamsOf finds the addresses of the upstreams in the route whose handlers
// are being provisioned. Names are not looked up: provisioning does no I/O, and
// what a name means changes. This machine's own addresses say nothing about an
// app: they are judged as such.
func upstreamsOf(server *caddyhttp.Server) (addrs []netip.Addr) {
	if server == nil {
		return nil
	}
	route := underway(server)
	if route == nil {
		return nil
	}
	for _, raw := range route.HandlersRaw {
		var handler any
		if json.Unmarshal(raw, &handler) == nil {
			addrs = appendUpstreams(addrs, handler)
		}
	}
	return addrs
}

func appendUpstreams(addrs []netip.Addr, value any) []netip.Addr {
	switch v := value.(type) {
	case []any:
		for _, element := range v {
			addrs = appendUpstreams(addrs, element)
		}
	case map[string]any:
		if dial, ok := v["dial"].(string); ok {
			return appendAddr(addrs, dial)
		}
		for _, element := range v {
			addrs = appendUpstreams(addrs, element)
		}
	}
	return addrs
}

func appendAddr(addrs []netip.Addr, dial string) []netip.Addr {
	host, _, err := net.SplitHostPort(dial)
	if err != nil {
		return addrs
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.IsLoopback() || len(addrs) == maxUpstreams {
		return addrs
	}
	return append(addrs, addr.Unmap().WithZone(""))
}

// allowedPath reports whether nobody is refused on the path of the request, in
// any spelling that routes take for the same. A path that leads elsewhere once
// somebody resolves its dots is none: `/health/../login` is a login to an app
// behind a `/health/*`.
func (h *Handler) allowedPath(now time.Time, r *http.Request) bool {
	book := &h.app.state.detector.Book
	if len(h.Site.Allow) == 0 && !book.AllowsPaths() || wanders(r.URL.Path) {
		return false
	}
	for i := range h.Site.Allow {
		e := &h.Site.Allow[i]
		if (e.Until.IsZero() || now.Before(e.Until)) && recognize.PathMatches(e.Path, r.URL.Path) {
			return true
		}
	}
	return book.AllowsPath(now, h.policy.Site().Name, func(pattern string) bool {
		return recognize.PathMatches(pattern, r.URL.Path)
	})
}

// wanders reports whether a segment of the path begins with a dot and another or
// a slash, also as some servers write segments: /..;x/ (Tomcat) and \..\ (IIS).
func wanders(path string) bool {
	return strings.Contains(path, "/..") || strings.Contains(path, "/./") || strings.Contains(path, `\`)
}
