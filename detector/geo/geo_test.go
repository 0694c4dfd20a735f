package geo

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/doorward/doorward/detector/geo/geotest"
)

type m = geotest.Map

// opened makes a database of a description.
func opened(t testing.TB, d geotest.Database) *database {
	t.Helper()
	db, err := open(d.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// Each vendor has a layout of its own; all say the same here.
func TestLayoutsOfTheVendors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		record m
		want   Place
		gives  string
	}{
		"GeoLite2-City": {
			m{
				"city":               m{"geoname_id": uint32(5), "names": m{"de": "Beispielstadt", "en": "Exampleton"}},
				"country":            m{"iso_code": "DE", "names": m{"en": "Germany"}, "is_in_european_union": true},
				"location":           m{"latitude": 52.5, "longitude": 13.25, "time_zone": "Europe/Berlin"},
				"registered_country": m{"iso_code": "US"},
				"subdivisions":       []any{m{"iso_code": "BE"}},
			},
			Place{Country: [2]byte{'D', 'E'}, City: "Exampleton", Latitude: 52.5, Longitude: 13.25},
			"country city",
		},
		"GeoLite2-Country, an address that is only registered": {
			m{"registered_country": m{"iso_code": "NL"}},
			Place{Country: [2]byte{'N', 'L'}},
			"country",
		},
		"GeoLite2-ASN": {
			m{"autonomous_system_number": uint32(64500), "autonomous_system_organization": "Example Net"},
			Place{ASN: 64500, Organisation: "Example Net"},
			"provider",
		},
		"GeoIP2-Enterprise": {
			m{"country": m{"iso_code": "FR"}, "traits": m{"autonomous_system_number": uint32(64501), "isp": "Example SA", "user_type": "hosting"}},
			Place{Country: [2]byte{'F', 'R'}, ASN: 64501, Organisation: "Example SA", Kinds: Hosting},
			"country provider hosting",
		},
		"GeoIP2-Anonymous-IP": {
			m{"is_anonymous": true, "is_anonymous_vpn": true, "is_hosting_provider": true, "is_tor_exit_node": false},
			Place{Kinds: Hosting | VPN},
			"hosting vpn",
		},
		"dbip-city-lite": {
			m{"city": m{"names": m{"en": "Exampleton"}}, "continent": m{"code": "EU"}, "country": m{"iso_code": "PT", "names": m{"en": "Portugal"}}},
			Place{Country: [2]byte{'P', 'T'}, City: "Exampleton"},
			"country city",
		},
		"ipinfo_lite": {
			m{"asn": "AS64502", "as_name": "Example BV", "as_domain": "example.com", "country": "Netherlands", "country_code": "NL", "continent_code": "EU"},
			Place{Country: [2]byte{'N', 'L'}, ASN: 64502, Organisation: "Example BV"},
			"country provider",
		},
		"ipinfo country_asn": {
			m{"asn": "AS64503", "as_name": "Example", "country": "JP", "country_name": "Japan"},
			Place{Country: [2]byte{'J', 'P'}, ASN: 64503, Organisation: "Example"},
			"country provider",
		},
		"ipinfo standard_location": {
			m{"city": "Exampleton", "country": "BR", "lat": "-23.5", "lng": "-46.5", "region": "X"},
			Place{Country: [2]byte{'B', 'R'}, City: "Exampleton", Latitude: -23.5, Longitude: -46.5},
			"country city",
		},
		"ipinfo standard_privacy": {
			m{"hosting": "true", "proxy": "", "relay": "false", "tor": "true", "vpn": "false"},
			Place{Kinds: Hosting | Tor},
			"hosting tor",
		},
		"ipinfo asn": {
			m{"asn": "AS64504", "domain": "example.net", "name": "Example LLC", "type": "hosting"},
			Place{ASN: 64504, Organisation: "Example LLC", Kinds: Hosting},
			"provider hosting",
		},
		"nested, as in answers of an API": {
			m{"as": m{"asn": "AS64505", "name": "Example", "type": "isp"}, "geo": m{"country_code": "it", "city": "Exampleton"}, "anonymous": m{"is_proxy": true}},
			Place{Country: [2]byte{'I', 'T'}, City: "Exampleton", ASN: 64505, Organisation: "Example", Kinds: Proxy},
			"country city provider proxy",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, version := range []int{4, 6} {
				db := opened(t, geotest.Database{Type: name, Version: version, Networks: map[string]m{"192.0.2.0/24": c.record}})
				for range 2 { // decoded, then kept
					got := db.lookup(netip.MustParseAddr("192.0.2.7"))
					if got == nil || *got != c.want {
						t.Errorf("IPv%d: %+v, want %+v", version, got, c.want)
					}
				}
				if got := strings.Join(db.gives, " "); got != c.gives {
					t.Errorf("IPv%d: gives %q, want %q", version, got, c.gives)
				}
			}
		})
	}
}

// What a file says is kept within bounds, whatever it says.
func TestRecordsAreBounded(t *testing.T) {
	t.Parallel()
	deep := m{"country": m{"iso_code": "DE"}}
	for range maxDepth {
		deep = m{"traits": deep}
	}
	wide := m{}
	for i := range 200 {
		wide[fmt.Sprintf("key%03d", i)] = m{"a": "b", "c": "d", "e": "f", "g": "h"}
	}
	for name, record := range map[string]m{"too deep": deep} {
		_, err := open(geotest.Database{Networks: map[string]m{"192.0.2.0/24": record}}.Bytes())
		if !errors.Is(err, errTooLarge) {
			t.Errorf("%s: %v, want %v", name, err, errTooLarge)
		}
	}
	wide["country_code"] = "DE"
	if _, err := open(geotest.Database{Networks: map[string]m{"192.0.2.0/24": wide}}.Bytes()); err != nil {
		t.Errorf("a record with much that is not looked at: %v", err)
	}
	long := geotest.Database{Networks: map[string]m{"192.0.2.0/24": {"asn": "AS1", "as_name": strings.Repeat("é", 100), "country_code": "Deutschland"}}}
	got := opened(t, long).lookup(netip.MustParseAddr("192.0.2.1"))
	if len(got.Organisation) != maxName || got.CountryCode() != "" {
		t.Errorf("%d bytes of a name and the country %q, want %d and none", len(got.Organisation), got.CountryCode(), maxName)
	}
	bad := geotest.Database{Networks: map[string]m{"192.0.2.0/24": {"asn": "AS1", "as_name": "a\xffb"}}}
	if got := opened(t, bad).lookup(netip.MustParseAddr("192.0.2.1")); got.Organisation != "a\uFFFDb" {
		t.Errorf("a name that is no UTF-8: %q", got.Organisation)
	}
}

// Every lookup is what a scan over all networks finds: the narrowest that holds
// the address.
func TestLookupEqualsAScan(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 6))
		networks := map[string]m{}
		numbers := map[netip.Prefix]uint32{}
		for i := range 1 + r.IntN(60) {
			var p netip.Prefix
			if r.IntN(2) == 0 {
				p = netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(r.IntN(3)), byte(r.IntN(4)), byte(r.Uint32())}), 8+r.IntN(25)).Masked()
			} else {
				p = netip.PrefixFrom(netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, byte(r.IntN(2)), byte(r.IntN(3)), 15: byte(r.Uint32())}), 17+r.IntN(112)).Masked()
			}
			numbers[p] = uint32(i + 1)
			networks[p.String()] = m{"autonomous_system_number": uint32(i + 1)}
		}
		b := NewBook(Deps{})
		f := newFile("made", 0, b.log)
		f.current.Store(opened(t, geotest.Database{Networks: networks}))
		b.view.Store(&[]*file{f})
		for range 300 {
			a4 := netip.AddrFrom4([4]byte{10, byte(r.IntN(3)), byte(r.IntN(4)), byte(r.Uint32())})
			a6 := netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, byte(r.IntN(2)), byte(r.IntN(3)), 15: byte(r.Uint32())})
			for _, addr := range []netip.Addr{a4, netip.AddrFrom16(a4.As16()), a6, a6.WithZone("eth0")} {
				if got, want := b.Lookup(addr).ASN, scan(numbers, addr); got != want {
					t.Fatalf("seed %d: %s is in network %d, want %d", seed, addr, got, want)
				}
			}
		}
	}
}

func scan(numbers map[netip.Prefix]uint32, addr netip.Addr) (number uint32) {
	best := -1
	for p, n := range numbers {
		if p.Contains(addr.Unmap().WithZone("")) && p.Bits() >= best {
			best, number = p.Bits(), n
		}
	}
	return number
}

// Of several files the first that knows something counts for it; kinds add up.
func TestSeveralFilesAreOne(t *testing.T) {
	t.Parallel()
	city := geotest.Database{Networks: map[string]m{"192.0.2.0/24": {"country": m{"iso_code": "DE"}, "city": m{"names": m{"en": "Exampleton"}}}}}
	asn := geotest.Database{Networks: map[string]m{"192.0.2.0/25": {"asn": "AS64500", "country": "AT", "hosting": "true"}}}
	kinds := geotest.Database{Networks: map[string]m{"192.0.2.0/26": {"is_anonymous_vpn": true}}}
	b := started(t, city.Write(t, "city.mmdb"), asn.Write(t, "asn.mmdb"), kinds.Write(t, "kinds.mmdb"))
	for addr, want := range map[string]Place{
		"192.0.2.1":          {Country: [2]byte{'D', 'E'}, City: "Exampleton", ASN: 64500, Kinds: Hosting | VPN},
		"::ffff:192.0.2.100": {Country: [2]byte{'D', 'E'}, City: "Exampleton", ASN: 64500, Kinds: Hosting},
		"192.0.2.200":        {Country: [2]byte{'D', 'E'}, City: "Exampleton"},
		"198.51.100.1":       {},
		"2001:db8::1":        {},
	} {
		if got := b.Lookup(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: %+v, want %+v", addr, got, want)
		}
	}
	if got := b.Lookup(netip.Addr{}); got.Known() {
		t.Errorf("no address at all: %+v", got)
	}
	if !b.Knows("country") || !b.Knows("vpn") || b.Knows("tor") {
		t.Error("what the files know is told wrongly")
	}
}

// The cache holds a fixed number of records, and what it forgets is read again.
func TestTheCacheIsBounded(t *testing.T) {
	t.Parallel()
	networks := map[string]m{}
	for i := range 2 * cacheSize {
		p := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 0}), 24)
		networks[p.String()] = m{"autonomous_system_number": uint32(i + 1)}
	}
	db := opened(t, geotest.Database{Networks: networks})
	for range 2 {
		for i := range 2 * cacheSize {
			addr := netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 9})
			if got := db.lookup(addr); got == nil || got.ASN != uint32(i+1) {
				t.Fatalf("%s: %+v, want AS%d", addr, got, i+1)
			}
		}
	}
	kept := 0
	for i := range db.cache {
		if db.cache[i].Load() != nil {
			kept++
		}
	}
	if kept < cacheSize/2 || kept > cacheSize {
		t.Errorf("%d records are kept, want at most %d and at least half of them", kept, cacheSize)
	}
}

func TestLookupAllocatesNothing(t *testing.T) {
	b := started(t, inCountryOf("DE").Write(t, "country.mmdb"))
	for _, text := range []string{"192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", "198.51.100.1"} {
		addr := netip.MustParseAddr(text)
		b.Lookup(addr)
		if n := testing.AllocsPerRun(100, func() { b.Lookup(addr) }); n != 0 {
			t.Errorf("%s: %v allocations, want none", text, n)
		}
	}
}

func FuzzOpen(f *testing.F) {
	for _, content := range badFiles() {
		f.Add(content)
	}
	f.Add(inCountryOf("DE").Bytes())
	f.Add(geotest.Database{Version: 4, Networks: map[string]m{"0.0.0.0/1": {"country": "DE", "asn": "AS1", "traits": m{"is_tor": true, "user_type": "hosting"}}}}.Bytes())
	addrs := []netip.Addr{
		netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("0.0.0.0"), netip.MustParseAddr("255.255.255.255"),
		netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("::"), netip.MustParseAddr("ffff::"),
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		db, err := open(content)
		if err != nil {
			if strings.Contains(err.Error(), "panics") {
				t.Errorf("the reader panics: %v", err)
			}
			return
		}
		for _, addr := range addrs {
			for range 2 {
				if p := db.lookup(addr); p != nil && (len(p.City) > maxName+2 || len(p.Organisation) > maxName+2) {
					t.Errorf("%s: names of %d and %d bytes", addr, len(p.City), len(p.Organisation))
				}
			}
		}
	})
}

func BenchmarkLookup(b *testing.B) {
	networks := map[string]m{}
	r := rand.New(rand.NewPCG(1, 2))
	var addrs []netip.Addr
	for range 100_000 {
		a := netip.AddrFrom4([4]byte{byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()), 0})
		networks[netip.PrefixFrom(a, 24).String()] = m{
			"country": m{"iso_code": string([]byte{'A' + byte(r.IntN(26)), 'A' + byte(r.IntN(25))})},
			"traits":  m{"autonomous_system_number": uint32(1 + r.IntN(1000))},
		}
		addrs = append(addrs, a.Next())
	}
	book := started(b, geotest.Database{Networks: networks}.Write(b, "networks.mmdb"))
	for name, n := range map[string]int{"a record that is kept": 64, "most records are decoded": len(addrs)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				book.Lookup(addrs[i%n])
			}
		})
	}
}
