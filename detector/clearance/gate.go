package clearance

import (
	"encoding/binary"
	"hash/maphash"
	"net/netip"
	"time"

	"github.com/doorward/doorward/config"
)

// Gate is the challenge of one site: its keys, what it asks for, and the book of
// the process. It is immutable.
type Gate struct {
	seal *Seal
	book *Book
	site uint64
	bits int
	life time.Duration
}

// siteSeed makes numbers of sites: they need to differ, not to last.
var siteSeed = maphash.MakeSeed()

// NewGate returns the gate of a site. bits is the work of the first step, life
// how long a clearance holds, at most MaxLife.
func NewGate(site string, seal *Seal, book *Book, bits int, life time.Duration) *Gate {
	return &Gate{seal: seal, book: book, site: maphash.String(siteSeed, site), bits: bits, life: min(life, MaxLife)}
}

// Place is where addr is, on this site.
func (g *Gate) Place(addr netip.Addr) Place { return Place{g.site, PrefixOf(addr)} }

// Book is the book of the process.
func (g *Gate) Book() *Book { return g.book }

// Ask is for what a challenge is issued.
type Ask struct {
	Source netip.Addr
	Class  config.Class
	// Identity is who the attempt is about; zero when none was made yet. Then the
	// clearance is for the first who uses it.
	Identity Identity
	// Return is the address to go back to, as ReturnPath gave it.
	Return string
	// Retype tells that a submitted form was thrown away.
	Retype bool
}

// Issue makes a challenge. It keeps nothing.
func (g *Gate) Issue(now time.Time, a Ask) (token string, c Challenge) {
	c = Challenge{
		Nonce: newNonce(), Issued: now, Source: PrefixOf(a.Source), Class: a.Class, Identity: a.Identity,
		Return: a.Return, Retype: a.Retype,
	}
	c.Bits = g.bits + g.book.Standing(now, g.placeOf(&c), a.Identity).Steps
	return g.seal.makeToken(&c), c
}

func (g *Gate) placeOf(c *Challenge) Place { return Place{g.site, c.Source} }

// Again makes a challenge like one that was not redeemed.
func (g *Gate) Again(now time.Time, c *Challenge) (token string, _ Challenge) {
	next := *c
	next.Nonce, next.Issued, next.Ready = newNonce(), now, time.Time{}
	next.Bits = g.bits + g.book.Standing(now, g.placeOf(c), c.Identity).Steps
	return g.seal.makeToken(&next), next
}

// Read opens a token and tells whether it can be redeemed from addr at now,
// as far as that does not depend on a solution. The challenge is what it says
// also when it cannot, as long as it is ours.
func (g *Gate) Read(now time.Time, token string, addr netip.Addr) (Challenge, Result) {
	c, result := g.seal.openToken(token)
	switch {
	case result != Accepted:
		return Challenge{}, result
	case c.stale(now):
		return c, Expired
	case c.Source != PrefixOf(addr):
		return c, Elsewhere
	case g.book.forgotten(c.Issued):
		return c, Forgotten
	}
	return c, Accepted
}

// Redeem gives a clearance for a solution, once.
func (g *Gate) Redeem(now time.Time, token, proof string, addr netip.Addr) (cookie string, c Challenge, result Result) {
	p, ok := ParseProof(proof)
	if !ok {
		return "", c, Malformed
	}
	if c, result = g.Read(now, token, addr); result != Accepted {
		return "", c, result
	}
	if !c.Ready.IsZero() || !p.Solves(token, c.Bits) {
		return "", c, Wrong
	}
	return g.grant(now, &c)
}

// Wait gives a wait in the place of a proof, for browsers that cannot make one.
// Early tells that there is none to be had: too many wait there.
func (g *Gate) Wait(now time.Time, token string, addr netip.Addr) (waiting string, c Challenge, result Result) {
	c, result = g.Read(now, token, addr)
	if result != Accepted || !c.Ready.IsZero() {
		return token, c, result
	}
	steps := g.book.Standing(now, g.placeOf(&c), c.Identity).Steps
	ready, ok := g.book.wait(now, g.placeOf(&c), FirstWait<<steps)
	if !ok {
		return "", c, Early
	}
	c.Nonce, c.Issued, c.Ready, c.Bits = newNonce(), now, ready, g.bits+steps
	return g.seal.makeToken(&c), c, Accepted
}

// RedeemWait gives a clearance for a wait that is over, once.
func (g *Gate) RedeemWait(now time.Time, token string, addr netip.Addr) (cookie string, c Challenge, result Result) {
	c, result = g.Read(now, token, addr)
	switch {
	case result != Accepted:
		return "", c, result
	case c.Ready.IsZero():
		return "", c, Wrong
	case now.Before(c.Ready):
		return "", c, Early
	}
	return g.grant(now, &c)
}

// grant gives a clearance for a challenge that was solved. One that was made when
// less work was asked for is not taken: else an attacker would collect easy ones
// beforehand.
func (g *Gate) grant(now time.Time, c *Challenge) (string, Challenge, Result) {
	if c.Bits+1 < g.bits+g.book.Standing(now, g.placeOf(c), c.Identity).Steps {
		return "", *c, Cheap
	}
	expires := now.Add(g.life)
	remember := expires
	if last := c.Issued.Add(TokenLife + skew); last.After(remember) {
		remember = last
	}
	if !c.Ready.IsZero() && c.Ready.Add(TokenLife+skew).After(remember) {
		remember = c.Ready.Add(TokenLife + skew)
	}
	if result := g.book.Nonces.Redeem(now, c.Nonce, remember); result != Accepted {
		return "", *c, result
	}
	g.book.Solved(g.placeOf(c), c.Identity)
	return g.seal.makeCookie(&Clearance{
		Nonce: c.Nonce, Issued: now, Expires: expires, Source: c.Source, Class: c.Class, Identity: c.Identity, Bits: c.Bits,
	}), *c, Accepted
}

// Life is how long a clearance holds.
func (g *Gate) Life() time.Duration { return g.life }

// Use is one use of a clearance. The zero value is none.
type Use struct {
	gate  *Gate
	nonce Nonce
	place Place
	who   Identity
}

// Use takes one use out of the budget of a clearance for an attempt of class by
// addr about identity, which is zero if it names nobody: the password of a login
// that asked for the name on a page before. Such a use is as good as any, and
// leaves to whom the clearance belongs. It must be settled once if it was
// accepted.
func (g *Gate) Use(now time.Time, cookie string, addr netip.Addr, class config.Class, id Identity) (Use, Result) {
	c, result := g.seal.openCookie(now, cookie)
	place := g.Place(addr)
	switch {
	case result != Accepted:
		return Use{}, result
	case c.Source != place.Prefix:
		return Use{}, Elsewhere
	case c.Class != class:
		return Use{}, OtherClass
	case c.Identity != (Identity{}) && id != (Identity{}) && c.Identity != id:
		return Use{}, OtherIdentity
	case g.book.forgotten(c.Issued):
		return Use{}, Forgotten
	}
	failed, result := g.book.Nonces.Reserve(now, c.Nonce, c.Expires, holder(id))
	if result != Accepted {
		return Use{}, result
	}
	if id == (Identity{}) {
		id = c.Identity
	}
	u := Use{gate: g, nonce: c.Nonce, place: place, who: id}
	standing := g.book.Standing(now, place, id)
	if standing.Limited || c.Bits+failed+1 < g.bits+standing.Steps {
		g.book.Nonces.Settle(now, c.Nonce, Withdrawn)
		return Use{}, Cheap
	}
	return u, Accepted
}

// Holds reports whether a clearance for class, or for any with ClassNone, would be
// taken from addr, as far as can be told without using it.
func (g *Gate) Holds(now time.Time, cookie string, addr netip.Addr, class config.Class) bool {
	c, result := g.seal.openCookie(now, cookie)
	return result == Accepted && c.Source == PrefixOf(addr) && (class == config.ClassNone || c.Class == class) &&
		!g.book.forgotten(c.Issued) && g.book.Nonces.Left(now, c.Nonce)
}

// Passed reports whether addr holds a clearance of any class, used up or not: it
// has solved a challenge within the last minutes.
func (g *Gate) Passed(now time.Time, cookie string, addr netip.Addr) bool {
	c, result := g.seal.openCookie(now, cookie)
	return result == Accepted && c.Source == PrefixOf(addr) && !g.book.forgotten(c.Issued)
}

// Used reports whether there is anything to settle.
func (u *Use) Used() bool { return u.gate != nil }

// Settle ends the use by its outcome, once; further calls do nothing. A failure
// makes the next challenge harder.
func (u *Use) Settle(now time.Time, o Outcome) {
	if u.gate == nil {
		return
	}
	g := u.gate
	u.gate = nil
	g.book.Nonces.Settle(now, u.nonce, o)
	switch o {
	case Failed:
		g.book.Failed(now, u.place, u.who)
	case Succeeded:
		g.book.Succeeded(now, u.place)
	case Untold, Withdrawn:
	}
}

// holder stands for an identity in the memory of nonces: 0 for nobody, and for
// nobody else.
func holder(id Identity) uint64 {
	if id == (Identity{}) {
		return 0
	}
	return max(binary.LittleEndian.Uint64(id[:8])^binary.LittleEndian.Uint64(id[8:]), 1)
}
