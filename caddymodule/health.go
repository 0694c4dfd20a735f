package caddymodule

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/doorward/doorward/detector/event"
)

// notices are the health notices, each with what it means and what to do.
var notices = map[string]string{
	"client_address_spoofable": "trusted_proxies is set without trusted_proxies_strict: clients choose the address they are counted by; add `trusted_proxies_strict`",
	"clients_hidden":           "most attempts come from one peer that sends forwarding headers, but no proxy is trusted: sanctions on sources are suspended for it; set `trusted_proxies` and `trusted_proxies_strict` in the `servers` option",
	"detector_panic":           "the detector panicked while handling a request; the request went on; please report the stack in the log",
	"keys_in_memory":           "keys are kept in memory: pseudonyms change at every start; make the state directory writable or set `secret`",
	"list_stale":               "an address list has not been refreshed for two days or was never loaded; see its last error",
	"password_in_query":        "a password came in the query string: access logs hold it; add to the site's log: `format filter { request>uri query { replace password REDACTED } }` with the field's name",
	"too_many_exempt":          "more than a fifth of the attempts come from allowed sources; narrow the allow list",
}

// Notice is a health notice that stands.
type Notice struct {
	Notice string    `json:"notice"`
	Since  time.Time `json:"since"`
	Advice string    `json:"advice"`
}

// healthBook holds the notices that stand. The zero value holds none.
type healthBook struct {
	mu    sync.Mutex
	since map[string]time.Time
	fresh []string // raised, not told yet
}

// raise lets a notice stand. Unknown names are ignored, so that what is held
// is bounded by the list above.
func (b *healthBook) raise(name string) {
	if _, known := notices[name]; !known {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, stands := b.since[name]; stands {
		return
	}
	if b.since == nil {
		b.since = make(map[string]time.Time)
	}
	b.since[name] = time.Now()
	b.fresh = append(b.fresh, name)
}

// set raises or clears a notice.
func (b *healthBook) set(name string, stands bool) {
	if stands {
		b.raise(name)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.since, name)
}

// standing returns the notices that stand, by name.
func (b *healthBook) standing() []Notice {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]Notice, 0, len(b.since))
	for name, since := range b.since {
		list = append(list, Notice{Notice: name, Since: since, Advice: notices[name]})
	}
	slices.SortFunc(list, func(a, b Notice) int { return strings.Compare(a.Notice, b.Notice) })
	return list
}

func (b *healthBook) untold() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	fresh := b.fresh
	b.fresh = nil
	return fresh
}

// checkHealth is called by the worker: it looks at what nobody reports by
// itself and tells what is new.
func (s *state) checkHealth(now time.Time) {
	hidden, exempt := false, false
	for _, site := range s.detector.Status(now) {
		hidden = hidden || site.Hidden.IsValid()
		exempt = exempt || site.TooManyExempt
	}
	stale := false
	for _, list := range s.listStatuses() {
		stale = stale || list.Stale
	}
	s.health.set("clients_hidden", hidden)
	s.health.set("too_many_exempt", exempt)
	s.health.set("keys_in_memory", s.memKey.Load())
	s.health.set("list_stale", stale)
	for _, name := range s.health.untold() {
		s.offer(event.Event{Type: event.TypeHealth, Health: name, Reason: notices[name]})
	}
}
