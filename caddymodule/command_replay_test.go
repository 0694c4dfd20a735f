package caddymodule

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatReplayCannotDoItSays(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	bad := filepath.Join(folder, "bad.events")
	cut := filepath.Join(folder, "cut.gz")
	two := filepath.Join(folder, "Caddyfile")
	for name, text := range map[string]string{
		bad: "rubbish\n", cut: "\x1f\x8b", two: "a.test {\n\tdoorward\n}\nb.test {\n\tdoorward\n}\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no format":             {[]string{bad}, "format"},
		"an unknown format":     {[]string{bad, "--format", "iis"}, "write events, caddy or combined"},
		"a site without config": {[]string{bad, "--format", "events", "--site", "a.test"}, "write --config FILE too"},
		"no such file":          {[]string{bad + "x", "--format", "combined"}, "bad.eventsx"},
		"a folder":              {[]string{folder, "--format", "combined"}, "is a folder"},
		"a bad line of events":  {[]string{bad, "--format", "events"}, "bad.events:1: reading JSON"},
		"a file cut off":        {[]string{cut, "--format", "caddy"}, "unpacking gzip"},
		"which of two sites":    {[]string{bad, "--format", "events", "--config", two}, "--site"},
		"no such site":          {[]string{bad, "--format", "events", "--config", two, "--site", "c.test"}, "c.test"},
	} {
		cmd := replayCommand()
		cmd.SetArgs(c.args)
		cmd.SetOut(io.Discard)
		cmd.SetErr(io.Discard)
		if err := cmd.Execute(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}

func TestProgressKnowsTheSizeOfRegularFilesOnly(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a.log")
	if err := os.WriteFile(file, make([]byte, 70), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		files []string
		want  int64
	}{
		"two files":      {[]string{file, file}, 140},
		"standard input": {[]string{file, "-"}, 0},
		"a device":       {[]string{os.DevNull}, 0},
	} {
		if got := totalSize(c.files); got != c.want {
			t.Errorf("%s: %d bytes, want %d", name, got, c.want)
		}
	}
}
