package caddymodule

import (
	"fmt"

	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"

	"github.com/doorward/doorward/config"
)

// readEvent reads `event KIND …`, which is a route, or `event NAME …`.
func (h *Handler) readEvent(helper httpcaddyfile.Helper, args []string) error {
	if kind, ok := eventKind(args[0]); ok {
		return h.readRoute(kind)(helper, args[1:])
	}
	e := Event{Event: config.Event{Name: args[0]}}
	var place Route // reads what a route says, too
	if err := place.readPlace(helper, args[1:], "event "+args[0]); err != nil {
		return err
	}
	e.Method, e.Path, e.MatcherSetsRaw = place.Method, place.Path, place.MatcherSetsRaw
	g := routeGrammar(&place)
	delete(g.lines, "password")
	g.block = "an event"
	g.check = func() error { return nil } // all of it is judged at the end
	g.lines["property"] = blockLine{usage: "property plan form plan", min: 2, max: 3, read: func(_ httpcaddyfile.Helper, args []string) error {
		f := parseField(args[1:])
		f.Name = args[0]
		e.Properties = append(e.Properties, f)
		return f.ValidateProperty()
	}}
	if err := g.read(helper); err != nil {
		return err
	}
	e.When, e.Identifiers = place.When, place.Identifiers
	e.Success, e.Failure, e.Unknown = place.Success, place.Failure, place.Unknown
	if err := e.validate(); err != nil {
		return fmt.Errorf("reading an event: %w", err)
	}
	h.Events = append(h.Events, e)
	return nil
}
