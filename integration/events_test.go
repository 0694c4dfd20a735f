package integration

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// event is one line of the events file, as far as the tests look at it.
type event struct {
	Type       string   `json:"type"`
	Kind       string   `json:"kind"`
	Outcome    string   `json:"outcome"`
	Verdict    string   `json:"verdict"`
	Would      string   `json:"would"`
	Rule       string   `json:"rule"`
	Detection  string   `json:"detection"`
	Site       string   `json:"site"`
	Route      string   `json:"route"`
	Identity   string   `json:"identity"`
	Pseudonym  string   `json:"pseudonym"`
	PrimaryKey string   `json:"primary_key"`
	SourceIP   string   `json:"source_ip"`
	Lists      []string `json:"lists"`
	Evidence   []string `json:"evidence"`
	Confidence float64  `json:"confidence"`
	Status     int      `json:"status"`
	Severity   string   `json:"severity"`
	ID         string   `json:"id"`
	SanctionID string   `json:"sanction_id"`
	Health     string   `json:"health"`
	RequestID  string   `json:"request_id"`
}

// attempt reports whether e is an attempt of a kind with an outcome.
func (e event) attempt(kind, outcome string) bool {
	return e.Kind == kind && e.Outcome == outcome
}

// at reports whether e is of the site of a host. Sites on other ports than
// those of HTTP bear the port in their names.
func (e event) at(host string) bool {
	name, _, _ := strings.Cut(e.Site, ":")
	return name == host
}

func (e event) tor() bool { return slices.Contains(e.Lists, "tor") }

// events returns what has been written so far. A line being written is left
// for the next call.
func (e *edge) events(t *testing.T) []event {
	t.Helper()
	text := e.read(eventsFile)
	text = text[:strings.LastIndexByte(text, '\n')+1]
	var list []event
	for line := range strings.Lines(text) {
		var ev event
		if err := json.Unmarshal([]byte(line), &ev); err != nil {
			t.Fatalf("an event that is no JSON: %v\n%s", err, line)
		}
		list = append(list, ev)
	}
	return list
}

// matching returns the events for which match holds.
func (e *edge) matching(t *testing.T, match func(event) bool) []event {
	t.Helper()
	return slices.DeleteFunc(e.events(t), func(ev event) bool { return !match(ev) })
}

// waitEvents waits until at least n events match and returns them. Events are
// delivered out of band, usually within milliseconds; those of attempts whose
// answer leads to a page that the client never asks for, after ten seconds.
func (e *edge) waitEvents(t *testing.T, n int, what string, match func(event) bool) []event {
	t.Helper()
	var found []event
	if !eventually(20*time.Second, func() bool {
		found = e.matching(t, match)
		return len(found) >= n
	}) {
		t.Fatalf("%s: %d events after 20 s, want at least %d; all events:\n%s", what, len(found), n, tail(e.read(eventsFile), 3000))
	}
	return found
}

// waitEvent waits for the first event that matches.
func (e *edge) waitEvent(t *testing.T, what string, match func(event) bool) event {
	t.Helper()
	return e.waitEvents(t, 1, what, match)[0]
}

// lastWord makes one failing login from an address of its own and waits for
// its event: everything that happened on the site before has been told by
// then. Without it "there is no such event" would only mean "not yet".
func (e *edge) lastWord(t *testing.T, v *visitor) {
	t.Helper()
	name := fmt.Sprintf("last-word-%d@x.test", time.Now().UnixNano())
	before := len(e.matching(t, fromAddress(v.from)))
	v.login(t, name, "no password")
	e.waitEvents(t, before+1, "the last word", fromAddress(v.from))
}

// lastWordAddress is the address lastWord is called from.
const lastWordAddress = "127.0.0.250"

// fromAddress matches the attempts of one source.
func fromAddress(address string) func(event) bool {
	return func(ev event) bool { return ev.SourceIP == address && ev.Type == "attempt" }
}
