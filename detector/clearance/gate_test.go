package clearance

import (
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
)

func TestASolutionIsTakenOnceAndOnlyHere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token, proof := w.solve(alice)
	_, another := w.solve(alice)
	for name, row := range map[string]struct {
		token, proof string
		addr         netip.Addr
		at           time.Duration
		want         Result
	}{
		"no proof":                  {token, "", home, 0, Malformed},
		"a proof of another token":  {token, another, home, 0, Wrong},
		"from another network":      {token, proof, away, 0, Elsewhere},
		"too late":                  {token, proof, home, TokenLife, Expired},
		"long before it was issued": {token, proof, home, -skew - time.Second, Expired},
		"no token":                  {"", proof, home, 0, Malformed},
		"a token that is too long":  {token + string(make([]byte, MaxToken)), proof, home, 0, Malformed},
	} {
		if cookie, _, result := w.Redeem(w.now.Add(row.at), row.token, row.proof, row.addr); result != row.want || cookie != "" {
			t.Errorf("%s: %s and a cookie of %d bytes, want %s and none", name, result, len(cookie), row.want)
		}
	}
	soon := w.now.Add(TokenLife - time.Second)
	cookie, c, result := w.Redeem(soon, token, proof, near)
	if result != Accepted || len(cookie) != CookieLength || c.Return != "/login?next=%2Fcart" {
		t.Fatalf("at the last moment: %s, cookie of %d bytes, back to %q", result, len(cookie), c.Return)
	}
	if _, _, result := w.Redeem(soon, token, proof, home); result != Replayed {
		t.Errorf("again: %s, want replayed", result)
	}
}

func TestServersMayDifferInTheirClocks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.now = w.now.Add(time.Hour)
	token, proof := w.solve(alice)
	behind := w.now.Add(-skew + time.Second)
	cookie, _, result := w.Redeem(behind, token, proof, home)
	if result != Accepted {
		t.Fatalf("redeemed by a clock that is behind: %s", result)
	}
	if _, result := w.Use(behind.Add(-skew+time.Second), cookie, home, config.ClassLogin, alice); result != Accepted {
		t.Errorf("used by one that is further behind: %s", result)
	}
}

func TestAClearanceIsABudget(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		outcomes []Outcome
		want     int // uses
	}{
		"three failures":                 {[]Outcome{Failed, Failed, Failed, Failed, Failed}, 3},
		"one success":                    {[]Outcome{Succeeded, Succeeded}, 1},
		"two failures and a success":     {[]Outcome{Failed, Failed, Succeeded, Failed}, 3},
		"what nobody can tell":           {[]Outcome{Untold, Untold, Untold, Untold}, 3},
		"what the app did not judge":     {[]Outcome{Withdrawn, Withdrawn, Failed, Failed, Failed, Failed}, 5},
		"what the app never once judged": {slices.Repeat([]Outcome{Withdrawn}, 2*maxUses), maxUses},
	} {
		w := newWorld(t)
		cookie, uses := w.clearance(alice), 0
		for _, o := range row.outcomes {
			use, result := w.use(cookie, alice)
			if result != Accepted {
				if result != Spent {
					t.Errorf("%s: refused because %s, want spent", name, result)
				}
				continue
			}
			uses++
			use.Settle(w.now, o)
			use.Settle(w.now, Withdrawn) // only the first counts
		}
		if uses != row.want {
			t.Errorf("%s: %d uses, want %d", name, uses, row.want)
		}
	}
}

func TestAClearanceIsBound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, row := range map[string]struct {
		addr  netip.Addr
		class config.Class
		id    Identity
		at    time.Duration
		want  Result
	}{
		"as it was given":        {home, config.ClassLogin, alice, 0, Accepted},
		"from next door":         {near, config.ClassLogin, alice, 0, Accepted},
		"from elsewhere":         {away, config.ClassLogin, alice, 0, Elsewhere},
		"for something else":     {home, config.ClassSignup, alice, 0, OtherClass},
		"for somebody else":      {home, config.ClassLogin, bob, 0, OtherIdentity},
		"for nobody":             {home, config.ClassLogin, Identity{}, 0, Accepted},
		"at the last moment":     {home, config.ClassLogin, alice, 15*time.Minute - time.Second, Accepted},
		"when it is over":        {home, config.ClassLogin, alice, 15 * time.Minute, Expired},
		"before it was given":    {home, config.ClassLogin, alice, -2 * skew, Expired},
		"of a clock that is off": {home, config.ClassLogin, alice, -skew / 2, Accepted},
	} {
		if _, result := w.Use(w.now.Add(row.at), w.clearance(alice), row.addr, row.class, row.id); result != row.want {
			t.Errorf("%s: %s, want %s", name, result, row.want)
		}
	}
}

func TestAClearanceOfThePageIsForTheFirstWhoUsesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cookie := w.clearance(Identity{})
	use, result := w.use(cookie, alice)
	if result != Accepted {
		t.Fatal(result)
	}
	use.Settle(w.now, Failed)
	if _, result := w.use(cookie, bob); result != OtherIdentity {
		t.Errorf("the second name: %s, want other_identity", result)
	}
	if _, result := w.use(cookie, alice); result != Accepted {
		t.Errorf("the first name again: %s", result)
	}
}

// Where the name is asked for on a page of its own, the password comes without it.
func TestAClearanceServesANameAndThenAPasswordAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	nobody := Identity{}
	for name, row := range map[string]struct {
		cookie string
		then   []Identity
		want   Result // of the last one
	}{
		"of the page":                              {w.clearance(nobody), []Identity{alice, nobody}, Accepted},
		"of a name":                                {w.clearance(alice), []Identity{alice, nobody}, Accepted},
		"of the page, another name behind":         {w.clearance(nobody), []Identity{alice, nobody, bob}, OtherIdentity},
		"of the page, the password first":          {w.clearance(nobody), []Identity{nobody, alice}, Accepted},
		"of a name, the budget is one for all":     {w.clearance(alice), []Identity{nobody, alice, nobody, nobody}, Spent},
		"of the page, the budget is one for all":   {w.clearance(nobody), []Identity{nobody, alice, nobody, alice}, Spent},
		"of the page, nobody ever has it for good": {w.clearance(nobody), []Identity{nobody, nobody, nobody, nobody}, Spent},
	} {
		var result Result
		for _, id := range row.then {
			_, result = w.use(row.cookie, id) // its outcome stays open
		}
		if result != row.want {
			t.Errorf("%s: %s, want %s", name, result, row.want)
		}
	}
	use, _ := w.use(w.clearance(alice), nobody)
	use.Settle(w.now, Failed)
	if steps := w.Book().Standing(w.now, w.Place(away), alice).Steps; steps != 1 {
		t.Errorf("a password that failed without the name made the work for it %d times harder, want once", steps)
	}
}

func TestWhatWasIssuedBeforeTheProcessBeganIsForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token, proof := w.solve(alice)
	cookie := w.clearance(alice)
	book, _ := NewBook(began.Add(time.Minute))
	restarted := gateOf(t, "shop", book, key(1, 1))
	now := began.Add(2 * time.Minute)
	if _, _, result := restarted.Redeem(now, token, proof, home); result != Forgotten {
		t.Errorf("a solution: %s, want forgotten", result)
	}
	if _, result := restarted.Use(now, cookie, home, config.ClassLogin, alice); result != Forgotten {
		t.Errorf("a clearance: %s, want forgotten", result)
	}
}

// together runs f in n goroutines at once and counts where it is true.
func together(n int, f func(i int) bool) int {
	var wg sync.WaitGroup
	var yes atomic.Int64
	begin := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-begin
			if f(i) {
				yes.Add(1)
			}
		})
	}
	close(begin)
	wg.Wait()
	return int(yes.Load())
}

func TestTenThousandSolutionsOfOneNonceGiveOneClearance(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token, proof := w.solve(alice)
	if got := together(10_000, func(int) bool {
		_, _, result := w.Redeem(w.now, token, proof, home)
		return result == Accepted
	}); got != 1 {
		t.Errorf("%d clearances, want 1", got)
	}
}

func TestParallelGuessesShareTheBudget(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cookie := w.clearance(alice)
	if got := together(500, func(int) bool {
		_, result := w.use(cookie, alice) // none of them is answered before the last is sent
		return result == Accepted
	}); got != Failures {
		t.Errorf("%d of 500 guesses passed, want %d", got, Failures)
	}
	for _, n := range []int{500, 10_000} {
		w := newWorld(t)
		cookie := w.clearance(Identity{})
		if got := together(n, func(i int) bool {
			id := Identity{byte(i), byte(i >> 8), 1}
			use, result := w.use(cookie, id)
			if result == Accepted {
				use.Settle(w.now, Failed)
			}
			return result == Accepted
		}); got < 1 || got > Failures {
			t.Errorf("%d of %d guesses with names of their own passed, want at most %d", got, n, Failures)
		}
	}
}
