package intel

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strings"
)

// longestEntry is the longest spelling of an address or CIDR range.
const longestEntry = len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128")

// parseEntry reads an address or a CIDR range. Zones and octets with leading
// zeros are refused: they mean different things to different programs.
func parseEntry(text []byte) (netip.Prefix, bool) {
	if len(text) > longestEntry {
		return netip.Prefix{}, false
	}
	if p, ok := parse4(text); ok {
		return p, true
	}
	s := string(text)
	if !strings.Contains(s, "/") {
		addr, ok := parseAddr(s)
		return netip.PrefixFrom(addr, addr.BitLen()), ok
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, false
	}
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), true
}

func parseAddr(s string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(s)
	if err != nil || addr.Zone() != "" {
		return netip.Addr{}, false
	}
	return addr.Unmap(), true
}

// parse4 reads the IPv4 entries of which long lists consist without making a
// string of each. What it does not take, netip judges.
func parse4(text []byte) (netip.Prefix, bool) {
	var addr uint32
	for i := range 4 {
		n, rest, ok := number(text, 255)
		if !ok {
			return netip.Prefix{}, false
		}
		addr, text = addr<<8|n, rest
		if i == 3 {
			break
		}
		if len(text) == 0 || text[0] != '.' {
			return netip.Prefix{}, false
		}
		text = text[1:]
	}
	bits := uint32(32)
	if len(text) > 0 {
		var rest []byte
		var ok bool
		if bits, rest, ok = number(text[1:], 32); text[0] != '/' || !ok || len(rest) > 0 {
			return netip.Prefix{}, false
		}
	}
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], uint32(uint64(addr)>>(32-bits)<<(32-bits)))
	return netip.PrefixFrom(netip.AddrFrom4(b), int(bits)), true
}

// number reads decimal digits without leading zeros, up to limit.
func number(text []byte, limit uint32) (n uint32, rest []byte, ok bool) {
	i := 0
	for ; i < len(text) && i < 4 && text[i] >= '0' && text[i] <= '9'; i++ {
		n = n*10 + uint32(text[i]-'0')
	}
	return n, text[i:], i > 0 && n <= limit && (i == 1 || text[0] != '0')
}

// cutRange takes FIRST-LAST apart.
func cutRange(text []byte) (first, last string, ok bool) {
	i := bytes.IndexByte(text, '-')
	if i < 0 || len(text) > 2*longestEntry {
		return "", "", false
	}
	return string(bytes.TrimSpace(text[:i])), string(bytes.TrimSpace(text[i+1:])), true
}

// span writes the addresses from first to last as the fewest CIDR ranges: at
// most 62 of IPv4, 254 of IPv6. A reversed range, and one from a family to the
// other, is none.
func span(first, last string) (list []netip.Prefix, ok bool) {
	from, ok1 := parseAddr(first)
	to, ok2 := parseAddr(last)
	if !ok1 || !ok2 || from.BitLen() != to.BitLen() || to.Less(from) {
		return nil, false
	}
	for {
		p := netip.PrefixFrom(from, from.BitLen())
		for p.Bits() > 0 { // as wide as it begins here and does not reach beyond the last
			wider, _ := from.Prefix(p.Bits() - 1)
			if wider.Addr() != from || to.Less(lastOf(wider)) {
				break
			}
			p = wider
		}
		list = append(list, p)
		from = lastOf(p).Next()
		if !from.IsValid() || to.Less(from) {
			return list, true
		}
	}
}

// lastOf is the last address of a range.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().As16()
	for i := p.Bits() + 128 - p.Addr().BitLen(); i < 128; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	if p.Addr().Is4() {
		return netip.AddrFrom16(b).Unmap()
	}
	return netip.AddrFrom16(b) // an IPv4-mapped one stays what it is
}
