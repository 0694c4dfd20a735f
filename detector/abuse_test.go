package detector

import (
	"fmt"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
)

func TestAccountClosesToStrangersOnly(t *testing.T) {
	t.Parallel()
	c := newTown(t, 100, 9)
	through := 0
	for i := range 60 {
		a := proxy(i, citizen(7), uint64(100+i))
		a.Solved = true
		if c.try(a, failed).LetsThrough() {
			through++
		}
		c.now = c.now.Add(20 * time.Second)
	}
	if through > 10 {
		t.Errorf("%d guesses of strangers in twenty minutes, want at most 10", through)
	}
	for name, row := range map[string]struct {
		a    *Attempt
		want bool
	}{
		"known phone on the road": {moved(c.home(7, 1), proxy(500, "", 0)), true},
		"at home without cookies": {cleared(c.home(7, 1)), true},
		"a stranger who knows it": {proxy(501, citizen(7), 1), false},
	} {
		if v := c.try(row.a, succeeded); v.LetsThrough() != row.want {
			t.Errorf("%s: let through %t, want %t: %s", name, v.LetsThrough(), row.want, v.Reason)
		}
	}
	c.now = c.now.Add(3 * time.Hour)
	if v := c.try(proxy(502, citizen(7), 1), succeeded); !v.LetsThrough() {
		t.Errorf("three hours later a stranger with the right password was refused: %s", v.Reason)
	}
}

// Through a carrier's address nobody is familiar to its thousands of customers
// (H7): the guesses count as those of strangers.
func TestSharedAddressMakesNobodyFamiliar(t *testing.T) {
	t.Parallel()
	c := newTown(t, 100, 9)
	carrier := login("198.51.100.99", "", 0)
	for range 3 {
		for i := range 40 {
			c.try(moved(cleared(c.home(i, 1)), carrier), succeeded)
		}
		c.now = c.now.Add(24 * time.Hour)
	}
	through := 0
	for i := range 40 {
		for _, from := range []*Attempt{carrier, proxy(2*i, "", 0), proxy(2*i+1, "", 0)} {
			a := moved(cleared(c.home(7, uint64(100+3*i+through))), from)
			a.Solved = true
			if c.try(a, failed).LetsThrough() {
				through++
			}
		}
	}
	if through > 10 {
		t.Errorf("%d guesses with the carrier's help, want the 10 of strangers", through)
	}
	if v := c.try(moved(c.home(7, 1), carrier), succeeded); !v.LetsThrough() {
		t.Errorf("the owner's phone was refused at the carrier: %s", v.Reason)
	}
}

func signup(source *Attempt, name string) *Attempt {
	a := login(source.Source.Addr.String(), name, 1)
	a.Source, a.Kind, a.Route, a.Declared = source.Source, config.KindSignup, "/signup", true
	return a
}

func TestSignupFloodOfThirtyAddressesIsRefused(t *testing.T) {
	t.Parallel()
	c := newTown(t, 100, 9)
	through := 0
	for i := range 600 {
		if c.try(signup(proxy(i%30, "", 0), fmt.Sprintf("fresh%d@x.test", i)), succeeded).LetsThrough() {
			through++
		}
		c.now = c.now.Add(30 * time.Second)
	}
	if through > 60 {
		t.Errorf("%d accounts of 600 were made, want at most 60", through)
	}
	if v := c.try(signup(proxy(900, "", 0), "newcomer@x.test"), succeeded); !v.LetsThrough() {
		t.Errorf("somebody else could not sign up: %s", v.Reason)
	}
	if v := c.try(signup(c.home(3, 0), "sister@x.test"), succeeded); !v.LetsThrough() {
		t.Errorf("a citizen's sister could not sign up: %s", v.Reason)
	}
}

func TestClassroomSignsUp(t *testing.T) {
	t.Parallel()
	c := newTown(t, 100, 9)
	for i := range 50 {
		if v := c.try(signup(proxy(1, "", 0), fmt.Sprintf("pupil%d@x.test", i)), succeeded); !v.LetsThrough() {
			t.Fatalf("pupil %d was refused: %s", i+1, v.Reason)
		}
		c.now = c.now.Add(5 * time.Second)
	}
	if v := c.try(signup(proxy(1, "", 0), "one-more@x.test"), succeeded); v.LetsThrough() {
		t.Error("account 51 of a day from one address was let through")
	}
}

func resetRequest(source *Attempt, name string) *Attempt {
	a := login(source.Source.Addr.String(), name, 0)
	a.Source, a.Client, a.Kind, a.Route, a.Declared = source.Source, source.Client, config.KindResetRequest, "/forgot", true
	return a
}

var answered = recognize.Outcome{Result: recognize.Unknown}

func TestResetsAreAskedForInVainByTheHundred(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		attempt func(c town, i int) *Attempt
		most    int
	}{
		"one address, a list of names":     {func(_ town, i int) *Attempt { return resetRequest(proxy(1, "", 0), citizen(1000+i)) }, 10},
		"a hundred addresses, one account": {func(_ town, i int) *Attempt { return resetRequest(proxy(i, "", 0), citizen(3)) }, 5},
		"one address, one account":         {func(_ town, _ int) *Attempt { return resetRequest(proxy(1, "", 0), citizen(3)) }, 5},
		"a home, a list of names":          {func(c town, i int) *Attempt { return resetRequest(c.home(9, 0), citizen(1000+i)) }, 50},
	} {
		for solved, times := range map[bool]int{false: 1, true: 2} {
			c := newTown(t, 100, 9)
			through := 0
			for i := range 200 {
				a := row.attempt(c, i)
				a.Solved = solved
				v := c.try(a, answered)
				if v.LetsThrough() {
					through++
				} else if v.Answer != config.AnswerChallenge {
					t.Fatalf("%s: answer %q, want a challenge: resets are never closed", name, v.Answer)
				}
			}
			if through != row.most*times {
				t.Errorf("%s, solved %t: %d requests, want %d", name, solved, through, row.most*times)
			}
		}
	}
}

func TestVictimOfAResetFloodGetsHisReset(t *testing.T) {
	t.Parallel()
	c := newTown(t, 100, 9)
	for i := range 200 {
		c.try(resetRequest(proxy(i, "", 0), citizen(3)), answered)
	}
	for name, a := range map[string]*Attempt{
		"at home":                           resetRequest(c.home(3, 0), citizen(3)),
		"at home, without cookies":          resetRequest(cleared(c.home(3, 0)), citizen(3)),
		"on the road, with the known phone": resetRequest(moved(c.home(3, 0), proxy(900, "", 0)), citizen(3)),
	} {
		if v := c.try(a, answered); !v.LetsThrough() {
			t.Errorf("%s: refused: %s", name, v.Reason)
		}
	}
}

func TestCodesOfASecondFactorAreLimited(t *testing.T) {
	t.Parallel()
	c := newTown(t, 100, 9)
	code := func(i int, source *Attempt) *Attempt {
		a := login(source.Source.Addr.String(), citizen(3), uint64(500_000+i))
		a.Source, a.Kind, a.Route, a.Declared = source.Source, config.KindMFA, "/code", true
		return a
	}
	through := 0
	for i := range 100 {
		if c.try(code(i, proxy(1, "", 0)), failed).LetsThrough() {
			through++
		}
	}
	if through != 10 {
		t.Errorf("%d codes reached the app, want 10", through)
	}
	if v := c.try(code(0, c.home(3, 0)), succeeded); !v.LetsThrough() {
		t.Errorf("the owner's code was refused at home: %s", v.Reason)
	}
	for i := range 200 { // every time from elsewhere
		if c.try(code(200+i, proxy(10+i, "", 0)), failed).LetsThrough() {
			through++
		}
	}
	if through != 30 {
		t.Errorf("%d codes of strangers reached the app, want 30", through)
	}
	for i := range 50 { // a completed login begins afresh
		if v := c.try(code(i, c.home(3, 0)), succeeded); !v.LetsThrough() {
			t.Fatalf("code %d of a row of good logins was refused: %s", i, v.Reason)
		}
	}
}
