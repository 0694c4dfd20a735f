package integration

import (
	"testing"
	"time"
)

// press presses a key, as a keyboard does.
func (p *page) press(t *testing.T, key string) {
	t.Helper()
	codes := map[string]int{"Enter": 13, "Tab": 9}
	down := map[string]any{"type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": codes[key]}
	if key == "Enter" {
		down["text"] = "\r"
	}
	p.do(t, "Input.dispatchKeyEvent", down)
	p.do(t, "Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key, "code": key, "windowsVirtualKeyCode": codes[key]})
}

// TestChallengePageByKeyboard: the button to go on has the focus when it appears;
// the link of an expired page and the wait are reached by Tab.
func TestChallengePageByKeyboard(t *testing.T) {
	t.Parallel()
	browser := startBrowser(t)
	retype := shopPage()
	retype.Retype = true
	p := openPage(t, browser)
	p.open(t, startGate(t, retype).URL+"/login")
	p.waitFor(t, "document.activeElement?.id === 'dw-go'")
	p.press(t, "Enter")
	p.waitFor(t, "document.querySelector('#login')")

	old := shopPage()
	old.Bits, old.Lifetime = 25, time.Second
	g := startGate(t, old)
	p = openPage(t, browser)
	p.do(t, "Network.clearBrowserCookies", nil)
	p.open(t, g.URL+"/login")
	p.waitFor(t, "document.querySelector('#dw-expired:not([hidden])')")
	g.change(func(page *interstitialPage) { *page = shopPage() })
	p.press(t, "Tab")
	p.waitFor(t, "document.activeElement?.tagName === 'A'")
	p.press(t, "Enter")
	p.waitFor(t, "document.querySelector('#login')")

	p = openPage(t, browser)
	p.do(t, "Network.clearBrowserCookies", nil)
	p.do(t, "Emulation.setScriptExecutionDisabled", map[string]any{"value": true})
	p.open(t, g.URL+"/login")
	p.waitFor(t, "document.querySelector('#dw-wait')")
	p.press(t, "Tab")
	p.press(t, "Enter")
	p.waitFor(t, "document.querySelector('.dw-waiting')")
}

// TestChallengePageOfWhoWasAway: a page that expired in a tab that nobody looks at
// waits there, and comes back by GET when somebody does.
func TestChallengePageOfWhoWasAway(t *testing.T) {
	t.Parallel()
	old := shopPage()
	old.Bits, old.Lifetime = 25, time.Second
	g := startGate(t, old)
	p := startChromium(t)
	p.do(t, "Page.enable", nil)
	p.do(t, "Page.addScriptToEvaluateOnNewDocument", map[string]any{
		"source": "window.away = true; Object.defineProperty(document, 'hidden', { get: () => window.away })",
	})
	p.open(t, g.URL+"/login")
	p.waitFor(t, "document.querySelector('#dw-expired:not([hidden])')")
	g.change(func(page *interstitialPage) { *page = shopPage() })
	if _, err := p.evaluate(t, "window.away = false; document.dispatchEvent(new Event('visibilitychange'))"); err != nil {
		t.Fatal(err)
	}
	p.waitFor(t, "document.querySelector('#login')")
	if proofs := g.seen(); len(proofs) != 1 {
		t.Errorf("%d proofs came, want that of the new page", len(proofs))
	}
}

// TestChallengePageSpeaksLittle: a screen reader hears how long it takes and when
// it is done, not every step; and nothing moves for who asked for that.
func TestChallengePageSpeaksLittle(t *testing.T) {
	t.Parallel()
	page := shopPage()
	page.Bits, page.Retype = 15, true
	p := startChromium(t)
	p.do(t, "Page.enable", nil)
	p.do(t, "Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-reduced-motion", "value": "reduce"}}})
	p.do(t, "Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": `window.said = [];
		new MutationObserver((all) => all.forEach((m) => m.target.id === 'dw-status' && said.push(m.target.textContent)))
			.observe(document, { childList: true, subtree: true })`})
	p.open(t, startGate(t, page).URL+"/login")
	p.waitWithin(t, time.Minute, "document.querySelector('#dw-go:not([hidden])')")
	p.waitFor(t, `(() => { const all = window.said; return all.length >= 1 && all.length <= 6 && all.at(-1) === 'Done. You can go on now.' })()`)
	p.waitFor(t, "getComputedStyle(document.querySelector('#dw-bar span')).transitionDuration === '0s'")
	p.waitFor(t, "document.querySelector('#dw-bar').getAttribute('aria-valuenow') === '100'")
}
