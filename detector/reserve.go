package detector

import (
	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/rules"
)

// reserve counts the attempt as a failure on every axis, or takes everything
// back and refuses.
func (c *admission) reserve(v *Verdict) bool {
	r := &c.a.reserved
	r.signup = c.a.Kind == config.KindSignup && !r.guess
	if !r.guess && !r.signup {
		return false
	}
	r.held = true
	fired := c.unreadable()
	if !fired.Fired() {
		fired = c.reserveAll()
	}
	if !fired.Fired() {
		return false
	}
	c.release(fullWeight)
	r.held = false
	*v = c.refuse(fired)
	return true
}

// unreadable asks about a login whose body could not be read.
func (c *admission) unreadable() rules.Detection {
	r := c.a.reserved.route
	if !c.a.Uninspectable || c.a.Kind != config.KindLogin || !r.confirmed() || c.a.reserved.familiar {
		return rules.Detection{}
	}
	unread := r.unread.Add(1)
	fired := rules.Uninspectable(r.attempts.Load()-unread, r.unreadIn.Load())
	var enforced rules.Detection
	if !c.lenient {
		enforced = fired
	}
	if c.fires(enforced, fired) {
		return enforced
	}
	return rules.Detection{}
}

func (c *admission) reserveAll() (fired rules.Detection) {
	r := &c.a.reserved
	if r.signup {
		if fired = c.signupFlood(); fired.Fired() && c.fires(c.enforced(fired), fired) {
			return fired
		}
	}
	if !r.signup {
		repeats := 0
		for i := range r.n {
			account := &r.accounts[i]
			fired = c.chargePair(account)
			if fired.Fired() {
				return fired
			}
			if !account.pairCharged {
				repeats++
				continue
			}
			if fired = c.chargeAccount(account); fired.Fired() {
				return fired
			}
		}
		r.repeat = r.n > 0 && repeats == r.n
	}
	if r.hidden || r.repeat || r.vouched {
		return rules.Detection{}
	}
	return c.chargeSource()
}

// fires notes what the rules say and reports whether the attempt is refused.
// enforced is the verdict at the thresholds that hold, strict the one at the
// thresholds without a gentle start. An attempt on probation is not measured
// by what its source did before the sanction: its own outcome decides.
func (c *admission) fires(enforced, strict rules.Detection) bool {
	if c.a.reserved.probation && enforced.Axis == config.AxisSource {
		return false
	}
	if enforced.Fired() && c.refuses(enforced) {
		return true
	}
	if strict.Fired() && !c.would.Fired() {
		c.would = strict
	}
	return false
}
