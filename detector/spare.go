package detector

import (
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/rules"
)

// Critical says why no rule shuts a source out; see config.Critical. The zero
// value is a source like any other.
type Critical string

// The reasons.
const (
	// CriticalLoopback is the machine's own address, from which a proxy or a
	// tunnel beside Caddy comes, and so perhaps everybody.
	CriticalLoopback Critical = "loopback"
	// CriticalPrivate is an address that no client on the internet has.
	CriticalPrivate Critical = "private range"
	// CriticalUpstream is the app's own address.
	CriticalUpstream Critical = "upstream of the site"
	// CriticalProxy is a proxy that Caddy trusts, with no client behind it.
	CriticalProxy Critical = "trusted proxy"
	// CriticalConfigured is a range of the line `critical`.
	CriticalConfigured Critical = "line `critical`"
	// CriticalUnknown is a connection without an address.
	CriticalUnknown Critical = "connection without an address"
)

// Repeat reports whether the attempt only repeats a wrong password that was tried
// before: no new guess.
func (a *Attempt) Repeat() bool { return a.reserved.repeat }

// Familiar reports whether the source or the client had logged in to the first
// account before the attempt, as far as is known.
func (a *Attempt) Familiar() bool { return a.reserved.familiar }

// shielded reports whether nothing that is counted by source refuses it. The
// machine's own address is limited, for as long as the count says so.
func (c Critical) shielded() bool { return c != "" && c != CriticalLoopback }

// spares reports whether a detection is told and not carried out because of
// where the attempt comes from.
func (c *admission) spares(fired rules.Detection) bool { return c.sparesAxis(fired.Axis) }

// sparesAxis: what is counted by account holds for everybody.
func (c *admission) sparesAxis(axis config.Axis) bool {
	return c.a.reserved.exempt && axis != config.AxisPair && axis != config.AxisAccount && axis != config.AxisRoute
}

func (c *admission) sparedBecause() string {
	if why := c.a.Source.Critical; why.shielded() {
		return "not carried out: the source is critical (" + string(why) + ")"
	}
	return "not carried out: the operator allows the source"
}

// spare is the mode that holds for a verdict: what the operator allows is only
// observed, and so is a detection that a line observes or that does not hold for
// the source, whichever way it came to refuse.
func (c *admission) spare(mode config.Mode, v *Verdict) config.Mode {
	detected := v.Detection != "" && v.Detection != config.Operator && v.Detection != config.RateLimit && !v.Malformed
	if c.a.Allowed || c.a.reserved.allowed ||
		detected && (c.p.observes(string(v.Detection), c.class) || c.sparesAxis(v.Axis)) {
		return config.ModeObserve
	}
	return mode
}

// onlyLimit refuses the attempt for as long as the evidence in hand is above the
// threshold: no sanction begins, and no answer is harder than limit.
func (c *admission) onlyLimit(v Verdict, fired rules.Detection) Verdict {
	if v.Answer.Harder(config.AnswerLimit) {
		v.Answer = config.AnswerLimit
	}
	opens := c.now
	window := evidence.Seconds(fired.Window / time.Second)
	if fired.Rule == rules.CadenceRule {
		c.m.floods.View(c.m.cadenceKey(c.a.reserved.source), func(f *floodEvidence) {
			opens = f.requests.Below(c.now, window, (fired.Limit-1)*fullWeight)
		})
		v.Until = opens.Time()
		return v
	}
	c.m.sources.View(c.a.reserved.source, func(e *sourceEvidence) {
		counter := &e.fails
		switch fired.Rule {
		case "source_slow":
			counter = &e.slow
		case "signups":
			counter = &e.signups
		}
		opens = counter.Below(c.now, window, (fired.Limit-1)*fullWeight)
	})
	v.Until = opens.Time()
	return v
}
