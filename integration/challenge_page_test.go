package integration

import (
	"net/http"
	"strings"
	"testing"

	"github.com/doorward/doorward/caddymodule/interstitial"
)

func shopPage() interstitial.Page {
	return interstitial.Page{ID: "01JGK9XQ2R0000000000000000", Parts: 16, Bits: 10, SiteName: "Shop", Logo: "/logo.svg", Contact: "help@shop.example"}
}

// TestChallengePageSolves: the work is done and sent by a plain form, and the
// login page is there; by workers, and on the page where workers are refused.
func TestChallengePageSolves(t *testing.T) {
	t.Parallel()
	gone := func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "gone", http.StatusNotFound) }
	mute := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write([]byte("// says nothing"))
	}
	browser := startBrowser(t)
	for _, c := range []struct {
		name    string
		script  http.HandlerFunc
		before  string
		allowed []string
	}{
		{"by workers", nil, "", nil},
		{"where the worker is not to be had", gone, "", []string{"404", "/.doorward/work-"}},
		{"where the worker says nothing", mute, "", nil},
		{"where there are no workers", nil, "delete window.Worker", nil},
		{"where workers are refused", nil, "window.Worker = function () { throw new DOMException('no', 'SecurityError') }", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := startGate(t, shopPage())
			g.script = c.script
			p := openPage(t, browser)
			p.listen(t)
			if c.before != "" {
				p.do(t, "Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": c.before})
			}
			p.do(t, "Network.clearBrowserCookies", nil)
			p.open(t, g.URL+"/login")
			p.waitFor(t, "document.querySelector('#login')")
			if proofs := g.seen(); len(proofs) != 1 || !isProof(gateToken, proofs[0], 16, 10) {
				t.Errorf("proofs %q", proofs)
			}
			allowed := append(c.allowed, "status of 429")
			if got := p.complaints(t, allowed...); len(got) > 0 {
				t.Errorf("the browser complains: %s", got)
			}
			for _, request := range p.requested(t) {
				if !strings.Contains(request, " "+g.URL+"/") {
					t.Errorf("the browser asked another host: %s", request)
				}
			}
		})
	}
}
