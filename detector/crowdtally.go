package detector

import (
	"encoding/binary"
	"hash/maphash"
	"net/netip"

	"github.com/doorward/doorward/detector/evidence"
)

// crowdTally notices where people cannot be told apart by their addresses though
// no header gives it away: a trusted proxy that does not say for whom it asks,
// and a proxy that nobody declared and that sends no header, as a container's
// port forwarding or a load balancer of connections. It only tells; the private
// addresses concerned are critical in any case. It counts within an hour; what
// was noticed stands until an hour with enough attempts says otherwise.
type crowdTally struct {
	crowdCounts
	wasUntold, wasTogether bool
}

type crowdCounts struct {
	total, silent, plain, private int
	addresses                     evidence.Sketch64 // of plain attempts
	accounts                      evidence.Sketch64 // that logged in
}

// From how many accounts on, and from how many for each address, their sharing
// it is told: the people of an office share one too, but not all people of a
// site do.
const (
	crowdAccounts   = 5
	crowdPerAddress = 3
)

func (t *crowdTally) attempt(s *Source) {
	t.total++
	switch {
	case s.Untold:
		t.silent++
	case s.Addr == s.Peer && !s.Forwarded:
		t.plain++
		if !s.Addr.IsValid() || s.Addr.IsPrivate() || s.Addr.IsLoopback() || s.Addr.IsLinkLocalUnicast() {
			t.private++
		}
		t.addresses.Add(addressHash(s.Addr))
	}
}

func (t *crowdTally) login(account uint64) { t.accounts.Add(account) }

// next begins another hour.
func (t *crowdTally) next() {
	*t = crowdTally{wasUntold: t.untold(), wasTogether: t.together()}
}

// untold reports whether most attempts come through trusted proxies that do not
// say for whom.
func (t *crowdTally) untold() bool {
	if t.total < peerAttempts {
		return t.wasUntold
	}
	return t.silent*2 > t.total
}

// together reports whether all attempts come from one address, or from a few
// private ones, and many accounts log in through them.
func (t *crowdTally) together() bool {
	if t.total < peerAttempts {
		return t.wasTogether
	}
	addresses, accounts := max(t.addresses.Estimate(), 1), t.accounts.Estimate()
	return t.plain == t.total && (t.private == t.total || addresses == 1) &&
		accounts >= crowdAccounts && accounts >= crowdPerAddress*addresses
}

var addressSeed = maphash.MakeSeed()

func addressHash(a netip.Addr) uint64 {
	bytes := a.As16()
	if !a.IsValid() {
		binary.BigEndian.PutUint64(bytes[:], 1)
	}
	return maphash.Bytes(addressSeed, bytes[:])
}
