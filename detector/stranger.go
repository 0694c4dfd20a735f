package detector

import (
	"encoding/binary"
	"time"

	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/rules"
)

// strangers asks what only strangers are asked: whether their network guesses,
// whether this credential was refused to somebody else, whether the password
// is being sprayed, whether the site is under attack from where they come.
// Whether the name they give exists makes no difference to any of it (H22), and
// neither does what the request claims to be where logins arrive.
func (c *admission) strangers(v *Verdict) bool {
	r := &c.a.reserved
	if !r.guess || r.exempt || r.standing >= familiar {
		return false
	}
	if fired := c.strangerRules(); fired.Fired() {
		if c.fires(c.enforced(fired), fired) {
			c.remember(fired)
			*v = c.refuse(fired)
			return true
		}
	}
	return false
}

// enforced is what fired, or nothing where the start is gentle.
func (c *admission) enforced(fired rules.Detection) rules.Detection {
	if c.lenient {
		return rules.Detection{}
	}
	return fired
}

func (c *admission) strangerRules() rules.Detection {
	r := &c.a.reserved
	attack := c.arrives()
	if fired := c.contactNetwork(); fired.Fired() && r.standing == stranger {
		return fired
	}
	if fired := c.popular(); fired.Fired() {
		return fired
	}
	if !c.a.Solved && c.refusedBefore() {
		return rules.Refused()
	}
	if !attack || r.standing != stranger {
		return rules.Detection{}
	}
	return c.hostile()
}

// hostile asks about the network of a stranger during an attack.
func (c *admission) hostile() (fired rules.Detection) {
	c.m.networks.View(c.a.reserved.class, func(n *networkEvidence) {
		switch {
		case n.wasteful(c.now):
			fired = rules.Surge(n.wasted.Value(c.now, networkFade), true)
		case n.hostile(c.now) && !c.a.Solved:
			fired = rules.Surge(n.bad.Value(c.now, networkFade), false)
		}
	})
	return fired
}

// arrives counts the arrival for the site test.
func (c *admission) arrives() (attack bool) {
	r := &c.a.reserved
	if r.standing != stranger {
		return false
	}
	return c.site.surge.arrive(c.now, r.group, r.surgeAccount(), r.surgeSource())
}

// surgeAccount stands for all the names of the attempt together: a constant one
// in front must not make a list of victims look like one account.
func (r *reservation) surgeAccount() (names uint64) {
	if r.n == 0 {
		return r.surgeSource() + 1
	}
	for i := range r.n {
		names ^= r.accounts[i].hash()
	}
	return names
}

func (r *reservation) surgeSource() uint64 { return binary.LittleEndian.Uint64(r.source[:8]) }

// popular asks whether the password was tried for many names.
func (c *admission) popular() rules.Detection {
	if c.a.Credential == 0 || c.a.reserved.weight > 1 {
		return rules.Detection{}
	}
	return rules.Popular(c.site.popular.Names(c.a.Credential, c.now), c.p.thresholds.Spray)
}

// refusedFor is how long a credential that was refused to a stranger is refused
// to every other one, at least.
const refusedFor = evidence.Seconds(time.Hour / time.Second)

func (c *admission) credentialHash(account *accountReservation) uint64 {
	return account.hash() ^ c.a.Credential*0x9e3779b97f4a7c15
}

func (c *admission) refusedBefore() bool {
	r := &c.a.reserved
	for i := range r.n {
		if c.a.Credential != 0 && c.site.refusedOnce.Has(c.credentialHash(&r.accounts[i]), c.now) {
			return true
		}
	}
	return false
}

// remember makes the refusal stick to the credential: whoever comes back with
// it through another proxy gains nothing.
func (c *admission) remember(fired rules.Detection) {
	r := &c.a.reserved
	if c.a.Credential == 0 || fired.Rule == rules.RefusedRule {
		return
	}
	for i := range r.n {
		c.site.refusedOnce.Add(c.credentialHash(&r.accounts[i]), c.now)
	}
}

// strangerFailed counts a failure of somebody the account does not know, and
// reports whether with it an attack on the site begins.
func (c *admission) strangerFailed() (begins bool) {
	r := &c.a.reserved
	if r.exempt || r.standing >= familiar {
		return false
	}
	if r.n == 0 {
		// A name that cannot be read is a stranger's all the same. No account is
		// concerned, and how strangers of the network fare is not judged by it: who
		// gets in without a readable name is not counted there either.
		return c.site.surge.failed(c.now, r.group, r.surgeAccount(), r.surgeSource())
	}
	// All names of the request count: which one the app takes is not known, and
	// one of them may stand there only to be the same every time.
	met := true
	for i := range r.n {
		if c.a.oneGuess() {
			c.site.popular.Add(c.a.Credential, r.accounts[i].hash(), c.now)
		}
		first, _ := c.meets(&r.accounts[i], true)
		met = met && !first
	}
	if met {
		return false
	}
	c.contactFailed()
	if r.standing != stranger {
		return false
	}
	c.networkJudged(true)
	return c.site.surge.failed(c.now, r.group, r.surgeAccount(), r.surgeSource())
}

// loggedIn notes a login on a confirmed route, with its score, for all that
// judges strangers, and reports whether it earned anything, and whether the
// account may speak for where it comes from. What is good for a place is counted
// sparingly, because whoever owns an account can log in as often as he likes from
// wherever he likes (H9): once a day and account for the baseline, and for
// networks by an aged account from two sources a day.
func (c *admission) loggedIn(account *accountReservation, score float64) (earned, speaks bool) {
	r := &c.a.reserved
	r.who.client = c.clientTag() // the cookie may have come into being since
	first, missed := c.meets(account, false)
	if missed {
		c.contactSucceeded(-rules.ContactFailed)
		c.networkForgives()
	}
	if first && r.standing < familiar && !account.aged && c.suspect() {
		return false, false
	}
	var today, aged, credit bool
	who, age := &r.who, c.site.surge.age(c.now)
	c.m.histories.Update(account.account, c.now, func(h *accountHistory, _ bool) {
		barred := h.bars(c.now, score, r.standing)
		today = h.last/day != c.now/day
		aged = h.aged(c.now, age)
		speaks, credit = h.credit(c.now, age, who.source)
		h.enter(c.now, who, !barred)
	})
	if today {
		c.site.surge.login(c.now)
	}
	if r.standing == stranger && credit {
		c.networkJudged(false)
	}
	if credit && first {
		c.contactSucceeded(rules.ContactSucceeded)
	}
	if aged && first {
		c.habitsEntered()
	}
	if speaks {
		c.networkEntered(account.hash())
	}
	return true, speaks
}

// suspect reports whether the source has failed for several accounts at first
// contact lately: a login from there of a young account, by whom it does not
// know, earns nothing (H9).
func (c *admission) suspect() (yes bool) {
	half := float64(c.p.thresholds.Contacts.N) / 2
	c.m.sources.View(c.a.reserved.source, func(e *sourceEvidence) {
		yes = e.contact.Value(c.now, contactFade) >= half
	})
	return yes
}

// clientTag stands for the client of the attempt if it keeps cookies, 0 if not.
// It is keyed: histories are kept on disk, and what a cookie holds is not.
func (c *admission) clientTag() uint32 {
	if c.a.Client == 0 {
		return 0
	}
	return c.m.hasher.Number(0, axisClient, c.a.Client).Tag()
}

// describeVisitor fills in who comes.
func (c *admission) describeVisitor() {
	r := &c.a.reserved
	r.network = c.m.hasher.Network(c.site.id, c.a.Source.Addr)
	c.a.reserved.who = visitor{source: r.source.Tag(), network: r.network.Tag()}
	c.a.reserved.who.client = c.clientTag()
	c.describeHabits()
	c.m.sources.View(r.source, func(e *sourceEvidence) {
		c.a.reserved.who.shared = e.shared()
		r.resident = e.resident != 0 && c.now < e.resident+familiarFor
		r.failing = e.fails.Value(c.now, seconds(c.p.thresholds.Source.Window)) > 0
	})
}

// Budgets of the filters of a site: wrong passwords by name a day, and refused
// credentials an hour. Beyond them the rules have no evidence.
const (
	sprayBudget   = 1 << 17
	refusedBudget = 1 << 15
)
