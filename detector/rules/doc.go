// Package rules holds the detections, one small file each.
//
// A rule is a function from numbers that evidence shows, the attempt in hand
// included, to a [Detection]. It counts nothing and remembers nothing: the
// caller reads the evidence under its lock, asks the rule, and either keeps
// the reservation or takes it back. That makes every rule explainable in one
// sentence with its own numbers, and testable by a table.
//
// Counts are in quarters of a failure (see evidence.Counter), because an
// attempt whose outcome stayed unknown weighs a quarter of one that failed.
//
// Thresholds: N lets N failures through, so a rule fires when the attempt in
// hand would be number N+1. On routes found automatically that have not yet
// graduated the caller passes a factor of ten.
package rules
