package replay

import (
	"net/netip"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/identity"
)

// people finds who had a right password and would have been refused: attempts
// that were refused and succeeded in the log, and accounts and sources that
// succeeded within a day of a refusal. Where a source was refused as often as
// only programs are, its right password is one that was found out.
type people struct {
	byAccount map[identity.Pseudonym]*trouble
	bySource  map[netip.Addr]*trouble
	found     map[personKey]*person
	list      []*person // in the order in which they got in
	further   int
	// elsewhere counts accounts that were attacked from elsewhere while their
	// owners got in.
	elsewhere names[identity.Pseudonym]
	swept     time.Time
}

// trouble is what an account or a source had.
type trouble struct {
	note     refusalNote
	last     time.Time
	refused  int
	accounts names[identity.Pseudonym]
}

type personKey struct {
	account identity.Pseudonym
	source  netip.Addr
}

// person is somebody who had the right password.
type person struct {
	name    string
	source  netip.Addr
	note    refusalNote
	kind    config.Kind
	refused int       // refusals of what succeeded in the log
	entered time.Time // the first time it was let in, zero when never
	here    *trouble  // of its source, nil without any
}

// guessed reports whether the success came from where a program was guessing,
// before it or after.
func (p *person) guessed() bool { return p.here != nil && p.here.isProgram() }

const (
	// within is how long after a refusal a success is that of who was refused.
	within = 24 * time.Hour
	// maxRefused bounds the accounts, and the sources, whose refusals are
	// remembered; maxPeople those who are told.
	maxRefused = 1 << 16
	maxPeople  = 1000
	// Beyond these a source is a program, not a person: twice what the rules let
	// through, or more accounts than anybody has.
	programTries    = 20
	programAccounts = 5
)

func newPeople() people {
	return people{
		byAccount: map[identity.Pseudonym]*trouble{}, bySource: map[netip.Addr]*trouble{},
		found: map[personKey]*person{},
	}
}

func (p *people) refused(f *refusal) {
	p.sweep(f.line.Time)
	if t := remember(p.bySource, f.source, f); t != nil && !f.account.id.IsZero() && len(t.accounts.by) <= programAccounts {
		t.accounts.add(f.account.id)
	}
	if !f.account.id.IsZero() {
		remember(p.byAccount, f.account.id, f)
	}
}

func remember[K comparable](m map[K]*trouble, k K, f *refusal) *trouble {
	t := m[k]
	if t == nil || f.line.Time.Sub(t.last) > within {
		if t == nil && len(m) >= maxRefused {
			return nil
		}
		t = &trouble{note: noteOf(f)}
		m[k] = t
	}
	t.refused++
	t.last = f.line.Time
	return t
}

// sweep forgets, once an hour, what is too old.
func (p *people) sweep(now time.Time) {
	if now.Sub(p.swept) < time.Hour {
		return
	}
	p.swept = now
	forget(p.byAccount, now)
	forget(p.bySource, now)
}

func forget[K comparable](m map[K]*trouble, now time.Time) {
	for k, t := range m {
		if now.Sub(t.last) > within {
			delete(m, k)
		}
	}
}

// succeeded takes an attempt that succeeded in the log, refused or not. Where
// names are known, who was not refused by name was not refused: many share an
// address.
func (p *people) succeeded(l *Line, source netip.Addr, who account, v *Verdict) {
	here := recent(p.bySource[source], l.Time)
	itself := !v.Verdict.LetsThrough()
	switch {
	case itself || who.id.IsZero():
		if here != nil {
			p.tell(here, here, l, source, who, itself)
		}
		return
	case recent(p.byAccount[who.id], l.Time) == nil:
		return
	}
	tried := p.byAccount[who.id]
	if here == nil && (tried.refused >= programTries || p.isProgram(tried.note.source)) {
		p.elsewhere.add(who.id) // its owner, while somebody guesses elsewhere
		return
	}
	p.tell(tried, here, l, source, who, false)
}

func (p *people) isProgram(source netip.Addr) bool {
	t := p.bySource[source]
	return t != nil && t.isProgram()
}

func recent(t *trouble, now time.Time) *trouble {
	if t == nil || now.Sub(t.last) > within {
		return nil
	}
	return t
}

func (t *trouble) isProgram() bool {
	return t.refused >= programTries || len(t.accounts.by) > programAccounts
}

// tell notes a person: what it had, and what the source had that it comes from,
// nil when that was not refused.
func (p *people) tell(had, here *trouble, l *Line, source netip.Addr, who account, itself bool) {
	key := personKey{account: who.id}
	if who.id.IsZero() {
		key.source = source
	}
	known := p.found[key]
	if known == nil {
		if len(p.list) == maxPeople {
			p.further++
			return
		}
		known = &person{name: who.name, source: source, note: had.note, here: here, kind: l.Kind}
		p.found[key] = known
		p.list = append(p.list, known)
	}
	if itself {
		known.refused++
	} else if known.entered.IsZero() {
		known.entered = l.Time
	}
}
