package intel

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

func TestPublicAddresses(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]bool{
		"1.1.1.1": true, "2606:4700::1111": true, "::ffff:1.1.1.1": true, "64:ff9b::1.1.1.1": true, "2002:101:101::1": true,
		"127.0.0.1": false, "::1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false,
		"100.64.0.1": false, "0.0.0.0": false, "::": false, "0.1.2.3": false, "224.0.0.1": false, "255.255.255.255": false, "240.0.0.1": false,
		"198.18.0.1": false, "192.0.2.1": false, "192.0.0.170": false, "fd00::1": false, "fe80::1": false, "fe80::1%eth0": false, "ff02::1": false, "fec0::1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "64:ff9b::10.0.0.1": false, "64:ff9b::169.254.169.254": false, "2002:a00:1::1": false,
		"::127.0.0.1": false, "2001:0:1:2::": false, "2001:db8::1": false,
	} {
		if got := public(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: public %t, want %t", addr, got, want)
		}
	}
	if public(netip.Addr{}) {
		t.Error("no address is public")
	}
}

// TestPrivateDestinationsAreRefused asks a server on this machine by every way
// that leads there.
func TestPrivateDestinationsAreRefused(t *testing.T) {
	t.Parallel()
	srv := serve(t, text(hosts(3)))
	_, port, err := net.SplitHostPort(strings.TrimPrefix(srv.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	for name, url := range map[string]string{
		"an address":                   srv.URL,
		"a name that resolves to it":   "http://localhost:" + port,
		"IPv4 written as IPv6":         "http://[::ffff:127.0.0.1]:" + port,
		"an address written otherwise": "http://0.0.0.0:" + port,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused, err := NewList(Spec{Name: "tor", Source: url}, Deps{})
			if err != nil {
				t.Fatal(err)
			}
			if err := refused.check(t.Context()); err == nil || !strings.Contains(err.Error(), "no public address") || !strings.Contains(err.Error(), "allow_private") {
				t.Errorf("error %v", err)
			}
			if s := refused.Status(); s.Entries != 0 || s.Failures != 1 {
				t.Errorf("status %+v", s)
			}
			mustCheck(t, mustList(t, url, Deps{})) // which allows it
		})
	}
}

// TestARedirectToAPrivateAddressIsRefused: the first server may be asked, the
// one it sends to may not. The first stands for a public one by its transport.
func TestARedirectToAPrivateAddressIsRefused(t *testing.T) {
	t.Parallel()
	inner := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the private server was asked") }))
	outer := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, inner.URL, http.StatusFound) }))
	checked := newPublicTransport()
	first := outer.Client().Transport
	both := roundTrip(func(r *http.Request) (*http.Response, error) {
		if "http://"+r.URL.Host == outer.URL {
			return first.RoundTrip(r)
		}
		return checked.RoundTrip(r)
	})
	l := mustList(t, outer.URL, Deps{Transport: both})
	if err := l.check(t.Context()); err == nil || !strings.Contains(err.Error(), "no public address") {
		t.Errorf("error %v", err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestANameThatChangesItsMindIsJudgedWhenTheConnectionIsMade: the dialer is
// given what the name means at that moment, not what it meant when it was
// looked up before.
func TestANameThatChangesItsMindIsJudgedWhenTheConnectionIsMade(t *testing.T) {
	t.Parallel()
	for address, allowed := range map[string]bool{"1.1.1.1:443": true, "127.0.0.1:443": false, "[::ffff:10.0.0.1]:443": false, "[fe80::1%eth0]:443": false, "nonsense": false} {
		if err := refusePrivate(t.Context(), "tcp", address, nil); (err == nil) != allowed {
			t.Errorf("%s: %v, want it allowed: %t", address, err, allowed)
		}
	}
}

// TestPrivateAddressesAreRefusedThroughAProxyToo: as far as they stand in the
// URL; what a name means only the proxy knows.
func TestPrivateAddressesAreRefusedThroughAProxyToo(t *testing.T) {
	t.Parallel()
	tr := &publicTransport{direct: newTransport(), proxied: newTransport(), proxy: func(*http.Request) (bool, error) { return true, nil }}
	req := httptest.NewRequest(http.MethodGet, "http://10.0.0.1/list", nil)
	if resp, err := tr.RoundTrip(req); err == nil || !strings.Contains(err.Error(), "no public address") {
		if resp != nil {
			_ = resp.Body.Close()
		}
		t.Errorf("error %v", err)
	}
}
