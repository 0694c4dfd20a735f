package detector

import (
	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
)

// prepare notes what applies to the attempt as a whole.
func (c *admission) prepare(mode config.Mode) {
	a, r := c.a, &c.a.reserved
	*r = reservation{at: c.now, tag: uint32(a.Credential ^ a.Credential>>32)}
	r.weight = min(max(a.Guesses, 1), maxWeight)
	r.path = c.routePath()
	r.guess = a.Kind == config.KindLogin || c.claimsOtherKind()
	if r.guess {
		c.class = config.ClassLogin
	}
	r.route = c.site.routes.get(c.now, a.Kind, r.path, a.Declared)
	r.route.attempts.Add(1)
	if a.Served {
		r.route.served.Store(true)
	}
	r.lenient = r.route.lenient(c.now, mode)
	c.lenient, c.factor = r.lenient, 1
	if r.lenient && !a.Declared {
		c.factor = gentleFactor
	}
	c.identify()
}

// routePath is where the attempt arrived, in one spelling. Basic and Digest
// credentials come with every request of a site, so all its paths are one
// route: otherwise fifty pictures would be fifty routes that never graduate.
func (c *admission) routePath() string {
	if c.a.Basic && !c.a.Declared {
		return AuthorizationRoute
	}
	return c.site.routes.name(c.a.Route)
}

// AuthorizationRoute is how status names the route of Basic and Digest
// credentials that no declared route takes.
const AuthorizationRoute = "Authorization"

// claimsOtherKind reports whether a request where logins arrive claims, by
// decoy fields, to be something else, although it bears a password. What the
// operator declares is no claim of the client.
func (c *admission) claimsOtherKind() bool {
	return c.class != config.ClassNone && !c.a.Declared && (c.a.Credential != 0 || c.a.Uninspectable) &&
		c.site.routes.takesLogins(c.a.reserved.path)
}

// identify fills in the keys of the source, the accounts and the pairs, and how
// well the accounts know who comes.
func (c *admission) identify() {
	a, r := c.a, &c.a.reserved
	r.source = c.m.sourceKey(c.site, a.Source.Addr)
	r.n, r.keys = 0, c.site.keys
	c.describeVisitor()
	r.doubted, r.guesser = c.deviceTries()
	for i, id := range a.Identities {
		if a.Crowd || i == recognize.MaxIdentities || id.Empty() {
			break
		}
		name, spelling := c.site.keys.RateKeyAndSpelling(id, c.p.config.FoldStrict)
		r.accounts[i] = c.reservationFor(name)
		if r.n = i + 1; i == 0 {
			r.spelling = uint32(spelling)
		}
	}
	c.recogniseClient()
	if r.standing == stranger { // nobody else is judged by it
		r.class, r.group = c.networkOf()
	}
}

// reservationFor finds the keys of an account. Its pair is that of account and
// client if the client is known for the account, else of account and source.
func (c *admission) reservationFor(name [16]byte) accountReservation {
	account := accountReservation{pseudonym: name, account: c.m.hasher.Account(c.site.id, name)}
	account.bySource = c.m.hasher.Pair(c.site.id, name, c.a.Source.Addr)
	account.pair = account.bySource
	c.m.histories.View(account.account, func(h *accountHistory) {
		account.standing, account.aged = h.knows(c.now, &c.a.reserved.who), h.aged(c.now, c.site.surge.age(c.now))
	})
	if account.standing == known && !c.deviceKnows(account.account) {
		account.standing = acquainted
	}
	account.familiar = account.standing >= familiar
	if account.standing == known {
		account.pair = c.m.hasher.ClientPair(c.site.id, name, c.a.Client)
	}
	return account
}

// recogniseClient notes how well the first account knows the client, and whether
// that vouches for it beyond its pair. A client that keeps cookies is always told
// apart from its neighbours. An address vouches only as long as few accounts
// share it: behind a carrier's address everybody would be familiar to thousands.
// Nothing vouches for an attempt that may be about another account than the one
// that can be read. An account that is younger than a week vouches for no
// address: an attacker makes one to get past what his address has earned (H9). A
// client that behaves like a stolen cookie is half familiar: no stranger, and
// not told apart from its address either; and one that guesses has no more
// guesses a day than an address has (H17).
func (c *admission) recogniseClient() {
	r := &c.a.reserved
	if r.n == 0 {
		return
	}
	r.standing = r.accounts[0].standing
	if c.a.unclear() {
		r.standing = min(r.standing, acquainted)
		for i := range r.n {
			r.standing = min(r.standing, r.accounts[i].standing)
		}
		return
	}
	r.familiar = r.standing >= familiar
	r.vouched = r.familiar && (r.accounts[0].aged || r.standing == known)
	if r.standing == known && r.doubted {
		r.vouched = false
	}
}

// sharedAccounts is how many accounts may log in from an address before it is
// shared.
const sharedAccounts = 10
