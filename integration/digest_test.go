package integration

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"regexp"
	"testing"
)

var noncePattern = regexp.MustCompile(`nonce="([^"]+)"`)

// digest answers a Digest challenge as RFC 7616 says (MD5, qop=auth).
func digest(t *testing.T, challenge answer, user, password, uri string) string {
	t.Helper()
	header := challenge.header.Get("WWW-Authenticate")
	nonce := noncePattern.FindStringSubmatch(header)
	if nonce == nil {
		t.Fatalf("no nonce in the challenge %q", header)
	}
	hash := func(s string) string {
		sum := md5.Sum([]byte(s))
		return hex.EncodeToString(sum[:])
	}
	const cnonce, count = "c0ffee", "00000001"
	response := hash(hash(user+":Users:"+password) + ":" + nonce[1] + ":" + count + ":" + cnonce + ":auth:" + hash("GET:"+uri))
	return fmt.Sprintf(`Digest username="%s", realm="Users", nonce="%s", uri="%s", qop=auth, nc=%s, cnonce="%s", response="%s"`,
		user, nonce[1], uri, count, cnonce, response)
}

// TestDigest: the first 401 is a challenge and no attempt; a wrong response is
// a failure of the user named; a header for another URI is answered 400 and is
// malformed.
func TestDigest(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "digest")
	edge := startEdge(t, edgeConfig{sites: []site{{host: "shop.test", doorward: "mode enforce\nplaintext_identities", app: apps.address("digest")}}})

	challenged := edge.visitor(t, "shop.test", "127.0.0.3").members(t, "")
	if challenged.status != 401 {
		t.Fatalf("without credentials: %v; want 401", challenged)
	}
	for _, c := range []struct {
		name, from, user, password, uri string
		status                          int
		outcome                         string
	}{
		{"a wrong password", "127.0.0.5", alice, "wrong", "/members", 401, "failure"},
		{"an unknown user", "127.0.0.6", "nobody@x.test", "wrong", "/members", 401, "failure"},
		{"the right password", "127.0.0.4", alice, alicePassword, "/members", 200, "success"},
		{"another URI", "127.0.0.7", alice, alicePassword, "/elsewhere", 400, "malformed"},
	} {
		v := edge.visitor(t, "shop.test", c.from)
		header := digest(t, challenged, c.user, c.password, c.uri)
		if got := v.members(t, header); got.status != c.status {
			t.Errorf("%s: %v; want the app's %d", c.name, got, c.status)
		}
		ev := edge.waitEvent(t, c.name, fromAddress(c.from))
		if !ev.attempt("login", c.outcome) {
			t.Errorf("%s: event %+v; want a login, %s", c.name, ev, c.outcome)
		}
		if c.outcome == "success" && ev.Identity != alice {
			t.Errorf("%s: identity %q; want %s", c.name, ev.Identity, alice)
		}
		if ev.PrimaryKey != "username" && c.outcome != "malformed" {
			t.Errorf("%s: primary key %q; want username", c.name, ev.PrimaryKey)
		}
	}
	if got := edge.matching(t, fromAddress("127.0.0.3")); len(got) != 0 {
		t.Errorf("events %+v; want none for the challenge", got)
	}
}

// TestDigestGuesses: every guess has a response of its own; eleven are too
// many.
func TestDigestGuesses(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "digest")
	edge := startEdge(t, edgeConfig{sites: []site{{host: "shop.test", doorward: "mode enforce", app: apps.address("digest")}}})
	v := edge.visitor(t, "shop.test", "127.0.0.3")
	statuses := map[int]int{}
	challenge := v.members(t, "")
	for i := range 30 {
		got := v.members(t, digest(t, challenge, alice, fmt.Sprint("guess ", i), "/members"))
		statuses[got.status]++
		if got.status == 401 {
			challenge = got
		}
	}
	if statuses[401] != 10 || statuses[429] != 20 {
		t.Errorf("30 guesses: %v; want 10 answered by the app and 20 refused", statuses)
	}
}
