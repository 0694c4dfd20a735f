package detector

import (
	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/rules"
)

// First contacts: a guesser who goes through a list meets each account once and
// fails; people who share an address meet their own accounts and get in. Each
// account counts once a day per source, whatever it did there again: a stale
// client or a forgotten password is one contact. See rules.Contact.

// contactFade is the half-life of first contacts.
const contactFade evidence.Seconds = 6 * 3600

// meets notes that the account and the source have met, and reports whether it
// is the first time this day (of UTC). Whole days, not 24 hours: who logs in at a
// slightly different time each day would be new on some days only, and his
// forgotten phone, which tries all day, on the others. missed tells that the
// contact, or an earlier one of the day, counted as failed; a success makes good
// for it, because who remembers the password after all is a person.
func (c *admission) meets(account *accountReservation, failed bool) (first, missed bool) {
	c.m.pairs.Update(account.bySource, c.now, func(e *pairEvidence, _ bool) {
		first = e.met == 0 || c.now/day != e.met/day
		missed = !first && e.met&contactMissed != 0
		e.met = c.now &^ contactMissed
		if failed && (first || missed) {
			e.met |= contactMissed
		}
	})
	return first, missed
}

// contactMissed is the bit of pairEvidence.met that tells that the contact of
// the day failed.
const contactMissed = 1

// contactFailed counts a first contact that failed: for the source, its network
// and, if that is a provider of servers, the provider.
func (c *admission) contactFailed() {
	r := &c.a.reserved
	c.m.sources.Update(r.source, c.now, func(e *sourceEvidence, _ bool) {
		e.age(c.now)
		e.contact.Add(c.now, contactFade, rules.ContactFailed, rules.ContactFloor)
	})
	tag := r.source.Tag()
	keys, n := c.contactNetworks()
	for i := range n {
		c.m.networks.Update(keys[i], c.now, func(n *networkEvidence, _ bool) {
			n.contact.Add(c.now, contactFade, rules.ContactFailed, rules.ContactFloor)
			n.sources.Add(tag)
		})
	}
}

// contactSucceeded gives credit for an account that got in at first contact, or
// makes good for a contact that failed.
func (c *admission) contactSucceeded(credit float64) {
	c.m.sources.Update(c.a.reserved.source, c.now, func(e *sourceEvidence, _ bool) {
		e.age(c.now)
		e.contact.Add(c.now, contactFade, credit, rules.ContactFloor)
	})
	keys, n := c.contactNetworks()
	for i := range n {
		c.m.networks.Update(keys[i], c.now, func(n *networkEvidence, _ bool) {
			n.contact.Add(c.now, contactFade, credit, rules.ContactFloor)
		})
	}
}

// contactNetworks are the networks that first contacts count for: the network
// around the source, and the provider if it rents out servers. Providers of
// homes and phones are never judged by the contacts of a few.
func (c *admission) contactNetworks() (keys [len(networkContacts)]evidence.Key, n int) {
	keys[0], n = c.a.reserved.network, 1
	if c.a.Source.ASN != 0 && c.a.Source.Listed() {
		keys[1], n = c.m.hasher.Number(c.site.id, axisProvider, uint64(c.a.Source.ASN)), 2
	}
	return keys, n
}

// contactNetwork asks whether the network of a stranger has made too many first
// contacts that failed, from several of its sources.
func (c *admission) contactNetwork() (fired rules.Detection) {
	rate := c.thresholds().Contacts
	keys, n := c.contactNetworks()
	for i, key := range keys {
		if i >= n {
			break
		}
		limit := float64(rate.N) * networkContacts[i]
		c.m.networks.View(key, func(e *networkEvidence) {
			if e.sources.Distinct() >= networkSources {
				fired = rules.Contact(e.contact.Value(c.now, contactFade), limit, config.AxisPrefix, rate)
			}
		})
		if fired.Fired() {
			return fired
		}
	}
	return fired
}

// networkContacts is by how much the threshold of a source is multiplied for
// the network and for the provider: what costs more people must be surer. From
// the false alarm rates 1e-4, 1e-6 and 1e-11 of the sequential test.
var networkContacts = [...]float64{1.6, 3}

// networkSources is how many sources of a network must have taken part: for one
// the sanction is on the source.
const networkSources = 3
