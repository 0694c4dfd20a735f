package detector

import (
	"context"
	"strconv"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
)

// limits consults the `limit` lines. The first that is used up decides. Basic
// and Digest credentials that have just been accepted are no new attempt: a
// page with fifty pictures brings them fifty times.
func (c *admission) limits(v *Verdict) bool {
	if len(c.p.limits) == 0 || c.sentAgain() {
		return false
	}
	for i := range c.p.limits {
		l := &c.p.limits[i]
		if !l.counts(c.class, c.a.Route) {
			continue
		}
		if reset, reached := c.count(l); reached {
			*v = Verdict{
				Answer: config.AnswerLimit, Detection: config.RateLimit, Rule: l.name, Axis: l.Per,
				Reason: Reason{text: l.reason}, Until: reset,
			}
			return true
		}
	}
	return false
}

// count counts the attempt for one line: once, or for each identity it may be
// about, so that a decoy in front of the victim's name hides nothing.
func (c *admission) count(l *limitRule) (reset time.Time, reached bool) {
	times := 1
	if l.Per == config.AxisAccount || l.Per == config.AxisPair {
		times = max(c.a.reserved.n, 1)
	}
	for i := range times {
		state, err := c.m.limits.Get(context.Background(), c.limitKey(l, i), l.rate)
		if err == nil && state.Reached {
			reset, reached = time.Unix(state.Reset, 0), true
		}
	}
	return reset, reached
}

// limitKey is what a `limit` line counts by, for identity i. Without an identity the account
// and pair axes count by source, so that leaving the name out escapes nothing.
func (c *admission) limitKey(l *limitRule, i int) string {
	source := evidence.SourcePrefix(c.a.Source.Addr).String()
	key := c.site.name + "\x00" + l.name + "\x00"
	switch l.Per {
	case config.AxisRoute:
		return key + c.a.reserved.path
	case config.AxisPrefix:
		return key + wider(c.a.Source.Addr).String()
	case config.AxisAccount, config.AxisPair:
		if c.a.reserved.n == 0 {
			return key + source
		}
		key += string(c.a.reserved.accounts[i].pseudonym[:])
		if l.Per == config.AxisPair {
			key += source
		}
		return key
	}
	return key + source + strconv.Itoa(int(l.rate.Limit))
}
