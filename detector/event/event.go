package event

import (
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/doorward/doorward/config"
)

// Type says what an event records.
type Type string

// The types of events.
const (
	// TypeAttempt is one attempt, or many refused ones of a source when Count
	// is set.
	TypeAttempt Type = "attempt"
	// TypeDetection is a rule that fired.
	TypeDetection Type = "detection"
	// TypeSanction is a sanction that began, was renewed or ended.
	TypeSanction Type = "sanction"
	// TypeOperator is what an operator did: block, unblock, allow, mode.
	TypeOperator Type = "operator"
	// TypeCustom is an event of the app's own that the operator declared.
	TypeCustom Type = "custom"
	// TypeIncident is a campaign that began, went on or ended; see [Incident].
	TypeIncident Type = "incident"
	// TypeHealth is something an operator should look at.
	TypeHealth Type = "health"
)

// Event is one record. The zero value of a field means unknown or not
// applicable and is left out of the JSON. The names in the comments are those
// of the JSON encoding.
//
// An event that was offered is shared by all sinks and is never changed again:
// whoever offers it gives its slices away. Its strings must be copies, never
// views into a request's buffers. Texts that are longer than their bound are
// cut, at the end of a character, when the event is queued or encoded.
type Event struct {
	ID   string    // id: a [NewID], 26 characters, ordered by time
	Time time.Time // time: RFC 3339 with nanoseconds, UTC
	Type Type      // type

	Site       string   // site: whose evidence it is; 256 bytes
	Route      string   // route: declared path, or path with variable segments replaced; 128 bytes
	Kind       string   // kind: login, signup, … as config.Kind
	Name       string   // name: of a declared event
	Outcome    string   // outcome: as recognize.Result
	Confidence float64  // confidence: of the outcome, 0 to 1
	Evidence   []string // evidence: why, in words, never a submitted value; 16 of 128 bytes

	Verdict   string // verdict: what was done, as config.Answer
	Would     string // would: the verdict that was not carried out, in observe mode or on a lenient route
	Rule      string // rule: what led to the verdict; 128 bytes
	Detection string // detection: as config.Detection
	Reason    string // reason: a sentence; 256 bytes

	SourceIP netip.Addr // source_ip
	Lists    []string   // lists: the address lists and kinds of networks that name the source; 8 of 64 bytes

	Country      string // country: of the source, as databases say, two letters
	City         string // city: the same; 128 bytes
	ASN          uint32 // asn: the number of its provider
	Organisation string // organisation: its provider; 128 bytes

	IdentityKeys []string // identity_keys: the names of the identifiers submitted; 8 of 64 bytes
	PrimaryKey   string   // primary_key: the name of the one that counts
	Identity     string   // identity: masked text; plain only as the operator asked; 256 bytes
	Pseudonym    string   // pseudonym: hex, keyed per site; 128 bytes
	KeyID        string   // key_id: of the pseudonym's key
	Format       string   // format: how credentials were carried, as recognize.Format
	Ambiguous    bool     // ambiguous: more than one candidate password or identifier

	RequestID string        // request_id: 128 bytes
	Method    string        // method
	Path      string        // path: without query and parameters, segments like secrets shown as *; 256 bytes
	Status    int           // status: the answer's
	Duration  time.Duration // duration_ms: from request to answer
	UserAgent string        // user_agent: 256 bytes

	Properties        []Property // properties: of a declared event, by name, as they were sent; 16 of 64 and 128 bytes
	PropertiesDropped uint64     // properties_dropped: how many more had a value

	Score      float64   // score: takeover risk, higher is riskier
	SanctionID string    // sanction_id
	Expires    time.Time // expires: when the sanction ends
	Count      uint64    // count: how many refused attempts this event stands for; zero is one
	Health     string    // health: which notice, a word
	Severity   string    // severity: high for what somebody should look at now

	Incident *Incident // incident: of an event of that type, and its id with what belongs to it
}

// Property is a value that the operator wants to see with an event.
type Property struct{ Name, Value string }

// Bounds of texts and lists, in bytes and elements.
const (
	maxWord     = 64
	maxRule     = 128
	maxText     = 256
	maxLists    = 8
	maxEvidence = 16
)

// Total is how many events of its class e stands for: Count, at least 1.
func (e *Event) Total() uint64 { return max(e.Count, 1) }

// bound cuts every text and list of e to its bound. Slices that need a change
// are replaced, never changed: others may hold them.
func (e *Event) bound() {
	e.Path = safePath(clip(e.Path, maxText))
	for _, f := range [...]struct {
		text *string
		max  int
	}{
		{&e.ID, maxWord},
		{(*string)(&e.Type), maxWord},
		{&e.Kind, maxWord},
		{&e.Name, maxWord},
		{&e.Outcome, maxWord},
		{&e.Verdict, maxWord},
		{&e.Would, maxWord},
		{&e.Detection, maxWord},
		{&e.PrimaryKey, maxWord},
		{&e.KeyID, maxWord},
		{&e.Format, maxWord},
		{&e.Method, maxWord},
		{&e.SanctionID, maxWord},
		{&e.Health, maxWord},
		{&e.Country, maxWord},
		{&e.Severity, maxWord},
		{&e.City, maxRule},
		{&e.Organisation, maxRule},
		{&e.Route, maxRule},
		{&e.Rule, maxRule},
		{&e.Pseudonym, maxRule},
		{&e.RequestID, maxRule},
		{&e.Site, maxText},
		{&e.Reason, maxText},
		{&e.Identity, maxText},
		{&e.UserAgent, maxText},
	} {
		if len(*f.text) > f.max {
			*f.text = clip(*f.text, f.max)
		}
	}
	e.SourceIP = e.SourceIP.WithZone("") // an interface's name means nothing elsewhere
	e.Evidence = clipAll(e.Evidence, maxEvidence, maxRule)
	e.Lists = clipAll(e.Lists, maxLists, maxWord)
	e.IdentityKeys = clipAll(e.IdentityKeys, maxLists, maxWord)
	e.boundProperties()
	e.Incident = e.Incident.bound()
}

// boundProperties counts what it leaves out.
func (e *Event) boundProperties() {
	tooLong := func(p Property) bool { return len(p.Name) > maxWord || len(p.Value) > maxRule }
	if len(e.Properties) <= config.MaxProperties && !slices.ContainsFunc(e.Properties, tooLong) {
		return
	}
	kept := slices.Clone(e.Properties[:min(len(e.Properties), config.MaxProperties)])
	for i, p := range kept {
		kept[i] = Property{clip(p.Name, maxWord), clip(p.Value, maxRule)}
	}
	e.PropertiesDropped += uint64(len(e.Properties) - len(kept))
	e.Properties = kept
}

// clip returns at most n bytes of s, ending with a whole character. What is cut
// is copied, so that the long text can be freed.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for back := 0; back < utf8.UTFMax-1 && n > 0 && !utf8.RuneStart(s[n]); back++ {
		n--
	}
	return strings.Clone(s[:n])
}

func clipAll(list []string, n, size int) []string {
	tooLong := func(s string) bool { return len(s) > size }
	if len(list) <= n && !slices.ContainsFunc(list, tooLong) {
		return list
	}
	kept := make([]string, min(len(list), n))
	for i := range kept {
		kept[i] = clip(list[i], size)
	}
	return kept
}
