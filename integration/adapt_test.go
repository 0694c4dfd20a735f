package integration_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/doorward/doorward"
)

var updateAdapt = flag.Bool("update-adapt", false, "write what the Caddyfiles in testdata/caddyfile_adapt adapt to into these files")

const (
	adaptDir       = "testdata/caddyfile_adapt"
	adaptSeparator = "----------\n"
)

// TestCaddyfileAdapts compares each file of testdata/caddyfile_adapt: above the
// dashes a Caddyfile, below them the whole JSON or the whole error. The names
// of error cases begin with error_.
func TestCaddyfileAdapts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(adaptDir, "*.caddyfiletest"))
	if err != nil || len(files) == 0 {
		t.Fatalf("looking for cases in %s: %d found, error %v", adaptDir, len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".caddyfiletest")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			input, want, _ := strings.Cut(string(text), adaptSeparator)
			got, failed := adaptCase(t, input)
			if failed != strings.HasPrefix(name, "error_") {
				t.Fatalf("refused: %t; the name of the file says otherwise\n%s", failed, got)
			}
			if *updateAdapt {
				if err := os.WriteFile(file, []byte(input+adaptSeparator+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// adaptCase returns the indented JSON or the error of a Caddyfile.
func adaptCase(t *testing.T, input string) (text string, failed bool) {
	t.Helper()
	adapted, warnings, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(input), nil)
	if err != nil {
		return err.Error() + "\n", true
	}
	for _, w := range warnings {
		t.Errorf("warning: %s", w)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, adapted, "", "\t"); err != nil {
		t.Fatal(err)
	}
	return indented.String() + "\n", false
}

// TestRefusedCaddyfilesNameTheirPlace proves that no error leaves the operator
// searching: it says where, by file and line, and what to do.
func TestRefusedCaddyfilesNameTheirPlace(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob(filepath.Join(adaptDir, "error_*.caddyfiletest"))
	if len(files) < 30 {
		t.Fatalf("only %d error cases", len(files))
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, message, _ := strings.Cut(string(text), adaptSeparator)
		if !strings.Contains(message, ", at Caddyfile:") {
			t.Errorf("%s names no file and line: %s", file, message)
		}
		advice := false
		for _, word := range []string{"write", "keep", "put ", "remove", "leave", "did you mean", "define"} {
			advice = advice || strings.Contains(message, word)
		}
		if !advice {
			t.Errorf("%s does not say what to write instead: %s", file, message)
		}
	}
}

// jsonConfig is a configuration of Caddy as an operator who writes JSON has it,
// with one field of the handler and one of the app to be filled in.
const jsonConfig = `{
	"admin": {"disabled": true, "config": {"persist": false}},
	"apps": {
		"doorward": {"state_dir": "STATE", "tor_off": true, "max_tracked": 4096, APP
			"allow": [{"range": "192.0.2.0/24", "reason": "office", "until": "2030-12-31T00:00:00Z"}]},
		"http": {"servers": {"srv": {"listen": ["127.0.0.1:0"], "automatic_https": {"disable": true}, "routes": [{"handle": [
			{"handler": "doorward", "site": "shop", "mode": "enforce", HANDLER
				"routes": [{"kind": "login", "method": "POST", "path": "/session",
					"match": [{"header": {"X-App": ["shop"]}}],
					"identifiers": [{"name": "email", "from": "json", "key": "user.email"}],
					"password": {"from": "json", "key": "user.password"},
					"failure": [[{"of": "status", "values": ["4xx"]}, {"of": "body", "values": ["wrong"]}]]}],
				"limits": [{"class": "login", "rate": {"n": 20, "window": "10m"}, "per": "source"}],
				"policies": [{"on": "brute_force", "class": "login", "answer": "block", "for": "10m"}],
				"thresholds": {"source": {"n": 5, "window": "10m"}, "ban": "5m"}},
			{"handler": "static_response", "body": "hello"}]}]}}}
	}
}`

func TestJSONConfiguration(t *testing.T) {
	tests := []struct {
		name, app, handler string
		want               []string // all in the error; none: accepted
	}{
		{name: "complete"},
		{name: "unknown field of the app", app: `"max_trackd": 1,`, want: []string{"max_trackd"}},
		{name: "unknown field of the handler", handler: `"body_limt": 1,`, want: []string{"body_limt"}},
		{name: "impossible value of the app", app: `"queue": 1,`, want: []string{"queue 1", "write a number from 64"}},
		{name: "impossible value of the handler", handler: `"body_limit": "2MiB",`, want: []string{"body_limit", "at most 1MiB"}},
		{name: "invalid size", handler: `"body_limit": "lots",`, want: []string{"lots", "write something like 64KiB"}},
		{name: "invalid duration", app: `"tor": {"refresh": "soon"},`, want: []string{"soon", "write something like 90s"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text := strings.NewReplacer("STATE", filepath.ToSlash(t.TempDir()), "APP", test.app, "HANDLER", test.handler).Replace(jsonConfig)
			var cfg caddy.Config
			err := caddy.StrictUnmarshalJSON([]byte(text), &cfg)
			if err == nil {
				err = caddy.Validate(&cfg)
			}
			if len(test.want) == 0 && err != nil {
				t.Fatalf("refused: %v", err)
			}
			for _, word := range test.want {
				if err == nil || !strings.Contains(err.Error(), word) {
					t.Errorf("error %v; want it to say %q", err, word)
				}
			}
		})
	}
}
