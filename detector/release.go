package detector

// release takes quarters of every guess back from every axis; the accounts are
// freed whole.
func (c *admission) release(quarters int) {
	c.releaseAccounts()
	c.releaseSource(quarters)
}

func (c *admission) releaseSource(quarters int) {
	r := &c.a.reserved
	if !r.held || !r.sourceCharged {
		return
	}
	r.sourceCharged = false
	quarters *= r.weight
	t := &c.p.thresholds
	c.m.sources.View(r.source, func(e *sourceEvidence) {
		if r.signup {
			e.signups.Sub(c.now, seconds(t.Signups.Window), r.at, quarters)
			return
		}
		e.fails.Sub(c.now, seconds(t.Source.Window), r.at, quarters)
		e.slow.Sub(c.now, seconds(t.SourceSlow.Window), r.at, quarters)
	})
}

func (c *admission) releaseAccounts() {
	r := &c.a.reserved
	if !r.held {
		return
	}
	for i := range r.n {
		c.releaseAccount(&r.accounts[i])
	}
}

func (c *admission) releaseAccount(account *accountReservation) {
	r, t := &c.a.reserved, &c.p.thresholds
	if account.pairCharged {
		account.pairCharged = false
		window := seconds(c.pairRate().Window)
		c.m.pairs.View(account.pair, func(e *pairEvidence) {
			e.guesses.Sub(c.now, window, r.at, r.full())
			if account.pairTagged {
				e.tags.Remove(r.tag)
			}
		})
	}
	if account.accountCharged {
		account.accountCharged = false
		c.m.accounts.View(account.account, func(e *accountEvidence) {
			e.guesses.Sub(c.now, seconds(t.Account.Window), r.at, r.full())
			if account.accountTagged {
				e.tags.Remove(r.tag)
			}
		})
	}
}
