package detector

import (
	"fmt"
	"strings"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/recognize"
	"github.com/doorward/doorward/detector/risk"
)

// score rates the attempt as a takeover, should it succeed, and tells why.
func (c *admission) score() (float64, risk.Triggers) {
	r := &c.a.reserved
	if r.n == 0 || c.a.Kind != config.KindLogin {
		return 0, 0
	}
	signs := risk.Signs{Familiar: r.familiar, Listed: c.a.Source.Listed()}
	t := &c.p.thresholds
	c.m.accounts.View(r.accounts[0].account, func(e *accountEvidence) {
		signs.Guesses = e.guesses.Value(c.now, seconds(t.Account.Window)) / fullWeight
	})
	c.m.pairs.View(r.accounts[0].pair, func(e *pairEvidence) {
		signs.OwnGuesses = e.guesses.Value(c.now, seconds(t.Pair.Window))/fullWeight - 1
	})
	c.m.sources.View(r.source, func(e *sourceEvidence) {
		signs.SourceFailures = e.fails.Value(c.now, seconds(t.Source.Window)) / fullWeight
		signs.SourceNames = e.failed.Estimate()
	})
	c.m.histories.View(r.accounts[0].account, func(h *accountHistory) {
		signs.Habits = h.compare(c.now, &r.who)
	})
	if signs.Habits.Logins > 0 {
		signs.Listed = signs.Habits.List.New
		c.usual(&signs.Habits)
	}
	return risk.Score(signs), signs.Triggers()
}

// Score rates an attempt as a takeover without learning or counting it: how
// suspicious a success would be.
func (d *Detector) Score(now time.Time, p *Policy, site *Site, a *Attempt) float64 {
	m := d.memory.Load()
	if m == nil || site == nil {
		return 0
	}
	probe := *a
	c := admission{d: d, m: m, p: p, site: site, a: &probe, time: now, now: evidence.ToSeconds(now), class: a.Kind.Class()}
	c.identify()
	score, _ := c.score()
	return score
}

// Words tells the triggers of a settlement.
func (s *Settlement) Words(src *Source) []string {
	at := risk.Where{Provider: src.ASN, Country: src.Country}
	at.List = strings.Join(src.Lists, ", ")
	return s.Triggers.Words(at)
}

// takeover tells a suspected takeover.
func (c *admission) takeover(s *Settlement) {
	s.Detection = config.Takeover
	s.Reason = "a login that looks like a takeover: " + strings.Join(s.Words(&c.a.Source), ", ")
}

// unusualVPN tells a login by way of a network that is new to its owner: rented
// servers, VPNs, proxies, Tor.
func (c *admission) unusualVPN(s *Settlement) {
	s.Detection = config.UnusualVPN
	s.Reason = fmt.Sprintf("a login by way of the list %s, to an account whose earlier logins came from none: %s",
		strings.Join(c.a.Source.Lists, ", "), strings.Join(s.Words(&c.a.Source), ", "))
}

// Whose login was unusual is remembered for a while: thieves change the password
// soon (Bursztein et al., "Handcrafting Fraud and Extortion: Manual
// Account Hijacking in the Wild", IMC 2014).
const (
	unusualFor    = evidence.Seconds(30 * time.Minute / time.Second)
	unusualBudget = 1 << 12 // such logins in that time; more are not remembered
)

// visitorHash stands for whoever has the same source and browser. The cookie is
// no part of it: a new client has it only after its login.
func (r *reservation) visitorHash() uint64 {
	return r.surgeSource() ^ uint64(r.who.agent)*0x9e3779b97f4a7c15
}

// passwordChanged reports a password that is changed soon after a login that
// was unusual, from where that login came.
func (c *admission) passwordChanged(o recognize.Outcome, s *Settlement) {
	if o.Confidence < sureEnough || !c.site.unusual.Has(c.a.reserved.visitorHash(), c.now) {
		return
	}
	s.Score, s.Triggers = risk.Takeover, risk.ChangedSoon
	c.takeover(s)
}
