package intel

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func copyPath(dir string) string { return filepath.Join(dir, "lists", "tor.list") }

func readCopyText(t *testing.T, dir string) string {
	t.Helper()
	b, err := os.ReadFile(copyPath(dir))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestCopyComesBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	set := mustParse(t, "192.0.2.1\n198.51.100.0/24\n2001:db8::1\n2001:db8:1::/48\n")
	head := copyHeader{LoadedAt: newClock().now(), ETag: `W/"<&#;"`, LastModified: "Wed, 01 Jan 2031 00:00:00 GMT"}
	c := newCopyFile(dir, "tor", "https://lists.test/tor")
	if err := c.save(past{answer: set}, head); err != nil {
		t.Fatal(err)
	}
	got, gotHead, err := newCopyFile(dir, "tor", "https://lists.test/tor").load()
	if err != nil {
		t.Fatal(err)
	}
	if !got.answer.Equal(set) {
		t.Errorf("entries %v", entries(got.answer))
	}
	gotHead.SourceSHA256 = ""
	if gotHead != head {
		t.Errorf("header %+v, want %+v", gotHead, head)
	}
	if err := CheckFile(copyPath(dir), Layout{}); err != nil {
		t.Errorf("the copy is no list by itself: %v", err)
	}
	if runtime.GOOS != "windows" {
		checkMode(t, copyPath(dir), 0o600)
		checkMode(t, filepath.Dir(copyPath(dir)), 0o700|fs.ModeDir)
	}
}

func checkMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != want {
		t.Errorf("%s has mode %v, want %v", path, info.Mode(), want)
	}
}

func TestDamagedCopyIsIgnored(t *testing.T) {
	t.Parallel()
	const source = "https://lists.test/tor"
	dir := t.TempDir()
	if err := newCopyFile(dir, "tor", source).save(past{answer: mustParse(t, hosts(100))}, copyHeader{}); err != nil {
		t.Fatal(err)
	}
	whole := readCopyText(t, dir)
	tests := []struct {
		name    string
		content string
		source  string
	}{
		{"empty", "", source},
		{"cut in half", whole[:len(whole)/2], source},
		{"cut after a line", whole[:strings.LastIndex(whole, "#")], source},
		{"one digit changed", strings.Replace(whole, "192.0.2.50", "192.0.2.51", 1), source},
		{"header changed", strings.Replace(whole, "0001", "2031", 1), source},
		{"checksum of another file", whole[:len(whole)-2] + "x\n", source},
		{"other version", strings.Replace(whole, "list 1", "list 2", 1), source},
		{"zeros", string(make([]byte, len(whole))), source},
		{"only a checksum", whole[len(whole)-trailerSize:], source},
		{"another source", whole, "https://other.test/tor"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir, out := t.TempDir(), new(logged)
			if err := os.Mkdir(filepath.Join(dir, "lists"), 0o700); err != nil {
				t.Fatal(err)
			}
			writeFile(t, copyPath(dir), tt.content)
			l := mustList(t, tt.source, Deps{StateDir: dir, Log: out.logger(), Transport: direct{text(hosts(3))}})
			l.loadCopy()
			if s := l.Status(); s.Entries != 0 || s.FromCopy || s.CopyError == "" {
				t.Errorf("status %+v", s)
			}
			if !strings.Contains(out.String(), "copy of the list is ignored") {
				t.Errorf("log %q", out)
			}
			mustCheck(t, l) // 3 entries are enough: there is no good copy to compare with
			if s := l.Status(); s.Entries != 3 || s.CopyError != "" {
				t.Errorf("after a good answer %+v", s)
			}
			if _, _, err := l.copy.load(); err != nil {
				t.Errorf("the damaged copy was not replaced: %v", err)
			}
		})
	}
}

func TestCopyWithAForeignHeaderIsIgnored(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"# a list\n", "", "# doorward list 1 {\n", "# doorward list 2 {}\n"} {
		body := first + hosts(50)
		sum := sha256.New()
		sum.Write([]byte(body))
		in := body + trailerLine(sum)
		_, _, err := readCopy(strings.NewReader(in), int64(len(in)))
		if err == nil || !strings.Contains(err.Error(), "no header of this version") {
			t.Errorf("first line %q: error %v", first, err)
		}
	}
}

func TestWithoutStateDirectoryNothingIsKept(t *testing.T) {
	t.Parallel()
	l := mustList(t, "https://lists.test/tor", Deps{Transport: direct{text(hosts(3))}})
	l.loadCopy()
	mustCheck(t, l)
	if s := l.Status(); s.CopyError != "" || s.Entries != 3 {
		t.Errorf("status %+v", s)
	}
}

// TestUnwritableStateDirectory stands for a read-only disk: a file is where the
// folder should be, which stops root too.
func TestUnwritableStateDirectory(t *testing.T) {
	t.Parallel()
	dir, out := filepath.Join(t.TempDir(), "state"), new(logged)
	writeFile(t, dir, "")
	l := mustList(t, "https://lists.test/tor", Deps{StateDir: dir, Log: out.logger(), Transport: direct{text(hosts(3))}})
	l.loadCopy()
	mustCheck(t, l)
	mustCheck(t, l)
	if s := l.Status(); s.Entries != 3 || s.CopyError == "" || s.LastError != "" {
		t.Errorf("status %+v", s)
	}
	if n := strings.Count(out.String(), "a restart begins without it"); n != 1 {
		t.Errorf("told %d times:\n%s", n, out)
	}
}

func TestInterruptedWriteLeavesTheOldCopy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := newCopyFile(dir, "tor", "s")
	if err := c.save(past{answer: mustParse(t, hosts(5))}, copyHeader{}); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Dir(c.path)
	old, fresh, other := filepath.Join(folder, ".tor.list.1.tmp"), filepath.Join(folder, ".tor.list.2.tmp"), filepath.Join(folder, ".vpn.list.3.tmp")
	for _, path := range []string{old, fresh, other} {
		writeFile(t, path, "192.0.")
	}
	for _, path := range []string{old, other} {
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	loaded, _, err := c.load()
	if err != nil || loaded.answer.Len() != 5 {
		t.Fatalf("%d entries, error %v", loaded.answer.Len(), err)
	}
	if _, err := os.Stat(old); !errors.Is(err, fs.ErrNotExist) {
		t.Error("an abandoned file was left")
	}
	for _, path := range []string{fresh, other} {
		if _, err := os.Stat(path); err != nil {
			t.Errorf("a file of another writer was removed: %v", err)
		}
	}
}

func FuzzReadCopy(f *testing.F) {
	var b bytes.Buffer
	if err := writeCopy(&b, past{answer: mustParse(f, hosts(3))}, copyHeader{ETag: "x"}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(b.Bytes()[:trailerSize])
	f.Add([]byte("# doorward list 1 {}\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		got, _, err := readCopy(bytes.NewReader(in), int64(len(in)))
		if n := got.answer.Len() + len(got.gone); (err == nil) != (n > 0) {
			t.Fatalf("%d entries, error %v", n, err)
		}
	})
}
