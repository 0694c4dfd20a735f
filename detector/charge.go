package detector

import (
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/rules"
)

func (c *admission) chargePair(account *accountReservation) (fired rules.Detection) {
	a, r := c.a, &c.a.reserved
	rate := c.pairRate()
	window := seconds(rate.Window)
	c.m.pairs.Update(account.pair, c.now, func(e *pairEvidence, _ bool) {
		distinct := a.oneGuess()
		if distinct && e.tags.Seen(r.tag) {
			return
		}
		after := e.guesses.Value(c.now, window) + r.full()
		if rule := rules.Pair(after, c.factor, rate); c.fires(rule, rules.Pair(after, 1, rate)) {
			fired = rule
			return
		}
		e.guesses.Add(c.now, window, r.full())
		account.pairCharged = true
		if distinct {
			e.tags.Add(r.tag)
			account.pairTagged = true
		}
	})
	return fired
}

func (c *admission) pairRate() config.Rate {
	if r := &c.a.reserved; r.familiar && !r.guesser {
		return c.p.thresholds.Device
	}
	return c.p.thresholds.Pair
}

func (c *admission) chargeAccount(account *accountReservation) (fired rules.Detection) {
	a, r := c.a, &c.a.reserved
	if account.familiar {
		return rules.Detection{}
	}
	rate := c.p.thresholds.Account
	window := seconds(rate.Window)
	c.m.accounts.Update(account.account, c.now, func(e *accountEvidence, _ bool) {
		distinct := a.oneGuess()
		if distinct && e.tags.Seen(r.tag) {
			return
		}
		e.sources.Add(r.source.Tag())
		after := e.guesses.Value(c.now, window) + r.full()
		strict := rules.Account(after, e.sources.Distinct(), 1, rate)
		var rule rules.Detection
		if !c.lenient {
			rule = strict
		}
		if c.fires(rule, strict) {
			fired = rule
			return
		}
		e.guesses.Add(c.now, window, r.full())
		account.accountCharged = true
		if distinct {
			e.tags.Add(r.tag)
			account.accountTagged = true
		}
	})
	return fired
}

// chargeSource counts the attempt for its source, unless a rule about it fires.
func (c *admission) chargeSource() (fired rules.Detection) {
	r, t := &c.a.reserved, c.thresholds()
	hasty := c.hasty(t.Cadence)
	c.m.sources.Update(r.source, c.now, func(e *sourceEvidence, _ bool) {
		e.age(c.now)
		entered := e.entered.Estimate()
		if r.signup {
			fired = c.chargeSignup(e, shareOut(t.Signups, entered))
		} else if fired = c.contactSource(e, t.Contacts); !fired.Fired() {
			fired = c.chargeFailures(e, shareOut(t.Source, entered), shareOut(t.SourceSlow, entered), t.Cadence, hasty)
		}
		r.sourceCharged = !fired.Fired()
	})
	return fired
}

func (c *admission) chargeSignup(e *sourceEvidence, rate config.Rate) rules.Detection {
	window := seconds(rate.Window)
	after := e.signups.Value(c.now, window) + fullWeight
	if rule := rules.Signup(after, c.factor, rate); c.fires(rule, rules.Signup(after, 1, rate)) {
		return rule
	}
	e.signups.Add(c.now, window, fullWeight)
	return rules.Detection{}
}

// contactSource asks about the first contacts of the source. They count when
// they have failed, not beforehand.
func (c *admission) contactSource(e *sourceEvidence, rate config.Rate) rules.Detection {
	sum := e.contact.Value(c.now, contactFade)
	rule := rules.Contact(sum, float64(rate.N*c.factor), config.AxisSource, rate)
	if c.fires(rule, rules.Contact(sum, float64(rate.N), config.AxisSource, rate)) {
		return rule
	}
	return rules.Detection{}
}

func (c *admission) chargeFailures(e *sourceEvidence, fast, daily, cadence config.Rate, hasty int) rules.Detection {
	full, short, long := c.a.reserved.full(), seconds(fast.Window), seconds(daily.Window)
	now, slow := e.fails.Value(c.now, short)+full, e.slow.Value(c.now, long)+full
	names := e.failed.Estimate()
	if rule := rules.Source(now, names, c.factor, fast); c.fires(rule, rules.Source(now, names, 1, fast)) {
		return rule
	}
	if rule := rules.Slow(slow, c.factor, daily); c.fires(rule, rules.Slow(slow, 1, daily)) {
		return rule
	}
	if rule := rules.Cadence(hasty+full, names, c.factor, cadence); c.fires(rule, rules.Cadence(hasty+full, names, 1, cadence)) {
		return rule
	}
	e.fails.Add(c.now, short, full)
	e.slow.Add(c.now, long, full)
	return rules.Detection{}
}

// shareOut raises a threshold of a source by one failure for each account
// that has logged in from it in the last week, up to five times: an office has
// more typing errors than a home. An attacker must own the accounts.
func shareOut(r config.Rate, entered int) config.Rate {
	if entered > 1 {
		r.N += min(entered, 4*r.N)
	}
	return r
}

// thresholds are the site's, halved for a tagged source.
func (c *admission) thresholds() *config.Thresholds {
	if c.tight {
		return &c.p.tightened
	}
	return &c.p.thresholds
}

// tightened are thresholds for a tagged source.
func tightened(t config.Thresholds) config.Thresholds {
	t.Source.N = max(t.Source.N/2, 1)
	t.Contacts.N = max(t.Contacts.N*3/4, 1)
	t.SourceSlow.N = max(t.SourceSlow.N/2, 1)
	t.Signups.N = max(t.Signups.N/2, 1)
	t.Cadence.N = max(t.Cadence.N/2, 1)
	return t
}

func seconds(d config.Duration) evidence.Seconds {
	return evidence.Seconds(d.Std() / time.Second)
}
