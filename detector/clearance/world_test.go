package clearance

import (
	"net/netip"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
)

const easy = 4 // bits that are solved at once

var (
	began = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	home  = netip.MustParseAddr("198.51.100.7")
	near  = netip.MustParseAddr("198.51.100.200")
	away  = netip.MustParseAddr("203.0.113.7")
	alice = Identity{1, 2, 3}
	bob   = Identity{4, 5, 6}
)

// world is a gate at a time.
type world struct {
	*Gate
	t   testing.TB
	now time.Time
}

func key(id uint32, fill byte) Key {
	k := Key{ID: id}
	for i := range k.Secret {
		k.Secret[i] = fill
	}
	return k
}

func newWorld(t testing.TB) *world {
	t.Helper()
	book, err := NewBook(began)
	if err != nil {
		t.Fatal(err)
	}
	return &world{Gate: gateOf(t, "shop", book, key(1, 1)), t: t, now: began}
}

func gateOf(t testing.TB, site string, book *Book, current Key, previous ...Key) *Gate {
	t.Helper()
	seal, err := NewSeal(site, current, previous...)
	if err != nil {
		t.Fatal(err)
	}
	return NewGate(site, seal, book, easy, 15*time.Minute)
}

func (w *world) issue(id Identity) (string, Challenge) {
	return w.Issue(w.now, Ask{Source: home, Class: config.ClassLogin, Identity: id, Return: "/login?next=%2Fcart"})
}

// solve returns a solution of a challenge of its own.
func (w *world) solve(id Identity) (token, proof string) {
	token, c := w.issue(id)
	p, _ := Solve(token, c.Bits)
	return token, p.String()
}

// clearance returns the cookie for a challenge that was solved.
func (w *world) clearance(id Identity) string {
	w.t.Helper()
	token, proof := w.solve(id)
	cookie, _, result := w.Redeem(w.now, token, proof, home)
	if result != Accepted {
		w.t.Fatalf("a solution of now: %s", result)
	}
	return cookie
}

func (w *world) use(cookie string, id Identity) (Use, Result) {
	return w.Use(w.now, cookie, home, config.ClassLogin, id)
}
