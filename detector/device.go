package detector

import (
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

// Tries notes an attempt that a client makes, before it is decided on. prefix is
// the tag of the key of the network around it (IPv4 /24, IPv6 /48, because a
// telephone gets another /64 at every mast), country its ISO code or zero when it is
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
// for. Else it is half familiar. Of a client that is not remembered nothing
// speaks against it: suspects are forgotten last.
func (d *Devices) Trusted(now evidence.Seconds, client evidence.Key) bool {
	doubted, _ := d.doubts(now, client)
	return !doubted
}

// doubts reports whether a client is half familiar only, and whether because of
// the wrong passwords that come from it.
func (d *Devices) doubts(now evidence.Seconds, client evidence.Key) (doubted, guesser bool) {
	d.table.View(client, func(e *deviceEvidence) {
		doubted, guesser = !e.trusted(now), e.guessing(now)
	})
	return doubted, guesser
}

// Knows reports whether the account is among the last that the client logged in
// to, as far as the client is remembered.
func (d *Devices) Knows(client evidence.Key, account uint32) (knows bool) {
	account, knows = max(account, 1), true
	d.table.View(client, func(e *deviceEvidence) {
		knows = false
		for _, known := range e.accounts {
			knows = knows || known == account
		}
	})
	return knows
}

// deviceTries notes the attempt of a client that keeps cookies and reports
// whether it behaves like a stolen cookie, and whether because it guesses.
func (c *admission) deviceTries() (doubted, guesser bool) {
	if c.a.Client == 0 {
		return false, false
	}
	key := c.m.deviceKey(c.site, c.a.Client)
	c.m.devices.Tries(c.now, key, c.a.reserved.who.network, c.a.Source.Country)
	return c.m.devices.doubts(c.now, key)
}

// deviceKnows reports whether the client is still known for the account.
func (c *admission) deviceKnows(account evidence.Key) bool {
	return c.m.devices.Knows(c.m.deviceKey(c.site, c.a.Client), account.Tag())
}

// deviceFailed notes a wrong password of a client that an account knows.
func (c *admission) deviceFailed() {
	r := &c.a.reserved
	for i := range r.n {
		if a := &r.accounts[i]; a.standing == known {
			c.m.devices.Failed(c.now, c.m.deviceKey(c.site, c.a.Client), a.account.Tag(), r.tag)
		}
	}
}

// deviceEntered notes a login of a client that keeps cookies.
func (c *admission) deviceEntered(account *accountReservation) {
	if c.a.Client != 0 {
		c.m.devices.Entered(c.now, c.m.deviceKey(c.site, c.a.Client), account.account.Tag(), c.a.Source.Country)
	}
}

func (e *deviceEvidence) trusted(now evidence.Seconds) bool {
	return now >= e.until && !e.guessing(now)
}

// guessing reports whether too many wrong passwords came from the client.
func (e *deviceEvidence) guessing(now evidence.Seconds) bool {
	return e.wrong() >= maxDeviceGuesses && now < e.guessed+deviceQuiet
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
