package geo

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/oschwald/maxminddb-golang/v2/mmdbdata"
)

// Bounds of one record. Those of the vendors have fewer than a hundred entries,
// names in eight languages included.
const (
	maxWork  = 1024 // map entries, in all nested maps together
	maxDepth = 6
	maxName  = 128 // bytes of a name that is kept
	maxText  = 4096
)

var errTooLarge = errors.New("a record is larger than any vendor's")

// record collects what one record says, in whichever layout.
type record struct {
	place      Place
	registered [2]byte // where the country of the address itself is not known
	name       string  // of the autonomous system, if there is one
	work       int
	depth      int
	met        bool // some field was one of those looked for
}

// section is a map in a record; it decides what a key means.
type section uint8

const (
	root section = iota
	inCountry
	inRegistered
	inCity
	inNames
	inLocation
	inNetwork // of an autonomous system
)

// field is what a key stands for.
type field uint8

const (
	none field = iota
	country
	registered
	city
	names
	location
	latitude
	longitude
	traits // a map whose keys mean what those of the root mean
	network
	asn
	organisation
	name
	use
	hosting
	vpn
	proxy
	tor
)

// rootFields are the keys of the outermost map, and of `traits`:
// MaxMind (GeoLite2/GeoIP2 City, Country, ASN, ISP, Enterprise, Anonymous-IP)
// and DB-IP, which uses the same names; IPinfo (Lite, Core, Privacy, and the
// older country_asn) and lists of its kind, with flat keys.
var rootFields = map[string]field{
	"country": country, "country_code": country,
	"registered_country": registered,
	"city":               city,
	"location":           location, "geo": traits,
	"lat": latitude, "latitude": latitude, "lng": longitude, "longitude": longitude,
	"traits": traits, "privacy": traits, "anonymous": traits,

	"autonomous_system_number": asn, "autonomous_system_organization": organisation,
	"asn": network, "as": network,
	"as_name": organisation, "isp": name, "organization": name, "name": name,
	"user_type": use, "type": use, "as_type": use,

	"is_hosting_provider": hosting, "is_hosting": hosting, "hosting": hosting, "is_datacenter": hosting,
	"is_anonymous_vpn": vpn, "is_vpn": vpn, "vpn": vpn,
	"is_public_proxy": proxy, "is_residential_proxy": proxy, "is_anonymous_proxy": proxy, "is_proxy": proxy, "is_res_proxy": proxy, "proxy": proxy,
	"is_tor_exit_node": tor, "is_tor": tor, "tor": tor,
}

var fields = [...]map[string]field{
	root:         rootFields,
	inCountry:    {"iso_code": country, "code": country},
	inRegistered: {"iso_code": registered},
	inCity:       {"names": names, "name": city},
	inNames:      {"en": city},
	inLocation:   {"latitude": latitude, "longitude": longitude},
	inNetwork:    {"asn": asn, "number": asn, "name": organisation, "type": use},
}

// UnmarshalMaxMindDBCursor reads the record.
func (r *record) UnmarshalMaxMindDBCursor(c mmdbdata.Cursor) (mmdbdata.Cursor, error) {
	return r.read(c, root)
}

// read reads one map.
func (r *record) read(c mmdbdata.Cursor, s section) (next mmdbdata.Cursor, err error) {
	entries, err := c.Map()
	if err != nil {
		return next, err
	}
	r.work += int(min(entries.Size(), maxWork+1))
	if r.depth++; r.work > maxWork || r.depth > maxDepth {
		return next, errTooLarge
	}
	defer func() { r.depth-- }()
	for {
		key, value, more := entries.Next(next)
		if !more {
			return entries.End()
		}
		if next, err = r.field(fields[s][string(key)], value); err != nil {
			return next, err
		}
	}
}

// field reads one value. What it has no use for, in this kind, is left out.
func (r *record) field(f field, c mmdbdata.Cursor) (mmdbdata.Cursor, error) {
	if f == none {
		return c.Skip()
	}
	kind, err := c.Kind()
	if err != nil {
		return c, err
	}
	if kind != mmdbdata.KindMap {
		r.met = r.met || f.telling()
	} else if s, ok := sections[f]; ok {
		return r.read(c, s)
	}
	switch kind {
	case mmdbdata.KindString:
		text, next, err := c.ReadStringMaxSize(maxText)
		if err == nil {
			r.text(f, text)
		}
		return next, err
	case mmdbdata.KindBool:
		yes, next, err := c.ReadBool()
		if err == nil && yes {
			r.kind(f)
		}
		return next, err
	case mmdbdata.KindUint16, mmdbdata.KindUint32, mmdbdata.KindUint64:
		n, next, err := c.ReadUint()
		if err == nil {
			r.number(f, n)
		}
		return next, err
	case mmdbdata.KindFloat32, mmdbdata.KindFloat64:
		x, next, err := c.ReadFloat()
		if err == nil {
			r.degrees(f, x)
		}
		return next, err
	}
	return c.Skip()
}

// sections are the maps behind fields.
var sections = map[field]section{
	country: inCountry, registered: inRegistered, city: inCity, names: inNames,
	location: inLocation, traits: root, network: inNetwork,
}

// telling reports whether a database with such a field is one to use: names and
// places stand in databases of other kinds, too.
func (f field) telling() bool {
	switch f {
	case name, use, latitude, longitude, names, location, traits:
		return false
	}
	return true
}

func (r *record) text(f field, text string) {
	switch f {
	case country:
		setCode(&r.place.Country, text)
	case registered:
		setCode(&r.registered, text)
	case city:
		r.place.City = clip(text)
	case organisation:
		r.place.Organisation = clip(text)
	case name:
		r.name = clip(text)
	case asn, network:
		digits, _ := strings.CutPrefix(strings.ToUpper(text), "AS")
		if n, err := strconv.ParseUint(digits, 10, 32); err == nil {
			r.place.ASN = uint32(n)
		}
	case latitude, longitude:
		if x, err := strconv.ParseFloat(text, 64); err == nil {
			r.degrees(f, x)
		}
	case use:
		if strings.EqualFold(text, "hosting") {
			r.place.Kinds |= Hosting
		}
	default:
		if strings.EqualFold(text, "true") || text == "1" {
			r.kind(f)
		}
	}
}

// kind notes a flag that is set.
func (r *record) kind(f field) {
	if f >= hosting {
		r.place.Kinds |= 1 << (f - hosting)
	}
}

func (r *record) number(f field, n uint64) {
	switch {
	case f == asn || f == network:
		if n <= math.MaxUint32 {
			r.place.ASN = uint32(n)
		}
	case n != 0:
		r.kind(f)
	}
}

func (r *record) degrees(f field, x float64) {
	switch {
	case math.IsNaN(x) || math.Abs(x) > 180:
	case f == latitude && math.Abs(x) <= 90:
		r.place.Latitude = x
	case f == longitude:
		r.place.Longitude = x
	}
}

// result is what the record says, all fields taken together.
func (r *record) result() Place {
	if r.place.Country == [2]byte{} {
		r.place.Country = r.registered
	}
	if r.place.Organisation == "" && r.place.ASN != 0 {
		r.place.Organisation = r.name
	}
	return r.place
}

// setCode takes a code of two letters and nothing else: some layouts have a
// country's name under the same key. ZZ stands for unknown.
func setCode(code *[2]byte, text string) {
	if len(text) != 2 || strings.EqualFold(text, "ZZ") {
		return
	}
	a, b := text[0]&^0x20, text[1]&^0x20
	if a >= 'A' && a <= 'Z' && b >= 'A' && b <= 'Z' {
		*code = [2]byte{a, b}
	}
}

// clip bounds a name, at the end of a character, and makes it valid UTF-8.
func clip(text string) string {
	if len(text) > maxName {
		n := maxName
		for n > 0 && !utf8.RuneStart(text[n]) {
			n--
		}
		text = text[:n]
	}
	return strings.Clone(strings.ToValidUTF8(text, "\uFFFD"))
}
