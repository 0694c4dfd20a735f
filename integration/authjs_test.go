package integration

import (
	"fmt"
	"strings"
	"testing"
)

// authjsHost is the site of the Auth.js tests.
const authjsHost = "auth.test"

// TestAuthJS logs in to an Auth.js app with a real browser, by the library's own
// page and by what its script for pages sends, and logs out.
func TestAuthJS(t *testing.T) {
	t.Parallel()
	app := startNode(t, authjsDir)
	edge := guarded(t, authjsHost, app.address("authjs"))
	p := startChromium(t)
	base := edge.url(authjsHost)
	greets := func(who string) {
		t.Helper()
		p.waitFor(t, fmt.Sprintf("document.querySelector('#who')?.textContent === 'Hello %s'", who))
	}
	submit := func(email, password string) {
		t.Helper()
		p.fill(t, "input[name=email]", email)
		p.fill(t, "input[name=password]", password)
		p.click(t, "form[action*=credentials] button")
	}
	p.open(t, base+"/")
	greets("stranger")
	p.click(t, "a[href='/auth/signin']")
	submit(alice, "wrong horse")
	p.waitFor(t, "location.search.includes('error=')")
	submit("nobody@x.test", "any horse")
	p.waitFor(t, "location.search.includes('error=') && document.querySelector('input[name=email]')?.value === ''")
	p.open(t, base+"/")
	p.click(t, "a[href='/auth/signin']")
	submit(alice, alicePassword)
	greets("Alice Liddell")
	p.click(t, "a[href='/auth/signout']")
	p.click(t, "form[action*=signout] button")
	greets("stranger")

	for _, c := range []struct{ password, lands string }{{"scripted horse", "error="}, {alicePassword, base + "/"}} {
		got, err := p.evaluate(t, signInScript(alice, c.password))
		if url, _ := got.(string); err != nil || !strings.Contains(url, c.lands) {
			t.Errorf("signing in by script: %v, %v; want an address with %s", got, err, c.lands)
		}
	}
	p.open(t, base+"/")
	greets("Alice Liddell")

	edge.checkTold(t, "127.0.0.1", []told{
		{"a wrong password", "login", "failure", "email", alice},
		{"an unknown name", "login", "failure", "email", "nobody@x.test"},
		{"the right password", "login", "success", "email", alice},
		{"logging out", "logout", "success", "", ""},
		{"a wrong password by script", "login", "failure", "email", alice},
		{"the right password by script", "login", "success", "email", alice},
	})
	edge.stop(t)
	edge.checkNowhere(t, []string{alice, "Liddell", alicePassword, "wrong horse", "any horse", "scripted horse"})
}

// signInScript is what the library's client for pages sends, and gives the
// address that the answer names.
func signInScript(email, password string) string {
	return fmt.Sprintf(`(async () => {
		const { csrfToken } = await (await fetch('/auth/csrf')).json();
		const res = await fetch('/auth/callback/credentials', {
			method: 'POST',
			headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'X-Auth-Return-Redirect': '1' },
			body: new URLSearchParams({ email: %q, password: %q, csrfToken, callbackUrl: location.origin + '/' }),
		});
		return (await res.json()).url;
	})()`, email, password)
}

// TestAuthJSBruteForce guesses without a browser.
func TestAuthJSBruteForce(t *testing.T) {
	t.Parallel()
	app := startNode(t, authjsDir)
	edge := guarded(t, authjsHost, app.address("authjs"))
	login := func(v *visitor, password string) answer {
		token := between(t, v.get(t, "/auth/csrf").body, `"csrfToken":"`, `"`)
		return v.post(t, "/auth/callback/credentials", "csrfToken", token, "email", alice, "password", password)
	}
	v := edge.browser(t, authjsHost, "127.0.0.4")
	edge.checkBruteForce(t, "127.0.0.4", func(i int) answer { return login(v, guessAt(i)) }, func() bool {
		owner := edge.browser(t, authjsHost, "127.0.0.5")
		owner.follow(t, login(owner, alicePassword))
		return strings.Contains(owner.get(t, "/").body, "Hello Alice Liddell")
	})
}
