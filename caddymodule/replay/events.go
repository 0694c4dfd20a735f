package replay

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/identity"
	"github.com/doorward/doorward/detector/recognize"
)

// eventLine is a line of the format "events". All but time, kind and ip are
// optional; unknown fields are ignored.
type eventLine struct {
	Time       string          `json:"time"`
	Kind       config.Kind     `json:"kind"`
	Route      string          `json:"route"`
	IP         string          `json:"ip"`
	Identity   json.RawMessage `json:"identity"`
	Credential string          `json:"credential"`
	Outcome    string          `json:"outcome"`
	Device     string          `json:"device"`
	Latency    float64         `json:"latency_ms"`
	Lists      []string        `json:"lists"`
	Probe      bool            `json:"probe"`
	Solved     bool            `json:"solved"`
	ASN        uint32          `json:"asn"`
	Country    string          `json:"country"`
	UserAgent  string          `json:"user_agent"`
}

var results = []recognize.Result{
	recognize.Success, recognize.Failure, recognize.Challenge, recognize.Rejected,
	recognize.Throttled, recognize.Malformed, recognize.Unknown,
}

// maxLatency bounds how long an attempt may be in flight, and with it how many
// are.
const maxLatency = 10 * time.Minute

// ParseEvent reads a line of the format "events".
func ParseEvent(text []byte) (Line, error) {
	var e eventLine
	if err := json.Unmarshal(text, &e); err != nil {
		return Line{}, fmt.Errorf("reading JSON: %w", err)
	}
	at, err := time.Parse(time.RFC3339Nano, e.Time)
	if err != nil {
		return Line{}, fmt.Errorf("time %q: write RFC 3339, such as 2026-01-02T03:04:05.678Z", e.Time)
	}
	if _, err := config.ParseKind(string(e.Kind)); err != nil {
		return Line{}, err
	}
	addr, err := netip.ParseAddr(e.IP)
	if err != nil {
		return Line{}, fmt.Errorf("ip %q is no address", e.IP)
	}
	if e.Outcome == "" {
		e.Outcome = string(recognize.Unknown)
	}
	if !slices.Contains(results, recognize.Result(e.Outcome)) {
		return Line{}, fmt.Errorf("unknown outcome %q; write one of %v", e.Outcome, results)
	}
	latency := time.Duration(e.Latency * float64(time.Millisecond))
	if latency < 0 || latency > maxLatency {
		return Line{}, fmt.Errorf("latency_ms %v: write a number from 0 to %d", e.Latency, maxLatency.Milliseconds())
	}
	l := Line{
		Time: at, Kind: e.Kind, Route: e.Route, Addr: addr.Unmap().WithZone(""), Credential: e.Credential,
		Device: e.Device, Lists: e.Lists, Latency: latency, Probe: e.Probe,
		Solved: e.Solved, ASN: e.ASN, Country: e.Country, UserAgent: e.UserAgent,
		Outcome: recognize.Outcome{Result: recognize.Result(e.Outcome), Confidence: 1},
	}
	return l, l.identify(e.Identity)
}

func (l *Line) identify(raw json.RawMessage) error {
	if len(raw) == 0 {
		return nil
	}
	first, others, err := identity.ParseJSON(raw)
	if err != nil {
		return errors.Join(errors.New("reading identity"), err)
	}
	if first.Empty() {
		return nil
	}
	l.Identities = append(l.Identities, first)
	if len(others) > 0 {
		l.Ambiguous = true
		l.Identities = append(l.Identities, others[0])
	}
	return nil
}
