package detector

import (
	"net/netip"

	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/risk"
)

// accountHistory is from where an account was logged in to: keyed tags of the
// last few clients, sources and networks of logins on confirmed routes. There is one for each account that ever logged in,
// and none for names that were only tried.
type accountHistory struct {
	clients  evidence.Tags8
	sources  evidence.Tags8 // IPv4 addresses, IPv6 /64
	networks evidence.Tags8 // IPv4 /24, IPv6 /48
	born     evidence.Seconds
	last     evidence.Seconds
	barred   evidence.Seconds // until then a login earns nothing for its source
	credited evidence.Seconds // on the day of which credits is counted
	credits  evidence.Tags4   // sources the account gave credit to that day
	habits   accountHabits
}

// familiarFor is how long after its last login an account knows its clients
// and sources.
const familiarFor evidence.Seconds = 90 * 24 * 3600

// familiarity is how well an account knows who comes.
type familiarity uint8

const (
	// stranger: neither the client nor the network ever logged in to the account.
	stranger familiarity = iota
	// acquainted: the account was logged in to from the network, or from the
	// source, but so were many other accounts: it tells nobody apart.
	acquainted
	// familiar: the account was logged in to from this source, which few
	// accounts share.
	familiar
	// known: the client that keeps cookies logged in to the account.
	known
)

// knows is how well the account knows the client and the source. A source that
// many accounts share makes nobody familiar (H7), and neither does an address
// that the client may have chosen (H2).
func (h *accountHistory) knows(now evidence.Seconds, who *visitor) familiarity {
	switch {
	case h.last == 0 || now >= h.last+familiarFor:
		return stranger
	case who.client != 0 && h.clients.Seen(who.client):
		return known
	case who.spoofable:
		return stranger
	case h.sources.Seen(who.source) && !who.shared:
		return familiar
	case h.sources.Seen(who.source) || h.networks.Seen(who.network):
		return acquainted
	}
	return stranger
}

// enter notes a login. One that earns nothing teaches what the account's logins
// look like, so that it is told once, and makes nobody familiar.
func (h *accountHistory) enter(now evidence.Seconds, who *visitor, earns bool) {
	if h.last == 0 || now >= h.last+familiarFor {
		*h = accountHistory{born: now, barred: h.barred}
	}
	h.last = max(now, h.last)
	h.habits.enter(who)
	if !earns {
		return
	}
	if who.client != 0 {
		h.clients.Add(who.client)
	}
	if !who.spoofable {
		h.sources.Add(who.source)
		h.networks.Add(who.network)
	}
}

// revoke forgets every client and source but the one that is there: the owner
// has chosen a new password, and whoever got in with the old one must not stay
// familiar (H9).
func (h *accountHistory) revoke() {
	h.clients.Clear()
	h.sources.Clear()
	h.networks.Clear()
	h.habits = accountHabits{}
}

// barredFor is how long an account earns nothing for whom it does not know,
// after a login of such a one that looked like a takeover (H9).
const barredFor evidence.Seconds = 7 * 24 * 3600

// bars reports whether a login earns nothing because it, or one before it,
// looked like a takeover. Who is known to the account is not concerned: the
// owner must not be the one who pays.
func (h *accountHistory) bars(now evidence.Seconds, score float64, standing familiarity) bool {
	if standing >= familiar {
		return false
	}
	if score >= risk.Takeover {
		h.barred = now + barredFor
	}
	return now < h.barred
}

// agedAfter is how long after its first login an account may speak for others:
// accounts that an attacker makes for the purpose are younger (H9).
// On a site that was first seen less than a fortnight ago it is half the age of
// the site: nobody can be older than that.
const agedAfter evidence.Seconds = 7 * 24 * 3600

func (h *accountHistory) aged(now, siteAge evidence.Seconds) bool {
	return h.born != 0 && now >= h.born+min(max(siteAge/2, day), agedAfter) && now >= h.barred
}

// creditSources is for how many sources a day a login of one account speaks.
const creditSources = 2

// credit reports whether a login from source may speak for it today, and whether
// it is the first of the day that does.
func (h *accountHistory) credit(now, siteAge evidence.Seconds, source uint32) (speaks, first bool) {
	if !h.aged(now, siteAge) {
		return false, false
	}
	if now/day != h.credited/day { // whole days, as first contacts
		h.credited = now
		h.credits.Clear()
	}
	if h.credits.Seen(source) {
		return true, false
	}
	if h.credits.Distinct() >= creditSources {
		return false, false
	}
	h.credits.Add(source)
	return true, true
}

func rankHistory(h *accountHistory, now evidence.Seconds) uint32 {
	if now >= h.last+familiarFor {
		return 0
	}
	// An account that has stood for weeks outranks a flood of fresh ones.
	return min(uint32(h.last-h.born)/uint32(day), 30)
}

// visitor is who comes, in tags: what histories remember.
type visitor struct {
	client, source, network uint32
	// provider, agent, country and lists are what habits are made of; 0 is
	// unknown, or on no list.
	provider, agent, lists uint32
	country                uint16
	// shared tells that more accounts log in from the source than few.
	shared bool
	// spoofable tells that the client may have chosen its address.
	spoofable bool
}

// wider is the network around a source: IPv4 /24, IPv6 /48.
func wider(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap()
	bits := 24
	if addr.Is6() {
		bits = 48
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
