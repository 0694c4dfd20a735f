package caddymodule

import (
	"crypto/subtle"
	"slices"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/clearance"
	"github.com/doorward/doorward/detector/identity"
	"github.com/doorward/doorward/detector/recognize"
)

// visitedClearance is what an attempt has to do with challenges.
type visitedClearance struct {
	use    clearance.Use
	result clearance.Result // of the clearance it brought, "" if none
	retry  time.Duration
	who    clearance.Identity
	known  bool // who was made
}

// identity stands for all names of the attempt together, zero if it has none: a
// clearance for one pair of names is none for another.
func (c *visitedClearance) identity(v *visit) clearance.Identity {
	if c.known || v.site == nil {
		return c.who
	}
	c.known = true
	strict := v.h.policy.Site().FoldStrict
	var names [recognize.MaxIdentities]identity.Pseudonym
	n := min(len(v.found.Identities), len(names))
	for i, id := range v.found.Identities[:n] {
		names[i] = v.site.Keys().RateKey(id, strict)
	}
	c.who = whoAre(names[:n])
	return c.who
}

// whoAre stands for names together, in any order. Two spellings of one name count
// once: else they would cancel each other out, and be nobody.
func whoAre(names []identity.Pseudonym) (who clearance.Identity) {
	for i, name := range names {
		if !slices.Contains(names[:i], name) {
			subtle.XORBytes(who[:], who[:], name[:])
		}
	}
	return who
}

// useClearance takes one use of the clearance that the attempt brought, if it did.
// It is counted beforehand: else 500 parallel guesses could share one.
func (v *visit) useClearance() {
	value, several := broughtClearance(v.r)
	if value == "" && !several {
		return
	}
	gate := v.h.gateOf()
	if gate == nil {
		return
	}
	result := clearance.Repeated
	if !several {
		v.clearance.use, result = gate.Use(v.began, value, v.attempt.Source.Addr, v.attempt.Kind.Class(), v.clearance.identity(v))
	}
	v.clearance.result = result
	v.attempt.Solved = result == clearance.Accepted
	clearances.WithLabelValues(v.h.challenge.site, string(result)).Inc()
}

// settleClearance ends the use of the clearance by the outcome.
func (v *visit) settleClearance() {
	if v.clearance.use.Used() {
		v.clearance.use.Settle(time.Now(), v.clearanceOutcome())
	}
}

// giveBackClearance ends the use of a clearance by an attempt that never reached
// the app.
func (v *visit) giveBackClearance() { v.clearance.use.Settle(time.Now(), clearance.Withdrawn) }

func (v *visit) clearanceOutcome() clearance.Outcome {
	o := &v.outcome
	if o.Kind == config.KindNone {
		return clearance.Withdrawn
	}
	switch o.Result {
	case recognize.Success, recognize.Challenge:
		return clearance.Succeeded
	case recognize.Failure:
		return clearance.Failed
	case recognize.Rejected, recognize.Throttled, recognize.Malformed:
		return clearance.Withdrawn
	}
	switch {
	case o.Upstream:
		return clearance.Withdrawn
	case v.attempt.Kind.Class() == config.ClassReset:
		return clearance.Succeeded // whether there is such an account, the app tells nobody
	}
	return clearance.Untold
}
