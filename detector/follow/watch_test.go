package follow_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/doorward/doorward/detector/follow"
)

var (
	start = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	alice = follow.ClientOf(netip.MustParseAddr("203.0.113.7"), "browser")
)

func everything(*follow.Wait[string]) bool { return true }

func nothing(*follow.Wait[string]) bool { return false }

func TestClientsAreToldApartByAddressAndUserAgent(t *testing.T) {
	t.Parallel()
	addr := netip.MustParseAddr("203.0.113.7")
	if follow.ClientOf(addr, "browser") != alice {
		t.Error("the same client has two names")
	}
	if follow.ClientOf(addr, "other") == alice || follow.ClientOf(netip.MustParseAddr("203.0.113.8"), "browser") == alice {
		t.Error("two clients have one name")
	}
}

func TestWhatWaitsIsTakenByItsClientOnce(t *testing.T) {
	t.Parallel()
	var w follow.Watch[string]
	if !w.Idle() {
		t.Fatal("an empty watch is not idle")
	}
	if !w.Add(start, alice, &follow.Wait[string]{Value: "login"}) || w.Idle() || !w.Waits(alice) {
		t.Fatal("what was added does not wait")
	}
	stranger := follow.ClientOf(netip.MustParseAddr("198.51.100.1"), "browser")
	if got, _ := w.Take(stranger, everything); len(got) != 0 {
		t.Error("a stranger took what waits for somebody else")
	}
	if got, _ := w.Take(alice, nothing); len(got) != 0 || w.Idle() {
		t.Error("what does not match was taken")
	}
	got, _ := w.Take(alice, everything)
	if len(got) != 1 || got[0].Value != "login" || !w.Idle() || w.Waits(alice) {
		t.Errorf("took %d, idle %t; want the one thing that waited", len(got), w.Idle())
	}
}

func TestWhatWaitsIsGivenUpAfterFiveAnswers(t *testing.T) {
	t.Parallel()
	var w follow.Watch[string]
	w.Add(start, alice, &follow.Wait[string]{})
	for answer := 1; answer <= follow.MaxAnswers; answer++ {
		_, over := w.Take(alice, nothing)
		if want := answer == follow.MaxAnswers; (len(over) == 1) != want {
			t.Fatalf("answer %d: given up %t, want %t", answer, len(over) == 1, want)
		}
	}
	if !w.Idle() {
		t.Error("it still waits")
	}
}

func TestWhatIsPutBackKeepsItsTimeAndAnswers(t *testing.T) {
	t.Parallel()
	var w follow.Watch[string]
	w.Add(start, alice, &follow.Wait[string]{})
	for answer := 1; answer <= follow.MaxAnswers; answer++ {
		taken, _ := w.Take(alice, everything)
		if len(taken) != 1 {
			t.Fatalf("answer %d: nothing was waiting", answer)
		}
		if back, want := w.Back(start.Add(time.Second), taken[0]), answer < follow.MaxAnswers; back != want {
			t.Fatalf("answer %d: put back %t, want %t", answer, back, want)
		}
	}
	w.Add(start, alice, &follow.Wait[string]{})
	taken, _ := w.Take(alice, everything)
	if w.Back(start.Add(follow.MaxAge), taken[0]) {
		t.Error("it waits longer than MaxAge")
	}
}

func TestWhatIsOverdueIsReturned(t *testing.T) {
	t.Parallel()
	var w follow.Watch[string]
	w.Add(start, alice, &follow.Wait[string]{Value: "old"})
	w.Add(start.Add(5*time.Second), alice, &follow.Wait[string]{Value: "young"})
	over := w.Overdue(start.Add(follow.MaxAge))
	if len(over) != 1 || over[0].Value != "old" || w.Len() != 1 {
		t.Errorf("%d overdue, %d left; want the old one, and the young one left", len(over), w.Len())
	}
}

func TestThereIsRoomForSoManyAndNoMore(t *testing.T) {
	t.Parallel()
	var w follow.Watch[string]
	for i := range follow.MaxPerClient {
		if !w.Add(start, alice, &follow.Wait[string]{}) {
			t.Fatalf("no room for number %d of one client", i+1)
		}
	}
	if w.Add(start, alice, &follow.Wait[string]{}) {
		t.Error("one client holds more than MaxPerClient")
	}
	for i := follow.MaxPerClient; i < follow.MaxWaiting; i++ {
		if !w.Add(start, follow.Client(i), &follow.Wait[string]{}) {
			t.Fatalf("no room for number %d", i+1)
		}
	}
	if w.Add(start, follow.Client(1), &follow.Wait[string]{}) || w.Len() != follow.MaxWaiting {
		t.Error("more than MaxWaiting wait")
	}
}

func header(key string, values ...string) http.Header {
	h := http.Header{"Date": {"Sun, 01 Nov 2026 12:00:00 GMT"}}
	for _, v := range values {
		h.Add(key, v)
	}
	return h
}

func TestAJarTellsTheSessionOfTheAnswerFromAnyOther(t *testing.T) {
	t.Parallel()
	sent := header("Cookie", "theme=dark; sid=before")
	answer := header("Set-Cookie", "sid=after-the-login; Path=/; HttpOnly", "hint=1; Max-Age=0", "admin=only-there; Path=/admin")
	for name, c := range map[string]struct {
		cookie, authorization, path string
		want                        bool
	}{
		"what the answer set":              {"theme=dark; sid=after-the-login", "", "/home", true},
		"in any order":                     {"sid=after-the-login; theme=dark", "", "/home", true},
		"a cookie left out that was there": {"sid=after-the-login", "", "/home", true},
		"the session before":               {"theme=dark; sid=before", "", "/home", false},
		"no cookies at all":                {"", "", "/home", false},
		"a session opened elsewhere":       {"theme=dark; sid=somebody-else", "", "/home", false},
		"one more session":                 {"theme=dark; sid=after-the-login; other=valid", "", "/home", false},
		"the same name twice":              {"sid=after-the-login; sid=somebody-else", "", "/home", false},
		"a cookie of another path":         {"theme=dark; sid=after-the-login", "", "/admin/users", false},
		"all cookies of a path":            {"theme=dark; sid=after-the-login; admin=only-there", "", "/admin/users", true},
		"credentials beside the cookies":   {"theme=dark; sid=after-the-login", "Basic bWU6bXk=", "/home", false},
		"a cookie that was taken away":     {"sid=after-the-login; hint=1", "", "/home", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			jar := follow.JarAfter(sent, answer, "/login")
			next := http.Header{}
			if c.cookie != "" {
				next.Set("Cookie", c.cookie)
			}
			if c.authorization != "" {
				next.Set("Authorization", c.authorization)
			}
			if got := jar.Bears(follow.BorneBy(next), c.path); got != c.want {
				t.Errorf("bears %t, want %t", got, c.want)
			}
		})
	}
}

func TestASessionIsEndedByTakingItsCookieAway(t *testing.T) {
	t.Parallel()
	jar := follow.JarAfter(header("Cookie", "theme=dark"), header("Set-Cookie", "sid=after-the-login"), "/login")
	for set, want := range map[string]bool{
		"sid=; Max-Age=0":   true,
		"sid=another":       false,
		"theme=; Max-Age=0": false,
	} {
		if got := jar.EndedBy(header("Set-Cookie", set)); got != want {
			t.Errorf("%s: ended %t, want %t", set, got, want)
		}
	}
}

func TestAJarOfTooManyCookiesIsNobodys(t *testing.T) {
	t.Parallel()
	many := http.Header{}
	for i := range 51 {
		many.Add("Cookie", fmt.Sprintf("c%d=value", i))
	}
	jar := follow.JarAfter(many, http.Header{}, "/")
	if jar.Bears(follow.BorneBy(many), "/") {
		t.Error("a client with 51 cookies is followed")
	}
}

func TestANewSessionIsOneThatWasNotThereBefore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sent, set string
		want      bool
	}{
		"new":                 {"theme=dark", "sid=0123456789abcdef", true},
		"renewed":             {"sid=fedcba9876543210", "sid=0123456789abcdef", false},
		"too short to be one": {"", "sid=1", false},
		"taken away":          {"", "sid=0123456789abcdef; Max-Age=0", false},
		"over already":        {"", "sid=0123456789abcdef; Expires=Sat, 31 Oct 2026 12:00:00 GMT", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := follow.Sets(header("Cookie", c.sent), header("Set-Cookie", c.set)); got != c.want {
				t.Errorf("sets %t, want %t", got, c.want)
			}
		})
	}
}
