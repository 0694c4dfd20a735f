// Package detector is the engine: it counts attempts, compares thresholds and
// decides, without I/O, without a global lock and without knowing HTTP or
// Caddy.
//
// The life of an attempt:
//
//	v := d.Admit(now, policy, attempt)   // counts it as a failure beforehand
//	… the app answers, if v lets the attempt through …
//	s := d.Settle(now, policy, attempt, outcome)  // keeps or takes back
//
// Admit reserves: the attempt is counted as a failure on every axis (pair of
// account and source, account, source) before the app has answered, so that
// five hundred parallel guesses cannot all slip in before the first answer. An
// axis that refuses gives back what the others reserved. Settle takes the
// reservation back when the attempt did not fail. An attempt that is admitted
// must be settled exactly once; one that never is stays charged.
//
// What is counted against an account or pair are distinct guesses: the keyed
// fingerprint of everything password-like in the request. The same wrong
// password again is no new guess. Fingerprints stay in memory.
//
// Evidence belongs to a [Site]; two sites never judge each other. All tables
// are bounded by max_tracked. A [Detector] is an empty shell until Open, which
// makes the tables; before that it admits everything. It is safe for
// concurrent use. Time is passed in, so that a log can be replayed with its
// own clock; time that runs backwards by seconds does no harm.
//
// What was decided is told by a queue to sinks, out of band: see the event
// package. Nothing decided here waits for it.
package detector
