package detector

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/doorward/doorward/detector/evidence"
)

var (
	nl, fr = [2]byte{'N', 'L'}, [2]byte{'F', 'R'}
	aDay   = evidence.Seconds(1_800_000_000)
)

func testDevices(t *testing.T, max int) (*Devices, func(client uint64) evidence.Key) {
	t.Helper()
	d, err := NewDevices(max)
	if err != nil {
		t.Fatal(err)
	}
	m, site := &memory{hasher: evidence.NewHasher([16]byte{1})}, &Site{id: 7}
	return d, func(client uint64) evidence.Key { return m.deviceKey(site, client) }
}

// The accounts of the tests.
const (
	victim uint32 = iota + 1
	own
)

// A client of the victim does what each case says.
func TestStolenCookieIsHalfFamiliar(t *testing.T) {
	t.Parallel()
	guess := func(d *Devices, k evidence.Key, now evidence.Seconds, account uint32, from, n int) {
		for i := range n {
			d.Failed(now, k, account, uint32(from+i))
		}
	}
	for name, c := range map[string]struct {
		does  func(d *Devices, k evidence.Key)
		later evidence.Seconds
		want  bool
	}{
		"nothing":                     {func(*Devices, evidence.Key) {}, 0, true},
		"nine wrong passwords":        {func(d *Devices, k evidence.Key) { guess(d, k, aDay, victim, 0, 9) }, 0, true},
		"ten wrong passwords":         {func(d *Devices, k evidence.Key) { guess(d, k, aDay, victim, 0, 10) }, 0, false},
		"ten, six days later":         {func(d *Devices, k evidence.Key) { guess(d, k, aDay, victim, 0, 10) }, 6 * day, false},
		"ten, seven quiet days later": {func(d *Devices, k evidence.Key) { guess(d, k, aDay, victim, 0, 10) }, 7 * day, true},
		"ten, then another every day": {func(d *Devices, k evidence.Key) {
			guess(d, k, aDay, victim, 0, 10)
			for i := range 9 {
				guess(d, k, aDay+evidence.Seconds(i+1)*day, victim, 10+i, 1)
			}
		}, 10 * day, false},
		"one wrong password a hundred times": {func(d *Devices, k evidence.Key) {
			for range 100 {
				d.Failed(aDay, k, victim, 1)
			}
		}, 0, true},
		"nine, the right one, nine": {func(d *Devices, k evidence.Key) {
			guess(d, k, aDay, victim, 0, 9)
			d.Entered(aDay, k, victim, nl)
			guess(d, k, aDay, victim, 9, 9)
		}, 0, true},
		"an own account between the guesses": {func(d *Devices, k evidence.Key) {
			for i := range 10 {
				guess(d, k, aDay, victim, i, 1)
				d.Entered(aDay, k, own, nl)
			}
		}, 0, false},
		"five accounts with two guesses each": {func(d *Devices, k evidence.Key) {
			for i := range uint32(5) {
				guess(d, k, aDay, victim+i, 0, 2)
			}
		}, 0, false},
		"five networks in a day": {func(d *Devices, k evidence.Key) {
			for i := range uint32(5) {
				d.Tries(aDay, k, i+1, nl)
			}
		}, 0, true},
		"six networks in a day": {func(d *Devices, k evidence.Key) {
			for i := range uint32(6) {
				d.Tries(aDay, k, i+1, nl)
			}
		}, day - 1, false},
		"six networks, a day later": {func(d *Devices, k evidence.Key) {
			for i := range uint32(6) {
				d.Tries(aDay, k, i+1, nl)
			}
		}, day, true},
		"six networks in a week": {func(d *Devices, k evidence.Key) {
			for i := range uint32(6) {
				d.Tries(aDay+evidence.Seconds(i)*day, k, i+1, nl)
			}
		}, 5 * day, true},
		"a new country":            {func(d *Devices, k evidence.Key) { d.Tries(aDay, k, 1, fr) }, day - 1, false},
		"a new country, next day":  {func(d *Devices, k evidence.Key) { d.Tries(aDay, k, 1, fr) }, day, true},
		"a country it is not told": {func(d *Devices, k evidence.Key) { d.Tries(aDay, k, 1, [2]byte{}) }, 0, true},
		"a new country and a login there": {func(d *Devices, k evidence.Key) {
			d.Tries(aDay, k, 1, fr)
			d.Entered(aDay, k, victim, fr)
		}, 0, false},
		"a country it logged in from": {func(d *Devices, k evidence.Key) {
			d.Entered(aDay, k, victim, fr)
			d.Tries(aDay+day, k, 1, nl)
		}, day, true},
		"what another client does": {func(d *Devices, _ evidence.Key) {
			other := evidence.Key{9}
			d.Entered(aDay, other, victim, nl)
			guess(d, other, aDay, victim, 0, 10)
			d.Tries(aDay, other, 1, fr)
		}, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, key := testDevices(t, 1024)
			d.Entered(aDay-day, key(1), victim, nl)
			c.does(d, key(1))
			if got := d.Trusted(aDay+c.later, key(1)); got != c.want {
				t.Errorf("trusted: %t, want %t", got, c.want)
			}
		})
	}
}

func TestClientThatNeverLoggedInIsNotRemembered(t *testing.T) {
	t.Parallel()
	d, key := testDevices(t, 1024)
	for i := range uint64(100) {
		d.Tries(aDay, key(i), 1, nl)
		d.Failed(aDay, key(i), victim, 1)
	}
	if n := d.table.Len(); n != 0 {
		t.Errorf("%d clients remembered, want none", n)
	}
}

func TestClientIsKnownForItsLastFiveAccounts(t *testing.T) {
	t.Parallel()
	d, key := testDevices(t, 1024)
	for account := range uint32(6) {
		d.Entered(aDay, key(1), account+1, nl)
		d.Entered(aDay, key(1), 2, nl) // the one that stays in use
	}
	for account, want := range map[uint32]bool{1: false, 2: true, 3: true, 4: true, 5: true, 6: true, 7: false} {
		if got := d.Knows(key(1), account); got != want {
			t.Errorf("account %d is known: %t, want %t", account, got, want)
		}
	}
	if !d.Knows(key(2), 2) {
		t.Error("a client that was forgotten is taken for one that lost the account")
	}
}

func TestSitesDoNotShareClients(t *testing.T) {
	t.Parallel()
	m := &memory{hasher: evidence.NewHasher([16]byte{1})}
	if m.deviceKey(&Site{id: 1}, 5) == m.deviceKey(&Site{id: 2}, 5) {
		t.Error("a client has one key on two sites")
	}
}

func TestDevicesAreBounded(t *testing.T) {
	t.Parallel()
	const most = 1024
	d, key := testDevices(t, most)
	d.Entered(aDay, key(0), victim, nl)
	for i := range uint32(maxDeviceGuesses) {
		d.Failed(aDay, key(0), victim, i)
	}
	for i := range uint64(20 * most) {
		d.Entered(aDay+evidence.Seconds(i), key(i+1), own, nl)
	}
	n, evictions, bytes := d.table.Len(), d.table.Evictions(), d.table.Bytes()
	if n > most || evictions == 0 || bytes > most*200+64*(64<<10) {
		t.Errorf("%d clients, %d forgotten, %d bytes; want at most %d", n, evictions, bytes, most)
	}
	var kept bool
	d.table.View(key(0), func(e *deviceEvidence) { kept = !e.trusted(aDay) })
	if !kept {
		t.Error("a flood of clients made a suspect be forgotten")
	}
}

func TestDevicesCostNothing(t *testing.T) {
	d, key := testDevices(t, 1024)
	k := key(1)
	d.Entered(aDay, k, victim, nl)
	allocs := testing.AllocsPerRun(200, func() {
		d.Tries(aDay, k, 1, nl)
		d.Failed(aDay, k, victim, 1)
		d.Entered(aDay, k, victim, nl)
		_ = d.Trusted(aDay, k) && d.Knows(k, victim)
	})
	if allocs != 0 {
		t.Errorf("%.0f allocations, want 0", allocs)
	}
}

func TestNetworkAroundASourceIsOnePlace(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"192.0.2.77": "192.0.2.0/24", "::ffff:192.0.2.77": "192.0.2.0/24",
		"2001:db8:77:1:2::3": "2001:db8:77::/48", "fe80::1%eth0": "fe80::/48",
	} {
		if got := wider(netip.MustParseAddr(addr)).String(); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
	if got := fmt.Sprint(wider(netip.Addr{}).IsValid()); got != "false" {
		t.Error("no address has a network")
	}
}
