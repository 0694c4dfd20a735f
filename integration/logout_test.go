package integration

import "testing"

// TestLogoutIsNoLogin: the answer to a logout (302 and a new cookie) looks like
// that to a login. It is none; where the operator has declared the route it is
// told as a logout.
func TestLogoutIsNoLogin(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "message")
	edge := startEdge(t, edgeConfig{sites: []site{
		{host: "automatic.test", doorward: "mode enforce", app: apps.address("message")},
		{host: "declared.test", doorward: "mode enforce\nlogout GET /logout\nlogout POST /logout", app: apps.address("message")},
	}})
	for i, host := range []string{"automatic.test", "declared.test"} {
		for j, method := range []string{"GET", "POST"} {
			from := "127.0." + string(rune('1'+i)) + "." + string(rune('1'+j))
			v := edge.visitor(t, host, from)
			v.login(t, alice, alicePassword)
			got := v.do(t, v.request(t, method, "/logout", formType, ""))
			if got.status != 302 || got.header.Get("Location") != "/" || got.header.Get("Set-Cookie") == "" {
				t.Fatalf("%s /logout: %v; want 302 to / and a new cookie", method, got)
			}
			edge.lastWord(t, edge.visitor(t, host, lastWordAddress))
			kinds := map[string]int{}
			for _, ev := range edge.matching(t, fromAddress(from)) {
				kinds[ev.Kind]++
			}
			if kinds["login"] != 1 {
				t.Errorf("%s, %s: %v; want the one login and no second", host, method, kinds)
			}
			if host == "declared.test" && kinds["logout"] != 1 {
				t.Errorf("%s, %s: %v; want one logout", host, method, kinds)
			}
		}
	}
}
