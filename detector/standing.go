package detector

import (
	"fmt"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/rules"
	"github.com/doorward/doorward/detector/sanction"
)

// operator consults the allow and block entries, and whether source sanctions
// make sense at all for this source.
func (c *admission) operator(v *Verdict) bool {
	src := &c.a.Source
	hidden := c.site.peers.attempt(c.now, src)
	entry := c.d.Book.Find(c.time, c.site.name, src.Addr, c.class)
	allowed := entry != nil && entry.Allow && !src.Spoofable
	c.a.reserved.hidden, c.a.reserved.allowed = hidden, allowed
	c.a.reserved.exempt = allowed || hidden || src.Critical.shielded()
	c.site.exempt.attempt(c.now, allowed)
	if entry == nil || entry.Allow {
		return false
	}
	*v = blockedBy(entry)
	return true
}

func blockedBy(e *sanction.Entry) Verdict {
	return Verdict{
		Answer: e.Answer, Detection: config.Operator, Rule: "block", Reason: Reason{entry: e},
		Axis: config.AxisPrefix, Until: e.Until, Sanction: e.ID,
	}
}

// sanctions consults the running sanctions on the source and the pairs.
func (c *admission) sanctions(v *Verdict) bool {
	r := &c.a.reserved
	for i := range r.n {
		if r.machine {
			break // it waits for a minute at most
		}
		if c.closedPair(v, &r.accounts[i]) {
			return true
		}
	}
	if r.exempt || r.vouched || r.machine || c.p.observing && c.overlooks(c.m.ladder.Peek(r.source, c.now), config.AxisSource) {
		return false
	}
	hit := c.m.ladder.Check(r.source, c.now, c.class)
	switch hit.State {
	case sanction.Held, sanction.Waiting:
		if !c.lifts(hit) {
			*v = sanctioned(hit, config.AxisSource)
			return true
		}
		r.probation = true
	case sanction.Probation:
		r.probation = true
	}
	return false
}

// closedPair refuses a pair that was closed, unless the account has been
// opened since by its owner.
func (c *admission) closedPair(v *Verdict, account *accountReservation) bool {
	hit := c.m.ladder.Peek(account.pair, c.now)
	if hit.State == sanction.Free || !hit.Classes.Has(c.class) {
		return false
	}
	opened := false
	c.m.accounts.View(account.account, func(e *accountEvidence) { opened = e.opened != 0 && e.opened >= hit.Created })
	if opened {
		c.m.ladder.Lift(account.pair)
		c.reopen(account)
		return false
	}
	if c.p.observing && c.overlooks(hit, config.AxisPair) {
		return false
	}
	hit = c.m.ladder.Check(account.pair, c.now, c.class)
	if hit.State != sanction.Held {
		return false
	}
	*v = sanctioned(hit, config.AxisPair)
	return true
}

// reopen leaves a pair that was closed one guess: enough for an owner who has
// remembered his password at home, and no new budget for a guesser each time
// the owner logs in.
func (c *admission) reopen(account *accountReservation) {
	rate := c.p.thresholds.Pair
	c.m.pairs.View(account.pair, func(e *pairEvidence) {
		e.guesses, e.tags = evidence.Counter{}, evidence.Tags8{}
		e.guesses.Add(c.now, seconds(rate.Window), (rate.N-1)*fullWeight)
	})
}

func sanctioned(hit sanction.Hit, axis config.Axis) Verdict {
	return Verdict{
		Answer: hit.Answer, Detection: hit.Detection, Rule: sanctionRule, Axis: axis,
		Reason: reasonOf(rules.Detection{Axis: axis, Rule: sanctionRule, Count: hit.Count, Limit: hit.Limit}),
		Until:  hit.Until.Time(), Sanction: hit.ID,
	}
}

func sanctionReason(axis config.Axis, count, limit int) string {
	return fmt.Sprintf("a sanction on the %s is running: %d failures, %d are let through", axis, count, limit)
}

// onTheList begins the reason of what a list decides.
const onTheList = "the source is on the list "

// lists consults the address lists and the lines about countries. A source for
// which one tightens or delays, or that a list only would refuse, which tightens
// without a line, has its thresholds halved. Of several answers the hardest
// counts.
func (c *admission) lists(v *Verdict) bool {
	v.Answer = config.AnswerAllow
	if c.a.reserved.exempt {
		return false
	}
	for _, name := range c.a.Source.Lists {
		for _, answer := range c.p.list(name, c.class) {
			if answer.Answer != "" && answer.Answer != config.AnswerAllow {
				c.listed(v, name, answer)
			}
		}
	}
	for _, line := range c.p.countries(c.class) {
		if line != nil && line.Denies(c.a.Source.Country) {
			told := c.p.country(line, c.a.Source.Country)
			if told.Answer == config.AnswerChallenge && !line.Observe && c.waivesChallenge() {
				told.Answer = config.AnswerTighten
			}
			c.tight = c.tight || !line.Observe && told.Answer != config.AnswerTag
			c.told(v, told, line.Observe)
		}
	}
	return !v.LetsThrough()
}

// listed adds the answer to the source's being on a list to the verdict.
func (c *admission) listed(v *Verdict, name string, answer listAnswer) {
	told := Verdict{Answer: answer.Answer, Rule: name, Axis: config.AxisSource, Reason: Reason{text: onTheList, name: name}}
	switch {
	case answer.observed:
	case told.Answer == config.AnswerChallenge && c.waivesChallenge():
		told.Answer = config.AnswerTighten
	case told.Answer == config.AnswerChallenge && !answer.written && c.gentleRoute():
		told.Answer, told.Would, told.Lenient = config.AnswerTighten, told.Answer, true
	case !told.LetsThrough():
		told.Rule = "list " + name
	}
	c.tight = c.tight || told.Answer != config.AnswerTag
	c.told(v, told, answer.observed)
}

// told adds an answer about the address to the verdict.
func (c *admission) told(v *Verdict, told Verdict, observed bool) {
	switch {
	case observed:
		told.Would, told.Answer = told.Answer, config.AnswerAllow
	case told.Answer == config.AnswerTag, told.Answer == config.AnswerTighten:
		told.Answer, told.Axis = config.AnswerTag, ""
	case told.Answer == config.AnswerDelay:
		told.Wait = c.p.wait(1)
	}
	if told.Would == "" || v.Would.Harder(told.Would) {
		told.Would = v.Would
	}
	if v.Rule == "" || told.Answer.Harder(v.Answer) {
		*v = told
		return
	}
	v.Would = told.Would
}

// lifts reports whether a sanction on the source does not hold for who has solved
// a challenge: one whose answer is just that. The attempt decides as after its
// end, and is not measured by what its source did before.
func (c *admission) lifts(hit sanction.Hit) bool {
	return c.a.Solved && hit.State == sanction.Held && hit.Answer == config.AnswerChallenge && !c.p.config.ChallengeOff
}

// waivesChallenge reports whether a list that asks for a challenge asks no more of
// this attempt: it was solved, or the account knows the client and can tell it
// from others, or it is a machine, or the same Basic credentials as just before,
// which come with every picture.
func (c *admission) waivesChallenge() bool {
	r := &c.a.reserved
	return c.a.Solved || r.vouched || r.machine || c.sentAgain()
}

// gentleRoute reports whether the challenge that is the default of a list is only
// told because of the gentle start: the route was found automatically and may be a
// misreading.
func (c *admission) gentleRoute() bool { return c.lenient && !c.a.Declared }

// letGo gives back a probation that was taken but not used.
func (c *admission) letGo() {
	if c.a.reserved.probation {
		c.m.ladder.Pass(c.a.reserved.source)
		c.a.reserved.probation = false
	}
}
