package detector

import (
	"slices"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/sanction"
)

// Suspect tells whether a source that asks for a login or signup page should be
// challenged before it is shown: whether an attempt of class by a stranger from
// there would be. Nothing is counted, and nothing of it depends on a name: none
// was given yet. A verdict that lets through means no; Would never matters here.
func (d *Detector) Suspect(now time.Time, p *Policy, site *Site, s *Source, class config.Class) Verdict {
	m := d.memory.Load()
	allow := Verdict{Answer: config.AnswerAllow}
	if m == nil || site == nil || p.config.ChallengeOff {
		return allow
	}
	if mode := d.Mode(now, p); mode == config.ModeOff || mode == config.ModeObserve {
		return allow
	}
	entry := d.Book.Find(now, p.config.Name, s.Addr, class)
	if entry != nil && !(entry.Allow && s.Spoofable) || s.Critical.shielded() {
		return allow // blocked, which the attempt tells, or allowed
	}
	a := Attempt{Source: *s, Kind: config.KindLogin}
	a.Declared = slices.ContainsFunc(p.config.Routes, func(r config.Route) bool { return r.Kind.Class() == class })
	c := admission{d: d, m: m, p: p, site: site, a: &a, time: now, now: evidence.ToSeconds(now), class: class}
	c.lenient = d.Mode(now, p) == config.ModeGraduated && !site.routes.graduated(c.now, class)
	return c.suspectSource()
}

// suspectSource asks what does not depend on who the attempt is about.
func (c *admission) suspectSource() Verdict {
	r := &c.a.reserved
	r.source = c.m.sourceKey(c.site, c.a.Source.Addr)
	hit := c.m.ladder.Peek(r.source, c.now)
	if hit.State == sanction.Held && hit.Classes.Has(c.class) {
		if hit.Answer != config.AnswerChallenge || c.overlooks(hit, config.AxisSource) {
			return Verdict{Answer: config.AnswerAllow}
		}
		return sanctioned(hit, config.AxisSource)
	}
	var v Verdict
	if c.lists(&v) {
		return v
	}
	if c.class != config.ClassLogin || c.lenient {
		return Verdict{Answer: config.AnswerAllow}
	}
	return c.suspectNetwork()
}

func (c *admission) suspectNetwork() Verdict {
	r := &c.a.reserved
	if !c.site.surge.underAttack(c.now) {
		return Verdict{Answer: config.AnswerAllow}
	}
	r.network = c.m.hasher.Network(c.site.id, c.a.Source.Addr)
	c.m.sources.View(r.source, func(e *sourceEvidence) { r.resident = e.resident != 0 && c.now < e.resident+familiarFor })
	r.class, r.group = c.networkOf()
	fired := c.hostile()
	if !fired.Fired() || c.p.observes(string(fired.Name), c.class) {
		return Verdict{Answer: config.AnswerAllow}
	}
	answer, _ := c.p.detection(fired.Name, c.class)
	return Verdict{
		Answer: c.soften(fired.Name, answer), Detection: fired.Name, Rule: fired.Rule, Axis: fired.Axis, Reason: reasonOf(fired),
	}
}
