package detector

import (
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/rules"
)

// Admit decides whether the attempt may reach the app, and counts it as a
// failure beforehand if so. In mode observe the verdict is carried in
// Verdict.Would and the attempt is let through; it is then not counted, as it
// would not have been had it been refused.
func (d *Detector) Admit(now time.Time, p *Policy, site *Site, a *Attempt) Verdict {
	m := d.memory.Load()
	mode := d.Mode(now, p)
	if m == nil || site == nil || mode == config.ModeOff {
		return Verdict{Answer: config.AnswerAllow}
	}
	c := admission{d: d, m: m, p: p, site: site, a: a, time: now, now: evidence.ToSeconds(now), class: a.Kind.Class()}
	if site.policy.Load() != p {
		site.policy.Store(p)
	}
	c.prepare(mode)
	c.lookForMachine()
	v := c.decide()
	if a.Solved && v.Answer == config.AnswerChallenge && v.Detection != config.ResetFlood {
		// Solving lifts one step. What would ask again for ever is a limit. Resets
		// have twice the number then, and are never closed.
		v.Answer, v.Reason = config.AnswerLimit, v.Reason.And("a challenge was solved already")
	}
	c.noteRefusal(&v)
	return carryOut(v, c.spare(mode, v), site)
}

// carryOut applies the mode to a verdict.
func carryOut(v Verdict, mode config.Mode, site *Site) Verdict {
	site.attempts.Add(1)
	if v.Would != "" {
		site.would.Add(1)
	}
	if v.LetsThrough() && v.Answer != config.AnswerDelay {
		return v
	}
	if mode == config.ModeObserve {
		site.would.Add(1)
		v.Would, v.Answer, v.Wait = v.Answer, config.AnswerAllow, 0
		return v
	}
	if v.LetsThrough() {
		return v
	}
	site.refused.Add(1)
	return v
}

// admission is one run of Admit.
type admission struct {
	d       *Detector
	m       *memory
	p       *Policy
	site    *Site
	a       *Attempt
	time    time.Time
	now     evidence.Seconds
	class   config.Class
	factor  int // of the thresholds, because of a gentle start
	tight   bool
	would   rules.Detection
	due     rules.Detection // it fired, and its answer is delay
	lenient bool

	keySpace [2]evidence.Key
}

// decide asks, from the cheapest to the dearest: the operator's entries,
// running sanctions, address lists, plain limits, then the rules on evidence.
func (c *admission) decide() Verdict {
	if v, done := c.operator(); done {
		return v
	}
	if v, done := c.sanctions(); done {
		return v
	}
	if v, done := c.crowd(); done {
		c.letGo()
		return v
	}
	listed, done := c.lists()
	if done {
		c.letGo()
		return listed
	}
	if v, done := c.limits(); done {
		c.letGo()
		return v
	}
	if v, done := c.strangers(); done {
		c.letGo()
		return v
	}
	if v, done := c.floods(); done {
		c.letGo()
		return v
	}
	if v, done := c.reserve(); done {
		c.letGo()
		return v
	}
	return c.tell(listed)
}
