package intel

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
)

func TestNewListRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		spec Spec
		want string
	}{
		{"no name", Spec{Source: "/x"}, "lower-case letters"},
		{"name with a path", Spec{Name: "../tor", Source: "/x"}, "lower-case letters"},
		{"long name", Spec{Name: strings.Repeat("x", 33), Source: "/x"}, "at most 32"},
		{"no source", Spec{Name: "tor"}, "source is missing"},
		{"other scheme", Spec{Name: "tor", Source: "ftp://lists.test/tor"}, "no http or https URL"},
		{"too often", Spec{Name: "tor", Source: "/x", Refresh: time.Millisecond}, "at least 1s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := NewList(tt.spec, Deps{}); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// tor is the list of Tor exits with its defaults.
func tor(source string, refresh time.Duration) Spec {
	return Spec{Name: "tor", Source: source, Refresh: refresh, Layout: Layout{Format: config.FormatAuto}, Keep: 48 * time.Hour, MaxLoss: 50}
}

func TestSpecsOfAConfiguration(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		app  config.App
		want []Spec
	}{
		{"default", config.App{}, []Spec{tor(config.DefaultTorSource, time.Hour)}},
		{"own file", config.App{Tor: &config.List{Source: "/x", Refresh: config.Duration(time.Minute)}}, []Spec{tor("/x", time.Minute)}},
		{"off", config.App{TorOff: true}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []Spec
			for _, l := range tt.app.WithDefaults().All() {
				got = append(got, SpecOf(l, nil))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestConstructionTouchesNothing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	asked := direct{http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the server was asked") })}
	l := mustList(t, "https://lists.test/tor", Deps{StateDir: dir, Transport: asked})
	if contains(l, "192.0.2.1") || l.Status().Stale {
		t.Error("a list that was never started has entries or is stale")
	}
	mustClose(t, l)
	l.Start() // after Close: nothing
	<-l.Ready()
	if _, err := os.Stat(dir); err == nil {
		t.Error("the state directory was made")
	}
}

// TestFileList is row A51 for files: what happens to the file, and what the
// list makes of it.
func TestFileList(t *testing.T) {
	t.Parallel()
	clk := newClock()
	path := filepath.Join(t.TempDir(), "list.txt")
	l := mustList(t, path, Deps{Now: clk.now, StateDir: t.TempDir()})
	replace := func(content string) func() {
		return func() {
			writeFile(t, path+".new", content)
			if err := os.Rename(path+".new", path); err != nil {
				t.Fatal(err)
			}
		}
	}
	steps := []struct {
		name    string
		do      func()
		entries int
		problem string
	}{
		{"not there yet", func() {}, 0, "does not exist"},
		{"written", replace(hosts(10)), 10, ""},
		{"unchanged", func() {}, 10, ""},
		{"replaced", replace(hosts(11)), 11, ""},
		{"changed in place", func() { writeFile(t, path, hosts(12)) }, 12, ""},
		{"emptied", func() { writeFile(t, path, "") }, 12, "empty"},
		{"half a line", func() { writeFile(t, path, hosts(12)+"192.0") }, 12, "middle of a line"},
		{"a web page", replace("<html>"), 12, "HTML"},
		{"shrunken", replace(hosts(5)), 12, "shrank from 12 to 5"},
		{"exactly half", replace(hosts(6)), 6, ""},
		{"deleted", func() { _ = os.Remove(path) }, 6, "does not exist"},
		{"a folder", func() { _ = os.Mkdir(path, 0o700) }, 6, "directory"},
		{"back", func() { _ = os.Remove(path); writeFile(t, path, hosts(7)) }, 7, ""},
	}
	for _, step := range steps {
		step.do()
		clk.advance(time.Hour)
		err := l.check(t.Context())
		if step.problem == "" && err != nil || step.problem != "" && (err == nil || !strings.Contains(err.Error(), step.problem)) {
			t.Fatalf("%s: error %v, want %q", step.name, err, step.problem)
		}
		s := l.Status()
		if s.Entries != step.entries || l.set.Load().Len() != step.entries {
			t.Fatalf("%s: %d entries, want %d", step.name, s.Entries, step.entries)
		}
		if fresh := s.Age(clk.now()) == 0; fresh != (err == nil) {
			t.Fatalf("%s: age %v", step.name, s.Age(clk.now()))
		}
	}
	if s := l.Status(); s.Refused != 4 {
		t.Errorf("refused %d times, want 4: emptied, half a line, web page, shrunken", s.Refused)
	}
}

func TestUnchangedFileIsNotReadAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "list.txt")
	writeFile(t, path, hosts(3))
	now := time.Now()
	origin := newFileOrigin(path, func() time.Time { return now })
	open := func(have Version) Content {
		t.Helper()
		content, err := origin.Open(t.Context(), have)
		if err != nil {
			t.Fatal(err)
		}
		if content.Body != nil {
			if err := content.Body.Close(); err != nil {
				t.Fatal(err)
			}
		}
		return content
	}

	young := open(Version{})
	if open(young.Version).Unchanged {
		t.Error("a file written this moment may change again within its time stamp, and counts as unchanged")
	}
	now = now.Add(time.Minute)
	old := open(young.Version)
	if !open(old.Version).Unchanged {
		t.Error("an unchanged file is read again")
	}
	if other, err := newFileOrigin(path, origin.now).Open(t.Context(), old.Version); err != nil || other.Unchanged {
		t.Errorf("the version of another process proves something; error %v", err)
	} else {
		_ = other.Body.Close()
	}
	if err := os.Chtimes(path, time.Time{}, now.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if open(old.Version).Unchanged {
		t.Error("another time counts as unchanged")
	}
}

func TestOperatorConsentsToAShrunkenList(t *testing.T) {
	t.Parallel()
	h, dir := new(swappable), t.TempDir()
	h.set(text(hosts(100)))
	l := mustList(t, "https://lists.test/tor", Deps{Transport: direct{h}, StateDir: dir})
	mustCheck(t, l)
	h.set(text(hosts(2)))
	err := l.check(t.Context())
	if err == nil || !strings.Contains(err.Error(), "delete "+copyPath(dir)) {
		t.Fatalf("error %v does not say how to consent", err)
	}
	if err := os.Remove(copyPath(dir)); err != nil {
		t.Fatal(err)
	}
	mustCheck(t, l)
	if n := l.Status().Entries; n != 2 {
		t.Errorf("%d entries", n)
	}
	if err := CheckFile(copyPath(dir), Layout{}); err != nil {
		t.Errorf("no new copy: %v", err)
	}
}

func TestShrunkenListIsRefusedAfterARestartToo(t *testing.T) {
	t.Parallel()
	h, dir := new(swappable), t.TempDir()
	deps := Deps{Transport: direct{h}, StateDir: dir}
	h.set(text(hosts(100)))
	mustCheck(t, mustList(t, "https://lists.test/tor", deps))
	h.set(text(hosts(49)))
	l := mustList(t, "https://lists.test/tor", deps)
	l.loadCopy()
	if err := l.check(t.Context()); err == nil {
		t.Error("49 of 100 entries replaced the copy")
	}
	h.set(text(hosts(50)))
	mustCheck(t, l)
}

func TestCopyIsWrittenOnlyWhenItSaysSomethingNew(t *testing.T) {
	t.Parallel()
	clk, dir, h := newClock(), t.TempDir(), new(swappable)
	h.set(text(hosts(10)))
	l := mustList(t, "https://lists.test/tor", Deps{Transport: direct{h}, StateDir: dir, Now: clk.now})
	mustCheck(t, l)
	first := readCopyText(t, dir)
	clk.advance(23 * time.Hour)
	mustCheck(t, l)
	if readCopyText(t, dir) != first {
		t.Error("written although nothing changed")
	}
	restarted := mustList(t, "https://lists.test/tor", Deps{Transport: direct{h}, StateDir: dir, Now: clk.now})
	restarted.loadCopy()
	mustCheck(t, restarted)
	if readCopyText(t, dir) != first {
		t.Error("written after a restart although nothing changed")
	}
	clk.advance(time.Hour)
	mustCheck(t, l)
	second := readCopyText(t, dir)
	if second == first {
		t.Error("after a day it still tells yesterday's date")
	}
	if published := l.Status().PublishedAt; clk.now().Sub(published) != 24*time.Hour {
		t.Errorf("published %v", published)
	}
	h.set(text(hosts(11)))
	mustCheck(t, l)
	if readCopyText(t, dir) == second {
		t.Error("new entries were not written")
	}
	if err := os.Remove(copyPath(dir)); err != nil {
		t.Fatal(err)
	}
	mustCheck(t, l)
	readCopyText(t, dir)
}

func TestStale(t *testing.T) {
	t.Parallel()
	clk, h := newClock(), new(swappable)
	l := mustList(t, "https://lists.test/tor", Deps{Transport: direct{h}, Now: clk.now})
	h.set(text(""))
	clk.advance(time.Minute)
	_ = l.check(t.Context())
	if s := l.Status(); !s.Stale || s.Age(clk.now()) != time.Minute {
		t.Errorf("tried and never loaded: %+v", s)
	}
	h.set(text(hosts(3)))
	mustCheck(t, l)
	clk.advance(3 * time.Hour)
	if l.Status().Stale {
		t.Error("stale after three refresh intervals")
	}
	clk.advance(time.Second)
	if !l.Status().Stale {
		t.Error("not stale after more than three refresh intervals")
	}
	clk.advance(-100 * time.Hour)
	if age := l.Status().Age(clk.now()); age != 0 {
		t.Errorf("a clock set back gives the age %v", age)
	}
}

func TestSkippedLinesAreTold(t *testing.T) {
	t.Parallel()
	out := new(logged)
	l := mustList(t, "https://lists.test/tor", Deps{Transport: direct{text(hosts(30) + "oops\n" + hosts(30))}, Log: out.logger()})
	mustCheck(t, l)
	if s := l.Status(); s.Unreadable != 1 || s.Entries != 30 {
		t.Errorf("status %+v", s)
	}
	if !strings.Contains(out.String(), "first=31") {
		t.Errorf("log %s", out)
	}
}
