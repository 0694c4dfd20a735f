package interstitial

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func script(method, path string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	Script(w, r)
	return w.Result()
}

func TestScript(t *testing.T) {
	t.Parallel()
	at := "/.doorward/" + ScriptName
	for _, c := range []struct {
		name, method, path string
		header             [2]string
		status             int
		whole              bool
	}{
		{"the worker", "GET", at, [2]string{}, 200, true},
		{"under another prefix", "GET", "/shop/challenge/" + ScriptName, [2]string{}, 200, true},
		{"its headers", "HEAD", at, [2]string{}, 200, false},
		{"a part of it", "GET", at, [2]string{"Range", "bytes=0-9"}, 206, false},
		{"the copy the browser has", "GET", at, [2]string{"If-None-Match", `"` + ScriptName + `"`}, 304, false},
		{"one of an older version", "GET", "/.doorward/work-0123456789abcdef.js", [2]string{}, 404, false},
		{"something else", "GET", "/.doorward/page.js", [2]string{}, 404, false},
		{"a POST", "POST", at, [2]string{}, 405, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			resp := script(c.method, c.path, c.header[0], c.header[1])
			body := bodyOf(t, resp)
			if resp.StatusCode != c.status || (body == workSource) != c.whole {
				t.Errorf("status %d, %d bytes", resp.StatusCode, len(body))
			}
			kept := strings.Contains(resp.Header.Get("Cache-Control"), "immutable")
			if kept != (c.status < 400) {
				t.Errorf("Cache-Control %q", resp.Header.Get("Cache-Control"))
			}
			if c.status == 200 && (resp.Header.Get("Content-Type") != "text/javascript; charset=utf-8" ||
				resp.Header.Get("Content-Security-Policy") != "default-src 'none'") {
				t.Errorf("headers %v", resp.Header)
			}
		})
	}
}

// A browser keeps the worker for ever, so its name must follow its text.
func TestScriptNameFollowsTheText(t *testing.T) {
	t.Parallel()
	if other := scriptName(workSource + " "); other == ScriptName || scriptName(workSource) != ScriptName {
		t.Errorf("names %s and %s", ScriptName, other)
	}
	if !strings.Contains(bodyOf(t, ask(Write, "GET", sample())), `data-worker="/.doorward/`+ScriptName+`"`) {
		t.Error("the page names another worker")
	}
}

// What strict policies and hardened browsers refuse is not used, and nothing is
// kept in the browser.
func TestProgramNeedsNothingThatIsRefused(t *testing.T) {
	t.Parallel()
	for _, word := range []string{
		"eval", "Function(", "WebAssembly", "Blob", "blob:", "crypto.", "localStorage", "sessionStorage", "indexedDB", "cookie",
		"fetch(", "XMLHttpRequest", "sendBeacon", "innerHTML", "document.write", "import(", "navigator.userAgent", "</script",
	} {
		code := strings.ReplaceAll(program, "crypto.subtle takes longer", "") // in a comment
		code = strings.ReplaceAll(code, "refuse WebAssembly", "")
		if strings.Contains(code, word) {
			t.Errorf("the program uses %s", word)
		}
	}
}
