package detector

import (
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/risk"
)

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
	return c.score()
}
