package integration

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// demoCommand is `caddy doorward demo …` with folders of its own.
func demoCommand(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	binary, err := caddyBinary()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, binary, append([]string{"doorward", "demo"}, args...)...)
	dir := t.TempDir()
	cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir, "TMPDIR="+dir)
	t.Cleanup(func() {
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			for _, e := range left {
				if strings.HasPrefix(e.Name(), "doorward-demo-") {
					t.Errorf("the demo left %s behind", e.Name())
				}
			}
		}
	})
	return cmd
}

func TestDemoTellsHowTheAttacksEnd(t *testing.T) {
	t.Parallel()
	out, err := demoCommand(t, "--attack").CombinedOutput()
	text := string(out)
	if err != nil {
		t.Fatalf("the demo ended with %v:\n%s", err, text)
	}
	for _, want := range []string{
		"wrong password: the app shows the form again",
		"guesses 1 to 10 reach the app and are wrong",
		"guess 11 and all after it: refused, 20 in all",
		"pairs 1 to 4 reach the app and are wrong",
		"pair 5 and all after it: refused, 26 in all",
		"Of 63 login requests it received 17.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the demo does not say %q:\n%s", want, text)
		}
	}
	if n := strings.Count(text, "right password: the app lets alice in"); n != 2 {
		t.Errorf("alice got in %d times, want 2:\n%s", n, text)
	}
	if strings.Contains(text, "DATA RACE") {
		t.Errorf("a race:\n%s", text)
	}
}

func TestDemoServesTheShopAndTheLatestAttempts(t *testing.T) {
	t.Parallel()
	cmd := demoCommand(t)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stdout)
	urls := make([]string, 2)
	for i := range urls {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("reading the addresses: %v", err)
		}
		urls[i] = regexp.MustCompile(`http://\S+`).FindString(line)
	}
	shop, page := urls[0], urls[1]
	fetch := func(url string) string {
		resp, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	if text := fetch(shop + "login"); !strings.Contains(text, `type="password"`) {
		t.Errorf("no login form: %s", text)
	}
	resp, err := http.Post(shop+"login", "application/x-www-form-urlencoded", strings.NewReader("email=mallory%40x.test&password=zzz"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	deadline := time.Now().Add(10 * time.Second)
	for !strings.Contains(fetch(page), "<td>failure<td>") {
		if time.Now().After(deadline) {
			t.Fatalf("the attempt does not appear: %s", fetch(page))
		}
		time.Sleep(100 * time.Millisecond)
	}
	if text := fetch(page); strings.Contains(text, "mallory") || strings.Contains(text, "zzz") {
		t.Errorf("the page shows what was typed: %s", text)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the demo ended with %v", err)
	}
}
