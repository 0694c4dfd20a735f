package detector

import "github.com/doorward/doorward/detector/evidence"

// sourceEvidence is what is known of one source on one site.
type sourceEvidence struct {
	fails    evidence.Counter // failures, short window
	slow     evidence.Counter // failures, day
	signups  evidence.Counter // accounts created or under way
	upstream evidence.Counter // refunds for answers the app never gave
	failed   evidence.Sketch64
	entered  evidence.Sketch64 // accounts that logged in
	begun    evidence.Seconds  // when the sketches were begun, see crowded
	contact  evidence.Decay    // first contacts that failed, less those that did not
	resident evidence.Seconds  // when an aged account last logged in
}

// accountEvidence is what is known of one account on one site.
type accountEvidence struct {
	guesses evidence.Counter // distinct wrong passwords of strangers
	tags    evidence.Tags8
	sources evidence.Tags4
	success evidence.Seconds // last login, 0 for never
	name    uint32           // tag of the exact name that logged in
	opened  evidence.Seconds // closed pairs from before this are open again
}

// pairEvidence is what is known of one account and one source or client.
type pairEvidence struct {
	guesses evidence.Counter
	tags    evidence.Tags8
	met     evidence.Seconds // first contact of the day, see meets
	entered evidence.Seconds // last success, confirmed or not
	with    uint32           // tag of the credential of that success
}

// sketchFor is how long a source's names are remembered before the sketches
// begin anew.
const sketchFor evidence.Seconds = 7 * 24 * 3600

func (s *sourceEvidence) age(now evidence.Seconds) {
	if s.begun == 0 || now > s.begun+sketchFor {
		begun := now &^ crowded
		if s.entered.Estimate() > sharedAccounts {
			begun |= crowded
		}
		s.begun, s.failed, s.entered = begun, evidence.Sketch64{}, evidence.Sketch64{}
	}
}

// shared reports whether more accounts log in from the source than few, this week
// or in the one before: else everybody behind a carrier's address would be
// familiar to everybody else each time the sketches begin anew (H7).
func (s *sourceEvidence) shared() bool {
	return s.entered.Estimate() > sharedAccounts || s.begun&crowded != 0
}

// crowded is the bit of sourceEvidence.begun that tells that many accounts
// logged in during the week before.
const crowded evidence.Seconds = 1

// The ranks decide who is forgotten when a table is full: evidence of guilt
// and evidence of familiarity are both worth more than a single visit, so
// that a flood of new addresses forgets neither a guesser nor a customer.

func rankSource(s *sourceEvidence, now evidence.Seconds) uint32 {
	return uint32(s.slow.Value(now, day)) + uint32(s.signups.Value(now, day)) + uint32(s.entered.Estimate()) +
		uint32(max(s.contact.Value(now, contactFade), 0)*fullWeight)
}

func rankAccount(a *accountEvidence, now evidence.Seconds) uint32 {
	rank := uint32(a.guesses.Value(now, day))
	if a.success != 0 {
		rank += fullWeight
	}
	return rank
}

func rankPair(p *pairEvidence, now evidence.Seconds) uint32 {
	return uint32(p.guesses.Value(now, day))
}

const day evidence.Seconds = 24 * 3600
