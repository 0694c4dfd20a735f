package main

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/identity"
)

// users is how many people have accounts, and log in once a day, more by day than
// by night.
const users = 2_000

// Who logs in how: most from home with their browser, some from elsewhere without
// it, some through a listed VPN, some for the first time with a new account. One
// login of ten has a typing error first, in the shares a usual site has.
const (
	travelShare = 0.03
	vpnShare    = 0.015
	firstShare  = 0.015
	errorShare  = 0.1
)

// rightShare is how many pairs of a list are right: 2 %, the upper end of what is
// told of lists of stolen passwords.
const rightShare = 0.02

type kind int

const (
	atHome kind = iota
	traveller
	throughVPN
	firstLogin
	kinds
)

var kindNames = [kinds]string{"at home", "travellers", "through a VPN", "first logins"}

const vpn = "vpn"

// Providers, by number: of homes, of hotels and phones on the way, of a VPN, and
// those that attackers rent proxies from.
const (
	homes, hotels, vpns, proxies           = 64_500, 64_600, 64_700, 65_600
	homeCount, hotelCount, proxyCount      = 20, 60, 3_000
	vpnAddresses, freshAccountsFrom   uint = 200, 1 << 24
)

// person is one login that is due.
type person struct {
	at    time.Duration // since midnight
	kind  kind
	user  uint
	wrong bool // a typing error first
}

// today draws who logs in during a day.
func today(x *rand.Rand, n int) []person {
	list := make([]person, n)
	for i := range list {
		p := person{at: hour(x), user: uint(i), wrong: x.Float64() < errorShare}
		switch f := x.Float64(); {
		case f < travelShare:
			p.kind = traveller
		case f < travelShare+vpnShare:
			p.kind = throughVPN
		case f < travelShare+vpnShare+firstShare:
			p.kind = firstLogin
			p.user = freshAccountsFrom + uint(x.Uint32()>>8)
		}
		list[i] = p
	}
	return list
}

// hour is a time of the day: three of four between 8 and 23.
func hour(x *rand.Rand) time.Duration {
	if x.Float64() < 0.75 {
		return time.Duration((8 + 15*x.Float64()) * float64(time.Hour))
	}
	return time.Duration(x.Float64() * float64(day))
}

// attempt is one of a person, from where his kind is.
func (p *person) attempt(x *rand.Rand) *detector.Attempt {
	a := login(p.user)
	switch p.kind {
	case traveller:
		from(a, hotels+x.IntN(hotelCount), netip.AddrFrom4([4]byte{100, byte(x.IntN(256)), byte(x.IntN(256)), byte(1 + x.IntN(250))}))
	case throughVPN:
		i := x.UintN(vpnAddresses)
		from(a, vpns, netip.AddrFrom4([4]byte{45, byte(i / 50), byte(i), 9}))
		a.Source.Lists = []string{vpn}
	case atHome, firstLogin, kinds:
		from(a, homes+int(p.user%homeCount), netip.AddrFrom4([4]byte{byte(60 + p.user%homeCount), byte(p.user >> 12), byte(p.user >> 4), byte(p.user << 4)}))
		if p.kind == atHome {
			a.Client = uint64(p.user) + 1
		}
	}
	return a
}

// proxied is an attempt through a proxy that nobody used before.
func proxied(x *rand.Rand, user uint) *detector.Attempt {
	a := login(user)
	from(a, proxies+x.IntN(proxyCount), netip.AddrFrom4([4]byte{byte(130 + x.IntN(60)), byte(x.IntN(256)), byte(x.IntN(256)), byte(1 + x.IntN(250))}))
	return a
}

func login(user uint) *detector.Attempt {
	return &detector.Attempt{
		Kind: config.KindLogin, Route: "/login", Declared: true, Confidence: 1, Credential: rightFor(user),
		Identities: []identity.Identity{identity.New(identity.Pair{Key: "email", Value: fmt.Sprintf("u%d@x.test", user)})},
	}
}

func from(a *detector.Attempt, provider int, addr netip.Addr) {
	a.Source = detector.Source{Addr: addr, Peer: addr, ASN: uint32(provider)}
}

// rightFor stands for the password of a user.
func rightFor(user uint) uint64 { return 1 + uint64(user)*0x9e3779b97f4a7c15 }
