// Package evidence is the bounded memory of the detector: counters, small sets
// and the tables that hold them. Nothing in it grows with the traffic, so an
// attack cannot make it grow.
//
//   - [Hasher] turns what is counted (a source, an account, a pair, a text)
//     into a [Key] under a secret, so that nobody outside can choose keys that
//     collide.
//   - [Table] maps keys to entries of one fixed size without pointers. It never
//     holds more than its cap; when it is full the entry of the lowest rank
//     among at least sixteen is forgotten. The rank is the caller's: the more
//     evidence an entry holds, the higher, and a flood of addresses seen once
//     rotates among itself.
//   - [Counter] counts in a sliding window with two numbers and no log, and
//     takes back what turns out to have been harmless.
//   - [Decay] is a sum that fades by half-lives, [Cusum] the test that tells when
//     events begin to come more often than expected.
//   - [Filter] remembers for one to two periods what was added, in two Bloom
//     filters that take turns; [Popular] counts for how many names a password tag
//     was tried. Both belong to a site, have a fixed budget, and beyond it forget
//     rather than accuse.
//   - [Tags4], [Tags8], [Tags12] are exact sets of the latest few tags,
//     [Sketch64] estimates how many distinct ones there were.
//   - [LimitStore] is a bounded limiter.Store for github.com/ulule/limiter.
//
// Counters, sets and sketches are plain values without a lock: they live in
// entries, and a table runs the caller's function on an entry under the lock of
// one of its shards. Tables, filters, sketches of popularity and stores are safe
// for concurrent use.
//
// Time is passed in, as [Seconds]. Nothing here starts a goroutine, does I/O or
// keeps a reference to its arguments; passwords and names never get in, only
// keyed hashes of them.
package evidence
