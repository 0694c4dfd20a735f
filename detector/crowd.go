package detector

import (
	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/rules"
)

// crowd refuses a stranger whose request names more identities than one request
// may be charged to, and counts all its guesses for the source. Nobody who
// belongs sends one: a source from which accounts have logged in is let
// through, charged all the same.
func (c *admission) crowd(v *Verdict) bool {
	r := &c.a.reserved
	if !c.a.Crowd || r.exempt {
		return false
	}
	known := false
	c.m.sources.View(r.source, func(e *sourceEvidence) { known = e.entered.Estimate() > 0 })
	if known {
		return false
	}
	fired := rules.Crowd(c.a.Guesses)
	if c.p.observes(string(fired.Name), c.class) {
		c.would = fired
		return false
	}
	t := &c.p.thresholds
	c.m.sources.Update(r.source, c.now, func(e *sourceEvidence, _ bool) {
		e.age(c.now)
		e.fails.Add(c.now, seconds(t.Source.Window), r.full())
		e.slow.Add(c.now, seconds(t.SourceSlow.Window), r.full())
	})
	*v = Verdict{
		Answer: config.AnswerBlock, Detection: fired.Name, Rule: fired.Rule, Axis: fired.Axis,
		Reason: reasonOf(fired), Malformed: true,
	}
	return true
}
