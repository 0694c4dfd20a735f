package detector

import (
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/rules"
)

// When what was refused may be tried again. Evidence fades or leaves its window,
// so that can be computed, if nobody adds to it until then; where others may have
// to stop first it is the earliest such moment.

// strangerMayTry is when a rule about strangers will let the same attempt pass. The
// credentials that it refused stay refused for a while of their own, unless a
// challenge is solved.
func (c *admission) strangerMayTry(fired rules.Detection) time.Time {
	opens := c.now
	switch {
	case fired.Axis == config.AxisPrefix:
		opens = c.contactsFade()
	case fired.Axis == config.AxisNetwork:
		opens = min(c.site.surge.ends(c.now), c.hostilityFades())
	case fired.Rule != rules.RefusedRule:
		opens = c.site.popular.Below(c.a.Credential, c.p.thresholds.Spray.N, c.now)
	}
	if r := &c.a.reserved; c.a.Credential != 0 && !c.a.Solved {
		for i := range r.n {
			opens = max(opens, c.site.refusedOnce.Until(c.credentialHash(&r.accounts[i]), c.now))
		}
	}
	return max(opens, c.now+1).Time()
}

// contactsFade is when the first contacts of a network or provider will be below
// the limit.
func (c *admission) contactsFade() (opens evidence.Seconds) {
	opens = c.now
	keys, n := c.contactNetworks()
	for i := range n {
		limit := rules.ContactsPass(float64(c.thresholds().Contacts.N) * networkContacts[i])
		c.m.networks.View(keys[i], func(e *networkEvidence) {
			if e.sources.Distinct() >= networkSources {
				opens = max(opens, e.contact.Until(c.now, contactFade, limit)+1)
			}
		})
	}
	return opens
}

// hostilityFades is when the network will have failed no more than people do.
func (c *admission) hostilityFades() (opens evidence.Seconds) {
	c.m.networks.View(c.a.reserved.class, func(n *networkEvidence) { opens = n.fades(c.now) })
	return max(opens, c.now)
}

// fades is when hostile and wasteful will be false.
func (n *networkEvidence) fades(now evidence.Seconds) evidence.Seconds {
	opens := now
	for _, x := range [...]struct {
		fails, logins evidence.Decay
		odds, start   float64
	}{{n.bad, n.good, hostileOdds, hostileHeadStart}, {n.wasted, n.solved, hostileOdds, wastedHeadStart}} {
		var rest evidence.Decay // both fade alike, and so does what is left
		rest.Add(now, networkFade, x.fails.Value(now, networkFade)-x.odds*x.logins.Value(now, networkFade), 0)
		opens = max(opens, rest.Until(now, networkFade, x.start))
	}
	return opens
}

// floodOpens is when a reset may be asked for, or a code tried, again. Which of the
// counts it was, the rule tells.
func (c *admission) floodOpens(fired rules.Detection) time.Time {
	key := c.floodKey(fired)
	opens := c.now
	c.m.floods.View(key, func(f *floodEvidence) {
		opens = f.requests.Below(c.now, evidence.Seconds(fired.Window/time.Second), (fired.Limit-1)*fullWeight)
	})
	return max(opens, c.now+1).Time()
}

func (c *admission) floodKey(fired rules.Detection) evidence.Key {
	switch {
	case fired.Name == config.ResetFlood && fired.Axis == config.AxisSource:
		return c.resetSourceKey()
	case fired.Name == config.ResetFlood:
		return c.resetAccountKey()
	case fired.Axis == config.AxisAccount:
		return c.codesOfAccountKey()
	}
	return c.codeKey()
}
