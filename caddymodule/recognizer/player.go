package recognizer

import (
	"fmt"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
	"github.com/doorward/doorward/detector/recognize/har"
)

// Options say how the site is configured.
type Options struct {
	// Site is what the operator says; unset fields have their defaults. Of it
	// count the routes, automatic, body_limit and response_limit: archives are
	// read the same in every mode.
	Site config.Site
	// Route returns the declared route of an entry, nil when there is none.
	// Default: the first of Site.Routes that takes it. Who has
	// Caddy matchers must set it.
	Route func(*har.Entry) (*config.Route, error)
}

// Player plays archives. It may be used for several, one after the other.
type Player struct{ o Options }

// New makes a player.
func New(o Options) *Player {
	o.Site = o.Site.WithDefaults()
	p := &Player{o: o}
	if o.Route == nil {
		p.o.Route = func(e *har.Entry) (*config.Route, error) { return p.firstTaking(&e.Request), nil }
	}
	return p
}

func (p *Player) firstTaking(r *recognize.Request) *config.Route {
	for i := range p.o.Site.Routes {
		if route := &p.o.Site.Routes[i]; p.takes(route, r) {
			return route
		}
	}
	return nil
}

// step is one entry and what was made of it. Its credentials hold secrets.
type step struct {
	Line
	entry *har.Entry
	found recognize.Credentials
	facts recognize.RouteFacts
	// repeat tells that it brought credentials that were accepted before.
	repeat bool
	// adopted tells that the outcome is not what was recognised, but what the
	// whole session shows; see Suggest. Only copies of steps are.
	adopted bool
}

func (s *step) inHeader() bool {
	return s.found.Format == recognize.FormatBasic || s.found.Format == recognize.FormatDigest
}

func (s *step) attempt() bool { return s.Kind != config.KindNone }

// Session is an archive that was played. It holds the archive, and so
// passwords.
type Session struct {
	player *Player
	steps  []step
}

// Lines returns what is told of the entries, in their order.
func (s *Session) Lines() []Line {
	lines := make([]Line, len(s.steps))
	for i := range s.steps {
		lines[i] = s.steps[i].Line
	}
	return lines
}

// Play plays the entries of one file, from an empty memory. An error comes
// from Options.Route only, and names the entry.
func (p *Player) Play(name string, f *har.File) (*Session, error) {
	known := newMemory()
	s := &Session{player: p, steps: make([]step, len(f.Entries))}
	for i := range f.Entries {
		now := &s.steps[i]
		now.entry, now.Line = &f.Entries[i], Line{File: name, Entry: i, Kind: config.KindNone}
		if err := p.play(known, now); err != nil {
			return nil, fmt.Errorf("playing entry %d of %s: %w", i, name, err)
		}
	}
	return s, nil
}

func (p *Player) play(known *memory, s *step) error {
	route, err := p.o.Route(s.entry)
	if err != nil {
		return err
	}
	r, resp := &s.entry.Request, &s.entry.Response
	known.follow(s.entry)
	form := known.form(r)
	if found, ok := p.find(r, route, form); ok && !known.administers(s.entry, &found) {
		if found.Served {
			known.forms[r.Host].Submitted(r.Method, r.Path)
		}
		s.found, s.facts = found, known.facts(r, &found)
		x := p.exchange(s)
		o := recognize.Classify(x)
		if s.repeat = known.repeats(s.entry.Client, r.Host, &found, o, resp.Status); s.repeat {
			s.Evidence = []string{"credentials that were accepted before, sent again"}
		} else {
			known.wait(&pending{step: s, exchange: x, outcome: o})
			known.tell(s, x, o)
		}
	}
	known.seen(r, resp)
	known.served(s.entry.Started, r, *resp, int(p.o.Site.ResponseLimit))
	return nil
}

// find looks at a request as the server does; form is the one that was served
// for it.
func (p *Player) find(r *recognize.Request, route *config.Route, form *recognize.Form) (recognize.Credentials, bool) {
	seen := *r
	seen.Form = form
	if limit := int(p.o.Site.BodyLimit); len(seen.Body) > limit {
		seen.Body, seen.Complete = seen.Body[:limit], false
	}
	if route != nil {
		if found, ok := recognize.Declared(&seen, route); ok {
			return found, true
		}
	}
	length := int64(len(r.Body))
	if length == 0 && !r.Complete {
		length = -1
	}
	// MayCarry cannot know the names of fields that a page showed.
	if !*p.o.Site.Automatic || form == nil && recognize.MayCarry(r.Method, r.Path, r.RawQuery, r.Header, length) == recognize.NeedNothing {
		return recognize.Credentials{}, false
	}
	return recognize.Automatic(&seen)
}

// exchange is what the outcome of an attempt is read from.
func (p *Player) exchange(s *step) recognize.Exchange {
	r, resp := &s.entry.Request, s.entry.Response
	switch limit := int(p.o.Site.ResponseLimit); {
	case s.inHeader() && resp.Status < 400:
		// Every asset bears the credentials; of what they open the server looks
		// at headers only.
		resp.Body, resp.Complete = nil, false
	case len(resp.Body) > limit:
		resp.Body, resp.Complete = resp.Body[:limit], false
	}
	return r.Exchange(&s.found, &resp, s.facts)
}
