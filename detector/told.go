package detector

import (
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/rules"
	"github.com/doorward/doorward/detector/sanction"
)

// refuses reports whether the answer to a detection keeps the attempt from the
// app. It notes a delay that is due.
func (c *admission) refuses(fired rules.Detection) bool {
	if c.p.observes(string(fired.Name), c.class) || c.spares(fired) || c.sparesMachine(fired) {
		return false
	}
	answer, _ := c.p.detection(fired.Name, c.class)
	if answer == config.AnswerDelay && !c.due.Fired() {
		c.due = fired
	}
	return !answer.LetsThrough()
}

// tell finishes the verdict on an attempt that is let through: by what it bears
// because of a list, and by the detections that fired and do not refuse it.
// What the operator answers with allow or tag is carried out on a gentle route
// as well: it refuses nobody. A delay is carried out at the thresholds that
// hold, and longer the further beyond them the evidence is.
func (c *admission) tell(v *Verdict) {
	fired := c.would
	if c.due.Fired() {
		fired = c.due
	}
	if !fired.Fired() {
		return
	}
	answer, _ := c.p.detection(fired.Name, c.class)
	observed := c.p.observes(string(fired.Name), c.class)
	wait := v.Wait
	*v = Verdict{
		Answer: v.Answer, Detection: fired.Name, Rule: fired.Rule, Axis: fired.Axis, Reason: reasonOf(fired),
		Wait: wait, Lenient: c.lenient && !observed,
	}
	if c.spares(fired) {
		v.Reason = v.Reason.And(c.sparedBecause())
	}
	switch {
	case observed:
		v.Would = answer
	case c.due.Fired():
		v.Answer, v.Wait = answer, max(wait, c.p.wait(fired.Count-fired.Limit))
	case answer == config.AnswerDelay || !answer.LetsThrough():
		v.Would = answer
	case answer.Harder(v.Answer): // a list may have marked it already
		v.Answer = answer
	}
}

// overlooks reports whether a sanction is not carried out because the operator
// only observes what led to it: the line may have come after the sanction.
func (c *admission) overlooks(hit sanction.Hit, axis config.Axis) bool {
	if hit.State == sanction.Free || !hit.Classes.Has(c.class) || !c.p.observes(string(hit.Detection), c.class) {
		return false
	}
	if hit.State == sanction.Held && !c.would.Fired() {
		c.would = rules.Detection{Name: hit.Detection, Axis: axis, Rule: sanctionRule, Count: hit.Count, Limit: hit.Limit}
	}
	return true
}

// wait is how long an attempt is held that is the nth beyond a threshold: the
// first wait, doubled n-1 times, at most the longest.
func (p *Policy) wait(n int) time.Duration {
	d := p.config.Delay
	wait, longest := d.First.Std(), d.Longest.Std()
	for ; n > 1 && wait < longest; n-- {
		wait *= 2
	}
	return min(wait, longest)
}

// Withdraw takes an attempt back that Admit answered with delay and that never
// reached the app: too many were being held, or its client is gone. Nothing was
// guessed, so nothing is counted. It must not be settled.
func (d *Detector) Withdraw(now time.Time, p *Policy, site *Site, a *Attempt) {
	m := d.memory.Load()
	if m == nil || site == nil || a.reserved.route == nil {
		return
	}
	c := admission{
		d: d, m: m, p: p, site: site, a: a, time: now, now: evidence.ToSeconds(now),
		class: a.Kind.Class(), lenient: a.reserved.lenient,
	}
	c.release(fullWeight)
	a.reserved.held = false
	c.letGo()
}

// Overflow withdraws an attempt that was to be held when no more can be, and
// returns the verdict that is carried out instead: limit, for as long as the
// attempt would have been held.
func (d *Detector) Overflow(now time.Time, p *Policy, site *Site, a *Attempt, v Verdict) Verdict {
	d.Withdraw(now, p, site, a)
	if site != nil {
		site.refused.Add(1)
	}
	v.Until, v.Answer, v.Wait = now.Add(v.Wait), config.AnswerLimit, 0
	v.Reason = v.Reason.And("as many requests as may be held are held already")
	return v
}
