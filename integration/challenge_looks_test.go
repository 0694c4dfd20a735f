package integration

import (
	"fmt"
	"testing"
	"time"

	"github.com/doorward/doorward/caddymodule/interstitial"
)

// look is a state of the pages that pictures are taken of.
type look struct {
	name, language string
	page           func(*interstitial.Page)
	scriptless     bool
	// shown must hold before the picture; click is clicked before that, if not
	// empty.
	click, shown string
}

var looks = []look{
	{"computing", "en", func(p *interstitial.Page) { p.Bits = 22 }, false, "", "document.querySelector('#dw-left').textContent"},
	{"slow", "de", func(p *interstitial.Page) { p.Bits = 25; p.Failed = true }, false, "", "!document.querySelector('#dw-wait').hidden"},
	{"retype", "ar", func(p *interstitial.Page) { p.Bits = 22; p.Retype = true }, false, "", "document.querySelector('#dw-left').textContent"},
	{"done", "en", func(p *interstitial.Page) { p.Retype = true }, false, "", "!document.querySelector('#dw-go').hidden"},
	{"expired", "ja", func(p *interstitial.Page) { p.Bits = 22; p.Lifetime = time.Second }, false, "", "!document.querySelector('#dw-expired').hidden"},
	{"scriptless", "fr", func(*interstitial.Page) {}, true, "", "document.querySelector('#dw-wait button')"},
	{"waiting", "fa", func(*interstitial.Page) {}, true, "#dw-wait button", "document.querySelector('.dw-waiting')"},
}

// TestChallengePageLooks takes pictures of every state, on a phone and on a desk,
// light and dark, and sees that nothing is cut off and that nothing keeps people
// out who cannot see, or not well, or use no mouse.
func TestChallengePageLooks(t *testing.T) {
	t.Parallel()
	browser := startBrowser(t)
	for _, l := range looks {
		t.Run(l.name, func(t *testing.T) {
			page := shopPage()
			l.page(&page)
			g := startGate(t, page)
			p := openPage(t, browser)
			p.listen(t)
			p.speak(t, l.language)
			p.do(t, "Emulation.setScriptExecutionDisabled", map[string]any{"value": l.scriptless})
			p.open(t, g.URL+"/login")
			if l.click != "" {
				p.click(t, l.click)
			}
			p.waitFor(t, l.shown)
			p.do(t, "Emulation.setScriptExecutionDisabled", map[string]any{"value": false}) // for what looks at the page
			for _, theme := range []string{"light", "dark"} {
				for _, width := range []int{320, 390, 1280} {
					p.screen(t, width, 800, theme)
					if wide, err := p.evaluate(t, "document.documentElement.scrollWidth > innerWidth"); err != nil || wide == true {
						t.Errorf("%d pixels wide: the page must be scrolled sideways (%v)", width, err)
					}
					if width > 320 {
						p.shoot(t, fmt.Sprintf("challenge-%s-%s-%d-%s.png", l.name, l.language, width, theme))
					}
				}
				p.checkAccess(t, theme)
			}
			if got := p.complaints(t, "status of 429"); len(got) > 0 {
				t.Errorf("the browser complains: %s", got)
			}
			p.open(t, "about:blank") // which ends the computing
		})
	}
}
