package caddymodule

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	"github.com/doorward/doorward/config"
)

// The golden cases of the grammar are in integration/testdata/caddyfile_adapt.

func parseHandler(t *testing.T, text string) (*Handler, error) {
	t.Helper()
	h := new(Handler)
	return h, h.UnmarshalCaddyfile(caddyfile.NewTestDispenser(text))
}

func parseApp(t *testing.T, text string) (*App, error) {
	t.Helper()
	a := new(App)
	return a, a.UnmarshalCaddyfile(caddyfile.NewTestDispenser(text))
}

// grammars are all blocks, by the head that leads into them.
func grammars() map[string]blockGrammar {
	lists := []string{config.ListTor}
	return map[string]blockGrammar{
		"doorward {\n":                            new(Handler).grammar(lists),
		"doorward {\nlogin {\npassword basic\n":   routeGrammar(new(Route)),
		"doorward {\nlogin /login {\nfailure {\n": conditionGrammar(new(config.Condition)),
	}
}

// TestUsageIsAccepted proves that following the advice of an error about the
// number of arguments leads to a line that is accepted.
func TestUsageIsAccepted(t *testing.T) {
	t.Parallel()
	for head, g := range grammars() {
		for word, l := range g.lines {
			if word == "password" || word == "success" || word == "failure" || word == "unknown" {
				continue // the head holds a password; a block is no line
			}
			usage, _, _ := strings.Cut(l.usage, "|") // the first of the words
			_, err := parseHandler(t, head+usage+strings.Repeat("\n}", strings.Count(head, "{")))
			if err != nil {
				t.Errorf("the usage of %s, %q, is refused: %v", word, l.usage, err)
			}
		}
	}
	for word, l := range new(App).grammar().lines {
		if _, err := parseApp(t, "doorward {\n"+l.usage+"\n}"); err != nil {
			t.Errorf("the usage of %s, %q, is refused: %v", word, l.usage, err)
		}
	}
}

// TestGodocNamesEveryLine holds the syntax reference to the grammar.
func TestGodocNamesEveryLine(t *testing.T) {
	t.Parallel()
	handlerDoc, appDoc := unmarshalDoc(t, "caddyfile_handler.go"), unmarshalDoc(t, "caddyfile_app.go")
	for _, g := range grammars() {
		for _, word := range lineWords(g.lines) {
			mustName(t, handlerDoc, word)
		}
	}
	for _, list := range [][]string{config.ThresholdNames, asStrings(config.Detections), asStrings(config.Places), asStrings(config.Axes), asStrings(config.Modes), asStrings(config.Classes)} {
		for _, word := range list {
			mustName(t, handlerDoc, word)
		}
	}
	for _, word := range append(lineWords(new(App).grammar().lines), "source", "refresh", "roll_size", "keep", "for", "until") {
		mustName(t, appDoc, word)
	}
	defaults := config.DefaultThresholds
	for _, name := range config.ThresholdNames {
		rate := strings.ReplaceAll(defaults.Rate(name).String(), "/1d", "/24h")
		mustName(t, handlerDoc, name+" "+rate)
	}
}

// TestExampleShowsEveryLine holds the tour to the grammar.
func TestExampleShowsEveryLine(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../Caddyfile.example")
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if word, _, _ := strings.Cut(strings.TrimSpace(line), " "); word != "#" {
			shown[word] = true
		}
	}
	words := append(lineWords(new(App).grammar().lines), "source", "refresh", "roll_size", "keep")
	for _, g := range grammars() {
		words = append(words, lineWords(g.lines)...)
	}
	for _, word := range words {
		if !shown[word] {
			t.Errorf("Caddyfile.example has no line %s", word)
		}
	}
	for _, d := range config.Detections {
		if !strings.Contains(string(text), "\ton "+string(d)+" ") {
			t.Errorf("Caddyfile.example answers no %s", d)
		}
	}
}

func unmarshalDoc(t *testing.T, file string) string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	for _, decl := range parsed.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Name.Name == "UnmarshalCaddyfile" {
			return strings.Join(strings.Fields(f.Doc.Text()), " ")
		}
	}
	t.Fatalf("no UnmarshalCaddyfile in %s", file)
	return ""
}

func mustName(t *testing.T, doc, word string) {
	t.Helper()
	if !regexp.MustCompile(`(^|[^a-z_])` + regexp.QuoteMeta(word) + `($|[^a-z_])`).MatchString(doc) {
		t.Errorf("the godoc of UnmarshalCaddyfile does not name %q", word)
	}
}

func asStrings[T ~string](list []T) []string {
	texts := make([]string, len(list))
	for i, v := range list {
		texts[i] = string(v)
	}
	return texts
}

func TestAllowForCountsFromNow(t *testing.T) {
	t.Parallel()
	before := time.Now().Truncate(time.Second)
	a, err := parseApp(t, "doorward {\nallow 192.0.2.7 \"pentest\" for 1d12h\n}")
	if err != nil {
		t.Fatal(err)
	}
	until, after := a.Allow[0].Until, time.Now()
	if until.Before(before.Add(36*time.Hour)) || until.After(after.Add(36*time.Hour)) || until.Location() != time.UTC {
		t.Errorf("the entry ends at %s; want 36 hours from %s, in UTC", until, before)
	}
	if a.Allow[0].Reason != "pentest" {
		t.Errorf("reason %q", a.Allow[0].Reason)
	}
}

// TestSecretsStayOutOfErrors writes a secret wherever somebody may put it by
// mistake on a line about secrets.
func TestSecretsStayOutOfErrors(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"secret hunter2", "secret one hunter2", "secret hunter2 two three", "secret {env.X}\nsecret hunter2",
		"secret hunter2 {\n}", "previous_secret hunter2", "previous_secret hunter2 hunter2", "secrt hunter2",
	} {
		_, err := parseApp(t, "doorward {\n"+line+"\n}")
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: error %v; want one without the secret", line, err)
		}
	}
	_, err := parseHandler(t, "doorward {\nlogin /login {\npassword value hunter2\n}\n}")
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v; want one without the password", err)
	}
}

func TestBraces(t *testing.T) {
	t.Parallel()
	h, err := parseHandler(t, "doorward {\ncontact \"{\"\n}")
	if err != nil || h.Contact != "{" {
		t.Errorf("contact %q, error %v; want a quoted brace to be text", h.Contact, err)
	}
	_, err = parseHandler(t, "doorward {\nlogin /login {\nsuccess\n{\nstatus 302\n}\n}\n}")
	if err == nil || !strings.Contains(err.Error(), "the block is missing") {
		t.Errorf("error %v; want a brace on a line of its own to open nothing", err)
	}
}

func TestErrorsNameTheImportedFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	imported := filepath.Join(dir, "common")
	if err := os.WriteFile(imported, []byte("doorward {\n\tsite shop\n\tmode enfroce\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte("example.com {\n\timport "+imported+"\n}\n"),
		map[string]any{"filename": filepath.Join(dir, "Caddyfile")})
	if err == nil || !strings.Contains(err.Error(), imported+":3") {
		t.Errorf("error %v; want it to name %s:3", err, imported)
	}
}

// checkRoundTrip proves that what was parsed can be loaded as it is: its JSON is
// decoded strictly to an equal value.
func checkRoundTrip[T any](t *testing.T, parsed *T) {
	t.Helper()
	text, err := json.Marshal(parsed)
	if err != nil {
		t.Fatalf("encoding: %v", err)
	}
	decoded := new(T)
	if err := caddy.StrictUnmarshalJSON(text, decoded); err != nil {
		t.Fatalf("decoding %s: %v", text, err)
	}
	again, err := json.Marshal(decoded)
	if err != nil || !reflect.DeepEqual(text, again) {
		t.Fatalf("%s became %s, error %v", text, again, err)
	}
}

// dispenser makes tokens of any bytes; false when the lexer refuses them.
func dispenser(text string) (*caddyfile.Dispenser, bool) {
	tokens, err := caddyfile.Tokenize([]byte(text), "Fuzzfile")
	return caddyfile.NewDispenser(tokens), err == nil
}

func FuzzDirective(f *testing.F) {
	for head, g := range grammars() {
		for _, l := range g.lines {
			f.Add(head + l.usage + strings.Repeat("\n}", strings.Count(head, "{")))
		}
	}
	f.Add("doorward observe")
	f.Add("doorward {\nlogin @api {\n\tsuccess {\n\t\tstatus 302\n\t}\n}\n} }")
	f.Add("doorward { {\n}\n{\n}")
	f.Fuzz(func(t *testing.T, text string) {
		d, ok := dispenser(text)
		h := new(Handler)
		if !ok || h.UnmarshalCaddyfile(d) != nil {
			return
		}
		checkRoundTrip(t, h)
		if err := h.Site.Validate([]string{config.ListTor}); err != nil {
			t.Errorf("accepted, but not valid: %v", err)
		}
		for _, r := range h.Routes {
			if err := r.Route.Validate(); err != nil {
				t.Errorf("accepted, but not valid: %v", err)
			}
		}
	})
}

func FuzzGlobalOption(f *testing.F) {
	for _, l := range new(App).grammar().lines {
		f.Add("doorward {\n" + l.usage + "\n}")
	}
	f.Add("doorward {\ntor /etc/tor.txt {\nrefresh 1h\n}\nallow 192.0.2.7 \"x\" for 1h\n}")
	f.Add("doorward {\nfile x {\nroll_size 1MiB\nkeep 3\n}\n}")
	f.Fuzz(func(t *testing.T, text string) {
		d, ok := dispenser(text)
		a := new(App)
		if !ok || a.UnmarshalCaddyfile(d) != nil {
			return
		}
		checkRoundTrip(t, a)
		if err := a.App.Validate(); err != nil {
			t.Errorf("accepted, but not valid: %v", err)
		}
	})
}
