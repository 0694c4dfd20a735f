package detector

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"sync/atomic"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/identity"
	"github.com/doorward/doorward/detector/recognize"
)

// Site is whose evidence it is. It lives as long as the process; handlers of
// several configurations with the same site name share one.
type Site struct {
	name string
	id   uint64
	keys *identity.Keys

	peers  peerWatch
	routes routeBook
	spaces recognize.Spaces
	exempt shareWatch

	surge       *surge
	signups     *signupWatch
	popular     *evidence.Popular // wrong passwords by the names they were tried for
	refusedOnce *evidence.Filter  // credentials that were refused to strangers
	regrets     regretWatch
	unusual     *evidence.Filter // whose login was unusual

	policy atomic.Pointer[Policy] // the newest one used, for explanations

	// counts since the process began, for status
	attempts, refused, would atomic.Uint64
}

// Name returns the site's name.
func (s *Site) Name() string { return s.name }

// Keys returns the keys derived for the site.
func (s *Site) Keys() *identity.Keys { return s.keys }

// thresholds are those of the newest policy, for explanations.
func (s *Site) thresholds() config.Thresholds {
	if p := s.policy.Load(); p != nil {
		return p.thresholds
	}
	return config.DefaultThresholds
}

// maxSites bounds how many sites are kept. Site names come from the
// configuration, never from requests.
const maxSites = 10_000

// siteBook holds the sites by name.
type siteBook struct {
	mu     sync.RWMutex
	secret []byte
	byName map[string]*Site
	kept   map[string][]byte // documents of sites that nobody has asked for yet
}

// siteID is the same in every process and under every secret, so that what is
// kept on disk about a site belongs to it after a restart. It is no secret: keys
// of evidence are.
func siteID(name string) uint64 {
	sum := sha256.Sum256([]byte("doorward site\x00" + name))
	return binary.LittleEndian.Uint64(sum[:8])
}

// use sets the secret that keys are derived from. With another secret all
// sites begin anew: evidence under other pseudonyms could not be found again.
func (b *siteBook) use(secret []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if string(b.secret) == string(secret) {
		return
	}
	b.secret = append([]byte(nil), secret...)
	b.byName = make(map[string]*Site)
}

// get returns the site called name, or nil before use.
func (b *siteBook) get(name string) *Site {
	b.mu.RLock()
	s := b.byName[name]
	b.mu.RUnlock()
	if s != nil {
		return s
	}
	return b.add(name)
}

func (b *siteBook) add(name string) *Site {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s := b.byName[name]; s != nil || b.byName == nil || len(b.byName) >= maxSites {
		return s
	}
	keys, err := identity.DeriveKeys(b.secret, name)
	if err != nil {
		return nil
	}
	s := &Site{
		name: name, id: siteID(name), keys: keys,
		surge: newSurge(), signups: new(signupWatch),
		popular: evidence.NewPopular(sprayBudget, day), refusedOnce: evidence.NewFilter(refusedBudget, refusedFor),
		unusual: evidence.NewFilter(unusualBudget, unusualFor),
	}
	b.restore(s)
	b.byName[name] = s
	return s
}

// bytes is what the filters of all sites take.
func (b *siteBook) bytes() (n int64) {
	for _, s := range b.all() {
		n += s.popular.Bytes() + s.refusedOnce.Bytes() + s.surge.seen.Bytes() + s.surge.arrived.Bytes()
	}
	return n
}

// all returns the sites.
func (b *siteBook) all() []*Site {
	b.mu.RLock()
	defer b.mu.RUnlock()
	list := make([]*Site, 0, len(b.byName))
	for _, s := range b.byName {
		list = append(list, s)
	}
	return list
}
