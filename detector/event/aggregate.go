package event

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of the counts: sources in all shards together, beyond which refused
// attempts are counted without their source.
const (
	tableShards  = 16
	shardSources = 64
	maxSources   = tableShards * shardSources
)

// ReasonCounted and ReasonOthers are the reasons of events that stand for many
// refused attempts: of one source and site, and of all sources there was no
// room for.
const (
	ReasonCounted = "refused attempts counted under load"
	ReasonOthers  = "refused attempts of further sources counted under load"
)

// table counts refused attempts by site and source (IPv4 address or IPv6 /64).
// It is split by source so that producers seldom meet; each lock is held for
// one map access.
type table struct {
	seed   maphash.Seed // random: nobody can aim sources at one shard
	total  atomic.Uint64
	shards [tableShards]shard
}

type shard struct {
	mu     sync.Mutex
	rows   map[source]*Event
	others *Event
}

type source struct {
	site string
	addr netip.Addr
}

func newTable() table { return table{seed: maphash.MakeSeed()} }

// add counts e and keeps nothing of it but what is common to the attempts of
// its source. It returns false when closed is set: no flush will follow.
func (t *table) add(e *Event, closed *atomic.Bool) bool {
	addr := sourceOf(e.SourceIP)
	key := addr.As16()
	s := &t.shards[maphash.Bytes(t.seed, key[:])%tableShards]

	s.mu.Lock()
	defer s.mu.Unlock()
	if closed.Load() {
		return false
	}
	row := s.row(e, addr)
	row.Count += e.Total()
	if e.Time.After(row.Time) {
		row.Time = e.Time
	}
	t.total.Add(e.Total())
	return true
}

// row returns the row that counts e. mu is held.
func (s *shard) row(e *Event, addr netip.Addr) *Event {
	key := source{clip(e.Site, maxText), addr}
	if row := s.rows[key]; row != nil {
		return row
	}
	if !addr.IsValid() || len(s.rows) >= shardSources {
		if s.others == nil {
			s.others = &Event{Type: TypeAttempt, Verdict: e.Verdict, Reason: ReasonOthers}
		}
		return s.others
	}
	row := sample(e, addr)
	if s.rows == nil {
		s.rows = make(map[source]*Event)
	}
	s.rows[key] = row
	return row
}

// sample starts the row of a source with what its first attempt was like.
// Identity, path, user agent and request id are left out: they are one
// attempt's.
func sample(e *Event, addr netip.Addr) *Event {
	row := &Event{
		Type: TypeAttempt, Site: e.Site, Route: e.Route, Kind: e.Kind,
		Verdict: e.Verdict, Would: e.Would, Rule: e.Rule, Detection: e.Detection, Reason: ReasonCounted,
		SourceIP: addr, Lists: e.Lists, Country: e.Country, City: e.City, ASN: e.ASN, Organisation: e.Organisation, SanctionID: e.SanctionID, Expires: e.Expires,
	}
	row.bound()
	return row
}

// flush hands over one event for each row and forgets the rows. No lock is held
// while deliver runs.
func (t *table) flush(deliver func(*Event)) {
	var others *Event
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		rows, more := s.rows, s.others
		s.rows, s.others = nil, nil
		s.mu.Unlock()

		for _, row := range rows {
			row.ID = NewID(row.Time)
			deliver(row)
		}
		others = merge(others, more)
	}
	if others != nil {
		others.ID = NewID(others.Time)
		deliver(others)
	}
}

func merge(a, b *Event) *Event {
	if a == nil || b == nil {
		if a == nil {
			return b
		}
		return a
	}
	a.Count += b.Count
	a.Time = latest(a.Time, b.Time)
	return a
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// sourceOf returns the address that stands for a source: IPv4 addresses
// themselves, IPv6 addresses by their /64.
func sourceOf(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if !a.Is6() {
		return a
	}
	p, err := a.Prefix(64)
	if err != nil {
		return netip.Addr{}
	}
	return p.Addr()
}
