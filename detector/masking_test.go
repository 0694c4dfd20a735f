package detector

import (
	"fmt"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
)

// calmSite is a site of which enough is known to tell an attack: people have
// logged in for two days.
func calmSite(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, strictly)
	w.try(login("198.51.100.1", "nobody@x.test", 9), failed)
	for range 2 {
		for i := range 120 {
			w.try(login(apart(i), fmt.Sprintf("u%d@x.test", i), 1), succeeded)
			w.now = w.now.Add(12 * time.Minute)
		}
	}
	return w
}

// stuff tries n pairs, a minute apart and each from an address of its own, and
// counts those that reach the app.
func (w *world) stuff(n int, each func(i int, a *Attempt)) (through int) {
	for i := range n {
		a := login(apart(100_000+i), fmt.Sprintf("victim%d@x.test", i), uint64(1000+i))
		each(i, a)
		if w.try(a, failed).LetsThrough() {
			through++
		}
		w.now = w.now.Add(time.Minute)
	}
	return through
}

func TestNothingInARequestHidesACampaign(t *testing.T) {
	t.Parallel()
	for name, each := range map[string]func(int, *Attempt){
		"plain": func(int, *Attempt) {},
		"the same name before every victim": func(_ int, a *Attempt) {
			a.Identities = append(user("decoy@x.test"), a.Identities...)
		},
		"the same name after every victim": func(_ int, a *Attempt) {
			a.Identities = append(a.Identities, user("decoy@x.test")...)
		},
		"fields of a signup beside the credentials": func(_ int, a *Attempt) { a.Kind = config.KindSignup },
		"fields of a reset beside the credentials":  func(_ int, a *Attempt) { a.Kind = config.KindReset },
		"fields of a code beside the credentials":   func(_ int, a *Attempt) { a.Kind = config.KindMFA },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if through := calmSite(t).stuff(200, each); through > 27 {
				t.Errorf("%d pairs of 200 reached the app, want 27 at most", through)
			}
		})
	}
}

func TestADecoyNameDoesNotHideAList(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	through := 0
	for i := range 40 {
		a := login("192.0.2.1", fmt.Sprintf("victim%d@x.test", i), uint64(1000+i))
		a.Identities = append(user("decoy@x.test"), a.Identities...)
		if w.try(a, failed).LetsThrough() {
			through++
		}
		w.now = w.now.Add(10 * time.Minute)
	}
	if through > 9 {
		t.Errorf("%d accounts of a list were tried from one address, want about the 4 first contacts", through)
	}
}

func TestOwnLoginsWhitewashNoNetwork(t *testing.T) {
	t.Parallel()
	for name, aged := range map[string]bool{"accounts made for it": false, "accounts of a month": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := calmSite(t)
			own := func(i int) string { return fmt.Sprintf("own%d@x.test", i%20) }
			if aged {
				for i := range 20 {
					w.try(login("192.0.2.77", own(i), 5), succeeded)
				}
				w.now = w.now.Add(10 * 24 * time.Hour)
			}
			n := 0
			through := w.stuff(400, func(_ int, a *Attempt) {
				for range 2 {
					w.try(login(a.Source.Addr.String(), own(n), 5), succeeded)
					n++
				}
			})
			if through > 60 {
				t.Errorf("%d pairs of 400 reached the app with two own logins from the same address before each, want 60 at most", through)
			}
		})
	}
}

func TestOwnFreshAccountsShortenNoSanction(t *testing.T) {
	t.Parallel()
	w := calmSite(t)
	for i := range 50 {
		w.try(login("192.0.2.1", fmt.Sprintf("own%d@x.test", i), 5), succeeded)
	}
	longest := time.Duration(0)
	for i := range 500 { // five days
		v := w.try(login("192.0.2.1", fmt.Sprintf("victim%d@x.test", i), uint64(1000+i)), failed)
		if !v.LetsThrough() {
			longest = max(longest, v.Until.Sub(w.now))
		}
		w.now = w.now.Add(15 * time.Minute)
	}
	if longest < 4*time.Hour {
		t.Errorf("shut out for %s at most, want longer each time as for any source", longest)
	}
}

func TestSharedAddressStaysShared(t *testing.T) {
	t.Parallel()
	const carrier = "192.0.2.200"
	w := calmSite(t)
	for range 7 { // people behind it log in from it every day
		for i := range 30 {
			w.try(login(carrier, fmt.Sprintf("phone%d@x.test", i), 5), succeeded)
		}
		w.now = w.now.Add(24*time.Hour + time.Minute)
	}
	through := 0
	for i := range 30 { // who comes first in the next week knows none of them
		if w.guess(carrier, fmt.Sprintf("phone%d@x.test", i), uint64(900+i)) {
			through++
		}
	}
	if through > 12 {
		t.Errorf("%d of 30 accounts could be tried through an address they share", through)
	}
}

func TestUnsolvedRequestsDoNotKeepTheOwnerFromHisReset(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	ask := func(ip string, solved bool) Verdict {
		a := login(ip, "owner@x.test", 0)
		a.Kind, a.Route, a.Declared, a.Solved = config.KindResetRequest, "/reset", true, solved
		return w.try(a, succeeded)
	}
	for i := range 40 {
		ask(apart(i), false)
	}
	if v := ask("192.0.2.9", false); v.Answer != config.AnswerChallenge {
		t.Errorf("%q for the owner, want a challenge", v.Answer)
	}
	if v := ask("192.0.2.9", true); !v.LetsThrough() {
		t.Errorf("the owner solved the challenge and may not reset his password: %s", v.Reason)
	}
}

func TestAnOwnCodePaysForNoGuess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	through := 0
	for i := range uint64(60) {
		a := login("192.0.2.1", "", 0)
		a.Kind, a.Route, a.Declared = config.KindMFA, "/code", true
		o := failed
		if i%4 == 3 {
			o = succeeded // of an account of his own
		}
		if w.try(a, o).LetsThrough() && i%4 != 3 {
			through++
		}
		w.now = w.now.Add(time.Second)
	}
	if through > 11 {
		t.Errorf("%d codes could be guessed within a minute, want about 10", through)
	}
}
