package replay

import (
	"net/netip"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/identity"
	"github.com/doorward/doorward/detector/recognize"
)

// report gathers what people want to know of a run: who would have been refused,
// when and why, and whether anybody among them belonged there. Its memory is
// bounded: maxSources sources, maxIncidents incidents, maxRefused refusals that
// somebody may succeed after.
type report struct {
	began, ended time.Time
	kinds        map[config.Kind]int
	outcomes     outcomes
	quiet        [3]int
	incidents    incidents
	sources      sources
	people       people
}

func newReport() *report {
	return &report{
		kinds: map[config.Kind]int{}, incidents: incidents{open: map[config.Detection]*incident{}},
		sources: sources{by: map[netip.Addr]*sourceTally{}}, people: newPeople(),
	}
}

// outcomes counts how attempts ended in the log.
type outcomes struct{ succeeded, failed, other int }

func (o *outcomes) add(result recognize.Result) {
	switch result {
	case recognize.Success:
		o.succeeded++
	case recognize.Failure:
		o.failed++
	default:
		o.other++
	}
}

// refusal is an attempt that would have been refused.
type refusal struct {
	at      place
	line    *Line
	verdict *Verdict
	source  netip.Addr
	account account
}

// account is whose attempt it was: zero when the log does not tell.
type account struct {
	id   identity.Pseudonym
	name string // as people may see it
}

// sourceOf is what a source is counted by: the address, or the /64 of IPv6.
func sourceOf(addr netip.Addr) netip.Addr {
	if addr.Is4() {
		return addr
	}
	prefix, err := addr.Prefix(64)
	if err != nil {
		return addr
	}
	return prefix.Addr()
}

func sourceName(addr netip.Addr) string {
	switch {
	case !addr.IsValid():
		return "an unknown address"
	case addr.Is4():
		return addr.String()
	}
	return netip.PrefixFrom(addr, 64).String()
}

func accountOf(l *Line, v *Verdict, seen bool) account {
	if len(l.Identities) == 0 || v.account.IsZero() {
		return account{}
	}
	return account{v.account, identity.Mask(l.Identities[0], seen, false)}
}

// quietly counts a line that looks like a failed attempt and is none.
func (r *report) quietly(q quiet) { r.quiet[q]++ }

// played takes a line and its verdict, when it is played.
func (r *report) played(at place, l *Line, v *Verdict) {
	if r.began.IsZero() {
		r.began = l.Time
	}
	r.ended = l.Time
	if l.Kind == config.KindNone {
		return
	}
	r.kinds[l.Kind]++
	if v.Verdict.LetsThrough() || v.fate == nil {
		return
	}
	f := refusal{at: at, line: l, verdict: v, source: sourceOf(l.Addr), account: accountOf(l, v, v.seen)}
	v.fate.incident = r.incidents.add(&f)
	r.sources.add(&f)
	r.people.refused(&f)
}

// landed takes a line when it is known how it ended.
func (r *report) landed(l *Line, v *Verdict, o recognize.Outcome) {
	r.outcomes.add(o.Result)
	if v.fate != nil && v.fate.incident != nil {
		v.fate.incident.outcomes.add(o.Result)
	}
	if o.Result != recognize.Success || l.Kind.Class() == config.ClassNone {
		return
	}
	r.people.succeeded(l, sourceOf(l.Addr), accountOf(l, v, true), v)
}

// names counts different accounts or sources, exactly up to maxNames.
type names[K comparable] struct {
	by   map[K]int
	more bool // there were more than are kept
}

// maxNames bounds how many names of one incident are told apart.
const maxNames = 10_000

func (n *names[K]) add(k K) {
	if n.by == nil {
		n.by = map[K]int{}
	}
	if _, known := n.by[k]; !known && len(n.by) >= maxNames {
		n.more = true
		return
	}
	n.by[k]++
}
