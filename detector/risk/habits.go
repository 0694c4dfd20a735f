package risk

import (
	"math"
	"time"
)

// Habits compare a login with the earlier logins of its account. The zero value
// is an account of which nothing is known: it says nothing.
type Habits struct {
	// Logins is how many earlier logins are remembered, at most 100; with none
	// all else counts for nothing.
	Logins int
	// Away is how long ago the last one was: who comes rarely comes from
	// somewhere else more often.
	Away time.Duration

	// Site is how many logins of the whole site were seen, of which the features
	// tell a part. With few of them nothing is rare.
	Site float64

	Network  Feature // IPv4 /24, IPv6 /48
	Provider Feature // number of the autonomous system
	Country  Feature
	Agent    Feature // browser and system
	List     Feature // address list such as Tor
	// Unlisted tells that no earlier login of the account came from a list.
	Unlisted bool
	// Device tells that the account's clients keep cookies and this one brought
	// none of theirs.
	Device Feature
	// Hurried tells that the last login came from another country within the
	// hour and neither end is on a list. Alone it is the worst rule there is
	// (3,453 alarms in 10,000 logins on the RBA data set), so it only adds to
	// a country that is new.
	Hurried bool
}

// Feature is one property of a login.
type Feature struct {
	// New tells that the property is known and no earlier login of the account
	// had it.
	New bool
	// Seen is how many of the site's logins had the property.
	Seen float64
}

// weight is how a feature that is new speaks against a login: as the odds, in
// bits, that it is a thief's rather than the owner's. In the manner of Freeman
// et al. ("Who Are You? A Statistical Approach to Measuring User Authenticity",
// NDSS 2016), with the owner's side smoothed instead of zero: after n logins he
// brings something new with a chance of novelty/(n+novelty), and then what is
// usual at the site. A thief brings something new nearly always, and in nine
// cases of ten something that is as rare as usual says.
type weight struct {
	novelty float64 // how many logins of n bring something new, in an average month
	usual   float64 // share of the site's logins of what a thief brings
	most    float64 // bits that rarity may add
	prior   float64 // bits whatever the site sees
}

// The novelties are those of people: a tenth of all logins come without the
// cookie, a browser is changed more often than a home, a country least often.
// Rarity is capped so that the size of the site does not decide.
var weights = struct{ network, provider, country, agent, list, device weight }{
	network:  weight{novelty: 1, usual: 1e-4, most: 6},
	provider: weight{novelty: 0.5, usual: 3e-3, most: 6},
	country:  weight{novelty: 0.2, usual: 1e-2, most: 6},
	agent:    weight{novelty: 2, usual: 1e-3, most: 3},
	list:     weight{novelty: 0.3, prior: 3},
	device:   weight{novelty: 5},
}

// hurry is what another country within an hour adds, in bits.
const hurry = 2

// even is at how many bits the score is a half. In attacksim fewer than ten
// owners in 10,000 get there, most of them travellers without their cookie.
const even = 36

// thieves is the share of thieves who do not bring what everybody has.
const thieves = 0.9

const week = 7 * 24 * time.Hour

// strange rates the habits from 0 to 1. It is continuous in the number of
// logins, the time away and what was seen, so that logins can be ranked by it.
// Nothing that is new speaks for the owner.
func (h *Habits) strange() float64 {
	if h.Logins <= 0 {
		return 0
	}
	w := &weights
	bits := 0.0
	for _, f := range [...]struct {
		Feature
		w *weight
	}{
		{h.Network, &w.network},
		{h.Provider, &w.provider},
		{h.Country, &w.country},
		{h.Agent, &w.agent},
		{h.List, &w.list},
		{h.Device, &w.device},
	} {
		if f.New {
			bits += max(f.w.novel(float64(h.Logins), h.Away)+f.w.rare(f.Seen, h.Site), 0)
		}
	}
	if h.Country.New && h.Hurried {
		bits += hurry
	}
	return bits / (bits + even)
}

// novel is what a new feature says after so many logins of the account.
func (w *weight) novel(logins float64, away time.Duration) float64 {
	novelty := w.novelty * (1 + max(float64(away), 0)/float64(week))
	return math.Log2((logins+novelty)/novelty) + w.prior
}

// rare is what it adds that few of the site's logins have the feature; of what
// many have it takes back some. Half a login more than were seen, for what was
// never seen is rare, not impossible; and half of what makes a share of the
// usual one, so that a site of which little is known adds nothing.
func (w *weight) rare(seen, site float64) float64 {
	if w.usual == 0 {
		return 0
	}
	share := (max(seen, 0) + 0.5) / (max(site, seen, 0) + 0.5/w.usual)
	return min(math.Log2(1-thieves+thieves*w.usual/share), w.most)
}
