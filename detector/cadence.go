package detector

import (
	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
)

// Robot cadence: failures of one source within seconds. They are counted when
// they are known, not beforehand, because a class at school that logs in all at
// once has many attempts under way and does not fail; what comes at once is for
// the reservation of threshold source. Repeats of the same wrong password do not
// count, nobody whom the account knows is asked, and no machine is refused.
//
// The counts live for seconds and are kept with those of floods, so that a source
// takes no more memory for them.

func (m *memory) cadenceKey(source evidence.Key) evidence.Key {
	return m.hasher.NumberPair(0, axisCadence, [16]byte{}, source) // the source's key is of one site
}

// hasty is how many quarters of failures the source has had within the window.
func (c *admission) hasty(rate config.Rate) (quarters int) {
	if !c.a.reserved.failing || c.a.reserved.signup {
		return 0
	}
	c.m.floods.View(c.m.cadenceKey(c.a.reserved.source), func(f *floodEvidence) { quarters = f.requests.Value(c.now, seconds(rate.Window)) })
	return quarters
}

// failedHastily counts a failure that its source is charged with.
func (c *admission) failedHastily() {
	c.m.floods.Update(c.m.cadenceKey(c.a.reserved.source), c.now, func(f *floodEvidence, _ bool) {
		f.requests.Add(c.now, seconds(c.p.thresholds.Cadence.Window), c.a.reserved.full())
	})
}
