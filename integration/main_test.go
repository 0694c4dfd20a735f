package integration

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// workDir holds what all tests of a run share: the built server. Each test
// makes folders of its own below it, with short names because the path of a
// unix socket may not be longer than 107 bytes.
var workDir string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	workDir, err = os.MkdirTemp("", "dw")
	if err != nil {
		fmt.Fprintln(os.Stderr, "making the work folder:", err)
		return 1
	}
	defer os.RemoveAll(workDir)
	return m.Run()
}

// caddyBinary is cmd/caddy with the race detector, built once per run.
var caddyBinary = sync.OnceValues(func() (string, error) {
	binary := filepath.Join(workDir, "caddy")
	build := exec.Command("go", "build", "-race", "-o", binary, "./cmd/caddy")
	build.Dir = ".."
	out, err := build.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building ./cmd/caddy with the race detector: %w\n%s", err, out)
	}
	return binary, nil
})

// The folders that hold Node apps and, once installed, their packages.
const (
	expressDir = "testdata/express"
	graphqlDir = "testdata/graphql"
	authjsDir  = "testdata/authjs"
	axeDir     = "testdata/axe"
)

// nodeInstalled installs the packages of a Node app from its lock file, once
// per run and only when they are missing or older than the lock.
var nodeInstalled = map[string]func() error{
	expressDir: sync.OnceValue(func() error { return installNode(expressDir) }),
	graphqlDir: sync.OnceValue(func() error { return installNode(graphqlDir) }),
	authjsDir:  sync.OnceValue(func() error { return installNode(authjsDir) }),
	axeDir:     sync.OnceValue(func() error { return installNode(axeDir) }),
}

func installNode(dir string) error {
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%s is missing: the tests need real Node apps; install Node.js 18 or later with npm (Debian: apt-get install nodejs npm)", tool)
		}
	}
	lock, err := os.Stat(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		return fmt.Errorf("looking for the lock file: %w", err)
	}
	// npm writes this file last, when everything else is in place.
	installed, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json"))
	if err == nil && !installed.ModTime().Before(lock.ModTime()) {
		return nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("looking for node_modules: %w", err)
	}
	install := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	install.Dir = dir
	var out bytes.Buffer
	install.Stdout, install.Stderr = &out, &out
	install.WaitDelay = time.Minute
	if err := install.Run(); err != nil {
		return fmt.Errorf("running `npm ci` in integration/%s: %w\n%s", dir, err, out.Bytes())
	}
	return nil
}

// newDir makes a folder for one test.
func newDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp(workDir, "t")
	if err != nil {
		t.Fatalf("making a folder: %v", err)
	}
	return dir
}
