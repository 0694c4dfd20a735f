package store

import (
	"context"
	"errors"
	"time"
)

// Store keeps state beyond one process. All methods may be called at the same
// time; batches and snapshots come from one caller. A method that fails has
// changed nothing. No method is called while a request waits for it.
type Store interface {
	// Name says which store it is and where, for people.
	Name() string

	// Documents returns all documents by name.
	Documents(ctx context.Context) (map[string][]byte, error)

	// Read calls f with the chunks of a table, the newest first: first the
	// changes since the last snapshot, then the snapshot. The chunk and what it
	// holds is f's for the time of the call. An error of f ends reading and is
	// returned.
	Read(ctx context.Context, table string, f func(Chunk) error) error

	// Append adds a batch, whole or not at all.
	Append(ctx context.Context, b Batch) error

	// Snapshot begins a snapshot. Changes that are appended before it are
	// replaced when it is committed, later ones stay. At most one at a time.
	Snapshot(ctx context.Context) (Snapshot, error)

	// Audit returns rows of the audit log that match, the newest first.
	Audit(ctx context.Context, q Query) ([]Row, error)

	// AuditCount returns how many attempts the rows of the log stand for.
	AuditCount(ctx context.Context) (uint64, error)

	// Erase takes what is about one of these pseudonyms out of the audit log and
	// leaves their tombstones, so that what is restored from a backup is erased
	// again. It returns how many rows it has changed.
	Erase(ctx context.Context, now time.Time, pseudonyms []string) (int, error)

	// Erased returns what was erased and when. Names that begin with "account:"
	// are keys of accounts in tables, see EraseAccount.
	Erased(ctx context.Context) (map[string]time.Time, error)

	// Reerase erases again what is about a pseudonym that was erased before, and
	// came back. It returns how many rows it has changed.
	Reerase(ctx context.Context) (int, error)

	// Prune deletes rows of the audit log that are older than allowed, and the
	// least dear of the others while the log is larger than allowed. It does a
	// bounded part of it and reports whether there is more to do.
	Prune(ctx context.Context, now time.Time, limits Retention) (more bool, err error)

	// Backup writes a consistent copy to a new file.
	Backup(ctx context.Context, path string) error

	// Size is how many bytes the store takes.
	Size(ctx context.Context) (int64, error)

	// Close ends the store. Nothing appended before is lost.
	Close() error
}

// Chunk is a part of a table.
type Chunk struct {
	Table   string
	Layout  string
	Count   int    // of entries in Records
	Records []byte // entries, as detector.Records has them
	Gone    []byte // keys that were deleted before the entries, in changes alone
}

// Document is a JSON text under a name. Without data it is deleted.
type Document struct {
	Name string
	Data []byte
}

// Batch is what happened since the last one.
type Batch struct {
	Time      time.Time
	Changes   []Chunk
	Documents []Document
	Audit     []Row
}

// Empty reports whether there is nothing in the batch.
func (b *Batch) Empty() bool { return len(b.Changes)+len(b.Documents)+len(b.Audit) == 0 }

// Snapshot is a snapshot that is being written. End it with Commit or Abort.
type Snapshot interface {
	// Put adds a part. It must be short: the store may be locked for changes
	// meanwhile.
	Put(ctx context.Context, c Chunk) error
	// Commit lets the snapshot replace the one before it and the changes that
	// were appended before it began.
	Commit(ctx context.Context) error
	// Abort forgets it. After Commit it does nothing.
	Abort()
}

// Row is a row of the audit log: an event, or Count refused attempts of one
// source in one minute. A row with the id of one that is there adds its count to
// that one and changes nothing else of it but the time, to the later of both.
type Row struct {
	ID        string    `json:"id"`
	Time      time.Time `json:"time"`
	Type      string    `json:"type"`
	Site      string    `json:"site,omitempty"`
	Route     string    `json:"route,omitempty"`
	Kind      string    `json:"kind,omitempty"`
	Outcome   string    `json:"outcome,omitempty"`
	Verdict   string    `json:"verdict,omitempty"`
	Rule      string    `json:"rule,omitempty"`
	Detection string    `json:"detection,omitempty"`
	Source    string    `json:"source,omitempty"` // an address; a network when it is old
	Identity  string    `json:"identity,omitempty"`
	Pseudonym string    `json:"pseudonym,omitempty"`
	Sanction  string    `json:"sanction,omitempty"`
	Incident  string    `json:"incident,omitempty"`
	Count     uint64    `json:"count"` // attempts it stands for; 0 for what is no attempt
	// Dear rows are pruned last: successes, detections, sanctions, incidents and
	// what operators did.
	Dear bool `json:"-"`
	// Event is the event as JSON, of counted rows that of one of the attempts.
	Event []byte `json:"-"`
}

// Query selects rows of the audit log. Empty fields select all.
type Query struct {
	Type      string
	Source    string   // exactly as the row has it
	Pseudonym []string // one of them; nil is any, and of an empty list there is none
	Sanction  string
	Since     time.Time
	// Limit is how many rows are returned at most; 0 is 100, and 10000 the most.
	Limit int
}

// MaxRows is how many rows a query returns at most.
const MaxRows = 10_000

// Rows is Limit within its bounds.
func (q *Query) Rows() int {
	if q.Limit <= 0 {
		return 100
	}
	return min(q.Limit, MaxRows)
}

// Retention is what is kept of the audit log.
type Retention struct {
	// Rows is how long rows are kept, Dear how long the dear ones are.
	Rows, Dear time.Duration
	// Addresses is how long full addresses are kept; then their network is, IPv4
	// /24 or IPv6 /48.
	Addresses time.Duration
	// Bytes is how large the store may be; the oldest rows that are not dear go
	// first.
	Bytes int64
}

// DefaultRetention is 30 days, a year for what is dear, and 512 MiB for
// everything that is written (hostile reading, H16 and H23).
var DefaultRetention = Retention{
	Rows: 30 * 24 * time.Hour, Dear: 365 * 24 * time.Hour, Addresses: 30 * 24 * time.Hour, Bytes: 512 << 20,
}

// EraseAccount is how the key of an account stands among what was erased.
const EraseAccount = "account:"

// The errors of stores that callers tell apart.
var (
	// ErrInUse: another process has the store. It can be read.
	ErrInUse = errors.New("another process has the store open")
	// ErrReadOnly: the store can be read, but not written.
	ErrReadOnly = errors.New("the store cannot be written")
	// ErrCorrupt: what is there is no store, or a damaged one.
	ErrCorrupt = errors.New("the store is damaged")
	// ErrForeign: what is there is a database of another program. It is left alone.
	ErrForeign = errors.New("the store is a database of something else")
	// ErrFull: there is no room to write.
	ErrFull = errors.New("there is no room to write")
	// ErrNewer: the store was written by a version that this one cannot read.
	ErrNewer = errors.New("the store was written by a later version that this one cannot read")
)
