package integration

import (
	"encoding/base64"
	"fmt"
	"slices"
	"testing"
)

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// members asks for the page that Basic and Digest protect.
func (v *visitor) members(t *testing.T, authorization string) answer {
	t.Helper()
	req := v.request(t, "GET", "/members", "", "")
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	return v.do(t, req)
}

// TestBasicCredentialsOnEveryRequest: Basic credentials come with every
// request. Fifty accepted ones are one login, and a request without any is no
// attempt although the app answers 401.
func TestBasicCredentialsOnEveryRequest(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "basic")
	edge := startEdge(t, edgeConfig{sites: []site{{host: "shop.test", doorward: "mode enforce\nplaintext_identities", app: apps.address("basic")}}})

	// Somebody mistypes first: names are shown once the route is known to fail.
	guesser := edge.visitor(t, "shop.test", "127.0.0.5")
	guesser.members(t, basic(alice, "wrong"))
	nobody := edge.visitor(t, "shop.test", "127.0.0.3")
	if got := nobody.members(t, ""); got.status != 401 || got.header.Get("WWW-Authenticate") == "" {
		t.Fatalf("without credentials: %v; want 401 with a challenge", got)
	}
	member := edge.visitor(t, "shop.test", "127.0.0.4")
	for range 50 {
		if got := member.members(t, basic(alice, alicePassword)); got.status != 200 {
			t.Fatalf("with the right password: %v; want 200", got)
		}
	}
	last := edge.visitor(t, "shop.test", lastWordAddress)
	last.members(t, basic("last@x.test", "word"))
	edge.waitEvent(t, "the last word", fromAddress(lastWordAddress))

	failure := edge.waitEvent(t, "a failure", fromAddress("127.0.0.5"))
	if !failure.attempt("login", "failure") || failure.Status != 401 {
		t.Errorf("event %+v; want a failed login", failure)
	}
	successes := edge.matching(t, fromAddress("127.0.0.4"))
	if len(successes) != 1 || !successes[0].attempt("login", "success") || successes[0].Identity != alice {
		t.Errorf("events %+v; want one success of %s for fifty requests", successes, alice)
	}
	if got := edge.matching(t, fromAddress("127.0.0.3")); len(got) != 0 {
		t.Errorf("events %+v; want none for a request without credentials", got)
	}
}

// TestBasicSuccessesAloneAreOneLogin: the same where nobody ever mistyped.
func TestBasicSuccessesAloneAreOneLogin(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "basic")
	edge := startEdge(t, edgeConfig{sites: []site{{host: "shop.test", doorward: "mode enforce", app: apps.address("basic")}}})
	member := edge.browser(t, "shop.test", "127.0.0.4")
	member.members(t, "") // a browser is asked first
	for range 50 {
		member.members(t, basic(alice, alicePassword))
	}
	last := edge.visitor(t, "shop.test", lastWordAddress)
	last.members(t, basic("last@x.test", "word"))
	edge.waitEvent(t, "the last word", fromAddress(lastWordAddress))
	if got := edge.matching(t, fromAddress("127.0.0.4")); len(got) != 1 || !got[0].attempt("login", "success") {
		t.Errorf("%d events for fifty requests with the same right password; want one success", len(got))
	}
}

// TestBasicRepeatsAreNoGuesses: a client with an old password asks again and
// again. That is one wrong guess, not fifty; a guesser is refused.
func TestBasicRepeatsAreNoGuesses(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "basic")
	edge := startEdge(t, edgeConfig{sites: []site{{host: "shop.test", doorward: "mode enforce", app: apps.address("basic")}}})
	stale := edge.visitor(t, "shop.test", "127.0.0.3")
	for i := range 50 {
		if got := stale.members(t, basic(alice, "last year's")); got.status != 401 {
			t.Fatalf("the same old password, try %d: %v; want the app's 401", i+1, got)
		}
	}
	guesser := edge.visitor(t, "shop.test", "127.0.0.4")
	statuses := map[int]int{}
	for i := range 30 {
		statuses[guesser.members(t, basic(bob, fmt.Sprint("guess ", i))).status]++
	}
	if statuses[401] != 10 || statuses[429] != 20 {
		t.Errorf("30 guesses: %v; want 10 answered by the app and 20 refused", statuses)
	}
	if got := edge.visitor(t, "shop.test", "127.0.0.5").members(t, basic(bob, bobPassword)); got.status != 200 {
		t.Errorf("the real user from elsewhere: %v; want 200", got)
	}
}

// TestBasicEdgeCases are the odd headers that passport-http accepts or answers
// in its own way.
func TestBasicEdgeCases(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "basic")
	edge := startEdge(t, edgeConfig{sites: []site{{host: "shop.test", doorward: "mode enforce\nplaintext_identities", app: apps.address("basic")}}})
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	var unusable []string // sources of headers without user and password
	for i, c := range []struct {
		name, header string
		status       int
		outcome      string // empty: no event, or one that is malformed
		identity     string
	}{
		{"upper-case scheme, wrong password", "BASIC " + encode(alice+":no"), 401, "failure", ""},
		{"lower-case scheme", "basic " + encode(alice+":"+alicePassword), 200, "success", alice},
		{"letters around the scheme, which the app accepts", "XBasicY " + encode(alice+":"+alicePassword), 200, "success", alice},
		{"letters around the scheme, wrong password", "XBasicY " + encode(alice+":no"), 401, "failure", ""},
		{"no colon", "Basic " + encode("alice"), 400, "", ""},
		{"one token", "Basic", 400, "", ""},
		{"empty password", "Basic " + encode(alice+":"), 401, "", ""},
		{"empty user", "Basic " + encode(":"+alicePassword), 401, "", ""},
		{"second colon, cut off by the app", "Basic " + encode(alice+":"+alicePassword+":x"), 200, "success", alice},
		{"not UTF-8", "Basic " + encode("al\xff\xfece:w\xf6rong"), 401, "failure", ""},
		{"not base64", "Basic %%%%", 400, "", ""},
		{"a bearer token", "Bearer " + encode(alice+":"+alicePassword), 401, "", ""},
	} {
		from := fmt.Sprintf("127.0.1.%d", i+1)
		if got := edge.visitor(t, "shop.test", from).members(t, c.header); got.status != c.status {
			t.Errorf("%s: %v; want the app's %d", c.name, got, c.status)
		}
		if c.outcome == "" {
			unusable = append(unusable, from)
			continue
		}
		ev := edge.waitEvent(t, c.name, fromAddress(from))
		if !ev.attempt("login", c.outcome) || (c.identity != "" && ev.Identity != c.identity) {
			t.Errorf("%s: event %+v; want a login, %s, of %q", c.name, ev, c.outcome, c.identity)
		}
	}
	last := edge.visitor(t, "shop.test", lastWordAddress)
	last.members(t, basic("last@x.test", "word"))
	edge.waitEvent(t, "the last word", fromAddress(lastWordAddress))
	for _, ev := range edge.events(t) {
		if slices.Contains(unusable, ev.SourceIP) && ev.Outcome != "malformed" {
			t.Errorf("event %+v; want none or malformed for a header without user and password", ev)
		}
	}
}
