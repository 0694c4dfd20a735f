package detector

import (
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/recognize"
	"github.com/doorward/doorward/detector/sanction"
)

// sureEnough is the confidence from which an outcome on an undeclared route
// counts in full.
const sureEnough = 0.9

// upstreamRefunds is how many attempts per source and hour are given back
// because the app gave no answer. More would let an attacker who can make the
// app fail guess for free.
var upstreamRefunds = struct {
	n      int
	window evidence.Seconds
}{3, 3600}

// Settle learns the outcome of an attempt that was admitted: what did not fail
// is taken back. It must be called once for each attempt that was let through.
func (d *Detector) Settle(now time.Time, p *Policy, site *Site, a *Attempt, o recognize.Outcome) Settlement {
	m := d.memory.Load()
	if m == nil || site == nil || a.reserved.route == nil {
		return Settlement{}
	}
	if o.Kind == "" || o.Kind == a.Kind {
		a.reserved.route.learn(o, a.Uninspectable)
	}
	c := admission{
		d: d, m: m, p: p, site: site, a: a, time: now, now: evidence.ToSeconds(now),
		class: a.Kind.Class(), lenient: a.reserved.lenient,
	}
	c.settleMissing(o)
	known := o.Result == recognize.Success && d.Seen(a)
	s := c.settle(o)
	c.learnMachine(o.Result == recognize.Failure, s.Seen && o.Result == recognize.Success)
	if o.Result == recognize.Success && !s.Repeat {
		c.makeGood(known)
	}
	a.reserved.held = false
	return s
}

func (c *admission) settle(o recognize.Outcome) (s Settlement) {
	if o.Kind != "" && o.Kind != c.a.Kind {
		return c.revised(o)
	}
	switch {
	case o.Next && o.Aborted:
		// The answer is the same for all, and the client did not look at the page
		// that tells: it may look from elsewhere.
	case o.Result == recognize.Success && c.a.LoggedIn && o.Confidence < worded:
		// Many apps lead whoever is logged in away from the login page, without a
		// look at what he sent there.
	default:
		s = c.settleBy(o)
	}
	if c.a.Kind == config.KindPasswordChange && o.Result == recognize.Success {
		c.passwordChanged(o, &s)
	}
	c.decideProbation(o, &s)
	if !s.Seen {
		s.Seen = c.d.Seen(c.a)
	}
	return s
}

// worded is the confidence of a success that the app put into words.
const worded = 0.95

func (c *admission) settleBy(o recognize.Outcome) (s Settlement) {
	switch o.Result {
	case recognize.Success:
		return c.succeeded(o)
	case recognize.Failure:
		if c.failed(c.a.Declared || o.Confidence >= sureEnough) {
			s.Detection = config.Attack
			s.Reason = "strangers fail over the whole site far more often than its logins explain: it is under attack"
		}
	case recognize.Challenge:
		c.release(fullWeight)
	case recognize.Rejected:
		c.releaseAccounts()
	case recognize.Throttled:
		// The words of a page may be the client's own: a message that stands in
		// the address, sent with a guess that was looked at.
		if o.Confidence >= worded {
			c.releaseAccounts()
		}
		c.releaseSource(fullWeight - quarter)
	case recognize.Unknown:
		c.unknown(o)
	default:
		c.releaseAccounts()
		c.releaseSource(fullWeight - quarter)
	}
	return s
}

// revised settles an attempt that the answer shows to have been something else:
// no login and no guess at an account. An account that was created counts as one.
func (c *admission) revised(o recognize.Outcome) (s Settlement) {
	r := &c.a.reserved
	c.releaseAccounts()
	if c.a.Basic || o.Result == recognize.Success {
		c.releaseSource(fullWeight)
	} else {
		// An answer that shows nothing of a guess may still be all that a wrong
		// password gets: it weighs like one that is unknown.
		c.releaseSource(fullWeight - quarter)
	}
	if c.a.Basic && r.n > 0 {
		s.Repeat = c.repeats(&r.accounts[0]) // told once, not with every picture
	}
	if o.Kind == config.KindSignup && o.Result == recognize.Success && !r.exempt {
		c.m.sources.Update(r.source, c.now, func(e *sourceEvidence, _ bool) {
			e.signups.Add(c.now, seconds(c.p.thresholds.Signups.Window), fullWeight)
		})
	}
	c.decideProbation(o, &s)
	return s
}

// unknown keeps a quarter for the source, all of it if the client did not wait
// for the answer, and none if there was no answer to wait for.
func (c *admission) unknown(o recognize.Outcome) {
	switch {
	case o.Aborted:
	case o.Upstream && c.mayRefund():
		c.release(fullWeight)
	case o.Upstream:
	default:
		c.releaseAccounts()
		c.releaseSource(fullWeight - quarter)
	}
}

func (c *admission) mayRefund() (may bool) {
	c.m.sources.Update(c.a.reserved.source, c.now, func(e *sourceEvidence, _ bool) {
		if e.upstream.Value(c.now, upstreamRefunds.window) < upstreamRefunds.n*fullWeight {
			e.upstream.Add(c.now, upstreamRefunds.window, fullWeight)
			may = true
		}
	})
	return may
}

// failed keeps the reservation. A failure that may be a misreading weighs a
// quarter for the source and nothing for the account. It reports whether an
// attack on the site begins with it.
func (c *admission) failed(sure bool) (attack bool) {
	r := &c.a.reserved
	if !sure {
		c.releaseAccounts()
		c.releaseSource(fullWeight - quarter)
		return false
	}
	if r.signup {
		c.release(fullWeight)
	}
	if r.hidden {
		return false
	}
	if r.guess {
		c.deviceFailed()
		attack = c.strangerFailed()
	}
	if r.repeat {
		return attack
	}
	if r.sourceCharged {
		c.failedHastily()
	}
	if r.n > 0 {
		c.m.sources.View(r.source, func(e *sourceEvidence) { e.failed.Add(r.accounts[0].hash()) })
	}
	return attack
}

// decideProbation renews the sanction of a source that fails the one attempt
// it was given, and lets the next one come otherwise.
func (c *admission) decideProbation(o recognize.Outcome, s *Settlement) {
	if !c.a.reserved.probation {
		return
	}
	c.a.reserved.probation = false
	switch {
	case o.Result == recognize.Failure || o.Aborted:
	case o.Result == recognize.Unknown && !o.Upstream:
		// Nothing was learned: the next one may come after ProbeTimeout, or
		// answers that cannot be read would make a probation a free pass.
		return
	default:
		c.m.ladder.Pass(c.a.reserved.source)
		return
	}
	terms := c.terms(c.p.thresholds.Ban.Std())
	hit := c.m.ladder.Fail(c.a.reserved.source, c.now, terms.First, terms.Cap)
	if hit.State == sanction.Held {
		s.Detection, s.Sanction, s.Until = hit.Detection, hit.ID, hit.Until.Time()
		s.Reason = "the first attempt after a sanction failed: it is renewed, for longer"
	}
}
