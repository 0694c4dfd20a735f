package caddymodule

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/modules/standard" // the HTTP app and the Caddyfile adapter

	"github.com/doorward/doorward/config"
)

// site adapts a Caddyfile with one site on a free port. The options stand in
// the global doorward block.
func adapted(t *testing.T, dir, options, rest string) []byte {
	t.Helper()
	file := fmt.Sprintf(`{
		admin off
		persist_config off
		auto_https off
		storage file_system %q
		doorward {
			tor off
			state_dir %q
			%s
		}
		%s
	}
	http://127.0.0.1:0 {
		doorward
		respond "hello"
	}`, dir, filepath.Join(dir, "state"), options, rest)
	out, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(file), nil)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func validate(t *testing.T, text []byte) error {
	t.Helper()
	var cfg caddy.Config
	if err := json.Unmarshal(text, &cfg); err != nil {
		t.Fatal(err)
	}
	return caddy.Validate(&cfg)
}

// These tests load configurations into the one Caddy of the process and must
// not run beside each other.

func TestValidateStartsNothing(t *testing.T) {
	dir := t.TempDir()
	if err := validate(t, adapted(t, dir, "max_tracked 20000000", "")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "state")); !os.IsNotExist(err) {
		t.Errorf("validating made the state directory (%v)", err)
	}
	if refs, ok := states.References(stateKey); ok && refs > 0 {
		t.Errorf("validating left %d references to the state", refs)
	}
}

func TestValidateNeedsNoNetwork(t *testing.T) {
	dir := t.TempDir()
	text := strings.Replace(string(adapted(t, dir, "", "")), `"tor_off":true`, `"tor":{"source":"https://192.0.2.1/list"}`, 1)
	began := time.Now()
	if err := validate(t, []byte(text)); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("validating took %s", took)
	}
}

func TestUnreadableListFileIsRefusedAtLoad(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"missing": "", "html": "<html><body>blocked</body></html>"} {
		path := filepath.Join(dir, name)
		if content != "" {
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		text := strings.Replace(string(adapted(t, dir, "", "")), `"tor_off":true`, fmt.Sprintf(`"tor":{"source":%q}`, path), 1)
		if err := validate(t, []byte(text)); err == nil || !strings.Contains(err.Error(), "tor") {
			t.Errorf("%s list file: error %v", name, err)
		}
	}
}

func TestARouteThatIsNeverReachedIsRefusedInJSON(t *testing.T) {
	dir := t.TempDir()
	routes := func(first, second string) []byte {
		handler := fmt.Sprintf(`{"handler":"doorward","routes":[{"kind":"signup",%s},{"kind":"login",%s}]}`, first, second)
		return []byte(strings.Replace(string(adapted(t, dir, "", "")), `{"handler":"doorward"}`, handler, 1))
	}
	wide, narrow := `"path":"/api/*"`, `"path":"/api/login"`
	matched := `"match":[{"host":["a.test"]}],`
	if err := validate(t, routes(wide, narrow)); err == nil || !strings.Contains(err.Error(), "routes[1]") || !strings.Contains(err.Error(), "write the narrower route first") {
		t.Errorf("a route behind one that takes all its requests: error %v", err)
	}
	for name, text := range map[string][]byte{"the narrower first": routes(narrow, wide), "one with a matcher before": routes(matched+wide, narrow)} {
		if err := validate(t, text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := validate(t, routes(matched+wide, matched+narrow)); err == nil {
		t.Error("two routes with the same matcher are accepted")
	}
}

func TestStateOutlivesReloadsAndEndsWithTheLast(t *testing.T) {
	dir := t.TempDir()
	load := func(options, rest string) error { return caddy.Load(adapted(t, dir, options, rest), true) }
	if err := load(`allow 192.0.2.0/24 "first"`, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = caddy.Stop() })
	s, done := borrowState()
	if s == nil {
		t.Fatal("no state after a load")
	}
	done()
	info, err := os.Stat(filepath.Join(dir, "state", secretFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v, mode %v, want 0600", err, info.Mode())
	}
	s.detector.Override(config.ModeObserve, time.Time{})

	if err := load(`allow 198.51.100.0/24 "second"`, ""); err != nil {
		t.Fatal(err)
	}
	if again, done := borrowState(); again != s {
		t.Error("a reload made a new state")
	} else {
		done()
	}
	if mode, _, _ := s.detector.Overridden(time.Now()); mode != config.ModeObserve {
		t.Error("a reload ended the operator's override")
	}
	allowed := func(addr string) bool {
		e := s.detector.Book.Find(time.Now(), "x", netip.MustParseAddr(addr), config.ClassLogin)
		return e != nil && e.Allow
	}
	if allowed("192.0.2.1") || !allowed("198.51.100.1") {
		t.Error("the reload did not replace the allow list")
	}

	// A configuration that fails in another app after ours has started.
	bad := strings.Replace(string(adapted(t, dir, `allow 203.0.113.0/24 "third"`, "")), `":0"`, `"256.0.0.1:1"`, 1)
	bad = strings.Replace(bad, `"127.0.0.1:0"`, `"192.0.2.55:1"`, 1)
	if err := caddy.Load([]byte(bad), true); err == nil {
		t.Fatal("the broken configuration was loaded")
	}
	if !allowed("198.51.100.1") || allowed("203.0.113.1") {
		t.Error("a configuration that failed to load changed the allow list")
	}

	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	if left, done := borrowState(); left != nil {
		done()
		t.Error("the state outlived the last configuration")
	}
}

// A notice about a configuration stands as long as that configuration holds,
// not since somebody looked at one.
func TestNoticeBelongsToTheConfigurationThatRuns(t *testing.T) {
	dir := t.TempDir()
	good := adapted(t, dir, "", "")
	doubtful := adapted(t, dir, "", "servers {\n trusted_proxies static 192.0.2.0/24\n}")
	if err := caddy.Load(good, true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = caddy.Stop() })
	s, done := borrowState()
	if s == nil {
		t.Fatal("no state")
	}
	defer done()
	for _, step := range []struct {
		name string
		do   func() error
		want int
	}{
		{"validating", func() error { return validate(t, doubtful) }, 0},
		{"loading", func() error { return caddy.Load(doubtful, true) }, 1},
		{"loading the one before", func() error { return caddy.Load(good, true) }, 0},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if got := s.health.standing(); len(got) != step.want {
			t.Errorf("%s: notices %+v, want %d", step.name, got, step.want)
		}
	}
}

func TestUnwritableStateDirectoryIsSaidNotFatal(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "state") // a file where the folder should be
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := caddy.Load(adapted(t, dir, "", ""), true); err != nil {
		t.Fatalf("Caddy was kept from starting: %v", err)
	}
	t.Cleanup(func() { _ = caddy.Stop() })
	s, done := borrowState()
	if s == nil {
		t.Fatal("no state")
	}
	defer done()
	s.checkHealth(time.Now())
	for _, n := range s.health.standing() {
		if n.Notice == "keys_in_memory" {
			return
		}
	}
	t.Error("nothing tells that keys live in memory")
}

func TestShortSecretIsRefused(t *testing.T) {
	t.Setenv("DOORWARD_TEST_SECRET", "short")
	if err := validate(t, adapted(t, t.TempDir(), "secret {env.DOORWARD_TEST_SECRET}", "")); err == nil || !strings.Contains(err.Error(), "32") {
		t.Errorf("error %v, want one that names 32 bytes", err)
	}
}
