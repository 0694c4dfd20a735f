package config

import (
	"embed"
	"errors"
	"fmt"
	"strings"
)

// Preset is a set of routes that is known under the name of an app.
type Preset struct {
	// Name is one of [PresetNames].
	Name string `json:"name"`
	// Under is the path the app is served below, such as /blog. Default: the
	// root of the site.
	Under string `json:"under,omitempty"`
}

// presetFiles hold a preset each: the bare lines of a block doorward, in the
// language of an operator, below a comment that says what they were written
// from and whether they were tried on the app.
//
//go:embed presets/*.caddyfile
var presetFiles embed.FS

const (
	presetDir    = "presets/"
	presetSuffix = ".caddyfile"
)

// PresetNames lists the presets, sorted.
func PresetNames() []string {
	entries, _ := presetFiles.ReadDir(strings.TrimSuffix(presetDir, "/")) // embedded: never fails
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), presetSuffix)
	}
	return names
}

// PresetText returns the lines of a preset, false when there is none of that
// name.
func PresetText(name string) (text string, ok bool) {
	data, err := presetFiles.ReadFile(presetDir + name + presetSuffix)
	return string(data), err == nil
}

// File names the file of the preset in errors.
func (p Preset) File() string { return "config/" + presetDir + p.Name + presetSuffix }

// Validate reports a name that is no preset and a path the app cannot be
// served below.
func (p Preset) Validate() error {
	var errs []error
	names := PresetNames()
	if _, ok := PresetText(p.Name); !ok {
		advice := "write one of " + strings.Join(names, ", ")
		if near := nearestPreset(p.Name, names); near != "" {
			advice = fmt.Sprintf("did you mean `%s`? There are %s", near, strings.Join(names, ", "))
		}
		errs = append(errs, fmt.Errorf("unknown preset %q; %s", p.Name, advice))
	}
	if p.Under != "" {
		if err := ValidatePath(p.Under); err != nil {
			errs = append(errs, fmt.Errorf("preset %s: %w", p.Name, err))
		} else if strings.HasSuffix(p.Under, "*") {
			errs = append(errs, fmt.Errorf("preset %s: the path %q ends in *; write where the app begins, like /blog", p.Name, p.Under))
		}
	}
	return errors.Join(errs...)
}

// nearestPreset looks past the dashes of names, which Nearest writes as
// underscores.
func nearestPreset(name string, names []string) string {
	plain := make([]string, len(names))
	for i, n := range names {
		plain[i] = strings.ReplaceAll(n, "-", "_")
	}
	return strings.ReplaceAll(Nearest(name, plain), "_", "-")
}

// Place returns the route as it is served below p.Under.
func (p Preset) Place(r Route) Route {
	if under := strings.TrimRight(p.Under, "/"); under != "" && r.Path != "" {
		r.Path = under + r.Path
	}
	return r
}
