package detector

import (
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/recognize"
	"github.com/doorward/doorward/detector/rules"
)

// Logins without a password or a user name are counted by source. Nothing is
// guessed with them, so nothing else is ever refused for them and no sanction
// begins; the answer is 400, as an app gives it. What did not fail is taken back,
// and a route where such a request ever got in is left alone: there a field has a
// name that nobody told. The counts are kept with those of floods.

func (c *admission) missingKey() evidence.Key {
	return c.m.hasher.NumberPair(c.site.id, axisMissing, [16]byte{}, c.a.reserved.source)
}

// missing counts one such login.
func (c *admission) missing() rules.Detection {
	r, rate := &c.a.reserved, c.thresholds().Missing
	if r.vouched || r.machine || r.route.emptyIn.Load() {
		return rules.Detection{}
	}
	return c.flood(c.missingKey(), rate, func(quarters int) rules.Detection {
		return rules.Missing(quarters, c.factor, rate)
	})
}

// settleMissing takes back what was none. The app says that a field is missing,
// or it says what it says to every wrong password.
func (c *admission) settleMissing(o recognize.Outcome) {
	if !c.a.Missing || o.Result == recognize.Failure || o.Result == recognize.Malformed || o.Aborted {
		return
	}
	if o.Result == recognize.Success {
		c.a.reserved.route.emptyIn.Store(true)
	}
	c.m.floods.View(c.missingKey(), func(f *floodEvidence) {
		f.requests.Sub(c.now, seconds(c.p.thresholds.Missing.Window), c.a.reserved.at, fullWeight)
	})
}

// onlyMissing refuses this request, until fewer like it were sent.
func (c *admission) onlyMissing(v Verdict) Verdict {
	rate := c.thresholds().Missing
	opens := c.now
	c.m.floods.View(c.missingKey(), func(f *floodEvidence) {
		opens = f.requests.Below(c.now, seconds(rate.Window), (rate.N*c.factor-1)*fullWeight)
	})
	v.Until, v.Malformed = opens.Time(), true
	return v
}
