package caddymodule

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/event"
	"github.com/doorward/doorward/detector/geo"
	"github.com/doorward/doorward/detector/sanction"
)

// Place is where an address is, as databases say.
type Place struct {
	Country      string  `json:"country,omitempty"`
	City         string  `json:"city,omitempty"`
	ASN          uint32  `json:"asn,omitempty"`
	Organisation string  `json:"organisation,omitempty"`
	Latitude     float64 `json:"latitude,omitempty"`
	Longitude    float64 `json:"longitude,omitempty"`
}

// String writes it on one line.
func (p Place) String() string {
	provider := geo.Place{ASN: p.ASN, Organisation: p.Organisation}.Provider()
	var parts []string
	for _, part := range []string{p.City, p.Country, provider} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

// whereIs tells what lists and databases know of an address: its names are those
// that `on` lines judge.
func (s *state) whereIs(addr netip.Addr) (lists []string, place *Place) {
	source := detector.Source{Addr: addr}
	if book := s.lists.Load(); book != nil {
		source.Lists = book.Lookup(addr).Names()
	}
	found := s.locate(&source)
	if !found.Known() {
		return source.Lists, nil
	}
	return source.Lists, &Place{
		Country: found.CountryCode(), City: found.City, ASN: found.ASN, Organisation: found.Organisation,
		Latitude: found.Latitude, Longitude: found.Longitude,
	}
}

// criticalAt tells at which sites no rule shuts the address out, and why.
func (s *state) criticalAt(addr netip.Addr) (told []string) {
	app := s.app.Load()
	if app == nil {
		return nil
	}
	for _, h := range app.handlers {
		source := detector.Source{Addr: addr}
		if h.critical.mark(&source); source.Critical != "" {
			told = append(told, h.policy.Site().Name+": "+string(source.Critical))
		}
	}
	slices.Sort(told)
	return slices.Compact(told)
}

// IPReport is the answer of /doorward/v1/ips/{ip}. Its names are those of an
// interface that apps and scripts for such lookups know.
type IPReport struct {
	IP        string `json:"ip"`
	IPVersion int    `json:"ip_version"`
	// RiskScore is 0 to 100: above 40 it is worth a look, above 80 a refusal.
	RiskScore int `json:"risk_score"`
	// IsKnownAttacker tells that a sanction runs on it, or that it has a part in
	// an incident.
	IsKnownAttacker             bool   `json:"is_known_attacker"`
	HighRiskSecurityEventsCount int    `json:"high_risk_security_events_count"`
	SecurityEventsCount         int    `json:"security_events_count"`
	IPGeo                       *IPGeo `json:"ip_geo"`
	IsDatacenter                bool   `json:"is_datacenter"`
	IsVPN                       bool   `json:"is_vpn"`
	IsProxy                     bool   `json:"is_proxy"`
	IsTor                       bool   `json:"is_tor"`
	IsPrivate                   bool   `json:"is_private"`
}

// IPGeo is where it is; null when no database knows.
type IPGeo struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	// CountryCode has three letters (ISO 3166-1 alpha-3).
	CountryCode string `json:"country_code"`
	City        string `json:"city"`
}

// listDatacenter is what a list of data centres is usually called.
const listDatacenter = "datacenter"

// lookUpIP answers /doorward/v1/ips/{ip}.
func lookUpIP(s *state, r *http.Request) (any, error) {
	addr, err := netip.ParseAddr(r.PathValue("ip"))
	if err != nil {
		return nil, err
	}
	return s.reportIP(time.Now(), addr.Unmap().WithZone("")), nil
}

func (s *state) reportIP(now time.Time, addr netip.Addr) IPReport {
	x := s.explainAddress(now, addr)
	report := IPReport{
		IP: addr.String(), IPVersion: 6,
		IsDatacenter: slices.Contains(x.Lists, config.ListHosting) || slices.Contains(x.Lists, listDatacenter),
		IsVPN:        slices.Contains(x.Lists, config.ListVPN),
		IsProxy:      slices.Contains(x.Lists, config.ListProxy),
		IsTor:        slices.Contains(x.Lists, config.ListTor),
		IsPrivate:    addr.IsPrivate() || addr.IsLoopback() || addr.IsLinkLocalUnicast(),
	}
	if addr.Is4() {
		report.IPVersion = 4
	}
	if x.Place != nil {
		report.IPGeo = &IPGeo{
			Latitude: x.Place.Latitude, Longitude: x.Place.Longitude,
			CountryCode: threeLetters(x.Place.Country), City: x.Place.City,
		}
	}
	report.IsKnownAttacker = len(x.Incidents) > 0 || slices.ContainsFunc(x.Known, sanctioned)
	for _, e := range s.recent.Last(recentEvents, func(e *event.Event) bool { return e.SourceIP == addr && e.Detection != "" }) {
		report.SecurityEventsCount++
		if e.Type == event.TypeSanction || e.Severity != "" {
			report.HighRiskSecurityEventsCount++
		}
	}
	report.RiskScore = riskOf(&x, &report)
	return report
}

func sanctioned(k detector.Explanation) bool { return k.Sanction != nil && !k.Sanction.Probation }

// threeLetters is the code of three letters for one of two.
func threeLetters(code string) string {
	region, err := language.ParseRegion(code)
	if err != nil {
		return ""
	}
	return region.ISO3()
}

// What speaks against an address, in percent. Lists are intelligence, no proof:
// all of them together make riskListed.
const (
	riskListed     = 80.0
	riskTor        = 50
	riskProxy      = 45
	riskVPN        = 30
	riskDatacenter = 30
	riskFailures   = 60 // when the failures reach their threshold
	riskAttacker   = 70
)

// riskOf joins what speaks against an address: each sign takes its share of what
// the others leave. What the operator has entered decides.
func riskOf(x *Explanation, r *IPReport) int {
	if len(x.Entries) > 0 {
		narrowest := slices.MaxFunc(x.Entries, func(a, b sanction.Entry) int { return a.Range.Bits() - b.Range.Bits() })
		if narrowest.Allow {
			return 0
		}
		return 100
	}
	rest := 1.0
	weigh := func(holds bool, percent float64) {
		if holds {
			rest *= 1 - percent/100
		}
	}
	weigh(r.IsTor, riskTor)
	weigh(r.IsProxy, riskProxy)
	weigh(r.IsVPN, riskVPN)
	weigh(r.IsDatacenter, riskDatacenter)
	rest = max(rest, 1-riskListed/100)
	weigh(r.IsKnownAttacker, riskAttacker)
	weigh(true, riskFailures*nearest(x.Known))
	return int(100*(1-rest) + 0.5)
}

// nearest is how near to its threshold the nearest count is, 0 to 1.
func nearest(known []detector.Explanation) (share float64) {
	for _, k := range known {
		for _, c := range k.Counts {
			if c.Limit > 0 {
				share = max(share, min(c.Count/float64(c.Limit), 1))
			}
		}
	}
	return share
}
