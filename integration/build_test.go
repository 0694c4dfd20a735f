package integration

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	modulePath = "github.com/doorward/doorward"
	root       = ".."
)

// rooms are the folders of the project from the bottom up, each with what
// neither its code nor its tests may reach.
var rooms = []struct {
	name      string
	forbidden []string
}{
	{"config", []string{
		modulePath, modulePath + "/detector", modulePath + "/caddymodule", modulePath + "/cmd",
		modulePath + "/integration", "github.com/caddyserver",
	}},
	{"detector", []string{
		modulePath, modulePath + "/caddymodule", modulePath + "/cmd",
		modulePath + "/integration", "github.com/caddyserver",
	}},
	{"caddymodule", []string{modulePath, modulePath + "/cmd", modulePath + "/integration"}},
}

// TestDependenciesPointOneWay holds config ← detector ← caddymodule ← cmd and
// integration, and that the first two know nothing of Caddy.
func TestDependenciesPointOneWay(t *testing.T) {
	t.Parallel()
	for _, room := range rooms {
		t.Run(room.name, func(t *testing.T) {
			t.Parallel()
			own := modulePath + "/" + room.name
			reached := dependencies(t, "./"+room.name+"/...")
			if !slices.ContainsFunc(reached, func(p string) bool { return below(p, own) }) {
				t.Fatalf("go list does not name %s itself: %q", own, reached)
			}
			for _, p := range reached {
				for _, f := range room.forbidden {
					// The root package is a module path, not a folder of ours.
					if p == f || f != modulePath && below(p, f) {
						t.Errorf("%s reaches %s; see `go list -deps -test -f '{{.ImportPath}}: {{.Imports}}' ./%s/...`", room.name, p, room.name)
					}
				}
			}
		})
	}
}

func TestBelowComparesWholeSegments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		path, folder string
		want         bool
	}{
		{"github.com/caddyserver/caddy/v2", "github.com/caddyserver", true},
		{"github.com/caddyserver", "github.com/caddyserver", true},
		{"github.com/caddyserverless/x", "github.com/caddyserver", false},
		{modulePath + "/configuration", modulePath + "/config", false},
	} {
		if got := below(c.path, c.folder); got != c.want {
			t.Errorf("below(%s, %s) = %v", c.path, c.folder, got)
		}
	}
}

// below reports whether an import path is folder or lies below it.
func below(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}

// dependencies lists the packages that code and tests of the pattern reach.
func dependencies(t *testing.T, pattern string) []string {
	t.Helper()
	list := goTool(t, root, nil, "list", "-deps", "-test", "-f", "{{.ImportPath}}", pattern)
	var paths []string
	for line := range strings.Lines(list) {
		path, _, _ := strings.Cut(strings.TrimSpace(line), " ") // cuts "[x.test]"
		paths = append(paths, strings.TrimSuffix(path, ".test"))
	}
	return paths
}

// goTool runs the go command and returns its standard output.
func goTool(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return string(out)
}

// xcaddyFlags are the flags `xcaddy build` gives to go build by itself.
var xcaddyFlags = []string{"-ldflags", "-w -s", "-trimpath", "-tags", "nobadger,nomysql,nopgx"}

// TestXcaddyBuildsBothImportPaths builds what `xcaddy build --with` builds, in a
// module of its own outside of this tree, for the root package and for
// caddymodule, and asks the result for its modules.
func TestXcaddyBuildsBothImportPaths(t *testing.T) {
	t.Parallel()
	for _, plugin := range []string{modulePath, modulePath + "/caddymodule"} {
		t.Run(plugin, func(t *testing.T) {
			dir := newDir(t)
			writeXcaddyModule(t, dir, plugin)
			args := append([]string{"build", "-mod=mod", "-o", "caddy"}, xcaddyFlags...)
			goTool(t, dir, []string{"CGO_ENABLED=0", "GOWORK=off"}, args...)
			list := exec.Command(filepath.Join(dir, "caddy"), "list-modules")
			list.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
			out, err := list.CombinedOutput()
			if err != nil {
				t.Fatalf("caddy list-modules: %v\n%s", err, out)
			}
			modules := strings.Fields(string(out))
			for _, want := range []string{"doorward", "http.handlers.doorward", "admin.api.doorward", "http.handlers.reverse_proxy"} {
				if !slices.Contains(modules, want) {
					t.Errorf("caddy list-modules does not list %s", want)
				}
			}
		})
	}
}

// writeXcaddyModule writes the module xcaddy generates: the main package of
// Caddy, its standard modules and the plugin. Its requirements are those of this
// module, so that nothing is downloaded that the other tests do not need.
func writeXcaddyModule(t *testing.T, dir, plugin string) {
	t.Helper()
	tree, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	main := fmt.Sprintf(`package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	_ "github.com/caddyserver/caddy/v2/modules/standard"
	_ %q
)

func main() { caddycmd.Main() }
`, plugin)
	for name, text := range map[string]string{
		"main.go": main,
		"go.mod":  readText(t, filepath.Join(root, "go.mod")),
		"go.sum":  readText(t, filepath.Join(root, "go.sum")),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	goTool(t, dir, nil, "mod", "edit", "-module=caddy", "-require="+modulePath+"@v0.0.0", "-replace="+modulePath+"="+tree)
}

func readText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// requirement is a line of go.mod.
type requirement struct {
	Path, Version string
	Indirect      bool
}

// goMod is what `go mod edit -json` tells of go.mod.
type goMod struct {
	Require []requirement
	Replace []struct{ Old requirement }
	Exclude []requirement
	Tool    []struct{ Path string }
}

func readGoMod(t *testing.T) goMod {
	t.Helper()
	var m goMod
	if err := json.Unmarshal([]byte(goTool(t, root, nil, "mod", "edit", "-json")), &m); err != nil {
		t.Fatalf("reading `go mod edit -json`: %v", err)
	}
	if len(m.Require) == 0 {
		t.Fatal("`go mod edit -json` tells of no requirements")
	}
	return m
}

// TestGoModWorksForImporters: replace and exclude lines hold in the main module
// only, so a build by xcaddy would be another one than ours; tools would become
// requirements of every Caddy that is built with this module.
func TestGoModWorksForImporters(t *testing.T) {
	t.Parallel()
	m := readGoMod(t)
	if len(m.Replace) > 0 || len(m.Exclude) > 0 || len(m.Tool) > 0 {
		t.Errorf("go.mod has replace %v, exclude %v, tool %v; want none", m.Replace, m.Exclude, m.Tool)
	}
}

// TestLockFilesNameNoHosts: a lock file with URLs of one registry fails behind
// any other.
func TestLockFilesNameNoHosts(t *testing.T) {
	t.Parallel()
	locks := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git") {
			return fs.SkipDir
		}
		if entry.Name() != "package-lock.json" {
			return nil
		}
		locks++
		for _, sign := range []string{`"resolved"`, "http://", "https://registry"} {
			if strings.Contains(readText(t, path), sign) {
				t.Errorf("%s holds %s; write it with `npm install --package-lock-only --omit-lockfile-registry-resolved=true`", path, sign)
			}
		}
		return nil
	})
	if err != nil || locks == 0 {
		t.Errorf("looking for lock files: %d found, error %v", locks, err)
	}
}

// dependencyRow is a row of the README's table: a module, what for, why.
var dependencyRow = regexp.MustCompile("(?m)^\\| `([a-z][^`]+)` \\|[^|\n]{5,}\\|[^|\n]{5,}\\|$")

// TestReadmeNamesEveryDependency compares the table with go.mod, both ways.
func TestReadmeNamesEveryDependency(t *testing.T) {
	t.Parallel()
	_, section, found := strings.Cut(readText(t, filepath.Join(root, "README.md")), "\n## Dependencies\n")
	if !found {
		t.Fatal("README.md has no section Dependencies")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var named []string
	for _, row := range dependencyRow.FindAllStringSubmatch(section, -1) {
		named = append(named, row[1])
	}
	var direct []string
	for _, r := range readGoMod(t).Require {
		if !r.Indirect {
			direct = append(direct, r.Path)
		}
	}
	for _, path := range direct {
		if !slices.Contains(named, path) {
			t.Errorf("go.mod requires %s, the README's table does not say what for and why", path)
		}
	}
	for _, path := range named {
		if !slices.Contains(direct, path) {
			t.Errorf("the README's table names %s, go.mod does not require it directly", path)
		}
	}
}
