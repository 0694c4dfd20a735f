package detector

import (
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/recognize"
	"github.com/doorward/doorward/detector/risk"
)

// basicWindow is how long the same accepted Basic or Digest credentials are
// one login.
const basicWindow = evidence.Seconds(10 * time.Minute / time.Second)

// succeeded takes the reservation back and, on a confirmed route, lets the
// success earn something: the pair begins afresh and becomes familiar. It earns
// nothing where the app may have let in somebody else than was read: an
// attacker would log in to his own account with the victim's name beside it. A
// completed reset opens the account; that one was asked for proves nothing.
func (c *admission) succeeded(o recognize.Outcome) (s Settlement) {
	r := &c.a.reserved
	s.Score, s.Triggers = c.score()
	if r.signup {
		r.held = false // an account was created: that is what is counted
		c.signedUp()
	}
	c.release(fullWeight)
	if r.n == 0 {
		return s
	}
	earns := r.route.confirmed() && (c.a.Declared || o.Confidence >= sureEnough) && !c.a.unclear() && c.asked()
	if earns {
		c.passwordChosen(&r.accounts[0])
	}
	if c.a.Kind == config.KindMFA {
		c.codeAccepted()
	}
	if c.a.Kind != config.KindLogin {
		return s
	}
	s.Repeat = c.repeats(&r.accounts[0])
	if s.Repeat || !earns {
		return s
	}
	s.Seen, s.Entered = true, c.enter(&r.accounts[0], s.Score)
	if s.Score >= risk.Unusual {
		c.site.unusual.Add(r.visitorHash(), c.now)
	}
	switch {
	case s.Score >= risk.Takeover:
		c.takeover(&s)
	case s.Triggers&risk.UnusualVPN != 0:
		c.unusualVPN(&s)
	}
	return s
}

// asked reports whether the app is known to look at the credentials: of Basic
// and Digest it must have asked for some in the same space.
func (c *admission) asked() bool {
	return !c.a.Basic || c.a.Declared || c.site.spaces.Cover(c.a.Path)
}

// repeats records a success and reports whether it only repeats the last one:
// Basic and Digest credentials come with every request, and a page with fifty
// pictures is one login.
func (c *admission) repeats(account *accountReservation) (repeat bool) {
	tag := c.a.reserved.tag
	c.m.pairs.Update(account.pair, c.now, func(e *pairEvidence, _ bool) {
		repeat = c.a.Basic && e.entered != 0 && e.with == tag && c.now < e.entered+basicWindow
		if !repeat {
			e.entered, e.with = c.now, tag
		}
	})
	return repeat
}

// sentAgain reports whether the credentials only repeat the last success, as
// repeats does, without recording anything.
func (c *admission) sentAgain() (again bool) {
	r := &c.a.reserved
	if !c.a.Basic || c.a.Ambiguous || r.n != 1 {
		return false
	}
	c.m.pairs.View(r.accounts[0].pair, func(e *pairEvidence) {
		again = e.entered != 0 && e.with == r.tag && c.now < e.entered+basicWindow
	})
	return again
}

// enter lets a login on a confirmed route earn what it may: the pair begins
// afresh, and who came is familiar to the account from now on. It reports whether
// the login earned that.
func (c *admission) enter(account *accountReservation, score float64) bool {
	r := &c.a.reserved
	earned, speaks := c.loggedIn(account, score)
	c.m.pairs.View(account.pair, func(e *pairEvidence) {
		*e = pairEvidence{met: e.met, entered: e.entered, with: e.with}
	})
	c.m.accounts.Update(account.account, c.now, func(e *accountEvidence, _ bool) {
		e.success, e.name = c.now, r.spelling
		if r.familiar {
			e.opened = c.now
		}
	})
	c.m.sources.Update(r.source, c.now, func(e *sourceEvidence, _ bool) {
		e.age(c.now)
		e.entered.Add(account.hash())
		if speaks {
			e.resident = c.now
		}
	})
	if earned {
		c.deviceEntered(account)
	}
	c.site.peers.login(&c.a.Source, account.hash())
	return earned
}

// passwordChosen ends what the old password gave: after a completed reset or
// change nobody is familiar to the account but who chose the new one (H9). A
// reset opens the account, its owner has proved himself.
func (c *admission) passwordChosen(account *accountReservation) {
	r := &c.a.reserved
	switch c.a.Kind {
	case config.KindReset:
		c.open(account)
	case config.KindPasswordChange:
	default:
		return
	}
	c.m.histories.View(account.account, func(h *accountHistory) {
		h.revoke()
		if r.familiar {
			h.enter(c.now, &r.who, true)
		}
	})
}

// open lets every closed pair of the account try again: its owner has proved
// himself by a completed reset.
func (c *admission) open(account *accountReservation) {
	c.m.accounts.Update(account.account, c.now, func(e *accountEvidence, _ bool) { e.opened = c.now })
}
