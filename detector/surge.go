package detector

import (
	"math"
	"sync"
	"time"

	"github.com/doorward/doorward/detector/evidence"
)

// The site test: strangers who fail, over the whole site. A campaign from ten
// thousand addresses shows nowhere else. The test only says that there is an
// attack; who is asked for more then is decided by the network a stranger comes
// from, see networkEvidence. So a false alarm costs nobody anything.
//
// Every account and every source counts once an hour: one forgotten password
// is no campaign.
const (
	// surgeFactor is by how much strangers must fail more often than expected.
	surgeFactor = 4
	// surgeSum is the sum at which the attack mode begins: nine failures in a
	// burst, each of which adds ln 4.
	surgeSum = 12
	// surgeResidentSum is the same where people log in from: the morning rise
	// of failures is ahead of that of logins.
	surgeResidentSum = 24
	// surgeFloor is how many failures of strangers an hour are normal anywhere,
	// surgeRareFloor from networks that few accounts log in from.
	surgeFloor     = 2.0
	surgeRareFloor = 0.5
	// surgeStayFloor is how many arrivals an hour are normal while an attack is
	// under way: it decides how soon a small one is over.
	surgeStayFloor = 1.0
	// surgeHold is how long the mode lasts at least.
	surgeHold = evidence.Seconds(30 * time.Minute / time.Second)
	// surgeAgain is how long an account or a source has counted.
	surgeAgain = evidence.Seconds(time.Hour / time.Second)
	// surgeBudget is how many of them are told apart an hour.
	surgeBudget = 1 << 15
)

// The baseline: how many strangers fail for each login. It is anchored to good
// traffic, so that the hour of the day does not matter and a slow ramp of
// failures does not teach it (H11).
const (
	baselineFade  = 28 * day               // half-life; half the age of the site while that is less
	baselineRate  = evidence.Seconds(3600) // half-life of the login rate
	baselineRise  = 0.25                   // a week, at most
	baselineYoung = 14 * day               // learns freely so long
)

// surgeGate: the mode asks nobody for anything before the site has been seen
// this long with this many logins.
const (
	surgeGateLogins = 200
	surgeGateAge    = day
)

// surgeGroup tells apart what has different baselines: where few accounts log in
// from, any stranger is rare; where everybody comes from, many are.
type surgeGroup uint8

const (
	surgeRare        surgeGroup = iota // networks of which little is known, listed ones
	surgeEstablished                   // networks that many accounts log in from
	surgeResident                      // sources that accounts log in from
	surgeGroups
)

// surge is the site test of one site. Safe for concurrent use.
type surge struct {
	mu      sync.Mutex
	seen    *evidence.Filter // accounts and sources whose failure counted
	arrived *evidence.Filter // … whose arrival counted
	begun   evidence.Seconds // first login
	logins  float64
	rate    evidence.Decay // logins
	groups  [surgeGroups]surgeTest
	until   evidence.Seconds // the mode holds at least so long
	since   evidence.Seconds // 0: no attack
	times   int              // how often it began
	drip    evidence.Cusum   // the slow test, over all groups
	dripped evidence.Seconds // when it last fired
}

// surgeTest is the test of one group.
type surgeTest struct {
	failures, arrivals baseline
	enter, stay        evidence.Cusum
}

// baseline is what is expected per login.
type baseline struct {
	count, logins evidence.Decay
	ratio         float64
	at            evidence.Seconds
}

func newSurge() *surge {
	return &surge{
		seen:    evidence.NewFilter(surgeBudget, surgeAgain),
		arrived: evidence.NewFilter(surgeBudget, surgeAgain),
	}
}

// login counts a login of anybody on a confirmed route.
func (s *surge) login(now evidence.Seconds) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.begun == 0 {
		s.begun = now
	}
	s.logins++
	s.rate.Add(now, baselineRate, 1, 0)
	if s.since != 0 {
		return
	}
	for i := range s.groups {
		s.groups[i].failures.logins.Add(now, s.fade(now), 1, 0)
		s.groups[i].arrivals.logins.Add(now, s.fade(now), 1, 0)
	}
}

// fade is the half-life of the baselines: a young site changes from day to day,
// because nobody is known there at first.
func (s *surge) fade(now evidence.Seconds) evidence.Seconds {
	return min(max((now-min(s.begun, now))/2, day), baselineFade)
}

// learn moves the ratio to what was seen, upwards slowly once the site is known.
func (b *baseline) learn(now, begun, fade evidence.Seconds) {
	seen := b.count.Value(now, fade) / max(b.logins.Value(now, fade), 1)
	if b.at == 0 || now < begun+baselineYoung {
		b.ratio, b.at = seen, now
		return
	}
	if now < b.at+3600 {
		return
	}
	weeks := float64(now-b.at) / float64(7*day)
	b.ratio = min(seen, max(b.ratio, 1e-4)*(1+baselineRise*weeks))
	b.at = now
}

// expected is how many an hour are normal now.
func (s *surge) expected(g surgeGroup, b *baseline, now evidence.Seconds) float64 {
	floor := surgeFloor
	if g == surgeRare {
		floor = surgeRareFloor
	}
	return max(floor, s.learnt(b, now))
}

// learnt is how many an hour the logins explain.
func (s *surge) learnt(b *baseline, now evidence.Seconds) float64 {
	b.learn(now, s.begun, s.fade(now))
	return b.ratio * s.rate.Rate(now, baselineRate)
}

// arriving is how many arrivals an hour are normal now.
func (s *surge) arriving(g surgeGroup, now evidence.Seconds) float64 {
	return max(surgeStayFloor, s.expected(g, &s.groups[g].arrivals, now))
}

// failed counts a failure of a stranger and reports whether an attack begins.
func (s *surge) failed(now evidence.Seconds, g surgeGroup, account, source uint64) (begins bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	newAccount, newSource := s.seen.Add(account, now), s.seen.Add(source, now)
	if !newAccount || !newSource && g != surgeResident {
		return false
	}
	t := &s.groups[g]
	s.slow(now)
	if s.since == 0 {
		t.failures.count.Add(now, s.fade(now), 1, 0)
	}
	sum := t.enter.Event(now, s.expected(g, &t.failures, now), surgeFactor, 2*surgeResidentSum)
	if sum < g.threshold() || s.since != 0 || !s.armed(now) {
		return false
	}
	s.since, s.until = now, now+surgeHold
	for i := range s.groups {
		s.groups[i].stay.Reset(now, 0)
	}
	t.stay.Reset(now, surgeSum)
	s.times++
	return true
}

func (g surgeGroup) threshold() float64 {
	if g == surgeResident {
		return surgeResidentSum
	}
	return surgeSum
}

// arrive counts the arrival of a stranger, whose outcome may never be seen, and
// reports whether the site is under attack.
func (s *surge) arrive(now evidence.Seconds, g surgeGroup, account, source uint64) (attack bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// Before the arrival counts: the one that comes when all is over must not
	// prolong it.
	attack = s.attacked(now)
	newAccount, newSource := s.arrived.Add(account, now), s.arrived.Add(source, now)
	if newAccount && (newSource || g == surgeResident) {
		t := &s.groups[g]
		if s.since == 0 {
			t.arrivals.count.Add(now, s.fade(now), 1, 0)
		} else {
			t.stay.Event(now, s.arriving(g, now), surgeFactor, surgeSum)
		}
	}
	return attack
}

// attacked reports whether the mode holds, and ends it when it is over.
func (s *surge) attacked(now evidence.Seconds) bool {
	if s.since == 0 {
		return false
	}
	s.until = min(s.until, now+surgeHold) // the clock may have been set back
	if now < s.until {
		return true
	}
	for i := range s.groups {
		t := &s.groups[i]
		if t.stay.Sum(now, s.arriving(surgeGroup(i), now), surgeFactor) > 0 {
			return true
		}
	}
	s.since = 0
	for i := range s.groups {
		s.groups[i].enter.Reset(now, 0)
	}
	return false
}

// ends is when the mode will be over if nobody else arrives.
func (s *surge) ends(now evidence.Seconds) evidence.Seconds {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.attacked(now) {
		return now
	}
	ends := max(s.until, now)
	for i := range s.groups {
		expected := s.arriving(surgeGroup(i), now)
		sum := s.groups[i].stay.Sum(now, expected, surgeFactor)
		ends = max(ends, now+evidence.Seconds(math.Ceil(sum/((surgeFactor-1)*expected)*3600)))
	}
	return ends
}

// The slow test finds what stays below the fast one for days: half as many
// failures again as the good traffic explains. It asks nobody for anything, it
// tells the operator (H11).
const (
	slowFactor = 1.5
	slowSum    = 25
	// slowFloor is how many failures of strangers an hour are normal anywhere: a
	// tenth of what is for the fast test, because it looks at days.
	slowFloor = 0.25
)

// slow counts a failure for the slow test.
func (s *surge) slow(now evidence.Seconds) {
	expected := 0.0
	for g := range s.groups {
		expected += s.learnt(&s.groups[g].failures, now)
	}
	if s.drip.Event(now, max(expected, slowFloor), slowFactor, slowSum) >= slowSum && s.armed(now) {
		s.dripped = now
	}
}

// AttackStatus is what the site test says.
type AttackStatus struct {
	// Since is when the attack began that goes on, zero when there is none.
	Since time.Time `json:"since,omitzero"`
	// Times is how often one began since the process did.
	Times int `json:"times,omitempty"`
	// Slow is when the slow test last found more failures of strangers than the
	// good traffic explains: a drip over days. It refuses nobody.
	Slow time.Time `json:"slow,omitzero"`
	// Expected is how many failures of strangers an hour are normal now, by
	// where they come from.
	Expected map[string]float64 `json:"expected_failures_per_hour,omitempty"`
	// Armed tells that enough was learned to ask strangers for more.
	Armed bool `json:"armed"`
}

var surgeGroupNames = [surgeGroups]string{"rare", "established", "resident"}

// status is what operators see.
func (s *surge) status(now evidence.Seconds) AttackStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := AttackStatus{Times: s.times, Armed: s.armed(now), Expected: make(map[string]float64, surgeGroups)}
	if s.attacked(now) {
		x.Since = s.since.Time()
	}
	if s.dripped != 0 && now < s.dripped+day {
		x.Slow = s.dripped.Time()
	}
	for g, name := range surgeGroupNames {
		x.Expected[name] = math.Round(10*s.expected(surgeGroup(g), &s.groups[g].failures, now)) / 10
	}
	return x
}

// underAttack reports whether the mode holds.
func (s *surge) underAttack(now evidence.Seconds) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.attacked(now)
}

// armed reports whether enough has been learned to ask anybody for more.
func (s *surge) armed(now evidence.Seconds) bool {
	return s.begun != 0 && now >= s.begun+surgeGateAge && s.logins >= surgeGateLogins
}

// age is how long ago the first login of the site was.
func (s *surge) age(now evidence.Seconds) evidence.Seconds {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.begun == 0 || now < s.begun {
		return 0
	}
	return now - s.begun
}
