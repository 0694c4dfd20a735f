// Package rules holds the detections, one small file each.
//
// A rule is a function from numbers that evidence shows, the attempt in hand
// included, to a [Detection]. It counts nothing and remembers nothing: the
// caller reads the evidence under its lock, asks the rule, and either keeps
// the reservation or takes it back. That makes every rule explainable in one
// sentence with its own numbers, and testable by a table.
//
// Some rules concern everybody whom the account does not vouch for: [Source],
// [Slow], [Cadence], [Pair], [Contact] of a source, [Signup], [Resets], [Codes], [Missing], [Crowd] and
// [Uninspectable]. Others are asked of strangers only: [Account], [Contact] of a
// network, [Popular], [Surge] and [Refused]. Who that is, the caller knows. The
// axis of a detection says what it is about: on sources and pairs a sanction is
// put, what is about an account, a network or a password is judged anew with
// each attempt.
//
// Most counts are in quarters of a failure (see evidence.Counter), because an
// attempt whose outcome stayed unknown weighs a quarter of one that failed. Sums
// that fade, of first contacts and of networks, are in whole ones.
//
// Thresholds: N lets N failures through, so a rule fires when the attempt in
// hand would be number N+1. On routes found automatically that have not yet
// graduated the caller passes a factor of ten.
package rules
