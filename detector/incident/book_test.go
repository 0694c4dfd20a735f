package incident

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/identity"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func pseudonym(i int) (p identity.Pseudonym) {
	binary.LittleEndian.PutUint64(p[:], mix(uint64(i)+1))
	return p
}

func from(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(100 + i>>16), byte(i >> 8), byte(i), 7})
}

func failure(at time.Time, source netip.Addr, account int) Sighting {
	return Sighting{Time: at, Source: source, Account: pseudonym(account), Failed: true, Login: true}
}

func refusal(at time.Time, source netip.Addr, account int, d config.Detection, axis config.Axis) Sighting {
	s := failure(at, source, account)
	s.Failed, s.Refused, s.Detection, s.Axis = false, true, d, axis
	return s
}

func success(at time.Time, source netip.Addr, account int) Sighting {
	s := failure(at, source, account)
	s.Failed, s.Succeeded, s.Name = false, true, "a•••"
	return s
}

// one returns the only incident.
func one(t *testing.T, b *Book) Record {
	t.Helper()
	list := b.List("shop.test", MaxAccounts)
	if len(list) != 1 {
		t.Fatalf("%d incidents, want one: %+v", len(list), list)
	}
	return list[0]
}

func TestOneSourceStuffingIsOneIncidentWithWhatCameBefore(t *testing.T) {
	t.Parallel()
	var b Book
	source, now := from(1), start
	for i := range 50 {
		now = now.Add(time.Second)
		switch {
		case i == 3:
			b.Observe(success(now, source, i))
		case i < 10:
			b.Observe(failure(now, source, i))
		default:
			b.Observe(refusal(now, source, i, config.CredentialStuffing, config.AxisSource))
		}
	}
	b.Observe(failure(now, from(2), 900)) // somebody else's mistake
	r := one(t, &b)
	if r.Attempts != 50 || r.Refused != 40 || r.Accounts != 50 || r.Sources != 1 || len(r.Targeted) != 50 || r.Detection != config.CredentialStuffing {
		t.Errorf("%+v", r)
	}
	if len(r.Compromised) != 1 || r.Compromised[0].Pseudonym != pseudonym(3).String() || r.Compromised[0].Name != "a•••" {
		t.Errorf("compromised %+v, want the account whose password was right", r.Compromised)
	}
	if !r.FirstSeen.Equal(start.Add(time.Second)) || !r.LastSeen.Equal(now) {
		t.Errorf("seen from %s to %s", r.FirstSeen, r.LastSeen)
	}
}

func TestCampaignOverManySourcesIsOneRecord(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		detection config.Detection
		axis      config.Axis
		incidents int
	}{
		"the whole site":               {"attack", "site", 1},
		"one account":                  {config.Distributed, config.AxisAccount, 1},
		"each source by itself":        {config.BruteForce, config.AxisSource, crowdOfIncidents},
		"each account and each source": {config.BruteForce, config.AxisPair, crowdOfIncidents},
	} {
		var b Book
		for i := range 2000 {
			b.Observe(refusal(start.Add(time.Duration(i)*time.Millisecond), from(i), i, test.detection, test.axis))
		}
		list := b.List("shop.test", 10)
		if len(list) != test.incidents {
			t.Errorf("%s: %d incidents, want %d", name, len(list), test.incidents)
		}
		var attempts uint64
		for _, r := range list {
			attempts += r.Attempts
			if len(r.Targeted) > 10 || len(r.From) > 10 {
				t.Errorf("%s: %d accounts and %d sources shown, want 10", name, len(r.Targeted), len(r.From))
			}
		}
		if attempts != 2000 {
			t.Errorf("%s: %d attempts counted, want 2000", name, attempts)
		}
	}
}

func TestSourcesOfOneCampaignAreJoined(t *testing.T) {
	t.Parallel()
	first := refusal(start, netip.MustParseAddr("192.0.2.1"), 1, config.BruteForce, config.AxisSource)
	first.Agent = 7
	for name, test := range map[string]struct {
		change func(*Sighting)
		want   int
	}{
		"the same network":              {func(s *Sighting) { s.Source = netip.MustParseAddr("192.0.2.99") }, 1},
		"the same account":              {func(s *Sighting) { s.Account = pseudonym(1) }, 1},
		"the same software":             {func(s *Sighting) { s.Agent = 7 }, 1},
		"the same software, an hour on": {func(s *Sighting) { s.Agent, s.Time = 7, start.Add(time.Hour) }, 2},
		"nothing in common":             {func(s *Sighting) { s.Agent = 8 }, 2},
		"a list that refuses":           {func(s *Sighting) { s.Detection = "" }, 1},
		"a used-up limit":               {func(s *Sighting) { s.Detection = config.RateLimit }, 1},
	} {
		var b Book
		b.Observe(first)
		s := refusal(start.Add(time.Minute), netip.MustParseAddr("198.51.100.1"), 2, config.BruteForce, config.AxisSource)
		test.change(&s)
		b.Observe(s)
		if got := len(b.List("shop.test", 1)); got != test.want {
			t.Errorf("%s: %d incidents, want %d", name, got, test.want)
		}
	}
}

func TestWhoIsCompromised(t *testing.T) {
	t.Parallel()
	attacker, elsewhere := from(1), from(2)
	for name, test := range map[string]struct {
		sighting Sighting
		want     int
	}{
		"a stranger from where the attack comes from": {success(start, attacker, 5), 1},
		"somebody who belongs there":                  {with(success(start, attacker, 5), func(s *Sighting) { s.Familiar = true }), 0},
		"a stranger at an account under attack":       {with(success(start, elsewhere, 1), func(s *Sighting) { s.Known = true }), 1},
		"its owner":                                   {with(success(start, elsewhere, 1), func(s *Sighting) { s.Known, s.Familiar = true, true }), 0},
		"the first login there ever":                  {success(start, elsewhere, 1), 0},
		"the owner of an account that was tried once": {with(success(start, elsewhere, 2), func(s *Sighting) { s.Known = true }), 0},
		"a stranger elsewhere":                        {with(success(start, elsewhere, 5), func(s *Sighting) { s.Known = true }), 0},
		"an account that the attacker created":        {with(success(start, attacker, 5), func(s *Sighting) { s.Login = false }), 0},
		"a failure from where the attack comes from":  {failure(start, attacker, 5), 0},
	} {
		var b Book
		for range ownMistakes {
			b.Observe(refusal(start, attacker, 1, config.BruteForce, config.AxisPair))
		}
		b.Observe(refusal(start, attacker, 2, config.BruteForce, config.AxisPair))
		b.Observe(test.sighting)
		if got := len(one(t, &b).Compromised); got != test.want {
			t.Errorf("%s: %d compromised, want %d", name, got, test.want)
		}
	}
}

// TestRefusedTravellerIsNotCompromised: in an attack on the whole site strangers
// are refused for what others do. Who then gets in is no attacker, unless he
// tried somebody else's account as well.
func TestRefusedTravellerIsNotCompromised(t *testing.T) {
	t.Parallel()
	var b Book
	for i := range 100 {
		b.Observe(refusal(start, from(i), i, "attack", "site"))
	}
	b.Observe(with(success(start, from(7), 7), func(s *Sighting) { s.Known = true }))
	b.Observe(with(success(start, from(500), 8), func(s *Sighting) { s.Known = true }))
	if r := one(t, &b); len(r.Compromised) != 0 {
		t.Errorf("compromised %+v, want nobody", r.Compromised)
	}
	b.Observe(success(start, from(9), 901))
	if r := one(t, &b); len(r.Compromised) != 1 {
		t.Errorf("compromised %+v, want the second account of one source", r.Compromised)
	}
}

func with(s Sighting, change func(*Sighting)) Sighting {
	change(&s)
	return s
}

func TestChangesAreToldOnceAndAtMostEveryFiveMinutes(t *testing.T) {
	t.Parallel()
	var b Book
	var told []string
	for second := range 2 * 3600 {
		now := start.Add(time.Duration(second) * time.Second)
		if second < 12*60 {
			b.Observe(refusal(now, from(1), second, config.BruteForce, config.AxisSource))
		}
		if second == 100 {
			b.Observe(success(now, from(1), 7))
		}
		for _, c := range b.Changes(now, "shop.test") {
			told = append(told, fmt.Sprintf("%s %s %d", c.Status, now.Sub(start), len(c.Fresh)))
		}
	}
	want := []string{"opened 0s 0", "updated 5m0s 1", "updated 10m0s 0", "updated 15m0s 0", "ended 41m59s 0"}
	if fmt.Sprint(told) != fmt.Sprint(want) {
		t.Errorf("told %q, want %q", told, want)
	}
	if r := one(t, &b); r.Status != Ended || len(r.Compromised) != 1 || len(r.Targeted) > endedAccounts {
		t.Errorf("the ended incident: %s, %d compromised, %d accounts", r.Status, len(r.Compromised), len(r.Targeted))
	}
}

func TestRiseOfFailures(t *testing.T) {
	t.Parallel()
	var most uint64
	run := func(perHour func(minute int) int) (told []Status) {
		var b Book
		n := 0
		for minute := range 5 * 60 {
			now := start.Add(time.Duration(minute) * time.Minute)
			for i := range perHour(minute) / 60 {
				n++
				b.Observe(failure(now.Add(time.Duration(i)*time.Second), from(n), n))
			}
			for _, c := range b.Changes(now, "shop.test") {
				if c.Detection != RiseOfFailures {
					t.Errorf("detected %s", c.Detection)
				}
				told = append(told, c.Status)
				most = max(most, c.Attempts)
			}
		}
		return told
	}
	quiet := run(func(int) int { return 60 })
	if len(quiet) != 0 {
		t.Errorf("a quiet site: %v", quiet)
	}
	got := run(func(minute int) int {
		if minute >= 90 && minute < 150 {
			return 600
		}
		return 60
	})
	opened, ended := 0, 0
	for _, s := range got {
		switch s {
		case Opened:
			opened++
		case Ended:
			ended++
		}
	}
	if opened != 1 || ended != 1 || len(got) < 5 || got[0] != Opened || got[len(got)-1] != Ended {
		t.Errorf("ten times the failures for an hour: %v, want one start, updates and one end", got)
	}
	if most < 550 {
		t.Errorf("%d of about 600 failures counted: the attack has become usual", most)
	}
	if early := run(func(minute int) int { return 60 * min(1, minute/30) * 10 }); len(early) != 0 {
		t.Errorf("before an hour was seen: %v", early)
	}
}

func TestSiteWideDetectionExplainsTheRise(t *testing.T) {
	t.Parallel()
	var b Book
	now := start
	for i := range 90 {
		now = now.Add(time.Minute)
		b.Observe(failure(now, from(i), i))
	}
	for i := range 100 {
		b.Observe(failure(now, from(1000+i), 1000+i))
	}
	b.Observe(refusal(now, from(3000), 3000, "attack", "site"))
	if r := one(t, &b); r.Detection != "attack" || r.Attempts < 50 {
		t.Errorf("%s with %d attempts, want the rise under the name of what explains it", r.Detection, r.Attempts)
	}
}

func TestEverythingIsBounded(t *testing.T) {
	t.Parallel()
	var b Book
	now := start
	// Different kinds from different networks at long intervals: nothing joins.
	for i := range 200 {
		b.Observe(refusal(now, from(i), i, config.BruteForce, config.AxisSource))
		now = now.Add(campaignGap)
		if i%3 == 0 {
			now = now.Add(-campaignGap + time.Second)
		}
		for j := range 2000 {
			b.Observe(refusal(now, from(i), 10_000*i+j, config.BruteForce, config.AxisSource))
		}
		for j := range 500 {
			b.Observe(refusal(now, from(1000*i+j+7), 1, "attack", "site"))
		}
	}
	for i := range 5000 {
		b.Observe(failure(now, from(1<<20+i), i))
	}
	b.Changes(now, "shop.test")
	listed := 0
	for _, c := range b.open {
		listed += len(c.accounts)
		if len(c.accounts) > MaxAccounts || len(c.sources) > MaxSources {
			t.Errorf("%d accounts and %d sources of one incident", len(c.accounts), len(c.sources))
		}
	}
	if len(b.open) > MaxOpen || len(b.ended) > MaxOpen || listed != b.listed || b.listed > maxListed || len(b.recent.list) > recentKept {
		t.Errorf("%d open, %d ended, %d accounts (%d counted), %d recent", len(b.open), len(b.ended), listed, b.listed, len(b.recent.list))
	}
	if len(b.bySource) > MaxOpen*MaxSources*2 || len(b.byAccount) > maxListed {
		t.Errorf("%d sources and %d accounts lead to incidents", len(b.bySource), len(b.byAccount))
	}
	b.Changes(now.Add(24*time.Hour), "shop.test")
	if len(b.open) != 0 || b.listed != 0 || len(b.bySource) != 0 || len(b.byAccount) != 0 {
		t.Errorf("after the end: %d open, %d listed, %d and %d links", len(b.open), b.listed, len(b.bySource), len(b.byAccount))
	}
}

func TestACompromiseIsListedInAFullIncident(t *testing.T) {
	t.Parallel()
	var b Book
	for i := range 5000 {
		b.Observe(refusal(start, from(1), i, config.BruteForce, config.AxisSource))
	}
	b.Observe(success(start, from(1), 9999))
	r := one(t, &b)
	if len(r.Compromised) != 1 || len(r.Targeted) != MaxAccounts || r.Accounts < 3000 {
		t.Errorf("%d compromised, %d listed, about %d accounts", len(r.Compromised), len(r.Targeted), r.Accounts)
	}
}

// TestNobodyWaitsAndNothingIsLost: while the book is held, attempts go on; what
// the inbox cannot hold is counted.
func TestNobodyWaitsAndNothingIsLost(t *testing.T) {
	t.Parallel()
	var b Book
	b.Observe(refusal(start, from(1), 1, config.BruteForce, config.AxisSource))
	b.mu.Lock()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 1000 {
				b.Observe(refusal(start, from(1), i, config.BruteForce, config.AxisSource))
			}
		})
	}
	all.Wait() // would hang if anybody waited
	b.mu.Unlock()
	told := b.Changes(start, "shop.test")
	if len(told) != 1 || told[0].Attempts != 8001 || told[0].Refused != 8001 {
		t.Errorf("told %+v, want 8001 attempts, all refused", told)
	}
}

func TestAboutFindsBySourceAccountAndID(t *testing.T) {
	t.Parallel()
	var b Book
	b.Observe(refusal(start, netip.MustParseAddr("2001:db8::1"), 1, config.BruteForce, config.AxisSource))
	id := one(t, &b).ID
	for name, got := range map[string][]Record{
		"source":  b.About("shop.test", netip.MustParseAddr("2001:db8::2"), nil, ""),
		"account": b.About("shop.test", netip.Addr{}, map[string]bool{pseudonym(1).String(): true}, ""),
		"id":      b.About("shop.test", netip.Addr{}, nil, id),
	} {
		if len(got) != 1 {
			t.Errorf("by %s: %d incidents", name, len(got))
		}
	}
	if got := b.About("shop.test", from(9), map[string]bool{pseudonym(9).String(): true}, "i-other"); len(got) != 0 {
		t.Errorf("about nothing: %+v", got)
	}
}
