package incident

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/identity"
)

// Status says how far an incident is.
type Status string

// The statuses.
const (
	Opened  Status = "opened"
	Updated Status = "updated"
	Ended   Status = "ended"
)

// RiseOfFailures is what an incident is called that no rule found: the failures
// of the site have risen far above what is usual there.
const RiseOfFailures config.Detection = "rise_of_failures"

// Record is an incident as operators see it. It is a copy.
type Record struct {
	ID     string `json:"id"`
	Site   string `json:"site"`
	Status Status `json:"status"`
	// Detection is what opened it, Detections is everything that was detected
	// in its course, in alphabetical order.
	Detection  config.Detection   `json:"detection"`
	Detections []config.Detection `json:"detections"`
	FirstSeen  time.Time          `json:"first_seen"`
	LastSeen   time.Time          `json:"last_seen"`
	// Attempts counts all that belong to it, Refused those that were refused,
	// Would those that only would have been.
	Attempts uint64 `json:"attempts"`
	Refused  uint64 `json:"refused"`
	Would    uint64 `json:"would_have_been_refused,omitempty"`
	// Accounts and Sources are about how many there are; the lists are bounded.
	Accounts    int       `json:"accounts"`
	Sources     int       `json:"sources"`
	Targeted    []Account `json:"targeted,omitempty"`
	Compromised []Account `json:"compromised,omitempty"`
	From        []string  `json:"from,omitempty"`
}

// Account is an account as it may be shown.
type Account struct {
	Pseudonym string `json:"pseudonym"`
	// Name is masked, as in events.
	Name     string    `json:"name,omitempty"`
	Attempts int       `json:"attempts"`
	Since    time.Time `json:"since"`
}

// account is an account in an incident.
type account struct {
	name        string
	attempts    int
	since       time.Time
	from        netip.Prefix // the first source
	several     bool         // sources
	compromised bool
}

// underAttack reports whether what was tried is more than its owner's mistakes.
func (a *account) underAttack() bool { return a.several || a.attempts >= ownMistakes }

// ownMistakes is how often an owner may fail before his account counts as
// attacked.
const ownMistakes = 5

// origin is a source in an incident.
type origin struct {
	account identity.Pseudonym // the first one it tried
	several bool               // accounts
}

// tries notes an account, and reports whether the source has tried others.
func (o *origin) tries(account identity.Pseudonym) bool {
	if o.account.IsZero() {
		o.account = account
	}
	o.several = o.several || o.account != account
	return o.several
}

// campaign is an incident in the making. It belongs to its book.
type campaign struct {
	id         string
	detection  config.Detection
	detections map[config.Detection]bool // a closed list
	first      time.Time
	last       time.Time
	told       time.Time // when it was told of last
	news       bool      // something has happened since
	attempts   uint64
	refused    uint64
	would      uint64
	agent      uint32
	wide       bool // it is about more than one source

	sources  map[netip.Prefix]*origin
	accounts map[identity.Pseudonym]*account
	allFrom  distinct             // every source, also those that are not listed
	allAt    distinct             // every account
	fresh    []identity.Pseudonym // compromised and not told yet
}

// record copies the campaign. At most accounts of each list are copied.
func (c *campaign) record(site string, status Status, accounts int) Record {
	r := Record{
		ID: c.id, Site: site, Status: status, Detection: c.detection, FirstSeen: c.first, LastSeen: c.last,
		Attempts: c.attempts, Refused: c.refused, Would: c.would,
		Accounts: max(len(c.accounts), c.allAt.estimate()), Sources: max(len(c.sources), c.allFrom.estimate()),
	}
	if len(c.accounts) < MaxAccounts {
		r.Accounts = len(c.accounts)
	}
	if len(c.sources) < MaxSources {
		r.Sources = len(c.sources)
	}
	for d := range c.detections {
		r.Detections = append(r.Detections, d)
	}
	slices.Sort(r.Detections)
	for pseudonym, a := range c.accounts {
		shown := Account{Pseudonym: pseudonym.String(), Name: a.name, Attempts: a.attempts, Since: a.since}
		if r.Targeted = append(r.Targeted, shown); a.compromised {
			r.Compromised = append(r.Compromised, shown)
		}
	}
	r.Targeted, r.Compromised = mostTried(r.Targeted, accounts), mostTried(r.Compromised, accounts)
	for p := range c.sources {
		r.From = append(r.From, p.String())
	}
	slices.Sort(r.From)
	r.From = r.From[:min(len(r.From), accounts)]
	return r
}

// mostTried are the first n accounts, those with most attempts first.
func mostTried(list []Account, n int) []Account {
	slices.SortFunc(list, func(a, b Account) int {
		if a.Attempts != b.Attempts {
			return b.Attempts - a.Attempts
		}
		return strings.Compare(a.Pseudonym, b.Pseudonym)
	})
	return list[:min(len(list), n)]
}
