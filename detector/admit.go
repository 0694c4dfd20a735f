package detector

import (
	"context"
	"fmt"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/recognize"
	"github.com/doorward/doorward/detector/rules"
	"github.com/doorward/doorward/detector/sanction"
)

// Admit decides whether the attempt may reach the app, and counts it as a
// failure beforehand if so. In mode observe the verdict is carried in
// Verdict.Would and the attempt is let through; it is then not counted, as it
// would not have been had it been refused.
func (d *Detector) Admit(now time.Time, p *Policy, site *Site, a *Attempt) Verdict {
	m := d.memory.Load()
	mode := d.Mode(now, p)
	if m == nil || site == nil || mode == config.ModeOff {
		return Verdict{Answer: config.AnswerAllow}
	}
	c := admission{d: d, m: m, p: p, site: site, a: a, time: now, now: evidence.ToSeconds(now), class: a.Kind.Class()}
	if site.policy.Load() != p {
		site.policy.Store(p)
	}
	c.prepare(mode)
	v := c.decide()
	return carryOut(v, mode, site)
}

// carryOut applies the mode to a verdict.
func carryOut(v Verdict, mode config.Mode, site *Site) Verdict {
	site.attempts.Add(1)
	if v.Would != "" {
		site.would.Add(1)
	}
	if v.LetsThrough() {
		return v
	}
	if mode == config.ModeObserve {
		site.would.Add(1)
		v.Would, v.Answer = v.Answer, config.AnswerAllow
		return v
	}
	site.refused.Add(1)
	return v
}

// admission is one run of Admit.
type admission struct {
	d       *Detector
	m       *memory
	p       *Policy
	site    *Site
	a       *Attempt
	time    time.Time
	now     evidence.Seconds
	class   config.Class
	factor  int // of the thresholds, because of a gentle start
	tight   bool
	would   rules.Detection
	lenient bool
}

// prepare notes what applies to the attempt as a whole.
func (c *admission) prepare(mode config.Mode) {
	a, r := c.a, &c.a.reserved
	*r = reservation{at: c.now, tag: uint32(a.Credential ^ a.Credential>>32)}
	r.path = c.site.routes.name(a.Route)
	r.guess = a.Kind == config.KindLogin || c.claimsOtherKind()
	if r.guess {
		c.class = config.ClassLogin
	}
	r.route = c.site.routes.get(c.now, a.Kind, r.path, a.Declared)
	r.route.attempts.Add(1)
	r.lenient = r.route.lenient(c.now, mode)
	c.lenient, c.factor = r.lenient, 1
	if r.lenient && !a.Declared {
		c.factor = gentleFactor
	}
	c.identify()
}

// claimsOtherKind reports whether a request where logins arrive claims, by
// decoy fields, to be something else, although it bears a password. What the
// operator declares is no claim of the client.
func (c *admission) claimsOtherKind() bool {
	return c.class != config.ClassNone && !c.a.Declared && (c.a.Credential != 0 || c.a.Uninspectable) &&
		c.site.routes.confirmedLogin(c.a.reserved.path)
}

// identify fills in the keys of the source, the accounts and the pairs.
func (c *admission) identify() {
	a, r := c.a, &c.a.reserved
	r.source = c.m.sourceKey(c.site, a.Source.Addr)
	r.n = 0
	for i, id := range a.Identities {
		if i == recognize.MaxIdentities || id.Empty() {
			break
		}
		name := c.site.keys.RateKey(id, c.p.config.FoldStrict)
		r.accounts[i] = accountReservation{
			pseudonym: name,
			account:   c.m.hasher.Account(c.site.id, name),
			pair:      c.pairKey(name),
		}
		if r.n = i + 1; i == 0 {
			r.name = c.site.keys.Pseudonym(id)
		}
	}
	c.recogniseClient()
}

// recogniseClient notes which accounts the client has logged in to before, and
// whether that vouches for it beyond its pair. A client that keeps cookies is
// always told apart from its neighbours. An address vouches only as long as
// few accounts share it: behind a carrier's address everybody would be
// familiar to thousands. Nothing vouches for an attempt that may be about
// another account than the one that can be read.
func (c *admission) recogniseClient() {
	r := &c.a.reserved
	for i := range r.n {
		account := &r.accounts[i]
		c.m.pairs.View(account.pair, func(e *pairEvidence) { account.familiar = e.familiar(c.now) })
	}
	r.familiar = r.n > 0 && r.accounts[0].familiar
	if !r.familiar || c.a.unclear() {
		return
	}
	if c.familiarClient() {
		r.vouched = true
		return
	}
	c.m.sources.View(r.source, func(e *sourceEvidence) { r.vouched = e.entered.Estimate() <= sharedAccounts })
}

// sharedAccounts is how many accounts may log in from an address before it is
// shared.
const sharedAccounts = 10

// pairKey is the pair of account and client if the client is known for the
// account, else the pair of account and source.
func (c *admission) pairKey(name [16]byte) evidence.Key {
	bySource := c.m.hasher.Pair(c.site.id, name, c.a.Source.Addr)
	if c.a.Client == 0 {
		return bySource
	}
	byClient := c.m.hasher.ClientPair(c.site.id, name, c.a.Client)
	known := false
	c.m.pairs.View(byClient, func(e *pairEvidence) { known = e.familiar(c.now) })
	if known {
		return byClient
	}
	return bySource
}

// decide asks, from the cheapest to the dearest: the operator's entries,
// running sanctions, address lists, plain limits, then the rules on evidence.
func (c *admission) decide() Verdict {
	if v, done := c.operator(); done {
		return v
	}
	if v, done := c.sanctions(); done {
		return v
	}
	tag, v, done := c.lists()
	if done {
		c.letGo()
		return v
	}
	if v, done := c.limits(); done {
		c.letGo()
		return v
	}
	if v, done := c.reserve(); done {
		c.letGo()
		return v
	}
	v = Verdict{Answer: config.AnswerAllow}
	if tag != "" {
		v = Verdict{Answer: config.AnswerTag, Rule: tag, Reason: "the source is on the list " + tag}
	}
	if c.would.Fired() {
		answer, _ := c.p.detection(c.would.Name, c.class)
		v.Detection, v.Rule, v.Axis, v.Reason = c.would.Name, c.would.Rule, c.would.Axis, c.would.String()
		if answer.LetsThrough() { // the operator wants it told, not refused
			v.Answer = answer
			return v
		}
		v.Would, v.Lenient = answer, true
	}
	return v
}

// operator consults the allow and block entries, and whether source sanctions
// make sense at all for this source.
func (c *admission) operator() (Verdict, bool) {
	src := &c.a.Source
	hidden := c.site.peers.attempt(c.now, src)
	entry := c.d.Book.Find(c.time, c.site.name, src.Addr, c.class)
	allowed := entry != nil && entry.Allow && !src.Spoofable
	c.a.reserved.exempt = allowed || hidden
	c.site.exempt.attempt(c.now, allowed)
	if entry == nil || entry.Allow {
		return Verdict{}, false
	}
	return blockedBy(entry), true
}

func blockedBy(e *sanction.Entry) Verdict {
	reason := "the operator has blocked " + e.Range.String()
	if e.Reason != "" {
		reason += ": " + e.Reason
	}
	return Verdict{
		Answer: e.Answer, Detection: config.Operator, Rule: "block", Reason: reason,
		Axis: config.AxisPrefix, Until: e.Until, Sanction: e.ID,
	}
}

// sanctions consults the running sanctions on the source and the pairs.
func (c *admission) sanctions() (Verdict, bool) {
	r := &c.a.reserved
	for i := range r.n {
		if v, done := c.closedPair(&r.accounts[i]); done {
			return v, true
		}
	}
	if r.exempt || r.vouched {
		return Verdict{}, false
	}
	hit := c.m.ladder.Check(r.source, c.now, c.class)
	switch hit.State {
	case sanction.Held, sanction.Waiting:
		return sanctioned(hit, config.AxisSource), true
	case sanction.Probation:
		r.probation = true
	}
	return Verdict{}, false
}

// closedPair refuses a pair that was closed, unless the account has been
// opened since by its owner.
func (c *admission) closedPair(account *accountReservation) (Verdict, bool) {
	hit := c.m.ladder.Peek(account.pair, c.now)
	if hit.State == sanction.Free || !hit.Classes.Has(c.class) {
		return Verdict{}, false
	}
	opened := false
	c.m.accounts.View(account.account, func(e *accountEvidence) { opened = e.opened != 0 && e.opened >= hit.Created })
	if opened {
		c.m.ladder.Lift(account.pair)
		c.reopen(account)
		return Verdict{}, false
	}
	hit = c.m.ladder.Check(account.pair, c.now, c.class)
	if hit.State != sanction.Held {
		return Verdict{}, false
	}
	return sanctioned(hit, config.AxisPair), true
}

// reopen leaves a pair that was closed one guess: enough for an owner who has
// remembered his password at home, and no new budget for a guesser each time
// the owner logs in.
func (c *admission) reopen(account *accountReservation) {
	rate := c.p.thresholds.Pair
	c.m.pairs.View(account.pair, func(e *pairEvidence) {
		e.guesses, e.tags = evidence.Counter{}, evidence.Tags12{}
		e.guesses.Add(c.now, seconds(rate.Window), (rate.N-1)*fullWeight)
	})
}

// familiarClient reports whether the attempt comes from a client that keeps
// cookies and logged in to the account before: its own budget applies, not
// that of the address it shares with others.
func (c *admission) familiarClient() bool {
	r := &c.a.reserved
	return c.a.Client != 0 && r.accounts[0].pair == c.m.hasher.ClientPair(c.site.id, r.accounts[0].pseudonym, c.a.Client)
}

func sanctioned(hit sanction.Hit, axis config.Axis) Verdict {
	return Verdict{
		Answer: hit.Answer, Detection: hit.Detection, Rule: "sanction", Axis: axis,
		Reason: fmt.Sprintf("a sanction on the %s is running: %d failures, %d are let through", axis, hit.Count, hit.Limit),
		Until:  hit.Until.Time(), Sanction: hit.ID,
	}
}

// lists consults the address lists. A tagged source has its thresholds halved.
func (c *admission) lists() (tag string, v Verdict, done bool) {
	if c.a.reserved.exempt {
		return "", Verdict{}, false
	}
	for _, name := range c.a.Source.Lists {
		answer := c.p.list(name, c.class)
		switch {
		case !answer.LetsThrough():
			return "", Verdict{
				Answer: answer, Rule: "list " + name, Axis: config.AxisSource,
				Reason: "the source is on the list " + name,
			}, true
		case answer == config.AnswerTag:
			tag, c.tight = name, true
		}
	}
	return tag, Verdict{}, false
}

// limits consults the `limit` lines. The first that is used up decides.
func (c *admission) limits() (Verdict, bool) {
	for i := range c.p.limits {
		l := &c.p.limits[i]
		if !l.counts(c.class, c.a.Route) {
			continue
		}
		if reset, reached := c.count(l); reached {
			return Verdict{
				Answer: config.AnswerLimit, Detection: config.RateLimit, Rule: l.name, Axis: l.Per,
				Reason: l.reason(), Until: reset,
			}, true
		}
	}
	return Verdict{}, false
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

// letGo gives back a probation that was taken but not used.
func (c *admission) letGo() {
	if c.a.reserved.probation {
		c.m.ladder.Pass(c.a.reserved.source)
		c.a.reserved.probation = false
	}
}
