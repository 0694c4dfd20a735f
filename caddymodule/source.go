package caddymodule

import (
	"net/http"
	"net/netip"
	"slices"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/intel"
)

// forwardingHeaders are the headers by which proxies tell for whom they ask.
// Their values are never read here: only Caddy, told by trusted_proxies whom
// to believe, reads them. That one is there is all that counts.
var forwardingHeaders = []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "Cf-Connecting-Ip", "True-Client-Ip"}

// sourceOf tells where a request came from. strict is whether the server walks
// trusted proxies from the right.
func sourceOf(r *http.Request, strict bool, lists *intel.Book) detector.Source {
	text, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	trusted, _ := caddyhttp.GetVar(r.Context(), caddyhttp.TrustedProxyVarKey).(bool)
	s := detector.Source{Peer: peerOf(r)}
	if addr, err := netip.ParseAddr(text); err == nil {
		s.Addr = addr.Unmap().WithZone("")
	}
	s.Spoofable = trusted && !strict && s.Addr != s.Peer
	s.Forwarded = !trusted && forwarded(r.Header)
	if trusted && s.Addr == s.Peer {
		s.Critical, s.Untold = detector.CriticalProxy, true
	}
	if lists != nil {
		if found := lists.Lookup(s.Addr); found.Any() {
			s.Lists = found.Names()
		}
	}
	return s
}

func peerOf(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return peer.Addr().Unmap().WithZone("")
}

func forwarded(h http.Header) bool {
	for _, name := range forwardingHeaders {
		if len(h[name]) > 0 {
			return true
		}
	}
	return false
}

// tooEarly reports whether the request came before a handshake was complete, its
// own or that of a client with a proxy before Caddy: its address is not proved
// yet, and it may be a replay. Who wrote the header himself is told to try again
// and does himself no good (RFC 8470 §5.1, §5.2).
func tooEarly(r *http.Request) bool {
	return r.TLS != nil && !r.TLS.HandshakeComplete || slices.Contains(r.Header["Early-Data"], "1")
}
