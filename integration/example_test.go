package integration_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

const exampleFile = "../Caddyfile.example"

func TestExampleIsFormatted(t *testing.T) {
	t.Parallel()
	text := readExample(t)
	if formatted := caddyfile.Format(text); !bytes.Equal(formatted, text) {
		t.Errorf("caddy fmt would change it to:\n%s", formatted)
	}
}

func TestExampleValidates(t *testing.T) {
	if err := caddy.Validate(localExample(t)); err != nil {
		t.Fatal(err)
	}
}

// TestExampleLoads runs the example in this process, which holds one Caddy at
// most: the test is not parallel, and others start processes of their own.
func TestExampleLoads(t *testing.T) {
	cfg, err := json.Marshal(localExample(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := caddy.Load(cfg, true); err != nil {
		t.Fatal(err)
	}
	if err := caddy.Stop(); err != nil {
		t.Error(err)
	}
}

func readExample(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// localExample is the example as it stands, but for what a test may not do; see
// keepLocal.
func localExample(t *testing.T) *caddy.Config {
	t.Helper()
	adapted, warnings, err := caddyconfig.GetAdapter("caddyfile").Adapt(readExample(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range warnings {
		t.Errorf("warning: %s", w)
	}
	var document map[string]any
	if err := json.Unmarshal(adapted, &document); err != nil {
		t.Fatal(err)
	}
	keepLocal(t, document)
	t.Setenv("DOORWARD_SECRET", "for-tests-only-0123456789abcdef-0123456789abcdef")
	t.Setenv("DOORWARD_OLD_SECRET", "for-tests-only-fedcba9876543210-fedcba9876543210")

	local, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	var cfg caddy.Config
	if err := caddy.StrictUnmarshalJSON(local, &cfg); err != nil {
		t.Fatal(err)
	}
	return &cfg
}

// keepLocal changes what would listen on ports others may have, ask the
// internet for certificates or lists, or write outside the test's folder.
func keepLocal(t *testing.T, document map[string]any) {
	t.Helper()
	dir := t.TempDir()
	exits := filepath.Join(dir, "tor.txt")
	if err := os.WriteFile(exits, []byte("192.0.2.99\n2001:db8::99\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	document["admin"] = map[string]any{"disabled": true, "config": map[string]any{"persist": false}}
	document["storage"] = map[string]any{"module": "file_system", "root": filepath.Join(dir, "storage")}
	apps := document["apps"].(map[string]any)
	option := apps["doorward"].(map[string]any)
	option["state_dir"] = filepath.Join(dir, "state")
	option["tor"].(map[string]any)["source"] = exits
	option["file"].(map[string]any)["path"] = filepath.Join(dir, "events.jsonl")
	for _, server := range apps["http"].(map[string]any)["servers"].(map[string]any) {
		server := server.(map[string]any)
		server["listen"] = []string{"127.0.0.1:0"}
		server["automatic_https"] = map[string]any{"disable": true}
	}
}
