// Package intel holds lists of addresses (Tor exits today; VPN, proxy and
// data center lists have the same shape) and answers which of them name a
// source.
//
// A [Set] is an immutable table of prefixes. A [List] is a name, a place where
// entries come from (a file or a URL) and the Set in use; it asks its place
// again and again and swaps the Set when a good one arrives. A [Book] is all
// lists of the process; it can be given other lists while it runs and keeps
// those that have not changed.
//
// Lists go wrong more often than they go away: empty files, error pages with
// status 200, half a download, a maintainer who left. So nothing replaces a
// good list but a good list: what [Parse] refuses, and what has lost more than
// half of its entries at once, is counted ([Status].Refused), told once, and
// not used. The age of a list is the time since its place last gave or
// confirmed the entries in use; it rises while answers are refused.
//
// The last good entries are kept in the state directory and used at the next
// start before the place is asked. A missing or read-only directory costs that
// copy and nothing else.
//
// Concurrency: everything exported is safe for concurrent use. Lookups take no
// lock, do no I/O, allocate nothing and never see half a list. Constructors do
// no I/O and start nothing; Start starts one goroutine per list, Close stops
// them and waits. Lookups go on working after Close.
//
// A list is intelligence, not proof: what follows from it is the caller's
// policy.
package intel
