package detector

import (
	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/rules"
)

// floodEvidence counts what is neither a guess at a password nor a new account:
// requests for a reset, codes of a second factor, logins that lack a password;
// and how fast a source fails, see cadence.go.
type floodEvidence struct {
	requests evidence.Counter
}

// The axes of floods among evidence keys.
const (
	axisResetSource byte = iota + 0x10
	axisResetAccount
	axisCode
	axisCadence
	axisMissing
)

func rankFlood(f *floodEvidence, now evidence.Seconds) uint32 {
	return uint32(f.requests.Value(now, day))
}

// floods counts requests for a reset by source and by account, and codes of a
// second factor by account and source. What is refused or challenged is not
// counted: otherwise eleven requests an hour, none of them solved, would keep the
// owner from his reset even after a challenge. What was asked for is not taken back:
// the app answers every request for a reset alike.
func (c *admission) floods(v *Verdict) bool {
	r := &c.a.reserved
	if r.exempt {
		return false
	}
	var fired rules.Detection
	switch {
	case c.a.Kind == config.KindResetRequest:
		fired = c.resets()
	case c.a.Kind == config.KindMFA:
		fired = c.codes()
	case c.a.Missing && c.a.Kind == config.KindLogin:
		fired = c.missing()
	}
	if fired.Fired() && c.fires(c.enforced(fired), fired) {
		*v = c.refuse(fired)
		return true
	}
	return false
}

// resets counts one request for a reset. A flood of mails to one account is
// kept from everybody but those who logged in to it before; the owner asks from
// where he logs in.
func (c *admission) resets() rules.Detection {
	r, t := &c.a.reserved, c.thresholds()
	n := t.Resets.N * c.factor
	if r.resident {
		n *= 5
	}
	fired := c.flood(c.resetSourceKey(), t.Resets, func(requests int) rules.Detection {
		return rules.Resets(requests, n, config.AxisSource, t.Resets, c.a.Solved)
	})
	if fired.Fired() || r.n == 0 {
		return fired
	}
	return c.flood(c.resetAccountKey(), t.AccountResets, func(requests int) rules.Detection {
		return rules.Resets(requests, t.AccountResets.N*c.factor, config.AxisAccount, t.AccountResets, c.a.Solved)
	})
}

func (c *admission) resetSourceKey() evidence.Key {
	return c.m.hasher.NumberPair(c.site.id, axisResetSource, [16]byte{}, c.a.reserved.source)
}

// resetAccountKey is that of all strangers together, or of the source alone if
// the account knows who asks.
func (c *admission) resetAccountKey() evidence.Key {
	r := &c.a.reserved
	if r.standing >= familiar {
		return c.m.hasher.NumberPair(c.site.id, axisResetAccount, r.accounts[0].pseudonym, r.source)
	}
	return c.m.hasher.Number(c.site.id, axisResetAccount, r.accounts[0].hash())
}

// codeSources is how many times the codes of one source strangers together may
// try for one account: who knows the password and has many addresses must not
// have as many guesses at the second factor.
const codeSources = 3

// codes counts one code of a second factor, by account and source, and for
// strangers by account.
func (c *admission) codes() rules.Detection {
	r, t := &c.a.reserved, c.thresholds()
	fired := c.flood(c.codeKey(), t.Codes, func(codes int) rules.Detection {
		return rules.Codes(codes, t.Codes.N*c.factor, config.AxisPair, t.Codes)
	})
	if fired.Fired() || r.n == 0 || r.standing >= familiar {
		return fired
	}
	return c.flood(c.codesOfAccountKey(), t.Codes, func(codes int) rules.Detection {
		return rules.Codes(codes, codeSources*t.Codes.N*c.factor, config.AxisAccount, t.Codes)
	})
}

func (c *admission) codesOfAccountKey() evidence.Key {
	return c.m.hasher.Number(c.site.id, axisCode, c.a.reserved.accounts[0].hash())
}

func (c *admission) codeKey() evidence.Key {
	r := &c.a.reserved
	if r.n == 0 {
		return c.m.hasher.NumberPair(c.site.id, axisCode, [16]byte{}, r.source)
	}
	return c.m.hasher.NumberPair(c.site.id, axisCode, r.accounts[0].pseudonym, r.source)
}

// codeAccepted takes back what the codes of a login that was completed counted.
// Where the request does not tell whose code it is, that is this one only: a code
// of the attacker's own account must not pay for guesses at others.
func (c *admission) codeAccepted() {
	r := &c.a.reserved
	c.m.floods.View(c.codeKey(), func(f *floodEvidence) {
		if r.n > 0 {
			f.requests = evidence.Counter{}
			return
		}
		f.requests.Sub(c.now, seconds(c.p.thresholds.Codes.Window), r.at, fullWeight)
	})
}

// flood counts a request unless rule, which is asked with it, fires.
func (c *admission) flood(key evidence.Key, rate config.Rate, rule func(quarters int) rules.Detection) (fired rules.Detection) {
	window := seconds(rate.Window)
	c.m.floods.Update(key, c.now, func(f *floodEvidence, _ bool) {
		if fired = rule(f.requests.Value(c.now, window) + fullWeight); !fired.Fired() {
			f.requests.Add(c.now, window, fullWeight)
		}
	})
	return fired
}
