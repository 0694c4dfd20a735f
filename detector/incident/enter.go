package incident

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/event"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/identity"
)

// enter puts one sighting where it belongs; called with mu held.
func (b *Book) enter(s Sighting) {
	source := evidence.SourcePrefix(s.Source)
	c := b.bySource[source]
	switch {
	case c != nil:
	case s.opens():
		if c = b.match(&s, source); c == nil {
			c = b.begin(&s)
		}
	case s.Succeeded && s.Known:
		c = b.byAccount[s.Account] // it is under attack, and a stranger gets in
	case s.Failed && b.rise.see(s.Time):
		if c = b.rising(); c == nil {
			c = b.beginRise(&s)
		}
	}
	if c == nil {
		b.recent.keep(s)
		return
	}
	if s.opens() && !b.link(c, source) {
		b.recent.take(s.Time, source, func(before *Sighting) { c.add(b, before) })
	}
	c.add(b, &s)
}

// match finds the open incident that a detection at a new source belongs to: one
// about this account, one of its network; for what is about the whole site any
// other such one; else one of the same software, or, when there are several at
// once already, the latest of its kind, because unrelated attackers do not come
// by the minute.
func (b *Book) match(s *Sighting, source netip.Prefix) *campaign {
	if c := b.byAccount[s.Account]; c != nil && !s.Account.IsZero() {
		return c
	}
	if c := b.bySource[network(source)]; c != nil {
		return c
	}
	recent := func(c *campaign) bool { return s.Time.Sub(c.last) < campaignGap }
	if !narrow(s.Axis) {
		return b.takeOver(b.latest(func(c *campaign) bool { return c.wide && recent(c) }), s)
	}
	alike := func(c *campaign) bool { return c.detection == s.Detection && recent(c) }
	if s.Agent != 0 {
		if c := b.latest(func(c *campaign) bool { return alike(c) && c.agent == s.Agent }); c != nil {
			return c
		}
	}
	n := 0
	for _, c := range b.open {
		if alike(c) {
			n++
		}
	}
	if n >= crowdOfIncidents || len(b.open) >= MaxOpen {
		return b.latest(alike)
	}
	return nil
}

// takeOver lets a detection explain a rise of failures.
func (b *Book) takeOver(c *campaign, s *Sighting) *campaign {
	if c != nil && c.detection == RiseOfFailures {
		c.detection = s.Detection
	}
	return c
}

const (
	// campaignGap is how long a campaign may pause and still take in new sources.
	campaignGap = 10 * time.Minute
	// crowdOfIncidents is from how many incidents of one kind at once all further
	// sources are taken for one campaign.
	crowdOfIncidents = 3
)

// narrow reports whether what was detected is about one source.
func narrow(a config.Axis) bool {
	return a == config.AxisSource || a == config.AxisPair || a == config.AxisPrefix
}

// begin opens an incident. When there are too many the quietest ends.
func (b *Book) begin(s *Sighting) *campaign {
	if len(b.open) >= MaxOpen {
		quietest := 0
		for i, c := range b.open {
			if c.last.Before(b.open[quietest].last) {
				quietest = i
			}
		}
		b.end(quietest)
	}
	c := &campaign{
		id: "i-" + strings.ToLower(event.NewID(s.Time)), detection: s.Detection, wide: !narrow(s.Axis),
		detections: map[config.Detection]bool{},
		first:      s.Time, last: s.Time, agent: s.Agent,
		sources: map[netip.Prefix]*origin{}, accounts: map[identity.Pseudonym]*account{},
	}
	b.open = append(b.open, c)
	if b.opened == nil {
		b.opened = map[config.Detection]uint64{}
	}
	b.opened[s.Detection]++
	return c
}

// link notes that the source belongs to the campaign, and reports whether that
// was known.
func (b *Book) link(c *campaign, source netip.Prefix) (known bool) {
	if c.sources[source] != nil {
		return true
	}
	addr := source.Addr().As16()
	c.allFrom.add(mix(binary.BigEndian.Uint64(addr[:8]) ^ binary.BigEndian.Uint64(addr[8:])*odd))
	if len(c.sources) >= MaxSources {
		return true // it may have been, and looking for what it did before has an end
	}
	if b.bySource == nil {
		b.bySource = map[netip.Prefix]*campaign{}
	}
	c.sources[source] = new(origin)
	b.bySource[source] = c
	if n := network(source); b.bySource[n] == nil {
		b.bySource[n] = c
	}
	return false
}

// unlink forgets what leads to the campaign; called with mu held.
func (b *Book) unlink(c *campaign) {
	for source := range c.sources {
		for _, key := range []netip.Prefix{source, network(source)} {
			if b.bySource[key] == c {
				delete(b.bySource, key)
			}
		}
	}
	for pseudonym := range c.accounts {
		if b.byAccount[pseudonym] == c {
			delete(b.byAccount, pseudonym)
		}
	}
	b.listed -= len(c.accounts)
}

// add counts one sighting.
func (c *campaign) add(b *Book, s *Sighting) {
	c.count(s)
	if s.Account.IsZero() {
		return
	}
	c.allAt.add(binary.LittleEndian.Uint64(s.Account[:8]))
	a := c.accounts[s.Account]
	if a == nil {
		if a = b.list(c, s); a == nil {
			return
		}
	}
	source := evidence.SourcePrefix(s.Source)
	attacker := c.attacks(source, s)
	if s.Name != "" && (a.name == "" || s.Succeeded) {
		a.name = s.Name
	}
	entered := s.vital() && c.detection != RiseOfFailures && (attacker || s.Known && a.underAttack())
	if entered && !a.compromised {
		a.compromised = true
		c.fresh = append(c.fresh, s.Account)
	}
	a.attempts++
	a.several = a.several || a.from != source
}

// count counts a sighting of any account.
func (c *campaign) count(s *Sighting) {
	c.attempts++
	c.news = true
	if s.Time.After(c.last) {
		c.last = s.Time
	}
	if s.Time.Before(c.first) {
		c.first = s.Time
	}
	if s.Refused {
		c.refused++
	}
	if s.Would {
		c.would++
	}
	if s.opens() {
		c.detections[s.Detection] = true
	}
}

// attacks reports whether the source is one of those that attack. In an attack on
// the whole site strangers are refused for what others do: there a source must
// have tried a second account.
func (c *campaign) attacks(source netip.Prefix, s *Sighting) bool {
	from := c.sources[source]
	if from == nil {
		return false
	}
	return from.tries(s.Account) || !c.wide
}

// list lists an account, or returns nil when too many are. An account whose
// password was found takes the place of one that was only tried.
func (b *Book) list(c *campaign, s *Sighting) *account {
	if len(c.accounts) >= MaxAccounts || b.listed >= maxListed {
		if !s.vital() || !b.makeRoom(c) {
			return nil
		}
	}
	a := &account{since: s.Time, from: evidence.SourcePrefix(s.Source)}
	c.accounts[s.Account] = a
	b.listed++
	if b.byAccount == nil {
		b.byAccount = map[identity.Pseudonym]*campaign{}
	}
	if b.byAccount[s.Account] == nil && c.detection != RiseOfFailures { // there everybody fails
		b.byAccount[s.Account] = c
	}
	return a
}

func (b *Book) makeRoom(c *campaign) bool {
	for pseudonym, a := range c.accounts {
		if a.compromised {
			continue
		}
		delete(c.accounts, pseudonym)
		if b.byAccount[pseudonym] == c {
			delete(b.byAccount, pseudonym)
		}
		b.listed--
		return true
	}
	return false
}

// network is the range around a source that an attacker is likely to hold more
// of: IPv4 /24, IPv6 /48.
func network(source netip.Prefix) netip.Prefix {
	bits := 24
	if source.Addr().Is6() {
		bits = 48
	}
	p, err := source.Addr().Prefix(min(bits, source.Bits()))
	if err != nil {
		return source
	}
	return p
}
