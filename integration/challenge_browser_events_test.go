package integration

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// listen makes the browser tell what goes wrong on its pages.
func (p *page) listen(t testing.TB) {
	t.Helper()
	for _, domain := range []string{"Log", "Runtime", "Page", "Audits", "Network"} {
		p.do(t, domain+".enable", nil)
	}
}

// do is command for those that cannot fail.
func (p *page) do(t testing.TB, method string, params map[string]any) json.RawMessage {
	t.Helper()
	result, err := p.command(t, method, params)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// complaints returns the errors and warnings of the console, uncaught exceptions
// and violations of the Content-Security-Policy since listen. What contains one
// of the allowed texts is left out.
func (p *page) complaints(t testing.TB, allowed ...string) []string {
	t.Helper()
	if _, err := p.evaluate(t, "1"); err != nil { // whatever was told before is here now
		t.Fatal(err)
	}
	var all []string
	for _, event := range p.told {
		text := string(event.Params)
		bad := false
		switch event.Method {
		case "Log.entryAdded":
			bad = strings.Contains(text, `"level":"error"`) || strings.Contains(text, `"level":"warning"`)
		case "Runtime.consoleAPICalled":
			bad = strings.Contains(text, `"type":"error"`) || strings.Contains(text, `"type":"warning"`) || strings.Contains(text, `"type":"assert"`)
		case "Runtime.exceptionThrown":
			bad = true
		case "Audits.issueAdded":
			bad = strings.Contains(text, "ContentSecurityPolicy")
		}
		if bad && !slices.ContainsFunc(allowed, func(s string) bool { return strings.Contains(text, s) }) {
			all = append(all, event.Method+" "+text)
		}
	}
	return all
}

// requested returns the addresses that the browser asked for since listen.
func (p *page) requested(t testing.TB) []string {
	t.Helper()
	var all []string
	for _, event := range p.told {
		if event.Method != "Network.requestWillBeSent" {
			continue
		}
		var sent struct {
			Request struct{ Method, URL string }
		}
		if err := json.Unmarshal(event.Params, &sent); err != nil {
			t.Fatal(err)
		}
		all = append(all, sent.Request.Method+" "+sent.Request.URL)
	}
	return all
}

// artifacts is where pictures go: DOORWARD_ARTIFACTS, which CI keeps, or a folder
// of the run.
func artifacts(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("DOORWARD_ARTIFACTS")
	if dir == "" {
		return newDir(t)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// shoot takes a picture of the page as a screen of that size and theme shows it.
func (p *page) shoot(t testing.TB, file string) {
	t.Helper()
	var shot struct{ Data string }
	if err := json.Unmarshal(p.do(t, "Page.captureScreenshot", map[string]any{"format": "png"}), &shot); err != nil {
		t.Fatal(err)
	}
	picture, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil {
		t.Fatal(err)
	}
	if len(picture) < 2000 {
		t.Errorf("%s has %d bytes only", file, len(picture))
	}
	if err := os.WriteFile(filepath.Join(artifacts(t), file), picture, 0o644); err != nil {
		t.Fatal(err)
	}
}

// screen gives the page a width, a height and a theme, light or dark.
func (p *page) screen(t testing.TB, width, height int, theme string) {
	t.Helper()
	p.do(t, "Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 2, "mobile": width < 500})
	p.do(t, "Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": theme}}})
}

// speak gives the browser a language.
func (p *page) speak(t testing.TB, language string) {
	t.Helper()
	p.do(t, "Network.setExtraHTTPHeaders", map[string]any{"headers": map[string]string{"Accept-Language": language}})
}
