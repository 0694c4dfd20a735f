package devicecookie

import (
	"fmt"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/doorward/doorward/detector/follow"
)

var alice = follow.ClientOf(netip.MustParseAddr("203.0.113.7"), "browser")

func session(i int) (answered, request http.Header) {
	pair := fmt.Sprintf("sid=session-%08d", i)
	return headers("Set-Cookie", pair+"; Path=/; HttpOnly"), headers("Cookie", "theme=dark; "+pair)
}

func TestCookieGoesToWhoBearsTheNewSession(t *testing.T) {
	t.Parallel()
	answered, bears := session(1)
	_, other := session(2)
	neighbour := follow.ClientOf(netip.MustParseAddr("203.0.113.8"), "browser")
	for name, c := range map[string]struct {
		who      follow.Client
		request  http.Header
		later    time.Duration
		sent     http.Header
		answered http.Header
		want     bool
	}{
		"who logged in":                     {alice, bears, time.Minute, nil, answered, true},
		"with another session":              {alice, other, 0, nil, answered, false},
		"without a session":                 {alice, headers(), 0, nil, answered, false},
		"from another address":              {neighbour, bears, 0, nil, answered, false},
		"much later":                        {alice, bears, dueFor, nil, answered, false},
		"the app sets no cookie":            {alice, bears, 0, nil, headers(), false},
		"what everybody bears":              {alice, headers("Cookie", "lang=en_US.UTF-8"), 0, nil, headers("Set-Cookie", "lang=en_US.UTF-8"), false},
		"the app keeps the session":         {alice, headers("Cookie", "sid=s%3A9f8a7c6e5d4b3a291807f6e5d4c3"), 0, headers("Cookie", "sid=s%3A9f8a7c6e5d4b3a291807f6e5d4c3"), headers(), true},
		"the app keeps what everybody bear": {alice, headers("Cookie", "lang=en_US.UTF-8"), 0, headers("Cookie", "lang=en_US.UTF-8"), headers(), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b Book
			b.Add(noon, alice, 42, false, c.sent, c.answered)
			due := b.Take(noon.Add(c.later), c.who, c.request)
			if (due != nil) != c.want || due != nil && due.Client != 42 {
				t.Errorf("got one: %t, want %t", due != nil, c.want)
			}
		})
	}
}

func TestCookieIsGivenOnceUnlessItIsGivenBack(t *testing.T) {
	t.Parallel()
	var b Book
	answered, bears := session(1)
	b.Add(noon, alice, 42, true, nil, answered)
	if b.Idle() {
		t.Fatal("nobody waits")
	}
	due := b.Take(noon, alice, bears)
	if due == nil || !due.Renewal || !b.Idle() || b.Take(noon, alice, bears) != nil {
		t.Fatal("not given exactly once")
	}
	b.Back(noon.Add(time.Minute), due)
	if again := b.Take(noon.Add(time.Minute), alice, bears); again != due {
		t.Fatal("what was given back is gone")
	}
	b.Back(noon.Add(dueFor), due)
	if !b.Idle() {
		t.Error("what was given back too late waits")
	}
}

func TestThoseWhoWaitAreBounded(t *testing.T) {
	t.Parallel()
	var b Book
	for i := range 3 * maxPerClient {
		answered, _ := session(i)
		b.Add(noon, alice, uint64(i+1), false, nil, answered)
	}
	if b.Len() != maxPerClient {
		t.Errorf("%d wait for one client, want %d", b.Len(), maxPerClient)
	}
	_, oldest := session(0)
	_, newest := session(3*maxPerClient - 1)
	if b.Take(noon, alice, oldest) != nil || b.Take(noon, alice, newest) == nil {
		t.Error("the newest made room for the oldest")
	}
	for i := range MaxDue + 100 {
		answered, _ := session(i)
		b.Add(noon, follow.Client(i), uint64(i+1), false, nil, answered)
	}
	if b.Len() != MaxDue || len(b.ring) != MaxDue || len(b.byWho) != MaxDue {
		t.Errorf("%d wait, %d in the ring, %d clients; want %d", b.Len(), len(b.ring), len(b.byWho), MaxDue)
	}
	b.Sweep(noon.Add(dueFor - time.Second))
	if b.Len() != MaxDue {
		t.Error("swept away too early")
	}
	b.Sweep(noon.Add(dueFor))
	if !b.Idle() || len(b.byWho) != 0 || b.ring != nil {
		t.Errorf("%d wait after their time, %d clients, %d in the ring", b.Len(), len(b.byWho), len(b.ring))
	}
}
