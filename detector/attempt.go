package detector

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
	"github.com/doorward/doorward/detector/identity"
	"github.com/doorward/doorward/detector/recognize"
	"github.com/doorward/doorward/detector/risk"
	"github.com/doorward/doorward/detector/rules"
)

// Source is where an attempt came from.
type Source struct {
	// Addr is the client's address; invalid addresses (a unix socket, an odd
	// remote address) share one bucket.
	Addr netip.Addr
	// Peer is the address of the connection, the same as Addr without a proxy.
	Peer netip.Addr
	// Spoofable tells that Addr was taken from a header the client can write.
	// Such an address matches no allow list.
	Spoofable bool
	// Forwarded tells that the request bore forwarding headers that were not
	// trusted: the peer may be a proxy nobody has declared.
	Forwarded bool
	// Untold tells that a trusted proxy sent the request and did not say for
	// whom: Addr is its own.
	Untold bool
	// ASN is the number of the provider, 0 when unknown.
	ASN uint32
	// Country is where the address is, two letters, zero when unknown.
	Country [2]byte
	// Critical says why no rule shuts the source out, empty for all others; see
	// config.Critical.
	Critical Critical
	// Lists are the address lists that name Addr.
	Lists []string
}

// Listed reports whether any address list names the source.
func (s *Source) Listed() bool { return len(s.Lists) > 0 }

// Attempt is one request that carries credentials or creates an account. The
// caller fills in the exported fields, calls Admit and, if the verdict lets it
// through, Settle. It is not safe for concurrent use and must not be reused
// before it is settled.
type Attempt struct {
	Time   time.Time
	Kind   config.Kind
	Route  string
	Source Source

	// Path is the path that was asked for, as it came. Basic and Digest
	// credentials belong to the protection space around it.
	Path string

	// Allowed tells that nobody is refused on the path, see config.AllowPath.
	Allowed bool

	// Declared tells that the operator declared the route.
	Declared bool

	// Identities are the identities the attempt is charged to, at most
	// recognize.MaxIdentities; the first is the one events show.
	Identities []identity.Identity

	// Credential is the fingerprint of everything password-like in the
	// request, 0 when there is none.
	Credential uint64

	// Served tells that the app served the form which the request sends.
	Served bool

	// LoggedIn tells that the request bore a session in which somebody is logged
	// in: that the app leads it on proves nothing.
	LoggedIn bool

	// Guesses is how many credentials the request tries, 0 is 1: a batch of
	// calls tries many. The attempt is counted so often, up to maxWeight.
	Guesses int

	// Crowd tells that the request names more identities than it may be charged
	// to. It counts for its source only, and a stranger is refused: one body
	// must not lock three thousand accounts (H13).
	Crowd bool

	// Missing tells that the field for the password or the user name was there
	// and empty: the app refuses it without looking at credentials.
	Missing bool

	// Ambiguous tells that it is unclear which value the app takes: always a
	// new guess.
	Ambiguous bool

	// Uninspectable tells that the body could not be read as far as needed.
	Uninspectable bool

	// Basic tells that the credentials come with every request (Basic,
	// Digest): the same success again is no new login.
	Basic bool

	// Client identifies a client that keeps cookies, 0 when unknown. It proves
	// nothing by itself: only the pair of client and account is ever known.
	Client uint64

	// Solved tells that the client has solved a challenge for this attempt.
	Solved bool

	// UserAgent is a tag of the client's software, 0 when unknown.
	UserAgent uint32

	// Confidence is how sure it is that this is an attempt at all.
	Confidence float32

	reserved reservation
}

// reservation is what Admit counted and Settle may take back.
type reservation struct {
	at       evidence.Seconds
	tag      uint32
	route    *Route
	path     string // where it arrived, in one spelling
	source   evidence.Key
	network  evidence.Key // around the source
	class    evidence.Key // what strangers from there are judged by
	keys     *identity.Keys
	spelling uint32 // tag of the first identity as it was written
	accounts [recognize.MaxIdentities]accountReservation
	n        int
	weight   int // how many guesses it counts as

	held          bool // something is reserved
	repeat        bool // the same wrong credential as before: nothing is charged
	who           visitor
	doubted       bool // the client behaves like a stolen cookie
	guesser       bool // … because it guesses
	group         surgeGroup
	standing      familiarity // how well the first account knows who comes
	resident      bool        // aged accounts log in from the source
	failing       bool        // the source failed lately
	familiar      bool        // source or client logged in to the first account before
	vouched       bool        // … and is told apart from others: no source sanctions
	sourceCharged bool
	guess         bool // counted as a login, whatever it claims to be
	signup        bool
	probation     bool // let through to decide over a sanction on the source
	exempt        bool // allow-listed, critical or suspended: no source sanctions
	hidden        bool // … because all clients hide behind it: not counted either
	allowed       bool // by the operator: nothing is carried out
	machine       bool // the source is one: only its pair is refused
	lenient       bool
}

type accountReservation struct {
	account, pair  evidence.Key
	bySource       evidence.Key       // pair of account and source, whoever the client
	pseudonym      identity.Pseudonym // of the folded name: what is counted by
	standing       familiarity
	aged           bool // the account is old enough to speak for others
	familiar       bool // the source or client logged in to this account before
	pairCharged    bool
	accountCharged bool
	pairTagged     bool
	accountTagged  bool
}

// hash stands for the account in sketches of names.
func (a *accountReservation) hash() uint64 { return binary.LittleEndian.Uint64(a.pseudonym[:8]) }

// oneGuess reports whether the attempt tries one credential that can be told
// apart from others: only such a one can be a repeat.
func (a *Attempt) oneGuess() bool {
	return !a.Ambiguous && a.Credential != 0 && a.reserved.weight == 1
}

// unclear reports whether the app may have looked at other credentials than the
// ones that were read.
func (a *Attempt) unclear() bool {
	return a.Ambiguous || a.Uninspectable || a.Crowd || a.reserved.n > 1 || a.reserved.weight > 1
}

// CountedAsLogin reports whether Admit counted the attempt as a login though it
// claims to be something else: its outcome is to be read as that of a login.
func (a *Attempt) CountedAsLogin() bool { return a.reserved.guess && a.Kind != config.KindLogin }

// Pseudonym is the keyed pseudonym of the first identity, zero when there is
// none. It is known once the attempt was admitted or refused, and computed with
// each call: no rule needs it.
func (a *Attempt) Pseudonym() identity.Pseudonym {
	if a.reserved.n == 0 {
		return identity.Pseudonym{}
	}
	return a.reserved.keys.Pseudonym(a.Identities[0])
}

// Verdict is what the edge does with an attempt.
type Verdict struct {
	// Answer is carried out. Tag lets the attempt through with a mark.
	Answer config.Answer
	// Would is the answer that was not carried out because of the mode or
	// because the route has not graduated; empty when there is none.
	Would config.Answer
	// Detection and Rule say what led to Answer or Would.
	Detection config.Detection
	Rule      string
	// Reason tells it in a sentence with numbers.
	Reason Reason
	// Axis is what is refused: source, pair, account, route.
	Axis config.Axis
	// Wait is how long the attempt is held before it reaches the app, with the
	// answer delay; zero with every other.
	Wait time.Duration
	// Until is when the same attempt may be let through again.
	Until time.Time
	// Sanction is the id of the sanction behind it, 0 when there is none.
	Sanction uint64
	// Imposed tells that this attempt crossed the threshold.
	Imposed bool
	// Malformed tells that the request itself is at fault: it is answered 400.
	Malformed bool
	// Lenient tells that the gentle start of an automatic route applied.
	Lenient bool
}

// LetsThrough reports whether the attempt reaches the app.
func (v Verdict) LetsThrough() bool { return v.Answer.LetsThrough() }

// Settlement is what an outcome led to.
type Settlement struct {
	// Detection is Takeover when the success is suspicious, UnusualVPN when it
	// is only that, or the detection of a sanction that was renewed.
	Detection config.Detection
	// Reason tells it in a sentence.
	Reason string
	// Score is the takeover risk, 0 to 1.
	Score float64
	// Triggers are what it is made of, see Words.
	Triggers risk.Triggers
	// Repeat tells that the same credentials succeeded just before (Basic,
	// Digest): no login to speak of.
	Repeat bool
	// Seen tells that the identity has logged in before, this time included.
	Seen bool
	// Entered tells that the login earned what it may: the account is known from
	// now on to its source and to its Client.
	Entered bool
	// Sanction is the id of a renewed sanction.
	Sanction uint64
	Until    time.Time
}

// quarter is the weight of a failure in units of evidence.
const quarter = 1

const fullWeight = rules.Quarters * quarter

// maxWeight bounds what one request counts as: more guesses than any threshold
// lets through need no telling apart.
const maxWeight = 64

// full is the weight of the attempt when all its guesses are wrong.
func (r *reservation) full() int { return r.weight * fullWeight }
