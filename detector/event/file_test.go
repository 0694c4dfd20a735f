package event

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorward/doorward/config"
)

func writeNote(t *testing.T, s *FileSink, reason string) error {
	t.Helper()
	e := note(reason)
	return s.Write(t.Context(), &e)
}

func mustWrite(t *testing.T, s *FileSink, reason string) {
	t.Helper()
	if err := writeNote(t, s, reason); err != nil {
		t.Fatal(err)
	}
}

// reasonsIn returns the reasons of the lines of a file, and "?" for lines that
// cannot be read.
func reasonsIn(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasSuffix(content, []byte("\n")) {
		t.Errorf("no line end after %q", content)
	}
	var reasons []string
	for line := range strings.Lines(string(content)) {
		var e struct{ Reason string }
		if json.Unmarshal([]byte(line), &e) != nil {
			e.Reason = "?"
		}
		reasons = append(reasons, e.Reason)
	}
	return strings.Join(reasons, " ")
}

func newFile(t *testing.T, path string) *FileSink {
	t.Helper()
	s := NewFileSink(config.FileSink{Path: path})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestFileIsMadeWithTheFirstEventAndPrivate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a", "b", "events.jsonl")
	s := newFile(t, path)
	if _, err := os.Stat(filepath.Dir(path)); !os.IsNotExist(err) {
		t.Errorf("the folder exists before the first event: %v", err)
	}
	mustWrite(t, s, "1")
	mustWrite(t, s, "2")
	if got := reasonsIn(t, path); got != "1 2" {
		t.Errorf("got %q", got)
	}
	if runtime.GOOS == "windows" {
		return // has no such modes
	}
	for path, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v (%v)", path, info.Mode().Perm(), want, err)
		}
	}
}

func TestFileIsRotatedAndOldOnesAreRemoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := NewFileSink(config.FileSink{Path: filepath.Join(dir, "events.jsonl"), RollSize: 1, Keep: 2}) // less than a MiB is a MiB
	e := longestEvent()
	line := len(e.AppendJSON(nil)) + 1
	for range 4 * (1 << 20) / line {
		if err := s.Write(t.Context(), &e); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Microsecond) // backups are named by the millisecond
	}
	if err := s.Close(); err != nil { // waits for the removal
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 2 || len(files) > 4 {
		t.Fatalf("%d files (%v), want the current and about two old ones", len(files), err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil || info.Size() > 1<<20 || (runtime.GOOS != "windows" && info.Mode().Perm() != 0o600) {
			t.Errorf("%s: %d bytes, mode %v (%v)", f.Name(), info.Size(), info.Mode(), err)
		}
	}
}

func TestFileIsTriedAgainAfterAnError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		blocker := filepath.Join(t.TempDir(), "folder")
		if err := os.WriteFile(blocker, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(blocker, "events.jsonl")
		s := NewFileSink(config.FileSink{Path: path})
		if err := writeNote(t, s, "1"); err == nil || !strings.Contains(err.Error(), path) {
			t.Fatalf("a file where the folder should be: %v", err)
		}
		if err := os.Remove(blocker); err != nil {
			t.Fatal(err)
		}
		if err := writeNote(t, s, "2"); err == nil || !strings.Contains(err.Error(), "waiting") {
			t.Errorf("tried again at once: %v", err)
		}
		time.Sleep(fileRetry)
		mustWrite(t, s, "3")
		if got := reasonsIn(t, path); got != "3" {
			t.Errorf("got %q", got)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestFullDiskIsAnErrorAndNoMore(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		return // only some systems have a disk that is always full
	}
	s := newFile(t, "/dev/full")
	for range 3 {
		if err := writeNote(t, s, "1"); err == nil || !strings.Contains(err.Error(), "no space") {
			t.Errorf("got %v", err)
		}
	}
}

func TestFileThatSomebodyRemovedIsMadeAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "d", "events.jsonl")
		s := NewFileSink(config.FileSink{Path: path})
		mustWrite(t, s, "1")
		time.Sleep(fileRetry)
		if err := os.RemoveAll(filepath.Dir(path)); err != nil {
			t.Fatal(err)
		}
		mustWrite(t, s, "2")
		if got := reasonsIn(t, path); got != "2" {
			t.Errorf("got %q", got)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestATornLineSpoilsNoOther(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "events.jsonl")
	if err := os.WriteFile(path, []byte("{\"reason\":\"0\"}\n{\"reas"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newFile(t, path)
	mustWrite(t, s, "1")
	if got := reasonsIn(t, path); got != "0 ? 1" {
		t.Errorf("got %q", got)
	}
	s.file.torn = true // as after a write that ended early
	mustWrite(t, s, "2")
	mustWrite(t, s, "3")
	if got := reasonsIn(t, path); got != "0 ? 1 ? 2 3" { // an empty line more
		t.Errorf("got %q", got)
	}
}

// During a reload two sinks have the same file open.
func TestTwoSinksOfOneFileLoseNoLine(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "events.jsonl")
	before := NewFileSink(config.FileSink{Path: path})
	mustWrite(t, before, "first")
	after := NewFileSink(config.FileSink{Path: filepath.Join(filepath.Dir(path), ".", "events.jsonl"), Keep: 3})
	var done sync.WaitGroup
	for _, s := range []*FileSink{before, after} {
		done.Go(func() {
			for range 200 {
				mustWriteAsync(t, s)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	got := reasonsIn(t, path)
	if n := strings.Count(got, "x"); n != 400 || strings.Contains(got, "?") {
		t.Errorf("%d lines of 400: %.200s", n, got)
	}
	if err := writeNote(t, after, "late"); err == nil {
		t.Error("a closed sink wrote")
	}
	openFiles.Lock()
	defer openFiles.Unlock()
	if openFiles.byPath[path] != nil {
		t.Error("the file is still held open")
	}
}

func mustWriteAsync(t *testing.T, s *FileSink) {
	e := note("x")
	if err := s.Write(t.Context(), &e); err != nil {
		t.Error(err)
	}
}

func BenchmarkFileSink(b *testing.B) {
	s := NewFileSink(config.FileSink{Path: filepath.Join(b.TempDir(), "events.jsonl")})
	defer s.Close()
	e := fullEvent()
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Write(b.Context(), &e); err != nil {
			b.Fatal(err)
		}
	}
}
