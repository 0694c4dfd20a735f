package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// challenged is an edge that knows this machine as a Tor exit, which by default
// is challenged on login and signup, and a browser before it.
func challenged(t *testing.T, sites ...site) (*edge, string) {
	t.Helper()
	list := writeList(t, newDir(t), exitList(20)+"127.0.0.1\n")
	edge := startEdge(t, edgeConfig{tor: torBlock(list), sites: sites})
	for _, s := range sites {
		if !s.bare {
			edge.waitListed(t, s.host, exit, true)
		}
	}
	return edge, startBrowser(t)
}

// easy is the directive with little work: what it costs is measured elsewhere.
const easy = "mode enforce\nchallenge {\nbits 8\nname Shop\n}\n"

const (
	onChallenge = "document.querySelector('#dw-work, #dw-wait')"
	onForm      = "document.querySelector('input[name=csrf]')"
)

// loginByForm fills the classic form and sends it.
func (p *page) loginByForm(t *testing.T, email, password string) {
	t.Helper()
	p.waitFor(t, onForm)
	p.fill(t, "input[name=email]", email)
	p.fill(t, "input[name=password]", password)
	p.click(t, "form button")
}

// quiet fails the test if the browser complains; the status of a challenge is
// one of the errors that it shows.
func (p *page) quiet(t *testing.T, allowed ...string) {
	t.Helper()
	if got := p.complaints(t, append(allowed, "status of 429")...); len(got) > 0 {
		t.Errorf("the browser complains: %s", strings.Join(got, "\n"))
	}
}

// holdsNot fails the test if the browser keeps a text on the page, in its address
// or in its storage.
func (p *page) holdsNot(t *testing.T, secret string) {
	t.Helper()
	got, err := p.evaluate(t, fmt.Sprintf(`[document.documentElement.outerHTML, location.href, document.referrer, document.cookie,
		JSON.stringify(localStorage), JSON.stringify(sessionStorage), JSON.stringify(history.state), window.name].some((s) => s.includes(%q))`, secret))
	if err != nil || got != false {
		t.Errorf("the browser holds %s: %v, %v", secret, got, err)
	}
}

// TestChallengeClassicForm: somebody behind Tor gets to the form, may err once,
// and gets in. Then a form that is sent without a clearance is thrown away, the
// page says so, and a click leads back to an empty form that works; going back in
// the history sends nothing again.
func TestChallengeClassicForm(t *testing.T) {
	t.Parallel()
	app, address := startMembers(t)
	edge, browser := challenged(t, site{host: "shop.test", doorward: easy + "login POST /login", app: address})
	known := app.seen()
	p := openPage(t, browser)
	p.listen(t)
	p.open(t, edge.url("shop.test")+"/login?next=%2Fcart")
	p.waitFor(t, onForm)
	if got, err := p.evaluate(t, "location.pathname + location.search"); err != nil || got != "/login?next=%2Fcart" {
		t.Errorf("after the challenge the browser is at %v (%v)", got, err)
	}
	p.loginByForm(t, alice, "wrong horse")
	p.waitFor(t, "document.querySelector('#wrong')")

	p.do(t, "Network.deleteCookies", map[string]any{"name": "doorward_clearance", "url": edge.url("shop.test")})
	p.loginByForm(t, alice, alicePassword)
	p.waitFor(t, "document.querySelector('#dw-go') && !document.querySelector('#dw-go').hidden")
	p.holdsNot(t, alicePassword)
	p.holdsNot(t, alice)
	if got := app.seen() - known; got != 1 {
		t.Errorf("%d attempts came through, want the first one", got)
	}
	p.click(t, "#dw-go")
	p.waitFor(t, onForm)
	p.holdsNot(t, alicePassword)
	p.loginByForm(t, alice, alicePassword)
	p.waitFor(t, "document.querySelector('#who')?.textContent === 'Hello Alice'")
	if got := app.seen() - known; got != 2 {
		t.Errorf("%d attempts came through, want two", got)
	}

	for range 2 {
		if _, err := p.evaluate(t, "history.back()"); err != nil {
			t.Fatal(err)
		}
		p.waitFor(t, onForm+" || "+onChallenge)
	}
	if got := app.seen() - known; got != 2 {
		t.Errorf("going back sent a form again: %d attempts", got)
	}
	p.quiet(t)
}

// TestChallengeSinglePageApp: the script learns from the answer what to do, and
// after one reload it works.
func TestChallengeSinglePageApp(t *testing.T) {
	t.Parallel()
	app, address := startMembers(t)
	edge, browser := challenged(t, site{host: "app.test", doorward: easy + "login POST /api/login", app: address})
	known := app.seen()
	p := openPage(t, browser)
	p.listen(t)
	p.open(t, edge.url("app.test")+"/app")
	p.loginByScript(t, "Please reload the page.")
	p.checkProblem(t, "/.doorward/challenge?")
	if app.seen() != known {
		t.Error("the attempt came through without a clearance")
	}
	p.do(t, "Page.reload", nil)
	p.waitFor(t, "document.querySelector('#state')?.textContent === 'Please log in.'")
	p.loginByScript(t, "Hello Alice")
	p.quiet(t)
	shown := false
	for _, request := range p.requested(t) {
		shown = shown || strings.HasPrefix(request, "POST ") && strings.HasSuffix(request, "/.doorward/challenge")
	}
	if !shown {
		t.Error("no challenge was solved on the way")
	}
}

// loginByScript logs in with the single-page app and waits for what it says.
func (p *page) loginByScript(t *testing.T, says string) {
	t.Helper()
	p.fill(t, "input[name=email]", alice)
	p.fill(t, "input[name=password]", alicePassword)
	p.click(t, "form button")
	p.waitFor(t, fmt.Sprintf("document.querySelector('#state')?.textContent === %q", says))
}

// checkProblem looks at the last answer that the script got.
func (p *page) checkProblem(t *testing.T, challenge string) {
	t.Helper()
	got, err := p.evaluate(t, "window.answer")
	answer, _ := got.(map[string]any)
	body, _ := answer["body"].(map[string]any)
	link, _ := body["challenge"].(string)
	if err != nil || answer["status"] != 429.0 || answer["type"] != "application/problem+json" || answer["retry"] == nil ||
		!strings.Contains(link, challenge) || body["title"] == "" {
		t.Errorf("the script gets %v (%v)", got, err)
	}
}

// TestChallengeOfAnInterfaceOfAnotherOrigin: preflights pass, the script can read
// the answer, and opens the challenge in a page.
func TestChallengeOfAnInterfaceOfAnotherOrigin(t *testing.T) {
	t.Parallel()
	_, address := startMembers(t)
	edge, browser := challenged(t,
		site{host: "www.shop.test", bare: true, app: address},
		site{host: "api.shop.test", doorward: easy + "login POST /api/login", app: address})
	api := edge.url("api.shop.test")
	p := openPage(t, browser)
	p.listen(t)
	page := edge.url("www.shop.test") + "/app?api=" + api
	p.open(t, page)
	p.loginByScript(t, "Please reload the page.")
	p.checkProblem(t, "/.doorward/challenge?")
	link, err := p.evaluate(t, fmt.Sprintf("new URL(window.answer.body.challenge, %q).href", api))
	if err != nil {
		t.Fatal(err)
	}
	p.open(t, link.(string))
	p.waitFor(t, "document.querySelector('#who')") // the front page of the interface
	p.open(t, page)
	p.loginByScript(t, "Hello Alice")
	p.quiet(t)
}

// TestChallengeWithoutScript: who runs no script waits once.
func TestChallengeWithoutScript(t *testing.T) {
	t.Parallel()
	_, address := startMembers(t)
	edge, browser := challenged(t, site{host: "shop.test", doorward: easy + "login POST /login", app: address})
	p := openPage(t, browser)
	p.listen(t)
	p.do(t, "Emulation.setScriptExecutionDisabled", map[string]any{"value": true})
	p.open(t, edge.url("shop.test")+"/login")
	p.click(t, "#dw-wait button")
	const button = "document.querySelector('.dw-later')"
	p.waitFor(t, button)
	if got, err := p.evaluate(t, "getComputedStyle("+button+").visibility"); err != nil || got != "hidden" {
		t.Errorf("the button is %v before the wait is over (%v)", got, err)
	}
	p.click(t, ".dw-later") // which only a script can do so early: the wait goes on
	p.waitFor(t, button)
	visible := "getComputedStyle(" + button + ").visibility === 'visible'"
	p.waitWithin(t, time.Minute, visible)
	p.click(t, ".dw-later")
	p.loginByForm(t, alice, alicePassword)
	p.waitFor(t, "document.querySelector('#who')?.textContent === 'Hello Alice'")
	p.quiet(t)
}

// TestChallengeInTwoTabs: each tab has a challenge of its own, and neither spoils
// the other.
func TestChallengeInTwoTabs(t *testing.T) {
	t.Parallel()
	_, address := startMembers(t)
	edge, browser := challenged(t, site{host: "shop.test", doorward: easy + "login POST /login", app: address})
	first, second := openPage(t, browser), openPage(t, browser)
	for _, p := range []*page{first, second} {
		p.listen(t)
		p.open(t, edge.url("shop.test")+"/login")
	}
	first.waitFor(t, onForm)
	second.waitFor(t, onForm)
	// The app keeps one form of a session: the one that was loaded last is sent.
	second.do(t, "Page.reload", map[string]any{"scriptToEvaluateOnLoad": "window.loaded = 'again'"})
	second.waitFor(t, onForm+" && window.loaded")
	second.loginByForm(t, alice, alicePassword)
	second.waitFor(t, "document.querySelector('#who')?.textContent === 'Hello Alice'")
	first.do(t, "Page.reload", map[string]any{"scriptToEvaluateOnLoad": "window.loaded = 'again'"})
	first.waitFor(t, "window.loaded && ("+onForm+" || document.querySelector('#dw-work'))")
	first.waitFor(t, onForm)
	first.loginByForm(t, alice, alicePassword)
	first.waitFor(t, "document.querySelector('#who')?.textContent === 'Hello Alice' || document.querySelector('#dw-go:not([hidden])')")
	first.quiet(t)
	second.quiet(t)
}

// TestChallengeThatIsNotAccepted: a page whose token is none, as after a restart
// or a long sleep, leads to another try.
func TestChallengeThatIsNotAccepted(t *testing.T) {
	t.Parallel()
	_, address := startMembers(t)
	edge, browser := challenged(t, site{host: "shop.test", doorward: easy + "login POST /login", app: address})
	p := openPage(t, browser)
	p.listen(t)
	p.do(t, "Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": `document.addEventListener('DOMContentLoaded', () => {
		window.failed = Boolean(document.querySelector('.dw-note'));
		if (window.failed) sessionStorage.setItem('failed', 'yes');
		const token = document.querySelector('#dw-work [name=token]');
		if (token && !sessionStorage.getItem('failed')) token.value = token.value.slice(0, -4) + 'AAAA';
	})`})
	p.open(t, edge.url("shop.test")+"/login")
	p.waitFor(t, "document.querySelector('#who') && sessionStorage.getItem('failed')") // of an unreadable token no way back is known
	p.quiet(t)
}
