package integration

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// stateFolder is where the edge keeps its state.
func (e *edge) stateFolder() string { return e.path("data/caddy/doorward") }

// TestNoStateStopsCaddy: whatever is the matter with the state folder, the server
// starts, protects, and says what is wrong (H20).
func TestNoStateStopsCaddy(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401")
	for name, c := range map[string]struct {
		prepare func(t *testing.T, e *edge)
		option  string
		trouble string
		notice  string
	}{
		"a folder that cannot be made": {func(t *testing.T, e *edge) {}, "store embedded /dev/null/state", "read_only", "store_read_only"},
		"a damaged file": {func(t *testing.T, e *edge) {
			err := os.WriteFile(filepath.Join(e.stateFolder(), "state.db"), []byte(strings.Repeat("no database ", 999)), 0o600)
			if err != nil {
				t.Fatal(err)
			}
		}, "", "", "store_set_aside"},
		"another process": {func(t *testing.T, e *edge) {
			other := startEdge(t, edgeConfig{
				global: "state_dir " + e.stateFolder(),
				sites:  []site{{host: "other.test", doorward: "mode enforce", app: apps.address("default401")}},
			})
			if s := other.storeStatus(t); !s.Writable {
				t.Fatalf("the other process has store %+v; want it writable", s)
			}
		}, "", "in_use", "store_in_use"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			edge := startEdge(t, edgeConfig{sites: []site{{host: "shop.test", doorward: "mode enforce", app: apps.address("default401")}}})
			edge.stop(t)
			c.prepare(t, edge)
			edge.config.global = c.option
			edge.start(t)
			if got := edge.visitor(t, "shop.test", "127.0.0.9").guess(t, alice, "guess", 12); got[401] != 10 || got[429] != 2 {
				t.Errorf("twelve guesses: %v; want 10 let through and 2 refused", got)
			}
			s := edge.storeStatus(t)
			if s.Trouble != c.trouble || s.Writable != (c.trouble == "") {
				t.Errorf("store %+v; want trouble %q", s, c.trouble)
			}
			edge.waitEvent(t, "health notice "+c.notice, func(ev event) bool { return ev.Health == c.notice })
			if c.notice != "store_set_aside" {
				return
			}
			if aside, err := os.ReadFile(s.SetAside); err != nil || !strings.HasPrefix(string(aside), "no database") {
				t.Errorf("the damaged file is not at %q: %v", s.SetAside, err)
			}
		})
	}
}

// TestBackupForgetRestore: a backup of the running server brings everything back
// but who was forgotten.
func TestBackupForgetRestore(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401")
	edge := startEdge(t, edgeConfig{sites: []site{{host: "shop.test", doorward: "mode enforce\nlogin POST /login", app: apps.address("default401")}}})
	v := edge.visitor(t, "shop.test", "127.0.0.10")
	// The route is declared, so that a success is believed at once.
	v.login(t, alice, "wrong once")
	v.login(t, alice, alicePassword)
	edge.visitor(t, "shop.test", "127.0.0.9").guess(t, bob, "guess", 12)
	edge.lastWord(t, edge.visitor(t, "shop.test", lastWordAddress))

	var known struct {
		Histories []struct{ Logins int }
		Audit     []json.RawMessage
	}
	if err := json.Unmarshal([]byte(edge.doorward(t, "export", strings.ToUpper(alice))), &known); err != nil {
		t.Fatal(err)
	}
	if len(known.Histories) != 1 || known.Histories[0].Logins != 1 || len(known.Audit) < 2 {
		t.Errorf("the export of alice has %+v; want one login and two attempts", known)
	}
	if list := edge.doorward(t, "sanctions"); !strings.Contains(list, "127.0.0.9") || !strings.Contains(list, "brute_force") {
		t.Errorf("sanctions: %s\nwant that of 127.0.0.9", list)
	}

	copied := edge.path("backup.db")
	edge.doorward(t, "backup", copied, "--with-key")
	if r := edge.run(t, "doorward", "restore", copied, "--state-dir", edge.stateFolder()); r.code == 0 {
		t.Error("a backup was restored while the server runs")
	}
	edge.doorward(t, "forget", alice)
	if got := edge.doorward(t, "export", alice); strings.Contains(got, `"logins"`) || strings.Contains(got, `"pseudonym"`) {
		t.Errorf("after forgetting alice: %s", got)
	}
	edge.stop(t)
	if r := edge.run(t, "doorward", "restore", copied, "--state-dir", edge.stateFolder()); r.code != 0 {
		t.Fatalf("restoring: %s%s", r.stdout, r.stderr)
	}
	edge.start(t)
	if got := edge.doorward(t, "export", alice); strings.Contains(got, `"logins"`) || strings.Contains(got, `"pseudonym"`) {
		t.Errorf("the backup brought alice back: %s", got)
	}
	if got := edge.visitor(t, "shop.test", "127.0.0.9").login(t, bob, "more"); got.status != 429 {
		t.Errorf("a source that was refused when the backup was made: %v; want 429", got)
	}
	rows := edge.doorward(t, "audit", "--source", "127.0.0.9", "--type", "sanction")
	if !strings.Contains(rows, "brute_force") {
		t.Errorf("the audit log of the backup: %q; want the sanction", rows)
	}
}

// TestStoreMayChangeWithAReload: the state moves to the new place.
func TestStoreMayChangeWithAReload(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401")
	edge := startEdge(t, edgeConfig{sites: []site{{host: "shop.test", doorward: "mode enforce", app: apps.address("default401")}}})
	v := edge.visitor(t, "shop.test", "127.0.0.9")
	v.guess(t, alice, "before", 12)
	edge.config.global = "store embedded " + edge.path("elsewhere")
	edge.reload(t)
	if got := v.login(t, alice, "after"); got.status != 429 {
		t.Errorf("after the reload: %v; want 429", got)
	}
	if !eventually(20*time.Second, func() bool { return edge.storeStatus(t).Complete }) {
		t.Fatal("the new store is not in use")
	}
	time.Sleep(1500 * time.Millisecond) // the bound that is promised, and the snapshot
	edge.kill(t)
	edge.start(t)
	if got := v.login(t, alice, "after kill -9"); got.status != 429 {
		t.Errorf("after kill -9 on the new store: %v; want 429", got)
	}
}
