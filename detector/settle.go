package detector

import (
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/recognize"
	"github.com/doorward/doorward/detector/risk"
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

// basicWindow is how long the same accepted Basic or Digest credentials are
// one login.
const basicWindow = evidence.Seconds(10 * time.Minute / time.Second)

// Settle learns the outcome of an attempt that was admitted: what did not fail
// is taken back. It must be called once for each attempt that was let through.
func (d *Detector) Settle(now time.Time, p *Policy, site *Site, a *Attempt, o recognize.Outcome) Settlement {
	m := d.memory.Load()
	if m == nil || site == nil || a.reserved.route == nil {
		return Settlement{}
	}
	a.reserved.route.learn(o, a.Uninspectable)
	c := admission{
		d: d, m: m, p: p, site: site, a: a, time: now, now: evidence.ToSeconds(now),
		class: a.Kind.Class(), lenient: a.reserved.lenient,
	}
	s := c.settle(o)
	a.reserved.held = false
	return s
}

func (c *admission) settle(o recognize.Outcome) (s Settlement) {
	switch o.Result {
	case recognize.Success:
		s = c.succeeded(o)
	case recognize.Failure:
		c.failed(c.a.Declared || o.Confidence >= sureEnough)
	case recognize.Challenge:
		c.release(fullWeight)
	case recognize.Rejected:
		c.releaseAccounts()
	case recognize.Unknown:
		c.unknown(o)
	default:
		c.releaseAccounts()
		c.releaseSource(fullWeight - quarter)
	}
	c.decideProbation(o, &s)
	if !s.Seen {
		s.Seen = c.d.Seen(c.a)
	}
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
// quarter for the source and nothing for the account.
func (c *admission) failed(sure bool) {
	r := &c.a.reserved
	if !sure {
		c.releaseAccounts()
		c.releaseSource(fullWeight - quarter)
		return
	}
	if r.signup {
		c.release(fullWeight)
	}
	if r.n == 0 || r.exempt || r.repeat {
		return
	}
	c.m.sources.View(r.source, func(e *sourceEvidence) { e.failed.Add(r.accounts[0].hash()) })
}

// succeeded takes the reservation back and, on a confirmed route, lets the
// success earn something: the pair begins afresh and becomes familiar. It earns
// nothing where the app may have let in somebody else than was read: an
// attacker would log in to his own account with the victim's name beside it. A
// completed reset opens the account; that one was asked for proves nothing.
func (c *admission) succeeded(o recognize.Outcome) (s Settlement) {
	r := &c.a.reserved
	s.Score = c.score()
	if r.signup {
		r.held = false // an account was created: that is what is counted
	}
	c.release(fullWeight)
	if r.n == 0 {
		return s
	}
	earns := r.route.confirmed() && (c.a.Declared || o.Confidence >= sureEnough) && !c.a.unclear()
	if c.a.Kind == config.KindReset && earns {
		c.open(&r.accounts[0])
		return s
	}
	if c.a.Kind != config.KindLogin {
		return s
	}
	s.Repeat = c.repeats(&r.accounts[0])
	if s.Repeat || !earns {
		return s
	}
	c.enter(&r.accounts[0])
	s.Seen = true
	if s.Score >= risk.Takeover {
		s.Detection = config.Takeover
		s.Reason = "a login succeeded after many failures for this account or from this source"
	}
	return s
}

// repeats records a success and reports whether it only repeats the last one:
// Basic and Digest credentials come with every request, and a page with fifty
// pictures is one login.
func (c *admission) repeats(account *accountReservation) (repeat bool) {
	tag := c.a.reserved.tag
	c.m.pairs.Update(account.pair, c.now, func(e *pairEvidence, _ bool) {
		repeat = c.a.Basic && e.entered != 0 && e.with == tag && c.now < e.entered+basicWindow
		if !repeat {
			e.entered, e.with = c.now, tag
		}
	})
	return repeat
}

// enter lets a login on a confirmed route earn what it may: the pair begins
// afresh and is familiar from now on.
func (c *admission) enter(account *accountReservation) {
	r := &c.a.reserved
	begin := func(e *pairEvidence, _ bool) {
		*e = pairEvidence{success: c.now, entered: c.now, with: r.tag}
	}
	c.m.pairs.Update(account.pair, c.now, begin)
	if c.a.Client != 0 {
		c.m.pairs.Update(c.m.hasher.ClientPair(c.site.id, account.pseudonym, c.a.Client), c.now, begin)
	}
	c.m.accounts.Update(account.account, c.now, func(e *accountEvidence, _ bool) {
		e.success, e.name = c.now, r.nameTag()
		if r.familiar {
			e.opened = c.now
		}
	})
	c.m.sources.Update(r.source, c.now, func(e *sourceEvidence, _ bool) {
		e.age(c.now)
		e.entered.Add(account.hash())
	})
	c.site.peers.login(&c.a.Source, account.hash())
}

// open lets every closed pair of the account try again: its owner has proved
// himself by a completed reset.
func (c *admission) open(account *accountReservation) {
	c.m.accounts.Update(account.account, c.now, func(e *accountEvidence, _ bool) { e.opened = c.now })
}

func (c *admission) score() float64 {
	r := &c.a.reserved
	if r.n == 0 || c.a.Kind != config.KindLogin {
		return 0
	}
	signs := risk.Signs{Familiar: r.familiar, Listed: c.a.Source.Listed()}
	t := &c.p.thresholds
	c.m.accounts.View(r.accounts[0].account, func(e *accountEvidence) {
		signs.Guesses = e.guesses.Value(c.now, seconds(t.Account.Window)) / fullWeight
	})
	c.m.pairs.View(r.accounts[0].pair, func(e *pairEvidence) {
		signs.OwnGuesses = e.guesses.Value(c.now, seconds(t.Pair.Window))/fullWeight - 1
	})
	c.m.sources.View(r.source, func(e *sourceEvidence) {
		signs.SourceFailures = e.fails.Value(c.now, seconds(t.Source.Window)) / fullWeight
		signs.SourceNames = e.failed.Estimate()
	})
	return risk.Score(signs)
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

// release takes quarters back from every axis; the accounts are freed whole.
func (c *admission) release(quarters int) {
	c.releaseAccounts()
	c.releaseSource(quarters)
}

func (c *admission) releaseSource(quarters int) {
	r := &c.a.reserved
	if !r.held || !r.sourceCharged {
		return
	}
	r.sourceCharged = false
	t := &c.p.thresholds
	c.m.sources.View(r.source, func(e *sourceEvidence) {
		if r.signup {
			e.signups.Sub(c.now, seconds(t.Signups.Window), r.at, quarters)
			return
		}
		e.fails.Sub(c.now, seconds(t.Source.Window), r.at, quarters)
		e.slow.Sub(c.now, seconds(t.SourceSlow.Window), r.at, quarters)
	})
}

func (c *admission) releaseAccounts() {
	r := &c.a.reserved
	if !r.held {
		return
	}
	for i := range r.n {
		c.releaseAccount(&r.accounts[i])
	}
}

func (c *admission) releaseAccount(account *accountReservation) {
	r, t := &c.a.reserved, &c.p.thresholds
	if account.pairCharged {
		account.pairCharged = false
		window := seconds(c.pairRate().Window)
		c.m.pairs.View(account.pair, func(e *pairEvidence) {
			e.guesses.Sub(c.now, window, r.at, fullWeight)
			if account.pairTagged {
				e.tags.Remove(r.tag)
			}
		})
	}
	if account.accountCharged {
		account.accountCharged = false
		c.m.accounts.View(account.account, func(e *accountEvidence) {
			e.guesses.Sub(c.now, seconds(t.Account.Window), r.at, fullWeight)
			if account.accountTagged {
				e.tags.Remove(r.tag)
			}
		})
	}
}

// Score rates an attempt as a takeover without learning or counting it: how
// suspicious a success would be.
func (d *Detector) Score(now time.Time, p *Policy, site *Site, a *Attempt) float64 {
	m := d.memory.Load()
	if m == nil || site == nil {
		return 0
	}
	probe := *a
	c := admission{d: d, m: m, p: p, site: site, a: &probe, time: now, now: evidence.ToSeconds(now), class: a.Kind.Class()}
	c.identify()
	if n := &probe.reserved; n.n > 0 {
		m.pairs.View(n.accounts[0].pair, func(e *pairEvidence) { n.familiar = e.familiar(c.now) })
	}
	return c.score()
}
