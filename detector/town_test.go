package detector

import (
	"fmt"
	"testing"
	"time"
)

// town is a site that people have logged in to for a while.
type town struct{ *world }

// The providers of the town: everybody's at home, and those that rent out
// servers, of which strangers come by thousands.
const (
	homeProvider   = 64496
	serverProvider = 70000
)

// newTown lets users log in once a day from home with their own client, one of
// ten with a typing error first.
func newTown(t testing.TB, users, days int) town {
	t.Helper()
	w := newWorld(t, strictly)
	if err := w.d.Open(1<<16, make([]byte, 32), func() time.Time { return w.now }); err != nil {
		t.Fatal(err)
	}
	w.site = w.d.Site(w.policy.Site().Name)
	c := town{w}
	for day := range days {
		for i := range users {
			if i%10 == day%10 {
				c.try(c.home(i, 9), failed)
			}
			c.try(c.home(i, 1), succeeded)
			c.now = c.now.Add(24 * time.Hour / time.Duration(users))
		}
	}
	return c
}

func citizen(i int) string { return fmt.Sprintf("citizen%d@x.test", i) }

// home is an attempt of a citizen from home. Password 1 is right.
func (c town) home(i int, password uint64) *Attempt {
	a := login(fmt.Sprintf("10.%d.%d.7", i>>8, i&255), citizen(i), password)
	a.Source.ASN, a.Client = homeProvider, uint64(0xc1e00000+i)
	return a
}

// proxy is an attempt through a server that nobody else uses, i of many.
func proxy(i int, name string, password uint64) *Attempt {
	a := login(apart(i), name, password)
	a.Source.ASN = uint32(serverProvider + i)
	return a
}

// alarm lets nine strangers fail.
func (c *town) alarm(from int) {
	for i := range 9 {
		c.try(proxy(from+i, fmt.Sprintf("nobody%d@x.test", from+i), uint64(1_000_000+from+i)), failed)
		c.now = c.now.Add(time.Second)
	}
}

// attacked reports whether the attack mode holds.
func (c town) attacked() bool {
	s := c.site.surge
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.since != 0
}
