package detector

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
)

// alike are two worlds with the same keys, so that sketches and tables behave
// the same in both.
func alike(t *testing.T, cfg config.Site) (a, b *world) {
	t.Helper()
	a, b = newWorld(t, cfg), newWorld(t, cfg)
	b.d.memory.Load().hasher = a.d.memory.Load().hasher
	return a, b
}

// Whatever is refused after some failures is refused after more, as long as the
// first sanction of ten minutes lasts.
func TestMoreEvidenceNeverLowersASanction(t *testing.T) {
	t.Parallel()
	for kind, attempt := range map[string]func(i int) *Attempt{
		"first contacts":         func(i int) *Attempt { return login("192.0.2.1", citizen(i), uint64(100+i)) },
		"one account":            func(i int) *Attempt { return login("192.0.2.1", "a@x.test", uint64(100+i)) },
		"strangers, one account": func(i int) *Attempt { return login(apart(i), "a@x.test", uint64(100+i)) },
		"a network":              func(i int) *Attempt { return login(fmt.Sprintf("192.0.2.%d", 1+i%200), citizen(i), uint64(100+i)) },
		"a spray":                func(i int) *Attempt { return login(apart(i), citizen(i), 7) },
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(1, 5))
			for range 25 {
				few, many := alike(t, strictly)
				for i := range 1 + random.IntN(40) {
					many.try(attempt(i), failed)
					if random.IntN(3) > 0 {
						few.try(attempt(i), failed)
					}
				}
				later := time.Duration(random.IntN(600)) * time.Second
				few.now, many.now = few.now.Add(later), many.now.Add(later)
				a, b := few.try(attempt(150), failed), many.try(attempt(150), failed)
				if !a.LetsThrough() && b.LetsThrough() {
					t.Fatalf("of fewer failures: %+v; of more: %+v", a, b)
				}
			}
		})
	}
}

// Sources that have nothing to do with each other do not mind who comes first.
func TestOrderOfIndependentSourcesDoesNotMatter(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(2, 5))
	for range 15 {
		a, b := alike(t, strictly)
		const sources, each = 5, 8
		order := make([]int, 0, sources*each)
		for s := range sources {
			for range each {
				order = append(order, s)
			}
		}
		run := func(w *world) (verdicts [sources][each]string) {
			var n [sources]int
			for _, s := range order {
				v := w.try(login(apart(s), fmt.Sprintf("u%d.%d@x.test", s, n[s]), uint64(1000*s+n[s])), failed)
				verdicts[s][n[s]] = fmt.Sprint(v.Answer, v.Rule)
				n[s]++
			}
			return verdicts
		}
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		first := run(a)
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		if second := run(b); first != second {
			t.Fatalf("%v\nin another order\n%v", first, second)
		}
	}
}

// Looking at the evidence, as often as one likes, changes none of it; nor does a
// clock that jumps back a little for the look.
func TestLookingChangesNothing(t *testing.T) {
	t.Parallel()
	watched, left := alike(t, strictly)
	random := rand.New(rand.NewPCG(3, 5))
	for i := range 400 {
		a := login(apart(random.IntN(20)), citizen(random.IntN(30)), uint64(random.IntN(200)))
		copied := *a
		o := failed
		if random.IntN(4) == 0 {
			o = succeeded
		}
		for range 3 {
			moment := watched.now.Add(-time.Duration(random.IntN(5)) * time.Second)
			watched.d.ExplainSource(moment, a.Source.Addr)
			watched.d.ExplainIdentity(moment, citizen(random.IntN(30)))
			watched.d.Status(moment)
			watched.d.Score(watched.now, watched.policy, watched.site, login(apart(random.IntN(20)), citizen(random.IntN(30)), 1))
		}
		v, w := watched.try(a, o), left.try(&copied, o)
		if v.Answer != w.Answer || v.Rule != w.Rule {
			t.Fatalf("attempt %d: %+v when looked at, %+v when not", i, v, w)
		}
		step := time.Duration(random.IntN(2)) * time.Second // until no sanction ends: chance lengthens each
		watched.now, left.now = watched.now.Add(step), left.now.Add(step)
	}
}

// One IPv6 /32 has four billion sources. However many come, tables keep their
// bounds, a sanction stays, and the citizens stay known (H21).
func TestFloodFromOnePrefixForgetsNeitherGuiltNorCitizens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly) // 4096 of everything
	c := town{w}
	for range 9 {
		for i := range 300 {
			c.try(c.home(i, 1), succeeded)
			c.now = c.now.Add(24 * time.Hour / 300)
		}
		c.try(c.home(1, 9), failed)
	}
	for i := range 40 {
		c.guess("192.0.2.1", citizen(5000+i), uint64(i))
	}
	flood := func(i int) *Attempt {
		var b [16]byte
		b[0], b[1], b[2], b[3] = 0x20, 0x01, 0x0d, 0xb8
		b[4], b[5], b[6], b[7] = byte(i>>16), byte(i>>8), byte(i), byte(i>>4)
		a := login("192.0.2.9", fmt.Sprintf("f%d@x.test", i), uint64(10_000+i))
		a.Source.Addr = netip.AddrFrom16(b)
		return a
	}
	for i := range 60_000 {
		a := flood(i)
		a.Solved = i%2 == 0
		c.try(a, failed)
	}
	m := c.d.Memory()
	for table, n := range m.Tracked {
		if n > m.Cap {
			t.Errorf("%d %ss are kept, more than the cap of %d", n, table, m.Cap)
		}
	}
	if c.guess("192.0.2.1", citizen(6000), 1) {
		t.Error("the guesser's sanction was flushed")
	}
	for i := range 300 {
		if v := c.try(cleared(c.home(i, 1)), succeeded); !v.LetsThrough() {
			t.Errorf("%s was refused at home, without cookies: %s", citizen(i), v.Reason)
		}
		if v := c.try(moved(c.home(i, 1), proxy(i, "", 0)), succeeded); !v.LetsThrough() {
			t.Errorf("%s was refused on the road with the known phone: %s", citizen(i), v.Reason)
		}
	}
}

// The filters of a site that were filled to bursting have no evidence against
// people (H21).
func TestFilledFiltersAreNoEvidenceAgainstPeople(t *testing.T) {
	t.Parallel()
	c := newTown(t, 100, 9)
	s := c.site
	random := rand.New(rand.NewPCG(8, 8))
	now := evidence.ToSeconds(c.now)
	for range 1 << 18 {
		s.popular.Add(random.Uint64(), random.Uint64(), now)
		s.refusedOnce.Add(random.Uint64(), now)
		s.surge.seen.Add(random.Uint64(), now)
		s.surge.arrived.Add(random.Uint64(), now)
	}
	refused := 0
	for i := range 2000 {
		if !c.try(proxy(i, citizen(1000+i), random.Uint64()), succeeded).LetsThrough() {
			refused++
		}
	}
	if refused > 2000/210*2 {
		t.Errorf("%d of 2000 strangers were refused for what the filters mistake", refused)
	}
	for i := range 100 {
		if v := c.try(c.home(i, 1), succeeded); !v.LetsThrough() {
			t.Errorf("a citizen was refused: %s", v.Reason)
		}
	}
}
