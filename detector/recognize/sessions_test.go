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
			s.Opened(now, cookies("sid=before-0123456789"), answer)
			if got := s.Administers(now.Add(c.later), cookies(c.request)); got != c.want {
				t.Errorf("logged in: %t, want %t", got, c.want)
			}
		})
	}
	var kept Sessions
	kept.Opened(now, cookies("sid=kept-0123456789; theme=dark"), http.Header{})
	if !kept.Administers(now, cookies("sid=kept-0123456789")) {
		t.Error("a session that the app keeps over the login is unknown")
	}
	if kept.Ended(cookies("sid=kept-0123456789")); kept.Administers(now, cookies("sid=kept-0123456789")) {
		t.Error("a session goes on after the logout")
	}
}

func TestSessionsAndWhatTheyAllowAreBounded(t *testing.T) {
	t.Parallel()
	var s Sessions
	now := time.Now()
	for i := range 2*MaxSessions + 7 {
		s.Opened(now, nil, http.Header{"Set-Cookie": {fmt.Sprintf("sid=session-%d", i)}})
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
