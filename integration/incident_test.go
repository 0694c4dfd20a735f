package integration

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// incident is an incident as the commands tell it.
type incident struct {
	ID          string           `json:"id"`
	Status      string           `json:"status"`
	Detection   string           `json:"detection"`
	Attempts    int              `json:"attempts"`
	Refused     int              `json:"refused"`
	Targeted    []map[string]any `json:"targeted"`
	Compromised []map[string]any `json:"compromised"`
}

func (e *edge) incidents(t *testing.T) []incident {
	t.Helper()
	var status struct{ Incidents []incident }
	out := e.doorward(t, "status", "--json")
	if err := json.Unmarshal([]byte(out), &status); err != nil {
		t.Fatalf("status: %v\n%s", err, out)
	}
	return status.Incidents
}

// TestStuffingIsOneIncident: one address tries a list of fifty accounts, one of
// its passwords is right. One record, with all fifty, and the one that was
// entered told by an event of its own.
func TestStuffingIsOneIncident(t *testing.T) {
	t.Parallel()
	apps, edge := shop(t, "default401", "")
	home := edge.visitor(t, "shop.test", "127.0.0.10")
	for _, password := range []string{"typo", alicePassword, alicePassword} {
		home.login(t, alice, password)
	}
	v := edge.visitor(t, "shop.test", "127.0.0.9")
	for i := range 50 {
		name, password := fmt.Sprintf("user-%d@x.test", i), fmt.Sprint("leaked ", i)
		if i == 4 {
			name, password = alice, alicePassword
		}
		v.login(t, name, password)
	}
	if reached := apps.logins(t, "default401"); reached > 15 {
		t.Errorf("%d of 50 reached the app; want about 10", reached)
	}
	entered := edge.waitEvent(t, "the takeover", func(ev event) bool {
		return ev.Type == "detection" && ev.Detection == "takeover" && ev.Severity == "high"
	})
	edge.waitEvent(t, "the incident", func(ev event) bool { return ev.Type == "incident" && ev.Detection == "credential_stuffing" })
	list := edge.incidents(t)
	if len(list) != 1 || list[0].Attempts != 50 || list[0].Refused < 38 || len(list[0].Targeted) != 20 {
		t.Fatalf("incidents %+v; want one with all 50 attempts", list)
	}
	owner := edge.waitEvent(t, "the owner's login", func(ev event) bool { return ev.SourceIP == "127.0.0.10" && ev.attempt("login", "success") })
	if c := list[0].Compromised; len(c) != 1 || c[0]["pseudonym"] != entered.Pseudonym || owner.Pseudonym != entered.Pseudonym {
		t.Errorf("compromised %v, told %+v; want alice", c, entered)
	}
	for what, subject := range map[string]string{"address": "127.0.0.9", "account": alice, "incident": list[0].ID} {
		if out := edge.doorward(t, "explain", subject); !strings.Contains(out, list[0].ID) || !strings.Contains(out, "COMPROMISED") {
			t.Errorf("explain of the %s does not tell of the incident:\n%s", what, out)
		}
	}
}

// TestStaleClientIsNoIncident: the same wrong password two hundred times.
func TestStaleClientIsNoIncident(t *testing.T) {
	t.Parallel()
	_, edge := shop(t, "default401", "")
	v := edge.visitor(t, "shop.test", "127.0.0.9")
	for range 200 {
		v.login(t, alice, "last year's password")
	}
	edge.lastWord(t, edge.visitor(t, "shop.test", "127.0.0.10"))
	if list := edge.incidents(t); len(list) != 0 {
		t.Errorf("incidents %+v; want none", list)
	}
}
