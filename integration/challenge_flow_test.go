package integration

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorward/doorward/detector/clearance"
)

// behindTor is an edge whose site asks everybody from the Tor exit for a little
// work, and a visitor there with a browser.
func behindTor(t *testing.T, app, doorward string) (*apps, *edge, *visitor) {
	t.Helper()
	apps := startApps(t, app)
	edge := startEdge(t, edgeConfig{
		tor:   torBlock(writeList(t, newDir(t), exitList(3))),
		sites: []site{{host: "shop.test", doorward: "mode enforce\nchallenge {\n\tbits 8\n}\n" + doorward, app: apps.address(app)}},
	})
	v := edge.pageVisitor(t, "shop.test", exit)
	if !eventually(20*time.Second, func() bool { return v.get(t, "/login").status == http.StatusTooManyRequests }) {
		t.Fatal("the login page is not challenged after 20 s")
	}
	return apps, edge, v
}

var (
	tokenPattern = regexp.MustCompile(`name="token" value="([A-Za-z0-9_-]+)"`)
	bitsPattern  = regexp.MustCompile(`data-bits="(\d+)"`)
)

// tokenOf is the token on a page of a challenge, and the work it asks for.
func tokenOf(t *testing.T, page answer) (token string, zeros int) {
	t.Helper()
	found, work := tokenPattern.FindStringSubmatch(page.body), bitsPattern.FindStringSubmatch(page.body)
	if found == nil {
		t.Fatalf("no token on the page: %v", page)
	}
	if work != nil {
		zeros, _ = strconv.Atoi(work[1])
	}
	return found[1], zeros
}

// solve does the work of a page and returns the answer to the solution.
func (v *visitor) solve(t *testing.T, page answer) answer {
	t.Helper()
	token, zeros := tokenOf(t, page)
	proof, _ := clearance.Solve(token, zeros)
	return v.post(t, "/.doorward/challenge", "token", token, "proof", proof.String())
}

func checkChallengePage(t *testing.T, what string, got answer) {
	t.Helper()
	h := got.header
	if got.status != http.StatusTooManyRequests || !strings.HasPrefix(h.Get("Content-Type"), "text/html") ||
		h.Get("Cache-Control") != "no-store" || h.Get("Retry-After") == "" || h.Get("Content-Security-Policy") == "" {
		t.Errorf("%s: %v, want the page of a challenge", what, got)
	}
}

func TestAPersonBehindTorSolvesAndLogsIn(t *testing.T) {
	t.Parallel()
	apps, edge, v := behindTor(t, "redirect", "")
	page := v.get(t, "/login?next=%2Fcart")
	checkChallengePage(t, "the login page", page)
	if got := v.get(t, "/"); got.status == http.StatusTooManyRequests {
		t.Errorf("a page that is no login page: %v", got)
	}
	back := v.solve(t, page)
	if back.status != http.StatusSeeOther || back.header.Get("Location") != "/login?next=%2Fcart" ||
		back.header.Get("Cache-Control") != "no-store" || back.header.Get("Referrer-Policy") != "no-referrer" {
		t.Fatalf("after solving: %v, want 303 back", back)
	}
	set := back.header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=900"} {
		if !strings.Contains(set, want) {
			t.Errorf("the clearance is set by %q, want %s", set, want)
		}
	}
	if got := v.get(t, "/login"); got.status != http.StatusOK || !strings.Contains(got.body, "password") {
		t.Fatalf("the login page after solving: %v", got)
	}
	if got := v.login(t, alice, alicePassword); got.status != http.StatusFound {
		t.Fatalf("logging in after solving: %v", got)
	}
	login := edge.waitEvent(t, "a login", func(ev event) bool { return ev.attempt("login", "success") })
	if !slices.Contains(login.Evidence, "clearance accepted") {
		t.Errorf("the event of the login tells nothing of the clearance: %v", login.Evidence)
	}
	if n := apps.counts(t, "redirect").Tries[alice]; n != 1 {
		t.Errorf("the app saw %d tries, want 1", n)
	}
}

func TestASubmittedFormIsThrownAway(t *testing.T) {
	t.Parallel()
	apps, edge, v := behindTor(t, "redirect", "")
	v.headers.Set("Referer", v.base+"/login?next=%2Fcart")
	page := v.post(t, "/login", "username", alice, "password", alicePassword)
	checkChallengePage(t, "a form without a clearance", page)
	if strings.Contains(page.body, alice) || strings.Contains(page.body, alicePassword) || !strings.Contains(page.body, `data-retype="yes"`) {
		t.Errorf("the page holds what was submitted, or does not say that it must be typed again:\n%s", page.body)
	}
	back := v.solve(t, page)
	if back.status != http.StatusSeeOther || back.header.Get("Location") != "/login?next=%2Fcart" {
		t.Fatalf("after solving: %v, want 303 to the page of the form", back)
	}
	if got := v.post(t, "/login", "username", bob, "password", bobPassword); got.status != http.StatusTooManyRequests {
		t.Errorf("the clearance of alice, used for bob: %v", got)
	}
	if n := apps.counts(t, "redirect").Requests["POST /login"]; n != 0 {
		t.Errorf("the app saw %d logins before the challenge was solved", n)
	}
	if got := v.login(t, alice, alicePassword); got.status != http.StatusFound {
		t.Errorf("the clearance of alice, used by her: %v", got)
	}
	for _, file := range []string{accessFile, eventsFile} {
		if text := edge.read(file); strings.Contains(text, alicePassword) || strings.Contains(text, url.QueryEscape(alicePassword)) {
			t.Errorf("%s holds the password", file)
		}
	}
}

func TestAScriptIsToldWhereTheChallengeIs(t *testing.T) {
	t.Parallel()
	_, _, v := behindTor(t, "json", "")
	send := func(path string, headers ...string) answer {
		req := v.request(t, http.MethodPost, path, "application/json", `{"email":"alice@x.test","password":"wrong"}`)
		for i := 0; i < len(headers); i += 2 {
			req.Header.Set(headers[i], headers[i+1])
		}
		return v.do(t, req)
	}
	got := send("/login", "Accept", "application/json", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty", "Origin", "https://app.test")
	var p struct {
		Type, Challenge string
		Status          int
	}
	if err := json.Unmarshal([]byte(got.body), &p); err != nil || got.status != 429 || p.Status != 429 ||
		got.header.Get("Content-Type") != "application/problem+json" || got.header.Get("Retry-After") == "" ||
		got.header.Get("Access-Control-Allow-Origin") != "https://app.test" || !strings.HasSuffix(p.Type, "#challenge") ||
		!strings.HasPrefix(p.Challenge, "/.doorward/challenge?") {
		t.Fatalf("a script: %v", got)
	}
	checkChallengePage(t, "the next page of that browser, whatever it is", v.get(t, "/"))
	if got := v.get(t, "/"); got.status == http.StatusTooManyRequests {
		t.Errorf("the page after it: %v, want the app's", got)
	}
	preflight := v.request(t, http.MethodOptions, "/login", "", "")
	preflight.Header.Set("Origin", "https://app.test")
	preflight.Header.Set("Access-Control-Request-Method", "POST")
	if got := v.do(t, preflight); got.status == http.StatusTooManyRequests {
		t.Errorf("a preflight: %v, want the app's answer", got)
	}
	if got := v.get(t, p.Challenge); got.status != http.StatusOK || !strings.Contains(got.body, "data-bits") {
		t.Errorf("the address of the challenge: %v", got)
	}
}

func TestAProgramSolvesByItself(t *testing.T) {
	t.Parallel()
	_, _, v := behindTor(t, "json", "")
	v.headers.Set("Accept", "application/json")
	var c struct {
		Token, Algorithm, Action string
		Parts, Bits              int
	}
	got := v.get(t, "/.doorward/challenge?class=login")
	if err := json.Unmarshal([]byte(got.body), &c); err != nil || c.Parts != clearance.Parts || c.Bits != 8 || c.Algorithm != "sha-256" {
		t.Fatalf("the challenge for a program: %v", got)
	}
	proof, _ := clearance.Solve(c.Token, c.Bits)
	if got := v.post(t, c.Action, "token", c.Token, "proof", proof.String()); got.status != http.StatusOK {
		t.Fatalf("the solution of a program: %v", got)
	}
	if got := v.postJSON(t, "/login", map[string]string{"email": alice, "password": alicePassword}); !strings.Contains(got.body, `"success":true`) {
		t.Errorf("logging in after it: %v", got)
	}
}

func TestAProgramThatSolvesNothingIsSlowedThenLimited(t *testing.T) {
	t.Parallel()
	_, _, v := behindTor(t, "json", "")
	v.headers.Set("Accept", "application/json")
	before, limited := 0, false
	for i := range 10 {
		got := v.postJSON(t, "/login", map[string]string{"email": alice, "password": "wrong"})
		wait, _ := strconv.Atoi(got.header.Get("Retry-After"))
		if got.status != http.StatusTooManyRequests || wait == 0 {
			t.Fatalf("try %d: %v", i+1, got)
		}
		if limited = !strings.Contains(got.body, "#challenge"); limited {
			break
		}
		if wait < before {
			t.Errorf("try %d: wait %d s after %d s", i+1, wait, before)
		}
		before = wait
	}
	if !limited {
		t.Error("challenged for ever")
	}
	if got := v.postJSON(t, "/login", map[string]string{"email": bob, "password": "wrong"}); !strings.Contains(got.body, "#challenge") {
		t.Errorf("another name: %v, want a challenge", got)
	}
}

func TestParallelGuessesShareOneClearance(t *testing.T) {
	t.Parallel()
	apps, _, v := behindTor(t, "redirect", "")
	if got := v.solve(t, v.get(t, "/login")); got.status != http.StatusSeeOther {
		t.Fatal(got)
	}
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			req := v.request(t, http.MethodPost, "/login", formType, form("username", alice, "password", fmt.Sprintf("guess %d", i)))
			_, _ = v.try(req)
		})
	}
	wg.Wait()
	if n := apps.counts(t, "redirect").Requests["POST /login"]; n != clearance.Failures {
		t.Errorf("%d of 200 guesses reached the app, want %d", n, clearance.Failures)
	}
}

func TestWorkGrowsForWhoFailsAfterSolving(t *testing.T) {
	t.Parallel()
	_, _, v := behindTor(t, "redirect", "")
	last := 0
	for i := range 4 {
		page := v.get(t, "/login")
		if page.status == http.StatusOK { // the clearance holds
			v.login(t, alice, fmt.Sprintf("wrong %d", i))
			continue
		}
		if _, zeros := tokenOf(t, page); zeros < last {
			t.Errorf("round %d: %d bits after %d", i, zeros, last)
		} else {
			last = zeros
		}
		v.solve(t, page)
		v.login(t, alice, fmt.Sprintf("wrong %d", i))
	}
	v.client.Jar.SetCookies(v.address(t), []*http.Cookie{{Name: "doorward_clearance", Path: "/", MaxAge: -1}})
	if _, zeros := tokenOf(t, v.get(t, "/login")); zeros < 10 {
		t.Errorf("%d bits after four failures, want at least 10", zeros)
	}
}

func TestWithoutScriptsABrowserWaits(t *testing.T) {
	t.Parallel()
	_, _, v := behindTor(t, "redirect", "")
	token, _ := tokenOf(t, v.get(t, "/login"))
	first := v.post(t, "/.doorward/wait", "token", token)
	waiting, _ := tokenOf(t, first)
	if first.status != http.StatusOK || waiting == token || !strings.Contains(first.body, "--dw-wait:30s") {
		t.Fatalf("asking for a wait: %v", first)
	}
	for range 3 { // reloading does not help
		if got := v.post(t, "/.doorward/wait", "token", waiting); got.status != http.StatusOK || got.header.Get("Set-Cookie") != "" {
			t.Errorf("too early: %v", got)
		}
	}
	second := v.post(t, "/.doorward/wait", "token", token)
	if !regexp.MustCompile(`--dw-wait:(5\d|60)s`).MatchString(second.body) {
		t.Errorf("a second wait beside it is ready as soon: %v", second)
	}
	proof, _ := clearance.Solve(waiting, 8)
	if got := v.post(t, "/.doorward/challenge", "token", waiting, "proof", proof.String()); got.status != http.StatusTooManyRequests {
		t.Errorf("work for the token of a wait: %v", got)
	}
	time.Sleep(31 * time.Second)
	if got := v.post(t, "/.doorward/wait", "token", waiting); got.status != http.StatusSeeOther || got.header.Get("Location") != "/login" {
		t.Fatalf("after the wait: %v", got)
	}
	if got := v.login(t, alice, alicePassword); got.status != http.StatusFound {
		t.Errorf("logging in after the wait: %v", got)
	}
}

func TestTheReservedPathsTakeAnything(t *testing.T) {
	t.Parallel()
	apps, edge, v := behindTor(t, "redirect", "")
	page := v.get(t, "/login")
	token, _ := tokenOf(t, page)
	huge := strings.Repeat("x", 64<<10)
	for _, c := range []struct {
		name, method, path, kind, body string
		want                           int
	}{
		{"HEAD", "HEAD", "/.doorward/challenge", "", "", 200},
		{"OPTIONS", "OPTIONS", "/.doorward/challenge", "", "", 204},
		{"OPTIONS of a wait", "OPTIONS", "/.doorward/wait", "", "", 204},
		{"PUT", "PUT", "/.doorward/challenge", formType, "", 405},
		{"GET of a wait", "GET", "/.doorward/wait", "", "", 405},
		{"what there is not", "GET", "/.doorward/else", "", "", 404},
		{"the prefix itself", "GET", "/.doorward/", "", "", 404},
		{"a script that there is not", "GET", "/.doorward/other.js", "", "", 404},
		{"no form", "POST", "/.doorward/challenge", "", "", 415},
		{"JSON", "POST", "/.doorward/challenge", "application/json", "{}", 415},
		{"a form of files", "POST", "/.doorward/challenge", "multipart/form-data; boundary=x", "--x--", 415},
		{"a huge form", "POST", "/.doorward/challenge", formType, "token=" + huge, 413},
		{"a broken form", "POST", "/.doorward/challenge", formType, "token=%zz", 400},
		{"nothing", "POST", "/.doorward/challenge", formType, "", 429},
		{"a token twice", "POST", "/.doorward/challenge", formType, "token=" + token + "&token=" + token, 429},
		{"a proof of nothing", "POST", "/.doorward/challenge", formType, "token=" + token + "&proof=" + strings.Repeat("0,", 15) + "0", 429},
		{"a wait for nothing", "POST", "/.doorward/wait", formType, "token=AAAA", 429},
		{"a way out", "GET", "/.doorward/challenge?return=https://evil.test/", "", "", 200},
	} {
		req := v.request(t, c.method, c.path, c.kind, c.body)
		req.Header.Set("Range", "bytes=0-9")
		req.Header.Set("If-None-Match", "*")
		got := v.do(t, req)
		if got.status != c.want || got.header.Get("Set-Cookie") != "" || !strings.Contains(got.header.Get("Cache-Control"), "no-store") ||
			strings.Contains(got.body, "evil.test") {
			t.Errorf("%s: %v, want %d, uncached", c.name, got, c.want)
		}
	}
	for path := range apps.counts(t, "redirect").Requests {
		if strings.Contains(path, ".doorward") {
			t.Errorf("the app saw %s", path)
		}
	}
	checkOldClients(t, edge)
}

// checkOldClients speaks HTTP/1.0, and sends a body of a gigabyte that nobody
// waits for.
func checkOldClients(t *testing.T, edge *edge) {
	t.Helper()
	for name, request := range map[string]string{
		"HTTP/1.0":         "GET /login HTTP/1.0\r\nHost: shop.test\r\nAccept: text/html\r\n\r\n",
		"a gigabyte":       "POST /.doorward/challenge HTTP/1.1\r\nHost: shop.test\r\nContent-Type: " + formType + "\r\nContent-Length: 1073741824\r\n\r\ntoken=",
		"a gigabyte login": "POST /login HTTP/1.1\r\nHost: shop.test\r\nAccept: text/html\r\nContent-Type: " + formType + "\r\nContent-Length: 1073741824\r\n\r\nusername=a&password=b&x=" + strings.Repeat("x", 330<<10),
	} {
		conn := edge.raw(t, exit, strings.Replace(request, "Host: shop.test", fmt.Sprintf("Host: shop.test:%d", edge.httpPort), 1))
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if res.StatusCode != http.StatusTooManyRequests && res.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: %s", name, res.Status)
		}
	}
}

func TestChallengeSwitches(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "redirect")
	edge := startEdge(t, edgeConfig{
		tor: torBlock(writeList(t, newDir(t), exitList(3))),
		sites: []site{
			{host: "own.test", app: apps.address("redirect"), doorward: "mode enforce\nchallenge {\n\tprefix /auth/-/\n\tcookie pass\n\tbits 8\n\tname \"The Shop\"\n}"},
			{host: "off.test", app: apps.address("redirect"), doorward: "mode enforce\nchallenge off"},
			{host: "line.test", app: apps.address("redirect"), doorward: "mode enforce\nchallenge off\non tor login challenge"},
			{host: "watched.test", app: apps.address("redirect"), doorward: "mode observe"},
			{host: "errors.test", app: apps.address("redirect"), doorward: "mode enforce\nrefusal error", extra: "handle_errors {\n\trespond \"own page: {vars.doorward_challenge}\"\n}"},
		},
	})
	own := edge.pageVisitor(t, "own.test", exit)
	if !eventually(20*time.Second, func() bool { return own.get(t, "/login").status == http.StatusTooManyRequests }) {
		t.Fatal("not challenged after 20 s")
	}
	page := own.get(t, "/login")
	if !strings.Contains(page.body, `action="/auth/-/challenge"`) || !strings.Contains(page.body, "The Shop") {
		t.Errorf("with a prefix and a name: %v", page)
	}
	token, zeros := tokenOf(t, page)
	proof, _ := clearance.Solve(token, zeros)
	if got := own.post(t, "/auth/-/challenge", "token", token, "proof", proof.String()); got.status != http.StatusSeeOther || own.cookie(t, "pass") == "" {
		t.Errorf("solved with a prefix and a cookie: %v", got)
	}
	for host, want := range map[string]string{"off.test": "302", "line.test": "429", "watched.test": "302"} {
		v := edge.pageVisitor(t, host, exit)
		if got := v.get(t, "/login"); got.status != http.StatusOK {
			t.Errorf("%s: the login page: %v", host, got)
		}
		if got := v.login(t, alice, alicePassword); strconv.Itoa(got.status) != want || strings.Contains(got.body, "token") {
			t.Errorf("%s: a login: %v, want %s", host, got, want)
		}
	}
	if got := edge.pageVisitor(t, "errors.test", exit).get(t, "/login"); got.status != http.StatusTooManyRequests ||
		!strings.HasPrefix(got.body, "own page: /.doorward/challenge?class=login&return=%2Flogin") {
		t.Errorf("refusal error: %v", got)
	}
}
