package detector

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func TestClientsThatCannotBeToldApart(t *testing.T) {
	t.Parallel()
	plain := func(ip string) func(int) *Attempt {
		return func(i int) *Attempt { return login(ip, fmt.Sprintf("u%d@x.test", i%30), 1) }
	}
	silentProxy := func(i int) *Attempt {
		a := plain("10.0.0.2")(i)
		a.Source.Untold, a.Source.Critical = true, CriticalProxy
		return a
	}
	for name, c := range map[string]struct {
		attempt          func(i int) *Attempt
		untold, together bool
	}{
		"a container's port forwarding":         {plain("172.17.0.1"), false, true},
		"a load balancer with a public address": {plain("198.51.100.1"), false, true},
		"two private load balancers":            {func(i int) *Attempt { return plain(fmt.Sprintf("10.0.0.%d", 1+i%2))(i) }, false, true},
		"a unix socket": {func(i int) *Attempt {
			a := plain("10.0.0.1")(i)
			a.Source.Addr, a.Source.Peer = netip.Addr{}, netip.Addr{}
			return a
		}, false, true},
		"people at home":            {func(i int) *Attempt { return plain(fmt.Sprintf("198.51.%d.1", i%30))(i) }, false, false},
		"an intranet":               {func(i int) *Attempt { return plain(fmt.Sprintf("10.0.%d.1", i%30))(i) }, false, false},
		"one developer":             {func(int) *Attempt { return login("127.0.0.1", "me@x.test", 1) }, false, false},
		"a proxy that says nothing": {silentProxy, true, false},
		"a monitor on the proxy": {func(i int) *Attempt {
			if i%3 == 0 {
				return silentProxy(i)
			}
			a := plain(fmt.Sprintf("198.51.%d.1", i%30))(i)
			a.Source.Peer = netip.MustParseAddr("10.0.0.2")
			return a
		}, false, false},
		"a proxy that nobody declared": {func(i int) *Attempt {
			a := plain("172.17.0.1")(i)
			a.Source.Forwarded = true
			return a
		}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, strictly)
			w.try(login("203.0.113.1", "z@x.test", 9), failed) // the route is seen to fail
			w.now = w.now.Add(2 * time.Hour)
			look := func(when string, untold, together bool) {
				t.Helper()
				if s := w.d.Status(w.now)[0]; s.Untold != untold || s.Together != together {
					t.Errorf("%s: untold %t, together %t; want %t, %t", when, s.Untold, s.Together, untold, together)
				}
			}
			for i := range 60 {
				w.try(c.attempt(i), succeeded)
				if i == peerAttempts-2 {
					look("too few attempts", false, false)
				}
			}
			look("60 attempts", c.untold, c.together)
			w.now = w.now.Add(2 * time.Hour)
			w.try(c.attempt(0), succeeded)
			look("a new hour with one", c.untold, c.together)
			for i := range 60 {
				w.try(login(fmt.Sprintf("203.0.%d.7", i), fmt.Sprintf("v%d@x.test", i), 1), succeeded)
			}
			look("people are told apart again", false, false)
		})
	}
}
