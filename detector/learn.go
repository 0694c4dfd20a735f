package detector

import (
	"net/http"

	"github.com/doorward/doorward/detector/recognize"
)

// Facts is what is known of the route of an attempt that Admit has judged, for
// reading its outcome.
func (s *Site) Facts(a *Attempt) recognize.RouteFacts {
	r := a.reserved.route
	if s == nil || r == nil {
		return recognize.RouteFacts{}
	}
	return recognize.RouteFacts{
		Accepts:    r.success.Load() > 0,
		Refuses400: r.refuses400.Load(),
		Challenges: a.Basic && s.spaces.Cover(a.Path),
		Shapes:     &r.shapes,
	}
}

// Learn remembers what the answer to an attempt shows about its route, besides
// how the attempt ended: what its answers look like, that it answers 400 to
// wrong passwords, that the space asks for credentials. Call it once the
// outcome is final, before Settle or after.
func (s *Site) Learn(a *Attempt, x recognize.Exchange, o recognize.Outcome) {
	r := a.reserved.route
	if s == nil || r == nil || x.Response == nil {
		return
	}
	if a.Basic {
		if s.spaces.See(a.Path, x.Response) {
			r.proved.Store(true) // what asks for credentials looks at them
		}
		return
	}
	if !o.Proved() || a.unclear() || o.Kind != "" {
		return
	}
	r.shapes.Vote(x, o.Result)
	if o.Result == recognize.Failure && x.Response.Status == http.StatusBadRequest {
		r.refuses400.Store(true)
	}
	if o.Result == recognize.Success && (o.Deferred && o.Confidence >= sureEnough || o.Token) {
		r.proved.Store(true)
	}
}

// Asks learns from the answer to a visitor whether a path asks for Basic or
// Digest credentials.
func (s *Site) Asks(path string, resp *recognize.Response) { s.spaces.See(path, resp) }

// Confirmed reports whether a success of this attempt may earn something.
func (s *Site) Confirmed(a *Attempt) bool {
	return a.reserved.route == nil || a.reserved.route.confirmed()
}

// TakesLogins reports whether logins arrive at path, as far as was seen.
func (s *Site) TakesLogins(path string) bool {
	return s != nil && path != "" && s.routes.takesLogins(s.routes.name(path))
}

// Proved tells that the session which a success on this route opened has proved
// itself: it opened what is closed to visitors, or was ended by a logout.
func (s *Site) Proved(a *Attempt, x recognize.Exchange) {
	if r := a.reserved.route; s != nil && r != nil {
		r.proved.Store(true)
		r.shapes.Vote(x, recognize.Success)
	}
}

// Forget drops what was learned of the automatic routes of a site: shapes,
// protection spaces, served forms, and how far they had graduated. Evidence
// about sources and accounts stays. It returns how many routes there were.
func (s *Site) Forget() int {
	s.spaces.Forget()
	return s.routes.forget()
}
