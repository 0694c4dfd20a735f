// Package sqlite is the embedded store: one SQLite database in a folder, written
// by pure Go (modernc.org/sqlite). Any SQLite tool can read it, also while
// Doorward runs:
//
//	sqlite3 -readonly state.db "SELECT datetime(time/1000,'unixepoch'), type, source, rule FROM audit ORDER BY time DESC LIMIT 20"
//
// The files, all with mode 0600:
//
//   - state.db, with state.db-wal and state.db-shm while it is open: the database
//   - state.lock: held by the one process that writes; another one reads
//   - state.db.corrupt-TIME: a database that could not be read, set aside. It is
//     never deleted by Doorward
//   - state.db.before-vN: a copy made before the schema was changed to version N
//
// The tables are described in schema.go, with every column. Documents are JSON
// texts. Entries of the detector's tables are blobs: for each entry its key (16
// bytes), the second of its last update (4, little-endian) and its fields as
// table layouts lists them. Keys are keyed hashes, and nothing in a blob is a
// name, a password or made of one.
//
// The package is empty on platforms that SQLite was not ported to (linux/mips and
// others); state is kept in memory there.
//
// Commits are not synced to the disk one by one (PRAGMA synchronous=NORMAL with a
// write-ahead log): what the process has written survives its death, `kill -9`
// included. When the machine loses power, the last commits may be missing; the
// database is whole all the same.
package sqlite
