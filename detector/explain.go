package detector

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/identity"
	"github.com/doorward/doorward/detector/sanction"
)

// Explanation tells an operator what one site knows of a source or an account.
type Explanation struct {
	Site string `json:"site"`
	// Subject is the source range, or the pseudonym of the account.
	Subject string      `json:"subject"`
	Axis    config.Axis `json:"axis"`
	// Counts are the numbers the rules compare, each with its threshold.
	Counts []Count `json:"counts,omitempty"`
	// Sanction is the one that is running or on probation.
	Sanction *SanctionStatus `json:"sanction,omitempty"`
	// LastLogin is when the account last logged in.
	LastLogin time.Time `json:"last_login,omitzero"`
	// AccountsTried and AccountsEntered are about how many accounts the source
	// failed for and logged in to in the last days.
	AccountsTried   int `json:"accounts_tried,omitempty"`
	AccountsEntered int `json:"accounts_entered,omitempty"`
}

// Count is one number and what is let through.
type Count struct {
	What   string          `json:"what"`
	Count  float64         `json:"count"`
	Limit  int             `json:"limit"`
	Window config.Duration `json:"window"`
}

// SanctionStatus is a sanction as operators see it.
type SanctionStatus struct {
	ID        string           `json:"id"`
	Answer    config.Answer    `json:"answer"`
	Detection config.Detection `json:"detection"`
	Classes   string           `json:"classes"`
	Since     time.Time        `json:"since"`
	Until     time.Time        `json:"until"`
	Probation bool             `json:"probation,omitempty"`
	Rung      int              `json:"rung"`
	Count     int              `json:"count"`
	Limit     int              `json:"limit"`
}

func sanctionStatus(hit sanction.Hit) *SanctionStatus {
	if hit.State == sanction.Free {
		return nil
	}
	return &SanctionStatus{
		ID: sanction.FormatID(hit.ID), Answer: hit.Answer, Detection: hit.Detection,
		Classes: hit.Classes.String(), Since: hit.Created.Time(), Until: hit.Until.Time(),
		Probation: hit.State == sanction.Probation, Rung: hit.Rung, Count: hit.Count, Limit: hit.Limit,
	}
}

// ExplainSource tells what every site knows of the source that addr belongs
// to. Sites that know nothing are left out.
func (d *Detector) ExplainSource(now time.Time, addr netip.Addr) []Explanation {
	m := d.memory.Load()
	if m == nil {
		return nil
	}
	var list []Explanation
	for _, site := range d.sites.every() {
		if e, known := m.explainSource(evidence.ToSeconds(now), site, addr); known {
			list = append(list, e)
		}
	}
	return sortBySite(list)
}

func (m *memory) explainSource(now evidence.Seconds, site *Site, addr netip.Addr) (Explanation, bool) {
	key, t := m.sourceKey(site, addr), site.thresholds()
	x := Explanation{Site: site.name, Subject: evidence.SourcePrefix(addr).String(), Axis: config.AxisSource}
	known := m.sources.View(key, func(e *sourceEvidence) {
		x.Counts = []Count{
			count("failures", &e.fails, now, t.Source),
			count("failures, slow", &e.slow, now, t.SourceSlow),
			count("accounts created", &e.signups, now, t.Signups),
			{What: "accounts failed at first contact", Count: max(e.contact.Value(now, contactFade), 0), Limit: t.Contacts.N, Window: t.Contacts.Window},
		}
		x.AccountsTried, x.AccountsEntered = e.failed.Estimate(), e.entered.Estimate()
	})
	x.Sanction = sanctionStatus(m.ladder.Peek(key, now))
	return x, known || x.Sanction != nil
}

// identifierNames are the names an operator's "identity" may stand for.
var identifierNames = []string{"email", "username", "login"}

// ExplainIdentity tells what every site knows of the account: text is an
// e-mail address or a name as a user types it.
func (d *Detector) ExplainIdentity(now time.Time, text string) []Explanation {
	m := d.memory.Load()
	if m == nil {
		return nil
	}
	var list []Explanation
	for _, site := range d.sites.every() {
		for _, name := range identifierNames {
			id := identity.New(identity.Pair{Key: name, Value: text})
			for _, strict := range []bool{false, true} {
				pseudonym := site.keys.RateKey(id, strict)
				x, known := m.explainAccount(evidence.ToSeconds(now), site, pseudonym)
				if known && !slices.ContainsFunc(list, func(o Explanation) bool { return o.Site == x.Site && o.Subject == x.Subject }) {
					list = append(list, x)
				}
			}
		}
	}
	return sortBySite(list)
}

func (m *memory) explainAccount(now evidence.Seconds, site *Site, pseudonym identity.Pseudonym) (Explanation, bool) {
	t := site.thresholds()
	x := Explanation{Site: site.name, Subject: pseudonym.String(), Axis: config.AxisAccount}
	known := m.accounts.View(m.hasher.Account(site.id, pseudonym), func(e *accountEvidence) {
		x.Counts = []Count{count("different wrong passwords of strangers", &e.guesses, now, t.Account)}
		if e.success != 0 {
			x.LastLogin = e.success.Time()
		}
	})
	return x, known
}

// ExplainSanction returns the running sanction or the operator's entry with
// this id, and what it is about where that is known.
func (d *Detector) ExplainSanction(now time.Time, id uint64) (*SanctionStatus, bool) {
	for _, e := range d.Book.List(now) {
		if e.ID == id && !e.Allow {
			return &SanctionStatus{
				ID: sanction.FormatID(id), Answer: e.Answer, Detection: config.Operator,
				Classes: e.Classes.String(), Since: e.Created, Until: e.Until,
			}, true
		}
	}
	m := d.memory.Load()
	if m == nil {
		return nil, false
	}
	hit, ok := m.ladder.FindID(id, evidence.ToSeconds(now))
	return sanctionStatus(hit), ok
}

// Unblock ends whatever sanction or operator's block subject names: the id of
// a sanction, an address, a range. It reports how many it ended.
func (d *Detector) Unblock(now time.Time, subject string) (int, error) {
	if id, err := sanction.ParseID(subject); err == nil {
		return d.unblockID(id), nil
	}
	prefix, err := config.ParsePrefix(strings.TrimSpace(subject))
	if err != nil {
		return 0, err
	}
	n := d.Book.Remove(prefix, false)
	m := d.memory.Load()
	if m == nil || !prefix.IsSingleIP() {
		return n, nil
	}
	for _, site := range d.sites.every() {
		key := m.sourceKey(site, prefix.Addr())
		if m.ladder.Lift(key) {
			n++
		}
		m.forgive(key)
	}
	return n, nil
}

// Forgive forgets the failures of a source on every site. A sanction that runs
// goes on: Unblock ends it.
func (d *Detector) Forgive(addr netip.Addr) {
	m := d.memory.Load()
	if m == nil {
		return
	}
	for _, site := range d.sites.every() {
		m.forgive(m.sourceKey(site, addr))
	}
}

// forgive forgets the failures behind a sanction on a source or a pair: the
// operator has judged them. Who logged in from where stays known.
func (m *memory) forgive(key evidence.Key) {
	m.sources.View(key, func(e *sourceEvidence) {
		e.fails, e.slow, e.signups = evidence.Counter{}, evidence.Counter{}, evidence.Counter{}
		e.failed.Clear()
	})
	m.floods.Delete(m.cadenceKey(key))
	m.pairs.View(key, func(e *pairEvidence) {
		e.guesses = evidence.Counter{}
		e.tags.Clear()
	})
}

func (d *Detector) unblockID(id uint64) int {
	n := 0
	if d.Book.RemoveID(id) {
		n++
	}
	m := d.memory.Load()
	if m == nil {
		return n
	}
	if key, ok := m.ladder.LiftID(id); ok {
		m.forgive(key)
		n++
	}
	return n
}

func count(what string, c *evidence.Counter, now evidence.Seconds, r config.Rate) Count {
	quarters := c.Value(now, seconds(r.Window))
	return Count{What: what, Count: float64(quarters) / fullWeight, Limit: r.N, Window: r.Window}
}

func sortBySite(list []Explanation) []Explanation {
	slices.SortStableFunc(list, func(a, b Explanation) int { return strings.Compare(a.Site, b.Site) })
	return list
}

// Pseudonyms returns the pseudonyms that text may have on any site, as events
// show them.
func (d *Detector) Pseudonyms(text string) map[string]bool {
	names := make(map[string]bool)
	for _, site := range d.sites.every() {
		for _, name := range identifierNames {
			names[site.keys.Pseudonym(identity.New(identity.Pair{Key: name, Value: text})).String()] = true
		}
	}
	return names
}
