package event

import (
	"encoding/json"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/doorward/doorward/config"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 678_000_000, time.UTC)

// fullEvent has a value in every field.
func fullEvent() Event {
	return Event{
		ID: "01JGK9XQ2R0000000000000000", Time: noon, Type: TypeAttempt,
		Site: "shop.example", Route: "/users/*/session", Kind: "login", Outcome: "failure", Confidence: 0.97,
		Evidence: []string{"status 401", "password field password"},
		Verdict:  "allow", Would: "limit", Rule: "threshold source 10/10m", Detection: "brute_force", Reason: "11 guesses",
		SourceIP: netip.MustParseAddr("203.0.113.7"), Lists: []string{"tor"},
		Country: "DE", City: "Exampleton", ASN: 64500, Organisation: "Example Net",
		IdentityKeys: []string{"email", "platform_id"}, PrimaryKey: "email", Identity: "•••", Pseudonym: "9f86d081", KeyID: "k1",
		Format: "form", Ambiguous: true,
		RequestID: "r-1", Method: "POST", Path: "/session", Status: 401, Duration: 12345 * time.Microsecond, UserAgent: "curl/8",
		Name: "plan-change", Properties: []Property{{"plan", "pro"}, {"seats", "5"}}, PropertiesDropped: 2,
		Score: 0.5, SanctionID: "s-1", Expires: noon.Add(time.Hour), Count: 3, Health: "query_password",
		Severity: "high", Incident: &Incident{
			ID: "i-1", Status: "opened", Detections: []string{"brute_force"}, FirstSeen: noon, LastSeen: noon,
			Attempts: 50, Refused: 40, Would: 1, Accounts: 9, Targeted: []IncidentAccount{{"9f86", "a•••"}, {"aa", ""}},
			Entered: 1, Compromised: []IncidentAccount{{"9f86", "a•••"}}, Sources: 2, From: []string{"203.0.113.7/32"},
		},
	}
}

func TestEncodesEveryFieldUnderItsName(t *testing.T) {
	t.Parallel()
	want := `{"id":"01JGK9XQ2R0000000000000000","time":"2026-01-02T12:00:00.678Z","type":"attempt","site":"shop.example",` +
		`"route":"/users/*/session","kind":"login","name":"plan-change","outcome":"failure","confidence":0.97,` +
		`"evidence":["status 401","password field password"],"verdict":"allow","would":"limit","rule":"threshold source 10/10m",` +
		`"detection":"brute_force","reason":"11 guesses","source_ip":"203.0.113.7","lists":["tor"],"country":"DE","city":"Exampleton","asn":64500,"organisation":"Example Net",` +
		`"identity_keys":["email","platform_id"],"primary_key":"email","identity":"•••","pseudonym":"9f86d081","key_id":"k1",` +
		`"format":"form","ambiguous":true,"request_id":"r-1","method":"POST","path":"/session","status":401,"duration_ms":12.345,` +
		`"user_agent":"curl/8","properties":{"plan":"pro","seats":"5"},"properties_dropped":2,"score":0.5,"sanction_id":"s-1","expires":"2026-01-02T13:00:00.678Z","count":3,"health":"query_password",` +
		`"severity":"high","incident":{"id":"i-1","status":"opened","detections":["brute_force"],"first_seen":"2026-01-02T12:00:00.678Z",` +
		`"last_seen":"2026-01-02T12:00:00.678Z","attempts":50,"refused":40,"would_have_been_refused":1,"accounts":9,` +
		`"targeted":[{"pseudonym":"9f86","name":"a•••"},{"pseudonym":"aa"}],"compromised_accounts":1,` +
		`"compromised":[{"pseudonym":"9f86","name":"a•••"}],"sources":2,"from":["203.0.113.7/32"]}}`
	e := fullEvent()
	if got := string(e.AppendJSON(nil)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := string(e.AppendJSON([]byte("before "))); got != "before "+want {
		t.Errorf("appending changed what was there: %s", got)
	}
	if got, err := json.Marshal(&e); err != nil || !json.Valid(got) || len(got) < len(want) {
		t.Errorf("json.Marshal: %s, %v", got, err)
	}
	var members map[string]any
	if err := json.Unmarshal([]byte(want), &members); err != nil {
		t.Fatal(err)
	}
	if fields := reflect.TypeFor[Event]().NumField(); len(members) != fields {
		t.Errorf("%d fields, %d of them in the JSON", fields, len(members))
	}
}

func TestEncodesUnusualValues(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		e    Event
		want string
	}{
		{"nothing", Event{}, `{}`},
		{"quotes and backslashes", Event{Reason: `a"b\c`}, `{"reason":"a\"b\\c"}`},
		{"line ends cannot start a forged line", Event{UserAgent: "x\r\n{\"id\":1}"}, `{"user_agent":"x\u000d\u000a{\"id\":1}"}`},
		{"terminal escapes", Event{UserAgent: "\x1b[2J\x7f\u009b"}, `{"user_agent":"\u001b[2J\u007f\u009b"}`},
		{"text that runs backwards", Event{Identity: "a\u202egpj.exe\u2066"}, `{"identity":"a\u202egpj.exe\u2066"}`},
		{"invisible characters", Event{Identity: "a\u200bb\ufeff\U000e0041"}, `{"identity":"a\u200bb\ufeff\udb40\udc41"}`},
		{"Unicode line separators", Event{Reason: "a\u2028b\u2029"}, `{"reason":"a\u2028b\u2029"}`},
		{"HTML", Event{UserAgent: "</script><b>&"}, `{"user_agent":"\u003c/script\u003e\u003cb\u003e\u0026"}`},
		{"bytes that are no UTF-8", Event{UserAgent: "a\xff\xc3b"}, "{\"user_agent\":\"a\ufffd\ufffdb\"}"},
		{"other scripts stay readable", Event{Reason: "größer 日本"}, `{"reason":"größer 日本"}`},
		{"numbers JSON cannot say", Event{Score: math.NaN(), Confidence: math.Inf(1)}, `{}`},
		{"a negative status", Event{Status: -1}, `{}`},
		{"a year of five digits", Event{Expires: time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)}, `{}`},
		{"another time zone", Event{Time: noon.In(time.FixedZone("", 3600))}, `{"time":"2026-01-02T12:00:00.678Z"}`},
		{"an address with a zone", Event{SourceIP: netip.MustParseAddr(`fe80::1%"x`)}, `{"source_ip":"fe80::1"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := string(tt.e.AppendJSON(nil)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// longestEvent has texts and lists far beyond every bound, of the characters
// whose escapes are longest.
func longestEvent() Event {
	long := strings.Repeat("\x01", 4096)
	var e Event
	v := reflect.ValueOf(&e).Elem()
	for _, f := range v.Fields() {
		switch f.Kind() {
		case reflect.String:
			f.SetString(long)
		case reflect.Slice:
			if f.Type() == reflect.TypeFor[[]Property]() {
				f.Set(reflect.ValueOf(slices.Repeat([]Property{{long, long}}, 100)))
				continue
			}
			list := make([]string, 100)
			for i := range list {
				list[i] = long
			}
			f.Set(reflect.ValueOf(list))
		case reflect.Float64:
			f.SetFloat(-math.Pi / 1e300)
		case reflect.Int, reflect.Int64:
			f.SetInt(math.MaxInt64)
		case reflect.Uint64:
			f.SetUint(math.MaxUint64)
		}
	}
	e.SourceIP = netip.MustParseAddr("2001:db8:1111:2222:3333:4444:5555:6666")
	e.Time, e.Expires = noon, noon
	accounts := slices.Repeat([]IncidentAccount{{long, long}}, 100)
	e.Incident = &Incident{
		ID: long, Status: long, Detections: slices.Repeat([]string{long}, 100), FirstSeen: noon, LastSeen: noon,
		Attempts: math.MaxUint64, Refused: math.MaxUint64, Would: math.MaxUint64, Accounts: math.MaxUint64,
		Targeted: accounts, Entered: math.MaxUint64, Compromised: accounts, Sources: math.MaxUint64,
		From: slices.Repeat([]string{long}, 100),
	}
	return e
}

func TestNoEventIsLongerThanTheBound(t *testing.T) {
	t.Parallel()
	got := longestEvent().AppendJSON(nil)
	if len(got) > MaxEncoded || len(got) < MaxEncoded*3/4 {
		t.Errorf("%d bytes; the bound of %d is wrong or far too wide", len(got), MaxEncoded)
	}
	if !json.Valid(got) {
		t.Errorf("not JSON: %.200s", got)
	}
}

func TestPropertiesBeyondTheBoundAreCounted(t *testing.T) {
	t.Parallel()
	list := make([]Property, config.MaxProperties+3)
	for i := range list {
		list[i] = Property{Name: strconv.Itoa(i), Value: strings.Repeat("v", 200)}
	}
	e := Event{Type: TypeCustom, Properties: list, PropertiesDropped: 1}
	e.bound()
	if len(e.Properties) != config.MaxProperties || e.PropertiesDropped != 4 || len(e.Properties[0].Value) != maxRule {
		t.Errorf("kept %d, dropped %d, first value of %d bytes", len(e.Properties), e.PropertiesDropped, len(e.Properties[0].Value))
	}
	if len(list) != config.MaxProperties+3 || len(list[0].Value) != 200 {
		t.Error("the caller's slice was changed")
	}
}

func TestBoundCutsWholeCharactersAndOthersSlices(t *testing.T) {
	t.Parallel()
	lists := []string{strings.Repeat("ä", 100), "tor"}
	e := Event{UserAgent: strings.Repeat("日", 100), Lists: lists}
	e.bound()
	if got := len(e.UserAgent); got != 255 || !utf8.ValidString(e.UserAgent) {
		t.Errorf("user agent of %d bytes, valid %v", got, utf8.ValidString(e.UserAgent))
	}
	if len(e.Lists[0]) != maxWord || e.Lists[1] != "tor" {
		t.Errorf("lists %q", e.Lists)
	}
	if len(lists[0]) != 200 {
		t.Error("the caller's slice was changed")
	}
	if got := clip(strings.Repeat("\x80", 10), 5); len(got) < 2 || len(got) > 5 {
		t.Errorf("bytes that start no character: kept %d of 5", len(got))
	}
}

func TestEventHasNoPlaceForASecret(t *testing.T) {
	t.Parallel()
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Event]()) {
		for _, word := range []string{"password", "secret", "cookie", "token", "credential", "fingerprint", "header", "body", "query"} {
			if strings.Contains(strings.ToLower(field.Name), word) {
				t.Errorf("field %s", field.Name)
			}
		}
	}
}

func TestPathsShowNoSecret(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, path, want string }{
		{"a login", "/wp-login.php", "/wp-login.php"},
		{"versions and short numbers", "/api/v2/users/17/session", "/api/v2/users/17/session"},
		{"a query", "/reset?token=abc", "/reset"},
		{"a fragment", "/reset#abc", "/reset"},
		{"a session id as path parameter", "/login;jsessionid=0AAB6C8DE415", "/login"},
		{"a code", "/verify/123456", "/verify/*"},
		{"a UUID", "/reset/2f1c3a5e-9f86-4d08-9c15-b0f00a08d1e2/confirm", "/reset/*/confirm"},
		{"random letters and digits", "/r/aB3dE9xY", "/r/*"},
		{"random letters", "/r/QmFzZVNpeHR5Rm91", "/r/*"},
		{"long lower case", "/r/" + strings.Repeat("a", 32), "/r/*"},
		{"a long word", "/forgotten-password", "/forgotten-password"},
		{"empty segments", "//a//", "//a//"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := safePath(tt.path)
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if again := safePath(got); again != got {
				t.Errorf("a second time gives %q", again)
			}
		})
	}
}

func TestClass(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		e    Event
		want Class
	}{
		{"success", Event{Type: TypeAttempt, Outcome: "success", Verdict: "allow"}, Reserved},
		{"second factor asked", Event{Type: TypeAttempt, Outcome: "challenge", Verdict: "allow"}, Reserved},
		{"detection", Event{Type: TypeDetection, Verdict: "limit"}, Reserved},
		{"sanction", Event{Type: TypeSanction, Verdict: "block"}, Reserved},
		{"operator", Event{Type: TypeOperator}, Reserved},
		{"health", Event{Type: TypeHealth}, Reserved},
		{"failure", Event{Type: TypeAttempt, Outcome: "failure", Verdict: "allow"}, Normal},
		{"failure that was tagged", Event{Type: TypeAttempt, Outcome: "failure", Verdict: "tag"}, Normal},
		{"unknown", Event{Type: TypeAttempt, Outcome: "unknown"}, Normal},
		{"would have been refused", Event{Type: TypeAttempt, Outcome: "failure", Verdict: "allow", Would: "limit"}, Normal},
		{"limited", Event{Type: TypeAttempt, Verdict: "limit"}, Cheap},
		{"blocked", Event{Type: TypeAttempt, Verdict: "block"}, Cheap},
		{"dropped", Event{Type: TypeAttempt, Verdict: "drop"}, Cheap},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.e.Class(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func FuzzAppendJSON(f *testing.F) {
	f.Add("curl/8", "a@x.test", "/login", "203.0.113.7", int64(0), 0.5)
	f.Add("\x00\u202e\u2028</script>\xff", "\xed\xa0\x80", "/a\n;b?c", "fe80::1%\"\n", int64(1)<<62, math.Inf(-1))
	f.Add(strings.Repeat("\U0001f600", 300), strings.Repeat("\xf0", 300), strings.Repeat("/9999", 99), "", int64(-1), 1e308)
	f.Fuzz(func(t *testing.T, agent, identity, path, ip string, n int64, number float64) {
		addr, _ := netip.ParseAddr(ip)
		e := Event{
			Time: time.Unix(n, n), Expires: time.Unix(n/1e9, 0), Type: Type(identity), Site: agent, Evidence: []string{agent, identity, path},
			SourceIP: addr, Identity: identity, Path: path, UserAgent: agent, Lists: strings.Split(agent, "a"),
			Status: int(n), Duration: time.Duration(n), Score: number, Confidence: number, Count: uint64(n),
		}
		line := e.AppendJSON(nil)
		if len(line) > MaxEncoded || !json.Valid(line) || !utf8.Valid(line) {
			t.Fatalf("%d bytes, JSON %v, UTF-8 %v: %q", len(line), json.Valid(line), utf8.Valid(line), line)
		}
		for _, r := range string(line) {
			if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
				t.Fatalf("%U is not escaped: %q", r, line)
			}
		}
		var back struct {
			UserAgent string `json:"user_agent"`
			Path      string `json:"path"`
		}
		if err := json.Unmarshal(line, &back); err != nil {
			t.Fatal(err)
		}
		if utf8.ValidString(agent) && len(agent) <= maxText && back.UserAgent != agent {
			t.Fatalf("user agent %q came back as %q", agent, back.UserAgent)
		}
		if strings.ContainsAny(back.Path, "?;#") {
			t.Fatalf("path %q", back.Path)
		}
	})
}

func BenchmarkAppendJSON(b *testing.B) {
	e, buf := fullEvent(), make([]byte, 0, MaxEncoded)
	b.ReportAllocs()
	for b.Loop() {
		buf = e.AppendJSON(buf[:0])
	}
}
