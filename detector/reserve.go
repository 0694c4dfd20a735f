package detector

import (
	"net/netip"
	"strconv"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/rules"
	"github.com/doorward/doorward/detector/sanction"
)

// deviceBudget is how many different wrong passwords a client that logged in
// to an account before may try: the example of OWASP's device cookies.
var deviceBudget = config.Rate{N: 10, Window: config.Duration(time.Hour)}

// sharedCap is the longest sanction on a source that several accounts have
// logged in from: an office or a carrier, where one bot must not lock hundreds
// of customers out for a day.
const sharedCap = time.Hour

// reserve counts the attempt as a failure on every axis, or takes everything
// back and refuses.
func (c *admission) reserve() (Verdict, bool) {
	r := &c.a.reserved
	r.signup = c.a.Kind == config.KindSignup && !r.guess
	if !r.guess && !r.signup {
		return Verdict{}, false
	}
	r.held = true
	fired := c.unreadable()
	if !fired.Fired() {
		fired = c.reserveAll()
	}
	if !fired.Fired() {
		return Verdict{}, false
	}
	c.release(fullWeight)
	r.held = false
	return c.refuse(fired), true
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
	if r.exempt || r.repeat || r.vouched {
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
	if enforced.Fired() {
		if answer, _ := c.p.detection(enforced.Name, c.class); !answer.LetsThrough() {
			return true
		}
	}
	if strict.Fired() && !c.would.Fired() {
		c.would = strict
	}
	return false
}

func (c *admission) chargePair(account *accountReservation) (fired rules.Detection) {
	a, r := c.a, &c.a.reserved
	rate := c.pairRate()
	window := seconds(rate.Window)
	c.m.pairs.Update(account.pair, c.now, func(e *pairEvidence, _ bool) {
		distinct := !a.Ambiguous && a.Credential != 0
		if distinct && e.tags.Seen(r.tag) {
			return
		}
		after := e.guesses.Value(c.now, window) + fullWeight
		if rule := rules.Pair(after, c.factor, rate); c.fires(rule, rules.Pair(after, 1, rate)) {
			fired = rule
			return
		}
		e.guesses.Add(c.now, window, fullWeight)
		account.pairCharged = true
		if distinct {
			e.tags.Add(r.tag)
			account.pairTagged = true
		}
	})
	return fired
}

func (c *admission) pairRate() config.Rate {
	if c.familiarClient() {
		return deviceBudget
	}
	return c.p.thresholds.Pair
}

func (c *admission) chargeAccount(account *accountReservation) (fired rules.Detection) {
	a, r := c.a, &c.a.reserved
	if account.familiar {
		return rules.Detection{}
	}
	rate := c.p.thresholds.Account
	window := seconds(rate.Window)
	c.m.accounts.Update(account.account, c.now, func(e *accountEvidence, _ bool) {
		distinct := !a.Ambiguous && a.Credential != 0
		if distinct && e.tags.Seen(r.tag) {
			return
		}
		e.sources.Add(r.source.Tag())
		after := e.guesses.Value(c.now, window) + fullWeight
		strict := rules.Account(after, e.sources.Distinct(), 1, rate)
		var rule rules.Detection
		if !c.lenient {
			rule = strict
		}
		if c.fires(rule, strict) {
			fired = rule
			return
		}
		e.guesses.Add(c.now, window, fullWeight)
		account.accountCharged = true
		if distinct {
			e.tags.Add(r.tag)
			account.accountTagged = true
		}
	})
	return fired
}

func (c *admission) chargeSource() (fired rules.Detection) {
	r, t := &c.a.reserved, c.thresholds()
	c.m.sources.Update(r.source, c.now, func(e *sourceEvidence, _ bool) {
		e.age(c.now)
		if r.signup {
			window := seconds(t.Signups.Window)
			after := e.signups.Value(c.now, window) + fullWeight
			if rule := rules.Signup(after, c.factor, t.Signups); c.fires(rule, rules.Signup(after, 1, t.Signups)) {
				fired = rule
				return
			}
			e.signups.Add(c.now, window, fullWeight)
			r.sourceCharged = true
			return
		}
		short, long := seconds(t.Source.Window), seconds(t.SourceSlow.Window)
		now, slow := e.fails.Value(c.now, short)+fullWeight, e.slow.Value(c.now, long)+fullWeight
		names := e.failed.Estimate()
		t := shareOut(t, e.entered.Estimate())
		if rule := rules.Source(now, names, c.factor, t.Source); c.fires(rule, rules.Source(now, names, 1, t.Source)) {
			fired = rule
			return
		}
		if rule := rules.Slow(slow, c.factor, t.SourceSlow); c.fires(rule, rules.Slow(slow, 1, t.SourceSlow)) {
			fired = rule
			return
		}
		e.fails.Add(c.now, short, fullWeight)
		e.slow.Add(c.now, long, fullWeight)
		r.sourceCharged = true
	})
	return fired
}

// shareOut raises the thresholds of a source by one failure for each account
// that has logged in from it in the last week, up to five times: an office has
// more typing errors than a home. An attacker must own the accounts.
func shareOut(t config.Thresholds, entered int) config.Thresholds {
	if entered > 1 {
		t.Source.N += min(entered, 4*t.Source.N)
		t.SourceSlow.N += min(entered, 4*t.SourceSlow.N)
	}
	return t
}

// thresholds are the site's, halved for a tagged source.
func (c *admission) thresholds() config.Thresholds {
	t := c.p.thresholds
	if c.tight {
		t.Source.N = max(t.Source.N/2, 1)
		t.SourceSlow.N = max(t.SourceSlow.N/2, 1)
		t.Signups.N = max(t.Signups.N/2, 1)
	}
	return t
}

// refuse turns a detection into a verdict and, where it lasts, a sanction.
func (c *admission) refuse(fired rules.Detection) Verdict {
	answer, first := c.p.detection(fired.Name, c.class)
	v := Verdict{
		Answer: answer, Detection: fired.Name, Rule: fired.Rule, Axis: fired.Axis,
		Reason: fired.String(), Lenient: c.lenient,
	}
	terms := c.terms(first)
	terms.Answer, terms.Detection, terms.Count, terms.Limit = answer, fired.Name, fired.Count, fired.Limit
	switch fired.Axis {
	case config.AxisSource:
		terms.Classes = sanction.LoginAndSignup
		c.impose(&v, c.a.reserved.source, terms)
	case config.AxisPair:
		if c.familiarClient() {
			v.Until = c.time.Add(deviceBudget.Window.Std())
			break
		}
		terms.Classes = sanction.Login
		if !c.lenient {
			terms.Sliding, terms.First = true, sanction.QuietPair
		}
		for i := range c.a.reserved.n {
			if c.exhausted(&c.a.reserved.accounts[i]) {
				c.impose(&v, c.a.reserved.accounts[i].pair, terms)
			}
		}
	case config.AxisAccount:
		v.Until = c.accountOpens()
	}
	return v
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
	c.m.sources.View(c.a.reserved.source, func(e *sourceEvidence) {
		if e.entered.Estimate() > sharedAccounts {
			longest = min(longest, max(sharedCap, first))
		}
	})
	if c.lenient {
		first, longest = min(first, gentleBan), min(longest, gentleBan)
	}
	return sanction.Terms{First: first, Cap: longest}
}

func seconds(d config.Duration) evidence.Seconds {
	return evidence.Seconds(d.Std() / time.Second)
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
		return key + widerPrefix(c.a.Source.Addr)
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

// widerPrefix is the network around a source: IPv4 /24, IPv6 /48.
func widerPrefix(addr netip.Addr) string {
	bits := 24
	if addr.Is6() && !addr.Is4In6() {
		bits = 48
	}
	p, err := addr.Unmap().Prefix(bits)
	if err != nil {
		return evidence.SourcePrefix(addr).String()
	}
	return p.String()
}
