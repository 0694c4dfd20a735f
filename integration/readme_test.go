package integration_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
)

// The tests of this file compare the README with what it tells about.

func readme(t *testing.T) string { return sourceText(t, "README.md") }

// sourceText returns files of the project, one after the other.
func sourceText(t *testing.T, patterns ...string) string {
	t.Helper()
	var all strings.Builder
	for _, pattern := range patterns {
		files, err := filepath.Glob(filepath.Join("..", pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("looking for %s: %d files, error %v", pattern, len(files), err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(text)
		}
	}
	return all.String()
}

// blocks returns the code blocks of a language, "" for those without one.
func blocks(text, language string) (found []string) {
	fence := regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")
	for _, m := range fence.FindAllStringSubmatch(text, -1) {
		if m[1] == language {
			found = append(found, m[2])
		}
	}
	return found
}

func TestReadmeCaddyfilesAdaptAndValidate(t *testing.T) {
	all := blocks(readme(t), "caddyfile")
	if len(all) < 6 {
		t.Fatalf("%d blocks of Caddyfile in the README", len(all))
	}
	for _, text := range all {
		if formatted := string(caddyfile.Format([]byte(text))); formatted != text {
			t.Errorf("caddy fmt would change\n%sto\n%s", text, formatted)
		}
		adapted, warnings, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), nil)
		if err != nil {
			t.Errorf("adapting\n%s%v", text, err)
			continue
		}
		for _, w := range warnings {
			t.Errorf("adapting\n%swarning: %s", text, w)
		}
		validate(t, adapted)
	}
}

func TestReadmeJSONValidates(t *testing.T) {
	all := blocks(readme(t), "json")
	if len(all) != 1 {
		t.Fatalf("%d blocks of JSON in the README, want the example", len(all))
	}
	validate(t, []byte(all[0]))
}

// validate provisions a configuration with a storage of the test's own.
func validate(t *testing.T, text []byte) {
	t.Helper()
	var document map[string]any
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	document["storage"] = map[string]any{"module": "file_system", "root": dir}
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	var cfg caddy.Config
	if err := caddy.StrictUnmarshalJSON(text, &cfg); err != nil {
		t.Errorf("%v in\n%s", err, text)
		return
	}
	if err := caddy.Validate(&cfg); err != nil {
		t.Errorf("%v in\n%s", err, text)
	}
}

// TestReadmeSyntaxIsThatOfTheGodoc: what UnmarshalCaddyfile documents is the
// truth, and the README shows the same lines.
func TestReadmeSyntaxIsThatOfTheGodoc(t *testing.T) {
	t.Parallel()
	shown := blocks(readme(t), "")
	leading := regexp.MustCompile(`(?m)^(?:    )+`)
	for _, file := range []string{"caddymodule/caddyfile_app.go", "caddymodule/caddyfile_handler.go"} {
		indented := regexp.MustCompile(`(?m)^//\t.*\n(?:(?://\n)*//\t.*\n)*`)
		documented := indented.FindAllString(sourceText(t, file), -1)
		if len(documented) == 0 {
			t.Errorf("%s: no syntax in the godoc", file)
		}
		for _, d := range documented {
			d = regexp.MustCompile(`(?m)^//\t?`).ReplaceAllString(d, "")
			d = strings.TrimSpace(leading.ReplaceAllStringFunc(d, func(s string) string { return strings.Repeat("\t", len(s)/4) }))
			if !slices.ContainsFunc(shown, func(s string) bool { return strings.TrimSpace(s) == d }) {
				t.Errorf("the README does not show what %s documents:\n%s", file, d)
			}
		}
	}
}

// TestReadmeNamesAreThoseOfTheCode compares the tables of the README with the
// code, both ways.
func TestReadmeNamesAreThoseOfTheCode(t *testing.T) {
	t.Parallel()
	text := readme(t)
	for _, c := range []struct {
		what        string
		told, coded []string
	}{
		{"metrics", rows(text, "Metrics", `caddy_doorward_\w+`), names(sourceText(t, "caddymodule/metrics.go"), `"(caddy_doorward_\w+)"`)},
		{"variables", rows(text, "Variables, log fields and events", `doorward_\w+`), names(sourceText(t, "caddymodule/*.go"), `(?m)(?:SetVar\([^"]*|^\t\t\{)"(doorward_\w+)"`)},
		{"commands", rows(text, "Commands", `[a-z]+`), commands(t)},
		{"health notices", rows(text, "When something is wrong", `[a-z]+_[a-z_]+`), names(sourceText(t, "caddymodule/health.go"), `(?m)^\t"([a-z_]+)": `)},
		{"events", names(text, "`(doorward\\.[a-z]+)`"), eventNames(t)},
		{"lines of the directive", lineRows(text, "### Directive"), grammarWords(t, "caddymodule/caddyfile_handler.go")},
		{"lines of the option", lineRows(text, "### Global option"), grammarWords(t, "caddymodule/caddyfile_app.go")},
	} {
		if len(c.coded) < 4 {
			t.Errorf("%s: only %q found in the code", c.what, c.coded)
		}
		for _, name := range c.coded {
			if !slices.Contains(c.told, name) {
				t.Errorf("%s: the README does not tell of %s", c.what, name)
			}
		}
		for _, name := range c.told {
			if !slices.Contains(c.coded, name) {
				t.Errorf("%s: the README tells of %s, the code knows no such thing", c.what, name)
			}
		}
	}
}

// TestRefusalsPointAtHeadings: the types of problem details are addresses of
// headings.
func TestRefusalsPointAtHeadings(t *testing.T) {
	t.Parallel()
	anchors := append(names(sourceText(t, "caddymodule/refusal/render.go"), `doorward/doorward#([a-z-]+)"`),
		names(sourceText(t, "caddymodule/challenge_answer.go"), `doorward/doorward#([a-z-]+)"`)...)
	if len(anchors) != 3 {
		t.Fatalf("problem types %q", anchors)
	}
	for _, a := range anchors {
		if !slices.Contains(headings(readme(t)), a) {
			t.Errorf("the README has no heading #%s, which refusals point at", a)
		}
	}
}

func TestReadmeLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	text := readme(t)
	for _, link := range names(text, `\]\(([^)]+)\)`) {
		file, anchor, _ := strings.Cut(link, "#")
		if strings.HasPrefix(link, "https://") {
			continue
		}
		target := text
		if file != "" {
			target = sourceText(t, file)
		}
		if anchor != "" && !slices.Contains(headings(target), anchor) {
			t.Errorf("the link %s leads to no heading", link)
		}
	}
	for _, target := range names(text, "(?m)(?:`|^)make ([a-z]+)\\b") {
		if !strings.Contains(sourceText(t, "Makefile"), "\n"+target+":") {
			t.Errorf("the Makefile has no target %s", target)
		}
	}
}

// names returns what the group of the pattern matches, each once.
func names(text, pattern string) (found []string) {
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		if !slices.Contains(found, m[1]) {
			found = append(found, m[1])
		}
	}
	return found
}

// section returns the text below a heading up to the next of any level.
func section(text, heading string) string {
	_, below, _ := strings.Cut(text, "\n"+heading+"\n")
	below, _, _ = strings.Cut(below, "\n#")
	return below
}

// rows returns the names that the rows of a section's tables begin with.
func rows(text, heading, pattern string) []string {
	return names(section(text, "## "+heading), "(?m)^\\| `("+pattern+")")
}

// lineRows returns the first words of all code in the first cells of a table.
func lineRows(text, heading string) (found []string) {
	for line := range strings.Lines(section(text, heading)) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			continue
		}
		found = append(found, names(cells[1], "`([a-z_]+)")...)
	}
	return found
}

// grammarWords are the words that may begin a line, as the documented syntax
// lists them: one tab deep.
func grammarWords(t *testing.T, file string) []string {
	t.Helper()
	words := names(sourceText(t, file), `(?m)^//\t    ([a-z_]+)`)
	if at := slices.Index(words, "automatic"); at >= 0 { // <kind> stands for these
		words = append(words, names(sourceText(t, "caddymodule/caddyfile_route.go"), `(?m)^\t\{"([a-z_]+)", config\.Kind`)...)
		words = append(words, "when", "identifier", "password", "property", "success", "failure", "unknown")
	}
	return words
}

// commands are the subcommands of `caddy doorward`.
func commands(t *testing.T) (found []string) {
	t.Helper()
	for _, c := range caddycmd.Commands() {
		if c.Name == "doorward" {
			return names(sourceText(t, "caddymodule/command*.go"), `(?:Use:\s+|(?:entry|end)Command\()"([a-z]+)(?: |"[,)])`)
		}
	}
	t.Error("the binary has no command doorward")
	return nil
}

func eventNames(t *testing.T) (found []string) {
	t.Helper()
	for _, kind := range names(sourceText(t, "detector/event/event.go"), `Type = "([a-z]+)"`) {
		found = append(found, "doorward."+kind)
	}
	return found
}

// headings are the anchors GitHub makes of the headings of a page.
func headings(text string) (anchors []string) {
	for _, h := range names(text, `(?m)^#+ (.+)$`) {
		h = strings.ToLower(regexp.MustCompile("[^A-Za-z0-9 -]").ReplaceAllString(h, ""))
		anchors = append(anchors, strings.ReplaceAll(h, " ", "-"))
	}
	return anchors
}

func TestReadmeBeginsWithTheShortestCaddyfile(t *testing.T) {
	t.Parallel()
	all := blocks(readme(t), "caddyfile")
	if len(all) == 0 || bytes.Count([]byte(all[0]), []byte("\n")) != 4 {
		t.Errorf("the first Caddyfile of the README is not the one of four lines: %q", all)
	}
}
