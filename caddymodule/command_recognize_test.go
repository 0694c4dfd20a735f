package caddymodule

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/doorward/doorward/caddymodule/recognizer"
	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize/har"
)

// archives are those of the recognizer's own tests.
const archives = "recognizer/testdata/"

func runRecognize(t *testing.T, args ...string) (stdout string, err error) {
	t.Helper()
	var out, stderr bytes.Buffer
	cmd := recognizeCommand()
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&stderr)
	err = cmd.Execute()
	return out.String(), err
}

func kindsOf(t *testing.T, lines string) string {
	t.Helper()
	var kinds []string
	for i, text := range strings.Split(strings.TrimSuffix(lines, "\n"), "\n") {
		var l recognizer.Line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("line %d is no JSON: %q", i, text)
		}
		kinds = append(kinds, string(l.Kind))
	}
	return strings.Join(kinds, " ")
}

func TestRecognizePrintsALinePerEntry(t *testing.T) {
	t.Parallel()
	out, err := runRecognize(t, "--json", archives+"form.har", archives+"nothing.har")
	if err != nil {
		t.Fatal(err)
	}
	if got := kindsOf(t, out); got != "none login login none none logout signup none" {
		t.Errorf("got %s", got)
	}
}

func TestRecognizeGoesOnBehindAFileThatCannotBeRead(t *testing.T) {
	t.Parallel()
	broken := filepath.Join(t.TempDir(), "broken.har")
	if err := os.WriteFile(broken, []byte(`{"log":{"entries":[{}]}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := runRecognize(t, "--json", "missing.har", broken, archives+"nothing.har")
	if err == nil || !strings.Contains(err.Error(), "missing.har") || !strings.Contains(err.Error(), broken+": reading entry 0") {
		t.Errorf("error %v; want both files named", err)
	}
	if got := kindsOf(t, out); got != "none" {
		t.Errorf("got %s, want the line of the third file", got)
	}
}

func TestRecognizeWithConfiguration(t *testing.T) {
	t.Parallel()
	// Entry 4 of the archive posts item=7 to /cart.
	tests := []struct{ name, text, site, want, err string }{
		{name: "bare lines", text: "automatic off\nlogin POST /cart {\n\tidentifier item form item\n}", want: "none none none none login none none"},
		{name: "a matcher that holds", text: "http://a.example {\n@m {\n\theader Cookie *dark*\n\thost shop.example\n\tpath /cart\n\tmethod POST\n}\ndoorward {\n\tautomatic off\n\tlogin @m\n}\n}", want: "none none none none login none none"},
		{name: "a matcher that does not", text: "http://a.example {\n@m {\n\tpath /cart\n\theader Cookie *light*\n}\ndoorward {\n\tautomatic off\n\tlogin @m\n}\n}", want: "none none none none none none none"},
		{name: "one of two sites", site: "b.example", text: "http://a.example {\n\tdoorward\n}\nhttp://b.example {\n\tdoorward {\n\t\tautomatic off\n\t}\n}", want: "none none none none none none none"},
		{name: "two sites, none chosen", text: "http://a.example {\n\tdoorward\n}\nhttp://b.example {\n\tdoorward\n}", err: "choose one with --site"},
		{name: "a mistake", text: "logn POST /cart", err: "logn"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "doorward.conf")
			if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := runRecognize(t, "--json", "--config", file, "--site", test.site, archives+"form.har")
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v, want %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := kindsOf(t, out); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
	if _, err := runRecognize(t, "--config", "missing.conf", archives+"form.har"); err == nil || !strings.Contains(err.Error(), "missing.conf") {
		t.Errorf("missing configuration: error %v", err)
	}
}

// TestSuggestedLinesCanBeConfigured reads back what `recognize` suggests.
func TestSuggestedLinesCanBeConfigured(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(archives + "*.har")
	if err != nil || len(files) < 5 {
		t.Fatalf("archives %v, error %v", files, err)
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		archive, err := har.Read(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		session, err := recognizer.New(recognizer.Options{}).Play(name, archive)
		if err != nil {
			t.Fatal(err)
		}
		for _, site := range recognizer.Suggest(session) {
			readBack(t, site)
		}
	}
}

func TestSuggestedWordsCanBeConfigured(t *testing.T) {
	t.Parallel()
	site := recognizer.SiteSuggestion{Host: "a.example", Notes: []string{`a note with "quotes" and # in it`}}
	for i, kind := range config.Kinds {
		site.Routes = append(site.Routes, config.Route{
			Kind: kind, Method: "POST", Path: "/" + string(rune('a'+i)) + " x/y*",
			Identifiers: []config.Field{{Name: "user name", From: config.PlaceForm, Key: "user[name] #1"}, {Name: "shop", From: config.PlaceQuery, Key: "@shop"}},
			Password:    &config.Field{From: config.PlaceJSON, Key: "user.pass word"},
			Success:     []config.Condition{{{Of: config.PartStatus, Values: []string{"200", "302"}}}},
			Failure:     []config.Condition{{{Of: config.PartRedirect, Values: []string{"/log in", "/a"}}}},
		})
	}
	readBack(t, site)
	site.Routes = []config.Route{{
		Kind: config.KindLogin, Path: "/*",
		Identifiers: []config.Field{{Name: "username", From: config.PlaceDigest}}, Password: &config.Field{From: config.PlaceDigest},
	}}
	readBack(t, site)
}

func readBack(t *testing.T, site recognizer.SiteSuggestion) {
	t.Helper()
	_, h, err := ReadConfig([]byte(site.Text()), "suggested", "")
	if err != nil {
		t.Errorf("%v in\n%s", err, site.Text())
		return
	}
	want, _ := json.Marshal(append([]config.Route{}, site.Routes...))
	got, _ := json.Marshal(append([]config.Route{}, h.site().Routes...))
	if !bytes.Equal(got, want) {
		t.Errorf("read back %s, want %s", got, want)
	}
}
