package intel

import (
	"time"

	"github.com/doorward/doorward/config"
)

// Status is what is known about a list at one moment.
type Status struct {
	Name string `json:"name"`
	// Source is the file path, or the URL without user, password and query.
	Source string `json:"source"`
	// Format is how the list is written, as it was found out if it is in use.
	Format config.ListFormat `json:"format,omitempty"`
	// Entries is how many addresses and ranges are in use.
	Entries int `json:"entries"`
	// Leaving is how many of them are in the source no more and are kept for a
	// while.
	Leaving int `json:"leaving,omitempty"`
	// Unreadable is how many lines of the list in use were skipped.
	Unreadable int `json:"unreadable,omitempty"`
	// FirstUnreadable is the first of these lines, from 1.
	FirstUnreadable int `json:"first_unreadable,omitempty"`

	// CreatedAt is when the list was set up in this process.
	CreatedAt time.Time `json:"created_at"`
	// LoadedAt is when the source last gave or confirmed the entries in use.
	// It survives a restart (then up to a day older than the truth, until the
	// source confirms again). Zero: nothing was ever loaded.
	LoadedAt time.Time `json:"loaded_at,omitzero"`
	// CheckedAt is when the source was last asked, whatever came of it.
	CheckedAt time.Time `json:"checked_at,omitzero"`
	// PublishedAt is the date of the content: the server's Last-Modified, the
	// file's modification time, else when it was first seen. A list that is
	// confirmed every hour and was published last year has lost its keeper.
	PublishedAt time.Time `json:"published_at,omitzero"`

	// LastError is why the last check brought nothing; empty after a good one.
	LastError string `json:"last_error,omitempty"`
	// CopyError is why the last good copy could not be kept or read; empty
	// when there is none to keep or it worked.
	CopyError string `json:"copy_error,omitempty"`
	// Failures is how many checks in a row brought nothing.
	Failures int `json:"failures"`
	// Refused is how often since the start an answer or a file was there and
	// was not used. What did not answer at all counts in Failures only.
	Refused uint64 `json:"refused"`
	// Stale says that the last three refreshes brought nothing, or that
	// nothing was ever loaded although it was tried.
	Stale bool `json:"stale"`
	// FromCopy says that the entries come from the last good copy and that
	// the source has not confirmed them since the start.
	FromCopy bool `json:"from_copy"`

	read config.ListFormat
}

// Age is how long ago the source last gave or confirmed the entries in use, or,
// while nothing was ever loaded, how long the list has been waiting. Never
// negative.
func (s Status) Age(now time.Time) time.Duration {
	since := s.LoadedAt
	if since.IsZero() {
		since = s.CreatedAt
	}
	return max(0, now.Sub(since))
}

// staleAfter is how many refreshes may be missed before a list is stale: one
// is a server's bad minute.
const staleAfter = 3

func (s Status) stale(now time.Time, refresh time.Duration) bool {
	if s.LoadedAt.IsZero() {
		return s.Failures > 0
	}
	return s.Age(now) > staleAfter*refresh
}
