package recognizer

import (
	"fmt"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/identity"
	"github.com/doorward/doorward/detector/recognize"
	"github.com/doorward/doorward/detector/recognize/har"
)

func login(user string) *recognize.Credentials {
	return &recognize.Credentials{
		Kind: config.KindLogin, Route: "/login", Format: recognize.FormatBasic,
		Identities: []identity.Identity{identity.New(identity.Pair{Key: "username", Value: user})},
		Secrets:    [][]byte{[]byte("secret")},
	}
}

var good = recognize.Outcome{Result: recognize.Success, Confidence: 1}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	m := newMemory()
	for i := range maxClients + 10 {
		client := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		r := &recognize.Request{Host: fmt.Sprintf("h%d", i), Path: "/login"}
		refused := &recognize.Response{Status: http.StatusUnauthorized, Header: http.Header{"Www-Authenticate": {"Basic"}}}
		m.settled(client, r, login("ada"), recognize.Exchange{Response: &recognize.Response{Status: 200}}, good)
		m.repeats(client, r.Host, login("ada"), good, 200)
		m.seen(r, refused)
		if len(m.firstSteps) > maxClients || len(m.accepted) > maxClients || len(m.routes) > maxRoutes || len(m.spaces) > maxHosts {
			t.Fatalf("after %d: %d clients, %d accepted, %d routes, %d hosts", i, len(m.firstSteps), len(m.accepted), len(m.routes), len(m.spaces))
		}
	}
	if len(m.firstSteps) != 10 {
		t.Errorf("%d clients, want a new start behind %d", len(m.firstSteps), maxClients)
	}
}

func TestProtectionSpace(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, seen, challenge string
		status                int
		path                  string
		want                  bool
	}{
		{"the same page", "/admin/list", "Basic realm=x", 401, "/admin/list", true},
		{"beside it", "/admin/list", "Basic realm=x", 401, "/admin/other", true},
		{"below it", "/admin/", `Digest realm="x"`, 401, "/admin/a/b", true},
		{"above it", "/admin/list", "Basic realm=x", 401, "/", false},
		{"a longer name", "/admin/list", "Basic realm=x", 401, "/administrator/x", false},
		{"another scheme", "/admin/list", "Bearer", 401, "/admin/list", false},
		{"no challenge", "/admin/list", "", 401, "/admin/list", false},
		{"another status", "/admin/list", "Basic realm=x", 403, "/admin/list", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := newMemory()
			m.seen(&recognize.Request{Host: "a", Path: test.seen}, &recognize.Response{Status: test.status, Header: http.Header{"Www-Authenticate": {test.challenge}}})
			if got := m.facts(&recognize.Request{Host: "a", Path: test.path}, login("ada")).Challenges; got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
			if m.facts(&recognize.Request{Host: "b", Path: test.path}, login("ada")).Challenges {
				t.Error("another host is the same space")
			}
		})
	}
}

func TestRepeats(t *testing.T) {
	t.Parallel()
	client, host := netip.MustParseAddr("192.0.2.1"), "a"
	other, digest, two := login("ada"), login("ada"), login("ada")
	other.Secrets = [][]byte{[]byte("changed")}
	digest.Format, digest.Secrets = recognize.FormatDigest, [][]byte{[]byte("0123")}
	two.Ambiguous = true
	form, header := login("ada"), login("")
	form.Format = recognize.FormatForm
	header.Format, header.Identities = recognize.FormatHeader, nil
	later := *digest
	later.Secrets = [][]byte{[]byte("4567")}
	bad := recognize.Outcome{Result: recognize.Failure, Confidence: 1}
	tests := []struct {
		name          string
		before, after *recognize.Credentials
		status        int
		outcome       recognize.Outcome
		host          string
		want          bool
	}{
		{"the same", login("ada"), login("ada"), 200, good, host, true},
		{"another user", login("ada"), login("bo"), 200, good, host, false},
		{"another password", login("ada"), other, 200, good, host, false},
		{"a new answer to a digest challenge", digest, &later, 200, good, host, true},
		{"refused now", login("ada"), login("ada"), 200, bad, host, false},
		{"right before, but let into nothing", login("ada"), login("ada"), 403, good, host, false},
		{"another host", login("ada"), login("ada"), 200, good, "b", false},
		{"two passwords in one request", login("ada"), two, 200, good, host, false},
		{"a password in a header of its own", header, header, 200, good, host, true},
		{"a form", form, form, 200, good, host, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := newMemory()
			if m.repeats(client, host, test.before, good, test.status) {
				t.Error("the first one is a repeat")
			}
			if got := m.repeats(client, test.host, test.after, test.outcome, 200); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
	m := newMemory()
	m.repeats(client, host, login("ada"), good, 200)
	m.settled(client, &recognize.Request{Host: host}, &recognize.Credentials{Kind: config.KindLogout}, recognize.Exchange{Response: &recognize.Response{Status: 204}}, good)
	if m.repeats(client, host, login("ada"), good, 200) {
		t.Error("after a logout the credentials are sent to log in again")
	}
	if m.repeats(client, host, login("bo"), bad, 401); m.repeats(client, host, login("ada"), good, 200) {
		t.Error("after a refusal where one logs in the credentials are sent to log in again")
	}
	elsewhere := login("bo")
	elsewhere.Route = "/files"
	if m.repeats(client, host, elsewhere, bad, 401); !m.repeats(client, host, login("ada"), good, 200) {
		t.Error("a refusal elsewhere makes a login of what the client sends with every request")
	}
}

func TestAcceptedCredentialsMakeARefusalPlainer(t *testing.T) {
	t.Parallel()
	refused, accepted := post("/login", bad1, 403, ""), post("/login", good1, 200, "")
	accepted.Response.Header.Set("Content-Type", "application/json")
	accepted.Response.Body = []byte(`{"token":"abcdefabcdef"}`)
	lines := played(t, Options{}, &har.File{Entries: []har.Entry{refused, accepted, refused}}).Lines()
	if before, after := lines[0], lines[2]; after.Outcome != recognize.Failure || after.Confidence <= before.Confidence {
		t.Errorf("before %+v, after %+v", before, after)
	}
}

// Of what Basic credentials open only the status tells; a refusal may say why.
func TestAnswersToBasicAreReadByTheirHeaders(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]recognize.Result{
		"Unauthorized":            recognize.Failure,
		"too many login attempts": recognize.Throttled,
	} {
		f := archive(t, "basic")
		for i := range f.Entries {
			if f.Entries[i].Response.Status == http.StatusUnauthorized {
				f.Entries[i].Response.Body = []byte(text)
			} else {
				f.Entries[i].Response.Body = []byte("your password is wrong")
			}
		}
		seen := map[recognize.Result]bool{}
		for _, line := range played(t, Options{}, f).Lines() {
			seen[line.Outcome] = true
		}
		if !seen[want] || !seen[recognize.Success] {
			t.Errorf("%s: outcomes %v, want %s and success", text, seen, want)
		}
	}
}

const loginPage = `<form method=post action=/in><input name=x1><input type=password name=x2><button>Log in</button></form>`

func servedPage(body string) recognize.Response {
	return recognize.Response{Status: 200, Header: http.Header{"Content-Type": {"text/html"}}, Body: []byte(body)}
}

func TestMemoryOfFormsIsBounded(t *testing.T) {
	t.Parallel()
	m := newMemory()
	for i := range maxHosts + 10 {
		r := &recognize.Request{Method: "GET", Host: fmt.Sprintf("h%d", i), Path: "/"}
		m.served(time.Time{}, r, servedPage(loginPage), 1<<20)
		m.served(time.Time{}, &recognize.Request{Host: "none"}, servedPage("<p>nothing"), 1<<20)
		if len(m.forms) > maxHosts {
			t.Fatalf("%d hosts, want at most %d", len(m.forms), maxHosts)
		}
	}
	if m.forms["none"] != nil {
		t.Error("a host without a form takes a place")
	}
	if m.form(&recognize.Request{Method: "POST", Host: "h0", Path: "/in"}) != nil {
		t.Error("the form of a host that was forgotten")
	}
}

func TestFormsAreLearnedFromWhatTheServerWouldSee(t *testing.T) {
	t.Parallel()
	m := newMemory()
	r := &recognize.Request{Method: "GET", Host: "a", Path: "/"}
	post := &recognize.Request{Method: "POST", Host: "a", Path: "/in"}
	m.served(time.Time{}, r, servedPage(loginPage), len(loginPage)/2)
	if m.form(post) != nil {
		t.Error("a form behind the limit was learned")
	}
	m.served(time.Time{}, r, servedPage(loginPage), len(loginPage))
	if m.form(post) == nil || m.form(&recognize.Request{Method: "POST", Host: "b", Path: "/in"}) != nil {
		t.Error("the form is known for its host, and for it alone")
	}
}

// Only what was served before explains a request, or the same archive would
// read in another way than the server did.
func TestFormsExplainLaterRequestsOnly(t *testing.T) {
	t.Parallel()
	page := har.Entry{Request: recognize.Request{Method: "GET", Host: "a", Path: "/"}, Response: servedPage(loginPage)}
	attempt := har.Entry{
		Request: recognize.Request{
			Method: "POST", Host: "a", Path: "/in", Body: []byte("x1=ada&x2=secret"), Complete: true,
			Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
		},
		Response: recognize.Response{Status: 302, Header: http.Header{"Location": {"/home"}}},
	}
	query := attempt
	query.Request.Method, query.Request.RawQuery, query.Request.Body = "GET", "x1=ada&x2=secret", nil
	get := servedPage(`<form action=/in><input name=x1><input type=password name=x2><button>Log in</button></form>`)
	getPage := page
	getPage.Response = get
	for _, row := range []struct {
		name    string
		entries []har.Entry
		want    []config.Kind
	}{
		{"before", []har.Entry{page, attempt}, []config.Kind{config.KindNone, config.KindLogin}},
		{"after", []har.Entry{attempt, page}, []config.Kind{config.KindNone, config.KindNone}},
		{"a form that is sent in the query", []har.Entry{getPage, query}, []config.Kind{config.KindNone, config.KindLogin}},
		{"the other method", []har.Entry{page, query}, []config.Kind{config.KindNone, config.KindNone}},
	} {
		s, err := New(Options{}).Play("x.har", &har.File{Entries: row.entries})
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range s.Lines() {
			if line.Kind != row.want[i] {
				t.Errorf("%s: entry %d is %s, want %s (%q)", row.name, i, line.Kind, row.want[i], line.Evidence)
			}
		}
	}
}
