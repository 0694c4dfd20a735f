package caddymodule

import (
	"fmt"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/event"
	"github.com/doorward/doorward/detector/identity"
	"github.com/doorward/doorward/detector/recognize"
)

// Event is a declared event with Caddy's request matchers.
type Event struct {
	config.Event

	// MatcherSetsRaw narrows it down further: any matcher of Caddy.
	MatcherSetsRaw caddyhttp.RawMatcherSets `json:"match,omitempty" caddy:"namespace=http.matchers"`

	matcherSets caddyhttp.MatcherSets
	place       config.Route
}

// validate also refuses to record what is secret by its name.
func (e *Event) validate() error {
	for _, f := range e.Properties {
		if recognize.IsSecret(f) {
			return fmt.Errorf("event %s: property %s would put a password, code or token into the log; leave it out", e.Name, f.Name)
		}
	}
	if e.Path == "" && len(e.MatcherSetsRaw) == 0 && len(e.When) == 0 {
		return fmt.Errorf("event %s: every POST would be one; write where it happens, like `event %s POST /account/email`", e.Name, e.Name)
	}
	return e.Event.Validate()
}

func (e *Event) provision(ctx caddy.Context) error {
	if err := e.validate(); err != nil {
		return err
	}
	e.place = e.Place()
	if len(e.MatcherSetsRaw) == 0 {
		return nil
	}
	sets, err := ctx.LoadModule(e, "MatcherSetsRaw")
	if err != nil {
		return fmt.Errorf("loading matchers: %w", err)
	}
	return e.matcherSets.FromInterface(sets)
}

// happening returns the first declared event whose method, path and matcher are
// those of the request, nil when there is none.
func (h *Handler) happening(r *http.Request) (*Event, error) {
	glance := recognize.Request{Method: r.Method, Path: r.URL.Path, Header: r.Header}
	for i := range h.Events {
		e := &h.Events[i]
		if !recognize.RouteMatches(&glance, &e.place) {
			continue
		}
		if match, err := e.matcherSets.AnyMatchWithError(r); match || err != nil {
			return e, err
		}
	}
	return nil, nil
}

// witness serves a request where an event is declared and records how it ended.
// The request is recognised, admitted or refused as every other: an event must
// never be a way past the detector.
func (h *Handler) witness(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, declared *Event) error {
	began := time.Now()
	var body peeked
	if recognize.NeedsBody(&declared.Event) && r.ContentLength != 0 && r.Body != nil && r.Method != http.MethodConnect {
		var err error
		if body, err = peek(w, r, int(h.policy.Site().BodyLimit)); err != nil {
			return err
		}
	}
	request := requestOf(r)
	request.Body, request.Complete = body.prefix, body.complete || body.buf == nil
	var found recognize.Custom
	ok := false
	h.sheltered("extract", func() { found, ok = recognize.ReadEvent(&request, &declared.Event) })
	if !ok {
		err := h.serve(w, r, next)
		body.release()
		return err
	}
	room := 0
	if recognize.NeedsAnswerBody(&declared.Event) && r.Method != http.MethodConnect {
		room = int(h.policy.Site().ResponseLimit)
		readable(r.Header)
	}
	v := &visit{h: h, r: r, began: began, watch: newObserver(w, nil, room)}
	v.watch.onHead = func() { v.header = v.watch.Header().Clone() }
	err := h.serve(v.watch, r, next)
	if v.watch.status != http.StatusSwitchingProtocols {
		body.release()
	}
	if !refusedHere(r) {
		h.record(v, declared, &found, err)
	}
	return err
}

// refusedHere reports whether the app never saw the request.
func refusedHere(r *http.Request) bool {
	verdict, _ := caddyhttp.GetVar(r.Context(), "doorward_verdict").(string)
	return !config.Answer(verdict).LetsThrough()
}

// record queues the event.
func (h *Handler) record(v *visit, declared *Event, found *recognize.Custom, err error) {
	response := v.response(true, err)
	ended := recognize.EventOutcome(&declared.Event, &response)
	state := h.app.state
	e := event.Event{
		Time: v.began, Type: event.TypeCustom, Name: declared.Name,
		Site: h.policy.Site().Name, Outcome: string(ended.Result), Evidence: ended.Evidence,
		SourceIP: sourceOf(v.r, h.strict, state.lists.Load()).Addr,
		Method:   v.r.Method, Path: v.r.URL.Path, UserAgent: v.r.UserAgent(), RequestID: requestID(v.r),
		Status: response.Status, Duration: time.Since(v.began), PropertiesDropped: uint64(found.Dropped),
	}
	for _, p := range found.Properties {
		e.Properties = append(e.Properties, event.Property{Name: p.Key, Value: p.Value})
	}
	if site := state.detector.Site(e.Site); site != nil && !found.Identity.Empty() {
		// Whether the name ever logged in is known of attempts only, so it stays masked.
		e.Identity = identity.Mask(found.Identity, false, false)
		e.Pseudonym, e.KeyID = site.Keys().Pseudonym(found.Identity).String(), site.Keys().ID()
		e.PrimaryKey, _, _ = found.Identity.PrimaryKey()
		for _, pair := range found.Identity.Pairs() {
			e.IdentityKeys = append(e.IdentityKeys, pair.Key)
		}
	}
	state.offer(e)
}
