package integration

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/websocket"
)

// page is a page in a real Chromium, driven over the DevTools protocol
// (https://chromedevtools.github.io/devtools-protocol/). It belongs to one
// goroutine.
type page struct {
	conn *websocket.Conn
	last int
	// told is what the browser told since [page.listen], oldest first.
	told []browserEvent
}

// startChromium starts a browser without a window, for which every name that
// ends with .test is this machine, and opens an empty page.
func startChromium(t testing.TB, flags ...string) *page {
	t.Helper()
	return openPage(t, startBrowser(t, flags...))
}

// startBrowser starts a browser and returns where it listens.
func startBrowser(t testing.TB, flags ...string) (devtools string) {
	t.Helper()
	path := need(t, "chromium", "chromium")
	dir := newDir(t)
	cmd := exec.Command(path, append(flags, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir="+dir,
		"--host-resolver-rules=MAP *.test 127.0.0.1", "--remote-debugging-port=0", "--remote-allow-origins=http://localhost", "about:blank")...)
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_CACHE_HOME="+dir)
	p := startProcess(t, cmd, &output{})
	port := ""
	if !eventually(60*time.Second, func() bool {
		text, err := os.ReadFile(filepath.Join(dir, "DevToolsActivePort"))
		first, _, whole := strings.Cut(string(text), "\n")
		port = first
		return !p.running() || err == nil && whole
	}) || !p.running() {
		t.Fatalf("Chromium does not answer:\n%s", tail(p.log.String(), 3000))
	}
	return "127.0.0.1:" + port
}

func openPage(t testing.TB, devtools string) *page {
	t.Helper()
	req, err := http.NewRequest(http.MethodPut, "http://"+devtools+"/json/new?about:blank", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("opening a page: %v", err)
	}
	defer res.Body.Close()
	var target struct {
		URL string `json:"webSocketDebuggerUrl"`
	}
	if err := json.NewDecoder(res.Body).Decode(&target); err != nil {
		t.Fatalf("opening a page: %v", err)
	}
	conn, err := websocket.Dial(target.URL, "", "http://localhost")
	if err != nil {
		t.Fatalf("connecting to the page at %s: %v", target.URL, err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &page{conn: conn}
}

// browserEvent is what the browser tells unasked.
type browserEvent struct {
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
}

// reply is what the browser says to a command, or an event.
type reply struct {
	browserEvent

	ID     int             `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// command sends a command and waits for its reply; events are kept in told.
func (p *page) command(t testing.TB, method string, params map[string]any) (json.RawMessage, error) {
	t.Helper()
	p.last++
	_ = p.conn.SetDeadline(time.Now().Add(30 * time.Second))
	if err := websocket.JSON.Send(p.conn, map[string]any{"id": p.last, "method": method, "params": params}); err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	for {
		var r reply
		if err := websocket.JSON.Receive(p.conn, &r); err != nil {
			t.Fatalf("%s: %v", method, err)
		}
		switch {
		case r.Method != "":
			p.told = append(p.told, r.browserEvent)
		case r.ID != p.last:
		case r.Error != nil:
			return nil, fmt.Errorf("%s: %s", method, r.Error.Message)
		default:
			return r.Result, nil
		}
	}
}

// evaluate runs JavaScript on the page and returns its value, a promise's when it
// is kept. An error may mean that the page is just being replaced.
func (p *page) evaluate(t testing.TB, script string) (any, error) {
	t.Helper()
	result, err := p.command(t, "Runtime.evaluate", map[string]any{"expression": script, "returnByValue": true, "awaitPromise": true})
	if err != nil {
		return nil, err
	}
	var r struct {
		Result struct {
			Value any `json:"value"`
		} `json:"result"`
		Exception *struct {
			Text string `json:"text"`
		} `json:"exceptionDetails"`
	}
	if err := json.Unmarshal(result, &r); err != nil {
		return nil, err
	}
	if r.Exception != nil {
		return nil, fmt.Errorf("running %s: %s", script, r.Exception.Text)
	}
	return r.Result.Value, nil
}

// open goes to an address.
func (p *page) open(t testing.TB, url string) {
	t.Helper()
	if _, err := p.command(t, "Page.navigate", map[string]any{"url": url}); err != nil {
		t.Fatal(err)
	}
}

// waitFor waits until a condition written in JavaScript holds on the page.
func (p *page) waitFor(t testing.TB, condition string) {
	t.Helper()
	p.waitWithin(t, 20*time.Second, condition)
}

// waitWithin is waitFor with another limit.
func (p *page) waitWithin(t testing.TB, limit time.Duration, condition string) {
	t.Helper()
	if !eventually(limit, func() bool {
		value, err := p.evaluate(t, "document.readyState === 'complete' && Boolean("+condition+")")
		return err == nil && value == true
	}) {
		text, err := p.evaluate(t, "location.href + '\\n' + document.body.innerText")
		t.Fatalf("the page never came to %s; it shows (%v)\n%v", condition, err, text)
	}
}

// click clicks on what a CSS selector finds.
func (p *page) click(t testing.TB, selector string) {
	t.Helper()
	p.waitFor(t, fmt.Sprintf("document.querySelector(%q)", selector))
	if _, err := p.evaluate(t, fmt.Sprintf("document.querySelector(%q).click()", selector)); err != nil {
		t.Fatal(err)
	}
}

// fill types a text into an empty field, as a keyboard does.
func (p *page) fill(t testing.TB, selector, text string) {
	t.Helper()
	p.waitFor(t, fmt.Sprintf("document.querySelector(%q)", selector))
	if _, err := p.evaluate(t, fmt.Sprintf("document.querySelector(%q).focus()", selector)); err != nil {
		t.Fatal(err)
	}
	if _, err := p.command(t, "Input.insertText", map[string]any{"text": text}); err != nil {
		t.Fatal(err)
	}
}
