package detector

import (
	"sync"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/rules"
)

// A flood of signups from thirty addresses stays below every limit of one
// address. What gives it away is that several addresses, from which nobody
// logs in, each make a second account within a day; families do that now and
// then, schools and offices from one address. While that happens, one account
// a day is let through from an address from which nobody logs in, and none from
// addresses that are on a list.
const (
	// repeatsSum is the sum at which it begins: five events, of which each
	// adds ln 4. The second, fourth, eighth and sixteenth account that an
	// address makes in a day are an event, so one address alone is no flood.
	repeatsSum = 6.9
	// repeatsFloor is how many events an hour are normal anywhere.
	repeatsFloor = 1.0
	// repeatsHold is how long it lasts after the last one.
	repeatsHold evidence.Seconds = 6 * 3600
	// repeatsMost is the last account of an address that is an event.
	repeatsMost = 16
)

// signupWatch is the site test for signups. Safe for concurrent use.
type signupWatch struct {
	mu      sync.Mutex
	begun   evidence.Seconds
	rate    evidence.Decay
	repeats baseline
	test    evidence.Cusum
	until   evidence.Seconds
}

// created notes account number n of the day from a source from which nobody
// logs in.
func (w *signupWatch) created(now evidence.Seconds, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.begun == 0 {
		w.begun = now
	}
	flood := now < w.until
	w.rate.Add(now, baselineRate, 1, 0)
	if !flood {
		w.repeats.logins.Add(now, baselineFade, 1, 0)
	}
	if n < 2 || n > repeatsMost || n&(n-1) != 0 {
		return
	}
	if !flood {
		w.repeats.count.Add(now, baselineFade, 1, 0)
	}
	w.repeats.learn(now, w.begun, baselineFade)
	expected := max(repeatsFloor, w.repeats.ratio*w.rate.Rate(now, baselineRate))
	if w.test.Event(now, expected, surgeFactor, repeatsSum) >= repeatsSum {
		w.until = now + repeatsHold
	}
}

// flooded reports whether the site is being flooded. again tells that the
// source that asks has made an account today: then it goes on.
func (w *signupWatch) flooded(now evidence.Seconds, again bool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	flood := now < w.until
	if flood && again {
		w.until = now + repeatsHold
	}
	return flood
}

// signupFlood asks about a signup from a source from which nobody logs in.
func (c *admission) signupFlood() (fired rules.Detection) {
	r := &c.a.reserved
	if r.resident || r.exempt {
		return fired
	}
	again := c.signupsToday() > 0
	if !c.site.signups.flooded(c.now, again) || !again && !c.a.Source.Listed() {
		return fired
	}
	return rules.Detection{Name: config.SignupFlood, Axis: config.AxisNetwork, Rule: rules.SignupSurge}
}

// signedUp notes an account that was made.
func (c *admission) signedUp() {
	r := &c.a.reserved
	if !r.resident && !r.exempt {
		c.site.signups.created(c.now, c.signupsToday())
	}
}

// signupsToday is how many accounts the source has made within a day.
func (c *admission) signupsToday() (n int) {
	c.m.sources.View(c.a.reserved.source, func(e *sourceEvidence) { n = e.signups.Value(c.now, day) / fullWeight })
	return n
}
