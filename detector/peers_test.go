package detector

import (
	"fmt"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
)

func TestSitesNeverJudgeEachOther(t *testing.T) {
	t.Parallel()
	a := newWorld(t, config.Site{Name: "a.test", Mode: config.ModeEnforce})
	b := a.on(config.Site{Name: "b.test", Mode: config.ModeEnforce})
	a.guesses("192.0.2.1", "u@x.test", 1, 50)
	if a.guess("192.0.2.1", "u@x.test", 99) {
		t.Fatal("no sanction on a.test")
	}
	if got := b.guesses("192.0.2.1", "u@x.test", 1, 50); got != 10 {
		t.Errorf("%d guesses let through on b.test, want 10 as if nothing had happened on a.test", got)
	}
	if a.site.Keys().Pseudonym(user("u@x.test")[0]) == b.site.Keys().Pseudonym(user("u@x.test")[0]) {
		t.Error("both sites know the user by the same pseudonym")
	}
}

func TestUndeclaredProxyDoesNotLockEverybodyOut(t *testing.T) {
	t.Parallel()
	behind := func(name string, password uint64) *Attempt {
		a := login("172.17.0.1", name, password)
		a.Source.Forwarded = true
		return a
	}
	t.Run("customers behind a proxy", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, strictly)
		w.try(behind("u0@x.test", 9), failed) // the route is seen to fail
		for i := range 30 {
			w.try(behind(fmt.Sprintf("u%d@x.test", i), 1), succeeded)
		}
		for i := range 100 {
			w.try(behind(fmt.Sprintf("v%d@x.test", i), 1), failed)
		}
		if v := w.try(behind("u1@x.test", 1), succeeded); !v.LetsThrough() {
			t.Errorf("a customer was refused for what others did behind the same proxy: %s", v.Reason)
		}
		if peer, hidden := w.site.peers.hiding(); !hidden || peer.String() != "172.17.0.1" {
			t.Error("status does not tell that clients are hidden")
		}
		through := 0
		for i := range 50 {
			if w.try(behind("u2@x.test", uint64(100+i)), failed).LetsThrough() {
				through++
			}
		}
		if through != 10 {
			t.Errorf("%d guesses at one account, want the pair limit of 10 to go on", through)
		}
	})
	t.Run("an attacker in the quiet hours of a night", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, strictly)
		w.confirm()
		for i := range 20 { // the evening
			w.try(login(apart(i), fmt.Sprintf("customer-%d@x.test", i), 1), succeeded)
		}
		for range 4 { // quiet hours
			w.now = w.now.Add(61 * time.Minute)
			w.try(login(apart(0), "customer-0@x.test", 1), succeeded)
		}
		for i := range 40 {
			w.try(behind(fmt.Sprintf("own-%d@x.test", i%4), 1), succeeded)
		}
		through := 0
		for i := range 200 {
			if w.try(behind(fmt.Sprintf("v%d@x.test", i), 1), failed).LetsThrough() {
				through++
			}
		}
		if _, hidden := w.site.peers.hiding(); hidden || through > 20 {
			t.Errorf("four accounts of his own switch the sanctions off: %d of 200 guesses let through", through)
		}
	})
	t.Run("an attacker who invents the header", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, strictly)
		through := 0
		for i := range 200 {
			if w.try(behind(fmt.Sprintf("v%d@x.test", i), 1), failed).LetsThrough() {
				through++
			}
		}
		if through != 4 {
			t.Errorf("%d attempts let through, want the 4 first contacts of any source", through)
		}
	})
}
