package keeper

import (
	"errors"
	"time"

	"github.com/doorward/doorward/detector/store"
)

// Status is how it stands with the store.
type Status struct {
	// Store is which one it is and where.
	Store string `json:"store"`
	// Writable tells that state outlives the process. Else Trouble says why not:
	// in_use, read_only, damaged, full, newer or failing; and Error how that was
	// said.
	Writable bool      `json:"writable"`
	Trouble  string    `json:"trouble,omitempty"`
	Error    string    `json:"error,omitempty"`
	Since    time.Time `json:"since,omitzero"`
	// SetAside is where a damaged store is now.
	SetAside string `json:"set_aside,omitempty"`

	// Restored is how many entries came back, Unreadable how many parts could not
	// be read. Complete tells that restoring is done.
	Restored     int           `json:"restored"`
	Unreadable   int           `json:"unreadable,omitempty"`
	Complete     bool          `json:"restored_completely"`
	FirstRestore time.Duration `json:"first_restore_ns"`
	FullRestore  time.Duration `json:"full_restore_ns"`

	// Written is when changes were last appended, Snapshot when the last
	// snapshot was written.
	Written  time.Time `json:"written,omitzero"`
	Snapshot time.Time `json:"snapshot,omitzero"`
	Bytes    int64     `json:"bytes"`
	// Lost counts rows of the audit log that could not be written.
	Lost uint64 `json:"audit_rows_lost"`
	// Refused counts writes that failed.
	Refused uint64 `json:"writes_failed"`
}

// Status returns how it stands.
func (k *Keeper) Status() Status {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.status
	s.Lost = k.audit.lost.Load()
	return s
}

func (k *Keeper) note(f func(*Status)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f(&k.status)
}

// trouble notes that the store cannot be written, and says so when that is new.
func (k *Keeper) trouble(doing string, err error) {
	word := troubleOf(err)
	fresh := false
	k.note(func(s *Status) {
		fresh = s.Trouble != word
		if fresh {
			s.Since = k.o.Clock()
		}
		s.Trouble, s.Error = word, err.Error()
		s.Refused++
		s.Writable = false
	})
	if fresh {
		k.o.Say(doing+": state is kept in memory alone until that works again", err)
	}
}

// well notes that the store can be written again.
func (k *Keeper) well() {
	was := ""
	k.note(func(s *Status) {
		was = s.Trouble
		s.Trouble, s.Error, s.Since, s.Writable = "", "", time.Time{}, true
	})
	if was != "" {
		k.o.Say("the store is written again", nil)
	}
}

func troubleOf(err error) string {
	for _, known := range []struct {
		err  error
		word string
	}{
		{store.ErrInUse, "in_use"},
		{store.ErrReadOnly, "read_only"},
		{store.ErrCorrupt, "damaged"},
		{store.ErrFull, "full"},
		{store.ErrNewer, "newer"},
	} {
		if errors.Is(err, known.err) {
			return known.word
		}
	}
	return "failing"
}
