package integration

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// secrets are n passwords as people make them, many of which look like mail
// addresses or host names.
func secrets(n int) []string {
	list := make([]string, n)
	for i := range list {
		switch i % 5 {
		case 0:
			list[i] = fmt.Sprintf("Hunter%03d!zq", i)
		case 1:
			list[i] = fmt.Sprintf("me%03dq@example.com", i)
		case 2:
			list[i] = fmt.Sprintf("p@ss.w%03d.rd", i)
		case 3:
			list[i] = fmt.Sprintf("x%03d-geheim@mail.example.co.uk", i)
		default:
			list[i] = fmt.Sprintf("%03d correct horse battery", i)
		}
	}
	return list
}

// writtenForms are the ways a text may have been written down.
func writtenForms(text string) []string {
	quoted, _ := json.Marshal(text)
	return []string{
		text, strings.Trim(string(quoted), `"`), url.QueryEscape(text), url.PathEscape(text),
		base64.StdEncoding.EncodeToString([]byte(text)), base64.RawURLEncoding.EncodeToString([]byte(text)),
		hex.EncodeToString([]byte(text)),
	}
}

// everythingWritten returns every file of the edge's folder, and its output.
func (e *edge) everythingWritten(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{"(the log)": e.log.String()}
	err := filepath.WalkDir(e.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		files[strings.TrimPrefix(path, e.dir+"/")] = string(text)
		return err
	})
	if err != nil {
		t.Fatalf("reading the edge's folder: %v", err)
	}
	return files
}

// checkNowhere fails the test for every text that was written down anywhere.
func (e *edge) checkNowhere(t *testing.T, texts []string) {
	t.Helper()
	for name, content := range e.everythingWritten(t) {
		for _, text := range texts {
			for _, written := range writtenForms(text) {
				if strings.Contains(content, written) {
					t.Errorf("%s holds %q, as %q", name, text, written)
				}
			}
		}
	}
}

// checkNowhereBut fails the test if text stands in a file other than the one
// the operator wrote it into.
func (e *edge) checkNowhereBut(t *testing.T, text, file string) {
	t.Helper()
	for name, content := range e.everythingWritten(t) {
		if name != file && strings.Contains(content, text) {
			t.Errorf("%s holds %q", name, text)
		}
	}
}

// varsInLog puts everything Doorward tells the rest of Caddy into the access
// log, as an operator may.
const varsInLog = `log_append verdict {vars.doorward_verdict}
log_append outcome {vars.doorward_outcome}
log_append identity {vars.doorward_identity}`

// TestPasswordsInTheUserBox: people type their password where the name belongs.
// Two hundred of them, as names and as passwords, by form, JSON and Basic, let
// through and refused, leave no trace in any file.
func TestPasswordsInTheUserBox(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "default401", "json", "basic")
	edge := startEdge(t, edgeConfig{sites: []site{
		{host: "form.test", doorward: "mode enforce\nplaintext_identities", app: apps.address("default401"), accessLog: true, extra: varsInLog},
		{host: "json.test", doorward: "mode enforce", app: apps.address("json"), accessLog: true, extra: varsInLog},
		{host: "basic.test", doorward: "mode enforce", app: apps.address("basic"), accessLog: true, extra: varsInLog},
	}})
	list := secrets(200)
	for i, secret := range list {
		// Fifteen from each source: the last five are refused.
		from := fmt.Sprintf("127.0.5.%d", i/15+1)
		other := list[(i+1)%len(list)]
		edge.visitor(t, "form.test", from).login(t, secret, other)
		edge.visitor(t, "json.test", from).postJSON(t, "/login", map[string]string{"email": secret, "password": other})
		edge.visitor(t, "basic.test", from).members(t, basic(secret, other))
	}
	edge.lastWord(t, edge.visitor(t, "form.test", lastWordAddress))
	if refused := edge.matching(t, func(ev event) bool { return ev.Verdict == "limit" }); len(refused) == 0 {
		t.Error("no attempt was refused; the test wants both kinds")
	}
	edge.reload(t)
	for _, command := range []string{"status", "events"} {
		out := edge.doorward(t, command)
		for _, secret := range list {
			if strings.Contains(out, secret) {
				t.Errorf("`doorward %s` prints %q", command, secret)
			}
		}
	}
	edge.checkNowhere(t, list)
	edge.stop(t)
	edge.checkNowhere(t, list)
}

// TestNamesAreMasked: with the defaults the address of a user who logged in
// stands in no file, and neither does the password. Names are told apart by
// their pseudonyms.
func TestNamesAreMasked(t *testing.T) {
	t.Parallel()
	apps := startApps(t, "flash")
	edge := startEdge(t, edgeConfig{sites: []site{{
		host: "shop.test", doorward: "mode enforce", app: apps.address("flash"), accessLog: true, extra: varsInLog,
	}}})
	v := edge.visitor(t, "shop.test", "127.0.0.3")
	v.field = "email"
	v.login(t, alice, "wrong horse")
	v.login(t, alice, alicePassword)
	v.login(t, alice, "wrong again")
	logins := edge.waitEvents(t, 3, "three logins", fromAddress("127.0.0.3"))
	for i, ev := range logins {
		if strings.Contains(ev.Identity, "lice") || strings.Contains(ev.Identity, "x.test") || len(ev.Pseudonym) != 32 {
			t.Errorf("event %d: identity %q, pseudonym %q; want it masked, with a pseudonym", i, ev.Identity, ev.Pseudonym)
		}
	}
	if !eventually(5*time.Second, func() bool { return strings.Count(edge.read(accessFile), logins[0].Pseudonym) >= 3 }) {
		t.Errorf("the access log does not hold the pseudonym %s with every login:\n%s", logins[0].Pseudonym, edge.read(accessFile))
	}
	edge.stop(t)
	edge.checkNowhere(t, []string{alice, alicePassword, "wrong horse", "wrong again"})
}

// TestKeysAreKeptPrivate: the file all keys come from is readable by the
// server's user only.
func TestKeysAreKeptPrivate(t *testing.T) {
	t.Parallel()
	_, edge := shop(t, "default401", "")
	edge.visitor(t, "shop.test", "127.0.0.3").login(t, alice, "wrong")
	edge.waitEvent(t, "a login", fromAddress("127.0.0.3"))
	found := false
	for name := range edge.everythingWritten(t) {
		if !strings.Contains(name, "doorward") || !strings.Contains(strings.ToLower(filepath.Base(name)), "secret") {
			continue
		}
		found = true
		info, err := os.Stat(edge.path(name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v; want mode 0600", name, info.Mode(), err)
		}
	}
	if !found {
		t.Errorf("no secret in the data folder; files: %v", slices.Sorted(maps.Keys(edge.everythingWritten(t))))
	}
}
