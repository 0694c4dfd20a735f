package detector

import (
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/rules"
	"github.com/doorward/doorward/detector/sanction"
)

// sharedCap is the longest sanction on a source that several accounts have
// logged in from: an office or a carrier, where one bot must not lock hundreds
// of customers out for a day.
const sharedCap = time.Hour

// refuse turns a detection into a verdict and, where it lasts, a sanction.
func (c *admission) refuse(fired rules.Detection) Verdict {
	answer, first := c.p.detection(fired.Name, c.class)
	answer = c.soften(fired.Name, answer)
	v := Verdict{
		Answer: answer, Detection: fired.Name, Rule: fired.Rule, Axis: fired.Axis,
		Reason: reasonOf(fired), Lenient: c.lenient,
	}
	if fired.Name == config.ResetFlood || fired.Name == config.CodeGuessing {
		// A flood of these closes nothing: some are let through in every window,
		// and who asks for a reset may still log in (H3).
		v.Until = c.floodOpens(fired)
		return v
	}
	if fired.Name == config.MissingCredentials {
		return c.onlyMissing(v)
	}
	if c.a.reserved.machine {
		return c.onlyWait(v)
	}
	if fired.Axis == config.AxisSource && c.a.Source.Critical == CriticalLoopback {
		return c.onlyLimit(v, fired)
	}
	terms := c.terms(first)
	terms.Answer, terms.Detection, terms.Count, terms.Limit = answer, fired.Name, fired.Count, fired.Limit
	c.last(&v, fired, terms)
	return v
}

// last imposes a sanction for what is about a source or a pair, and tells until
// when all else holds.
func (c *admission) last(v *Verdict, fired rules.Detection, terms sanction.Terms) {
	switch fired.Axis {
	case config.AxisSource:
		terms.Classes = sanction.LoginAndSignup
		if fired.Name == config.SignupFlood {
			terms.Classes = sanction.Signup
		}
		c.impose(v, c.a.reserved.source, terms)
	case config.AxisPair:
		if c.a.reserved.familiar {
			v.Until = c.time.Add(fired.Window)
			break
		}
		terms.Classes = sanction.Login
		if !c.lenient {
			terms.Sliding, terms.First = true, sanction.QuietPair
		}
		for i := range c.a.reserved.n {
			if c.exhausted(&c.a.reserved.accounts[i]) {
				c.impose(v, c.a.reserved.accounts[i].pair, terms)
			}
		}
	case config.AxisAccount:
		v.Until = c.accountOpens()
	case config.AxisNetwork, config.AxisPrefix, config.AxisCredential:
		// Nothing is imposed: the next attempt is judged by what is known then.
		v.Until = c.strangerMayTry(fired)
	}
}

func (c *admission) impose(v *Verdict, key evidence.Key, terms sanction.Terms) {
	hit := c.m.ladder.Impose(key, c.now, terms)
	v.Sanction, v.Until, v.Imposed = hit.ID, hit.Until.Time(), v.Imposed || hit.Begun
}

// exhausted reports whether this pair has no guess left.
func (c *admission) exhausted(account *accountReservation) (full bool) {
	rate := c.p.thresholds.Pair
	c.m.pairs.View(account.pair, func(e *pairEvidence) {
		after := e.guesses.Value(c.now, seconds(rate.Window)) + fullWeight
		full = rules.Pair(after, c.factor, rate).Fired()
	})
	return full
}

// accountOpens is when a stranger may try the account again.
func (c *admission) accountOpens() time.Time {
	rate := c.p.thresholds.Account
	opens := c.now
	for i := range c.a.reserved.n {
		c.m.accounts.View(c.a.reserved.accounts[i].account, func(e *accountEvidence) {
			opens = max(opens, e.guesses.Below(c.now, seconds(rate.Window), (rate.N-1)*fullWeight))
		})
	}
	return opens.Time()
}

// terms are the length of a sanction on the source of the attempt.
func (c *admission) terms(first time.Duration) sanction.Terms {
	longest := max(c.p.thresholds.BanCap.Std(), first)
	// Only aged accounts make it shared: fifty that an attacker has made for the
	// purpose shorten nothing (H9).
	c.m.networks.View(c.a.reserved.source, func(n *networkEvidence) {
		if n.entered.Estimate() > sharedAccounts {
			longest = min(longest, max(sharedCap, first))
		}
	})
	if c.lenient {
		first, longest = min(first, gentleBan), min(longest, gentleBan)
	}
	return sanction.Terms{First: first, Cap: longest}
}
