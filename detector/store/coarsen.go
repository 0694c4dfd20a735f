package store

import "net/netip"

// Coarsen puts the network of the source in its place, IPv4 /24 or IPv6 /48, and
// drops the event, which has the address in it.
func (r *Row) Coarsen() {
	addr, err := netip.ParseAddr(r.Source)
	if err != nil {
		return
	}
	r.Source, r.Event = Network(addr).String(), nil
}

// Network is what is kept of an old address: IPv4 /24, IPv6 /48.
func Network(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := 24
	if addr.Is6() {
		bits = 48
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
