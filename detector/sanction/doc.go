// Package sanction keeps verdicts that last.
//
// There are two kinds, and they are kept apart because they come from
// different hands:
//
//   - The [Ladder] holds what detections impose on a source or on a pair of
//     account and source. A record is fixed-size and keyed by hash; its length
//     doubles with every renewal (10 minutes, 20, 40 … up to a cap) with up to
//     a quarter added at random, so that a botnet is not released in step.
//     When a sanction ends the evidence is not fresh: for as long again the
//     holder is on probation. One attempt at a time is let through; if it
//     fails the sanction is renewed at the next rung, and after a quiet
//     probation the record is worth nothing.
//   - The [Book] holds what an operator enters: blocked ranges and allowed
//     ranges with reason and expiry, at most [MaxEntries]. The most specific
//     range that names an address decides.
//
// A sanction speaks about route classes: detections sanction login and signup,
// so that a refused source can still read pages, log out and reset a password.
//
// Both are safe for concurrent use and take the time from the caller. Looking
// up allocates nothing. What they hold is kept beyond the process by package
// keeper, from [Record] and [KeptEntry].
package sanction
