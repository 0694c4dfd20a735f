package keeper

import (
	"context"
	"encoding/base32"
	"encoding/binary"
	"hash/fnv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/event"
	"github.com/doorward/doorward/detector/store"
)

// Bounds of the rows that wait to be written.
const (
	maxWaiting = 16_384
	maxFirsts  = 8192
)

// auditBuffer turns events into rows. It is the sink "audit".
//
// Refused attempts become one row for each incident (or rule, where they belong
// to none), site, source and minute, with their number and the first of them as
// a sample; the first refusal of a source by a rule within an hour has a row of
// its own. Everything else is one row each. When rows cannot be written, refused
// attempts are dropped first; what is dropped is counted.
type auditBuffer struct {
	lost atomic.Uint64 // attempts, or other events

	mu     sync.Mutex
	rows   []store.Row
	counts map[string]int // index in rows of a row that is counted on
	firsts map[uint64]struct{}
	hour   int64
}

func newAuditBuffer() *auditBuffer {
	return &auditBuffer{counts: make(map[string]int), firsts: make(map[uint64]struct{})}
}

// Sink is where events are told to the audit log.
func (k *Keeper) Sink() event.Sink { return k.audit }

// Name is "audit".
func (*auditBuffer) Name() string { return "audit" }

// Write takes an event. It never waits.
func (b *auditBuffer) Write(_ context.Context, e *event.Event) error {
	row := rowOf(e)
	b.mu.Lock()
	defer b.mu.Unlock()
	if e.Type == event.TypeAttempt && e.Class() == event.Cheap && !b.first(e) {
		row.ID = countedID(e)
		if i, ok := b.counts[row.ID]; ok {
			b.rows[i].Count += row.Count
			return nil
		}
		row.Identity, row.Pseudonym = "", "" // it stands for many
		if len(b.rows) < maxWaiting*3/4 {
			b.counts[row.ID] = len(b.rows)
		}
	}
	if len(b.rows) >= maxWaiting || !row.Dear && len(b.rows) >= maxWaiting*3/4 {
		b.lost.Add(max(row.Count, 1))
		return nil
	}
	b.rows = append(b.rows, row)
	return nil
}

// first reports whether a refused attempt is the first one of its source by its
// rule within the hour.
func (b *auditBuffer) first(e *event.Event) bool {
	if hour := e.Time.Unix() / 3600; hour != b.hour {
		b.hour = hour
		clear(b.firsts)
	}
	key := hashOf(e.Site, e.SourceIP.String(), e.Rule)
	if _, seen := b.firsts[key]; seen || len(b.firsts) >= maxFirsts || e.Count > 1 {
		return false
	}
	b.firsts[key] = struct{}{}
	return true
}

// countedID is the id of the row that a refused attempt is counted in.
func countedID(e *event.Event) string {
	about := e.Rule
	if e.Incident != nil {
		about = e.Incident.ID
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], hashOf(e.Site, e.SourceIP.String(), about))
	binary.BigEndian.PutUint64(b[8:], uint64(e.Time.Unix()/60))
	return "c-" + base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:])
}

func hashOf(texts ...string) uint64 {
	h := fnv.New64a()
	for _, text := range texts {
		_, _ = h.Write([]byte(text)) // never fails
		_, _ = h.Write([]byte{0})
	}
	return h.Sum64()
}

func rowOf(e *event.Event) store.Row {
	r := store.Row{
		ID: e.ID, Time: e.Time.UTC().Truncate(time.Millisecond), Type: string(e.Type), Site: e.Site, Route: e.Route, Kind: e.Kind, Outcome: e.Outcome,
		Verdict: e.Verdict, Rule: e.Rule, Detection: e.Detection,
		Identity: e.Identity, Pseudonym: e.Pseudonym, Sanction: e.SanctionID,
		Event: e.AppendJSON(nil),
	}
	if e.SourceIP.IsValid() {
		r.Source = e.SourceIP.String()
	}
	if e.Incident != nil {
		r.Incident = e.Incident.ID
	}
	if e.Type == event.TypeAttempt {
		r.Count = e.Total()
	}
	r.Dear = e.Type != event.TypeAttempt && e.Type != event.TypeCustom || e.Outcome == "success"
	if !config.Answer(e.Verdict).LetsThrough() && e.Type == event.TypeAttempt && e.Count > 1 {
		r.Identity, r.Pseudonym = "", ""
	}
	return r
}

// take hands the rows over.
func (b *auditBuffer) take() []store.Row {
	b.mu.Lock()
	defer b.mu.Unlock()
	rows := b.rows
	b.rows = nil
	clear(b.counts)
	return rows
}

// waiting is how many rows wait.
func (b *auditBuffer) waiting() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.rows)
}

// giveBack takes rows back that could not be written, before those that came
// since, as far as there is room.
func (b *auditBuffer) giveBack(rows []store.Row) {
	b.mu.Lock()
	defer b.mu.Unlock()
	kept := make([]store.Row, 0, len(rows)+len(b.rows))
	for _, r := range append(rows, b.rows...) {
		if len(kept) >= maxWaiting || !r.Dear && len(kept) >= maxWaiting*3/4 {
			b.lost.Add(max(r.Count, 1))
			continue
		}
		kept = append(kept, r)
	}
	b.rows = kept
	clear(b.counts)
}
