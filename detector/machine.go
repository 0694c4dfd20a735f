package detector

import (
	"net/netip"
	"slices"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/identity"
	"github.com/doorward/doorward/detector/rules"
)

// A machine is a source whose attempts have for a week been one account and one
// client (the same cookie or none, the same software whatever its version), at
// least once in 26 hours, and which logs in: an uptime monitor, a cron
// job, a phone that synchronises. When its secret is rotated it goes on with the
// old one, and a ban would make an outage of that (hostile reading, H24). So only
// its pair is ever refused, for a minute at a time, it is never challenged, and
// status tells that it fails before anything is refused.
//
// Whoever tries a second account, or pauses longer, is a source like any other
// from that moment. What an attacker could win by logging in to an account of his
// own for a week is a guess a minute at that account.
const (
	machineAfter  evidence.Seconds = 7 * 24 * 3600
	machineGap    evidence.Seconds = 26 * 3600
	machineStep   evidence.Seconds = 60
	shownMachines                  = 50 // in status, of a site
)

// machineEvidence is a source that may be a machine: 88 bytes, no pointers.
type machineEvidence struct {
	site    uint64
	client  uint64
	account identity.Pseudonym
	name    identity.Pseudonym // as events show it, zero in a young row
	addr    [16]byte
	written uint32           // tag of the spelling that name stands for
	since   evidence.Seconds // of the first attempt in the row
	last    evidence.Seconds
	success evidence.Seconds // last login, 0 for none in the row
	failing evidence.Seconds // first failure since then, 0 for none
	agent   uint32           // tag of its software, see AgentTag
	tried   evidence.Seconds // when it was last let through beyond the threshold
}

func (e *machineEvidence) is(now evidence.Seconds) bool {
	return e.success != 0 && now >= e.since+machineAfter && now <= e.last+machineGap
}

// ripens reports whether the row may become a machine before its next attempt.
func (e *machineEvidence) ripens(now evidence.Seconds) bool {
	return now+machineGap >= e.since+machineAfter
}

// rankMachine keeps those that have been one for longest: a flood of new sources
// pushes out other new ones.
func rankMachine(e *machineEvidence, now evidence.Seconds) uint32 {
	if now > e.last+machineGap {
		return 0
	}
	return uint32(now - min(e.since, now))
}

// lookForMachine notes the attempt in the row of its source, and whether the
// source is a machine. Attempts that are about several accounts, or about none
// that can be told, end the row.
func (c *admission) lookForMachine() {
	a, r := c.a, &c.a.reserved
	side := c.d.aside.Load()
	if side == nil || !r.guess {
		return
	}
	if r.n != 1 || a.unclear() {
		side.machines.Delete(r.source)
		return
	}
	account, client, unnamed := r.accounts[0].pseudonym, uint64(r.who.client), false
	side.machines.Update(r.source, c.now, func(e *machineEvidence, fresh bool) {
		if fresh || e.account != account || e.client != client || e.agent != r.who.agent || c.now > e.last+machineGap {
			*e = machineEvidence{
				site: c.site.id, client: client, agent: r.who.agent, account: account, since: c.now, addr: a.Source.Addr.As16(),
			}
		}
		e.last = c.now
		r.machine = e.is(c.now)
		unnamed = e.ripens(c.now) && (e.name.IsZero() || e.written != r.spelling)
	})
	if !unnamed {
		return
	}
	name := a.Pseudonym() // dear, so only for a row that status may show
	side.machines.View(r.source, func(e *machineEvidence) { e.name, e.written = name, r.spelling })
}

// learnMachine notes how an attempt of the row ended.
func (c *admission) learnMachine(failed, succeeded bool) {
	side := c.d.aside.Load()
	if side == nil || !(failed || succeeded) || c.a.reserved.n != 1 {
		return
	}
	side.machines.View(c.a.reserved.source, func(e *machineEvidence) {
		if e.account != c.a.reserved.accounts[0].pseudonym {
			return
		}
		switch {
		case succeeded:
			e.success, e.failing = c.now, 0
		case e.failing == 0:
			e.failing = c.now
		}
	})
}

// sparesMachine reports whether a detection refuses no machine: all do but that
// of its pair, and that lets a guess through each minute.
func (c *admission) sparesMachine(fired rules.Detection) (spared bool) {
	if !c.a.reserved.machine {
		return false
	}
	if fired.Axis != config.AxisPair {
		return true
	}
	side := c.d.aside.Load()
	side.machines.View(c.a.reserved.source, func(e *machineEvidence) {
		if c.now >= e.tried+machineStep {
			e.tried, spared = c.now, true
		}
	})
	return spared
}

// onlyWait refuses a machine until its minute is over. No sanction begins.
func (c *admission) onlyWait(v Verdict) Verdict {
	if v.Answer == config.AnswerChallenge || v.Answer.Harder(config.AnswerLimit) {
		v.Answer = config.AnswerLimit
	}
	v.Until = (c.now + machineStep).Time()
	v.Reason = v.Reason.And("the source is a machine: a guess a minute is let through")
	return v
}

// MachineStatus is a machine as status shows it.
type MachineStatus struct {
	Source netip.Prefix `json:"source"`
	// Account is the pseudonym, as events show it.
	Account string    `json:"account"`
	Since   time.Time `json:"since"`
	// Failing is since when its logins fail, zero if the last one succeeded.
	Failing time.Time `json:"failing,omitzero"`
}

// machinesBySite lists the machines of all sites by the id of the site, those
// that fail first. It walks the table once.
func (d *Detector) machinesBySite(now evidence.Seconds) map[uint64][]MachineStatus {
	side := d.aside.Load()
	if side == nil || side.machines.Len() == 0 {
		return nil
	}
	found := map[uint64][]MachineStatus{}
	side.machines.Range(func(_ evidence.Key, e *machineEvidence) bool {
		if !e.is(now) {
			return true
		}
		m := MachineStatus{
			Source:  evidence.SourcePrefix(netip.AddrFrom16(e.addr).Unmap()),
			Account: e.name.String(), Since: e.since.Time(),
		}
		if e.failing != 0 {
			m.Failing = e.failing.Time()
		}
		found[e.site] = append(found[e.site], m)
		return true
	})
	for id, list := range found {
		slices.SortFunc(list, failingFirst)
		found[id] = list[:min(len(list), shownMachines)]
	}
	return found
}

func failingFirst(a, b MachineStatus) int {
	switch {
	case a.Failing.IsZero() == b.Failing.IsZero():
		return a.Since.Compare(b.Since)
	case a.Failing.IsZero():
		return 1
	}
	return -1
}
