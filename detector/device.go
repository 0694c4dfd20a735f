package detector

import (
	"net/netip"

	"github.com/doorward/doorward/detector/evidence"
)

// The bounds of what a client that keeps cookies is trusted with (hostile
// reading, H17): a device cookie may be stolen, or be that of the browser in a
// library.
const (
	// maxDeviceAccounts is how many accounts a client may be known for at once;
	// the one it did not log in to for the longest time makes room.
	maxDeviceAccounts = 5
	// maxDeviceGuesses is from how many distinct wrong passwords on a client is
	// half familiar: those of an account count until that account is logged in
	// to, or for deviceQuiet after the last of all.
	maxDeviceGuesses = 10
	deviceQuiet      = 7 * day
	// maxDevicePrefixes is how many networks a client may try from within a day.
	// A home, an office, a telephone and a train are four.
	maxDevicePrefixes = 5
	// maxDeviceCountries is how many countries that it logged in from are
	// remembered. From another one it is half familiar for a day.
	maxDeviceCountries = 4
)

// Devices remembers of clients that keep cookies what decides whether one is
// fully familiar to the accounts it is known for. The pairs themselves are kept
// with the other pairs; here an account that was pushed out, or a client that
// behaves like a stolen cookie, is told.
//
// A client has an entry from its first login that earned something, so only who
// owns accounts can fill the table. It holds at most as many as it was made for;
// one costs about 180 bytes. All methods are safe for concurrent use and allocate
// nothing.
type Devices struct {
	table *evidence.Table[deviceEvidence]
}

// deviceEvidence is what is known of one client on one site.
type deviceEvidence struct {
	accounts  [maxDeviceAccounts]uint32 // tags, the last one logged in to first
	guesses   [maxDeviceGuesses]deviceGuess
	guessed   evidence.Seconds // when the last of them was made
	prefixes  evidence.Tags8   // those of the day
	begun     evidence.Seconds // when the day began
	countries [maxDeviceCountries][2]byte
	until     evidence.Seconds // half familiar until then for where it came from
}

// deviceGuess is a wrong password: tags of the account and of the credential.
type deviceGuess struct{ account, credential uint32 }

// NewDevices makes room for max clients.
func NewDevices(max int) (*Devices, error) {
	table, err := evidence.NewTable(max, rankDevice)
	if err != nil {
		return nil, err
	}
	return &Devices{table}, nil
}

// rankDevice keeps suspects longest: to be forgotten would clear them.
func rankDevice(e *deviceEvidence, now evidence.Seconds) uint32 {
	if !e.trusted(now) {
		return 2
	}
	return 1
}

// deviceKey is the key of a client of the site in Devices. No account has the
// zero pseudonym, so it is the key of no pair.
func (m *memory) deviceKey(site *Site, client uint64) evidence.Key {
	return m.hasher.ClientPair(site.id, [16]byte{}, client)
}

// DevicePrefix is the network that counts as one place of a client: a /24, and
// of IPv6 a /48, because a telephone gets another /64 at every mast.
func DevicePrefix(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap()
	bits := 48
	if addr.Is4() {
		bits = 24
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// Tries notes an attempt that a client makes, before it is decided on. prefix is
// the tag of the key of its DevicePrefix, country its ISO code or zero when it is
// not known. Clients that never logged in are not noted.
func (d *Devices) Tries(now evidence.Seconds, client evidence.Key, prefix uint32, country [2]byte) {
	d.table.View(client, func(e *deviceEvidence) {
		if now >= e.begun+day {
			e.begun = now
			e.prefixes.Clear()
		}
		e.prefixes.Add(prefix)
		if e.prefixes.Distinct() > maxDevicePrefixes || e.isAbroad(country) {
			e.until = now + day
		}
	})
}

// Failed notes a wrong password of a client: credential is its tag, account that
// of the account. The same one again is no new guess.
func (d *Devices) Failed(now evidence.Seconds, client evidence.Key, account, credential uint32) {
	d.table.View(client, func(e *deviceEvidence) {
		e.forgetOld(now)
		guess, free := deviceGuess{max(account, 1), credential}, -1
		for i := range e.guesses {
			if e.guesses[i] == guess {
				return
			}
			if free < 0 && e.guesses[i].account == 0 {
				free = i
			}
		}
		e.guessed = now
		if free >= 0 {
			e.guesses[free] = guess
		}
	})
}

// Entered notes a login that earned something: the client is known for the
// account, and for the country from then on. It clears the guesses at this
// account and no others: who logs in to one of his own clears nothing.
func (d *Devices) Entered(now evidence.Seconds, client evidence.Key, account uint32, country [2]byte) {
	account = max(account, 1)
	d.table.Update(client, now, func(e *deviceEvidence, _ bool) {
		e.forgetOld(now)
		for i := range e.guesses {
			if e.guesses[i].account == account {
				e.guesses[i] = deviceGuess{}
			}
		}
		toFront(e.accounts[:], account)
		if country != ([2]byte{}) {
			toFront(e.countries[:], country)
		}
	})
}

// toFront puts what into the first place; if it is new the last makes room.
func toFront[T comparable](list []T, what T) {
	for i := range list {
		list[0], list[i] = list[i], list[0] // what was passed moves one place back
		if list[0] == what {
			return
		}
	}
	list[0] = what
}

// Trusted reports whether a client is fully familiar to the accounts it is known
// for. Else it is half familiar: it keeps half of its own budget, and stands
// under the sanctions on its source like anybody. A client that is not
// remembered is not trusted.
func (d *Devices) Trusted(now evidence.Seconds, client evidence.Key) (trusted bool) {
	d.table.View(client, func(e *deviceEvidence) { trusted = e.trusted(now) })
	return trusted
}

// Knows reports whether the account is among the last that the client logged in
// to.
func (d *Devices) Knows(client evidence.Key, account uint32) (knows bool) {
	account = max(account, 1)
	d.table.View(client, func(e *deviceEvidence) {
		for _, known := range e.accounts {
			knows = knows || known == account
		}
	})
	return knows
}

// stats are what the table holds, forgot and takes, for metrics and status.
func (d *Devices) stats() (length int, evictions uint64, bytes int64) {
	return d.table.Len(), d.table.Evictions(), d.table.Bytes()
}

func (e *deviceEvidence) trusted(now evidence.Seconds) bool {
	return now >= e.until && (e.wrong() < maxDeviceGuesses || now >= e.guessed+deviceQuiet)
}

// wrong is how many guesses are remembered.
func (e *deviceEvidence) wrong() (n int) {
	for i := range e.guesses {
		if e.guesses[i].account != 0 {
			n++
		}
	}
	return n
}

func (e *deviceEvidence) forgetOld(now evidence.Seconds) {
	if now >= e.guessed+deviceQuiet {
		clear(e.guesses[:])
	}
}

// isAbroad reports whether the client never logged in from the country, as far
// as both are known.
func (e *deviceEvidence) isAbroad(country [2]byte) bool {
	if country == ([2]byte{}) || e.countries[0] == ([2]byte{}) {
		return false
	}
	for _, known := range e.countries {
		if known == country {
			return false
		}
	}
	return true
}
