package recognize

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

func cookies(line string) http.Header { return http.Header{"Cookie": {line}} }

func TestWhoIsLoggedInIsKnownByHisSession(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	answer := http.Header{"Set-Cookie": {"sid=member-0123456789; Path=/", "csrf_token=0123456789abcdef", "old=; Max-Age=0"}}
	for name, c := range map[string]struct {
		request string
		later   time.Duration
		want    bool
	}{
		"the session that was opened": {"theme=dark; sid=member-0123456789", time.Hour, true},
		"another session":             {"sid=visitor-0123456789", time.Hour, false},
		"no cookie":                   {"", time.Hour, false},
		"a token against forgery":     {"csrf_token=0123456789abcdef", time.Hour, false},
		"the next day":                {"sid=member-0123456789", sessionAge + time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s Sessions
			s.Opened(now, cookies("sid=before-0123456789"), answer, nil)
			if got := s.Administers(now.Add(c.later), cookies(c.request)); got != c.want {
				t.Errorf("logged in: %t, want %t", got, c.want)
			}
		})
	}
	var kept Sessions
	kept.Opened(now, cookies("sid=kept-0123456789abcdefghij; theme=dark"), http.Header{}, nil)
	if !kept.Administers(now, cookies("sid=kept-0123456789abcdefghij")) {
		t.Error("a session that the app keeps over the login is unknown")
	}
	kept.Opened(now, cookies("experiment=variant-b2"), http.Header{}, nil)
	if kept.Bears(now, cookies("experiment=variant-b2")) {
		t.Error("what everybody bears is taken for the session of one")
	}
	kept = Sessions{}
	kept.Opened(now, cookies("sid=kept-0123456789abcdefghij"), nil, []byte(`{"nonce":"0123456789abcdef-0123456789"}`))
	if !kept.Bears(now, cookies("sid=kept-0123456789abcdefghij")) {
		t.Error("a text in the answer hides the session that the app keeps")
	}
	if kept.Ended(cookies("sid=kept-0123456789abcdefghij")); kept.Administers(now, cookies("sid=kept-0123456789abcdefghij")) {
		t.Error("a session goes on after the logout")
	}
}

func TestWhoIsLoggedInIsKnownByHisToken(t *testing.T) {
	t.Parallel()
	const token = "0123456789abcdef.a-member"
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	bears := func(name, value string) http.Header { return http.Header{name: {value}} }
	for name, c := range map[string]struct {
		body    string
		answer  http.Header
		request http.Header
		want    bool
	}{
		"bearer":                {`{"user":{"id":1},"accessToken":"` + token + `"}`, nil, bears("Authorization", "Bearer "+token), true},
		"header of its own":     {`{"token":"` + token + `"}`, nil, bears("X-Auth-Token", token), true},
		"header of any name":    {`{"token":"` + token + `"}`, nil, bears("X-Shop-Key", token), true},
		"parameter of a scheme": {`{"token":"` + token + `"}`, nil, bears("Authorization", `Media Client="tv", Token="`+token+`"`), true},
		"with its scheme":       {`{"token":"Bearer ` + token + `"}`, nil, bears("Authorization", "Bearer "+token), true},
		"bare text":             {token + "\n", nil, bears("X-Auth", token), true},
		"kept in a cookie":      {`{"jwt":"` + token + `"}`, nil, cookies("jwt=" + token), true},
		"id that others know":   {`{"id":"0b9f8d1c-6a9e-4a55-9d7b-1f2e3d4c5b6a"}`, nil, bears("X-Id", "0b9f8d1c-6a9e-4a55-9d7b-1f2e3d4c5b6a"), false},
		"word that others know": {`{"right":"collections.records.create"}`, nil, bears("X-Right", "collections.records.create"), false},
		"JSON text":             {`"` + token + `"`, nil, bears("Authorization", "Bearer "+token), true},
		"issued in a header":    {"", bears("X-Auth-Token", token), bears("X-Auth-Token", token), true},
		"version of the page":   {"", bears("Etag", token), bears("If-None-Match", token), false},
		"another token":         {`{"token":"` + token + `"}`, nil, bears("Authorization", "Bearer 0123456789abcdef.visitor"), false},
		"text that is no token": {`{"text":"a text with ` + token + `"}`, nil, bears("Authorization", "Bearer "+token), false},
		"token in a page":       {`<a href="` + token + `">`, nil, bears("Authorization", "Bearer "+token), false},
		"cut token":             {`{"token":"` + token, nil, bears("Authorization", "Bearer "+token), false},
		"undefined":             {`{"token":"undefined"}`, nil, bears("Authorization", "Bearer undefined"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s Sessions
			s.Opened(now, nil, c.answer, []byte(c.body))
			if got := s.Bears(now, c.request); got != c.want {
				t.Errorf("logged in: %t, want %t", got, c.want)
			}
			if s.Ended(c.request); s.Bears(now, c.request) {
				t.Error("a session goes on after the logout")
			}
		})
	}
}

func TestSignupOpensOnlyTheSessionThatItBrought(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	var s Sessions
	s.Joined(now, cookies("sid=visitor-0123456789"), http.Header{"Set-Cookie": {"sid=renewed-0123456789"}}, nil)
	if s.Bears(now, cookies("sid=visitor-0123456789")) || s.Bears(now, cookies("sid=renewed-0123456789")) {
		t.Error("the session of a visitor is one of somebody who is logged in")
	}
	s.Joined(now, nil, http.Header{"Set-Cookie": {"sid=member-0123456789"}}, nil)
	if !s.Bears(now, cookies("sid=member-0123456789")) {
		t.Error("the session that a signup brought is unknown")
	}
}

func TestTokensOfAnAnswerAreBounded(t *testing.T) {
	t.Parallel()
	var s Sessions
	body := "["
	for i := range 3 * maxIssued {
		body += fmt.Sprintf("%q,", fmt.Sprintf("0123456789abcdef-%07d", i))
	}
	s.Opened(time.Now(), nil, nil, []byte(body+`""]`))
	if len(s.byHash) != maxIssued {
		t.Errorf("%d tokens remembered, want %d", len(s.byHash), maxIssued)
	}
}

func TestSessionsAndWhatTheyAllowAreBounded(t *testing.T) {
	t.Parallel()
	var s Sessions
	now := time.Now()
	for i := range 2*MaxSessions + 7 {
		s.Opened(now, nil, http.Header{"Set-Cookie": {fmt.Sprintf("sid=session-%d", i)}}, nil)
	}
	if len(s.byHash) != MaxSessions || len(s.oldest) != MaxSessions {
		t.Errorf("%d sessions, want %d", len(s.byHash), MaxSessions)
	}
	newest := cookies(fmt.Sprintf("sid=session-%d", 2*MaxSessions+6))
	allowed := 0
	for range 3 * MaxAdministered {
		if s.Administers(now, newest) {
			allowed++
		}
	}
	if allowed != MaxAdministered {
		t.Errorf("%d requests of one session are no attempts, want %d", allowed, MaxAdministered)
	}
}

func FuzzTokensOfSessions(f *testing.F) {
	f.Add([]byte(`{"token":"Bearer 0123456789abcdef.a-member"}`), "Bearer 0123456789abcdef.a-member")
	f.Add([]byte(`"`), `Token="`)
	f.Fuzz(func(t *testing.T, body []byte, header string) {
		var s Sessions
		s.Opened(time.Now(), nil, http.Header{"X-Auth-Token": {header}}, body)
		if maxOfHeader := len(header)/minToken + 1; len(s.byHash) > maxIssued+maxOfHeader {
			t.Errorf("%d tokens remembered of %d and %d bytes", len(s.byHash), len(body), len(header))
		}
		s.Ended(http.Header{"X-Auth-Token": {header}})
		if s.Bears(time.Now(), http.Header{"X-Auth-Token": {header}}) {
			t.Error("a session goes on after the logout")
		}
	})
}
