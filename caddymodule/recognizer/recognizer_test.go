package recognizer

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
	"github.com/doorward/doorward/detector/recognize/har"
)

var update = flag.Bool("update", false, "write the golden files")

// sessions are the names of the archives in testdata.
var sessions = []string{"form", "second-factor", "basic", "bad-request", "shared-address", "nothing"}

func archive(t testing.TB, name string) *har.File {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name+".har"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	file, err := har.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func played(t testing.TB, o Options, f *har.File) *Session {
	t.Helper()
	s, err := New(o).Play("x.har", f)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func printed(t testing.TB, name string, asJSON bool) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".har"))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	run := Run{Player: New(Options{}), JSON: asJSON, Out: bufio.NewWriter(&out)}
	if err := run.File(name+".har", bytes.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestOutput(t *testing.T) {
	t.Parallel()
	for _, name := range sessions {
		for suffix, asJSON := range map[string]bool{".json.golden": true, ".txt.golden": false} {
			t.Run(name+suffix, func(t *testing.T) {
				t.Parallel()
				got := printed(t, name, asJSON)
				if strings.Contains(got, "hunter2") || strings.Contains(got, "123456") {
					t.Error("the output holds a secret")
				}
				golden := filepath.Join("testdata", name+suffix)
				if *update {
					if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatal(err)
				}
				if got != string(want) {
					t.Errorf("got\n%s\nwant\n%s", got, want)
				}
			})
		}
	}
}

// TestLaterEntriesChangeNothing holds the causal rule: a line rests on its
// entry and those before it.
func TestLaterEntriesChangeNothing(t *testing.T) {
	t.Parallel()
	for _, name := range sessions {
		f := archive(t, name)
		whole := played(t, Options{}, f).Lines()
		for n := range f.Entries {
			part := played(t, Options{}, &har.File{Entries: f.Entries[:n+1]}).Lines()
			if !reflect.DeepEqual(part, whole[:n+1]) {
				t.Errorf("%s: the first %d entries alone are told as %+v, with the rest as %+v", name, n+1, part, whole[:n+1])
			}
		}
	}
}

func TestNothingIsCarriedToTheNextFile(t *testing.T) {
	t.Parallel()
	for _, name := range sessions {
		f, player := archive(t, name), New(Options{})
		first, err := player.Play("x.har", f)
		if err != nil {
			t.Fatal(err)
		}
		again, err := player.Play("x.har", f)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(first.Lines(), again.Lines()) {
			t.Errorf("%s: the second time %+v, the first time %+v", name, again.Lines(), first.Lines())
		}
	}
}

func TestConfiguration(t *testing.T) {
	t.Parallel()
	off := false
	login := config.Route{Kind: config.KindLogin, Method: "POST", Path: "/cart", Identifiers: []config.Field{{Name: "item", From: config.PlaceForm, Key: "item"}}}
	tests := []struct {
		name string
		o    Options
		want string // the kinds of the entries of form.har
	}{
		{"nothing said", Options{}, "none login login none none logout signup"},
		{"automatic off", Options{Site: config.Site{Automatic: &off}}, "none none none none none none none"},
		{"declared route", Options{Site: config.Site{Automatic: &off, Routes: []config.Route{login}}}, "none none none none login none none"},
		{"routes found by the caller", Options{Route: func(e *har.Entry) (*config.Route, error) {
			if e.Request.Path != "/cart" {
				return nil, nil
			}
			return &login, nil
		}}, "none login login none login logout signup"},
		{"body cut before the credentials", Options{Site: config.Site{BodyLimit: 1}}, "none login login none none logout none"},
		{"mode off", Options{Site: config.Site{Mode: config.ModeOff}}, "none login login none none logout signup"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var kinds []string
			for _, l := range played(t, test.o, archive(t, "form")).Lines() {
				kinds = append(kinds, string(l.Kind))
			}
			if got := strings.Join(kinds, " "); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestAnswersAreReadUpToTheLimit(t *testing.T) {
	t.Parallel()
	f := archive(t, "bad-request")
	f.Entries = f.Entries[3:4] // a success by its JSON
	for limit, want := range map[config.Size]recognize.Result{0: recognize.Success, 1: recognize.Unknown} {
		if got := played(t, Options{Site: config.Site{ResponseLimit: limit}}, f).Lines()[0].Outcome; got != want {
			t.Errorf("limit %d: got %s, want %s", limit, got, want)
		}
	}
}

func TestErrorOfARouteNamesTheEntry(t *testing.T) {
	t.Parallel()
	o := Options{Route: func(*har.Entry) (*config.Route, error) { return nil, fmt.Errorf("broken") }}
	if _, err := New(o).Play("x.har", archive(t, "nothing")); err == nil || err.Error() != "playing entry 0 of x.har: broken" {
		t.Errorf("got %v", err)
	}
}

func TestUnreadableFilePrintsNothing(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/form.har")
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{"empty": "", "cut": string(text[:len(text)/2]), "no archive": "{}"} {
		var out bytes.Buffer
		run := Run{Player: New(Options{}), JSON: true, Out: bufio.NewWriter(&out)}
		err := run.File("x.har", strings.NewReader(file))
		if err == nil || !strings.HasPrefix(err.Error(), "reading x.har: ") || out.Len() > 0 {
			t.Errorf("%s: error %v, printed %q", name, err, out.String())
		}
	}
}

// FuzzFile looks for panics, entries without a line, lines that break, and
// suggestions that cannot be configured.
func FuzzFile(f *testing.F) {
	for _, name := range sessions {
		text, err := os.ReadFile(filepath.Join("testdata", name+".har"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := har.Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		s := played(t, Options{}, file)
		if len(s.Lines()) != len(file.Entries) {
			t.Fatalf("%d lines for %d entries", len(s.Lines()), len(file.Entries))
		}
		for _, site := range Suggest(s) {
			for _, r := range site.Routes {
				if err := r.Validate(); err != nil {
					t.Errorf("suggested %+v: %v", r, err)
				}
			}
			if text := site.Text(); strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsPrint(r) }) {
				t.Errorf("suggested text %q", text)
			}
		}
		var out bytes.Buffer
		report(bufio.NewWriter(&out), "x.har", s)
	})
}
