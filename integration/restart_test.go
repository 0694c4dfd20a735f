package integration

import (
	"encoding/json"
	"testing"
	"time"
)

// storeStatus is what status tells of the store.
type storeStatus struct {
	Writable bool      `json:"writable"`
	Trouble  string    `json:"trouble"`
	SetAside string    `json:"set_aside"`
	Restored int       `json:"restored"`
	Complete bool      `json:"restored_completely"`
	Written  time.Time `json:"written"`
}

func (e *edge) storeStatus(t *testing.T) storeStatus {
	t.Helper()
	var status struct {
		Store storeStatus `json:"store"`
	}
	if err := json.Unmarshal([]byte(e.doorward(t, "status", "--json")), &status); err != nil {
		t.Fatalf("reading status: %v", err)
	}
	return status.Store
}

// ends are the ways a server ends.
var ends = map[string]func(e *edge, t *testing.T){
	"SIGTERM": func(e *edge, t *testing.T) { e.stop(t) },
	// What happened more than a second before it survives even this.
	"kill -9": func(e *edge, t *testing.T) {
		time.Sleep(1100 * time.Millisecond)
		e.kill(t)
	},
}

// TestRestartIsNoAmnesty: sanctions, counts, blocks, the mode and who an account
// knows survive the process, however it ends.
func TestRestartIsNoAmnesty(t *testing.T) {
	t.Parallel()
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			apps := startApps(t, "default401", "redirect")
			edge := startEdge(t, edgeConfig{sites: []site{
				{host: "shop.test", doorward: "mode enforce", app: apps.address("default401")},
				{host: "limit.test", doorward: "mode enforce\nlimit login 6/10m per source", app: apps.address("redirect")},
			}})
			refused := refuse(t, edge, "shop.test", "127.0.0.9")
			counted := edge.visitor(t, "shop.test", "127.0.0.8")
			counted.guess(t, bob, "before", 6)
			edge.visitor(t, "limit.test", "127.0.0.7").guess(t, alice, "before", 4)
			edge.doorward(t, "block", "127.0.0.66", "--reason", "known", "--for", "1h")
			refused.guess(t, alice, "more", 2)
			sanction := sanctionOf(t, edge, "127.0.0.9")

			end(edge, t)
			edge.start(t)

			if got := refused.login(t, alice, alicePassword); got.status != 429 {
				t.Errorf("a refused source: %v; want 429", got)
			}
			edge.lastWord(t, edge.visitor(t, "shop.test", lastWordAddress))
			if got := sanctionOf(t, edge, "127.0.0.9"); got != sanction {
				t.Errorf("it runs into sanction %s; want %s as before", got, sanction)
			}
			if got := edge.visitor(t, "shop.test", "127.0.0.66").get(t, "/"); got.status != 403 {
				t.Errorf("an address blocked by command: %v; want 403", got)
			}
			if got := counted.guess(t, bob, "after", 6); got[401] != 4 || got[429] != 2 {
				t.Errorf("six guesses after six: %v; want 4 let through and 2 refused", got)
			}
			if got := edge.visitor(t, "limit.test", "127.0.0.7").guess(t, alice, "after", 4); got[302] != 2 || got[429] != 2 {
				t.Errorf("four attempts after four with a limit of six: %v; want 2 let through and 2 refused", got)
			}
			if s := edge.storeStatus(t); !s.Writable || !s.Complete || s.Restored == 0 {
				t.Errorf("store %+v; want it writable and restored", s)
			}
		})
	}
}

// sanctionOf is the id of the sanction that the last refused attempt from an
// address ran into.
func sanctionOf(t *testing.T, e *edge, from string) string {
	t.Helper()
	list := e.waitEvents(t, 1, "a refusal by a sanction", func(ev event) bool { return ev.SourceIP == from && ev.SanctionID != "" })
	return list[len(list)-1].SanctionID
}
