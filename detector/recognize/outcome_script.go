package recognize

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
)

// maxRows is how many rows of a stream of components are looked at: the result
// of an action stands in the first ones, the page to show in all others.
const maxRows = 8

// scriptTarget returns where an answer sends the browser by a header of its own
// that the page's script follows, empty when there is none: HX-Redirect,
// X-Inertia-Location, X-Action-Redirect and their like. Location itself is not
// one of them: with a 2xx it names what was created.
func scriptTarget(h http.Header) string {
	best := ""
	for name, values := range h {
		if len(values) == 0 || !isScriptHeader(name) {
			continue
		}
		if target := cleanScriptTarget(values[0]); target != "" && (best == "" || target < best) {
			best = target
		}
	}
	return best
}

// isScriptHeader reports whether a header names a page to go to.
func isScriptHeader(name string) bool {
	if name == "Content-Location" || len(name) < len("X-Redirect") {
		return false
	}
	return hasSuffixFold(name, "-redirect") || hasSuffixFold(name, "-location") || strings.EqualFold(name, "x-redirect-to")
}

func hasSuffixFold(s, suffix string) bool {
	return len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix)
}

// cleanScriptTarget takes the address out of "/home;push" and {"path":"/home"}.
// What is no address is left out.
func cleanScriptTarget(value string) string {
	value = strings.TrimSpace(value)
	if strings.HasPrefix(value, "{") {
		for _, found := range jsonValuesAt([]byte(value[:min(len(value), maxLocation)]), "path") {
			value = found
		}
	}
	value, _, _ = strings.Cut(value, ";")
	if strings.HasPrefix(value, "/") || strings.HasPrefix(value, "http://") || strings.HasPrefix(value, "https://") {
		return value
	}
	return ""
}

// jsonGuards stand before JSON in the answers of frameworks, so that no page of
// another site can include them as a script.
var jsonGuards = [][]byte{
	[]byte(")]}',"), []byte(")]}'"), []byte("for(;;);"), []byte("for (;;);"), []byte("while(1);"),
	[]byte("//OK"), []byte("//EX"), []byte("/**/"), []byte("\xef\xbb\xbf"),
}

// unguarded returns what of a body is JSON: without guards, without the call of
// a function around it (JSONP), without the number of an event.
func unguarded(body []byte) []byte {
	body = bytes.TrimSpace(body)
	for _, guard := range jsonGuards {
		body = bytes.TrimSpace(bytes.TrimPrefix(body, guard))
	}
	if len(body) == 0 || body[0] == '{' || body[0] == '[' {
		return body
	}
	name := 0
	for name < len(body) && name < maxKeyLength && isCallByte(body[name]) {
		name++
	}
	digits := len(bytes.TrimLeft(body[:name], "0123456789")) == 0
	rest := body[name:]
	if len(rest) > 1 && rest[0] == '(' {
		rest, digits = bytes.TrimSpace(rest[1:]), true
	}
	if digits && len(rest) > 0 && (rest[0] == '{' || rest[0] == '[') {
		return rest
	}
	return body
}

func isCallByte(c byte) bool {
	return c == '_' || c == '$' || c == '.' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// raises reports whether a body is the exception of a remote call in place of
// its result.
func raises(body []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(body), []byte("//EX")) }

// readRows reads a stream of rows, each a number, a colon and a value, as the
// server components of React are sent: the objects of the first ones.
func readRows(body []byte) (f jsonFacts, whole bool) {
	r := jsonReader{}
	for range maxRows {
		var row []byte
		row, body, _ = bytes.Cut(body, []byte{'\n'})
		_, value, ok := bytes.Cut(row, []byte{':'})
		switch {
		case !ok || len(value) == 0:
		case value[0] == '{':
			walkAnswerJSON(value, r.node)
		case bytes.HasPrefix(value, []byte(`"`)) && !bytes.HasPrefix(value, []byte(`"$`)):
			r.bare(value)
		}
		if len(body) == 0 {
			return r.facts(), true
		}
	}
	return r.facts(), false
}

// isRows reports whether a content type is that of a stream of rows.
func isRows(kind string) bool { return kind == "text/x-component" }

// readScript takes an inline script for what it does at once, as small apps
// answer: alert("Wrong password"); location = "login.php". Longer scripts are
// code that may do anything later.
func (r *pageReader) readScript(text []byte) {
	if len(text) > maxStateScript {
		return
	}
	r.readState(text)
	if len(text) > shortText {
		return
	}
	if message := callArgument(text, "alert"); len(message) > 0 {
		r.warning = true
		r.heard.add(message)
		r.warnings.add(message)
	}
	if _, rest, ok := bytes.Cut(text, []byte("location")); ok && r.refresh == "" {
		r.refresh = assignedText(rest)
	}
}

// maxStateScript is the length in bytes up to which a script is the state that
// the page is drawn from, rather than code or a dictionary.
const maxStateScript = 1 << 10

// readState looks for error messages in the state that scripts draw a page
// from: "errorMessage":"invalidCredentials".
func (r *pageReader) readState(text []byte) {
	for {
		i := bytes.Index(text, []byte(`rror`))
		if i < 0 {
			return
		}
		text = text[i+len(`rror`):]
		end := bytes.IndexByte(text, '"')
		if end < 0 || end > maxKeyLength {
			continue
		}
		rest := bytes.TrimLeft(text[end+1:], " \t")
		if len(rest) == 0 || rest[0] != ':' {
			continue
		}
		if message := quotedText(rest[1:]); listen(string(message)).has(saidRefused) {
			r.warning = true
			r.warnings.add(message)
		}
	}
}

// callArgument returns the quoted first argument of a call.
func callArgument(text []byte, name string) []byte {
	i := bytes.Index(text, []byte(name))
	if i < 0 {
		return nil
	}
	rest := bytes.TrimLeft(text[i+len(name):], " \t")
	if len(rest) == 0 || rest[0] != '(' {
		return nil
	}
	return quotedText(rest[1:])
}

// assignedText returns the text that follows "location": ="…", .href="…",
// .replace("…") or .assign("…").
func assignedText(rest []byte) string {
	for _, member := range []string{".href", ".replace", ".assign"} {
		rest = bytes.TrimPrefix(rest, []byte(member))
	}
	rest = bytes.TrimLeft(rest, " \t")
	if len(rest) == 0 || rest[0] != '=' && rest[0] != '(' {
		return ""
	}
	target := string(quotedText(rest[1:]))
	if strings.ContainsAny(target, " \t\r\n") {
		return ""
	}
	return target
}

// quotedText returns the text in quotes that comes next.
func quotedText(rest []byte) []byte {
	rest = bytes.TrimLeft(rest, " \t\r\n")
	if len(rest) < 2 || !slices.Contains([]byte("'\"`"), rest[0]) {
		return nil
	}
	end := bytes.IndexByte(rest[1:], rest[0])
	if end < 0 {
		return nil
	}
	return rest[1 : 1+end]
}
