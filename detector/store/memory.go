package store

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Memory is a store that lasts as long as the process: it keeps documents and
// the newest rows of the audit log, and of the tables nothing but what a reader
// of the same process could ask for. It is for `store memory`, for platforms
// without the embedded database, and for tests of the suite.
type Memory struct {
	mu        sync.Mutex
	keep      bool
	docs      map[string][]byte
	snapshot  []Chunk
	changes   []Chunk
	before    int // of changes that a running snapshot replaces
	snapping  bool
	rows      []Row
	tombs     map[string]time.Time
	discarded uint64 // attempts of rows that made room
}

// memoryRows is how many rows of the audit log a Memory keeps.
const memoryRows = 2000

// NewMemory returns an empty store. With tables it keeps changes and snapshots as
// well, in memory: twice what the detector has.
func NewMemory(tables bool) *Memory {
	return &Memory{keep: tables, docs: make(map[string][]byte), tombs: make(map[string]time.Time)}
}

// Name is "memory".
func (*Memory) Name() string { return "memory" }

// Documents returns all documents.
func (m *Memory) Documents(context.Context) (map[string][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	docs := make(map[string][]byte, len(m.docs))
	for name, data := range m.docs {
		docs[name] = slices.Clone(data)
	}
	return docs, nil
}

// Read calls f with the chunks of a table, the newest first.
func (m *Memory) Read(ctx context.Context, table string, f func(Chunk) error) error {
	m.mu.Lock()
	chunks := slices.Concat(m.snapshot, m.changes)
	m.mu.Unlock()
	for _, c := range slices.Backward(chunks) {
		if c.Table != table {
			continue
		}
		if err := errors.Join(ctx.Err(), f(c)); err != nil {
			return err
		}
	}
	return nil
}

// Append adds a batch.
func (m *Memory) Append(_ context.Context, b Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.keep {
		for _, c := range b.Changes {
			m.changes = append(m.changes, c.clone())
		}
	}
	for _, doc := range b.Documents {
		if doc.Data == nil {
			delete(m.docs, doc.Name)
			continue
		}
		m.docs[doc.Name] = slices.Clone(doc.Data)
	}
	for _, r := range b.Audit {
		m.appendRow(r)
	}
	if spare := len(m.rows) - memoryRows; spare > 0 {
		for i := range spare {
			m.discarded += m.rows[i].Count
		}
		m.rows = slices.Delete(m.rows, 0, spare)
	}
	return nil
}

// appendRow is called with mu held.
func (m *Memory) appendRow(r Row) {
	if i := slices.IndexFunc(m.rows, func(have Row) bool { return have.ID == r.ID }); i >= 0 {
		m.rows[i].Count += r.Count
		if r.Time.After(m.rows[i].Time) {
			m.rows[i].Time = r.Time
		}
		return
	}
	m.rows = append(m.rows, r)
}

func (c Chunk) clone() Chunk {
	c.Records, c.Gone = slices.Clone(c.Records), slices.Clone(c.Gone)
	return c
}

// memorySnapshot is a snapshot of a Memory.
type memorySnapshot struct {
	m      *Memory
	chunks []Chunk
	done   bool
}

// Snapshot begins a snapshot.
func (m *Memory) Snapshot(context.Context) (Snapshot, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.snapping {
		return nil, errors.New("beginning a snapshot: one is being written")
	}
	m.snapping, m.before = true, len(m.changes)
	return &memorySnapshot{m: m}, nil
}

func (s *memorySnapshot) Put(_ context.Context, c Chunk) error {
	if s.m.keep {
		s.chunks = append(s.chunks, c.clone())
	}
	return nil
}

func (s *memorySnapshot) Commit(context.Context) error {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if s.done {
		return errors.New("committing a snapshot: it has ended")
	}
	s.done, s.m.snapping = true, false
	s.m.snapshot = s.chunks
	s.m.changes = slices.Clone(s.m.changes[s.m.before:])
	return nil
}

func (s *memorySnapshot) Abort() {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if !s.done {
		s.done, s.m.snapping = true, false
	}
}

// Audit returns rows that match, the newest first.
func (m *Memory) Audit(_ context.Context, q Query) ([]Row, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []Row
	for i := len(m.rows) - 1; i >= 0 && len(list) < q.Rows(); i-- {
		if q.matches(&m.rows[i]) {
			list = append(list, m.rows[i])
		}
	}
	slices.SortStableFunc(list, func(a, b Row) int { return b.Time.Compare(a.Time) })
	return list, nil
}

func (q *Query) matches(r *Row) bool {
	return (q.Type == "" || q.Type == r.Type) && (q.Source == "" || q.Source == r.Source) &&
		(q.Sanction == "" || q.Sanction == r.Sanction) && !r.Time.Before(q.Since) &&
		(q.Pseudonym == nil || slices.Contains(q.Pseudonym, r.Pseudonym))
}

// AuditCount returns how many attempts the rows stand for.
func (m *Memory) AuditCount(context.Context) (n uint64, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.rows {
		n += m.rows[i].Count
	}
	return n, nil
}

// Erase takes what is about the pseudonyms out of the rows.
func (m *Memory) Erase(_ context.Context, now time.Time, pseudonyms []string) (n int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range pseudonyms {
		m.tombs[strings.Clone(p)] = now
	}
	return m.erase(), nil
}

// Erased returns what was erased and when.
func (m *Memory) Erased(context.Context) (map[string]time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.tombs), nil
}

// Reerase erases again what came back.
func (m *Memory) Reerase(context.Context) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.erase(), nil
}

// erase is called with mu held.
func (m *Memory) erase() (n int) {
	for i := range m.rows {
		r := &m.rows[i]
		if at, erased := m.tombs[r.Pseudonym]; erased && r.Pseudonym != "" && !r.Time.After(at) {
			r.Identity, r.Pseudonym, r.Event = "", "", nil
			n++
		}
	}
	return n
}

// Prune deletes rows that are too old.
func (m *Memory) Prune(_ context.Context, now time.Time, limits Retention) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows = slices.DeleteFunc(m.rows, func(r Row) bool {
		kept := limits.Rows
		if r.Dear {
			kept = limits.Dear
		}
		return r.Time.Before(now.Add(-kept))
	})
	for i := range m.rows {
		if r := &m.rows[i]; r.Time.Before(now.Add(-limits.Addresses)) {
			r.Coarsen()
		}
	}
	return false, nil
}

// Abandon forgets a snapshot that is being written, as the end of a process does.
func (m *Memory) Abandon() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.snapping = false
}

// Backup has nothing to write.
func (*Memory) Backup(context.Context, string) error {
	return errors.New("writing a backup: the store keeps nothing beyond the process; use the embedded one")
}

// Size is what the tables take.
func (m *Memory) Size(context.Context) (n int64, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, list := range [][]Chunk{m.snapshot, m.changes} {
		for _, c := range list {
			n += int64(len(c.Records) + len(c.Gone))
		}
	}
	return n, nil
}

// Close does nothing.
func (*Memory) Close() error { return nil }
