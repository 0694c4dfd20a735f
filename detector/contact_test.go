package detector

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
)

func TestOfficeOnChangeDayIsNeverRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.confirm()
	staff := func(i int, password uint64) *Attempt {
		a := login("198.51.100.50", citizen(i), password)
		if i%20 != 0 { // one of twenty keeps no cookies
			a.Client = uint64(0xc1e00000 + i)
		}
		return a
	}
	for range 8 {
		for i := range 500 {
			if v := w.try(staff(i, 1), succeeded); !v.LetsThrough() {
				t.Fatalf("%s was refused on an ordinary day: %s", citizen(i), v.Reason)
			}
			w.now = w.now.Add(20 * time.Second)
		}
		w.now = w.now.Add(24*time.Hour - 500*20*time.Second)
	}
	for i := range 500 {
		for old := range uint64(1 + i%3) {
			if v := w.try(staff(i, uint64(10*i+100)+old), failed); !v.LetsThrough() {
				t.Fatalf("%s was refused for an old password: %s", citizen(i), v.Reason)
			}
			w.now = w.now.Add(2 * time.Second)
		}
		if v := w.try(staff(i, 2), succeeded); !v.LetsThrough() {
			t.Fatalf("%s was refused with the new password: %s", citizen(i), v.Reason)
		}
		w.now = w.now.Add(2 * time.Second)
	}
}

// An attacker logs in to accounts of his own between the guesses (H9).
func TestOwnAccountsMaskFewGuesses(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ own, perGuess int }{{1, 1}, {1, 2}, {50, 1}, {50, 2}} {
		for _, aged := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d accounts, %d logins a guess, aged %t", row.own, row.perGuess, aged), func(t *testing.T) {
				t.Parallel()
				c := newTown(t, 50, 9)
				own := func(i int) *Attempt { return login("203.0.113.9", fmt.Sprintf("own%d@x.test", i), 1) }
				if aged {
					for i := range row.own {
						c.try(own(i), succeeded)
					}
					c.now = c.now.Add(8 * 24 * time.Hour)
				}
				attack := func(addr string, first int, logins bool) (through int) {
					n := 0
					for i := range 500 {
						for range row.perGuess {
							if logins {
								c.try(own(n%row.own), succeeded)
							}
							n++
							c.now = c.now.Add(5 * time.Second)
						}
						if c.guess(addr, citizen(first+i), uint64(100+i)) {
							through++
						}
						c.now = c.now.Add(5 * time.Second)
					}
					return through
				}
				through, most := attack("203.0.113.9", 1000, true), 60
				if !aged {
					most = attack("192.0.2.9", 2000, false) + 2 // worth nothing but the time they take
				}
				if through > most {
					t.Errorf("%d guesses reached the app, want at most %d", through, most)
				}
			})
		}
	}
}

func TestFreshAccountVouchesForNothing(t *testing.T) {
	t.Parallel()
	c := newTown(t, 50, 9)
	c.try(login("203.0.113.9", "own@x.test", 1), succeeded)
	for i := range 10 {
		c.guess("203.0.113.9", citizen(1000+i), 7)
	}
	if v := c.try(login("203.0.113.9", "own@x.test", 1), succeeded); v.LetsThrough() {
		t.Error("an account of today gets in from a source under sanction")
	}
	if v := c.try(c.home(3, 1), succeeded); !v.LetsThrough() {
		t.Errorf("a citizen was refused at home: %s", v.Reason)
	}
}

func TestNetworksAreJudgedByTheFirstContactsOfSeveralSources(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		source        func(i int) Source
		least, most   int // guesses of twelve sources with three each
		neighbourOnly bool
	}{
		"twelve addresses of one IPv4 /24": {
			func(i int) Source { return login(fmt.Sprintf("192.0.2.%d", i+1), "", 0).Source }, 7, 7, false,
		},
		"twelve /64 of one IPv6 /48": {
			func(i int) Source { return login(fmt.Sprintf("2001:db8:7:%x::1", i+1), "", 0).Source }, 7, 7, false,
		},
		"twelve networks of one listed provider": {
			func(i int) Source {
				s := login(apart(500+i), "", 0).Source
				s.ASN, s.Lists = serverProvider, []string{config.ListTor}
				return s
			}, 9, 9, false,
		},
		"twelve networks of a provider of homes": {
			func(i int) Source {
				s := login(apart(500+i), "", 0).Source
				s.ASN = homeProvider
				return s
			}, 36, 36, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := strictly
			site.Policies = append(slices.Clone(site.Policies), config.Policy{On: config.ListTor, Answer: config.AnswerTighten})
			w := newWorld(t, site)
			through := 0
			for round := range 3 {
				for i := range 12 {
					a := login("192.0.2.1", fmt.Sprintf("u%d@x.test", 12*round+i), uint64(100+12*round+i))
					a.Source = row.source(i)
					if w.try(a, failed).LetsThrough() {
						through++
					}
					w.now = w.now.Add(time.Second)
				}
			}
			if through < row.least || through > row.most {
				t.Errorf("%d guesses reached the app, want %d to %d", through, row.least, row.most)
			}
		})
	}
}

func TestOneSourceIsNoNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	for i := range 20 {
		w.guess(fmt.Sprintf("192.0.2.%d", 1+i%2), fmt.Sprintf("u%d@x.test", i), uint64(100+i))
	}
	if v := w.try(login("192.0.2.77", "ann@x.test", 1), succeeded); !v.LetsThrough() {
		t.Errorf("a neighbour of two guessers was refused: %s", v.Reason)
	}
}

// A forgotten phone tries one old password all day; its owner types others.
func TestOneAccountIsOneContactADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	for i := range 7 {
		if !w.guess("192.0.2.1", "ann@x.test", uint64(100+i)) {
			t.Fatalf("guess %d at one account was refused", i+1)
		}
	}
	for i := range 3 {
		if !w.guess("192.0.2.1", citizen(i), 7) {
			t.Fatalf("account %d was refused after one that failed often", i+2)
		}
	}
}

func TestFirstContactsFade(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	for i := range 30 { // one wrong name every six hours, for a week
		if !w.guess("192.0.2.1", citizen(i), 7) {
			t.Fatalf("failure %d was refused", i+1)
		}
		w.now = w.now.Add(6 * time.Hour)
	}
}
