package caddymodule

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward/config"
)

var updatePresets = flag.Bool("update-presets", false, "write docs/presets.md from the files of the presets")

// TestPresetsAreRoutesOnly proves of every preset that it can be read, that no
// route of it hides another, and that it sets nothing else: a preset must not
// change the mode or a limit behind the operator's back.
func TestPresetsAreRoutesOnly(t *testing.T) {
	t.Parallel()
	for _, name := range config.PresetNames() {
		text, _ := config.PresetText(name)
		app, h, err := readBare([]byte(text), name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(h.Routes) == 0 {
			t.Errorf("%s declares no route", name)
		}
		if !slices.ContainsFunc(h.Routes, func(r Route) bool { return r.Kind == config.KindLogin }) {
			t.Errorf("%s declares no login", name)
		}
		bare := Handler{Routes: h.Routes}
		if got, want := fmt.Sprintf("%+v", h.Site), fmt.Sprintf("%+v", bare.Site); got != want {
			t.Errorf("%s sets more than routes: %s", name, got)
		}
		if got, want := fmt.Sprintf("%+v", app.App), fmt.Sprintf("%+v", config.App{}); got != want {
			t.Errorf("%s sets global options: %s", name, got)
		}
	}
}

func TestPresetsStandBehindTheOwnRoutesBelowTheirPath(t *testing.T) {
	t.Parallel()
	_, h, err := ReadConfig([]byte("preset gitea /git\npreset grafana\nlogin POST /git/user/login\n"), "own", "")
	if err != nil {
		t.Fatal(err)
	}
	if len(h.Routes) != 1 {
		t.Errorf("%d routes before the configuration is made ready, want the own one", len(h.Routes))
	}
	if err := h.expandPresets(); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, r := range h.Routes {
		paths = append(paths, r.Path)
	}
	if paths[0] != "/git/user/login" || len(h.Routes[0].Identifiers) != 0 {
		t.Errorf("the own route is not the first: %v", paths)
	}
	if !slices.Contains(paths[1:], "/git/user/login") || !slices.Contains(paths, "/login") {
		t.Errorf("the routes of both presets are missing: %v", paths)
	}
	if slices.Contains(paths, "/git/login") || slices.Contains(paths, "/user/login") {
		t.Errorf("a path belongs to the preset it is written with: %v", paths)
	}
}

func TestUnknownPresetInJSON(t *testing.T) {
	t.Parallel()
	_, _, err := ReadConfig([]byte(`{"handler": "doorward", "presets": [{"name": "djagno"}]}`), "c.json", "")
	if err == nil || !strings.Contains(err.Error(), "did you mean `django`?") {
		t.Errorf("%v", err)
	}
}

// TestPresetsAreDocumented compares docs/presets.md with what the files say.
func TestPresetsAreDocumented(t *testing.T) {
	t.Parallel()
	const file = "../docs/presets.md"
	var rows strings.Builder
	for _, name := range config.PresetNames() {
		rows.WriteString(presetRow(t, name))
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "|---|---|---|---|\n", "\n## "
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no table of presets", file)
	}
	want := before + begin + rows.String() + end + after
	if *updatePresets {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(text) != want {
		t.Errorf("%s does not say what the files say; run this test with -update-presets", file)
	}
}

// presetRow is the line of a preset in the table.
func presetRow(t *testing.T, name string) string {
	t.Helper()
	text, _ := config.PresetText(name)
	about := map[string]string{}
	key := ""
	for line := range strings.Lines(text) {
		line, comment := strings.CutPrefix(strings.TrimSpace(line), "# ")
		if !comment {
			break
		}
		for _, k := range []string{"App", "Source", "Verified", "Not run here"} {
			if rest, ok := strings.CutPrefix(line, k+": "); ok {
				key, line = k, rest
			}
		}
		about[key] = strings.TrimSpace(about[key] + " " + line)
	}
	status := "not run here: " + about["Not run here"]
	if about["Verified"] != "" {
		status = "verified: " + about["Verified"]
	}
	routes, err := presetRoutes(config.Preset{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, r := range routes {
		if kind := strings.ReplaceAll(string(r.Kind), "_", " "); !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	return fmt.Sprintf("| [`%s`](../config/presets/%s.caddyfile) | %s | %s | %s |\n",
		name, name, strings.TrimSuffix(about["App"], "."), strings.Join(kinds, ", "), strings.TrimSuffix(status, "."))
}
