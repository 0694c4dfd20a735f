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
func (d *Detector) Admit(now time.Time, p *Policy, site *Site, a *Attempt) (v Verdict) {
	m := d.memory.Load()
	mode := d.Mode(now, p)
	if m == nil || site == nil || mode == config.ModeOff {
		v.Answer = config.AnswerAllow
		return v
	}
	c := admission{d: d, m: m, p: p, site: site, a: a, time: now, now: evidence.ToSeconds(now), class: a.Kind.Class()}
	if site.policy.Load() != p {
		site.policy.Store(p)
	}
	c.prepare(mode)
	c.lookForMachine()
	c.decide(&v)
	if a.Solved && v.Answer == config.AnswerChallenge && v.Detection != config.ResetFlood {
		// Solving lifts one step. What would ask again for ever is a limit. Resets
		// have twice the number then, and are never closed.
		v.Answer, v.Reason = config.AnswerLimit, v.Reason.And("a challenge was solved already")
	}
	c.noteRefusal(&v)
	carryOut(&v, c.spare(mode, &v), site)
	return v
}

// carryOut applies the mode to a verdict.
func carryOut(v *Verdict, mode config.Mode, site *Site) {
	site.attempts.Add(1)
	if v.Would != "" {
		site.would.Add(1)
	}
	if v.LetsThrough() && v.Answer != config.AnswerDelay {
		return
	}
	if mode == config.ModeObserve {
		site.would.Add(1)
		v.Would, v.Answer, v.Wait = v.Answer, config.AnswerAllow, 0
		return
	}
	if !v.LetsThrough() {
		site.refused.Add(1)
	}
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
// running sanctions, address lists, plain limits, then the rules on evidence. Each
// reports whether it has decided, and only then, but for a list that tags,
// writes the verdict.
func (c *admission) decide(v *Verdict) {
	if c.operator(v) || c.sanctions(v) {
		return
	}
	if c.crowd(v) || c.lists(v) || c.limits(v) || c.strangers(v) || c.floods(v) || c.reserve(v) {
		c.letGo()
		return
	}
	c.tell(v)
}
