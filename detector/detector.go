package detector

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/sanction"
)

// Detector is the engine. Make it with New; it is an empty shell until Open.
type Detector struct {
	mu     sync.Mutex // guards Open and Close
	memory atomic.Pointer[memory]
	aside  atomic.Pointer[aside]
	sites  siteBook

	keeps      bool // see Keep
	erased     atomic.Pointer[map[evidence.Key]evidence.Seconds]
	generation uint64 // counts the tables that Open made

	// Book holds what the operator blocked and allowed.
	Book     sanction.Book
	override overrideSwitch
}

// memory is the evidence: everything whose size max_tracked decides.
type memory struct {
	max       int
	hasher    evidence.Hasher
	sources   *evidence.Table[sourceEvidence]
	accounts  *evidence.Table[accountEvidence]
	pairs     *evidence.Table[pairEvidence]
	histories *evidence.Table[accountHistory]
	networks  *evidence.Table[networkEvidence]
	floods    *evidence.Table[floodEvidence]
	devices   *Devices
	ladder    *sanction.Ladder
	limits    *evidence.LimitStore
}

// New returns an empty shell: no table, no goroutine, no key.
func New() *Detector { return new(Detector) }

// ErrNoSecret is returned by Open when the secret is too short to derive keys
// from.
var ErrNoSecret = errors.New("a secret of at least 32 bytes is needed")

// Open makes the tables for maxTracked sources and pairs each, half as many
// accounts, histories and sanctions, and an eighth as many networks and floods,
// or rebuilds them when maxTracked has changed: sanctions are moved first, then
// the evidence that weighs most. secret is what all keys are derived from;
// with another secret than before the evidence of accounts cannot be found
// again and is forgotten, sanctions on sources stay. clock is used by the
// `limit` store alone.
func (d *Detector) Open(maxTracked int, secret []byte, clock func() time.Time) error {
	if len(secret) < 32 {
		return ErrNoSecret
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	old := d.memory.Load()
	if old != nil && old.max == maxTracked {
		d.sites.use(secret)
		return nil
	}
	m, err := newMemory(maxTracked, old, secret, clock)
	if err == nil {
		err = d.openAside(maxTracked, clock)
	}
	if err != nil {
		return fmt.Errorf("making tables for %d: %w", maxTracked, err)
	}
	d.sites.use(secret)
	d.memory.Store(m)
	d.generation++
	d.track()
	return nil
}

// evidenceKey is the purpose of the key that evidence is found by.
const evidenceKey = "doorward/1 evidence"

// evidenceHasher derives that key from the secret (HKDF-SHA256, RFC 5869): who
// has the secret finds after a restart what was kept before it.
func evidenceHasher(secret []byte) (evidence.Hasher, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, evidenceKey, 16)
	if err != nil {
		return evidence.Hasher{}, fmt.Errorf("deriving the key of evidence: %w", err)
	}
	return evidence.NewHasher([16]byte(key)), nil
}

func newMemory(maxTracked int, old *memory, secret []byte, clock func() time.Time) (*memory, error) {
	m := &memory{max: maxTracked}
	if old != nil {
		m.hasher = old.hasher
	} else {
		var err error
		if m.hasher, err = evidenceHasher(secret); err != nil {
			return nil, err
		}
	}
	var errs [9]error
	m.ladder, errs[0] = sanction.NewLadder(max(maxTracked/2, 1))
	m.sources, errs[1] = evidence.NewTable(maxTracked, rankSource)
	m.accounts, errs[2] = evidence.NewTable(max(maxTracked/2, 1), rankAccount)
	m.pairs, errs[3] = evidence.NewTable(max(maxTracked*3/4, 1), rankPair)
	m.histories, errs[5] = evidence.NewTable(max(maxTracked/2, 1), rankHistory)
	m.networks, errs[6] = evidence.NewTable(max(maxTracked/8, 1), rankNetwork)
	m.floods, errs[7] = evidence.NewTable(max(maxTracked/8, 1), rankFlood)
	m.devices, errs[8] = NewDevices(max(maxTracked/4, 1))
	m.limits, errs[4] = evidence.NewLimitStore(maxTracked, m.hasher, clock)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	if old != nil {
		now := evidence.ToSeconds(clock())
		m.ladder.Transfer(old.ladder, now)
		m.sources.Transfer(old.sources, now)
		m.accounts.Transfer(old.accounts, now)
		m.pairs.Transfer(old.pairs, now)
		m.histories.Transfer(old.histories, now)
		m.networks.Transfer(old.networks, now)
		m.floods.Transfer(old.floods, now)
		m.devices.table.Transfer(old.devices.table, now)
	}
	return m, nil
}

// KeyID names the key that evidence is found by, in 8 hexadecimal digits: what was
// kept under another one cannot be found again. It reveals nothing. "" before
// Open.
func (d *Detector) KeyID() string {
	m := d.memory.Load()
	if m == nil {
		return ""
	}
	id := m.hasher.Text(0, 0, evidenceKey)
	return hex.EncodeToString(id[:4])
}

// Opened reports whether Open has made the tables.
func (d *Detector) Opened() bool { return d.memory.Load() != nil }

// Site returns the site called name, making it if needed. nil before Open.
func (d *Detector) Site(name string) *Site { return d.sites.get(name) }

// Memory is what the tables hold, for metrics and status.
type Memory struct {
	Tracked   map[string]int    `json:"tracked"`
	Cap       int               `json:"max_tracked"`
	Evictions map[string]uint64 `json:"evictions"`
	Bytes     int64             `json:"bytes"`
}

// Memory returns the sizes of the tables, and with Bytes what the filters of all
// sites take besides.
func (d *Detector) Memory() Memory {
	m := d.memory.Load()
	if m == nil {
		return Memory{}
	}
	limits := m.limits.Stats()
	told := Memory{
		Cap: m.max,
		Tracked: map[string]int{
			"source": m.sources.Len(), "account": m.accounts.Len(), "pair": m.pairs.Len(),
			"sanction": m.ladder.Len(), "limit": limits.Len,
			"history": m.histories.Len(), "network": m.networks.Len(), "flood": m.floods.Len(),
			"device": m.devices.table.Len(),
		},
		Evictions: map[string]uint64{
			"source": m.sources.Evictions(), "account": m.accounts.Evictions(), "pair": m.pairs.Evictions(),
			"sanction": m.ladder.Evictions(), "limit": limits.Evictions,
			"history": m.histories.Evictions(), "network": m.networks.Evictions(), "flood": m.floods.Evictions(),
			"device": m.devices.table.Evictions(),
		},
		Bytes: m.sources.Bytes() + m.accounts.Bytes() + m.pairs.Bytes() + m.ladder.Bytes() + limits.Bytes +
			m.histories.Bytes() + m.networks.Bytes() + m.floods.Bytes() + m.devices.table.Bytes() + d.sites.bytes(),
	}
	d.asideMemory(&told)
	return told
}

func (m *memory) sourceKey(site *Site, addr netip.Addr) evidence.Key {
	return m.hasher.Source(site.id, addr)
}
