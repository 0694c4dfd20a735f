package detector

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
)

func TestThresholdLetsExactlyNDistinctFailuresThrough(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		site    config.Site
		guess   func(w *world, i int) bool
		through int
	}{
		"one source at one account": {
			strictly, func(w *world, i int) bool { return w.guess("192.0.2.1", "a@x.test", uint64(i+1)) }, 10,
		},
		"one source at many accounts": {
			patient(), func(w *world, i int) bool { return w.guess("192.0.2.1", fmt.Sprintf("u%d@x.test", i), 7) }, 10,
		},
		"first contacts of one source": {
			strictly, func(w *world, i int) bool { return w.guess("192.0.2.1", fmt.Sprintf("u%d@x.test", i), uint64(i+1)) }, 4,
		},
		"first contacts of one network": {
			strictly, func(w *world, i int) bool {
				return w.guess(fmt.Sprintf("192.0.2.%d", i+1), fmt.Sprintf("u%d@x.test", i), uint64(i+1))
			}, 7,
		},
		"one source without readable names": {
			strictly, func(w *world, i int) bool { return w.guess("192.0.2.1", "", 0) }, 10,
		},
		"addresses of one IPv6 /64": {
			patient(), func(w *world, i int) bool {
				return w.guess(fmt.Sprintf("2001:db8::%x", i+1), fmt.Sprintf("u%d@x.test", i), 7)
			}, 10,
		},
		"many sources at one account": {
			strictly, func(w *world, i int) bool { return w.guess(apart(i), "a@x.test", uint64(i+1)) }, 10,
		},
		"an automatic route before it has graduated": {
			config.Site{Thresholds: patient().Thresholds},
			func(w *world, i int) bool { return w.guess("192.0.2.1", fmt.Sprintf("u%d@x.test", i), 7) }, 100,
		},
		"first contacts on an automatic route before it has graduated": {
			config.Site{}, func(w *world, i int) bool { return w.guess("192.0.2.1", fmt.Sprintf("u%d@x.test", i), 7) }, 40,
		},
		"thresholds of the operator": {
			config.Site{Mode: config.ModeEnforce, Thresholds: config.Thresholds{Source: config.Rate{N: 3, Window: config.Duration(time.Minute)}}},
			func(w *world, i int) bool { return w.guess("192.0.2.1", fmt.Sprintf("u%d@x.test", i), 7) }, 3,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.site)
			through := 0
			for i := range 200 {
				if c.guess(w, i) {
					through++
				}
			}
			if through != c.through {
				t.Errorf("%d failures reached the app, want %d", through, c.through)
			}
		})
	}
}

func TestSameWrongPasswordAgainIsNoNewGuess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	for i := range 200 {
		if !w.guess("192.0.2.1", "a@x.test", 42) {
			t.Fatalf("repeat %d of the same wrong password was refused", i)
		}
		w.now = w.now.Add(5 * time.Second)
	}
	if got := w.guesses("192.0.2.1", "a@x.test", 100, 20); got != 9 {
		t.Errorf("after the stale client, %d new guesses reached the app, want 9 of the budget of 10", got)
	}
}

func TestAmbiguousAttemptIsAlwaysANewGuess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	through := 0
	for range 100 {
		a := login("192.0.2.1", "a@x.test", 42)
		a.Ambiguous = true
		if w.try(a, failed).LetsThrough() {
			through++
		}
	}
	if through != 10 {
		t.Errorf("%d ambiguous attempts with one fingerprint reached the app, want 10", through)
	}
}

func TestAmbiguousNamesAreAllCharged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	for i := range 10 {
		a := login(apart(i), "victim@x.test", uint64(i+1))
		a.Identities = append(a.Identities, user("decoy@x.test")...)
		a.Ambiguous = true
		w.try(a, failed)
	}
	for _, name := range []string{"victim@x.test", "decoy@x.test"} {
		known := w.d.ExplainIdentity(w.now, name)
		if len(known) != 1 || known[0].Counts[0].Count != 10 {
			t.Errorf("%s: evidence %+v, want 10 guesses", name, known)
		}
	}
}

func TestParallelGuessesCannotOutrunTheAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	var through atomic.Int32
	var wg sync.WaitGroup
	for i := range 500 {
		wg.Go(func() {
			a := login("192.0.2.1", "a@x.test", uint64(i+1))
			if w.d.Admit(w.now, w.policy, w.site, a).LetsThrough() {
				through.Add(1) // still waiting for the app
			}
		})
	}
	wg.Wait()
	if through.Load() != 10 {
		t.Errorf("%d of 500 parallel guesses reached the app, want 10", through.Load())
	}
}

func TestVictimGetsInWhileStrangersAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.try(login("198.51.100.7", "a@x.test", 1), failed) // the route is seen to fail
	w.try(login("198.51.100.7", "a@x.test", 2), succeeded)
	w.try(login("198.51.100.7", "a@x.test", 2), succeeded)
	for i := range 100 {
		w.guess(apart(i), "a@x.test", uint64(100+i))
	}
	if v := w.try(login("192.0.2.200", "a@x.test", 999), failed); v.LetsThrough() {
		t.Error("a further stranger was let through")
	}
	if v := w.try(login("198.51.100.7", "a@x.test", 2), succeeded); !v.LetsThrough() {
		t.Errorf("the owner was refused at home: %s", v.Reason)
	}
}

func TestBeforeOpenEverythingIsAdmitted(t *testing.T) {
	t.Parallel()
	d := New()
	p, err := NewPolicy(strictly, nil)
	if err != nil {
		t.Fatal(err)
	}
	a := login("192.0.2.1", "a@x.test", 1)
	if v := d.Admit(start, p, d.Site("x"), a); !v.LetsThrough() {
		t.Errorf("an empty shell refused: %+v", v)
	}
	d.Settle(start, p, nil, a, failed)
	if err := d.Open(4096, []byte("short"), time.Now); err == nil {
		t.Error("a short secret was accepted")
	}
}
