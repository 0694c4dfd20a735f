package detector

import (
	"fmt"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/rules"
)

func TestAttackModeBeginsWithNineFailuresAndEnds(t *testing.T) {
	t.Parallel()
	c := newTown(t, 100, 9)
	for i := range 8 {
		c.try(proxy(i, citizen(1000+i), uint64(100+i)), failed)
	}
	if c.attacked() {
		t.Fatal("eight failures are an attack")
	}
	c.try(proxy(8, citizen(1008), 108), failed)
	if !c.attacked() {
		t.Fatal("nine failures of strangers in a burst are no attack")
	}
	if v := c.try(proxy(9, citizen(1009), 109), failed); v.Answer != config.AnswerChallenge || v.Detection != config.Attack {
		t.Errorf("verdict %+v, want a challenge", v)
	}
	c.now = c.now.Add(29 * time.Minute)
	if v := c.try(proxy(10, citizen(1010), 110), failed); v.Answer != config.AnswerChallenge {
		t.Errorf("%q after 29 minutes, want a challenge", v.Answer)
	}
	c.now = c.now.Add(4 * time.Hour)
	if v := c.try(proxy(11, citizen(1011), 111), failed); !v.LetsThrough() || c.attacked() {
		t.Errorf("four quiet hours later the mode holds: %+v", v)
	}
}

func TestAttackModeGoesOnWhileTheyCome(t *testing.T) {
	t.Parallel()
	c := newTown(t, 100, 9)
	c.alarm(0)
	for i := range 600 { // a guess a minute, ten hours, all refused
		c.try(proxy(100+i, citizen(1000+i), uint64(100+i)), failed)
		c.now = c.now.Add(time.Minute)
	}
	if !c.attacked() {
		t.Error("the mode ended while strangers came once a minute")
	}
}

func TestAttackModeAsksNobodyOfAYoungSite(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.confirm()
	c := town{w}
	c.alarm(0)
	c.alarm(20)
	if v := c.try(proxy(50, "new@x.test", 1), succeeded); c.attacked() || !v.LetsThrough() {
		t.Errorf("a site that has just been put up is under attack: %+v", v)
	}
}

func TestFalseAlarmCostsNobody(t *testing.T) {
	t.Parallel()
	c := newTown(t, 100, 9)
	// On a good day for the shop ten of eighty new customers mistype at first.
	for i := range 80 {
		if i%8 == 0 {
			c.try(c.home(2000+i, 9), failed)
		}
		c.try(c.home(2000+i, 1), succeeded)
	}
	s := c.site.surge
	s.mu.Lock()
	s.since, s.until = 1, ^s.until // whatever the test says: it is taken for an attack
	s.mu.Unlock()
	for name, a := range map[string]*Attempt{
		"at home":                           c.home(3, 1),
		"at home, cookies cleared":          cleared(c.home(4, 1)),
		"at a neighbour's":                  moved(cleared(c.home(5, 1)), c.home(6, 1)),
		"on the road, with the known phone": moved(c.home(7, 1), proxy(900, "", 0)),
	} {
		if v := c.try(a, succeeded); !v.LetsThrough() {
			t.Errorf("%s: refused: %s", name, v.Reason)
		}
	}
	for i := range 20 {
		if v := c.try(proxy(1000+i, citizen(3000+i), 1), succeeded); !v.LetsThrough() {
			t.Errorf("stranger %d who logs in was refused: %s", i, v.Reason)
		}
	}
}

func cleared(a *Attempt) *Attempt {
	a.Client = 0
	return a
}

func moved(a, to *Attempt) *Attempt {
	a.Source = to.Source
	return a
}

func TestSolvingHelpsUntilItIsWasted(t *testing.T) {
	t.Parallel()
	c := newTown(t, 100, 9)
	c.alarm(0)
	asked := proxy(50, citizen(50), 1)
	if v := c.try(asked, succeeded); v.Answer != config.AnswerChallenge {
		t.Fatalf("a stranger got %q, want a challenge", v.Answer)
	}
	asked.Solved = true
	if v := c.try(asked, succeeded); !v.LetsThrough() {
		t.Fatalf("refused after solving: %s", v.Reason)
	}
	through := 0
	for i := range 50 {
		a := proxy(100+i, citizen(1000+i), uint64(100+i))
		a.Solved = true
		if c.try(a, failed).LetsThrough() {
			through++
		}
	}
	if through > 8 {
		t.Errorf("%d guesses of solvers reached the app, want at most 8", through)
	}
	a := proxy(300, citizen(5000), 77)
	a.Solved = true
	if v := c.try(a, failed); v.Detection != config.AttackSolved || v.Answer != config.AnswerLimit {
		t.Errorf("verdict %+v, want solvers limited", v)
	}
	if v := c.try(moved(c.home(8, 1), proxy(301, "", 0)), succeeded); !v.LetsThrough() {
		t.Errorf("a citizen on the road with his phone was refused: %s", v.Reason)
	}
}

// Nine failures every half an hour keep the mode awake, for five days (H12).
func TestAttackModeKeptAwakeLosesNobody(t *testing.T) {
	t.Parallel()
	c := newTown(t, 400, 9)
	lost := map[string]int{}
	asked, total := 0, 0
	person := func(who string, a *Attempt) {
		total++
		v := c.try(a, succeeded)
		if v.Answer == config.AnswerChallenge {
			asked++
			a.Solved = true
			v = c.try(a, succeeded)
		}
		if !v.LetsThrough() {
			lost[who+": "+v.Reason.String()]++
		}
	}
	for half := range 5 * 48 {
		for i := range 9 {
			n := 9*half + i
			c.try(proxy(n, citizen(5000+n), uint64(1_000_000+n)), failed)
		}
		for i := range 4 {
			n := 4*half + i
			traveller := moved(cleared(c.home(n%400, 1)), proxy(10_000+n, "", 0))
			person("traveller", traveller)
			vpn := moved(cleared(c.home((n+200)%400, 1)), proxy(20_000+n%50, "", 0))
			vpn.Source.ASN = serverProvider - 1
			person("by VPN", vpn)
			person("first login", proxy(30_000+n, citizen(20_000+n), 1))
			for j := range 8 {
				c.try(c.home((8*n+j)%400, 1), succeeded)
			}
			c.now = c.now.Add(30 * time.Minute / 4)
		}
	}
	t.Logf("%d of %d were asked to solve a challenge", asked, total)
	sum := 0
	for _, n := range lost {
		sum += n
	}
	if sum*10_000 > 5*total {
		t.Errorf("of %d strangers who log in, lost: %v; want at most 5 in 10000", total, lost)
	}
}

func TestSprayedPasswordIsRefusedToStrangersOnly(t *testing.T) {
	t.Parallel()
	const sprayed = 4242
	c := newTown(t, 100, 9)
	through := 0
	for i := range 40 {
		a := proxy(i, citizen(1000+i), sprayed)
		a.Solved = true
		if v := c.try(a, failed); v.LetsThrough() {
			through++
		} else if i >= 20 && v.Detection != config.PasswordSpray {
			t.Fatalf("name %d: %+v, want it told as a spray", i, v)
		}
		c.now = c.now.Add(time.Hour) // too slow for the site test
	}
	if through != 20 {
		t.Errorf("the password was tried for %d names, want 20", through)
	}
	if v := c.try(proxy(500, citizen(3000), 4243), failed); v.Detection == config.PasswordSpray {
		t.Error("another password was refused as sprayed")
	}
	if v := c.try(c.home(3, sprayed), failed); !v.LetsThrough() {
		t.Errorf("a citizen at home who mistypes just so was refused: %s", v.Reason)
	}
}

func TestRefusedCredentialStaysRefusedToStrangers(t *testing.T) {
	t.Parallel()
	c := newTown(t, 100, 9)
	c.alarm(0)
	if v := c.try(proxy(50, citizen(3), 1), failed); v.Answer != config.AnswerChallenge {
		t.Fatalf("%+v, want a challenge", v)
	}
	elsewhere := moved(cleared(c.home(3, 1)), c.home(90, 1)) // a network that is not hostile
	elsewhere.Source.Addr = login("100.64.9.9", "", 0).Source.Addr
	v := c.try(elsewhere, succeeded)
	if v.LetsThrough() || v.Rule != rules.RefusedRule {
		t.Errorf("another stranger with the same credential: %+v, want it refused again", v)
	}
	elsewhere.Solved = true
	if v := c.try(elsewhere, succeeded); !v.LetsThrough() {
		t.Errorf("refused after solving: %s", v.Reason)
	}
	if v := c.try(c.home(3, 1), succeeded); !v.LetsThrough() {
		t.Errorf("the owner was refused at home: %s", v.Reason)
	}
	other := moved(cleared(c.home(4, 1)), elsewhere)
	if v := c.try(other, succeeded); v.Rule == rules.RefusedRule {
		t.Error("another credential was refused")
	}
	c.now = c.now.Add(5 * time.Hour)
	elsewhere.Solved = false
	if v := c.try(elsewhere, succeeded); !v.LetsThrough() {
		t.Errorf("refused hours later: %s", v.Reason)
	}
}

// Whether a name exists makes no difference to what a stranger sees (H22).
func TestNamesThatExistAreAnsweredAsThoseThatDoNot(t *testing.T) {
	t.Parallel()
	c := newTown(t, 1000, 8)
	c.alarm(100_000)
	counts := [2]map[string]float64{{}, {}}
	for i := range 1000 {
		for which, name := range []string{citizen(i), citizen(50_000 + i)} {
			a := proxy(2*i+which, name, uint64(100+2*i+which))
			switch i % 4 { // rare networks, the provider at home, solvers, listed ones
			case 1:
				a.Source.ASN = homeProvider
			case 2:
				a.Solved = true
			case 3:
				a.Source.Lists = []string{config.ListTor}
			}
			v := c.try(a, failed)
			counts[which][fmt.Sprintf("%s %s %s", v.Answer, v.Detection, v.Rule)]++
			c.now = c.now.Add(time.Second)
		}
	}
	square, free := 0.0, -1
	kinds := map[string]bool{}
	for _, m := range counts {
		for kind := range m {
			kinds[kind] = true
		}
	}
	for kind := range kinds {
		a, b := counts[0][kind], counts[1][kind]
		square += (a - b) * (a - b) / (a + b)
		free++
	}
	if free < 1 {
		t.Fatalf("one answer for all, which shows nothing: %v", counts)
	}
	// The 99th percentile of chi-square with 1 to 6 degrees of freedom.
	if limit := []float64{0, 6.63, 9.21, 11.34, 13.28, 15.09, 16.81}[min(free, 6)]; square > limit {
		t.Errorf("chi-square %.1f with %d degrees of freedom, above %.2f: %v", square, free, limit, counts)
	}
}

// Names that cannot be read are strangers' as well: their failures begin an
// attack, each source counts once an hour, and no account is touched.
func TestFailuresWithoutAReadableNameBeginAnAttack(t *testing.T) {
	t.Parallel()
	c := newTown(t, 100, 9)
	accounts := c.d.Memory().Tracked["account"]
	for i := range 40 {
		c.try(proxy(1, "", uint64(100+i)), failed)
	}
	if c.attacked() {
		t.Fatal("one source is an attack on the site")
	}
	for i := range 9 {
		c.try(proxy(2+i, "", uint64(200+i)), failed)
	}
	if !c.attacked() {
		t.Error("nine strangers whose names cannot be read failed in a burst, and there is no attack")
	}
	if got := c.d.Memory().Tracked["account"]; got != accounts {
		t.Errorf("%d accounts are known, %d before", got, accounts)
	}
	if v := c.try(c.home(3, 1), succeeded); !v.LetsThrough() {
		t.Errorf("a citizen at home: %+v", v)
	}
}
