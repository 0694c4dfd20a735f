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
// Two questions are asked of an attempt. How well does the account know who
// comes: by the client that keeps cookies, by the address, by the network, or
// not at all (history.go)? And what is known of where strangers come from? Rules
// about a source, a pair and the number of guesses at an account concern
// everybody whom the account does not vouch for; the following concern strangers
// alone (stranger.go), so that whoever attacks, people go on where they logged
// in before:
//
//   - first contacts (contact.go): a source, a network or a provider of servers
//     whose accounts all fail when it meets them;
//   - the site test (surge.go): strangers fail more often over the whole site
//     than its logins explain. It only says that there is an attack;
//   - the network judgement (network.go): whether strangers of the network that
//     this one comes from fail far more often than people do. It says who is
//     asked for more while there is an attack;
//   - a wrong password that was tried for many names, and credentials that were
//     refused to another stranger within the hour.
//
// Floods of signups, resets and codes have counts of their own (signups.go,
// flood.go). Whether a name exists makes no difference to any rule: what a
// visitor can see must not tell (hostile reading, H22). What attackers can
// arrange, a login to an account of their own, earns little: only accounts of a
// week or more speak for the place they log in from, twice a day.
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
