package interstitial

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"net/http"
	"path"
	"time"
)

//go:embed assets/work.js
var workSource string

//go:embed assets/page.js
var pageScript string

// ScriptName is the file name of the worker below the reserved prefix. It holds a
// hash of the text, so that a copy a browser keeps is never an old one.
var ScriptName = scriptName(workSource)

func scriptName(source string) string {
	sum := sha256.Sum256([]byte(source))
	return "work-" + hex.EncodeToString(sum[:8]) + ".js"
}

// program is what runs on the page: the work, for browsers that refuse workers,
// and the page's own part. Other scripts of an operator's template cannot see
// into it.
var program = "(() => {\n'use strict';\n" + workSource + pageScript + "})();\n"

// Script serves the worker of the page at any path that ends with /[ScriptName],
// and answers 404 at others. It may be kept for ever: another text has another
// name. Range, conditional and HEAD requests are understood; other methods than
// GET and HEAD get 405.
func Script(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	switch {
	case path.Base(r.URL.Path) != ScriptName:
		h.Set("Cache-Control", "no-store")
		http.Error(w, "no such file", http.StatusNotFound)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.Set("Allow", "GET, HEAD")
		h.Set("Cache-Control", "no-store")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
	default:
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("Content-Security-Policy", "default-src 'none'")
		h.Set("Content-Type", "text/javascript; charset=utf-8")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Etag", `"`+ScriptName+`"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader([]byte(workSource)))
	}
}
