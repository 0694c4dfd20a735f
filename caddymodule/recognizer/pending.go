package recognizer

import (
	"net/http"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/follow"
	"github.com/doorward/doorward/detector/recognize"
	"github.com/doorward/doorward/detector/recognize/har"
)

// pending is an attempt whose answer said too little: the page it led the
// client to may tell how it ended. What that tells goes into the line of the
// attempt; lines between are told from what was known before.
type pending struct {
	step     *step
	exchange recognize.Exchange
	outcome  recognize.Outcome
}

func clientOf(e *har.Entry) follow.Client {
	return follow.ClientOf(e.Client, e.Request.Header.Get("User-Agent"))
}

// wait lets an attempt wait for the page it led to.
func (m *memory) wait(p *pending) {
	if !p.outcome.Next {
		return
	}
	e := p.step.entry
	m.waiting.Add(e.Started.Add(e.Took), clientOf(e), &follow.Wait[*pending]{
		Jar: follow.JarAfter(e.Request.Header, e.Response.Header, e.Request.Path), Value: p,
	})
}

// follow looks at an entry as the answer that earlier attempts of its client
// wait for.
func (m *memory) follow(e *har.Entry) {
	if m.waiting.Idle() {
		return
	}
	m.waiting.Overdue(e.Started)
	r := &e.Request
	matching, _ := m.waiting.Take(clientOf(e), func(w *follow.Wait[*pending]) bool {
		return r.Method == http.MethodGet && w.Value.outcome.Leads(r.Path, r.RawQuery) && w.Jar.Bears(follow.BorneBy(r.Header), r.Path)
	})
	for _, w := range matching {
		p := w.Value
		o, decided := recognize.Follow(p.outcome, p.exchange, r.Path, r.RawQuery, &e.Response)
		if decided {
			o.Deferred = true
			m.tell(p.step, p.exchange, o)
			continue
		}
		p.outcome = o
		w.Jar = follow.JarAfter(r.Header, e.Response.Header, r.Path)
		m.waiting.Back(e.Started, w)
	}
}

// tell writes the line of an attempt and learns from it.
func (m *memory) tell(s *step, x recognize.Exchange, o recognize.Outcome) {
	m.settled(s.entry.Client, &s.entry.Request, &s.found, x, o)
	m.session(s.entry, &s.found, o)
	if o.Kind == config.KindNone {
		s.Line = Line{File: s.File, Entry: s.Entry, Kind: config.KindNone, Evidence: o.Evidence}
		return
	}
	found := s.found
	if o.Kind != "" {
		found.Kind = o.Kind
	}
	s.Line.tell(found, o, m.who(s.entry.Client, &found))
}
