package detector

import (
	"github.com/doorward/doorward/detector/evidence"
)

// networkEvidence is what is known of where strangers come from: one busy
// source, a network, a provider, an address list, or all networks of which too
// little is known. It judges strangers only. Countries and browsers have
// entries, too, of which only the logins count, see habitsEntered.
type networkEvidence struct {
	entered evidence.Sketch64 // aged accounts that logged in
	good    evidence.Decay    // logins of strangers
	bad     evidence.Decay    // failures of strangers
	solved  evidence.Decay    // logins of strangers who solved a challenge
	wasted  evidence.Decay    // failures of strangers who solved a challenge
	contact evidence.Decay    // first contacts, as in sourceEvidence
	sources evidence.Tags4    // the last sources that failed at first contact
	logins  evidence.Decay    // logins of aged accounts, once a day and source
}

// networkFade is the half-life of what strangers of a network do.
const networkFade evidence.Seconds = 24 * 3600

// established is from how many accounts a network is judged by itself.
// Networks with fewer are judged together: an attacker who comes from ten
// thousand providers has no clean one.
const established = 20

// A network is hostile when its strangers fail more often than people do: in a
// usual week one login of eight fails, by measurement also in months with three
// times as many typing errors less than one of two. The head start keeps a few
// unlucky people from being a campaign.
const (
	hostileHeadStart = 3.0
	hostileOdds      = 0.5
	wastedHeadStart  = 5.0
)

func (n *networkEvidence) hostile(now evidence.Seconds) bool {
	return n.bad.Value(now, networkFade) > hostileHeadStart+hostileOdds*n.good.Value(now, networkFade)
}

// wasteful reports whether strangers of the network solve challenges and fail
// all the same: then solving proves nothing here.
func (n *networkEvidence) wasteful(now evidence.Seconds) bool {
	return n.wasted.Value(now, networkFade) > wastedHeadStart+hostileOdds*n.solved.Value(now, networkFade)
}

func rankNetwork(n *networkEvidence, now evidence.Seconds) uint32 {
	return uint32(n.entered.Estimate()) + uint32(n.logins.Value(now, habitFade)) + uint32(max(n.contact.Value(now, contactFade), 0)) + uint32(n.bad.Value(now, networkFade))
}

// The axes of numbers among evidence keys.
const (
	axisProvider byte = iota + 1
	axisList
	axisRare
	axisAccountNetwork
)

// networkOf finds what a stranger is judged by: the address list he is on, else
// the narrowest of source, network and provider that enough accounts log in
// from, else all the rest together.
func (c *admission) networkOf() (evidence.Key, surgeGroup) {
	a, r := c.a, &c.a.reserved
	h, site := c.m.hasher, c.site.id
	group := surgeEstablished
	if r.resident {
		group = surgeResident
	}
	if len(a.Source.Lists) > 0 {
		return h.Text(site, axisList, a.Source.Lists[0]), surgeRare
	}
	for _, key := range [...]evidence.Key{r.source, r.network} {
		if c.established(key) {
			return key, group
		}
	}
	if a.Source.ASN != 0 {
		if key := h.Number(site, axisProvider, uint64(a.Source.ASN)); c.established(key) {
			return key, group
		}
	}
	if !r.resident {
		group = surgeRare
	}
	return h.Number(site, axisRare, 0), group
}

func (c *admission) established(key evidence.Key) (yes bool) {
	c.m.networks.View(key, func(n *networkEvidence) { yes = n.entered.Estimate() >= established })
	return yes
}

// networkEntered notes that an aged account logged in from the source.
func (c *admission) networkEntered(account uint64) {
	r := &c.a.reserved
	note := func(key evidence.Key) {
		c.m.networks.Update(key, c.now, func(n *networkEvidence, _ bool) { n.entered.Add(account) })
	}
	if r.who.shared {
		note(r.source)
	}
	note(r.network)
	if c.a.Source.ASN != 0 {
		note(c.m.hasher.Number(c.site.id, axisProvider, uint64(c.a.Source.ASN)))
	}
}

// networkJudged counts how a stranger fared.
func (c *admission) networkJudged(failed bool) {
	r := &c.a.reserved
	c.m.networks.Update(r.class, c.now, func(n *networkEvidence, _ bool) {
		count, solved := &n.good, &n.solved
		if failed {
			count, solved = &n.bad, &n.wasted
		}
		count.Add(c.now, networkFade, 1, 0)
		if c.a.Solved {
			solved.Add(c.now, networkFade, 1, 0)
		}
	})
}

// networkForgives takes back a failure of somebody who got in after all.
func (c *admission) networkForgives() {
	r := &c.a.reserved
	if r.standing != stranger {
		return
	}
	c.m.networks.View(r.class, func(n *networkEvidence) { n.bad.Add(c.now, networkFade, -1, 0) })
}
