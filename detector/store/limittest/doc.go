// Package limittest is the conformance suite of every limiter.Store the product
// uses, for local memory and for stores that several edges share: whoever writes
// one calls Run in a test.
//
// A store must count exactly and atomically, keep keys of any bytes apart, tell
// when the next one will be let through, forget quiet keys, refuse work for a
// context that is over, keep to its cap, and let no second burst through at the
// boundary of two windows. In any interval of s seconds, up to a period, at most
// N*(1+s/period) may be let through.
//
// Stores that differ say so in Options. Nothing is skipped for them: each
// difference has a check of its own that shows it, and fails when it is gone.
package limittest
