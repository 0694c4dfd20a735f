package config

import (
	"slices"
	"strings"
	"testing"
)

func TestPresetNamesAreSortedAndPlain(t *testing.T) {
	t.Parallel()
	names := PresetNames()
	if len(names) < 22 || !slices.IsSorted(names) {
		t.Errorf("%d presets, sorted: %t: %v", len(names), slices.IsSorted(names), names)
	}
	for _, name := range names {
		if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			t.Errorf("%q is no name to write in a Caddyfile", name)
		}
	}
}

// TestPresetsSayWhereTheyComeFrom keeps every file honest: what app, from what
// source, and whether it was tried.
func TestPresetsSayWhereTheyComeFrom(t *testing.T) {
	t.Parallel()
	for _, name := range PresetNames() {
		text, ok := PresetText(name)
		if !ok {
			t.Fatalf("%s cannot be read", name)
		}
		lines := strings.Split(text, "\n")
		if !strings.HasPrefix(lines[0], "# App: ") {
			t.Errorf("%s does not begin with the app it is for", name)
		}
		has := func(prefix string) bool {
			return slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, prefix) })
		}
		if !has("# Source: ") {
			t.Errorf("%s names no source", name)
		}
		if has("# Verified: ") == has("# Not run here: ") {
			t.Errorf("%s says neither or both of Verified and Not run here", name)
		}
	}
}

func TestPresetValidate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		preset Preset
		want   string
	}{
		{"known", Preset{Name: "wordpress"}, ""},
		{"known, below a path", Preset{Name: "wordpress", Under: "/blog"}, ""},
		{"misspelled", Preset{Name: "wordpres"}, "did you mean `wordpress`? There are aspnet-identity, "},
		{"misspelled with a dash", Preset{Name: "rails-device"}, "did you mean `rails-devise`?"},
		{"like nothing", Preset{Name: "zzz"}, "write one of aspnet-identity, "},
		{"none", Preset{}, "write one of"},
		{"a way out of the folder", Preset{Name: "../presets/wordpress"}, "unknown preset"},
		{"path without a slash", Preset{Name: "wordpress", Under: "blog"}, "leading slash"},
		{"path with a star", Preset{Name: "wordpress", Under: "/blog*"}, "write where the app begins"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			checkError(t, test.preset.Validate(), test.want)
		})
	}
}

func TestSiteRefusesAPresetTwice(t *testing.T) {
	t.Parallel()
	twice := Site{Presets: []Preset{{Name: "django"}, {Name: "django"}}}
	checkError(t, twice.Validate(nil), "written twice")
	places := Site{Presets: []Preset{{Name: "django"}, {Name: "django", Under: "/intranet"}}}
	checkError(t, places.Validate(nil), "")
}

func TestPresetPlace(t *testing.T) {
	t.Parallel()
	tests := []struct{ under, path, want string }{
		{"", "/wp-login.php", "/wp-login.php"},
		{"/", "/wp-login.php", "/wp-login.php"},
		{"/blog", "/wp-login.php", "/blog/wp-login.php"},
		{"/blog/", "/*", "/blog/*"},
		{"/blog", "", ""},
	}
	for _, test := range tests {
		if got := (Preset{Name: "wordpress", Under: test.under}).Place(Route{Path: test.path}).Path; got != test.want {
			t.Errorf("%s below %q: %s, want %s", test.path, test.under, got, test.want)
		}
	}
}
