package caddymodule

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/doorward/doorward/caddymodule/devicecookie"
	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/identity"
)

func TestCookiesThatDoNotHoldAreCounted(t *testing.T) {
	h, _ := newTestHandler(t, declared())
	h.device.site = "counted.test"
	other := newDeviceJar(&config.Site{Name: "other.test", DeviceCookie: config.DeviceCookie{Name: config.DefaultDeviceCookie}}, "")
	const host = "__Host-" + config.DefaultDeviceCookie
	ours := h.device.sealOf(h.siteKeys())
	now := time.Now()
	theirs := other.sealOf(h.app.state.detector.Site("other.test").Keys())
	for result, line := range map[devicecookie.Result]string{
		devicecookie.Known:     host + "=" + ours.Make(now, 7, true),
		devicecookie.Expired:   host + "=" + ours.Make(now.Add(-devicecookie.Life), 7, true),
		devicecookie.Forged:    host + "=" + ours.Make(now, 7, false),
		devicecookie.Foreign:   host + "=" + theirs.Make(now, 7, true),
		devicecookie.Malformed: host + "=" + strings.Repeat("x", 100_000),
		devicecookie.Repeated:  host + "=a; " + host + "=b",
		devicecookie.Insecure:  config.DefaultDeviceCookie + "=" + ours.Make(now, 7, false),
	} {
		r := visitor(http.MethodPost, "/login", "username=alice&password=wrong")
		r.TLS = &tls.ConnectionState{HandshakeComplete: true}
		r.Header.Set("Cookie", "sid=1; "+line)
		before := cookieCount(t, result)
		app := caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
			if got := r.Header["Cookie"]; len(got) != 1 || got[0] != "sid=1" {
				t.Errorf("%s: the app saw %.80q", result, got)
			}
			if v := caddyhttp.GetVar(r.Context(), deviceVar); fmt.Sprint(v) != "REDACTED" || fmt.Sprintf("%+v %#v", v, v) != "REDACTED REDACTED" {
				t.Errorf("%s: the variable shows %v", result, v)
			}
			return wrongPassword(w, r)
		})
		if err := h.ServeHTTP(httptest.NewRecorder(), r, app); err != nil {
			t.Fatal(err)
		}
		if got := cookieCount(t, result) - before; got != 1 {
			t.Errorf("%s: counted %.0f, want 1", result, got)
		}
	}
}

// cookieCount is how many cookies of the site counted.test had this result.
func cookieCount(t *testing.T, result devicecookie.Result) (n float64) {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(deviceCookies)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			var labels []string
			for _, label := range metric.GetLabel() {
				labels = append(labels, label.GetValue())
			}
			if slices.Equal(labels, []string{string(result), "counted.test"}) {
				n += metric.GetCounter().GetValue()
			}
		}
	}
	return n
}

func TestCookieOutlivesAChangeOfTheSecret(t *testing.T) {
	t.Parallel()
	old, fresh := bytes.Repeat([]byte{7}, 32), bytes.Repeat([]byte{8}, 32)
	keys := func(secret []byte) *identity.Keys {
		k, err := identity.DeriveKeys(secret, "shop.test")
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	site := config.Site{Name: "shop.test"}.WithDefaults()
	now := time.Now()
	value := newDeviceJar(&site, "").sealOf(keys(old)).Make(now, 7, true)
	jar := newDeviceJar(&site, config.Secret(old))
	if cookie, got := jar.sealOf(keys(fresh)).Open(now, value, true); got != devicecookie.Known || cookie.Client != 7 || !cookie.Renew {
		t.Errorf("with the old secret as previous_secret: %s, renew %t", got, cookie.Renew)
	}
	if _, got := newDeviceJar(&site, "").sealOf(keys(fresh)).Open(now, value, true); got != devicecookie.Foreign {
		t.Errorf("without it: %s, want %s", got, devicecookie.Foreign)
	}
	same := keys(fresh)
	if seal := jar.sealOf(same); jar.sealOf(same) != seal || jar.sealOf(nil) != nil {
		t.Error("the seal is made anew for every cookie, or without keys")
	}
}

func TestRequestsWithoutADeviceCookieCostNothing(t *testing.T) {
	h, _ := newTestHandler(t, strict)
	answered := http.Header{"Set-Cookie": {"sid=9f8a7c6e5d4b3a29"}}
	h.watch.devices.Add(time.Now(), 1, 2, false, nil, answered) // somebody else waits
	next := caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { return nil })
	w := httptest.NewRecorder()
	r := withHeader(visitor(http.MethodGet, "/news.js", ""), "Cookie", "sid=0123456789abcdef; theme=dark; my_doorward_device=1")
	r.Header.Set("Accept", "text/html")
	for range looksPerPath + 1 {
		_ = h.ServeHTTP(w, r, next)
	}
	if allocs := testing.AllocsPerRun(200, func() { _ = h.ServeHTTP(w, r, next) }); allocs != 0 {
		t.Errorf("%.0f allocations, want 0", allocs)
	}
}

// BenchmarkDeviceCookie is what a request that is no attempt costs by the cookies
// that it bears.
func BenchmarkDeviceCookie(b *testing.B) {
	h, _ := newTestHandler(b, strict)
	next := caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { return nil })
	w := &discard{header: http.Header{}}
	const app = "sid=s%3A9f8a7c6e5d4b3a291807f6e5d4c3; theme=dark; _ga=GA1.2.345678901.1700000000"
	device := "; " + config.DefaultDeviceCookie + "=" + h.device.sealOf(h.siteKeys()).Make(time.Now(), 7, false)
	for name, line := range map[string]string{"none": "", "of the app": app, "and ours": app + device} {
		b.Run(name, func(b *testing.B) {
			r, lines := visitor(http.MethodGet, "/products/42.js", ""), []string{line}
			b.ReportAllocs()
			for b.Loop() {
				if line != "" {
					lines[0] = line
					r.Header["Cookie"] = lines
				}
				_ = h.ServeHTTP(w, r, next)
			}
		})
	}
}
