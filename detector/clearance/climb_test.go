package clearance

import (
	"net/netip"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
)

// fail makes n attempts fail that have solved, each with a clearance of its own,
// and returns how many got that far.
func (w *world) fail(n int, id Identity) (through int) {
	for range n {
		use, result := w.use(w.clearance(id), id)
		if result != Accepted {
			continue
		}
		through++
		use.Settle(w.now, Failed)
	}
	return through
}

func TestWorkDoublesWithEachFailureAfterSolving(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for failures, want := range []int{easy, easy + 1, easy + 2, easy + 3, easy + 4, easy + 4} {
		if _, c := w.issue(alice); c.Bits != want {
			t.Errorf("after %d failures: %d bits, want %d", failures, c.Bits, want)
		}
		if _, c := w.Issue(w.now, Ask{Source: away, Class: config.ClassLogin, Identity: bob}); c.Bits != easy {
			t.Errorf("after %d failures of another: %d bits, want %d", failures, c.Bits, easy)
		}
		if _, c := w.Issue(w.now, Ask{Source: away, Class: config.ClassLogin, Identity: alice}); c.Bits != want {
			t.Errorf("after %d failures, the name from elsewhere: %d bits, want %d", failures, c.Bits, want)
		}
		w.fail(1, alice)
	}
	w.now = w.now.Add(3 * time.Hour)
	if _, c := w.issue(alice); c.Bits != easy {
		t.Errorf("three hours later: %d bits, want %d", c.Bits, easy)
	}
}

func TestWhoGoesOnFailingIsLimitedAndThenBlocked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	place := w.Place(home)
	if got := w.fail(20, alice); got != limitFrom {
		t.Errorf("%d failures before the limit, want %d", got, limitFrom)
	}
	for round := 1; ; round++ {
		s := w.book.Standing(w.now, place, Identity{})
		if !s.Limited || !s.Until.After(w.now) {
			t.Fatalf("limit %d: %+v", round, s)
		}
		if s.Blocked {
			if round != blockAfter {
				t.Errorf("blocked by limit %d, want %d", round, blockAfter)
			}
			break
		}
		w.now = s.Until.Add(time.Second)
		if w.fail(20, alice) == 0 {
			t.Fatalf("nobody may solve when limit %d is over", round)
		}
	}
	if s := w.book.Standing(w.now, w.Place(away), alice); s.Limited {
		t.Error("the name is limited for another network: its owner pays for the attack")
	}
}

func TestASuccessHalvesTheClimb(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fail(4, alice)
	use, result := w.use(w.clearance(bob), bob)
	if result != Accepted {
		t.Fatal(result)
	}
	use.Settle(w.now, Succeeded)
	if s := w.book.Standing(w.now, w.Place(home), Identity{}); s.Steps != 2 {
		t.Errorf("%d steps after a neighbour got in, want 2 of 4", s.Steps)
	}
}

func TestEasyOnesCannotBeCollectedBeforehand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	type solution struct{ token, proof string }
	var solutions []solution
	var cookies []string
	for range 50 {
		token, proof := w.solve(Identity{})
		solutions = append(solutions, solution{token, proof})
		cookies = append(cookies, w.clearance(Identity{}))
	}
	through := 0
	for i, cookie := range cookies {
		if use, result := w.use(cookie, Identity{byte(i), 1}); result == Accepted {
			through++
			use.Settle(w.now, Failed)
		} else if result != Cheap {
			t.Fatalf("clearance %d: %s, want cheap", i, result)
		}
	}
	if through != 2 {
		t.Errorf("%d of 50 clearances of the first step were good, want 2", through)
	}
	for _, s := range solutions {
		if _, _, result := w.Redeem(w.now, s.token, s.proof, home); result != Cheap {
			t.Fatalf("a solution of the first step: %s, want cheap", result)
		}
	}
	if _, result := w.use(w.clearance(alice), alice); result != Accepted {
		t.Errorf("one of now: %s", result)
	}
}

func TestWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token, _ := w.issue(alice)
	waiting, c, result := w.Wait(w.now, token, home)
	if result != Accepted || c.Ready.Sub(w.now) != FirstWait {
		t.Fatalf("%s, ready in %s, want %s", result, c.Ready.Sub(w.now), FirstWait)
	}
	p, _ := Solve(waiting, c.Bits)
	for name, row := range map[string]struct {
		at    time.Duration
		token string
		addr  netip.Addr
		want  Result
	}{
		"at once":                     {0, waiting, home, Early},
		"too early":                   {FirstWait - time.Second, waiting, home, Early},
		"from elsewhere":              {FirstWait, waiting, away, Elsewhere},
		"a challenge that waited":     {FirstWait, token, home, Wrong},
		"long after the wait is over": {FirstWait + TokenLife, waiting, home, Expired},
	} {
		if _, _, result := w.RedeemWait(w.now.Add(row.at), row.token, row.addr); result != row.want {
			t.Errorf("%s: %s, want %s", name, result, row.want)
		}
	}
	if _, _, result := w.Redeem(w.now, waiting, p.String(), home); result != Wrong {
		t.Errorf("work in the place of a wait: %s, want wrong", result)
	}
	for i, want := range []Result{Accepted, Replayed} {
		if _, _, result := w.RedeemWait(w.now.Add(FirstWait), waiting, home); result != want {
			t.Errorf("wait used %d times: %s, want %s", i+1, result, want)
		}
	}
}

func TestParallelWaitsGainNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token, _ := w.issue(alice)
	var last time.Time
	n := 0
	for range 1000 {
		_, c, result := w.Wait(w.now, token, home)
		if result != Accepted {
			break
		}
		if n++; c.Ready.Sub(w.now) != time.Duration(n)*FirstWait {
			t.Fatalf("wait %d is ready in %s, want %s", n, c.Ready.Sub(w.now), time.Duration(n)*FirstWait)
		}
		last = c.Ready
	}
	if most := int(longestQueue/FirstWait) + 1; n > most || n < 2 {
		t.Errorf("%d waits of one network under way until %s, want at most %d", n, last, most)
	}
	if _, c, result := w.Wait(w.now, func() string {
		other, _ := w.Issue(w.now, Ask{Source: away, Class: config.ClassLogin})
		return other
	}(), away); result != Accepted || c.Ready.Sub(w.now) != FirstWait {
		t.Errorf("another network: %s, ready in %s", result, c.Ready.Sub(w.now))
	}
}

func TestWaitsDoubleLikeWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fail(2, alice)
	token, _ := w.issue(alice)
	if _, c, result := w.Wait(w.now, token, home); result != Accepted || c.Ready.Sub(w.now) != 4*FirstWait {
		t.Errorf("%s, ready in %s, want %s", result, c.Ready.Sub(w.now), 4*FirstWait)
	}
}

func TestWhoNeverSolvesIsSlowedThenLimited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	place, before := w.Place(home), time.Duration(0)
	for i := range unsolvedMax {
		wait, limited := w.book.Unsolved(w.now, place, alice)
		if limited || wait <= before {
			t.Fatalf("challenge %d: wait %s after %s, limited %t", i, wait, before, limited)
		}
		before = wait
	}
	if wait, limited := w.book.Unsolved(w.now, place, alice); !limited || wait <= 0 || wait > unsolvedFor {
		t.Errorf("after %d: limited %t for %s", unsolvedMax, limited, wait)
	}
	if _, limited := w.book.Unsolved(w.now, place, bob); limited {
		t.Error("another name is limited as well")
	}
	w.clearance(alice)
	if _, limited := w.book.Unsolved(w.now, place, alice); limited {
		t.Error("limited after a solution")
	}
	for range unsolvedMax {
		w.book.Unsolved(w.now, place, alice)
	}
	if _, limited := w.book.Unsolved(w.now.Add(unsolvedFor), place, alice); limited {
		t.Error("limited for ever")
	}
}

func TestTheNextPageOfABrowserIsExpectedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	place := w.Place(home)
	if w.book.Expecting(w.now) {
		t.Error("a browser is expected at the beginning")
	}
	w.book.Expect(w.now, place, "Browser/1", config.ClassSignup)
	for name, row := range map[string]struct {
		agent string
		place Place
		at    time.Duration
	}{
		"another browser": {"Browser/2", place, 0},
		"from elsewhere":  {"Browser/1", w.Place(away), 0},
		"too late":        {"Browser/1", place, expectFor},
	} {
		if got := w.book.Expected(w.now.Add(row.at), row.place, row.agent); got != config.ClassNone {
			t.Errorf("%s: expected for %s", name, got)
		}
	}
	for i, want := range []config.Class{config.ClassSignup, config.ClassNone} {
		if got := w.book.Expected(w.now, place, "Browser/1"); got != want {
			t.Errorf("page %d: %q, want %q", i+1, got, want)
		}
	}
}

func TestNobodyIsExpectedForEver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	place := w.Place(home)
	w.book.Expect(w.now, place, "Browser/1", config.ClassLogin)
	if !w.book.Expecting(w.now.Add(expectFor-time.Second)) || w.book.Expecting(w.now.Add(expectFor)) {
		t.Error("a browser that never comes is expected too short, or for ever")
	}
}

func TestABrowserThatComesBackIsKnownOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	place := w.Place(home)
	w.book.Return(w.now, place, "Browser/1")
	if w.book.Expecting(w.now) || w.book.Expected(w.now, place, "Browser/1") != config.ClassNone {
		t.Error("a browser that is led back is taken for one whose script was refused")
	}
	if w.book.Returned(w.now, place, "Browser/2") || w.book.Returned(w.now, w.Place(away), "Browser/1") ||
		w.book.Returned(w.now.Add(returnFor), place, "Browser/1") {
		t.Error("somebody else has come back, or too late")
	}
	if !w.book.Returned(w.now, place, "Browser/1") || w.book.Returned(w.now, place, "Browser/1") {
		t.Error("who came back is not known once")
	}
}

func TestAMillionChallengesLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.book.Entries()
	for i := range 1_000_000 {
		addr := netip.AddrFrom4([4]byte{byte(i >> 16), byte(i >> 8), byte(i), 1})
		w.Issue(w.now, Ask{Source: addr, Class: config.ClassLogin, Identity: Identity{byte(i), byte(i >> 8)}, Return: "/login"})
	}
	for table, n := range w.book.Entries() {
		if n != before[table] {
			t.Errorf("%s has %d entries after a million challenges, %d before", table, n, before[table])
		}
	}
}

func TestTheBookIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 3 * maxClimbs {
		p := Place{w.site, PrefixOf(netip.AddrFrom4([4]byte{byte(i >> 16), byte(i >> 8), byte(i), 1}))}
		w.book.Failed(w.now, p, Identity{byte(i), byte(i >> 8), byte(i >> 16)})
		w.book.Unsolved(w.now, p, alice)
		w.book.wait(w.now, p, FirstWait)
		w.book.Expect(w.now, p, "Browser/1", config.ClassLogin)
	}
	for table, most := range map[string]int{
		"challenge_climb": maxClimbs, "challenge_wait": maxWaits, "challenge_unsolved": maxUnsolved, "challenge_expected": maxExpected,
	} {
		if n := w.book.Entries()[table]; n > most || n < most/2 {
			t.Errorf("%s has %d entries, want up to %d", table, n, most)
		}
	}
}

func TestTheMemoryOfNoncesIsBounded(t *testing.T) {
	t.Parallel()
	table := NewNonceTable(1024)
	until := began.Add(MaxLife)
	full := 0
	for range 4096 {
		if table.Redeem(began, newNonce(), until) == Full {
			full++
		}
	}
	if table.Len() > table.Cap() || full < 4096-table.Cap() {
		t.Errorf("%d nonces of at most %d, %d turned away", table.Len(), table.Cap(), full)
	}
	if _, result := table.Reserve(began, newNonce(), until, 1); result != Full {
		t.Errorf("a clearance that was given elsewhere: %s, want full", result)
	}
	later := until.Add(2 * time.Second)
	if result := table.Redeem(later, newNonce(), later.Add(MaxLife)); result != Accepted {
		t.Errorf("when all have ended: %s", result)
	}
}
