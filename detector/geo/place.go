package geo

import (
	"iter"
	"strconv"
	"strings"
)

// Place is what databases say of an address. The zero value is unknown.
type Place struct {
	// Country is the ISO 3166-1 code of two capital letters, zero when unknown.
	// Where the address is used, else where it is registered.
	Country [2]byte
	// City is its English name, empty when unknown.
	City string
	// ASN is the number of the autonomous system, 0 when unknown.
	ASN uint32
	// Organisation is who runs it; empty when unknown. It comes from the
	// database, at most maxName bytes.
	Organisation string
	// Latitude and Longitude are in degrees, about the middle of the place;
	// both 0 when unknown.
	Latitude, Longitude float64
	// Kinds are what the network is known for.
	Kinds Kinds
}

// Known reports whether anything is.
func (p Place) Known() bool { return p != Place{} }

// CountryCode is the country as text, empty when unknown.
func (p Place) CountryCode() string {
	if p.Country == [2]byte{} {
		return ""
	}
	return string(p.Country[:])
}

// Provider is the autonomous system as people write it: AS64500 Example Net.
func (p Place) Provider() string {
	if p.ASN == 0 {
		return p.Organisation
	}
	return strings.TrimSpace("AS" + strconv.FormatUint(uint64(p.ASN), 10) + " " + p.Organisation)
}

// merge fills in what p does not know yet.
func (p *Place) merge(o *Place) {
	if p.Country == [2]byte{} {
		p.Country = o.Country
	}
	if p.City == "" {
		p.City = o.City
	}
	if p.ASN == 0 {
		p.ASN = o.ASN
	}
	if p.Organisation == "" {
		p.Organisation = o.Organisation
	}
	if p.Latitude == 0 && p.Longitude == 0 {
		p.Latitude, p.Longitude = o.Latitude, o.Longitude
	}
	p.Kinds |= o.Kinds
}

// Kinds are kinds of networks, as a set.
type Kinds uint8

// The kinds.
const (
	// Hosting: servers are rented there, people do not live there.
	Hosting Kinds = 1 << iota
	// VPN: an address of a VPN service.
	VPN
	// Proxy: an open, residential or otherwise anonymous proxy.
	Proxy
	// Tor: an exit of the Tor network, as far as the database knows.
	Tor
)

// kindNames are the names of the kinds, the order of the bits.
var kindNames = [...]string{"hosting", "vpn", "proxy", "tor"}

// KindNames are the names by which kinds stand in policies and events, next to
// those of address lists.
func KindNames() []string { return kindNames[:] }

// All yields the names.
func (k Kinds) All() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i, name := range kindNames {
			if k&(1<<i) != 0 && !yield(name) {
				return
			}
		}
	}
}
