package integration

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// edge is a Caddy process with folders and ports of its own. It can be stopped
// and started again on the same folders.
type edge struct {
	dir       string
	binary    string
	config    edgeConfig
	httpPort  int
	httpsPort int

	log     *output // of all its lives
	process *process
}

// startEdge starts Caddy and waits until it serves. At the end of the test it
// is stopped, and the test fails if its log tells of a data race or a panic.
func startEdge(t *testing.T, config edgeConfig) *edge {
	t.Helper()
	binary, err := caddyBinary()
	if err != nil {
		t.Fatal(err)
	}
	e := &edge{
		dir: newDir(t), binary: binary, config: config, log: &output{},
		httpPort: freePort(t), httpsPort: freePort(t),
	}
	t.Cleanup(func() { e.finish(t) })
	e.start(t)
	return e
}

// start starts Caddy with the present configuration.
func (e *edge) start(t *testing.T) {
	t.Helper()
	e.writeCaddyfile(t)
	earlier := len(e.log.String())
	cmd := e.caddy(context.Background(), "run", "--config", e.path("Caddyfile"), "--adapter", "caddyfile")
	e.process = startProcess(t, cmd, e.log)
	t.Cleanup(func() { e.stop(t) })
	serving := func() bool {
		return !e.process.running() || strings.Contains(e.log.String()[earlier:], "serving initial configuration")
	}
	if !eventually(60*time.Second, serving) || !e.process.running() {
		t.Fatalf("Caddy does not serve:\n%s", tail(e.log.String(), 4000))
	}
}

// stop ends Caddy as a service manager would.
func (e *edge) stop(t *testing.T) {
	t.Helper()
	if !e.process.running() {
		return
	}
	if !e.process.terminate(20 * time.Second) {
		e.process.kill(t)
		t.Error("Caddy did not end within 20 s of SIGTERM")
	}
}

// kill ends Caddy without any warning.
func (e *edge) kill(t *testing.T) {
	t.Helper()
	e.process.kill(t)
}

var (
	racePattern  = regexp.MustCompile(`WARNING: DATA RACE`)
	panicPattern = regexp.MustCompile(`(?m)(^panic: |^fatal error: |^goroutine \d+ \[|http: panic serving|"msg":"[^"]*panicked)`)
)

// trouble returns the part of a log that tells of a data race or a panic, or
// nothing.
func trouble(log string) string {
	for _, pattern := range []*regexp.Regexp{racePattern, panicPattern} {
		if at := pattern.FindStringIndex(log); at != nil {
			return log[at[0]:min(len(log), at[0]+6000)]
		}
	}
	return ""
}

// finish looks at what the process left behind, when it has ended.
func (e *edge) finish(t *testing.T) {
	log := e.log.String()
	if text := trouble(log); text != "" {
		t.Errorf("Caddy reports a data race or a panic:\n%s", text)
		return
	}
	if t.Failed() {
		t.Logf("Caddyfile:\n%s\nlog:\n%s\nevents:\n%s", e.caddyfile(), tail(log, 6000), tail(e.read(eventsFile), 4000))
	}
}

func (e *edge) path(name string) string { return filepath.Join(e.dir, name) }

// read returns a file of the edge's folder, or nothing when there is none.
func (e *edge) read(name string) string {
	text, err := os.ReadFile(e.path(name))
	if err != nil {
		return ""
	}
	return string(text)
}

func (e *edge) admin() string { return "unix/" + e.path("admin.sock") }

// caddy is a command of the built binary in the edge's environment: nothing is
// read from or written to the folders of the user who runs the tests.
func (e *edge) caddy(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, e.binary, args...)
	cmd.Dir = e.dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + e.path("home"),
		"XDG_CONFIG_HOME=" + e.path("config"),
		"XDG_DATA_HOME=" + e.path("data"),
		"TMPDIR=" + e.dir,
		// Without this a race ends the process only at its own exit.
		"GORACE=halt_on_error=0",
	}
	return cmd
}

// result is what a command wrote and how it ended.
type result struct {
	stdout, stderr string
	code           int
}

// run runs a subcommand of the built binary. An exit code other than zero is
// for the test to judge; a data race is an error.
func (e *edge) run(t *testing.T, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	cmd := e.caddy(ctx, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if ctx.Err() != nil || (err != nil && cmd.ProcessState == nil) {
		t.Fatalf("caddy %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	if text := trouble(stderr.String()); text != "" {
		t.Errorf("caddy %s: a data race or a panic:\n%s", strings.Join(args, " "), text)
	}
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// doorward runs `caddy doorward …` against the running edge and fails the test
// unless it ends well. It returns the standard output.
func (e *edge) doorward(t *testing.T, args ...string) string {
	t.Helper()
	all := append(append([]string{"doorward"}, args...), "--address", e.admin())
	r := e.run(t, all...)
	if r.code != 0 {
		t.Fatalf("caddy %s ended with %d:\n%s%s", strings.Join(all, " "), r.code, r.stdout, r.stderr)
	}
	return r.stdout
}

// tryReload runs `caddy reload` with the present configuration.
func (e *edge) tryReload(t *testing.T) result {
	t.Helper()
	e.writeCaddyfile(t)
	return e.run(t, "reload", "--force", "--config", e.path("Caddyfile"), "--adapter", "caddyfile", "--address", e.admin())
}

// reload fails the test when the configuration is refused.
func (e *edge) reload(t *testing.T) {
	t.Helper()
	if r := e.tryReload(t); r.code != 0 {
		t.Fatalf("caddy reload ended with %d:\n%s", r.code, r.stderr)
	}
}

// tlsFor returns what a client needs to trust the site host: the certificate
// authority that Caddy made for itself. It waits for the site's certificate,
// which Caddy makes after it has begun to serve.
func (e *edge) tlsFor(t *testing.T, host string, protocols ...string) *tls.Config {
	t.Helper()
	var err error
	var c *tls.Config
	if !eventually(30*time.Second, func() bool {
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM([]byte(e.read("storage/pki/authorities/local/root.crt")))
		c = &tls.Config{RootCAs: roots, ServerName: host, NextProtos: protocols}
		var conn *tls.Conn
		conn, err = tls.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", e.httpsPort), &tls.Config{RootCAs: roots, ServerName: host})
		return err == nil && conn.Close() == nil
	}) {
		t.Fatalf("no trusted TLS connection to %s: %v", host, err)
	}
	return c
}

func (e *edge) writeCaddyfile(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(e.path("Caddyfile"), []byte(e.caddyfile()), 0o600); err != nil {
		t.Fatalf("writing the Caddyfile: %v", err)
	}
}

func (e *edge) caddyfile() string { return fmt.Sprint(caddyfile{e}) }
