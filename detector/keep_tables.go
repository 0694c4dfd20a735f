package detector

import (
	"fmt"

	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/sanction"
)

// The names of kept tables, as a store knows them.
const (
	KeptSanctions = "sanction"
	KeptHistories = "history"
)

// How long after its last update an entry is kept on disk. Histories and what
// belongs to an account: half a year after its last login (hostile reading,
// H23). What is about addresses: as long as full addresses may be kept.
const (
	retainAccounts = 180 * day
	retainSources  = 30 * day
	retainSanction = 365 * day
)

// Keep lets the detector note from now on what changes in its tables, and in
// those it makes later. Call it between Open and the first attempt. What it
// costs is a bit for each entry.
func (d *Detector) Keep() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.keeps = true
	d.track()
}

// track is called with mu held.
func (d *Detector) track() {
	m, side := d.memory.Load(), d.aside.Load()
	if !d.keeps || m == nil || side == nil {
		return
	}
	m.track()
	side.machines.Track()
}

func (m *memory) track() {
	m.ladder.Table().Track()
	m.sources.Track()
	m.accounts.Track()
	m.pairs.Track()
	m.histories.Track()
	m.networks.Track()
	m.floods.Track()
	m.devices.table.Track()
	m.limits.Table().Track()
}

// KeptTables are the tables that outlive the process, sanctions first, then what
// lets people in, then what counts against sources. The list holds until Open
// makes other tables; generation tells them apart.
func (d *Detector) KeptTables() (list []Kept, generation uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	m, side := d.memory.Load(), d.aside.Load()
	if m == nil || side == nil {
		return nil, 0
	}
	sanctions := keep(KeptSanctions, m.ladder.Table(), retainSanction, nil, sanction.Merge)
	sanctions.words, sanctions.reading = sanction.Words(), sanction.Reading
	histories := keep(KeptHistories, m.histories, retainAccounts, nil, mergeHistory)
	accounts := keep("account", m.accounts, retainAccounts, scrubAccount, mergeAccount)
	if erased := d.erased.Load(); erased != nil {
		histories.erased, accounts.erased = *erased, *erased
	}
	return []Kept{
		sanctions,
		histories,
		accounts,
		keep("pair", m.pairs, retainAccounts, scrubPair, mergePair),
		keep("source", m.sources, retainSources, nil, mergeSource),
		keep("device", m.devices.table, retainAccounts, scrubDevice, mergeDevice),
		keep("network", m.networks, retainAccounts, nil, mergeNetwork),
		keep("flood", m.floods, retainSources, nil, mergeFlood),
		keep("machine", side.machines, retainSources, nil, mergeMachine),
		keep("limit", m.limits.Table(), retainSources, nil, evidence.MergeLimit),
	}, d.generation
}

func keep[E any](name string, t *evidence.Table[E], retain evidence.Seconds, scrub func(*E), merge func(live, kept *E)) *keptTable[E] {
	codec, err := evidence.NewCodec[E]()
	if err != nil {
		// No input leads here: a table refuses the same types.
		panic(fmt.Sprintf("keeping %s: %v", name, err))
	}
	return &keptTable[E]{name: name, table: t, codec: codec, retain: retain, scrub: scrub, merge: merge}
}

// What is written holds counts and times, and keyed tags of clients, sources and
// networks, never one that a password is part of (H14).

func scrubAccount(a *accountEvidence) { a.tags.Clear() }

func scrubPair(p *pairEvidence) {
	p.tags.Clear()
	p.with = 0
}

// scrubDevice keeps how many guesses there are, not what was guessed.
func scrubDevice(e *deviceEvidence) {
	for i := range e.guesses {
		if e.guesses[i].account != 0 {
			e.guesses[i].credential = ^uint32(i)
		}
	}
}
