package detector

import (
	"slices"
	"time"

	"github.com/doorward/doorward/config"
)

// Guard decides about any request, attempt or not: only an operator's block,
// the lists named in denied, which an `on LIST all` line refuses, and the line
// `country all` speak about those. Of several answers the hardest counts.
func (d *Detector) Guard(now time.Time, p *Policy, s *Source, denied []string) Verdict {
	mode := d.Mode(now, p)
	if mode == config.ModeOff {
		return Verdict{}
	}
	v := d.guard(now, p, s, denied)
	if mode == config.ModeObserve && !v.LetsThrough() {
		v.Would, v.Answer = v.Answer, config.AnswerAllow
	}
	return v
}

func (d *Detector) guard(now time.Time, p *Policy, s *Source, denied []string) Verdict {
	entry := d.Book.Find(now, p.config.Name, s.Addr, config.ClassNone)
	switch {
	case entry == nil:
	case !entry.Allow:
		return blockedBy(entry)
	case !s.Spoofable:
		return Verdict{}
	}
	if s.Critical != "" {
		return Verdict{}
	}
	var v Verdict
	for _, name := range s.Lists {
		if !slices.Contains(denied, name) {
			continue
		}
		if answer := p.list(name, config.ClassNone)[0].Answer; answer.Harder(v.Answer) {
			v = Verdict{Answer: answer, Rule: "list " + name, Axis: config.AxisSource, Reason: Reason{text: onTheList, name: name}}
		}
	}
	if line := p.countries(config.ClassNone)[0]; line != nil && !line.Observe && line.Denies(s.Country) {
		if told := p.country(line, s.Country); told.Answer.Harder(v.Answer) {
			v = told
		}
	}
	return v
}

// Seen reports whether the first identity of an attempt that Admit has judged
// has logged in before, written exactly like this: what is typed into the box
// for the name may be a password, and a folded spelling of a known name with a
// secret behind a + is one as well (H15).
func (d *Detector) Seen(a *Attempt) (seen bool) {
	m := d.memory.Load()
	if m == nil || a.reserved.n == 0 {
		return false
	}
	m.accounts.View(a.reserved.accounts[0].account, func(e *accountEvidence) {
		seen = e.success != 0 && e.name == a.reserved.spelling
	})
	return seen
}
