package integration

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// The accounts every style of the Express app has.
const (
	alice, alicePassword = "alice@x.test", "right horse"
	bob, bobPassword     = "bob@x.test", "blue kettle"
)

// apps is one Node process with one port per style.
type apps struct {
	ports map[string]int
}

// startApps starts the styles of testdata/express/styles that are named and
// waits until all of them listen.
func startApps(t *testing.T, styles ...string) *apps {
	t.Helper()
	return startNode(t, expressDir, styles...)
}

// startNode starts the app.js of a folder, which prints its ports by name as a
// line of JSON, and waits until all of them listen.
func startNode(t *testing.T, dir string, names ...string) *apps {
	t.Helper()
	if err := nodeInstalled[dir](); err != nil {
		t.Fatal(err)
	}
	node := exec.Command("node", append([]string{"app.js"}, names...)...)
	node.Dir = dir
	// The app ends when this pipe does, so that none outlives the tests.
	if _, err := node.StdinPipe(); err != nil {
		t.Fatalf("making a pipe: %v", err)
	}
	ready := make(chan string, 1)
	node.Stdout = &firstLine{line: ready}
	p := startProcess(t, node, &output{})

	a := &apps{}
	select {
	case line := <-ready:
		if err := json.Unmarshal([]byte(line), &a.ports); err != nil {
			t.Fatalf("reading the ports %q: %v", line, err)
		}
	case <-p.done:
		t.Fatalf("the app of %s ended: %v\n%s", dir, p.err, p.log)
	case <-time.After(30 * time.Second):
		t.Fatalf("the app of %s was not ready after 30 s\n%s", dir, p.log)
	}
	return a
}

// firstLine hands over the first line written to it and drops the rest.
type firstLine struct {
	line chan string
	text strings.Builder
	sent bool
}

func (f *firstLine) Write(p []byte) (int, error) {
	if f.sent {
		return len(p), nil
	}
	f.text.Write(p)
	scanner := bufio.NewScanner(strings.NewReader(f.text.String()))
	if strings.Contains(f.text.String(), "\n") && scanner.Scan() {
		f.line <- scanner.Text()
		f.sent = true
	}
	return len(p), nil
}

// address is where a style listens.
func (a *apps) address(style string) string {
	port, ok := a.ports[style]
	if !ok {
		panic("style " + style + " was not started")
	}
	return fmt.Sprintf("127.0.0.1:%d", port)
}

// counts is what reached an app.
type counts struct {
	// Requests is how often each "METHOD /path" arrived.
	Requests map[string]int `json:"requests"`
	// Tries is how often a password of each name was checked.
	Tries map[string]int `json:"tries"`
}

// counts asks the app itself, not by way of the edge.
func (a *apps) counts(t *testing.T, style string) counts {
	t.Helper()
	res, err := http.Get("http://" + a.address(style) + "/__counts")
	if err != nil {
		t.Fatalf("asking the app for its counts: %v", err)
	}
	defer res.Body.Close()
	var c counts
	if err := json.NewDecoder(res.Body).Decode(&c); err != nil {
		t.Fatalf("reading the counts: %v", err)
	}
	return c
}

// logins is how many login requests reached the app.
func (a *apps) logins(t *testing.T, style string) int {
	t.Helper()
	return a.counts(t, style).Requests["POST /login"]
}
