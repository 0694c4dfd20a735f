package replay

import (
	"net/netip"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/identity"
)

// incident is a run of refusals for the same reason.
type incident struct {
	detection config.Detection
	first     refusalNote
	last      time.Time
	refused   int
	answers   map[config.Answer]int
	outcomes  outcomes

	sources  names[netip.Addr]
	accounts names[identity.Pseudonym]
	display  map[identity.Pseudonym]string
	numbers  counts // when it is over
}

// counts is what is kept of the names of an incident that is over.
type counts struct {
	sources, accounts         int
	moreSources, moreAccounts bool
	topAccounts               []string
	hidden                    int
}

// refusalNote is what is kept of a refusal.
type refusalNote struct {
	at     place
	time   time.Time
	source netip.Addr
	route  string
	rule   string
	answer config.Answer
	reason string
}

func noteOf(f *refusal) refusalNote {
	return refusalNote{
		at: f.at, time: f.line.Time, source: f.source, route: f.line.Route,
		rule: f.verdict.Rule, answer: f.verdict.Verdict, reason: f.verdict.reason,
	}
}

const (
	// incidentGap is how long nothing is refused before an incident is over.
	incidentGap = 30 * time.Minute
	// maxIncidents bounds how many incidents are kept; the later ones are
	// counted.
	maxIncidents = 1000
)

// incidents are those of a run, in the order in which they began.
type incidents struct {
	list    []*incident
	open    map[config.Detection]*incident
	further int
}

func (s *incidents) add(f *refusal) *incident {
	i := s.open[f.verdict.Detection]
	if i != nil && f.line.Time.Sub(i.last) > incidentGap {
		i.close()
		i = nil
	}
	if i == nil {
		i = s.begin(f)
	}
	i.add(f)
	return i
}

func (s *incidents) begin(f *refusal) *incident {
	i := &incident{detection: f.verdict.Detection, first: noteOf(f), answers: map[config.Answer]int{}, display: map[identity.Pseudonym]string{}}
	s.open[i.detection] = i
	if len(s.list) == maxIncidents {
		s.further++
		return i
	}
	s.list = append(s.list, i)
	return i
}

func (i *incident) add(f *refusal) {
	i.refused++
	i.last = f.line.Time
	i.answers[f.verdict.Verdict]++
	i.sources.add(f.source)
	if f.account.id.IsZero() {
		return
	}
	i.accounts.add(f.account.id)
	// An account that logs in later gets a name then.
	if known := i.display[f.account.id]; (known == "" || known == identity.Hidden) && len(i.display) < maxNames {
		i.display[f.account.id] = f.account.name
	}
}

// close lets go of the names.
func (i *incident) close() {
	i.numbers = i.count()
	i.sources, i.accounts, i.display = names[netip.Addr]{}, names[identity.Pseudonym]{}, nil
}

func (s *incidents) end() {
	for _, i := range s.open {
		i.close()
	}
	s.open = map[config.Detection]*incident{}
}

// count puts the names of an incident into numbers.
func (i *incident) count() counts {
	c := counts{
		sources: len(i.sources.by), moreSources: i.sources.more,
		accounts: len(i.accounts.by), moreAccounts: i.accounts.more,
	}
	for _, id := range top(i.accounts.by, len(i.accounts.by)) {
		switch name := i.display[id]; {
		case name == "" || name == identity.Hidden:
			c.hidden++
		case len(c.topAccounts) < showAccounts:
			c.topAccounts = append(c.topAccounts, name)
		}
	}
	return c
}

// sources are those that were refused, the most refused ones when there are too
// many to keep.
type sources struct {
	by      map[netip.Addr]*sourceTally
	dropped int
}

// sourceTally is what was refused of one source.
type sourceTally struct {
	first    refusalNote
	last     time.Time
	refused  int
	accounts names[identity.Pseudonym]
}

// maxSources bounds how many sources are kept, and maxSourceNames how many
// accounts of each are told apart.
const (
	maxSources     = 4096
	maxSourceNames = 64
)

func (s *sources) add(f *refusal) {
	t := s.by[f.source]
	if t == nil {
		if len(s.by) >= maxSources {
			s.drop()
		}
		t = &sourceTally{first: noteOf(f)}
		s.by[f.source] = t
	}
	t.refused++
	t.last = f.line.Time
	if !f.account.id.IsZero() && len(t.accounts.by) < maxSourceNames {
		t.accounts.add(f.account.id)
	}
}

// drop forgets the least of a few sources.
func (s *sources) drop() {
	const few = 16
	var least netip.Addr
	n, seen := 0, 0
	for addr, t := range s.by {
		if seen == 0 || t.refused < n {
			least, n = addr, t.refused
		}
		if seen++; seen == few {
			break
		}
	}
	delete(s.by, least)
	s.dropped++
}
