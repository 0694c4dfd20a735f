package intel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
)

// notPublic are the ranges that IANA's special-purpose registries do not call
// globally reachable, and that netip has no name for.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),       // this network, RFC 791
	netip.MustParsePrefix("100.64.0.0/10"),   // shared by a carrier, RFC 6598
	netip.MustParsePrefix("192.0.0.0/24"),    // protocol assignments, RFC 6890
	netip.MustParsePrefix("192.0.2.0/24"),    // documentation, RFC 5737
	netip.MustParsePrefix("198.18.0.0/15"),   // benchmarks, RFC 2544
	netip.MustParsePrefix("198.51.100.0/24"), // documentation
	netip.MustParsePrefix("203.0.113.0/24"),  // documentation
	netip.MustParsePrefix("240.0.0.0/4"),     // reserved, RFC 1112
	netip.MustParsePrefix("100::/64"),        // discard, RFC 6666
	netip.MustParsePrefix("2001:db8::/32"),   // documentation, RFC 3849
	netip.MustParsePrefix("3fff::/20"),       // documentation, RFC 9637
	netip.MustParsePrefix("fec0::/10"),       // site-local, RFC 3879
	netip.MustParsePrefix("64:ff9b:1::/48"),  // local translation, RFC 8215
	netip.MustParsePrefix("2001::/32"),       // Teredo: the IPv4 address in it is hidden, RFC 4380
}

// Ranges that carry an IPv4 address, and where in it.
var carriers = []struct {
	prefix netip.Prefix
	at     int
}{
	{netip.MustParsePrefix("64:ff9b::/96"), 12}, // translation, RFC 6052
	{netip.MustParsePrefix("2002::/16"), 2},     // 6to4, RFC 3056
	{netip.MustParsePrefix("::/96"), 12},        // IPv4-compatible, RFC 4291
}

// public reports whether addr belongs to the internet. An IPv4 address inside
// an IPv6 one is judged as the IPv4 address.
func public(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	if !addr.IsGlobalUnicast() || addr.IsPrivate() {
		return false
	}
	for _, p := range notPublic {
		if p.Contains(addr) {
			return false
		}
	}
	for _, c := range carriers {
		if c.prefix.Contains(addr) {
			b := addr.As16()
			return public(netip.AddrFrom4([4]byte(b[c.at : c.at+4])))
		}
	}
	return true
}

// errPrivate is why an address is not asked.
func errPrivate(addr netip.Addr) error {
	return fmt.Errorf("%s is no public address; write `allow_private` into the list if it is meant", addr)
}

// refusePrivate is called by a dialer with the address it is about to connect
// to, after the name was resolved: whatever the name meant a moment ago, and
// wherever a redirect led, this is where the bytes would go.
func refusePrivate(_ context.Context, _, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return errors.New("the address to connect to is unreadable")
	}
	if !public(to.Addr()) {
		return errPrivate(to.Addr().Unmap())
	}
	return nil
}

// publicTransport asks public addresses only. What goes through a proxy of the
// environment (HTTPS_PROXY …) is resolved by the proxy: then only an address
// that stands in the URL is refused, and the proxy decides about names.
type publicTransport struct {
	direct, proxied *http.Transport
	proxy           func(*http.Request) (bool, error) // whether a proxy is asked
}

func newPublicTransport() *publicTransport {
	direct := newTransport()
	direct.Proxy = nil
	direct.DialContext = (&net.Dialer{Timeout: dialTimeout, ControlContext: refusePrivate}).DialContext
	return &publicTransport{direct: direct, proxied: newTransport(), proxy: func(r *http.Request) (bool, error) {
		u, err := http.ProxyFromEnvironment(r)
		return u != nil, err
	}}
}

// RoundTrip asks.
func (t *publicTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	proxied, err := t.proxy(req)
	if err != nil {
		return nil, err
	}
	if !proxied {
		return t.direct.RoundTrip(req)
	}
	if addr, err := netip.ParseAddr(req.URL.Hostname()); err == nil && !public(addr) {
		return nil, errPrivate(addr)
	}
	return t.proxied.RoundTrip(req)
}
