// Package store says where state lives beyond one process.
//
// A [Store] keeps four things:
//
//   - documents: small JSON texts by name (the operator's blocks and allows, what
//     was learned of each site). Writing one replaces it.
//   - changes: entries of the detector's tables that changed since the last
//     batch, appended at least once a second. They are what `kill -9` leaves.
//   - snapshots: all entries of all tables, now and then. A snapshot replaces the
//     changes before it when it is committed, and nothing before that.
//   - the audit log: one row for an event or for many refused attempts, see
//     [Row].
//
// What the bytes of changes and snapshots mean is told by the layout beside them
// (see evidence.Codec); a store never looks into them. Reading gives the newest
// first, so that a reader takes the first version of an entry that it meets.
//
// Stores: package memory keeps nothing beyond the process, package sqlite is the
// embedded database and the default. Both pass storetest, the conformance suite.
// A store that several edges share passes it as well, with a node of its own for
// what only concerns one edge, and adds what one edge tells the others; that is
// not built yet.
//
// Nothing on the request path calls a store. Package keeper moves what the
// detector knows to one and back, in a goroutine of its own.
package store
