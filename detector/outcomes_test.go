package detector

import (
	"fmt"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
)

func TestSuccessGivesTheReservationBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	for i := range 200 {
		if v := w.try(login("192.0.2.1", fmt.Sprintf("u%d@x.test", i), 7), succeeded); !v.LetsThrough() {
			t.Fatalf("good login %d from an office was refused: %s", i, v.Reason)
		}
	}
}

func TestOutcomesThatAreNoFailureWeighLess(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		outcome recognize.Outcome
		through int // of 200 attempts on one account with different passwords
	}{
		"failure":                {failed, 10},
		"client hung up":         {recognize.Outcome{Result: recognize.Unknown, Aborted: true}, 10},
		"app gave no answer":     {recognize.Outcome{Result: recognize.Unknown, Upstream: true}, 13},
		"unreadable answer":      {recognize.Outcome{Result: recognize.Unknown}, 37},
		"CSRF refused":           {recognize.Outcome{Result: recognize.Rejected, Confidence: 0.9}, 10},
		"perhaps a failure":      {recognize.Outcome{Result: recognize.Failure, Confidence: 0.7}, 37},
		"second factor asked":    {recognize.Outcome{Result: recognize.Challenge, Confidence: 0.9}, 200},
		"the app's own throttle": {recognize.Outcome{Result: recognize.Throttled, Confidence: 0.97}, 37},
		"words about a throttle": {recognize.Outcome{Result: recognize.Throttled, Confidence: 0.9}, 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, strictly)
			through := 0
			for i := range 200 {
				if w.try(login("192.0.2.1", "a@x.test", uint64(i+1)), c.outcome).LetsThrough() {
					through++
				}
			}
			if through != c.through {
				t.Errorf("%d attempts let through, want %d", through, c.through)
			}
		})
	}
}

func TestTakeoverIsReported(t *testing.T) {
	t.Parallel()
	w := newWorld(t, patient())
	for i := range 8 {
		w.guess("192.0.2.1", fmt.Sprintf("u%d@x.test", i), 1)
	}
	w.try(login("198.51.100.9", "z@x.test", 5), succeeded) // the route is seen to succeed
	a := login("192.0.2.1", "a@x.test", 9)
	if !w.d.Admit(w.now, w.policy, w.site, a).LetsThrough() {
		t.Fatal("refused before the threshold")
	}
	s := w.d.Settle(w.now, w.policy, w.site, a, succeeded)
	if s.Detection != config.Takeover || s.Score < 0.5 {
		t.Errorf("settlement %+v, want a takeover", s)
	}
}

func TestBasicCredentialsAreOneLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	told := 0
	for range 50 {
		a := login("192.0.2.1", "a@x.test", 9)
		a.Basic = true
		w.d.Admit(w.now, w.policy, w.site, a)
		if !w.d.Settle(w.now, w.policy, w.site, a, succeeded).Repeat {
			told++
		}
		w.now = w.now.Add(time.Second)
	}
	if told != 1 {
		t.Errorf("%d logins told, want 1", told)
	}
}

func TestSeenIsTheExactSpellingOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.try(login("198.51.100.7", "ann@example.com", 1), failed)
	w.try(login("198.51.100.7", "ann@example.com", 2), succeeded)
	for name, want := range map[string]bool{
		"ann@example.com": true, "ANN@example.com": false, "ann+hunter2@example.com": false, "never@example.com": false,
	} {
		a := login("198.51.100.8", name, 3)
		w.d.Admit(w.now, w.policy, w.site, a)
		if got := w.d.Seen(a); got != want {
			t.Errorf("%s: seen %t, want %t", name, got, want)
		}
	}
}

func TestUnreadableBodiesAreRefusedWhereNobodySendsThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	unread := func() Verdict {
		a := login("203.0.113.9", "", 0)
		a.Uninspectable = true
		return w.try(a, recognize.Outcome{Result: recognize.Unknown})
	}
	w.guess("198.51.100.1", "a@x.test", 1)
	if v := unread(); !v.LetsThrough() {
		t.Fatalf("refused when little is known of the route: %s", v.Reason)
	}
	for i := range 1200 {
		w.try(login(address(i%150), fmt.Sprintf("u%d@x.test", i), 7), succeeded)
	}
	if v := unread(); v.LetsThrough() || v.Detection != config.Uninspectable {
		t.Errorf("verdict %+v, want it refused as uninspectable", v)
	}
}

func TestDecoyKindOnALoginRouteIsStillAGuess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.guess("198.51.100.1", "z@x.test", 1)
	w.try(login("198.51.100.1", "z@x.test", 2), succeeded)
	for _, kind := range []config.Kind{config.KindSignup, config.KindPasswordChange, config.KindReset} {
		through := 0
		for i := range 50 {
			a := login("203.0.113.9", string(kind)+"@x.test", uint64(100+i))
			a.Kind = kind
			if w.try(a, failed).LetsThrough() {
				through++
			}
		}
		if through > 10 {
			t.Errorf("%s: %d guesses let through, want at most 10", kind, through)
		}
		w.now = w.now.Add(30 * time.Hour)
	}
}
