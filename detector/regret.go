package detector

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

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

// hours counts by the hour of the last day.
type hours struct {
	n    [24]uint32
	hour int64
}

func (h *hours) advance(hour int64) {
	for ; h.hour < hour && h.hour != 0; h.hour++ {
		if hour-h.hour > 24 {
			h.n, h.hour = [24]uint32{}, hour
			return
		}
		h.n[(h.hour+1)%24] = 0
	}
	h.hour = max(h.hour, hour)
}

func (h *hours) add(hour int64) {
	h.advance(hour)
	h.n[hour%24]++
}

func (h *hours) sum(hour int64) (total uint64) {
	h.advance(hour)
	for _, n := range h.n {
		total += uint64(n)
	}
	return total
}

// regretWatch counts by rule. The zero value is ready. At most maxRegretRules
// rules are told apart.
type regretWatch struct {
	softened atomic.Uint64 // by the index of the rule

	mu     sync.Mutex
	names  []string
	totals [maxRegretRules]uint64
	today  [maxRegretRules]hours // that speak against the rule
	logins hours
}

// index returns the place of a rule.
func (w *regretWatch) index(name string) (uint8, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.Index(w.names, name)
	if i < 0 {
		if len(w.names) == maxRegretRules {
			return 0, false
		}
		i = len(w.names)
		w.names = append(w.names, strings.Clone(name))
	}
	return uint8(i), true
}

// login counts a good login, and looks at the rules anew.
func (w *regretWatch) login(now evidence.Seconds) {
	w.mu.Lock()
	defer w.mu.Unlock()
	hour := int64(now / 3600)
	if w.logins.hour != hour {
		w.judge(hour)
	}
	w.logins.add(hour)
}

// regret counts a refusal that hit an owner.
func (w *regretWatch) regret(now evidence.Seconds, rule uint8, speaks bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.totals[rule]++
	if speaks {
		w.today[rule].add(int64(now / 3600))
		w.judge(int64(now / 3600))
	}
}

// judge decides which rules are softened; called with mu held.
func (w *regretWatch) judge(hour int64) {
	var mask uint64
	logins := w.logins.sum(hour)
	for i := range w.names {
		n := w.today[i].sum(hour)
		if n >= regretAtLeast && n*regretShareOf > logins*regretTooMany {
			mask |= 1 << i
		}
	}
	w.softened.Store(mask)
}

// isSoft reports whether a rule is regretted too often.
func (w *regretWatch) isSoft(name string) bool {
	mask := w.softened.Load()
	if mask == 0 {
		return false
	}
	i, ok := w.index(name)
	return ok && mask&(1<<i) != 0
}

// RegretStatus is how often a rule refused somebody who then logged in.
type RegretStatus struct {
	// Rule is the detection, `list` and the name of a list, or limit.
	Rule string `json:"rule"`
	// Total counts since the process began, Today the accounts of the last day
	// that had logged in before.
	Total uint64 `json:"total"`
	Today uint64 `json:"today"`
	// Softened tells that the rule answers no harder than challenge because of
	// it, where the operator wrote no answer.
	Softened bool `json:"softened,omitempty"`
}

func (w *regretWatch) status(now evidence.Seconds) (list []RegretStatus) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.judge(int64(now / 3600))
	mask := w.softened.Load()
	for i, name := range w.names {
		if w.totals[i] > 0 {
			list = append(list, RegretStatus{
				Rule: name, Total: w.totals[i], Today: w.today[i].sum(int64(now / 3600)), Softened: mask&(1<<i) != 0,
			})
		}
	}
	slices.SortFunc(list, func(a, b RegretStatus) int { return strings.Compare(a.Rule, b.Rule) })
	return list
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

// HurtsOwners is the name of a rule that refuses too many owners, empty if none
// does.
func (s *SiteStatus) HurtsOwners() string {
	for _, r := range s.Regrets {
		if r.Softened {
			return r.Rule
		}
	}
	return ""
}

// FailingMachine is the first machine whose logins fail, empty if none does.
func (s *SiteStatus) FailingMachine() string {
	for _, m := range s.Machines {
		if !m.Failing.IsZero() {
			return m.Source.String()
		}
	}
	return ""
}
