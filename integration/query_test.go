package integration

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// redactedLog are the lines an operator adds to keep passwords in the query
// out of the access log.
const redactedLog = `log {
	output file %s
	format filter {
		request>uri query {
			replace password REDACTED
		}
	}
}`

// TestQueryCredentials: passport-local reads the query when the body has no
// credentials. The attempt is recognised, Doorward's own output holds no
// password, and the operator is told what the access log would hold.
func TestQueryCredentials(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401")
	edge := startEdge(t, edgeConfig{sites: []site{{host: "shop.test", doorward: "mode enforce\nplaintext_identities", app: apps.address("default401")}}})
	edge.config.sites[0].extra = strings.ReplaceAll(redactedLog, "%s", edge.path(accessFile))
	edge.reload(t)

	query := func(password string) string {
		return "/login?" + url.Values{"username": {alice}, "password": {password}}.Encode()
	}
	edge.browser(t, "shop.test", "127.0.0.2").get(t, "/login") // the app serves a form for this address
	bad := edge.visitor(t, "shop.test", "127.0.0.4")
	if got := bad.post(t, query("wrong-horse-7731")); got.status != 401 {
		t.Fatalf("a wrong password in the query: %v; want 401", got)
	}
	good := edge.visitor(t, "shop.test", "127.0.0.3")
	if got := good.post(t, query(alicePassword)); got.status != 200 {
		t.Fatalf("the right password in the query: %v; want 200", got)
	}
	success := edge.waitEvent(t, "a success", fromAddress("127.0.0.3"))
	if !success.attempt("login", "success") || success.Identity != alice {
		t.Errorf("event %+v; want a success of %s", success, alice)
	}
	failure := edge.waitEvent(t, "a failure", fromAddress("127.0.0.4"))
	if !failure.attempt("login", "failure") || failure.Pseudonym != success.Pseudonym {
		t.Errorf("event %+v; want a failure of the same identity", failure)
	}
	// The warning names the access log and the lines that would help.
	warned := func() bool {
		log := edge.log.String()
		return strings.Contains(log, "query") && strings.Contains(log, "access log") && strings.Contains(log, "replace password")
	}
	if !eventually(20*time.Second, warned) {
		t.Error("the log does not warn of passwords in the access log, with the filter lines to write")
	}
	if !eventually(5*time.Second, func() bool { return strings.Count(edge.read(accessFile), "/login") >= 2 }) {
		t.Error("the access log does not hold the two requests")
	}
	for _, c := range []struct{ name, text string }{
		{"the log", edge.log.String()}, {"the events", edge.read(eventsFile)}, {"the access log", edge.read(accessFile)},
	} {
		if strings.Contains(c.text, "wrong-horse-7731") {
			t.Errorf("%s holds the password", c.name)
		}
	}
}
