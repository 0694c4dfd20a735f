package detector

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/sanction"
)

// Document is a small part of what is known, kept as JSON under a name.
type Document struct {
	Name string
	Data []byte
}

// The names of documents. That of a site follows docSite.
const (
	docEntries  = "entries"  // what the operator blocked and allowed by command
	docOverride = "override" // the mode set by command
	docSite     = "site/"    // what was learned of a site
)

// Documents are what is kept besides the tables: the operator's entries and mode
// first, then, if sites are asked for, of every site its routes and what its test
// of strangers knows.
func (d *Detector) Documents(now time.Time, sites bool) ([]Document, error) {
	var list []Document
	var errs []error
	add := func(name string, value any) {
		data, err := json.Marshal(value)
		if err != nil {
			errs = append(errs, fmt.Errorf("writing document %s: %w", name, err))
			return
		}
		list = append(list, Document{Name: name, Data: data})
	}
	add(docEntries, d.Book.Kept(now))
	add(docOverride, d.override.kept(now))
	if !sites {
		return list, errors.Join(errs...)
	}
	for _, s := range d.sites.all() {
		kept, err := s.keep()
		if err != nil {
			errs = append(errs, err)
			continue
		}
		add(docSite+s.name, kept)
	}
	return list, errors.Join(errs...)
}

// RestoreDocument takes a document back. Names of later versions are ignored.
// What is there already stays. A site's document waits until the site is asked
// for.
func (d *Detector) RestoreDocument(now time.Time, doc Document) error {
	var err error
	name, isSite := strings.CutPrefix(doc.Name, docSite)
	switch {
	case isSite:
		d.sites.keep(name, doc.Data)
	case doc.Name == docEntries:
		var entries []sanction.KeptEntry
		if err = json.Unmarshal(doc.Data, &entries); err == nil {
			err = d.Book.RestoreKept(now, entries)
		}
	case doc.Name == docOverride:
		var kept keptOverride
		if err = json.Unmarshal(doc.Data, &kept); err == nil {
			d.override.restore(now, kept)
		}
	}
	if err != nil {
		return fmt.Errorf("restoring document %s: %w", doc.Name, err)
	}
	return nil
}

// TakeOverDocument is RestoreDocument for a document that this process may have
// restored, or written, before: that of a site which is known here is left out,
// because what it counts would count twice.
func (d *Detector) TakeOverDocument(now time.Time, doc Document) error {
	if name, isSite := strings.CutPrefix(doc.Name, docSite); isSite && d.sites.knows(name) {
		return nil
	}
	return d.RestoreDocument(now, doc)
}

// keptOverride is a mode set by command, empty for none.
type keptOverride struct {
	Mode  config.Mode `json:"mode,omitempty"`
	Until time.Time   `json:"until,omitzero"`
}

func (s *overrideSwitch) kept(now time.Time) (k keptOverride) {
	if o := s.command.Load(); o != nil && (o.until.IsZero() || now.Before(o.until)) {
		k.Mode, k.Until = o.mode, o.until
	}
	return k
}

func (s *overrideSwitch) restore(now time.Time, k keptOverride) {
	mode, err := config.ParseMode(string(k.Mode))
	if err != nil || !k.Until.IsZero() && !now.Before(k.Until) {
		return
	}
	s.command.CompareAndSwap(nil, &override{mode: mode, until: k.Until})
}

// keptSite is what was learned of a site.
type keptSite struct {
	Routes []keptRoute     `json:"routes,omitempty"`
	Spaces []string        `json:"spaces,omitempty"`
	Surge  json.RawMessage `json:"strangers,omitempty"`
	Signup json.RawMessage `json:"signups,omitempty"`
}

// keptRoute is a route. The shapes of its answers are learned anew: that takes
// three proved answers.
type keptRoute struct {
	Path       string           `json:"path"`
	Kind       config.Kind      `json:"kind"`
	Declared   bool             `json:"declared,omitempty"`
	First      evidence.Seconds `json:"first"`
	Attempts   uint32           `json:"attempts"`
	Success    uint32           `json:"success,omitempty"`
	Failure    uint32           `json:"failure,omitempty"`
	Unknown    uint32           `json:"unknown,omitempty"`
	Answered   uint32           `json:"answered,omitempty"`
	Unread     uint32           `json:"unread,omitempty"`
	UnreadIn   uint32           `json:"unread_in,omitempty"`
	Served     bool             `json:"served,omitempty"`
	Proved     bool             `json:"proved,omitempty"`
	Refuses400 bool             `json:"refuses_400,omitempty"`
}

func (s *Site) keep() (k keptSite, err error) {
	k.Routes = s.routes.kept()
	k.Spaces = s.spaces.List()
	var errs [2]error
	k.Surge, errs[0] = s.surge.keep()
	k.Signup, errs[1] = s.signups.keep()
	if err = errors.Join(errs[:]...); err != nil {
		err = fmt.Errorf("keeping site %s: %w", s.name, err)
	}
	return k, err
}

func (b *routeBook) kept() []keptRoute {
	b.mu.RLock()
	defer b.mu.RUnlock()
	list := make([]keptRoute, 0, len(b.byKey))
	for _, r := range b.byKey {
		list = append(list, keptRoute{
			Path: r.Path, Kind: r.Kind, Declared: r.Declared, First: r.first,
			Attempts: r.attempts.Load(), Success: r.success.Load(), Failure: r.failure.Load(),
			Unknown: r.unknown.Load(), Answered: r.answered.Load(),
			Unread: r.unread.Load(), UnreadIn: r.unreadIn.Load(),
			Served: r.served.Load(), Proved: r.proved.Load(), Refuses400: r.refuses400.Load(),
		})
	}
	sortRoutes(list)
	return list
}

// restore adds what was kept to routes that are there, and makes the others.
func (b *routeBook) restore(list []keptRoute) {
	for _, k := range list {
		if k.Path == "" || k.First == 0 {
			continue
		}
		r := b.get(k.First, k.Kind, k.Path, k.Declared)
		r.attempts.Add(k.Attempts)
		r.success.Add(k.Success)
		r.failure.Add(k.Failure)
		r.unknown.Add(k.Unknown)
		r.answered.Add(k.Answered)
		r.unread.Add(k.Unread)
		r.unreadIn.Add(k.UnreadIn)
		if k.Served {
			r.served.Store(true)
		}
		if k.Proved {
			r.proved.Store(true)
		}
		if k.Refuses400 {
			r.refuses400.Store(true)
		}
	}
}

// keep stores the document of a site until it is asked for, or restores the site
// if it has been. At most maxSites documents wait.
func (b *siteBook) keep(name string, data []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.kept == nil {
		b.kept = make(map[string][]byte)
	}
	if len(b.kept) < maxSites {
		b.kept[name] = data
	}
	if s := b.byName[name]; s != nil {
		b.restore(s)
	}
}

// knows reports whether somebody has asked for the site called name.
func (b *siteBook) knows(name string) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.byName[name] != nil
}

// every returns all sites, also those whose documents wait: something may be known
// there although nobody has asked for them since the start.
func (b *siteBook) every() []*Site {
	b.mu.RLock()
	names := slices.Collect(maps.Keys(b.kept))
	b.mu.RUnlock()
	for _, name := range names {
		b.get(name)
	}
	return b.all()
}

// restore gives a site what was kept of it; called with mu held. A document that
// cannot be read is left out: the site learns anew.
func (b *siteBook) restore(s *Site) {
	data, ok := b.kept[s.name]
	if !ok {
		return
	}
	delete(b.kept, s.name)
	var k keptSite
	if json.Unmarshal(data, &k) != nil {
		return
	}
	s.routes.restore(k.Routes)
	s.spaces.Restore(k.Spaces)
	s.surge.restore(k.Surge)
	s.signups.restore(k.Signup)
}
