package caddymodule

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// foundHandler is a handler doorward in a JSON configuration.
type foundHandler struct {
	fields map[string]any
	// hosts are the hosts it serves, none for any; listen are the addresses of
	// its server.
	hosts, listen []string
}

// findHandlers finds the handlers below v, in the order of the names of fields.
func findHandlers(v any) []foundHandler {
	return foundHandler{}.below(v)
}

// below finds the handlers in v; f holds the hosts and addresses around it.
func (f foundHandler) below(v any) []foundHandler {
	var found []foundHandler
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			found = append(found, f.below(item)...)
		}
	case map[string]any:
		if v["handler"] == "doorward" {
			f.fields = v
			return []foundHandler{f}
		}
		if listen := stringsOf(v["listen"]); len(listen) > 0 {
			f.listen = listen
		}
		if hosts := matchedHosts(v["match"]); len(hosts) > 0 {
			f.hosts = hosts
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			found = append(found, f.below(v[name])...)
		}
	}
	return found
}

func matchedHosts(match any) []string {
	var hosts []string
	sets, _ := match.([]any)
	for _, set := range sets {
		if matchers, ok := set.(map[string]any); ok {
			hosts = append(hosts, stringsOf(matchers["host"])...)
		}
	}
	return hosts
}

func stringsOf(v any) []string {
	var list []string
	items, _ := v.([]any)
	for _, item := range items {
		if s, ok := item.(string); ok {
			list = append(list, s)
		}
	}
	return list
}

// chooseHandler returns the one that site names. The closest way of naming
// decides: a host, name or address as written, then a wildcard, then a handler
// for any host.
func chooseHandler(all []foundHandler, site string) (foundHandler, error) {
	if len(all) == 0 {
		return foundHandler{}, errors.New("no site uses the directive doorward; add it to a site block, or give the lines of its block alone")
	}
	if site == "" {
		return onlyHandler(all, all, "several handlers doorward")
	}
	for _, names := range []func(foundHandler, string) bool{foundHandler.isCalled, foundHandler.hasWildcardFor, foundHandler.isForAny} {
		matching := slices.DeleteFunc(slices.Clone(all), func(f foundHandler) bool { return !names(f, site) })
		if len(matching) > 0 {
			return onlyHandler(matching, all, fmt.Sprintf("several handlers doorward for %s", site))
		}
	}
	return foundHandler{}, fmt.Errorf("no handler doorward for %s; choose one with --site: %s", site, listHandlers(all))
}

func onlyHandler(matching, all []foundHandler, why string) (foundHandler, error) {
	if len(matching) == 1 {
		return matching[0], nil
	}
	return foundHandler{}, fmt.Errorf("%s; choose one with --site, if need be by a line `site NAME` in each: %s", why, listHandlers(all))
}

func listHandlers(all []foundHandler) string {
	labels := make([]string, len(all))
	for i, f := range all {
		labels[i] = f.String()
	}
	return strings.Join(labels, "; ")
}

func (f foundHandler) isCalled(site string) bool {
	is := func(s string) bool { return strings.EqualFold(s, site) }
	return f.fields["site"] == site || slices.ContainsFunc(f.hosts, is) ||
		(len(f.hosts) == 0 && slices.ContainsFunc(f.listen, is))
}

// hasWildcardFor matches *.example.com as Caddy does: * is one label.
func (f foundHandler) hasWildcardFor(site string) bool {
	_, parent, ok := strings.Cut(site, ".")
	return ok && slices.ContainsFunc(f.hosts, func(h string) bool { return strings.EqualFold(h, "*."+parent) })
}

func (f foundHandler) isForAny(string) bool { return len(f.hosts) == 0 }

// String names the handler by its hosts, or its addresses, and its site name.
func (f foundHandler) String() string {
	label := "any host"
	switch {
	case len(f.hosts) > 0:
		label = strings.Join(f.hosts, ", ")
	case len(f.listen) > 0:
		label = strings.Join(f.listen, ", ")
	}
	if name, ok := f.fields["site"].(string); ok {
		label += " (site " + name + ")"
	}
	return label
}
