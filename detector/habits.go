package detector

import (
	"time"

	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/risk"
)

// accountHabits is what an account's logins looked like: tags of the last few
// providers, browsers, countries and address lists. They rate takeovers and
// make nobody familiar. 52 bytes for each account that ever logged in.
type accountHabits struct {
	providers evidence.Tags4
	agents    evidence.Tags4
	countries [4]uint16 // the newest first, 0 is an empty place
	lists     uint32    // one bit for each list, by its tag
	logins    uint16    // at most maxHabits
	listed    bool      // the last login came from a list
}

// maxHabits is how many logins count: more make nothing more certain (the
// published implementations keep a hundred for a user).
const maxHabits = 100

// hurriedWithin is within which time nobody gets to another country.
const hurriedWithin = evidence.Seconds(time.Hour / time.Second)

// enter notes a login.
func (h *accountHabits) enter(who *visitor) {
	h.logins = min(h.logins+1, maxHabits)
	h.listed = who.lists != 0
	h.lists |= who.lists
	if who.provider != 0 {
		h.providers.Add(who.provider)
	}
	if who.agent != 0 {
		h.agents.Add(who.agent)
	}
	if who.country != 0 {
		h.visit(who.country)
	}
}

// visit puts a country in front.
func (h *accountHabits) visit(country uint16) {
	last := len(h.countries) - 1
	for i, c := range h.countries {
		if c == country {
			last = i
			break
		}
	}
	copy(h.countries[1:last+1], h.countries[:last])
	h.countries[0] = country
}

func (h *accountHabits) visited(country uint16) bool {
	for _, c := range h.countries {
		if c == country {
			return true
		}
	}
	return false
}

// compare tells what is new about who comes. What is not known of him, or was
// never known of the account, is not new.
func (h *accountHistory) compare(now evidence.Seconds, who *visitor) (s risk.Habits) {
	habits := &h.habits
	if h.last == 0 || now >= h.last+familiarFor || habits.logins == 0 {
		return s
	}
	away := now - min(h.last, now)
	s.Logins = int(habits.logins)
	s.Away = time.Duration(away) * time.Second
	s.Network.New = !who.spoofable && !h.networks.Seen(who.network) && !h.sources.Seen(who.source) && h.networks.Distinct() > 0
	s.Provider.New = isNew(&habits.providers, who.provider)
	s.Country.New = who.country != 0 && !habits.visited(who.country) && habits.countries[0] != 0
	s.Agent.New = isNew(&habits.agents, who.agent)
	s.List.New, s.Unlisted = who.lists&^habits.lists != 0, habits.lists == 0
	s.Device.New = h.clients.Distinct() > 0 && (who.client == 0 || !h.clients.Seen(who.client))
	s.Hurried = s.Country.New && away < hurriedWithin && !habits.listed && who.lists == 0
	return s
}

// isNew reports whether a tag that is known is missing in a set that has some.
func isNew(set *evidence.Tags4, tag uint32) bool {
	return tag != 0 && set.Distinct() > 0 && !set.Seen(tag)
}

// The axes of what the site's logins look like, among the keys of networks.
// The table bounds them; only logins of aged accounts make entries.
const (
	axisLogins byte = iota + 0x20
	axisCountry
	axisAgent
	axisClient
)

// habitFade is the half-life of what the site's logins look like.
const habitFade = 28 * day

// habitsEntered counts a login of an aged account for what is usual at the site.
// Each account counts once a day from each source.
func (c *admission) habitsEntered() {
	r := &c.a.reserved
	h, site := c.m.hasher, c.site.id
	note := func(key evidence.Key) {
		c.m.networks.Update(key, c.now, func(n *networkEvidence, _ bool) { n.logins.Add(c.now, habitFade, 1, 0) })
	}
	note(h.Number(site, axisLogins, 0))
	note(r.network)
	who := &r.who
	if who.provider != 0 {
		note(h.Number(site, axisProvider, uint64(who.provider)))
	}
	if who.country != 0 {
		note(h.Number(site, axisCountry, uint64(who.country)))
	}
	if who.agent != 0 {
		note(h.Number(site, axisAgent, uint64(who.agent)))
	}
}

// usual looks up how usual at the site is what is new for the account.
func (c *admission) usual(s *risk.Habits) {
	if !s.Network.New && !s.Provider.New && !s.Country.New && !s.Agent.New {
		return
	}
	h, site, who := c.m.hasher, c.site.id, &c.a.reserved.who
	s.Site = c.logins(h.Number(site, axisLogins, 0))
	s.Network.Seen = c.logins(c.a.reserved.network)
	s.Provider.Seen = c.logins(h.Number(site, axisProvider, uint64(who.provider)))
	s.Country.Seen = c.logins(h.Number(site, axisCountry, uint64(who.country)))
	s.Agent.Seen = c.logins(h.Number(site, axisAgent, uint64(who.agent)))
}

func (c *admission) logins(key evidence.Key) (n float64) {
	c.m.networks.View(key, func(e *networkEvidence) { n = e.logins.Value(c.now, habitFade) })
	return n
}

// describeHabits fills in what habits compare. The tag of a browser is keyed
// here: it is kept on disk with the account.
func (c *admission) describeHabits() {
	a, w := c.a, &c.a.reserved.who
	w.spoofable = a.Source.Spoofable
	if a.UserAgent != 0 {
		w.agent = c.m.hasher.Number(0, axisAgent, uint64(a.UserAgent)).Tag()
	}
	if w.spoofable {
		return
	}
	w.provider = a.Source.ASN
	w.country = uint16(a.Source.Country[0])<<8 | uint16(a.Source.Country[1])
	for _, list := range a.Source.Lists {
		w.lists |= listBit(list)
	}
}

// listBit is the bit of a list, the same in every process. Two of few lists
// share one with a chance of one in 32: then only the first of them is told.
func listBit(list string) uint32 { return 1 << (listHash(list) & 31) }

// maxAgent is how much of a User-Agent is looked at.
const maxAgent = 512

// AgentTag is the tag of a User-Agent for Attempt.UserAgent: 0 for none. Numbers
// of versions, whatever follows a / or : in digits, dots and underscores, are
// left out: a browser that updates itself is no new one. It is the same in every
// process; who wants to share it with somebody sends the same User-Agent.
func AgentTag(userAgent string) uint32 {
	if userAgent == "" {
		return 0
	}
	hash := fnvOffset
	version := false
	for i := range min(len(userAgent), maxAgent) {
		b := userAgent[i]
		version = b == '/' || b == ':' || version && (b >= '0' && b <= '9' || b == '.' || b == '_')
		if !version || b == '/' || b == ':' {
			hash = (hash ^ uint32(b)) * fnvPrime
		}
	}
	return max(hash, 1)
}

// FNV-1a with 32 bits (Fowler, Noll and Vo).
const (
	fnvOffset uint32 = 2166136261
	fnvPrime  uint32 = 16777619
)

func listHash(text string) uint32 {
	hash := fnvOffset
	for i := range len(text) {
		hash = (hash ^ uint32(text[i])) * fnvPrime
	}
	return hash
}
