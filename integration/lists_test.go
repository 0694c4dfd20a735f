package integration

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// ask calls the admin API.
func (e *edge) ask(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DialContext: dialUnix(e.path("admin.sock"))}, Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	req, err := http.NewRequest(method, "http://127.0.0.1"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		t.Fatalf("asking the admin API: %v", err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// TestListsOfManyKinds: one CSV in gzip from a file, one JSON from a server, and
// a URL that leads into the private network and is not asked.
func TestListsOfManyKinds(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401")
	dir := newDir(t)
	file := dir + "/vpn.csv.gz"
	if err := os.WriteFile(file, []byte(zipped(t, "network,name\n127.0.0.80/31,somebody\n2001:db8:80::/48,x\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	list := &listServer{}
	list.text.Store(`{"prefixes":[{"ip_prefix":"127.0.0.81/32"},{"ip_prefix":"127.0.0.82/32"}]}`)
	server := httptest.NewServer(list)
	defer server.Close()
	edge := startEdge(t, edgeConfig{
		global: fmt.Sprintf("list vpn %s\nlist cloud {\nsource %s/?token=listtoken7732\nrefresh 1s\nallow_private\n}\nlist inner %s", file, server.URL, server.URL),
		sites: []site{
			{host: "warm.test", doorward: "mode enforce", app: apps.address("default401")},
			{host: "shop.test", doorward: "mode enforce\non vpn login block\non cloud all limit", app: apps.address("default401")},
		},
	})
	on := func(address string) string {
		before := len(edge.matching(t, fromAddress(address)))
		edge.visitor(t, "warm.test", address).login(t, "someone@x.test", "the same")
		return strings.Join(edge.waitEvents(t, before+1, "a login", fromAddress(address))[before].Lists, ",")
	}
	for address, want := range map[string]string{"127.0.0.80": "vpn", "127.0.0.81": "vpn,cloud", "127.0.0.82": "cloud", "127.0.0.83": ""} {
		var got string
		if !eventually(20*time.Second, func() bool { got = on(address); return got == want }) {
			t.Errorf("%s is on %q; want %q", address, got, want)
		}
	}
	for address, want := range map[string][2]int{"127.0.0.80": {403, 200}, "127.0.0.82": {429, 429}, "127.0.0.83": {200, 200}} {
		v := edge.visitor(t, "shop.test", address)
		if login, page := v.login(t, alice, alicePassword).status, v.get(t, "/").status; login != want[0] || page != want[1] {
			t.Errorf("%s: login %d, page %d; want %v", address, login, page, want)
		}
	}

	status := edge.doorward(t, "status")
	for _, words := range []string{"list vpn: 2 entries, age ", "from " + file, "list cloud: 2 entries", "list inner: 0 entries", "no public address", "allow_private"} {
		if !strings.Contains(status, words) {
			t.Errorf("status does not say %q:\n%s", words, status)
		}
	}
	var shown []struct {
		Name, Format, Source string
		Entries, Failures    int
		LastError            string `json:"last_error"`
	}
	if code, text := edge.ask(t, "GET", "/doorward/lists", ""); code != 200 || json.Unmarshal([]byte(text), &shown) != nil || len(shown) < 3 {
		t.Fatalf("/doorward/lists: %d %s", code, text)
	}
	for _, l := range shown {
		if l.Name == "cloud" && (l.Format != "json" || l.Entries != 2) || l.Name == "vpn" && l.Format != "csv" || l.Name == "inner" && (l.Failures == 0 || l.LastError == "") {
			t.Errorf("/doorward/lists shows %+v", l)
		}
	}
	if code, text := edge.ask(t, "POST", "/doorward/lists/refresh", `{"list":"none"}`); code != 400 || !strings.Contains(text, "no list") {
		t.Errorf("refreshing what is no list: %d %s", code, text)
	}
	if code, _ := edge.ask(t, "POST", "/doorward/lists/refresh", `{"list":"cloud"}`); code != 200 {
		t.Errorf("refreshing a list: %d", code)
	}
	if n := edge.metric(t, `caddy_doorward_list_failures{list="inner"}`); n < 1 {
		t.Errorf("the metric tells %v failures of the list that is not asked", n)
	}
	edge.checkNowhereBut(t, "listtoken7732", "Caddyfile")
}

// TestPathsAreAllowedLive: without a reload, segment by segment, and ended again.
func TestPathsAreAllowedLive(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401")
	edge := startEdge(t, edgeConfig{sites: []site{{host: "shop.test", doorward: "mode enforce", app: apps.address("default401")}}})
	edge.doorward(t, "block", "127.0.0.6", "--reason", "test")
	blocked := edge.visitor(t, "shop.test", "127.0.0.6")
	check := func(when string, refused map[string]bool) {
		t.Helper()
		for path, want := range refused {
			if got := blocked.get(t, path).status; (got == 403) != want {
				t.Errorf("%s, %s for a blocked address: %d; want it refused: %t", when, path, got, want)
			}
		}
	}
	check("before", map[string]bool{"/health": true, "/": true})
	edge.doorward(t, "allow", "/health", "--for", "1h", "--reason", "load balancer")
	edge.doorward(t, "allow", "/status/*")
	check("while they are allowed", map[string]bool{
		"/health": false, "/healthx": true, "/health/x": true, "/": true, "/status/a": false, "/statusx": true, "/status/..%2flogin": true, "/status/%2e%2e/login": true,
	})
	if out := edge.doorward(t, "status"); !strings.Contains(out, "allow /health until") || !strings.Contains(out, "load balancer") {
		t.Errorf("status does not tell about the path:\n%s", out)
	}
	edge.doorward(t, "disallow", "/health")
	check("afterwards", map[string]bool{"/health": true, "/status/a": false})
	for args, want := range map[string]string{
		"allow /*": "every request", "allow /health*": "/health/*", "allow health": "no address or range", "block /login": "respond",
		"disallow /health": "nothing was allowed", "disallow 192.0.2.1": "nothing was allowed",
	} {
		r := edge.run(t, append(append([]string{"doorward"}, strings.Fields(args)...), "--address", edge.admin())...)
		if r.code == 0 || !strings.Contains(r.stdout+r.stderr, want) {
			t.Errorf("%s: ended with %d and says %q%q; want an error that names %q", args, r.code, r.stdout, r.stderr, want)
		}
	}
}
