package integration

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// browserCookie is a cookie as Chromium keeps it.
type browserCookie struct {
	Name, Value, Domain, Path, SameSite string
	Expires                             float64
	Secure, HTTPOnly                    bool
}

// cookieOf returns a cookie that the browser would send to an address.
func (p *page) cookieOf(t *testing.T, url, name string) (browserCookie, bool) {
	t.Helper()
	result, err := p.command(t, "Network.getCookies", map[string]any{"urls": []string{url}})
	if err != nil {
		t.Fatal(err)
	}
	var kept struct{ Cookies []browserCookie }
	if err := json.Unmarshal(result, &kept); err != nil {
		t.Fatal(err)
	}
	for _, c := range kept.Cookies {
		if c.Name == name {
			return c, true
		}
	}
	return browserCookie{}, false
}

// TestBrowserKeepsTheDeviceCookie: a real browser logs in over TLS, once with a
// form, once with a script of the page, and keeps the cookie that comes with the
// answer behind.
func TestBrowserKeepsTheDeviceCookie(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "redirect", "json")
	edge := startEdge(t, edgeConfig{sites: []site{
		{host: "form.test", tls: true, doorward: "login POST /login", app: apps.address("redirect")},
		{host: "script.test", tls: true, doorward: "login POST /login", app: apps.address("json")},
	}})
	edge.tlsFor(t, "form.test")
	edge.tlsFor(t, "script.test")
	p := startChromium(t)
	if _, err := p.command(t, "Security.setIgnoreCertificateErrors", map[string]any{"ignore": true}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		host  string
		login func(base string)
	}{
		{"form.test", func(string) {
			p.fill(t, "input[name=username]", alice)
			p.fill(t, "input[type=password]", alicePassword)
			p.click(t, "button")
			p.waitFor(t, "location.pathname === '/'")
		}},
		{"script.test", func(base string) {
			script := fmt.Sprintf(`fetch('/login', {method: 'POST', headers: {'Content-Type': 'application/json'},
				body: JSON.stringify({email: %q, password: %q})}).then(r => r.text()).then(() => fetch('/profile')).then(r => r.status)`, alice, alicePassword)
			if got, err := p.evaluate(t, script); err != nil || got != 200.0 {
				t.Fatalf("the page for members at %s: %v, %v", base, got, err)
			}
		}},
	} {
		base := edge.url(c.host)
		p.open(t, base+"/login")
		p.waitFor(t, "location.pathname === '/login'")
		if _, early := p.cookieOf(t, base, deviceOverTLS); early {
			t.Errorf("%s: a visitor has the cookie", c.host)
		}
		c.login(base)
		got, there := p.cookieOf(t, base, deviceOverTLS)
		if !there || len(got.Value) != 60 || !got.Secure || !got.HTTPOnly || got.Path != "/" || got.Domain != c.host || got.SameSite != "Lax" {
			t.Errorf("%s: the browser keeps %t, %+v", c.host, there, got)
		}
		if days := time.Until(time.Unix(int64(got.Expires), 0)).Hours() / 24; days < 89 || days > 90 {
			t.Errorf("%s: the cookie lasts %.1f days", c.host, days)
		}
	}
}
