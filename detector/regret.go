package detector

import (
	"strings"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/identity"
)

// A refusal is regretted when the same account logs in within a day from the same
// client or network: then it most likely hit its owner (hostile reading, H25).
// That is counted by rule, also for what only would have been refused. A rule
// that is regretted for more than 20 accounts in 10,000 good logins of a day, and
// for ten at least, answers no harder than challenge until it has been better for
// a day, unless the operator wrote the answer; status and a health notice tell.
//
// Only accounts that had logged in before, and each once a day, speak against a
// rule: whoever wants to soften one needs ten accounts of the site that are not
// new. The pair and account rules stay as hard as they are: no challenge lifts
// those.
const (
	regretFor      evidence.Seconds = day
	regretShareOf  uint64           = 10_000
	regretTooMany  uint64           = 20
	regretAtLeast  uint64           = 10
	maxRegretRules                  = 64 // of a site: detections, lists, `limit`
)

// regretEvidence is the last refusal of an account at a network or client; or,
// of an account alone, when it last spoke against a rule.
type regretEvidence struct {
	at      evidence.Seconds // 0: taken back
	counted evidence.Seconds
	rule    uint8
}

func rankRegret(e *regretEvidence, now evidence.Seconds) uint32 {
	last := max(e.at, e.counted)
	if now > last+regretFor {
		return 0
	}
	return uint32(regretFor - (now - min(last, now)))
}

// regretRule names what refused an attempt, for the count; empty for what the
// operator blocked by hand.
func regretRule(v *Verdict) string {
	switch {
	case v.Detection == config.Operator || v.Malformed:
		return ""
	case v.Detection == config.RateLimit:
		return "limit"
	case v.Detection != "":
		return string(v.Detection)
	case strings.HasPrefix(v.Rule, "list "):
		return v.Rule
	case v.Rule != "":
		return "list " + v.Rule
	}
	return ""
}

// noteRefusal remembers a refusal, or what would have been one, for a day.
func (c *admission) noteRefusal(v *Verdict) {
	side, r := c.d.aside.Load(), &c.a.reserved
	if side == nil || r.n == 0 || (v.LetsThrough() && v.Would == "") {
		return
	}
	name := regretRule(v)
	if name == "" {
		return
	}
	rule, ok := c.site.regrets.index(name)
	if !ok {
		return
	}
	for _, key := range c.regretKeys(r.accounts[0].pseudonym) {
		side.regrets.Update(key, c.now, func(e *regretEvidence, _ bool) { e.at, e.rule = c.now, rule })
	}
}

// regretKeys are the account with its network and, if there is one, its client.
func (c *admission) regretKeys(account identity.Pseudonym) []evidence.Key {
	addr := c.a.Source.Addr
	bits := 24
	if addr.Is6() && !addr.Is4In6() {
		bits = 64
	}
	if p, err := addr.Unmap().Prefix(bits); err == nil {
		addr = p.Addr()
	}
	keys := append(c.keySpace[:0], c.m.hasher.Pair(c.site.id, account, addr))
	if c.a.Client != 0 {
		keys = append(keys, c.m.hasher.ClientPair(c.site.id, account, c.a.Client))
	}
	return keys
}

// makeGood counts a good login, and the refusal that it shows to have been wrong.
// known tells that the account had logged in before.
func (c *admission) makeGood(known bool) {
	side, r := c.d.aside.Load(), &c.a.reserved
	if side == nil || r.n == 0 || c.a.Kind != config.KindLogin {
		return
	}
	c.site.regrets.login(c.now)
	if side.regrets.Len() == 0 {
		return
	}
	regretted, rule := false, uint8(0)
	for _, key := range c.regretKeys(r.accounts[0].pseudonym) {
		side.regrets.View(key, func(e *regretEvidence) {
			if e.at != 0 && c.now <= e.at+regretFor {
				regretted, rule = true, e.rule
				e.at = 0
			}
		})
	}
	if !regretted {
		return
	}
	speaks := false
	if known {
		side.regrets.Update(r.accounts[0].account, c.now, func(e *regretEvidence, _ bool) {
			if speaks = e.counted == 0 || c.now > e.counted+regretFor; speaks {
				e.counted = c.now
			}
		})
	}
	c.site.regrets.regret(c.now, rule, speaks)
}

// soften lets a rule that hits owners too often answer no harder than challenge,
// unless the operator chose the answer.
func (c *admission) soften(name config.Detection, answer config.Answer) config.Answer {
	if !answer.Harder(config.AnswerChallenge) || !c.site.regrets.isSoft(string(name)) || c.p.line(string(name), c.class) != nil {
		return answer
	}
	return c.p.withoutChallenge(config.AnswerChallenge)
}
