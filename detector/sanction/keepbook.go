package sanction

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/doorward/doorward/config"
)

// KeptEntry is an entry that an operator made by command, as it is kept beyond
// the process.
type KeptEntry struct {
	ID      string         `json:"id"`
	Range   netip.Prefix   `json:"range,omitzero"`
	Path    string         `json:"path,omitempty"`
	Allow   bool           `json:"allow,omitempty"`
	Reason  string         `json:"reason,omitempty"`
	Site    string         `json:"site,omitempty"`
	Classes []config.Class `json:"classes,omitempty"`
	Answer  config.Answer  `json:"answer,omitempty"`
	Created time.Time      `json:"created"`
	Until   time.Time      `json:"until,omitzero"`
}

// Kept returns the entries that were made by command and have not ended, the
// oldest first. Configured ones come back with the configuration.
func (b *Book) Kept(now time.Time) []KeptEntry {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]KeptEntry, 0, len(b.entries))
	for _, e := range b.entries {
		if e.Configured || !e.holds(now) {
			continue
		}
		k := KeptEntry{
			ID: FormatID(e.ID), Range: e.Range, Path: e.Path, Allow: e.Allow, Reason: e.Reason, Site: e.Site,
			Answer: e.Answer, Created: e.Created, Until: e.Until,
		}
		for _, n := range classNames {
			if e.Classes&n.bit != 0 {
				k.Classes = append(k.Classes, n.class)
			}
		}
		list = append(list, k)
	}
	return list
}

// RestoreKept enters what Kept returned. An entry that has ended is left out,
// and so is one for a range about which something was said since. It reports the
// entries that cannot be read; the others are entered.
func (b *Book) RestoreKept(now time.Time, list []KeptEntry) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	entries := make([]*Entry, 0, len(list)+len(b.entries))
	var errs []error
	for _, k := range list {
		e, err := k.entry()
		switch {
		case err != nil:
			errs = append(errs, err)
		case !e.holds(now) || b.speaksOf(e) || len(entries)+len(b.entries) >= MaxEntries:
		default:
			entries = append(entries, e)
		}
	}
	if len(entries) > 0 {
		b.publish(append(entries, b.entries...))
	}
	return errors.Join(errs...)
}

// speaksOf reports whether an entry for the same range, site and purpose is
// there.
func (b *Book) speaksOf(e *Entry) bool {
	for _, have := range b.entries {
		if !have.Configured && have.Range == e.Range && have.Path == e.Path && have.Site == e.Site && have.Allow == e.Allow {
			return true
		}
	}
	return false
}

func (k *KeptEntry) entry() (*Entry, error) {
	id, err := ParseID(k.ID)
	if err != nil || k.Range.IsValid() == (k.Path != "") {
		return nil, fmt.Errorf("reading a kept entry for %q: %w", k.Range.String()+k.Path, errors.Join(err, errUnreadable))
	}
	e := &Entry{
		ID: id, Range: k.Range, Path: k.Path, Allow: k.Allow, Reason: k.Reason, Site: k.Site,
		Answer: k.Answer, Created: k.Created, Until: k.Until,
	}
	for _, c := range k.Classes {
		e.Classes |= ClassesOf(c)
	}
	return e, nil
}

var errUnreadable = errors.New("it needs an id, and a range or a path")
