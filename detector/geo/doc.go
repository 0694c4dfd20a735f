// Package geo tells where an address is and who runs its network: country,
// city, provider, and whether the network is that of a hosting company, a VPN,
// a proxy or a Tor exit. It reads MaxMind DB files (.mmdb) that the operator
// gives, in the layouts of MaxMind (GeoLite2 and GeoIP2), DB-IP and IPinfo; it
// brings no data of its own and asks no server.
//
// A [Book] holds the files of the process. It looks at each every few seconds
// and takes a changed one into use when it has been left alone for one such
// interval, so that a file that is being written is not read half. What cannot
// be used (a file of another kind, half a file, none) is refused with the
// reason, told once, counted, and what was in use stays in use. Without files
// everything here answers "unknown", and unknown counts for nothing.
//
// Files are read into memory and not mapped: a file that is cut while it is
// mapped ends the process with SIGBUS. The price is memory of the file's size
// (GeoLite2-City 60 MB, -ASN 10 MB, -Country 9 MB), twice while a new one is
// taken into use; the collector frees the old one after its last lookup.
//
// Lookups take no lock and allocate nothing once the record was met: many
// networks share a record, and the last ones decoded are kept, at most 4096 a
// file. What a database says is a guess: countries are right for some 99 of 100
// addresses, cities far less often, and no database knows all VPNs.
//
// Everything exported is safe for concurrent use.
package geo
